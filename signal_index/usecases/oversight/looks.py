"""One look as the privacy officer sees it: who, why, by which rules and on which facts; never what was shown.

Invariants:
1. The resident is an alias that means something within oversight only; no pseudonym and no case leaves this module.
2. Whether anything was shown is on record for counting, and is shown of no single look.
3. The texts she reads are of the rules that the record names, whichever count now.
4. She sees looks of her own organisation; of any other, and of what is no look, that there is none.
5. Each look she opens is recorded.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from crypto.chain import Pseudonym
from policy.catalogue import LegalBasis, PurposeRule, SignalType
from policy.in_force import InForce
from policy.rule_text import Rule
from policy.rulesets import RuleSet, no_rules
from policy.vocabulary import Level, Role
from signal_index import audit
from signal_index.errors import NotFound
from signal_index.model import Actor, AuditEntry, CareRelation, Receipt, StaffMember, dutch_day
from signal_index.model.days import Days
from signal_index.model.log import ANSWERED, LOOKS, REFUSED
from signal_index.model.workplace import Cover
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role
from signal_index.usecases.log import redeem
from signal_index.usecases.rulebook.in_use import rules_of


@dataclass(frozen=True)
class LookLine:
    """One look in a list.

    Args:
        look_id: its name, 16 bytes.
        worker: name of who looked.
        team: hers, as the staff list has it now; empty when it has not.
        purpose: code; None when she named none that exists.
        refused: why it was refused, a code; None when it was answered.
    """

    look_id: bytes
    at: datetime
    worker: str
    team: str
    purpose: str | None
    refused: str | None


@dataclass(frozen=True)
class RuleThen:
    """A rule that determined the outcome.

    Args:
        key: as it stands in the record.
        rule: None when the rules that the record names do not have it, or are not there.
        basis: the article it rests on.
    """

    key: str
    rule: Rule | None
    basis: LegalBasis | None


@dataclass(frozen=True)
class Tie:
    """What tied the worker to the resident, as the index has it now.

    Args:
        in_own_caseload: whether the case was on her own name; a colleague's otherwise.
        began_on: first day of the care relation.
        ended_on: first day it no longer held; None while it runs.
        self_registered: whether the worker registered it for herself.
        second_person: name of who stands behind it besides her; None while nobody does.
        cover: the arrangement under which she looked for a colleague.
        absentee: name of that colleague.
    """

    in_own_caseload: bool
    began_on: date
    ended_on: date | None
    self_registered: bool
    second_person: str | None
    cover: Cover | None
    absentee: str | None


@dataclass(frozen=True)
class Proof:
    """Where the record stands in the log.

    Args:
        leaf: 32 bytes, as the worker's receipt names it.
        position: in the tree, from 0; None while the record is not in it.
        size: of the last checkpoint.
        witnesses: names of the witnesses that cosigned a checkpoint with this record in it.
    """

    writer: bytes
    number: int
    leaf: bytes
    position: int | None
    size: int | None
    witnesses: tuple[str, ...]

    @property
    def receipt(self) -> Receipt:
        """What the worker got when she looked."""
        return Receipt(self.writer, self.number, self.leaf)


@dataclass(frozen=True)
class OneLook:
    """Everything the privacy officer sees of one look.

    Args:
        alias: of the resident; None when the look was about nobody she may know.
        rules_changed: whether other rules count now than those that decided.
        allowed: what the rules allowed, in the order of the catalogue; never what was shown.
        facts: what the rules were told, by name.
        domains: codes of the areas of life she narrowed to.
        informed: whether the resident knew; None when the asking system did not say.
        tie: None when the look was refused, or the case is gone, or stands for somebody else by now.
    """

    line: LookLine
    actor: str
    alias: str | None
    purpose: PurposeRule | None
    rules: tuple[RuleThen, ...]
    rules_changed: bool
    allowed: tuple[tuple[SignalType, Level], ...]
    facts: Mapping[str, object]
    domains: tuple[str, ...]
    informed: str | None
    tie: Tie | None
    proof: Proof


def is_own_look(entry: AuditEntry, organisation: str) -> bool:
    """Whether a record is a look, or an attempt at one, in this organisation."""
    return entry.event in LOOKS and entry.fields.get("organisation") == organisation


def recorded_in(tx: Transaction, events: Collection[str], days: Days) -> Iterator[AuditEntry]:
    """Records of these events in these days, newest first.

    Read day by day, so that a long period takes no more memory than its busiest day, and whoever has found enough
    reads no further.
    """
    day = days.last
    while day >= days.first:
        yield from tx.audit.entries(events=events, period=Days(day, day).period)
        day -= timedelta(days=1)


def line_of(tx: Transaction, entry: AuditEntry) -> LookLine:
    """One look for a list."""
    worker = str(entry.fields["actor"])
    known = tx.staff.get(worker)
    return LookLine(
        look_id=tx.names.of_look(entry.writer, entry.number),
        at=entry.at,
        worker=known.shown_name if known is not None else worker,
        team=known.team if known is not None else "",
        purpose=_text(entry, "purpose"),
        refused=_text(entry, "reason") if entry.event == REFUSED else None,
    )


def one_look(tx: Transaction, rules: RuleSet, actor: Actor, look_id: bytes, now: datetime) -> OneLook:
    """One look; that she opened it is recorded.

    Args:
        tx: the open transaction.
        rules: those that count now; they name the purpose of an attempt that no rule was asked about.
        actor: the privacy officer.
        look_id: its name, 16 bytes.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-look`.
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    entry, person = find_look(tx, staff, look_id)
    tx.audit.append(audit.act("look.read", now, actor, subject=person, look=str(UUID(bytes=look_id))))
    named = _text(entry, "rule_set")
    then = _rules_then(tx, rules, named).in_force(dutch_day(entry.at))
    line = line_of(tx, entry)
    return OneLook(
        line=line,
        actor=str(entry.fields["actor"]),
        alias=tx.names.of_person(person) if person is not None else None,
        purpose=then.catalogue.purpose(line.purpose or ""),
        rules=tuple(_rule_then(then, key) for key in _codes(entry, "rules")),
        rules_changed=named is not None and named != rules.digest,
        allowed=_allowed(then, _codes(entry, "allowed")),
        facts=json.loads(_text(entry, "facts") or "{}"),
        domains=tuple(_codes(entry, "domains")),
        informed=_text(entry, "informed"),
        tie=_tie(tx, staff, entry, person) if entry.event == ANSWERED else None,
        proof=proof_of(tx, entry),
    )


def find_look(tx: Transaction, staff: StaffMember, look_id: bytes) -> tuple[AuditEntry, Pseudonym | None]:
    """The record of a look of the organisation, and the person it concerns.

    Raises:
        NotFound: `no-look`.
    """
    found = tx.audit.one(*tx.names.look(look_id))
    if found is None or not is_own_look(found[0], staff.organisation):
        raise NotFound("no-look", "Deze raadpleging is niet gevonden.")
    return found


def proof_of(tx: Transaction, entry: AuditEntry) -> Proof:
    """Where a record stands in the log, and who cosigned a log with it in it."""
    place, head = tx.log.find(entry.writer, entry.number), tx.log.head()
    cosigned = tx.witnesses.cosigned() if place is not None else ()
    return Proof(
        writer=entry.writer,
        number=entry.number,
        leaf=entry.leaf,
        position=place.position if place is not None else None,
        size=head.size if head is not None else None,
        witnesses=tuple(
            each.witness for each in cosigned if place is not None and each.size > place.position
        ),
    )


def proof_text(tx: Transaction, actor: Actor, look_id: bytes, now: datetime) -> bytes:
    """The proof that the record of a look is in the log, as `redeem` gives it; that she asked for it is recorded.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        NotFound: `no-look`.
        Unavailable: `not-in-tree`: it will be in a moment.
    """
    entry, _ = find_look(tx, require_role(actor, Role.PRIVACY_OFFICER), look_id)
    return redeem(tx, actor, Receipt(entry.writer, entry.number, entry.leaf), now)


def _text(entry: AuditEntry, name: str) -> str | None:
    value = entry.fields.get(name)
    return value if isinstance(value, str) else None


def _codes(entry: AuditEntry, name: str) -> Sequence[str]:
    value = entry.fields.get(name)
    return value if isinstance(value, list) else []


def _rules_then(tx: Transaction, current: RuleSet, named: str | None) -> RuleSet:
    """The set that a record names, without any rule if it is not held; the current one for a record that names none."""
    return current if named is None else rules_of(tx, named) or no_rules()


def _rule_then(then: InForce, key: str) -> RuleThen:
    rule = then.rule(key)
    basis = then.catalogue.legal_basis(rule.legal_basis) if rule is not None else None
    return RuleThen(key, rule, basis)


def _allowed(then: InForce, pairs: Sequence[str]) -> tuple[tuple[SignalType, Level], ...]:
    """What was allowed; a type the catalogue has no longer is left out, since nobody could say its name."""
    levels = dict(pair.rpartition(":")[::2] for pair in pairs)
    return tuple((kind, Level(levels[kind.code])) for kind in then.catalogue.types if kind.code in levels)


def _tie(tx: Transaction, staff: StaffMember, entry: AuditEntry, person: Pseudonym | None) -> Tie | None:
    relation = tx.relations.get(staff.organisation, UUID(_text(entry, "relation") or "").bytes)
    if relation is None or person is None or relation.person != person:
        return None
    named = _text(entry, "cover")
    cover = tx.covers.get(staff.organisation, UUID(named).bytes) if named is not None else None
    return Tie(
        in_own_caseload=relation.worker == entry.fields["actor"],
        began_on=relation.valid_from,
        ended_on=relation.ended_on,
        self_registered=relation.self_registered,
        second_person=_second_person(tx, relation),
        cover=cover,
        absentee=_name(tx, cover.absentee) if cover is not None else None,
    )


def _second_person(tx: Transaction, relation: CareRelation) -> str | None:
    behind = relation.confirmed_by if relation.self_registered else relation.registered_by
    return _name(tx, behind) if behind is not None else None


def _name(tx: Transaction, staff_id: str) -> str:
    known = tx.staff.get(staff_id)
    return known.shown_name if known is not None else staff_id
