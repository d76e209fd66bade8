"""Signed statements of what a pseudonymiser counted, and the comparison of A's with B's.

Invariants:
1. A statement names every sequence it counted, by day, so two can be compared one by one: no clock and no midnight
   makes honest parties raise an alarm, as long as A states more days than B was away, and after B.
2. What B counted and A did not is an alarm: nothing reaches B but through A, so one of the two ledgers, or A's key, is
   not what it should be. What A counted and B did not is on its way, was refused by B, or B was not there.

Whoever controls one pseudonymiser can state what it likes about itself; not what the other counted.
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Literal, Self, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.encoding import encode
from crypto.errors import CryptoError, MalformedInput, VerificationFailed
from crypto.keyfiles import Manifest, Party
from crypto.pseudonymiser.ledger_file import Counted
from crypto.tokens import decode_base64url, encode_base64url, read_json_object

BYTES_MAX: Final = 64 * 1024 * 1024
"""A year of a busy region is a few MB."""

_OIN: Final = re.compile(r"[0-9]{20}", re.ASCII)
_CLASS: Final = re.compile(r"[a-z]{1,20}", re.ASCII)
_INCARNATION: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_KIND: Final = "pseudonymiser-statement"
_FORMAT: Final = 1


@dataclass(frozen=True)
class Run:
    """Sequences of one publisher, class and incarnation that were counted on one day, without a gap.

    Args:
        incarnation: of the index, hexadecimal.
        day: UTC.
        items: of all of them together.
    """

    publisher: str
    batch_class: str
    incarnation: str
    day: date
    first: int
    last: int
    items: int

    @property
    def length(self) -> int:
        """How many sequences it holds."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Statement:
    """What one party counted on the days from first to last, both included."""

    party: Party
    scope: str
    first: date
    last: date
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, party: Party, scope: str, days: tuple[date, date], counted: Iterable[Counted]) -> Self:
        """Put together what a ledger counted.

        Args:
            party: whose ledger.
            scope: its place.
            days: first and last UTC day.
            counted: ordered by publisher, class, incarnation and sequence.
        """
        return cls(party, scope, *days, tuple(_runs(counted)))

    def sign(self, signing: Ed25519PrivateKey) -> bytes:
        """Return the statement as a JSON document with its party's signature."""
        document = self.document()
        signature = encode_base64url(signing.sign(_words(document)))
        return (json.dumps(document | {"signature": signature}, indent=1) + "\n").encode("ascii")

    @classmethod
    def verify(cls, data: bytes, manifest: Manifest) -> Self:
        """Read a statement and check who signed it.

        Raises:
            MalformedInput: not a statement of this version.
            VerificationFailed: its party did not sign it, or it is of another scope.
        """
        document = _read(data)
        try:
            signature = decode_base64url(document.pop("signature"))
            statement = cls._from_document(document)
        except (KeyError, TypeError, ValueError, AttributeError, MalformedInput):
            raise MalformedInput("this is not a statement of this version") from None
        part = {"A": manifest.a, "B": manifest.b}[statement.party]
        try:
            part.verify_key.verify(signature, _words(statement.document()))
        except InvalidSignature:
            raise VerificationFailed(f"{statement.party} did not sign this statement") from None
        if not hmac.compare_digest(statement.scope.encode(), manifest.scope.encode()):
            raise VerificationFailed("the statement is of another region than the manifest")
        return statement

    def document(self) -> dict[str, Any]:
        """Return what is signed."""
        return {
            "kind": _KIND,
            "format": _FORMAT,
            "party": self.party,
            "scope": self.scope,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "runs": [asdict(run) | {"day": run.day.isoformat()} for run in self.runs],
        }

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Self:
        if (document["kind"], document["format"]) != (_KIND, _FORMAT) or document["party"] not in ("A", "B"):
            raise ValueError
        return cls(
            party=cast("Party", document["party"]),
            scope=str(document["scope"]),
            first=date.fromisoformat(document["first"]),
            last=date.fromisoformat(document["last"]),
            runs=tuple(_read_run(run) for run in document["runs"]),
        )


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > BYTES_MAX:
        raise MalformedInput(f"a statement is at most {BYTES_MAX} bytes")
    try:
        return dict(read_json_object(data))
    except CryptoError:
        raise MalformedInput("this is not a statement of this version") from None


