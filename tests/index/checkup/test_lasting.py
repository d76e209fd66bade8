"""The check-up says in time which key or certificate ends, and how urgent that is."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from signal_index.model import dutch_day
from signal_index.model.sourcing import SigningKey
from tests.index.checkup.test_doctor import GEMEENTE, WITNESS_KEY

Clinic = Any  # of the conftest beside this file
RENEW = "let its bronbeheerder propose a new key, compare the fingerprint by phone, and decide"


def _keys_last(clinic: Clinic, *days: int) -> None:
    """Give the municipality's publisher keys that end so many days from now."""
    today = dutch_day(datetime.now(UTC))
    known = tuple(clinic.run(lambda tx: tx.register.publishers()))
    keys = tuple(
        SigningKey(bytes([number]) * 32, None, today + timedelta(days=each))
        for number, each in enumerate(days)
    )
    clinic.register(
        publishers=tuple(replace(each, keys=keys) if each.oin == GEMEENTE else each for each in known)
    )


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([61], r"^ok       publisher keys: all \d+ have one for the next 60 days$"),
        ([7, 61], r"^ok       publisher keys: "),
        ([60], rf"^note     publisher keys: .*\({GEMEENTE}\): the last key ends in 60 days$"),
        ([31, 2], r"^note     publisher keys: .* ends in 31 days$"),
        ([30], rf"^mend     publisher keys: .* ends in 30 days: {RENEW}$"),
        ([0], rf"^mend     publisher keys: .* ends in 0 days: {RENEW}$"),
        (
            [-1],
            rf"^mend     publisher keys: .*no key counts today, so nothing it sends is believed: {RENEW}$",
        ),
    ],
)
def test_a_key_that_ends_is_said_in_time(clinic: Clinic, days: list[int], said: str) -> None:
    _keys_last(clinic, *days)
    status, lines = clinic.points()
    found = [each for each in lines if " publisher keys: " in each]
    assert len(found) == 1
    assert re.search(said, found[0]), found
    assert status == ("mend" in said)


def _certificate(path: Path, lasts: timedelta) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "index")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=900)).not_valid_after(now + lasts)
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (31, "ok       certificate: .*shown.pem ends on"),
        (29, "note     certificate: .*shown.pem ends on"),
        (6, "mend     certificate: .*shown.pem ends on .*: put a new one there with its key"),
        (-1, "mend     certificate: .*shown.pem has ended on .*: put a new one there with its key"),
        (None, r"mend     certificate: cannot read .*shown.pem \(ValueError\): put a new one"),
    ],
)
def test_a_certificate_that_ends_is_said_in_time(clinic: Clinic, days: int | None, said: str) -> None:
    path = clinic.folder / "shown.pem"
    if days is None:
        path.write_text("no certificate at all")
    else:
        _certificate(path, timedelta(days=days, hours=1))
    shown = 'address = "https://127.0.0.1:9"\ncertificate = "shown.pem"\nkey_file = "shown.key"\n'
    clinic.settings(f'{clinic.CONFIG}[[witnesses]]\n{shown}key = "{WITNESS_KEY}"\n')
    _, lines = clinic.points()
    assert [each for each in lines if re.search(f"^{said}", each)], lines
