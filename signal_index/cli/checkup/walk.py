"""The check-up from beginning to end; what one check needs of another is handed on here."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crypto.keyfiles import IndexSecrets, Manifest
from policy.rulesets import RuleSet, no_rules
from signal_index.model import dutch_day
from signal_index.settings import Settings
from signal_index.store import SqlDatabase

from . import database, files, outside, people, reviewing, rules, services, witnesses
from .findings import Finding, Findings, Yielding, skipped, under
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


@dataclass(frozen=True)
class _Files:
    """What could be read of the files an index starts from; None for what could not."""

    secrets: IndexSecrets | None
    manifest: Manifest | None


def examine(config: Path, wanted: Wanted) -> Iterator[Finding]:
    """Check everything, in the order in which an index starts.

    Args:
        config: the settings file of the index.
        wanted: see `Wanted`.

    Yields:
        One finding per point, as soon as it is known.
    """
    stated = yield from under("Files", files.settings(config))
    if stated is None:
        yield skipped("everything else", "the settings")
        return
    with ExitStack() as stack:
        read = yield from under("Files", _files(stated))
        opened = yield from under("Database and log", _database(stated, read, wanted, stack))
        if opened is not None:
            counting = yield from under("Rules", _rules(opened, wanted))
            yield from under("Register and staff", _registered(opened, counting, wanted))
        yield from under("Other organisations", _services(stated, opened, read.manifest, wanted))
        yield from under("Site and sign-in", _outside(stated, wanted))


def _files(stated: Settings) -> Yielding[_Files]:
    """Keys and manifest."""
    secrets = manifest = None
    if (yield from files.libsodium()):
        secrets = yield from files.keys(stated.keys)
        pinned = files.Pinned(
            stated.manifest, stated.manifest_fingerprint, required=stated.environment == "production"
        )
        manifest = yield from files.manifest(pinned, stated.keys, secrets)
    else:
        yield skipped("keys", "libsodium")
    yield from files.token_keys(stated.issuer, stated.environment)
    return _Files(secrets, manifest)


def _database(
    stated: Settings, read: _Files, wanted: Wanted, stack: ExitStack
) -> Yielding[SqlDatabase | None]:
    """The open database with what is to be said of it; None if it cannot be opened."""
    if read.secrets is None:
        yield skipped("database, rules, register, sources, staff, entrances, clock", "the keys")
        return None
    opened = yield from database.database(stated.database, read.secrets, wanted.now)
    if opened is None:
        yield skipped(
            "log, witnesses, review, rules, register, sources, staff, entrances, clock", "the database"
        )
        return None
    stack.enter_context(opened)
    yield from database.log(opened, deep=wanted.deep)
    yield from database.clock(opened, wanted.now)
    yield from witnesses.witnesses(opened, stated, wanted.now)
    yield from reviewing.review(opened, wanted.now)
    return opened


def _rules(opened: SqlDatabase, wanted: Wanted) -> Yielding[RuleSet | None]:
    """The rules that count; None when there are none to go by."""
    found = yield from database.asked("rules", opened, rules.Rulebook.read)
    return None if found is None else (yield from rules.rules(found, dutch_day(wanted.now)))


def _registered(opened: SqlDatabase, counting: RuleSet | None, wanted: Wanted) -> Findings:
    """What is registered and who works here; without rules nobody knows how old a source may be."""
    today = dutch_day(wanted.now)
    catalogue = (counting or no_rules()).in_force(today).catalogue
    found = yield from database.asked(
        "register", opened, lambda tx: people.Registered.read(tx, catalogue, today)
    )
    if found is None:
        return
    yield from people.register(found)
    yield from people.complete_sets(found)
    if counting is None:
        yield skipped("sources", "the rules")
    else:
        yield from people.sources(found, catalogue)
    yield from people.staff(found)
    yield from people.entrances(found)


def _services(
    stated: Settings, opened: SqlDatabase | None, manifest: Manifest | None, wanted: Wanted
) -> Findings:
    """The pseudonymisers, and those witnesses of which the log cannot say yet how they stand."""
    yield from services.pseudonymisers(stated.pseudonymisers, manifest, wanted.waiting)
    heard = set() if opened is None else witnesses.heard(opened)
    for each in stated.witnesses:
        if each.key.partition("+")[0] not in heard:
            yield from services.witness(each, wanted.waiting)


def _outside(stated: Settings, wanted: Wanted) -> Findings:
    """The pages, the identity provider and the mail server."""
    yield from outside.site(stated.site)
    yield from outside.sign_in(stated.sign_in, wanted.waiting)
    yield from outside.mail(stated, wanted.waiting)
