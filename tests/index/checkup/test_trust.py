"""A certificate that this machine does not trust, or TLS that is too old, is told as that and not as no answer."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.tls import Authority, Front

Clinic = Any  # of the conftest beside this file
HOST, ELSEWHERE = "127.0.7.1", "127.0.7.2"
READY = {"status": "gereed", "partij": "A"}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def fronts() -> Iterator[list[Front]]:
    made: list[Front] = []
    yield made
    for each in made:
        each.close()


def said_of(clinic: Clinic, front: Front) -> str:
    """The line about pseudonymiser A, when it stands behind this proxy."""
    section = f'[pseudonymisers]\na = "{front.url}"\nb = "{front.url}"\n'
    clinic.settings(clinic.CONFIG + section)
    clinic.provider.pages["/v1/gereed"] = (200, READY)
    (line,) = (each for each in clinic.points()[1] if re.match(r"\w+ +pseudonymiser A", each))
    return str(line)


@pytest.mark.parametrize(
    ("vouched_for", "trusted", "newest", "said"),
    [
        (HOST, True, ssl.TLSVersion.TLSv1_3, r"mend .*it works for another region or epoch"),
        (HOST, False, ssl.TLSVersion.TLSv1_3, r"mend .*does not trust its certificate: unable to get local issuer"),
        (ELSEWHERE, True, ssl.TLSVersion.TLSv1_3, r"mend .*does not trust its certificate: IP address mismatch"),
        (HOST, True, ssl.TLSVersion.TLSv1_2, r"mend .*no TLS could be agreed on \(TLSV1_ALERT_PROTOCOL_VERSION\)"),
    ],
    ids=["well", "unknown authority", "another host", "too old"],
)  # fmt: skip
def test_what_is_wrong_with_the_tls_of_another_party_is_named(
    clinic: Clinic,
    authority: Authority,
    fronts: list[Front],
    monkeypatch: pytest.MonkeyPatch,
    vouched_for: str,
    trusted: bool,  # noqa: FBT001 - a column of the table
    newest: ssl.TLSVersion,
    said: str,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    tls = authority.vouch(vouched_for)
    tls.maximum_version = newest
    fronts.append(Front(HOST, tls, clinic.provider.server.server_port))
    assert re.match(said, said_of(clinic, fronts[0]))
