"""Message formats: what an author writes to add one, and how the installed ones are found.

A format is a module with a `read` and a `FORMAT`; an entry point in the group `signal_index.flags` names it. See
docs/a-connector-in-an-hour.md, and `connectors.testing` for the suite that shows whether it keeps its promises.

Invariants:
1. Whatever a format raises but `FileRefused` refuses the message; what it says is dropped, as it may quote the message.
2. A wrong setting is told by its name and what it must be, never by its value.

A format runs inside the connector, so whoever writes one that is installed can do what its publisher can.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from traceback import walk_tb
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from .reading import FileRefused, Message, MessageReader, Reading

GROUP: Final = "signal_index.flags"

_FAULTS: Final[Mapping[str, str]] = {
    "extra_forbidden": "there is no such setting",
    "missing": "has to be set",
    "string_pattern_mismatch": "does not have the form it needs",
    "literal_error": "is none of the values there are",
}
"""What is wrong with a setting, in words, by the validator's name for it; others are shown by that name."""

Follower = Callable[[Message], Message]
"""See `Format.follow`."""


class FormatFault(Exception):
    """There is no such format, or its settings are wrong; the message says what to do."""


class Unreachable(Exception):
    """A source or a place cannot be reached, or gives no usable answer: nothing is lost or ended, ask again later.

    Args:
        code: why, in one word or two; never taken from an answer.
        retry_after_seconds: what the source asks to wait, when it says so.
    """

    def __init__(self, code: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class Options(BaseModel):
    """What every format may be told; a format with settings of its own extends it.

    A validator says in a `ValueError` what the setting must be; it is shown, so it quotes no value.

    Args:
        max_bytes: of one message; a larger one is refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_bytes: int = Field(default=200 * 1024 * 1024, ge=1)


def _located(value: Path, seen: ValidationInfo) -> Path:
    folder = (seen.context or {}).get("folder", Path())
    return Path(folder) / value


Located = Annotated[Path, AfterValidator(_located)]
"""A path in settings, relative to the folder of the file they stand in."""


@dataclass(frozen=True)
class FormatSettings:
    """What stands under `[formats]` in a settings file.

    Args:
        of_each: by format name.
        folder: of the file.
    """

    of_each: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    folder: Path = Path()


@dataclass(frozen=True)
class Format:
    """One message format.

    Args:
        read: reads one message with the options given; promises what `MessageReader` does.
        about: what it reads, in one line for `--help`.
        options: the model of its settings, `[formats.NAME]` in a connector's settings file.
        follow: for messages that only point at something: fetches that, with the options given, and returns it as
            the message to read. Called by `connector run` before anything is locked; raises `Unreachable` when the
            message has to wait, `FileRefused` when it points at nothing; an OSError counts as the first.
    """

    read: Callable[[Message, Any], Iterator[Reading]]
    about: str
    options: type[Options] = Options
    follow: Callable[[Message, Any], Message] | None = None

    def reader(self, settings: Mapping[str, object] | None = None, folder: Path = Path()) -> MessageReader:
        """Return the reader with these settings.

        Args:
            settings: as under `[formats.NAME]`.
            folder: what a path in them is relative to, see `Located`.

        Raises:
            FormatFault: a setting is unknown or wrong.
        """
        options = self._options(settings, folder)
        return lambda message: self._guarded(message, options)

    def follower(
        self, settings: Mapping[str, object] | None = None, folder: Path = Path()
    ) -> Follower | None:
        """Return what follows a message to what it points at, with these settings; None when messages tell themselves.

        Raises:
            FormatFault: as above.
        """
        if (follow := self.follow) is None:
            return None
        options = self._options(settings, folder)

        def followed(message: Message) -> Message:
            try:
                return follow(message, options)
            except (FileRefused, Unreachable, OSError):
                raise
            except Exception as error:  # noqa: BLE001 - a format is somebody else's code
                refusal = _format_fault(error, message)
            raise refusal

        return followed

    def _options(self, settings: Mapping[str, object] | None, folder: Path) -> Options:
        try:
            return self.options.model_validate(settings or {}, context={"folder": folder})
        except ValidationError as error:
            faults = faults_of(error)
        raise FormatFault(faults)

    def _guarded(self, message: Message, options: Options) -> Iterator[Reading]:
        """Read; a fault of the format itself refuses the message, and tells where it is instead of what it holds."""
        try:
            yield from self.read(message, options)
        except FileRefused:
            raise
        except Exception as error:  # noqa: BLE001 - a format is somebody else's code
            refusal = _format_fault(error, message)
        else:
            return
        raise refusal


def _format_fault(error: Exception, message: Message) -> FileRefused:
    return FileRefused("format-fault", f"{message.name} ({place_of(error)})")


def faults_of(error: ValidationError) -> str:
    """Name each place and kind of fault, and the sentence where a validator of ours gave one.

    The library's own sentences quote the value, which may be a secret; a `ValueError` of ours never does.
    """
    return "; ".join(map(_said, error.errors()))


def _said(fault: ErrorDetails) -> str:
    place = ".".join(map(str, fault["loc"])) or "file"
    ours = f" ({fault['ctx']['error']})" if fault["type"] == "value_error" else ""
    return f"{place}: {_FAULTS.get(fault['type'], fault['type'])}{ours}"


def place_of(error: BaseException) -> str:
    """Say where an unexpected error comes from, instead of what it says, which may quote anything."""
    frames = list(walk_tb(error.__traceback__))
    if not frames:
        return type(error).__name__
    frame, line = frames[-1]
    return f"{type(error).__name__} at {Path(frame.f_code.co_filename).name}:{line}"


def installed() -> Mapping[str, EntryPoint]:
    """The formats by name; a package that is installed beside this one may bring its own."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def find(name: str) -> Format:
    """Return an installed format.

    Raises:
        FormatFault: there is none of this name, or its package does not work.
    """
    known = installed()
    if name not in known:
        raise FormatFault(f"unknown format; choose one of: {', '.join(known)}")
    try:
        found = known[name].load()
    except Exception as error:
        where = f"{known[name].value} cannot be loaded ({type(error).__name__}: {error})"
        raise FormatFault(f"{where}; mend or remove that package") from error
    if not isinstance(found, Format):
        raise FormatFault(f"{known[name].value} is not a Format; bring that package up to date")
    return found


def reader(name: str, settings: FormatSettings) -> MessageReader:
    """Return the reader of an installed format.

    Args:
        name: of the format.
        settings: of every format.

    Raises:
        FormatFault: there is no such format, or a setting of it is unknown or wrong.
    """
    try:
        return find(name).reader(settings.of_each.get(name), settings.folder)
    except FormatFault as fault:
        raise FormatFault(f"{name}: {fault}") from fault


def follower(name: str, settings: FormatSettings) -> Follower | None:
    """Return what follows messages of an installed format, as `reader` returns what reads them.

    Raises:
        FormatFault: as `reader`.
    """
    try:
        return find(name).follower(settings.of_each.get(name), settings.folder)
    except FormatFault as fault:
        raise FormatFault(f"{name}: {fault}") from fault
