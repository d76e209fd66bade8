"""The settings of one witness: one TOML file, read once, refused when anything in it is unknown.

Invariants:
1. Paths are relative to the file they stand in.
2. A log is cosigned only when its origin and its key stand here, put there by a person.
3. Names and keys agree with each other before the first checkpoint is read.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crypto.errors import CryptoError, KeyFault
from crypto.keyfiles import WitnessSecrets
from crypto.log.checkpoint import Checkpoint
from crypto.log.merkle import EMPTY_ROOT
from crypto.log.notes import COSIGNATURE, ED25519, Verifier

LOGS_MAX: Final = 64
QUIET_SECONDS: Final = 900
"""The index shows its log every minute, also when nothing was added; a quarter of an hour is no hiccup."""

_ORIGIN: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$"


class LogEntry(BaseModel):
    """One log this witness cosigns.

    Args:
        origin: its name, as in the first line of its checkpoints.
        verifier_key: its key, as text; the index's operator hands it over.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: str = Field(pattern=_ORIGIN)
    verifier_key: str


class Config(BaseModel):
    """What stands in the file.

    Args:
        name: of this witness, as in its verifier key.
        keys: its secret key file, made with `witness keys`.
        memory: what it cosigned, made with `witness init`.
        evidence: folder in which every alarm lays what it rests on.
        host: address to listen on.
        port: port to listen on; 0 takes a free one, which the ready line names.
        quiet_after_seconds: a log that shows nothing for longer is an alarm.
        logs: that are cosigned.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    keys: Path
    memory: Path
    evidence: Path
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    quiet_after_seconds: int = Field(default=QUIET_SECONDS, ge=10, le=30 * 24 * 3600)
    logs: tuple[LogEntry, ...] = Field(default=(), max_length=LOGS_MAX)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file and make its paths absolute.

        Raises:
            KeyFault: not readable, not TOML, or a setting is missing, unknown or out of range.
        """
        try:
            config = cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise KeyFault(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise KeyFault(f"{path} is not TOML: {error}") from error
        except ValidationError as error:
            raise KeyFault(f"{path}: {_faults(error)}") from None
        folder = path.absolute().parent
        paths = {name: folder / getattr(config, name) for name in ("keys", "memory", "evidence")}
        return config.model_copy(update=paths)


def _faults(error: ValidationError) -> str:
    # The validator's own texts quote the value; name the place and the kind of fault only.
    places = (".".join(str(part) for part in fault["loc"]) for fault in error.errors())
    kinds = (fault["type"] for fault in error.errors())
    return "; ".join(f"{place or 'file'}: {kind}" for place, kind in zip(places, kinds, strict=True))


@dataclass(frozen=True)
class Place:
    """A witness's key and the logs it knows, checked.

    Args:
        own: the public half of its key.
        logs: the key of each log, by origin.
    """

    secrets: WitnessSecrets
    own: Verifier
    logs: Mapping[str, Verifier]

    @classmethod
    def load(cls, config: Config) -> Self:
        """Read the key file a configuration names, and the keys of its logs.

        Raises:
            KeyFault: a file or key is missing, unsafe or wrong, or two of them contradict each other.
        """
        secrets = load_secrets(config)
        own = Verifier.of(secrets.witness, secrets.signing, COSIGNATURE)
        logs = {entry.origin: _verifier(entry) for entry in config.logs}
        keys = [own.encoded, *(log.encoded for log in logs.values())]
        if len(logs) != len(config.logs) or own.encoded in keys[1:]:
            raise KeyFault(
                "every log stands in the settings once, and none of them has the key of this witness"
            )
        return cls(secrets, own, logs)


def load_secrets(config: Config) -> WitnessSecrets:
    """Read the key of a witness.

    Raises:
        KeyFault: it is missing, unsafe or wrong, or of another witness than the settings say.
    """
    secrets = WitnessSecrets.load(config.keys)
    if secrets.witness != config.name:
        raise KeyFault(f"{config.keys} is the key of another witness than {config.name}")
    return secrets


def tag(origin: str) -> str:
    """Return what stands for an origin in addresses and figures: hexadecimal digits, whatever the name holds."""
    return sha256(origin.encode()).hexdigest()


def _verifier(entry: LogEntry) -> Verifier:
    try:
        # What could not be an origin in a checkpoint would never be found there.
        Checkpoint(entry.origin, 0, EMPTY_ROOT)
        verifier = Verifier.parse(entry.verifier_key)
    except CryptoError as fault:
        raise KeyFault(f"the key of the log {entry.origin}: {fault}") from None
    if verifier.algorithm != ED25519 or verifier.name != entry.origin:
        raise KeyFault(f"the key of the log {entry.origin} is of another log, or a witness's and not a log's")
    return verifier
