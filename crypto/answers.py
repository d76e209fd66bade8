"""What the index answers to a batch, signed: an acknowledgement, a refusal, or a sealed reply to a request.

Invariants:

1. Only these two words, signed by the index, let a publisher go on: an acknowledgement to the next sequence, a
   refusal to set rows aside and send the same sequence again.
2. An answer names the batch it is about: scope, publisher, sequence and digest, under one incarnation.
3. Codes come from a closed list; nothing in an answer tells what the index knew about a person.

Whoever carries an answer (A, B, the network) can at most lose it.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crypto.encoding import decode, decode_int, encode
from crypto.errors import MalformedInput, VerificationFailed

ANSWER_BYTES_MAX: Final = 1024 * 1024  # A refusal of 4096 rows is about 150 kB.
_ACKNOWLEDGEMENT: Final = "acknowledgement"
_REFUSAL: Final = "refusal"
_REPLY: Final = "reply"
_INCARNATION_BYTES: Final = 16
_DIGEST_BYTES: Final = 64

REFUSAL_REASONS: Final = frozenset(
    {
        "canary-mismatch",  # the chain makes another pseudonym of the canary than the manifest says
        "class-not-served",  # this publisher, or this version, does not do this class of batch
        "clock",  # composed too far in the future, or, for a request, too long ago
        "duplicate-row",  # two rows about one thing
        "generation",  # not the generation that is open or current
        "identity-mismatch",  # a control row with a person, or another row without one
        "malformed-row",  # the row does not decode
        "not-registered",  # this publisher may not speak for this source, type or organisation
        "person-mismatch",  # the relation belongs to somebody else
        "replayed",  # a request with this number was answered before
        "set-count",  # the seal's count is not that of the set
        "unknown-code",  # a code that is on no list
        "unknown-publisher",  # the index does not know this publisher
        "wrong-count",  # not this publisher's fixed number of items
        "wrong-incarnation",  # the answer carries the current one
        "wrong-sequence",  # the answer carries the next one
    }
)


@dataclass(frozen=True)
class Acknowledgement:
    """The index applied the batch, durably.

    Args:
        incarnation: 16 bytes, the index's current one.
        n: number of items applied, fillers included.
        digest: 64 bytes, of the batch that was applied; a repeat of its sequence gets the same answer.
    """

    incarnation: bytes
    scope: str
    publisher: str
    sequence: int
    n: int
    digest: bytes

    def __post_init__(self) -> None:
        """Refuse an answer that names no batch."""
        _check_names(self)


@dataclass(frozen=True)
class Refusal:
    """The index applied nothing of the batch; the sequence is not used up.

    Args:
        incarnation: 16 bytes, the index's current one, also when the batch was made for another.
        sequence: of the refused batch.
        digest: 64 bytes, of the refused batch.
        reason: one of `REFUSAL_REASONS`.
        rows: (position in the batch from 0, code) of the rows at fault; empty when the batch as a whole is.
        next_sequence: the sequence the index expects now.
    """

    incarnation: bytes
    scope: str
    publisher: str
    sequence: int
    digest: bytes
    reason: str
    rows: tuple[tuple[int, str], ...]
    next_sequence: int

    def __post_init__(self) -> None:
        """Refuse an answer that names no batch, or a code that is on no list."""
        _check_names(self)
        if not {self.reason, *(code for _, code in self.rows)} <= REFUSAL_REASONS:
            raise MalformedInput("a refusal's code is none this version knows")


@dataclass(frozen=True)
class Reply:
    """The index's answer to an interactive request, sealed to whoever asked.

    Args:
        incarnation: 16 bytes, the index's current one.
        sequence: the number of the request.
        digest: 64 bytes, of the request.
        sealed: see `crypto.inquiry`.
    """

    incarnation: bytes
    scope: str
    publisher: str
    sequence: int
    digest: bytes
    sealed: bytes

    def __post_init__(self) -> None:
        """Refuse an answer that names no request."""
        _check_names(self)


Answer = Acknowledgement | Refusal | Reply


def sign(answer: Answer, signing: Ed25519PrivateKey) -> bytes:
    """Return the wire bytes of an answer.

    Args:
        answer: what the index says.
        signing: the index's key.
    """
    kind, body = _encode(answer)
    return encode("answer", kind, body, signing.sign(_words(kind.encode(), body)))


def verify(data: bytes, verify_key: Ed25519PublicKey) -> Answer:
    """Read an answer; that it is about the batch that was sent is the caller's to compare.

    Args:
        data: wire bytes.
        verify_key: of the index, from the manifest.

    Raises:
        MalformedInput: not an answer of this version.
        VerificationFailed: the index did not sign it.
    """
    if len(data) > ANSWER_BYTES_MAX:
        raise MalformedInput(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
    kind, body, signature = decode("answer", data, 3)
    try:
        verify_key.verify(signature, _words(kind, body))
    except InvalidSignature:
        raise VerificationFailed("the index did not sign this answer") from None
    if kind == _ACKNOWLEDGEMENT.encode():
        return _decode_acknowledgement(body)
    if kind == _REFUSAL.encode():
        return _decode_refusal(body)
    if kind == _REPLY.encode():
        return _decode_reply(body)
    raise MalformedInput("an answer is an acknowledgement, a refusal or a reply")


def _words(kind: bytes, body: bytes) -> bytes:
    return encode("answer-signature", kind, body)


def _encode(answer: Answer) -> tuple[str, bytes]:
    names = (answer.incarnation, answer.scope, answer.publisher, answer.sequence, answer.digest)
    if isinstance(answer, Acknowledgement):
        return _ACKNOWLEDGEMENT, encode(_ACKNOWLEDGEMENT, *names, answer.n)
    if isinstance(answer, Reply):
        return _REPLY, encode(_REPLY, *names, answer.sealed)
    rows = encode("refused-rows", *(part for row in answer.rows for part in row))
    return _REFUSAL, encode(_REFUSAL, *names, answer.reason, len(answer.rows), rows, answer.next_sequence)


def _decode_acknowledgement(body: bytes) -> Acknowledgement:
    incarnation, scope, publisher, sequence, digest, n = decode(_ACKNOWLEDGEMENT, body, 6)
    return Acknowledgement(
        incarnation=incarnation,
        scope=_text(scope),
        publisher=_text(publisher),
        sequence=decode_int(sequence),
        n=decode_int(n),
        digest=digest,
    )


def _decode_reply(body: bytes) -> Reply:
    incarnation, scope, publisher, sequence, digest, sealed = decode(_REPLY, body, 6)
    return Reply(incarnation, _text(scope), _text(publisher), decode_int(sequence), digest, sealed)


def _decode_refusal(body: bytes) -> Refusal:
    fields = decode(_REFUSAL, body, 9)
    incarnation, scope, publisher, sequence, digest, reason, count, rows, next_sequence = fields
    return Refusal(
        incarnation=incarnation,
        scope=_text(scope),
        publisher=_text(publisher),
        sequence=decode_int(sequence),
        digest=digest,
        reason=_text(reason),
        rows=_decode_rows(rows, decode_int(count)),
        next_sequence=decode_int(next_sequence),
    )


def _decode_rows(data: bytes, count: int) -> tuple[tuple[int, str], ...]:
    # A count that cannot fit is refused before it is used: it would be a size to reserve.
    if count > len(data):
        raise MalformedInput("the refusal names more rows than it holds")
    parts = decode("refused-rows", data, 2 * count)
    return tuple(
        (decode_int(position), _text(code)) for position, code in zip(parts[::2], parts[1::2], strict=True)
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise MalformedInput("a text in the answer is not ASCII") from None


def _check_names(answer: Answer) -> None:
    if len(answer.incarnation) != _INCARNATION_BYTES or len(answer.digest) != _DIGEST_BYTES:
        raise MalformedInput("an answer names an incarnation of 16 bytes and a digest of 64")
