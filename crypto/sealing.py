"""Keyed tags to find rows by, and seals that bind what a row holds to the place where it stands.

Invariants:
1. A tag is separated by label and scope: equal inputs under another label or scope give an unrelated tag.
2. A seal opens only in the scope, key epoch, table, column and row it was made for; moved or changed
   bytes fail.
3. With a size, the sealed bytes say nothing about how long the content is.
4. A name in an address stands for one block of 16 bytes and shows nothing of it, not even an order.

Whoever takes the database without these keys sees random bytes; with them, at most what the index sees.
"""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from crypto.chain import Pseudonym
from crypto.encoding import beginning, encode, encode_each, encode_field, encode_texts
from crypto.errors import KeyFault, MalformedInput, VerificationFailed

KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
BLOCK_BYTES: Final = 16
NONCE_BYTES: Final = 12
SEAL_BYTES: Final = NONCE_BYTES + 16
"""How much longer sealed bytes are than what is sealed: the nonce and the authentication tag."""
LENGTH_BYTES: Final = 2
"""What the length prefix takes from a padded size."""
_HASH_BLOCK_BYTES: Final = 64  # of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
MAX_BUCKET_BITS: Final = 32
"""More shards than any database has; keeps a bucket within four bytes."""

_BUCKET_BYTES: Final = MAX_BUCKET_BITS // 8


@dataclass(frozen=True, slots=True)
class RowKeys:
    """The index's keys for rows at rest, of one scope and key epoch.

    Args:
        epoch: Number of the key epoch, not negative.
        scope: The participating region.
        tag_key: 32 bytes. Secret.
        bucket_key: 32 bytes. Secret.
        data_key: 32 bytes. Secret.

    Raises:
        KeyFault: A key has another length or is used twice, the epoch is negative, or the scope is empty.
    """

    epoch: int
    scope: str
    tag_key: bytes
    bucket_key: bytes
    data_key: bytes
    cipher: AESGCMSIV = field(init=False, repr=False, compare=False)
    """The row cipher under `data_key`. Secret."""

    def __post_init__(self) -> None:
        """Refuse keys that cannot be right, and prepare the cipher once."""
        keys = {self.tag_key, self.bucket_key, self.data_key}
        if len(keys) != 3 or any(len(key) != KEY_BYTES for key in keys):
            raise KeyFault("row keys must be three different keys of 32 bytes")
        if self.epoch < 0 or not self.scope:
            raise KeyFault("row keys need a scope and a key epoch")
        object.__setattr__(self, "cipher", AESGCMSIV(self.data_key))

    def __repr__(self) -> str:
        """Name scope and epoch, never a key."""
        return f"RowKeys(epoch={self.epoch}, scope={self.scope!r}, <redacted>)"


def tag(keys: RowKeys, label: str, *fields: bytes | int | str) -> bytes:
    """Return the 16-byte tag to find something by without storing it.

    Args:
        keys: Of the scope and epoch.
        label: Names the use; one fixed list of field types per label.
        fields: What the tag stands for. Personal or not, the tag shows nothing of it.
    """
    message = beginning(label, len(fields) + 1, keys.scope) + b"".join(map(encode_field, fields))
    return hmac.digest(keys.tag_key, message, "sha256")[:TAG_BYTES]


def tags(keys: RowKeys, label: str, shared: bytes, *, lasts: Iterable[str]) -> list[bytes]:
    """Return `tag(keys, label, shared, last)` for each last field: what they share is encoded and hashed once.

    Args:
        keys: Of the scope and epoch.
        label: As for `tag`.
        shared: The first field.
        lasts: The second field of each, a text.

    Source: RFC 2104 §4, which keeps the two hashes of a key. Copying those takes half the time of copying an `hmac`.
    """
    key = keys.tag_key.ljust(_HASH_BLOCK_BYTES, b"\0")
    begun = sha256(key.translate(_INNER) + beginning(label, 3, keys.scope) + encode_field(shared))
    around = sha256(key.translate(_OUTER))
    found = []
    for last in encode_texts(lasts):
        inner, outer = begun.copy(), around.copy()
        inner.update(last)
        outer.update(inner.digest())
        found.append(outer.digest()[:TAG_BYTES])
    return found


def tags_of_each(keys: RowKeys, label: str, each: Sequence[bytes], *fields: bytes | int | str) -> list[bytes]:
    """Return `tag` of each with the same fields after it, at half the cost for one that is called alone.

    Args:
        keys: Of the scope and epoch.
        label: Names the use.
        each: The first field of every tag.
        fields: Those that follow it, the same for all.
    """
    begun = hmac.new(keys.tag_key, beginning(label, 2 + len(fields), keys.scope), "sha256")
    rest = b"".join(map(encode_field, fields))
    return [_finished(begun, one + rest)[:TAG_BYTES] for one in encode_each(each)]


def _finished(begun: hmac.HMAC, rest: bytes) -> bytes:
    """The code over what it began with and the rest; what it began with is hashed once for all."""
    code = begun.copy()
    code.update(rest)
    return code.digest()


def veil(keys: RowKeys, label: str, block: bytes) -> bytes:
    """Return 16 bytes that stand for 16 bytes: the same ones each time, and random to who lacks the keys.

    For names in addresses, which must be found back without a table. It proves nothing: any 16 bytes unveil to
    something, so whoever unveils looks whether it exists.

    Args:
        keys: Of the scope and epoch.
        label: Names the use; under another label the same block has another name.
        block: 16 bytes.

    Raises:
        MalformedInput: The block has another length.

    Source: FIPS 197; one block is a permutation, and a block is all there ever is.
    """
    return _one_block(keys, label, block, encrypting=True)


