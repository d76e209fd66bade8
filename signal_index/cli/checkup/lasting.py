"""What ends by itself: keys that publishers sign with, and certificates by which this index shows who it is."""

from datetime import date, datetime
from pathlib import Path

from cryptography import x509

from signal_index.model import Publisher, dutch_day
from signal_index.settings import Settings
from signal_index.usecases.sourcing.keys import WARN_DAYS, days_left, warning

from .findings import Finding, Findings, mend, note, ok
from .people import Registered

KEYS_URGENT_DAYS = 30  # a renewal takes two people, a phone call, and both pseudonymisers
CERTIFICATES_WARN_DAYS = 30  # those that renew themselves do so about then
CERTIFICATES_URGENT_DAYS = 7


def publisher_keys(found: Registered, today: date) -> Findings:
    """Every publisher has a key that counts, and none ends before somebody can have renewed it."""
    point = "publisher keys"
    ending = [each for each in found.publishers if warning(each, today) is not None]
    for each in ending:
        yield _key(point, each, today)
    if found.publishers and not ending:
        yield ok(point, f"all {len(found.publishers)} have one for the next {max(WARN_DAYS)} days")


def _key(point: str, publisher: Publisher, today: date) -> Finding:
    who = f"{publisher.name} ({publisher.oin})"
    to_do = "let its bronbeheerder propose a new key, compare the fingerprint by phone, and decide"
    if warning(publisher, today) == 0:
        return mend(point, f"{who}: no key counts today, so nothing it sends is believed", to_do)
    left = days_left(publisher, today)
    assert left is not None, "only what ends is warned of"
    text = f"{who}: the last key ends in {left} day{'s' * (left != 1)}"
    if left <= KEYS_URGENT_DAYS:
        return mend(point, text, to_do)
    return note(point, text)


def certificates(stated: Settings, now: datetime) -> Findings:
    """The certificates that are shown to witnesses; with none there is nothing to say."""
    for each in stated.witnesses:
        if each.certificate is not None:
            yield _certificate(each.certificate, now)


def _certificate(path: Path, now: datetime) -> Finding:
    point, to_do = "certificate", "put a new one there with its key, and start the index again"
    try:
        shown = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError) as fault:
        return mend(point, f"cannot read {path} ({type(fault).__name__})", to_do)
    ends, left = dutch_day(shown.not_valid_after_utc), (shown.not_valid_after_utc - now).days
    if left < 0:
        return mend(point, f"{path} has ended on {ends}", to_do)
    text = f"{path} ends on {ends}"
    if left <= CERTIFICATES_URGENT_DAYS:
        return mend(point, text, to_do)
    return note(point, text) if left <= CERTIFICATES_WARN_DAYS else ok(point, text)
