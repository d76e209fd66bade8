"""Read what a publisher or a vendor hands over as text: just what the product's own key commands print.

Invariant: a fault says what is wrong and never repeats the text; somebody may have pasted a secret.
"""

import tomllib
from dataclasses import dataclass

from crypto.errors import CryptoError
from crypto.keyfiles import PublisherPublic
from crypto.tokens import decode_base64url, read_json_object
from crypto.verify_keys import decode_verify_key
from signal_index.errors import Malformed
from signal_index.model.workplace import Entrance

_FIELDS = ("issuer", "name", "organisation", "verify_key")


@dataclass(frozen=True)
class PublisherKey:
    """A publisher's public key.

    Args:
        oin: of the publisher.
        verify_key: Ed25519 public key, 32 bytes.
    """

    oin: str
    verify_key: bytes


def read_publisher_key(text: str) -> PublisherKey:
    """Read `publisher.public.json`, as `signal-index keys publisher` makes it.

    Raises:
        Malformed: `pasted`: it is something else.
    """
    try:
        key = PublisherPublic.from_document(read_json_object(text.encode()))
    except (CryptoError, ValueError):
        said = "Dit is geen openbare sleutel. Plak het hele bestand publisher.public.json."
        raise Malformed("pasted", said, (("sleutel", said),)) from None  # a cause may quote what was pasted
    return PublisherKey(key.publisher, key.verify_key.public_bytes_raw())


def read_entrance(text: str) -> Entrance:
    """Read the block `[[entrances]]`, as `signal-index entrance new` prints it.

    Raises:
        Malformed: `pasted`: it is something else.
    """
    try:
        issuer, name, organisation, key = _stated(text)
        verify_key = decode_verify_key(decode_base64url(key)).public_bytes_raw()
    except (KeyError, TypeError, ValueError, CryptoError):  # a TOML fault is a ValueError
        said = "Dit herkennen wij niet. Plak de hele tekst die begint met [[entrances]]."
        raise Malformed("pasted", said, (("toegang", said),)) from None
    return Entrance(issuer, name, organisation, verify_key)


def _stated(text: str) -> list[str]:
    """The four texts of the one block, in the order of `_FIELDS`."""
    (stated,) = tomllib.loads(text)["entrances"]
    values = [stated[name] for name in _FIELDS]
    if len(stated) != len(_FIELDS) or not all(isinstance(value, str) for value in values):
        raise ValueError("a block has these four texts and nothing else")
    return values
