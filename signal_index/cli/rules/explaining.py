"""Why a recorded look was decided as it was, by the rules and facts of its own record."""

from collections.abc import Iterable
from pathlib import Path

import click

from policy.telling.explain import Explanation
from policy.telling.wording import Language
from signal_index.cli.options import LOOK, config_option
from signal_index.cli.session import as_option, now, opened, run_as
from signal_index.model import DUTCH_TIME, Actor
from signal_index.model.review import LookRef
from signal_index.model.rulebook import Doubt
from signal_index.ports import Transaction
from signal_index.usecases.oversight.looks import OneLook
from signal_index.usecases.rulebook.replaying import Replay, look_explained

from .reading import language_option

_DOUBTS = {
    Doubt.RULES_UNKNOWN: "this index never held the rules that the record names",
    Doubt.RULES_DAMAGED: "what is kept under that digest is no longer those rules",
    Doubt.FACTS: "the facts in the record cannot be read",
    Doubt.OUTCOME: "the same rules and facts now give another outcome",
}


@click.command()
@click.argument("record", type=LOOK)
@as_option("privacy-officer")
@language_option
@click.option("--worker", "for_worker", is_flag=True, help="Give the explanation that the worker may read.")
@config_option
def explain(record: LookRef, staff_id: str, language: Language, *, for_worker: bool, config: Path) -> None:
    """Say why a recorded look was decided as it was.

    It is decided again. That you read it is recorded.

    RECORD is a look as `review list` prints it. Rules and facts are those of the record, however long ago. If they do
    not give the recorded outcome, this says so and ends with 1.
    """
    with opened(config) as index:
        rules = index.read_rules()

        def read(tx: Transaction, actor: Actor) -> tuple[OneLook, Replay | None]:
            look_id = tx.names.of_look(record.writer, record.number)
            return look_explained(tx, rules, actor, look_id, now())

        look, again = run_as(index, staff_id, read)
    at = look.line.at.astimezone(DUTCH_TIME)
    click.echo(f"rules: a look of {at:%Y-%m-%d %H:%M} for {look.line.purpose or 'no purpose that exists'}")
    if again is None:
        click.echo(f"rules: refused before any rule was asked: {look.line.refused}")
        return
    click.echo(f"rules: decided by rule set {again.rule_set}")
    _tell(again.for_worker(language) if for_worker else again.for_officer(language))
    if again.doubt is not None:
        raise click.ClickException(
            f"NOT AS RECORDED: {_DOUBTS[again.doubt]}; do not rely on it, and find out why"
        )
    click.echo("rules: decided again, with the same rules and outcome as recorded")


def _tell(explained: Iterable[Explanation]) -> None:
    for each in explained:
        click.echo(f"\n{', '.join(each.codes)}")
        for name, texts in each.lines():
            click.echo(f"  {name}:")
            for text in texts:
                click.echo(f"    {text}")
    click.echo("")
