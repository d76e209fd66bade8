"""The chain from BSN to pseudonym: encrypt at the publisher, one hop at A, one at B, open at the index.

Invariants:
1. Two encryptions of one person differ, at every hop, in both components; opened, they give one pseudonym.
2. No component of a ciphertext is ever the identity element. A publisher that leaves out its randomness would
   otherwise make a hop hand the person on in the clear.
3. The identity element as *content* (filler and control rows) passes the chain unchanged and opens to None.
4. A BSN is accepted only in its full form and is never echoed, printed or compared with anything but a BSN.

Whoever controls A or B sees nothing but randomised ciphertexts; even both together open no traffic without
the index's layer key. Only A, B and the index together can try BSNs against stored pseudonyms at their own speed.

Public keys nest: T_I = t_I*G (index), T_B = t_B*T_I (B), Y = t_A*T_B (A). Publishers encrypt to Y, A hops
towards T_B, B towards T_I. The pseudonym is s_A*s_B*c*H(BSN).
"""

from dataclasses import dataclass, field
from operator import mul
from typing import Final, Self

from crypto.errors import MalformedInput
from crypto.group import (
    Point,
    Scalar,
    add,
    base_multiply,
    hash_to_group,
    multiply,
    scalar_multiply,
    subtract,
)
from crypto.group.sodium import POINT_BYTES, measure

CIPHERTEXT_BYTES: Final = 2 * POINT_BYTES
PSEUDONYM_BYTES: Final = POINT_BYTES

# Changing any byte of these two changes every pseudonym; a new version belongs to a new key epoch.
_BSN_DST: Final = b"SIGNAL-INDEX-V01-CS01-with-ristretto255_XMD:SHA-512_R255MAP_RO_"
_BSN_PREFIX: Final = b"nl-bsn:"
# A number that nobody has or ever will: it passes the eleven-test and is below the lowest. The canary takes every step
# that a BSN takes, so a connector that writes numbers in another way is found out too.
_CANARY: Final = b"000000000"

_BSN_DIGITS: Final = 9
_BSN_LOWEST: Final = "010000000"  # of texts of one length the order is that of the numbers
_BSN_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_BSN_ZEROS: Final = sum(_BSN_WEIGHTS) * ord("0")  # what the weights make of characters above that of digits
_BSN_MODULUS: Final = 11


@dataclass(frozen=True, slots=True)
class Bsn:
    """A well-formed burgerservicenummer; whether it was ever given out is not known here.

    Args:
        digits: Exactly nine ASCII digits. Personal: never log, print or store them.

    Raises:
        MalformedInput: Other length or characters, below 10,000,000, or the eleven-test (elfproef) fails.
    """

    digits: str

    def __post_init__(self) -> None:
        """Refuse everything but a full, well-formed number, without echoing it."""
        if not _is_bsn(self.digits):
            raise MalformedInput("not a well-formed BSN")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a BSN; no spaces, no dots, no zero added in front.

        Raises:
            MalformedInput: See the class. The message never holds the text.
        """
        return cls(text)

    def person_point(self) -> Point:
        """Return the group element that stands for this person before any key is applied.

        Personal: it can be turned back into the BSN by trying all numbers.
        """
        return hash_to_group(_BSN_PREFIX + self.digits.encode("ascii"), _BSN_DST)

    def __repr__(self) -> str:
        """Name the kind, never the number."""
        return "Bsn(<redacted>)"


class Canary:
    """Nobody: a point that goes the way of persons, to show whether the chain makes the right pseudonyms."""

    def person_point(self) -> Point:
        """Return the group element of the canary; no BSN hashes to it."""
        return canary_point()


def canary_point() -> Point:
    """Return the element every canary starts from, known to everybody."""
    return hash_to_group(_BSN_PREFIX + _CANARY, _BSN_DST)


def _is_bsn(text: str) -> bool:
    # isdecimal alone accepts the digits of every script, so both tests are needed.
    if len(text) != _BSN_DIGITS or not (text.isascii() and text.isdecimal()):
        return False
    total = sum(map(mul, _BSN_WEIGHTS, text.encode("ascii"))) - _BSN_ZEROS
    return text >= _BSN_LOWEST and total % _BSN_MODULUS == 0


@dataclass(frozen=True, slots=True)
class Pseudonym:
    """What the index knows a person by, within one scope and key epoch.

    Args:
        encoded: 32 bytes. Personal data: only ever stored sealed.

    Raises:
        MalformedInput: Not 32 bytes.
    """

    encoded: bytes

    def __post_init__(self) -> None:
        """Refuse another length."""
        measure(self.encoded, PSEUDONYM_BYTES)

    def __repr__(self) -> str:
        """Name the kind, never the bytes."""
        return "Pseudonym(<redacted>)"


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """An ElGamal ciphertext (b, c) = (r*G, M + r*Y)."""

    b: Point
    c: Point

    def encode(self) -> bytes:
        """Write the 64 bytes that travel: b, then c."""
        return self.b.encoded + self.c.encoded

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read 64 bytes from outside.

        Raises:
            MalformedInput: Other length, or a component is not canonical or is the identity element.
        """
        measure(data, CIPHERTEXT_BYTES)
        return cls(Point.decode(data[:POINT_BYTES]), Point.decode(data[POINT_BYTES:]))


