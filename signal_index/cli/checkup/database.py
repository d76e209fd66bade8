"""The database: there, at this version's schema, of these keys, writable; its log; and the clock."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar

from crypto.errors import VerificationFailed
from crypto.keyfiles import IndexSecrets
from signal_index.errors import SetupFault, Unavailable
from signal_index.ports import Transaction
from signal_index.store import SqlDatabase, current_revision, open_database
from signal_index.store.places import Place, place_of
from signal_index.store.provision import REVISION, Stated, read_state

from .findings import Findings, Yielding, mend, note, ok

FREE_BYTES_MIN = 256 * 1024 * 1024
LOCK_SECONDS_MAX = 2.0  # a commit of the index takes milliseconds
CLOCK_TOLERANCE = timedelta(seconds=10)

T = TypeVar("T")


class _TakenBack(Exception):
    """Ends a job that must leave no trace."""


def database(
    stated: Stated, secrets: IndexSecrets, now: datetime, owner: str | None
) -> Yielding[SqlDatabase | None]:
    """Open the database of the organisation that owns the index, after saying of each condition whether it holds."""
    try:
        place = place_of(stated)
        place.check()
        revision = current_revision(stated)
    except SetupFault as fault:
        yield mend("database", fault.detail)
        return None
    yield ok("database", f"{place.name} is there{', for its owner only' if place.file else ''}")
    if revision != REVISION:
        found = f"the database is at schema {revision or 'none'}, this program needs {REVISION}"
        yield mend("schema", found, "make a copy, then run signal-index db upgrade")
        return None
    yield ok("schema", f"revision {REVISION}")
    try:
        read_state(stated, secrets)
    except SetupFault as fault:
        yield mend("initialised", fault.detail)
        return None
    yield ok("initialised", f"for scope {secrets.scope}, with these keys")
    opened = open_database(stated, secrets, writer_kind="cli", busy_seconds=LOCK_SECONDS_MAX, owner=owner)
    yield from _writable(opened, place, now)
    return opened


def _writable(opened: SqlDatabase, place: Place, now: datetime) -> Findings:
    """Take the write lock and write something, then take it back."""

    def job(tx: Transaction) -> NoReturn:
        tx.tickets.use("doctor", now)
        raise _TakenBack

    try:
        with suppress(_TakenBack):
            opened.run(job)
    except Unavailable:
        yield mend(
            "writable", f"{place.name} cannot be written", "see to the rights, or to who keeps it locked"
        )
        return
    if place.file is None:
        yield ok("writable", "room is for whoever runs the server to see to")
        return
    free = shutil.disk_usage(place.file.parent).free
    megabytes = free // (1024 * 1024)
    if free < FREE_BYTES_MIN:
        text = f"only {megabytes} MB are free beside {place.file}, and without room nothing is answered"
        yield mend("writable", text, "make room")
    else:
        yield ok("writable", f"{megabytes} MB free")


def log(opened: SqlDatabase, *, deep: bool) -> Findings:
    """Recompute the chains of the audit log; on request, since it reads every record."""
    if not deep:
        yield note("log", "not recomputed; add --deep to do so, which reads every record")
        return
    try:
        count = opened.run(lambda tx: tx.log.check().records)
    except (VerificationFailed, Unavailable) as fault:
        to_do = "stop the index, keep this file for the privacy officer, and restore a backup"
        yield mend("log", _detail(fault), to_do)
        return
    yield ok("log", f"{count} records hold, no gaps")


def _detail(fault: Exception) -> str:
    return fault.detail if isinstance(fault, Unavailable) else str(fault)


def clock(opened: SqlDatabase, now: datetime) -> Findings:
    """The clock does not run before the last record; a record could not be placed in time."""
    newest = yield from asked("clock", opened, lambda tx: [each.at for each in tx.audit.entries(limit=1)])
    if newest is None:
        return
    at = max(newest, default=now)
    if at > now + CLOCK_TOLERANCE:
        said = f"this machine says {_moment(now)}, the last record is of {_moment(at)}"
        yield mend("clock", said, "set the clock right, for example with timedatectl set-ntp true")
    else:
        yield ok("clock", f"{_moment(now)}, not before the last record")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def asked(point: str, opened: SqlDatabase, job: Callable[[Transaction], T]) -> Yielding[T | None]:
    """What a job found; when the database cannot say, a finding and None."""
    try:
        return opened.run(job)
    except Unavailable as fault:
        yield mend(point, fault.detail, "restore a backup: signal-index db restored says how to go on")
        return None
