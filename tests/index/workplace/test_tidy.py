"""What the workplace needs no longer goes with the daily expiry, and not a day too soon."""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_bytes
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model import LookupRequest, dutch_day
from signal_index.model.administration import (
    CONFIRMATION_KEPT,
    PROPOSAL_KEPT,
    Change,
    TeamConfirmation,
    Why,
)
from signal_index.model.openings import OPENING_KEPT, Opening, OpeningReason
from signal_index.model.sourcing import KeyProposal
from signal_index.model.workplace import (
    QUESTION_DAYS,
    SESSION_IDLE,
    VIEW_KEPT,
    CoverReason,
    Informed,
    Question,
    View,
)
from signal_index.ports import Transaction
from signal_index.usecases.administration.proposals import propose
from signal_index.usecases.expire import Tidied, tidy
from signal_index.usecases.sourcing.delivered import SHOWN_FOR
from signal_index.usecases.workplace import sessions, views
from signal_index.usecases.workplace.covers import CoverRequest, arrange
from signal_index.usecases.workplace.impediments import ImpedimentRequest, object_to

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def _tidy(office: Any) -> Tidied:
    gone: Tidied = office.run(lambda tx: tidy(tx, office.world.clock))
    return gone


def _session(office: Any) -> None:
    who = sessions.SignedIn("w.een", second_factor=True)
    office.run(lambda tx: sessions.open_session(tx, token_bytes(32), who, office.world.clock))


def _ticket(office: Any) -> None:
    assert office.run(lambda tx: tx.tickets.use("kaartje", office.world.clock + SESSION_IDLE))


def _view(office: Any) -> None:
    request = LookupRequest(
        office.relation().relation_id, "voorbereiding-huisbezoek", frozenset(), Informed.TOLD
    )
    opened = office.act(
        "w.een",
        lambda tx, actor: views.open_view(tx, office.RULES, actor, request, office.world.clock),
    )
    assert isinstance(opened, View)


def _question(office: Any) -> None:
    relation, today = office.relation(), office.world.DAY

    def job(tx: Transaction) -> None:
        due = today + timedelta(days=QUESTION_DAYS)
        asked = Question(
            "V-2345-6789", relation.organisation, "w.een", relation.relation_id, relation.person,
            source="agb:00000001", type="wmo-voorziening", asked_on=today, due_on=due,
        )  # fmt: skip
        tx.questions.put(asked)

    office.run(job)


def _cover(office: Any) -> None:
    """For today only."""
    request = CoverRequest("w.twee", office.world.DAY, office.world.DAY, CoverReason.LEAVE)
    office.act("w.een", lambda tx, actor: arrange(tx, actor, request, office.world.clock))


def _opening(office: Any) -> None:
    office.run(
        lambda tx: tx.openings.put(
            Opening(
                opening_id=token_bytes(16),
                organisation=office.world.GEMEENTE,
                writer=bytes(8),
                number=1,
                reason=OpeningReason.COMPLAINT,
                dossier="PO-1",
                asked_by="p.officer",
                asked_at=office.world.clock,
            )
        )
    )


def _answer(office: Any) -> None:
    """A delivery that was refused."""
    row = SignaalRow(SignaalOperation.OPEN_SET, source="agb:00000009", type="jeugdhulp", generation=1)
    office.world.send(office.world.GEMEENTE, BatchClass.SIGNAAL, [(None, row)])


def _proposal(office: Any) -> None:
    office.act(
        "f.beheer",
        lambda tx, actor: propose(tx, actor, Change.block("p.officer"), Why.SECURITY, office.world.clock),
    )


def _key_proposal(office: Any) -> None:
    proposal = KeyProposal(token_bytes(16), office.world.GEMEENTE, bytes(32), 30, "b.een", office.world.clock)
    office.run(lambda tx: tx.key_proposals.put(proposal))


def _impediment(office: Any) -> None:
    relation, today = office.relation("w.een"), office.world.DAY
    request = ImpedimentRequest(relation.relation_id, today, today)
    office.act("p.officer", lambda tx, actor: object_to(tx, actor, request, office.world.clock))


def _confirmation(office: Any) -> None:
    said = TeamConfirmation(office.world.GEMEENTE, "noord", office.world.DAY, "t.lead", ("w.een",))
    office.run(lambda tx: tx.team_confirmations.put(said))


KEPT: list[tuple[str, Callable[[Any], None], timedelta, timedelta]] = [
    ("sessions", _session, SESSION_IDLE, SECOND),
    ("tickets", _ticket, SESSION_IDLE - SECOND, SECOND),
    ("views", _view, VIEW_KEPT, SECOND),
    ("questions", _question, timedelta(days=2 * QUESTION_DAYS), DAY),
    ("covers", _cover, VIEW_KEPT, DAY),
    ("impediments", _impediment, timedelta(0), DAY),
    ("openings", _opening, OPENING_KEPT, SECOND),
    ("proposals", _proposal, PROPOSAL_KEPT, SECOND),
    ("key_proposals", _key_proposal, PROPOSAL_KEPT, SECOND),
    ("confirmations", _confirmation, CONFIRMATION_KEPT, DAY),
    ("answers", _answer, SHOWN_FOR, SECOND),
]


@pytest.mark.parametrize(("what", "make", "kept_for", "a_little"), KEPT, ids=[row[0] for row in KEPT])
def test_it_is_kept_for_its_time_and_then_removed(
    office: Any, what: str, make: Callable[[Any], None], kept_for: timedelta, a_little: timedelta
) -> None:
    nothing = dict.fromkeys((row[0] for row in KEPT), 0)
    # The world came about with a proposal: who oversees got her role from two people.
    office.run(lambda tx: tx.proposals.remove_older(office.world.clock + SECOND))
    make(office)
    office.world.clock += kept_for
    if what != "answers":
        _tidy(office)  # what was delivered to make it goes sooner
    assert vars(_tidy(office)) == nothing
    office.world.clock += a_little
    assert vars(_tidy(office)) == nothing | {what: 1}
    assert vars(_tidy(office)) == nothing


def test_the_command_says_what_went(office: Any, shell: Any) -> None:
    world = office.world
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    _session(office)
    _view(office)
    _cover(office)
    world.clock += timedelta(days=3 * 365)
    for staff_id in ("w.een", "w.twee", "t.lead", "p.officer", "f.beheer", "f.tweede"):
        office.run(lambda tx: tx.staff.seen(staff_id, dutch_day(world.clock)))  # noqa: B023 - run waits
    # Whoever is blocked is signed out at once, so that her session has gone already.
    counts = (
        "0 sessions, 0 tickets, 1 views, 0 questions, 1 covers, 0 impediments, 0 openings, 1 proposals, "
        "0 key_proposals, 0 confirmations, 4 answers"
    )
    assert shell("expire").output.splitlines() == [
        "expired: 1 flags removed",
        "replaced: 0 flags removed that a complete set did not repeat",
        "erased: 0 records; this waits until the log has been signed just now, by a witness as well",
        "blocked, not used for 45 days: 0 accounts",
        "blocked, not confirmed: 3 accounts",
        *(
            f"  NOT blocked, though not confirmed: {staff_id}; two people must look at this"
            for staff_id in ("f.beheer", "f.tweede", "p.officer")
        ),
        f"tidied: {counts} removed",
    ]