def unveil(keys: RowKeys, label: str, name: bytes) -> bytes:
    """Return what `veil` made this of, or 16 bytes that stand for nothing.

    Raises:
        MalformedInput: The name has another length.
    """
    return _one_block(keys, label, name, encrypting=False)


def _one_block(keys: RowKeys, label: str, block: bytes, *, encrypting: bool) -> bytes:
    if len(block) != BLOCK_BYTES:
        raise MalformedInput("a name stands for 16 bytes")
    key = hmac.digest(keys.tag_key, encode("veil", keys.scope, label), "sha256")
    cipher = Cipher(AES256(key), ECB())  # noqa: S305 - a single block, so there is nothing to chain
    step = cipher.encryptor() if encrypting else cipher.decryptor()
    return step.update(block) + step.finalize()


def bucket(keys: RowKeys, pseudonym: Pseudonym, bits: int) -> int:
    """Return the shard of a person: the first `bits` bits of a keyed hash, so 0 when `bits` is 0.

    Raises:
        MalformedInput: `bits` lies outside 0 to 32.
    """
    _require_bits(bits)
    digest = hmac.digest(keys.bucket_key, encode("bucket", keys.scope, pseudonym.encoded), "sha256")
    return _first_bits(digest, bits)


def buckets(keys: RowKeys, pseudonyms: Sequence[Pseudonym], bits: int) -> list[int]:
    """Return `bucket` of each person, at half the cost for one that is called alone.

    Raises:
        MalformedInput: `bits` lies outside 0 to 32.
    """
    _require_bits(bits)
    if not bits:
        return [0] * len(pseudonyms)
    begun = hmac.new(keys.bucket_key, beginning("bucket", 2, keys.scope), "sha256")
    each = encode_each([pseudonym.encoded for pseudonym in pseudonyms])
    return [_first_bits(_finished(begun, one), bits) for one in each]


def _require_bits(bits: int) -> None:
    if not 0 <= bits <= MAX_BUCKET_BITS:
        raise MalformedInput("a bucket has 0 to 32 bits")


def _first_bits(digest: bytes, bits: int) -> int:
    return int.from_bytes(digest[:_BUCKET_BYTES], "big") >> (MAX_BUCKET_BITS - bits)


def seal(
    keys: RowKeys, plaintext: bytes, *, table: str, column: str, row: bytes, size: int | None = None
) -> bytes:
    """Encrypt what one column of one row holds.

    Args:
        keys: Of the scope and epoch the row belongs to.
        plaintext: At most `size` - 2 bytes when a size is given.
        table: Where it will stand.
        column: Where it will stand.
        row: The key of the row, never reused for another row of that table.
        size: Pad to this many bytes, so that every value of the column is equally long.

    Returns:
        Nonce (12 bytes), ciphertext, tag (16 bytes).

    Raises:
        MalformedInput: The plaintext does not fit in the size.

    Source: RFC 8452 (AES-256-GCM-SIV).
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    padded = plaintext if size is None else _pad(plaintext, size)
    return nonce + keys.cipher.encrypt(nonce, padded, _place(keys, table, column, row))


def seals(
    keys: RowKeys, plaintexts: Sequence[bytes], *, table: str, column: str, rows: Sequence[bytes]
) -> list[bytes]:
    """Return `seal` of each plaintext for its row, all of them in one column and equally long.

    Raises:
        MalformedInput: They are not equally long.
    """
    if len({len(each) for each in plaintexts}) > 1:
        raise MalformedInput("what is sealed without padding is equally long")
    place = beginning("row", 5, keys.scope, keys.epoch, table, column)
    nonces, encrypt = secrets.token_bytes(NONCE_BYTES * len(rows)), keys.cipher.encrypt
    sealed = []
    for number, (plaintext, row) in enumerate(zip(plaintexts, encode_each(rows), strict=True)):
        nonce = nonces[number * NONCE_BYTES : (number + 1) * NONCE_BYTES]
        sealed.append(nonce + encrypt(nonce, plaintext, place + row))
    return sealed


def unseal(
    keys: RowKeys, sealed: bytes, *, table: str, column: str, row: bytes, size: int | None = None
) -> bytes:
    """Decrypt what `seal` made for this place, with the same size.

    Raises:
        VerificationFailed: Other keys, another place, another size, or changed bytes.
    """
    if len(sealed) < SEAL_BYTES:
        raise VerificationFailed("sealed bytes are too short")
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        padded = keys.cipher.decrypt(nonce, ciphertext, _place(keys, table, column, row))
    except InvalidTag:
        raise VerificationFailed("sealed bytes do not belong here or were changed") from None
    return padded if size is None else _unpad(padded, size)


def _place(keys: RowKeys, table: str, column: str, row: bytes) -> bytes:
    return beginning("row", 5, keys.scope, keys.epoch, table, column) + encode_field(row)


def _pad(plaintext: bytes, size: int) -> bytes:
    if not LENGTH_BYTES + len(plaintext) <= size < 1 << (8 * LENGTH_BYTES):
        raise MalformedInput("the plaintext does not fit in the size it is padded to")
    return (len(plaintext).to_bytes(LENGTH_BYTES, "big") + plaintext).ljust(size, b"\0")


def _unpad(padded: bytes, size: int) -> bytes:
    end = LENGTH_BYTES + int.from_bytes(padded[:LENGTH_BYTES], "big")
    if len(padded) != size or end > size or any(padded[end:]):
        raise VerificationFailed("sealed bytes were made for another size")
    return padded[LENGTH_BYTES:end]
