"""The check-up from beginning to end; what one check needs of another is handed on here."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from policy.rulesets import RuleSet
from signal_index.model import dutch_day
from signal_index.settings import Settings
from signal_index.store import SqlDatabase

from . import database, files, outside, people, reviewing, witnesses
from .findings import Finding, Yielding, skipped
from .outside import Waiting


@dataclass(frozen=True)
class Wanted:
    """How the check-up is to be made.

    Args:
        deep: recompute the log too, which reads every record.
        now: aware UTC.
        waiting: is told what slow checks wait for.
    """

    deep: bool
    now: datetime
    waiting: Waiting


def examine(config: Path, wanted: Wanted) -> Iterator[Finding]:
    """Check everything, in the order in which an index starts.

    Args:
        config: the settings file of the index.
        wanted: see `Wanted`.

    Yields:
        One finding per point, as soon as it is known.
    """
    stated = yield from files.settings(config)
    if stated is None:
        yield skipped("everything else", "the settings")
        return
    with ExitStack() as stack:
        opened = yield from _inside(stated, wanted, stack)
        yield from outside.site(stated)
        yield from outside.sign_in(stated, wanted.waiting)
        yield from outside.mail(stated, wanted.waiting)
        if opened is not None:
            yield from database.clock(opened, wanted.now)


def _inside(stated: Settings, wanted: Wanted, stack: ExitStack) -> Yielding[SqlDatabase | None]:
    """What stands on this machine; the open database, if it can be opened."""
    secrets = None
    if (yield from files.libsodium()):
        secrets = yield from files.keys(stated)
    else:
        yield skipped("keys", "libsodium")
    yield from files.token_keys(stated)
    rules = yield from files.rules(dutch_day(wanted.now))
    if secrets is None:
        yield skipped("database, register, sources, staff, entrances, clock", "the keys")
        return None
    opened = yield from database.database(stated.database, secrets, wanted.now)
    if opened is None:
        yield skipped("log, witnesses, review, register, sources, staff, entrances, clock", "the database")
        return None
    stack.enter_context(opened)
    yield from database.log(opened, deep=wanted.deep)
    yield from witnesses.witnesses(opened, stated, wanted.now)
    yield from reviewing.review(opened, wanted.now)
    yield from _registered(opened, rules, wanted)
    return opened


def _registered(opened: SqlDatabase, rules: RuleSet | None, wanted: Wanted) -> Iterator[Finding]:
    """What is registered and who works here."""
    if rules is None:
        yield skipped("register, sources, staff, entrances", "the rules")
        return
    today = dutch_day(wanted.now)
    catalogue = rules.in_force(today).catalogue
    found = yield from database.asked(
        "register", opened, lambda tx: people.Registered.read(tx, catalogue, today)
    )
    if found is None:
        return
    yield from people.register(found)
    yield from people.complete_sets(found)
    yield from people.sources(found, catalogue)
    yield from people.staff(found)
    yield from people.entrances(found)
