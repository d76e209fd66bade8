"""Key files on disk: one JSON object per file, written once and read strictly.

Invariants:

1. A file that exists is never overwritten. A secret is written for its owner only, and not read when others can.
2. A file is read as a whole or refused: a member too many, too few or twice, or another kind, is a fault.
3. Faults name the file and what to do; no fault or repr holds a secret.

Besides the services (pseudonymiser, witness) this is the one module of the package that touches the disk.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Final, Self

from crypto.errors import CryptoError, KeyFault, MalformedInput
from crypto.keyfiles.values import FORMS
from crypto.tokens import read_json_object

FILE_FORMAT: Final = 2
FILE_BYTES_MAX: Final = 64 * 1024  # The manifest, the largest, is about 4 KiB.
_SECRET_MODE: Final = 0o600
_PUBLIC_MODE: Final = 0o644
_OTHERS: Final = 0o077
_NAMES: Final = {
    "scope": re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII),
    "epoch": re.compile(r"[0-9]{1,9}", re.ASCII),
    "publisher": re.compile(r"[0-9]{20}", re.ASCII),
}


@dataclass(frozen=True, repr=False)
class KeyFile:
    """What the kinds of key file share: a JSON object with a member per field, saved once and loaded strictly.

    The field `created` is the day the keys were made; the caller knows it, this package has no clock.
    """

    KIND: ClassVar[str]
    SECRET: ClassVar[bool]

    def __init_subclass__(cls, *, kind: str, secret: bool) -> None:
        """Fix what the file calls itself and whether others may read it."""
        cls.KIND, cls.SECRET = kind, secret

    def __post_init__(self) -> None:
        """Refuse a scope, epoch or publisher that cannot be."""
        for name, allowed in _NAMES.items():
            if hasattr(self, name) and not allowed.fullmatch(str(getattr(self, name))):
                raise KeyFault(f"{name} must match {allowed.pattern}")

    def to_document(self) -> dict[str, object]:
        """Return the content of the file; of a secret part it is secret."""
        own = {place.name: FORMS[place.type].write(getattr(self, place.name)) for place in fields(self)}
        return {"kind": self.KIND, "format": FILE_FORMAT, **own}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Read what `to_document` made.

        Raises:
            MalformedInput: another kind or format, or a member missing, unknown or unusable.
            KeyFault: the members contradict each other.
        """
        outer = (_read_member(document, "kind", str), _read_member(document, "format", int))
        if outer != (cls.KIND, FILE_FORMAT):
            raise MalformedInput(f"it is not a file of the kind {cls.KIND!r} in format {FILE_FORMAT}")
        if document.keys() - {"kind", "format", *(place.name for place in fields(cls))}:
            raise MalformedInput("it holds members this version does not know")
        return cls(**{place.name: _read_member(document, place.name, place.type) for place in fields(cls)})

    def save(self, path: Path) -> None:
        """Write the file in one step, readable by its owner only if it holds secrets.

        Raises:
            KeyFault: it exists already, or cannot be written.
        """
        _write(path, self.to_document(), _SECRET_MODE if self.SECRET else _PUBLIC_MODE)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            KeyFault: it is not there, not readable, readable by others though secret, or not such a file; the
                message says what to do.
        """
        data = _read(path, secret=cls.SECRET)
        try:
            return cls.from_document(read_json_object(data))
        except CryptoError as fault:
            # Not chained: causes further down hold parts of the content.
            raise KeyFault(f"{path}: {fault}; restore it, or ask its maker for a new one") from None

    def __repr__(self) -> str:
        """Name the kind of part, never its content."""
        return f"{type(self).__name__}(<redacted>)"


def _read_member(document: Mapping[str, object], name: str, kind: object) -> object:
    form = FORMS[kind]
    try:
        if type(document[name]) is form.json_type:
            return form.read(document[name])
    except (KeyError, ValueError, MalformedInput):
        # Not chained: causes hold the value.
        pass
    except KeyFault as fault:
        raise KeyFault(f"member {name!r}: {fault}") from None
    raise MalformedInput(f"member {name!r} is missing or holds no usable value")


def _write(path: Path, document: Mapping[str, object], mode: int) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.touch(mode=mode, exist_ok=False)
        try:
            draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            # A link fails when the name is taken; a rename would overwrite.
            path.hardlink_to(draft)
        finally:
            draft.unlink()
    except FileExistsError as error:
        raise KeyFault(f"{path} exists and keys are never overwritten: choose another name") from error
    except OSError as error:
        raise KeyFault(f"{path} cannot be written: {error.strerror}") from error


def _read(path: Path, *, secret: bool) -> bytes:
    try:
        if secret and path.stat().st_mode & _OTHERS:
            raise KeyFault(f"{path} is open to others than its owner: run chmod 600 {path}")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise KeyFault(f"{path} does not exist: make it, or correct the setting that names it") from error
    except OSError as error:
        raise KeyFault(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > FILE_BYTES_MAX:
        raise KeyFault(f"{path} is too large for a key file: correct the setting that names it")
    return data
