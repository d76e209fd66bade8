"""Makes an index of the answers: settings, database, proposed rules, first administrators; what is there stays."""

from datetime import datetime
from pathlib import Path
from typing import Final

from policy.rulesets import bundled
from policy.vocabulary import Role
from signal_index import audit
from signal_index.cli.session import os_account
from signal_index.model import Actor, StaffMember
from signal_index.ports import Transaction
from signal_index.settings import Settings, load
from signal_index.store import SqlDatabase, initialise, is_initialised, open_database, read_state, upgrade
from signal_index.store.places import Layout
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.administration.appointing import appoint_first
from signal_index.usecases.administration.staff import import_staff
from signal_index.usecases.rulebook.proposing import propose_rules
from signal_index.wiring import load_secrets

from .answers import Answers, forget, read_toml, settings
from .keymaking import public_half
from .writing import write_settings

TEAM: Final = "beheer"
"""Team of the first administrators, until somebody imports the staff."""


def make(answers: Answers, config: Path, now: datetime) -> None:
    """Write the settings, make the database and register who administers; each only as far as it is not done yet.

    Args:
        answers: all of them, checked.
        config: the settings file.
        now: aware UTC.

    Raises:
        SetupFault: something cannot be written.
        SignalIndexError: the administrators cannot be registered.
    """
    before = read_toml(config) if config.exists() else {}
    document = settings(answers, before)
    if document != before:
        write_settings(config, document)
    stated = load(config)
    public_half(stated.keys, load_secrets(stated))
    with _made_database(stated, now) as opened:
        opened.run(lambda tx: _propose(tx, now))
        if "first_administrator" in answers:
            opened.run(lambda tx: _appoint(tx, _administrators(answers), now))
    forget(config)


def _made_database(stated: Settings, now: datetime) -> SqlDatabase:
    secrets = load_secrets(stated)
    upgrade(stated.database, Layout(stated.flag_layout))
    if not is_initialised(stated.database):
        initialise(stated.database, secrets, now)
    incarnation, _ = read_state(stated.database, secrets)
    opened = open_database(stated.database, secrets, writer_kind="cli")
    opened.run(lambda tx: _record(tx, incarnation, secrets.epoch, now))
    return opened


def _record(tx: Transaction, incarnation: bytes, epoch: int, now: datetime) -> None:
    """Record that the database was initialised, unless that is done; a run before may have stopped short of it."""
    if not list(tx.audit.entries(limit=1)):
        tx.audit.append(
            audit.event(
                "index.initialised",
                now,
                actor="operator",
                token=os_account(),
                incarnation=incarnation.hex(),
                key_epoch=epoch,
            )
        )


def _propose(tx: Transaction, now: datetime) -> None:
    """Put the rules of this release before the first people who may agree to them, unless there are rules already.

    In an index where somebody administers, it is for people to propose them.
    """
    if not tx.rulebook.all() and not any(Role.FUNCTIONAL_ADMIN in each.roles for each in tx.staff.all()):
        propose_rules(tx, _set_up(), bundled(), now)


def _appoint(tx: Transaction, chosen: tuple[StaffMember, StaffMember], now: datetime) -> None:
    """Add the two to the staff, as far as they are not in it yet, and let them administer."""
    import_staff(tx, _set_up(), [each for each in chosen if tx.staff.get(each.staff_id) is None], now)
    appoint_first(tx, _set_up(), (chosen[0].staff_id, chosen[1].staff_id), now)


def _set_up() -> Actor:
    return Actor.in_all_roles(SET_UP, None, second_factor=True, token_id=os_account())


def _administrators(answers: Answers) -> tuple[StaffMember, StaffMember]:
    first, second = answers["first_administrator"], answers["second_administrator"]
    oin = answers["oin"]
    return StaffMember(first, oin, TEAM, active=True), StaffMember(second, oin, TEAM, active=True)
