"""Signed notes: a text with lines under it that say who signed, by name and key.

Invariants:
1. A note opens only when at least one known key signed it and no line of a known key is wrong.
2. A key counts once: two known keys with the same public key are refused, under whatever name.
3. Signatures of unknown keys are ignored, as whoever carries a note can add any number of them.

Whoever controls a note without a key can at most take signatures away.
Source: C2SP signed-note and tlog-cosignature (cosignature/v1); RFC 8032.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crypto.errors import KeyFault, MalformedInput, VerificationFailed
from crypto.verify_keys import decode_verify_key

from .lines import NUMBER_MAX, as_utf8, read_base64, read_text, write_base64

NOTE_BYTES_MAX: Final = 128 * 1024
"""Room for a text and 16 signatures of the longest kind that the format foresees (5 kB)."""
SIGNATURES_MAX: Final = 100
"""Each one of a known key costs a verification."""

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04

_KEY_ID_BYTES: Final = 4
_SIGNATURE_BYTES: Final = 64
_TIME_BYTES: Final = 8
_DASH: Final = "— "
_VERIFIER: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that somebody decided to trust, with the name and the way of signing it is known for.

    Args:
        name: in signature lines; without spaces and plus signs.
        algorithm: `ED25519` for the log, `COSIGNATURE` for a witness.
        encoded: the Ed25519 public key, 32 bytes.

    Raises:
        KeyFault: a key under which anybody can sign.
        MalformedInput: no such algorithm, or a name that cannot stand in a signature line.
    """

    name: str
    algorithm: int
    encoded: bytes
    key_id: bytes = field(init=False, repr=False)
    _key: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what could never verify a signature line."""
        _check_name(self.name)
        if self.algorithm not in {ED25519, COSIGNATURE}:
            raise MalformedInput("a verifier key of an unknown kind")
        object.__setattr__(self, "_key", decode_verify_key(self.encoded))
        object.__setattr__(self, "key_id", _key_id(self.name, self.algorithm, self.encoded))

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey, algorithm: int = ED25519) -> Self:
        """Return the verifier that belongs to a private key."""
        return cls(name, algorithm, key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a verifier key, `name+id+base64`.

        Raises:
            KeyFault: A key under which anybody can sign.
            MalformedInput: Another form, an unknown kind, or an id that is not that of the key.
        """
        found = _VERIFIER.fullmatch(text)
        if found is None:
            raise MalformedInput("a verifier key is written as name+id+base64")
        kind, *encoded = read_base64(found[3])
        verifier = cls(found[1], kind, bytes(encoded))
        if verifier.key_id.hex() != found[2]:
            raise MalformedInput("the id in this verifier key is not that of its name and key")
        return verifier

    @property
    def text(self) -> str:
        """The verifier key as `parse` reads it; public, meant to be handed out."""
        public = write_base64(bytes((self.algorithm,)) + self.encoded)
        return f"{self.name}+{self.key_id.hex()}+{public}"

    @property
    def is_cosigner(self) -> bool:
        """Whether its signatures carry a time."""
        return self.algorithm == COSIGNATURE

    def check(self, text: str, signature: bytes) -> int | None:
        """Check a signature over the text of a note.

        Args:
            text: Of the note.
            signature: As it stands in the line, after the key id.

        Returns:
            For a cosignature its time, in seconds since 1970.

        Raises:
            VerificationFailed: Not made with this key over this text.
        """
        time = None
        message, proper = text.encode(), signature
        if self.is_cosigner:
            time = int.from_bytes(signature[:_TIME_BYTES], "big")
            message, proper = _cosigned(text, time), signature[_TIME_BYTES:]
        if len(proper) != _SIGNATURE_BYTES or (time or 0) > NUMBER_MAX:
            raise VerificationFailed("a signature of a known key does not hold")
        try:
            self._key.verify(proper, message)
        except InvalidSignature:
            raise VerificationFailed("a signature of a known key does not hold") from None
        return time