def _read_run(document: Mapping[str, Any]) -> Run:
    run = Run(**{**document, "day": date.fromisoformat(document["day"])})
    texts, numbers = (run.publisher, run.batch_class, run.incarnation), (run.first, run.last, run.items)
    if any(type(text) is not str for text in texts) or any(type(number) is not int for number in numbers):
        raise ValueError
    if not (_OIN.fullmatch(run.publisher) and _CLASS.fullmatch(run.batch_class)):
        raise ValueError
    # A delivery holds an item at the least.
    if not (
        _INCARNATION.fullmatch(run.incarnation) and 1 <= run.first <= run.last and run.length <= run.items
    ):
        raise ValueError
    return run


def _words(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return encode("pseudonymiser-statement", text)


def _runs(counted: Iterable[Counted]) -> Iterator[Run]:
    run: Run | None = None
    for each in counted:
        key = (each.publisher, each.batch_class, each.incarnation.hex(), each.day)
        if (
            run
            and (run.publisher, run.batch_class, run.incarnation, run.day) == key
            and run.last + 1 == each.sequence
        ):
            run = replace(run, last=each.sequence, items=run.items + each.items)
            continue
        if run:
            yield run
        run = Run(*key, each.sequence, each.sequence, each.items)
    if run:
        yield run


Verdict = Literal["alarm", "waiting"]

STALE_AFTER: Final = timedelta(days=2)
"""How much earlier B's statement may end: one that stops before says nothing about what came since."""


@dataclass(frozen=True)
class Difference:
    """Sequences that one party counted and the other did not, or not with as many items.

    Args:
        verdict: `alarm` when B counted what A did not, `waiting` when only A did.
        sequences: runs of them, first and last included, in order.
    """

    verdict: Verdict
    publisher: str
    batch_class: str
    sequences: tuple[tuple[int, int], ...]


def compare(a: Statement, b: Statement) -> Sequence[Difference]:
    """Compare what A and B counted.

    Args:
        a: of many more days than B's: what B counts today, A may have counted long ago, when B was away.
        b: of days that are over and lie within A's, and that ends about when A's does.

    Returns:
        Differences, alarms first. What A counted before B's first day or after its last is left out.

    Raises:
        MalformedInput: not one statement of A and one of B, of two regions, or of days that cannot be compared.
    """
    if (a.party, b.party) != ("A", "B") or a.scope != b.scope:
        raise MalformedInput("compare one statement of A with one of B, of the same region")
    if not (a.first <= b.first <= b.last < a.last and a.last - STALE_AFTER <= b.last):
        raise MalformedInput(
            f"A's statement ({a.first} to {a.last}) must begin no later than B's ({b.first} to {b.last}) and go on "
            "for a day or two longer: ask both for new ones, B first, for a week, and then A, for a year"
        )
    recent = replace(a, runs=tuple(run for run in a.runs if b.first <= run.day <= b.last))
    by_b = _by_key(b)
    differences = [*_beyond(by_b, _by_key(a), "alarm"), *_beyond(_by_key(recent), by_b, "waiting")]
    return sorted(differences, key=lambda each: (each.verdict, each.publisher, each.batch_class))


_Key = tuple[str, str, str]
_Runs = Mapping[_Key, Sequence[Run]]


def _by_key(statement: Statement) -> dict[_Key, list[Run]]:
    found: dict[_Key, list[Run]] = {}
    for run in statement.runs:
        found.setdefault((run.publisher, run.batch_class, run.incarnation), []).append(run)
    return found


def _beyond(ours: _Runs, theirs: _Runs, verdict: Verdict) -> Iterator[Difference]:
    """What is in the first and not in the second: as runs, so that a long one costs no more than a short one."""
    for key, runs in ours.items():
        others = theirs.get(key, [])
        missing = {gap for run in runs for gap in _gaps(run, others)}
        if verdict == "alarm":
            missing |= {(run.first, run.last) for run in runs if _counts_more(run, others)}
        if missing:
            yield Difference(verdict, key[0], key[1], tuple(sorted(missing)))


def _gaps(run: Run, others: Sequence[Run]) -> Iterator[tuple[int, int]]:
    """The parts of a run that no other run covers."""
    start = run.first
    for other in sorted(others, key=lambda each: each.first):
        if start > run.last or other.first > run.last:
            break
        if other.last < start:
            continue
        if start < other.first:
            yield start, other.first - 1
        start = other.last + 1
    if start <= run.last:
        yield start, run.last


def _counts_more(run: Run, others: Sequence[Run]) -> bool:
    """Whether a run has more items a sequence than every run of the other party that it overlaps."""
    met = [each for each in others if each.first <= run.last and run.first <= each.last]
    return bool(met) and all(run.items * each.length > each.items * run.length for each in met)
