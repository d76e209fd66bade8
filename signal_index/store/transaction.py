"""One atomic step over all tables; the engine opens, shares and ends it.

Whoever holds a transaction can read and change everything it offers, but never the keys.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from crypto.sealing import RowKeys
from signal_index import ports

from .administration import SqlProposals, SqlStaff, SqlTeamConfirmations
from .audit import Mark, SqlAuditLog
from .deliveries import SqlDeliveries
from .flags import SqlFlags
from .log.processing import SqlProcessingLog
from .log.tree import LogIdentity, SqlLogTree
from .log.witnesses import SqlWitnesses
from .oversight.chronicle import SqlChronicle
from .oversight.names import KeyedNames
from .oversight.openings import SqlOpenings
from .oversight.reviews import SqlReviews
from .oversight.rulebook import SqlRulebook
from .register import SqlRegister
from .relations import SqlRelations, SqlRestrictions
from .series import SqlSeries
from .sourcing.answers import SqlAnswers
from .sourcing.proposals import SqlKeyProposals
from .workplace.covers import SqlCovers
from .workplace.impediments import SqlImpediments
from .workplace.preferences import SqlPreferences
from .workplace.questions import SqlQuestions
from .workplace.sessions import SqlSessions, SqlTickets
from .workplace.views import SqlViews


@dataclass(frozen=True)
class Identity:
    """What an open database is and works with.

    Args:
        scope: the region this index serves.
        incarnation: 16 random bytes.
        bucket_bits: as the index was initialised with.
        row_keys: for rows and tags.
        audit_keys: for the bodies of audit records.
        writer: 8 random bytes, new at each start of a process.
        writer_kind: `serve` or `cli`.
        log: what its log is.
        owner: OIN of the organisation whose index it is; None when nobody said.
    """

    scope: str
    incarnation: bytes
    bucket_bits: int
    row_keys: RowKeys
    audit_keys: RowKeys
    writer: bytes
    writer_kind: str
    log: LogIdentity
    owner: str | None


class SqlTransaction:
    """Everything one atomic step may touch, see `signal_index.ports.Transaction`.

    Lives as long as its connection. What it remembers of the small tables is true as long as no other connection
    has committed and nothing has been rolled back; the engine calls `forget` when that may have happened.

    Args:
        connection: the only one that writes in this process.
        identity: of the open database.
    """

    def __init__(self, connection: Connection, identity: Identity) -> None:
        keys = identity.row_keys
        self.scope = identity.scope
        self.incarnation = identity.incarnation
        self.owner = identity.owner
        self.series = SqlSeries(connection, keys)
        self.flags = SqlFlags(connection, keys, identity.bucket_bits, self.series)
        self.relations = SqlRelations(connection, keys)
        self.restrictions = SqlRestrictions(connection, keys)
        self.register = SqlRegister(connection)
        self.staff = SqlStaff(connection)
        self.proposals = SqlProposals(connection)
        self.rulebook = SqlRulebook(connection)
        self.team_confirmations = SqlTeamConfirmations(connection)
        self.deliveries = SqlDeliveries(connection, keys)
        self.sessions = SqlSessions(connection, keys)
        self.tickets = SqlTickets(connection, keys)
        self.views = SqlViews(connection, keys)
        self.covers = SqlCovers(connection, keys)
        self.impediments = SqlImpediments(connection, keys)
        self.questions = SqlQuestions(connection, keys)
        self.preferences = SqlPreferences(connection)
        self.names = KeyedNames(keys)
        self.openings = SqlOpenings(connection, keys)
        self.reviews = SqlReviews(connection, keys)
        self.audit = SqlAuditLog(
            connection,
            identity.writer,
            identity.writer_kind,
            keys=identity.audit_keys,
            person_keys=keys,
        )
        self.answers = SqlAnswers(connection, self.audit)
        self.key_proposals = SqlKeyProposals(connection)
        self.processings = SqlProcessingLog(connection, self.audit, keys)
        self.chronicle = SqlChronicle(connection, self.audit)
        self.witnesses = SqlWitnesses(
            connection,
            identity.log.witnessed_within,
            identity.writer,
            log=identity.log.verifier,
            trusted=identity.log.witnesses,
        )
        self.log = SqlLogTree(
            connection, identity.log, identity.writer, audit=self.audit, witnesses=self.witnesses
        )

    def forget(self) -> None:
        """Read the small tables anew when they are next asked for."""
        self.series.forget()
        self.register.forget()
        self.staff.forget()
        self.deliveries.forget()
        self.witnesses.forget()

    def return_to(self, mark: Mark) -> None:
        """Undo in memory what a failed job did, after its savepoint has been rolled back."""
        self.audit.return_to(mark)
        self.forget()


_: type[ports.Transaction] = SqlTransaction
