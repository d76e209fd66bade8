"""The command `connector brp-questions`: what to ask BRP about the persons this publisher says something about.

Invariants:
1. The numbers go into new files that only the caller can read, and nowhere else.
2. Nothing is sent: with which tool and on which legal basis BRP is asked is up to the organisation.
"""

from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree

import click

from connectors.brp.question import questions
from connectors.config import Setup
from crypto.chain import Bsn

from .report import Report
from .running import CONFIG, JSON, Unusable, ending, looking, private_file


@click.command("brp-questions")
@CONFIG
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@JSON
def brp_questions(config_path: Path, folder: Path, *, as_json: bool) -> None:
    """Write the questions to BRP about everybody this publisher says something about, to a new folder.

    Each file is the body of one POST /personen. Their answers, read with the format brp, tell of deaths and of moves.
    """
    run = Report(as_json=as_json)
    with ending(run), looking(Setup.read(config_path)) as state:
        everybody = sorted((about.person for about in state.persons.everything()), key=lambda bsn: bsn.digits)
        try:
            count = _write(everybody, folder)
        except FileExistsError:
            raise Unusable(f"{folder} exists already; name a new folder") from None
        except OSError as error:
            raise Unusable(f"{folder} cannot be written: {error.strerror}") from error
        run.say(
            f"{count} questions in {folder}; they hold citizen service numbers, so delete them when they are asked",
            questions=count,
        )


def _write(persons: Iterable[Bsn], folder: Path) -> int:
    """Write the questions; a folder in which not all of them could be written does not stay.

    Raises:
        OSError: it exists, or cannot be written.
    """
    folder.mkdir(mode=0o700)
    count = 0
    try:
        for count, body in enumerate(questions(persons), start=1):
            with private_file(folder / f"question-{count:04}.json") as file:
                file.write(body.decode())
    except BaseException:
        rmtree(folder)
        raise
    return count