@dataclass(frozen=True, slots=True)
class HopSecrets:
    """What one pseudonymiser multiplies with.

    Args:
        factor: s, which changes pseudonyms. Secret.
        layer: t, which takes off this party's layer of encryption. Secret.
    """

    factor: Scalar
    layer: Scalar
    combined: Scalar = field(init=False, repr=False, compare=False)
    """s*t, computed once. Secret."""

    def __post_init__(self) -> None:
        """Multiply factor and layer once instead of once per item."""
        object.__setattr__(self, "combined", scalar_multiply(self.factor, self.layer))


@dataclass(frozen=True, slots=True)
class OpeningSecrets:
    """What the index opens with.

    Args:
        layer: t_I, which takes off the last layer of encryption. Secret.
        closing: c, applied last, so that A and B together cannot compute pseudonyms. Secret.
    """

    layer: Scalar
    closing: Scalar


def encrypt(person: Point | None, public: Point, randomness: Scalar) -> Ciphertext:
    """Encrypt a person, or the identity element for a filler or control row.

    Args:
        person: From `Bsn.person_point`; None is the identity element.
        public: Y, the key of the whole chain.
        randomness: Fresh from `random_scalar` for every item, and kept until the batch is proven. Secret.
    """
    mask = multiply(randomness, public)
    return Ciphertext(base_multiply(randomness), mask if person is None else _present(add(person, mask)))


def hop(secrets: HopSecrets, next_public: Point, item: Ciphertext, rho: Scalar) -> Ciphertext:
    """Take off one layer, apply the factor and rerandomise.

    Args:
        secrets: Of this pseudonymiser.
        next_public: The key the result is encrypted to: T_B at A, T_I at B.
        item: Encrypted to this pseudonymiser's public key.
        rho: Fresh from `random_scalar` for every item, and kept until the hop is proven. Secret.

    Returns:
        (s*t*b + rho*G, s*c + rho*next_public).

    Raises:
        MalformedInput: A component would become the identity element.
    """
    b = add(multiply(secrets.combined, item.b), base_multiply(rho))
    c = add(multiply(secrets.factor, item.c), multiply(rho, next_public))
    return Ciphertext(_present(b), _present(c))


def open_item(secrets: OpeningSecrets, item: Ciphertext) -> Pseudonym | None:
    """Open what came out of B.

    Returns:
        The pseudonym, or None when the content is the identity element: a filler or control row.
    """
    # The library refuses to multiply the identity, so this test must come before the closing key.
    closed = subtract(item.c, multiply(secrets.layer, item.b))
    return None if closed is None else close(secrets, closed)


def close(secrets: OpeningSecrets, person: Point) -> Pseudonym:
    """Apply the closing key to a point both pseudonymisers multiplied: what `open_item` gives for it."""
    return Pseudonym(multiply(secrets.closing, person).encoded)


def _present(point: Point | None) -> Point:
    if point is None:
        raise MalformedInput("a ciphertext component became the identity element")
    return point
