"""Searching the records of looks, for a reason and a case number that are on record before anything is shown.

Invariants:
1. Nothing is searched without a reason from the closed list and a case number that is no BSN, and nobody hears before
   that whether a worker or a case is known; who hears that it is not, is on record as well.
2. A case is found by its reference and the search names no person; what comes back holds neither.
3. What was typed is never recorded: only whom and which cases it led to.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from uuid import UUID

from crypto.sheet.fields import is_case_reference
from policy.vocabulary import Role
from signal_index import audit
from signal_index.errors import Malformed
from signal_index.model import Actor, AuditEntry, StaffMember, dutch_day
from signal_index.model.days import Days
from signal_index.model.log import ANSWERED, LOOKS, REFUSED
from signal_index.ports import Transaction
from signal_index.usecases.authority import require_role

from .looks import LookLine, line_of, recorded_in
from .openings import is_dossier_number

PER_PAGE = 20
PAGES_MAX = 100
"""How far one search can be turned over; whoever finds more asks for fewer days."""
DAYS_MAX = 31
"""What one search reads while nothing else is written: of 500 workers some 50,000 records, which take four seconds."""
OLDEST_DAYS = 20 * 366
"""No record is older; a day in the year 1 is a slip of the hand, and no clock can count from it."""
_NAME_CHARACTERS_MIN = 2


class SearchReason(StrEnum):
    """Why a privacy officer searches; the choice is on record."""

    RESIDENT = "vraag-van-de-inwoner"
    COMPLAINT = "klacht"
    WORKER = "melding-van-een-medewerker"
    BREACH = "datalek"
    CHECK = "eigen-controle"


class Outcome(StrEnum):
    """Which looks to find."""

    ALL = "alles"
    ANSWERED = "beantwoord"
    REFUSED = "geweigerd"


_EVENTS = {Outcome.ALL: LOOKS, Outcome.ANSWERED: (ANSWERED,), Outcome.REFUSED: (REFUSED,)}


@dataclass(frozen=True)
class SearchRequest:
    """What the privacy officer filled in.

    Args:
        reason: None when she chose none.
        dossier: case number of what she looks into.
        worker: account or part of a name; empty for everybody.
        case_reference: of one case; empty for all.
        first_day: inclusive; None when she gave none that is a day.
        last_day: inclusive; likewise.
        page: which part of what is found, the newest being 1.
    """

    reason: SearchReason | None
    dossier: str
    worker: str
    case_reference: str
    first_day: date | None
    last_day: date | None
    outcome: Outcome
    page: int = 1


@dataclass(frozen=True)
class Found:
    """One page of what a search found, newest first.

    Args:
        more: whether there is a page after this one.
        unknown: (place, what is wrong there) pairs when no such worker or case is known; nothing is found then.
    """

    lines: tuple[LookLine, ...]
    page: int
    more: bool
    unknown: tuple[tuple[str, str], ...] = ()

    @property
    def fault(self) -> Malformed | None:
        """What to answer instead when somebody or some case is not known; not raised, for the search is on record."""
        text = "Er is niets gevonden. Verbeter wat hieronder staat."
        return Malformed("search", text, self.unknown) if self.unknown else None


@dataclass(frozen=True)
class _Wanted:
    """The request, understood; None means everybody or every case."""

    workers: frozenset[str] | None
    relations: frozenset[str] | None


def search(tx: Transaction, actor: Actor, request: SearchRequest, now: datetime) -> Found:
    """Find looks; the search and its reason are recorded, also when no such worker or case is known.

    Args:
        tx: the open transaction.
        actor: the privacy officer.
        request: why, and what for.
        now: aware UTC.

    Raises:
        NotPermitted: the actor does not act as a privacy officer.
        Malformed: `search`; names each field to mend (`reden`, `dossier`, `van`, `tot`).
    """
    staff = require_role(actor, Role.PRIVACY_OFFICER)
    violations = tuple(_violations(request, dutch_day(now)))
    if violations or request.first_day is None or request.last_day is None:
        raise Malformed("search", "Er is niet gezocht. Verbeter wat hieronder staat.", violations)
    # Only now: whether a worker or a case is known is an answer too, and this one gets its record.
    wanted = _Wanted(_workers(tx, staff, request.worker), _relations(tx, staff, request.case_reference))
    unknown = tuple(_unknown(wanted))
    entries = recorded_in(tx, _EVENTS[request.outcome], Days(request.first_day, request.last_day))
    fitting = (entry for entry in (() if unknown else entries) if _fits(entry, wanted, staff))
    page = min(max(1, request.page), PAGES_MAX)
    found = list(islice(fitting, (page - 1) * PER_PAGE, page * PER_PAGE + 1))
    lines = tuple(line_of(tx, entry) for entry in found[:PER_PAGE])
    _record(tx, actor, request, wanted, now, found=len(lines))
    return Found(lines, page, more=len(found) > PER_PAGE and page < PAGES_MAX, unknown=unknown)


def _workers(tx: Transaction, staff: StaffMember, typed: str) -> frozenset[str] | None:
    """Whom this text means: one account to the letter, or everybody with it in her name."""
    if not typed:
        return None
    colleagues = [each for each in tx.staff.all() if each.organisation == staff.organisation]
    exact = frozenset(each.staff_id for each in colleagues if each.staff_id == typed)
    if exact or len(typed) < _NAME_CHARACTERS_MIN:
        return exact
    part = typed.casefold()
    return frozenset(each.staff_id for each in colleagues if part in each.shown_name.casefold())


def _relations(tx: Transaction, staff: StaffMember, reference: str) -> frozenset[str] | None:
    """Every care relation, of whichever worker, that goes by this reference."""
    if not reference:
        return None
    if not is_case_reference(reference):
        return frozenset()
    known = tx.relations.all_of(staff.organisation)
    return frozenset(str(UUID(bytes=each.relation_id)) for each in known if each.case_reference == reference)


def _violations(request: SearchRequest, today: date) -> Iterator[tuple[str, str]]:
    if request.reason is None:
        yield "reden", "Kies een reden."
    if not request.dossier:
        yield "dossier", "Vul het dossiernummer in."
    elif not is_dossier_number(request.dossier):
        yield "dossier", "Gebruik hoofdletters, cijfers, punt, streep of schuine streep. Geen BSN."
    yield from _wrong_days(request, today)


def _unknown(wanted: _Wanted) -> Iterator[tuple[str, str]]:
    if _nobody(wanted.workers):
        yield "medewerker", "Wij kennen deze medewerker niet. Controleer de naam of het account."
    if _nobody(wanted.relations):
        yield "zaak", "Wij kennen dit zaaknummer niet. Controleer het nummer. Gebruik nooit een BSN."


def _nobody(found: Collection[str] | None) -> bool:
    return found is not None and not found


def _wrong_days(request: SearchRequest, today: date) -> Iterator[tuple[str, str]]:
    if request.first_day is None:
        yield "van", "Schrijf de eerste dag zo: 05-05-2026."
    if request.last_day is None:
        yield "tot", "Schrijf de laatste dag zo: 05-05-2026."
    if request.first_day is None or request.last_day is None:
        return
    if request.first_day > request.last_day:
        yield "tot", "De laatste dag ligt vóór de eerste dag. Kies een latere dag."
    elif (request.last_day - request.first_day).days >= DAYS_MAX:
        yield "van", "Zoek in hoogstens 31 dagen. Kies een latere eerste dag."
    elif (today - request.first_day).days > OLDEST_DAYS:
        yield "van", "Zo oud is het logboek niet. Kies een latere eerste dag."
    elif request.last_day > today:
        yield "tot", "Kies vandaag of een eerdere dag."


def _fits(entry: AuditEntry, wanted: _Wanted, staff: StaffMember) -> bool:
    fields = entry.fields
    return (
        fields.get("organisation") == staff.organisation
        and (wanted.workers is None or fields.get("actor") in wanted.workers)
        and (wanted.relations is None or fields.get("relation") in wanted.relations)
    )


def _record(
    tx: Transaction, actor: Actor, request: SearchRequest, wanted: _Wanted, now: datetime, *, found: int
) -> None:
    assert request.reason is not None, "nothing is searched without a reason"
    tx.audit.append(
        audit.act(
            "looks.searched",
            now,
            actor,
            reason=request.reason.value,
            dossier=request.dossier,
            workers=_sorted(wanted.workers),
            relations=_sorted(wanted.relations),
            first_day=str(request.first_day),
            last_day=str(request.last_day),
            outcome=request.outcome.value,
            page=request.page,
            found=found,
        )
    )


def _sorted(found: Collection[str] | None) -> list[str] | None:
    return None if found is None else sorted(found)
