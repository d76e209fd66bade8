"""Sets of rules and who agreed to them.

Invariant: files are written once, with the digest they were proposed under. Whoever reads them for use checks that
digest again (`signal_index.usecases.rulebook`), so that a row changed behind the product's back decides nothing.
"""

import json
import zlib
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from policy.vocabulary import Role
from signal_index.model.rulebook import Approval, HeldRuleSet, RuleFiles
from signal_index.ports import rulebook as ports
from signal_index.store import schema
from signal_index.store.sql import AnyRow

_set, _approval = schema.rule_sets.c, schema.rule_approvals.c
_PLAIN = select(_set.digest, _set.proposed_by, _set.proposed_at, _set.refused_by, _set.refused_at)
_ALL = _PLAIN.order_by(_set.proposed_at.desc(), _set.digest)
_GET = _PLAIN.where(_set.digest == bindparam("of"))
_FILES = select(_set.files).where(_set.digest == bindparam("of"))
_ADOPTED = (
    select(_set.digest)
    .where(_set.adopted_at.is_not(None))
    .order_by(_set.adopted_at.desc(), _set.digest.desc())
    .limit(1)
)
_APPROVALS = select(*schema.rule_approvals.columns).order_by(_approval.approved_at, _approval.role)
_INSERT = insert(schema.rule_sets)
_UPDATE = update(schema.rule_sets).where(_set.digest == bindparam("of"))
_FORGET_APPROVALS = delete(schema.rule_approvals).where(_approval.digest == bindparam("of"))
_AGREE = insert(schema.rule_approvals)


class SqlRulebook:
    """See `signal_index.ports.rulebook.Rulebook`.

    Args:
        connection: with the transaction that the engine holds open.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, held: HeldRuleSet, files: RuleFiles | None = None) -> None:
        """Insert or replace what became of a set; its files come with it the first time."""
        became = {
            "proposed_by": held.proposed_by,
            "proposed_at": held.proposed_at,
            "refused_by": held.refused_by,
            "refused_at": held.refused_at,
            "adopted_at": held.adopted_at,
        }
        if self.get(held.digest) is not None:
            self._connection.execute(_UPDATE.values(**became), {"of": held.digest})
        else:
            self._connection.execute(
                _INSERT, {"digest": held.digest, "files": _packed(files or {}), **became}
            )
        self._connection.execute(_FORGET_APPROVALS, {"of": held.digest})
        for each in held.approvals:
            agreed = {"role": each.role.value, "staff_id": each.staff_id, "approved_at": each.at}
            self._connection.execute(_AGREE, {"digest": held.digest, **agreed})

    def get(self, digest: str) -> HeldRuleSet | None:
        """One set."""
        row = self._connection.execute(_GET, {"of": digest}).first()
        return None if row is None else self._held([row])[0]

    def all(self) -> Sequence[HeldRuleSet]:
        """Every set, the last proposed first."""
        return self._held(self._connection.execute(_ALL).all())

    def files(self, digest: str) -> RuleFiles | None:
        """The files of a set; none at all when what is stored cannot be read as files."""
        packed = self._connection.execute(_FILES, {"of": digest}).scalar()
        return None if packed is None else _unpacked(packed)

    def adopted(self) -> str | None:
        """The digest of the set that was adopted last."""
        digest: str | None = self._connection.execute(_ADOPTED).scalar()
        return digest

    def _held(self, rows: Sequence[AnyRow]) -> list[HeldRuleSet]:
        approvals: dict[str, list[Approval]] = {row.digest: [] for row in rows}
        for each in self._connection.execute(_APPROVALS):
            if each.digest in approvals:
                approvals[each.digest].append(Approval(each.staff_id, Role(each.role), each.approved_at))
        return [
            HeldRuleSet(
                digest=row.digest,
                proposed_by=row.proposed_by,
                proposed_at=row.proposed_at,
                approvals=tuple(approvals[row.digest]),
                refused_by=row.refused_by,
                refused_at=row.refused_at,
            )
            for row in rows
        ]


def _unpacked(packed: bytes) -> RuleFiles:
    """What was changed behind the product's back must not end whoever reads it; no digest fits no files."""
    try:
        files = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError):
        return {}
    read = isinstance(files, dict) and all(isinstance(text, str) for text in files.values())
    return files if read else {}


def _packed(files: RuleFiles) -> bytes:
    return zlib.compress(json.dumps(dict(files), sort_keys=True).encode())


_: type[ports.Rulebook] = SqlRulebook
