"""What every command shares and costs nothing to import: the settings option, and errors turned into words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crypto.errors import CryptoError
from policy.errors import RuleSetError
from signal_index.errors import Malformed, SetupFault, SignalIndexError
from signal_index.model.review import LookRef

if TYPE_CHECKING:
    from signal_index.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "config",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="SIGNAL_INDEX_CONFIG",
    default=Path("signal-index.toml"),
    show_default=True,
    help="Settings file of the index; also from SIGNAL_INDEX_CONFIG.",
)


class _Day(click.ParamType[date]):
    """A calendar day, to the letter: other spellings mean different days to different people."""

    name = "jjjj-mm-dd"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail("give a day as 2026-03-31", param, ctx)


DAY = _Day()

_WRITER_BYTES = 8


class _Look(click.ParamType[LookRef]):
    """A look by the place of its record."""

    name = "look"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> LookRef:
        writer, _, number = value.partition("/")
        try:
            ref = LookRef(bytes.fromhex(writer), int(number))
        except ValueError:
            self.fail("give a look as review list prints it", param, ctx)
        if len(ref.writer) != _WRITER_BYTES:
            self.fail("give a look as review list prints it", param, ctx)
        return ref


LOOK = _Look()


def days_options(command: F) -> F:
    """The options `--from` and `--until` that say which days are meant, as `first` and `last`."""
    last = click.option("--until", "last", type=DAY, required=True, help="Last day, included.")
    first = click.option("--from", "first", type=DAY, required=True, help="First day, included.")
    return first(last(command))


class _SetupError(click.ClickException):
    exit_code = 2


@contextmanager
def plain_errors() -> Iterator[None]:
    """Show the product's errors as one clear line instead of a traceback; exit 2 for a set-up to mend, else 1."""
    try:
        yield
    except SetupFault as error:
        raise _SetupError(error.detail) from error
    except SignalIndexError as error:
        lines = [error.detail]
        if isinstance(error, Malformed):
            lines += [f"  {place}: {text}" for place, text in error.violations]
        raise click.ClickException("\n".join(lines)) from error
    except (CryptoError, RuleSetError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'the system'}: {error.strerror}") from error


def settings_of(config: Path) -> "Settings":
    """Read the settings file."""
    # Only here: a key ceremony runs a dozen short commands, none of which reads settings.
    from signal_index.settings import load  # noqa: PLC0415

    with plain_errors():
        return load(config)
