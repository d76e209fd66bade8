"""The conversation with who sets up, and the judgement of a file with answers."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import click

from signal_index.cli.checkup.findings import Finding, State, mend
from signal_index.cli.doctor import tell

from .answers import Answers
from .checks import Place, administrators, asked, check
from .questions import MAKE_TOKEN_KEYS, QUESTIONS, REGION, Question

STOPPED = "\nStopped. What you answered is kept: run signal-index setup again to go on."


def converse(known: Answers, place: Place, keep: Callable[[Answers], None]) -> Answers:
    """Ask everything that makes sense, each until the answer holds.

    Args:
        known: answers of before; Enter keeps them.
        place: where the set-up takes place.
        keep: is told all answers after each one.

    Raises:
        click.Abort: somebody stopped it.
    """
    given: Answers = {}
    try:
        for question in asked(given, place):
            given[question.key] = _ask(question, known, given, place)
            keep(known | given)
    except click.Abort:
        click.echo(STOPPED)
        raise
    if "first_administrator" not in given:
        click.echo(f"\n{', '.join(administrators(given, place))} administer already; that stays so")
    return given


def _ask(question: Question, known: Answers, given: Answers, place: Place) -> str:
    assumed = known.get(question.key) or question.assumed(given) or None
    click.echo(f"\n{question.text}")
    while True:
        answer: str = click.prompt(f"  {question.key}", default=assumed, type=str).strip()
        holds = True
        for finding in _examined(question, answer, given, place):
            tell(finding)
            holds = holds and finding.state is not State.MEND
        if holds:
            return answer
        click.echo(
            "  Mend it and press Enter, or answer something else. Ctrl-C stops and keeps your answers."
        )
        assumed = answer


def _examined(question: Question, answer: str, given: Answers, place: Place) -> Iterator[Finding]:
    fault = question.shape(answer, given)
    if fault is not None:
        yield mend(question.key, f"{_shown(answer)} cannot be the answer", fault)
        return
    yield from check(question.key, given | {question.key: answer}, place)


def _shown(answer: str) -> str:
    return repr(answer) if answer.isprintable() and len(answer) <= 100 else "this"


def judge(stated: Answers, place: Place) -> tuple[Answers, list[Finding]]:
    """Check all answers of a file, and find everything that is wrong at once.

    Args:
        stated: by the key of the question; what is left out is assumed, where something can be.
        place: where the set-up takes place.

    Returns:
        All answers, and what is to mend: under the key of each question.
    """
    given: Answers = {}
    faults = list(_strangers(stated))
    for question in asked(given, place):
        answer = stated.get(question.key, question.assumed(given)).strip()
        given[question.key] = answer
        if not answer:
            faults.append(mend(question.key, "no answer", question.text))
            continue
        found = _examined(question, answer, {k: v for k, v in given.items() if k != question.key}, place)
        faults += [replace(each, point=question.key) for each in found if each.state is State.MEND]
    return given, faults


def _strangers(stated: Answers) -> Iterator[Finding]:
    known = {question.key for question in (*QUESTIONS, MAKE_TOKEN_KEYS, REGION)}
    for key in stated:
        if key not in known:
            yield mend(key, "there is no such question", f"the questions are {', '.join(sorted(known))}")
