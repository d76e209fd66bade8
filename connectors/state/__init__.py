"""A connector's local state: what the messages said, what the index should hold, and what is under way to it.

Invariants:
1. Nothing is created or changed implicitly: `State.create` is behind the command `connector init`, `State.upgrade`
   behind `connector upgrade`.
2. A change is durable when its transaction ends, whatever happens to the process or the machine after that.
3. The file holds no BSN and no traject's name in the clear; both are sealed under the publisher's own key.
4. One run at a time writes: `State.lock` refuses a second one. Only `questions`, which no run touches, goes without.

Whoever takes the file without the key file learns how many flags of which type a source publishes, and when.
"""

import fcntl
import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Self

from crypto.encoding import encode
from crypto.keyfiles import PublisherSecrets
from crypto.sealing import RowKeys, tag

from .persons import About, Persons, Relation
from .quarantine import DROPPED, Quarantine, QuarantineEntry, Settled, Way, without_numbers
from .questions import Questions
from .residences import Residences
from .schema import UNKNOWN_INCARNATION, StateFault, create, open_existing, transaction
from .silences import Silences
from .spool import Change, FrozenRow, FrozenSet, Spool
from .streams import Phase, Stream, Streams
from .trajecten import ToldTooOften, Trajecten
from .upgrade import upgrade
from .wishes import Accepted, Held, Intent, Wish, Wishes

__all__ = [
    "DROPPED",
    "UNKNOWN_INCARNATION",
    "About",
    "Accepted",
    "Change",
    "FrozenRow",
    "FrozenSet",
    "Held",
    "Intent",
    "Phase",
    "Quarantine",
    "QuarantineEntry",
    "Relation",
    "Settled",
    "Standing",
    "State",
    "StateFault",
    "Stream",
    "ToldTooOften",
    "Way",
    "Wish",
    "local_keys",
]

_LOCAL_EPOCH: Final = 1
"""Of the local keys' derivation; has nothing to do with the chain's key epoch, which may change under a state."""


def local_keys(secrets: PublisherSecrets, scope: str) -> RowKeys:
    """Derive the keys of the local state from the publisher's key file."""

    def derived(use: str) -> bytes:
        return hmac.digest(secrets.local, encode("local-state-key", scope, use), hashlib.sha256)

    return RowKeys(_LOCAL_EPOCH, scope, derived("tag"), derived("bucket"), derived("data"))


@dataclass(frozen=True)
class Standing:
    """Where this publisher stands with the index.

    Args:
        incarnation: 16 bytes; zeros while unknown.
        sequence: of the next batch.
    """

    incarnation: bytes
    sequence: int

    @property
    def is_introduced(self) -> bool:
        """Whether the index has told its incarnation."""
        return self.incarnation != UNKNOWN_INCARNATION


