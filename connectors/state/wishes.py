"""What the source wants the index to hold, and what the index has acknowledged of it.

Invariants:
1. There is one wish per key, the newest; what it was before is overwritten.
2. A wish is due exactly when the index may hold something else than it says, or is about to forget it.
3. A person stands here sealed, and only while there is something to keep or to take back.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from crypto.chain import Bsn
from crypto.encoding import Month, decode, encode
from crypto.sealing import RowKeys, seal, tag, unseal


class Intent(StrEnum):
    """What the source wants."""

    KEEP = "keep"
    END = "end"  # a flag withdrawn, a relation ended
    MISTAKE = "mistake"  # a relation that should never have been there


class Accepted(StrEnum):
    """What the index holds, as far as its acknowledgements tell."""

    NONE = "none"
    UNKNOWN = "unknown"  # it forgot, or we did: a restored index, a new complete set
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True)
class Wish:
    """One wish, opened.

    Args:
        key: tag it is found by.
        stream_id: what it belongs to.
        content: tag over what it says.
        body: what it says beside the person, in the form its class reads.
    """

    key: bytes
    stream_id: int
    intent: Intent
    content: bytes
    person: Bsn
    body: bytes
    accepted: Accepted


@dataclass(frozen=True)
class Held:
    """A wish, and where it stands between here and the index.

    Args:
        due: it has to be sent.
        asserted: month of the last acknowledged assert; None while there is none.
    """

    wish: Wish
    due: bool
    asserted: Month | None


_SENT_FOR: Final = {
    Intent.KEEP: frozenset({Accepted.NONE, Accepted.UNKNOWN, Accepted.ENDED}),
    Intent.END: frozenset({Accepted.UNKNOWN, Accepted.LIVE}),
    Intent.MISTAKE: frozenset({Accepted.UNKNOWN, Accepted.LIVE, Accepted.ENDED}),
}
"""Per intent, what the index may hold that this intent would change."""


def is_due(intent: Intent, accepted: Accepted, *, same_content: bool) -> bool:
    """Whether a wish has to be sent, given what the index holds."""
    changed = intent is Intent.KEEP and accepted is Accepted.LIVE and not same_content
    return changed or accepted in _SENT_FOR[intent]


_COLUMNS: Final = "key, stream, intent, content, sealed, accepted"


class Wishes:
    """The table of wishes; every change happens inside a transaction of the caller.

    Args:
        connection: of the open state.
        keys: of the local state.
    """

    def __init__(self, connection: sqlite3.Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._keys = keys

    def put(
        self, key: bytes, stream_id: int, intent: Intent, person: Bsn, body: bytes, *, unseen: bool = False
    ) -> bool:
        """Make this the wish under its key.

        Args:
            key: from `key_of_person` or `key_of_relation`.
            stream_id: what it belongs to.
            intent: what is wanted.
            person: whom it is about.
            body: see `Wish`.
            unseen: when nothing is known under this key, the index may still hold something.

        Returns:
            False when it says what it said before.
        """
        content = tag(self._keys, "content", intent.value, person.digits, body)
        row = self._connection.execute(
            "SELECT content, accepted, accepted_content FROM wish WHERE key = ?", (key,)
        ).fetchone()
        if row is None and intent is not Intent.KEEP and not unseen:
            return False
        known, accepted_text, acknowledged = row or (
            None,
            Accepted.UNKNOWN if unseen else Accepted.NONE,
            None,
        )
        if known == content:
            return False
        accepted = Accepted(accepted_text)
        due = is_due(intent, accepted, same_content=acknowledged == content)
        sealed = self._seal(key, person, body)
        self._connection.execute(
            "INSERT INTO wish (key, stream, intent, content, sealed, accepted, due) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET intent = excluded.intent, content = excluded.content,"
            " sealed = excluded.sealed, due = excluded.due",
            (key, stream_id, intent.value, content, sealed, accepted.value, due),
        )
        return True

    def get(self, key: bytes) -> Wish | None:
        """The wish under a key."""
        rows = self._select("key = ?", (key,))
        return rows[0] if rows else None

    def due(self, stream_ids: Sequence[int], limit: int) -> Sequence[Wish]:
        """Return wishes that have to be sent, those that take something back first.

        Args:
            stream_ids: only of these streams.
            limit: at most this many.
        """
        found: list[Wish] = []
        for condition in ("intent != 'keep'", "intent = 'keep'"):
            for stream_id in stream_ids:
                room = limit - len(found)
                found += self._select(f"due = 1 AND stream = ? AND {condition} LIMIT ?", (stream_id, room))
        return found

    def due_count(self, stream_id: int) -> int:
        """How many wishes of a stream have to be sent."""
        return self._count("due = 1 AND stream = ?", stream_id)

    def live_count(self, stream_id: int) -> int:
        """How many wishes of a stream the index has acknowledged as live: what a seal states."""
        return self._count("accepted = 'live' AND stream = ?", stream_id)

    def kept(self, stream_id: int) -> Sequence[bytes]:
        """Keys of the wishes of a stream that say keep."""
        rows = self._connection.execute(
            "SELECT key FROM wish WHERE stream = ? AND intent = 'keep' ORDER BY key", (stream_id,)
        )
        return [key for (key,) in rows]

    def held(self, stream_id: int) -> Iterator[Held]:
        """Every wish of a stream with where it stands, in the order of their keys."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS}, due, asserted_month FROM wish WHERE stream = ? ORDER BY key",  # noqa: S608 - a constant
            (stream_id,),
        )
        return (self._held(row) for row in rows)

    def held_by(self, key: bytes) -> Held | None:
        """The wish under a key with where it stands."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS}, due, asserted_month FROM wish WHERE key = ?",  # noqa: S608 - a constant
            (key,),
        ).fetchone()
        return self._held(row) if row else None

    def oldest_assert(self, stream_id: int) -> Month | None:
        """The month in which the live wish that waited longest was last asserted; None when nothing is live."""
        row = self._connection.execute(
            "SELECT min(asserted_month) FROM wish WHERE stream = ? AND intent = 'keep' AND accepted = 'live'",
            (stream_id,),
        ).fetchone()
        return None if row[0] is None else Month.from_index(row[0])

    def remind(self, stream_id: int, month_index: int) -> None:
        """Make live wishes due again that were last asserted in this month or before."""
        self._connection.execute(
            "UPDATE wish SET due = 1 WHERE stream = ? AND intent = 'keep' AND accepted = 'live'"
            " AND asserted_month <= ?",
            (stream_id, month_index),
        )

    def acknowledge(self, key: bytes, intent: Intent, content: bytes, month_index: int) -> None:
        """Note that the index acknowledged a wish as it was frozen; it may have changed since."""
        row = self._connection.execute("SELECT intent, content FROM wish WHERE key = ?", (key,)).fetchone()
        accepted = {Intent.KEEP: Accepted.LIVE, Intent.END: Accepted.ENDED, Intent.MISTAKE: Accepted.NONE}[
            intent
        ]
        due = is_due(Intent(row[0]), accepted, same_content=row[1] == content)
        self._connection.execute(
            "UPDATE wish SET accepted = ?, accepted_content = ?, asserted_month = ?, due = ? WHERE key = ?",
            (accepted.value, content, month_index if intent is Intent.KEEP else None, due, key),
        )

    def set_aside(self, key: bytes, content: bytes) -> None:
        """Stop sending a wish the index refused, until it says something else; it may already do so."""
        self._connection.execute("UPDATE wish SET due = 0 WHERE key = ? AND content = ?", (key, content))

    def try_again(self, key: bytes) -> bool:
        """Make a wish due again that was set aside; False when there is nothing left that the index should be told."""
        row = self._connection.execute(
            "SELECT intent, accepted, content, accepted_content FROM wish WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return False
        due = is_due(Intent(row[0]), Accepted(row[1]), same_content=row[2] == row[3])
        self._connection.execute("UPDATE wish SET due = due OR ? WHERE key = ?", (due, key))
        return due

    def forget_ended(self) -> None:
        """Remove wishes that neither keep nor take back anything; call only while no set is frozen."""
        self._connection.execute(
            "DELETE FROM wish WHERE intent != 'keep' AND due = 0 AND accepted IN ('none', 'ended')"
        )

    def key_of_person(self, stream_id: int, person: Bsn) -> bytes:
        """The key of the one wish per person in a stream of flags."""
        return tag(self._keys, "wish-person", stream_id, person.digits)

    def key_of_relation(self, stream_id: int, organisation: str, relation_id: bytes) -> bytes:
        """The key of a relation."""
        return tag(self._keys, "wish-relation", stream_id, organisation, relation_id)

    def _select(self, condition: str, values: tuple[object, ...]) -> list[Wish]:
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM wish WHERE {condition}",  # noqa: S608 - constants of this module
            values,
        )
        return [self._wish(row) for row in rows]

    def _count(self, condition: str, stream_id: int) -> int:
        row = self._connection.execute(f"SELECT count(*) FROM wish WHERE {condition}", (stream_id,))  # noqa: S608 - as above
        return int(row.fetchone()[0])

    def _held(self, row: tuple[Any, ...]) -> Held:
        *stored, due, month = row
        wish = self._wish(tuple(stored))
        return Held(wish, bool(due), None if month is None else Month.from_index(month))

    def _wish(self, row: tuple[Any, ...]) -> Wish:
        key, stream_id, intent, content, sealed, accepted = row
        opened = unseal(self._keys, sealed, table="wish", column="sealed", row=key)
        digits, body = decode("wish", opened, 2)
        person = Bsn.parse(digits.decode("ascii"))
        return Wish(key, stream_id, Intent(intent), content, person, body, Accepted(accepted))

    def _seal(self, key: bytes, person: Bsn, body: bytes) -> bytes:
        plaintext = encode("wish", person.digits, body)
        return seal(self._keys, plaintext, table="wish", column="sealed", row=key)
