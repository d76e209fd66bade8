"""What members of staff chose for themselves; in the clear, like the staff list beside it."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from signal_index.model.workplace import Preferences
from signal_index.ports import workplace as ports
from signal_index.store import schema
from signal_index.store.sql import upsert

_preferences = schema.preferences.c
_GET = select(*schema.preferences.columns).where(_preferences.staff_id == bindparam("id"))
_WANTING = (
    select(*schema.preferences.columns)
    .where(_preferences.digest_to.is_not(None))
    .order_by(_preferences.staff_id)
)
_PUT = upsert(schema.preferences)


class SqlPreferences:
    """The table of preferences, see `signal_index.ports.workplace.PreferencesTable`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, staff_id: str) -> Preferences:
        """Her preferences; the defaults when she chose nothing."""
        row = self._connection.execute(_GET, {"id": staff_id}).first()
        return Preferences(staff_id) if row is None else Preferences(row.staff_id, row.digest_to)

    def put(self, preferences: Preferences) -> None:
        """Insert or replace them; nobody unknown gets any."""
        self._connection.execute(_PUT, {"staff_id": preferences.staff_id, "digest_to": preferences.digest_to})

    def wanting_digest(self) -> Sequence[Preferences]:
        """Everybody who wants the daily digest, by staff id."""
        return [Preferences(row.staff_id, row.digest_to) for row in self._connection.execute(_WANTING)]


_: type[ports.PreferencesTable] = SqlPreferences