class State:
    """The open state of one publisher in one scope; use from one thread.

    Args:
        connection: to a file `create` made.
        keys: from `local_keys`.
        lock_path: beside the file.
    """

    def __init__(self, connection: sqlite3.Connection, keys: RowKeys, lock_path: Path) -> None:
        self._connection = connection
        self._keys = keys
        self._lock_path = lock_path
        self.streams = Streams(connection)
        self.trajecten = Trajecten(connection, keys)
        self.residences = Residences(connection, keys)
        self.wishes = Wishes(connection, keys)
        self.silences = Silences(connection)
        self.spool = Spool(connection, keys)
        self.quarantine = Quarantine(connection)
        self.questions = Questions(connection, keys)
        self.persons = Persons(self.streams, self.trajecten, self.wishes, self.quarantine)

    @classmethod
    def create(cls, path: Path, secrets: PublisherSecrets, scope: str) -> None:
        """Make a new, empty state.

        Raises:
            StateFault: the file exists already or cannot be made.
        """
        create(path, secrets.publisher, scope)

    @classmethod
    def upgrade(cls, path: Path, secrets: PublisherSecrets, scope: str) -> bool:
        """Bring a state of an earlier version to this one; False when it is of this one already.

        Raises:
            StateFault: another run is at work, or the state is not there or is none of ours.
        """
        with _locked(_lock_path(path)):
            return upgrade(path, secrets.publisher, scope)

    @classmethod
    def open(cls, path: Path, secrets: PublisherSecrets, scope: str) -> Self:
        """Open a state.

        Raises:
            StateFault: it is not there, or is another publisher's, scope's or version's.
        """
        connection = open_existing(path, secrets.publisher, scope)
        return cls(connection, local_keys(secrets, scope), _lock_path(path))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other run of the connector away from this state; a killed run leaves no lock behind.

        Raises:
            StateFault: another run is at work.
        """
        with _locked(self._lock_path):
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside durably, or nothing of it."""
        with transaction(self._connection):
            yield

    def standing(self) -> Standing:
        """Where this publisher stands with the index."""
        row = self._connection.execute("SELECT incarnation, sequence FROM state").fetchone()
        return Standing(*row)

    def stand(self, standing: Standing) -> None:
        """Note where this publisher stands now; another incarnation has recognised no canary yet."""
        self._connection.execute(
            "UPDATE state SET proven = CASE WHEN incarnation = ? THEN proven END, incarnation = ?, sequence = ?",
            (standing.incarnation, standing.incarnation, standing.sequence),
        )

    def is_proven(self, manifest: bytes) -> bool:
        """Whether this incarnation of the index recognised the canary that was sent with this manifest.

        Args:
            manifest: its fingerprint.
        """
        return bool(self._connection.execute("SELECT proven IS ? FROM state", (manifest,)).fetchone()[0])

    def prove(self, manifest: bytes) -> None:
        """Note that the index recognised the canary that was sent with this manifest."""
        self._connection.execute("UPDATE state SET proven = ?", (manifest,))

    def heard(self, at: datetime) -> None:
        """Note when the index gave its last signed answer."""
        self._connection.execute("UPDATE state SET heard_at = ?", (int(at.timestamp()),))

    def heard_at(self) -> datetime:
        """When the index gave its last signed answer; long ago when it never did."""
        return datetime.fromtimestamp(
            self._connection.execute("SELECT heard_at FROM state").fetchone()[0], UTC
        )

    def as_of(self) -> date | None:
        """The latest day trajecten were counted for."""
        text = self._connection.execute("SELECT as_of FROM state").fetchone()[0]
        return date.fromisoformat(text) if text else None

    def advance(self, as_of: date) -> date:
        """Count for this day from now on, unless a later one was counted for; return the day to count for."""
        day = max(as_of, self.as_of() or as_of)
        self._connection.execute("UPDATE state SET as_of = ?", (day.isoformat(),))
        return day

    def count_within(self, municipalities: frozenset[str]) -> None:
        """Count for persons of these municipalities from now on, for everybody when there are none.

        Where persons live is forgotten when it makes no difference any more.
        """
        within = " ".join(sorted(municipalities))
        if self._connection.execute("SELECT within = ? FROM state", (within,)).fetchone()[0]:
            return
        self._connection.execute("UPDATE state SET within = ?", (within,))
        self.trajecten.recount_residents()
        if not municipalities:
            self.residences.forget()

    def safe_name(self, name: str) -> str:
        """Return a file's name without what may be a BSN; two names that differ stay different."""
        blanked = without_numbers(name)
        return blanked if blanked == name else f"{blanked}~{tag(self._keys, 'file-name', name)[:3].hex()}"

    def note_delta(self, name: str, content_digest: bytes) -> bool:
        """Note that a delta is read; False when one with this name and content was read before."""
        digest = tag(self._keys, "delta-file", name, content_digest)
        done = self._connection.execute(
            "INSERT INTO delta_file (digest) VALUES (?) ON CONFLICT DO NOTHING", (digest,)
        )
        return done.rowcount == 1

    def relation_id(self, *parts: str) -> bytes:
        """Return 16 bytes that stand for a relation whose feed gives it no id of its own, the same each time.

        Keyed, so that nobody else can tell from an id which case and worker it stands for, or make the same one.
        """
        return tag(self._keys, "relation-id", *parts)


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        held = path.open("wb")
    except OSError as error:
        raise StateFault(f"{path} cannot be made: {error.strerror}") from error
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateFault(
                "another connector is at work with this state; try again when it is done"
            ) from None
        yield
