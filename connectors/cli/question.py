"""The command `connector question`: a question of a wijkteam, opened by its reference, at the source only.

Invariants:
1. About whom it is comes from the worker, on the phone: the index keeps no person that a source could recognise.
2. A person's number is asked for or read from standard input, never an argument, and never printed; on request it goes
   to a new file that only the caller can read.
3. Nothing is sent, and nothing of what is published changes.
"""

import re
from datetime import date
from pathlib import Path
from typing import Final

import click

from connectors.config import Setup
from connectors.state import State
from crypto.chain import Bsn

from .person import flag_figures, say_flag
from .report import Report
from .running import CONFIG, JSON, Unusable, ask_bsn, ending, looking, private_file, today

REFERENCE: Final = re.compile(r"V-[2-9B-DF-HJKMP-RTV-XZ]{4}-[2-9B-DF-HJKMP-RTV-XZ]{4}", re.ASCII)
"""As the index writes it; a mistyped letter is mostly none of these."""


@click.command()
@CONFIG
@click.argument("reference", metavar="REFERENCE")
@click.option("--anew", is_flag=True, help="Ask again about whom it is, when the wrong number was typed.")
@click.option(
    "--export",
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file that does not exist yet, for the person's number; only you will be able to read it. Delete it "
    "when you are done.",
)
@JSON
def question(config_path: Path, reference: str, path: Path | None, *, anew: bool, as_json: bool) -> None:
    """Open a question of a wijkteam by its reference: what this publisher says about whom it is about.

    The first time it asks for the number of the person whom the worker names on the phone: the index does not know
    that, and this connector not before. It is kept here, sealed, for sixty days, so that a colleague opens the same
    question by its reference alone.
    """
    run = Report(as_json=as_json)
    with ending(run):
        known_as = _reference(reference)
        with looking(Setup.read(config_path)) as state:
            person = _person(state, known_as, today(), anew=anew)
            flags = state.persons.about(person)
        for flag in flags:
            say_flag(run, flag)
        if not flags:
            run.say(
                "this publisher says nothing about this person; was it the right number? --anew asks again"
            )
        if path is not None:
            _write(path, person)
        run.say(
            f"{known_as}: when it is right, or mended in your own system and sent, answer it under Meldingen",
            reference=known_as,
            flags=[flag_figures(flag) for flag in flags],
        )


def _reference(typed: str) -> str:
    stated = typed.strip().upper()
    if REFERENCE.fullmatch(stated) is None:
        raise Unusable("this is no reference of a question; it looks like V-7K2M-9QXR")
    return stated


def _person(state: State, reference: str, day: date, *, anew: bool) -> Bsn:
    """About whom it is, as was said before or is said now."""
    known = None if anew else state.questions.person(reference, day)
    if known is not None:
        return known
    asked = ask_bsn()
    with state.transaction():
        state.questions.note(reference, asked, day)
    return asked


def _write(path: Path, person: Bsn) -> None:
    try:
        with private_file(path) as file:
            file.write(f"{person.digits}\n")
    except FileExistsError:
        raise Unusable(f"{path} exists already; name a new file") from None
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}") from error
