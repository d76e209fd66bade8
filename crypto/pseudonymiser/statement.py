"""Signed statements of what a pseudonymiser counted, and the comparison of A's with B's.

Invariants:
1. A statement names every sequence it counted in its days, so two can be compared item by item: no clock and no
   midnight makes honest parties differ for good.
2. What B counted and A did not is an alarm: nothing reaches B but through A, so one of the two ledgers, or A's key, is
   not what it should be. What A counted and B did not is on its way, was refused by B, or B was not there.

Whoever controls one pseudonymiser can state what it likes about itself; not what the other counted.
"""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
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

_SEQUENCES_MAX: Final = 1_000_000
"""In one run; a publisher that sends a batch every minute needs two years for it."""

_KIND: Final = "pseudonymiser-statement"
_FORMAT: Final = 1


@dataclass(frozen=True)
class Run:
    """Sequences of one publisher, class and incarnation that were counted, without a gap.

    Args:
        incarnation: of the index, hexadecimal.
        items: of all of them together.
    """

    publisher: str
    batch_class: str
    incarnation: str
    first: int
    last: int
    items: int


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
            "runs": [asdict(run) for run in self.runs],
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
    run = Run(**document)
    texts, numbers = (run.publisher, run.batch_class, run.incarnation), (run.first, run.last, run.items)
    if any(type(text) is not str for text in texts) or any(type(number) is not int for number in numbers):
        raise ValueError
    # A delivery holds an item at the least; a run that says otherwise would be an endless list to compare.
    if not (1 <= run.first <= run.last and run.last - run.first < min(run.items, _SEQUENCES_MAX)):
        raise ValueError
    return run


def _words(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return encode("pseudonymiser-statement", text)


def _runs(counted: Iterable[Counted]) -> Iterator[Run]:
    run: Run | None = None
    for each in counted:
        key = (each.publisher, each.batch_class, each.incarnation.hex())
        if run and (run.publisher, run.batch_class, run.incarnation, run.last + 1) == (*key, each.sequence):
            run = Run(*key, run.first, each.sequence, run.items + each.items)
            continue
        if run:
            yield run
        run = Run(*key, each.sequence, each.sequence, each.items)
    if run:
        yield run


Verdict = Literal["alarm", "waiting"]


@dataclass(frozen=True)
class Difference:
    """Sequences that one party counted and the other did not.

    Args:
        verdict: `alarm` when only B counted them, `waiting` when only A did.
        sequences: in order.
    """

    verdict: Verdict
    publisher: str
    batch_class: str
    sequences: tuple[int, ...]


def compare(a: Statement, b: Statement) -> Sequence[Difference]:
    """Compare what A and B counted.

    Args:
        a: of more days than B's when it can be had: what B counted just after midnight, A may have counted before.
        b: see above.

    Raises:
        MalformedInput: not one statement of A and one of B, or of two regions.
    """
    if (a.party, b.party) != ("A", "B") or a.scope != b.scope:
        raise MalformedInput("compare one statement of A with one of B, of the same region")
    by_a, by_b = _sequences(a), _sequences(b)
    differences = [*_only(by_b, by_a, "alarm"), *_only(by_a, by_b, "waiting")]
    return sorted(differences, key=lambda each: (each.verdict, each.publisher, each.batch_class))


_Key = tuple[str, str, str]


def _sequences(statement: Statement) -> dict[_Key, set[int]]:
    found: dict[_Key, set[int]] = {}
    for run in statement.runs:
        key = (run.publisher, run.batch_class, run.incarnation)
        found.setdefault(key, set()).update(range(run.first, run.last + 1))
    return found


def _only(
    ours: Mapping[_Key, set[int]], theirs: Mapping[_Key, set[int]], verdict: Verdict
) -> Iterator[Difference]:
    for key, sequences in ours.items():
        missing = sequences - theirs.get(key, set())
        if missing:
            yield Difference(verdict, key[0], key[1], tuple(sorted(missing)))