@dataclass(frozen=True, slots=True)
class Signature:
    """A good signature of a known key.

    Args:
        verifier: whose it is.
        timestamp: of a cosignature, in seconds since 1970; otherwise None.
        line: as it stood in the note, with its newline.
    """

    verifier: Verifier
    timestamp: int | None
    line: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note that was opened.

    Args:
        text: what was signed, with its last newline.
        signatures: the good ones of known keys, at least one, each key once.
    """

    text: str
    signatures: tuple[Signature, ...]


def sign(text: str, name: str, key: Ed25519PrivateKey) -> bytes:
    """Return a note: the text with one signature under it.

    Args:
        text: Ends in a newline; no control characters but newlines.
        name: Of the signer, as in its verifier key.
        key: Of the signer.

    Raises:
        KeyFault: The public half of the key is one under which anybody can sign.
        MalformedInput: A text or a name that cannot stand in a note.
    """
    _check_text(text)
    line = _line(Verifier.of(name, key), key.sign(text.encode()))
    return f"{text}\n{line}".encode()


def cosign(text: str, name: str, key: Ed25519PrivateKey, timestamp: int) -> str:
    """Return the line with which a witness says that it has seen a checkpoint.

    Args:
        text: Of the checkpoint, without signatures.
        name: Of the witness, as in its verifier key.
        key: Of the witness; used for cosigning only.
        timestamp: Now, in seconds since 1970.

    Raises:
        KeyFault: The public half of the key is one under which anybody can sign.
        MalformedInput: A text or a name that cannot stand in a note, or no time.
    """
    _check_text(text)
    if not 0 < timestamp <= NUMBER_MAX:
        raise MalformedInput("a cosignature needs a time after 1970")
    proper = key.sign(_cosigned(text, timestamp))
    return _line(Verifier.of(name, key, COSIGNATURE), timestamp.to_bytes(_TIME_BYTES, "big") + proper)


def add_signatures(note: bytes, lines: str) -> bytes:
    """Return the note with more signature lines under it; nothing is verified.

    Args:
        note: With at least one signature.
        lines: One or more, each with its newline, as from `cosign`.

    Raises:
        MalformedInput: Not a note or not signature lines, a line that is there already, or too long.
    """
    _, present = _take_apart(note)
    grown = note + as_utf8(lines)
    _, all_lines = _take_apart(grown)
    if len(set(all_lines)) != len(all_lines) or len(all_lines) == len(present):
        raise MalformedInput("a signature line to add is missing, or in the note already")
    return grown


def open_note(data: bytes, verifiers: Sequence[Verifier]) -> Note:
    """Read a note and check every signature of a known key.

    Args:
        data: The whole note.
        verifiers: The known keys.

    Raises:
        KeyFault: A known key stands there twice.
        MalformedInput: Not a note.
        VerificationFailed: No known key signed it, or a signature of a known key does not hold.
    """
    text, lines = _take_apart(data)
    known = _by_name_and_id(verifiers)
    good: dict[Verifier, Signature] = {}
    for line in lines:
        name, content = _read_line(line)
        verifier = known.get((name, content[:_KEY_ID_BYTES]))
        if verifier is not None:
            time = verifier.check(text, content[_KEY_ID_BYTES:])
            good.setdefault(verifier, Signature(verifier, time, line))
    if not good:
        raise VerificationFailed("no known key signed this note")
    return Note(text, tuple(good.values()))


def note_text(data: bytes) -> str:
    """Return the text of a note without looking at its signatures, to find out whose keys to ask for.

    Raises:
        MalformedInput: Not a note.
    """
    return _take_apart(data)[0]


def _by_name_and_id(verifiers: Sequence[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    # A cosignature does not commit to a name: one key under two names would count as two witnesses.
    if len(known) != len(verifiers) or len({v.encoded for v in verifiers}) != len(verifiers):
        raise KeyFault("every known key stands in the list once, under one name")
    return known


def _take_apart(data: bytes) -> tuple[str, list[str]]:
    """The text and the signature lines, all of them well formed."""
    whole = read_text(data, NOTE_BYTES_MAX)
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise MalformedInput("a note is a text, an empty line and signature lines")
    if signatures.count("\n") > SIGNATURES_MAX:
        raise MalformedInput("a note has too many signatures")
    lines = [f"{line}\n" for line in signatures[:-1].split("\n")]
    for line in lines:
        _read_line(line)
    return f"{text}\n", lines


def _read_line(line: str) -> tuple[str, bytes]:
    """The name, and the key id with the signature after it."""
    dash, name, encoded = line[: len(_DASH)], *line[len(_DASH) : -1].partition(" ")[::2]
    content = read_base64(encoded)
    if dash != _DASH or len(content) <= _KEY_ID_BYTES:
        raise MalformedInput("a signature line is a dash, a name and base64")
    _check_name(name)
    return name, content


def _line(verifier: Verifier, signature: bytes) -> str:
    return f"{_DASH}{verifier.name} {write_base64(verifier.key_id + signature)}\n"


def _cosigned(text: str, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def _key_id(name: str, algorithm: int, encoded: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes((algorithm,)) + encoded).digest()[:_KEY_ID_BYTES]


def _check_name(name: str) -> None:
    as_utf8(name)
    if not name or any(sign.isspace() or sign < " " or sign == "+" for sign in name):
        raise MalformedInput("a key name is not empty and has no spaces, plus signs or control characters")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise MalformedInput("the text of a note ends in a newline")
    read_text(as_utf8(text), NOTE_BYTES_MAX)
