"""What the source organisation's use cases promise, on a real database: whose it is, two people, and rounding."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.encoding import Month
from crypto.keyfiles import PublisherSecrets
from policy.rulesets import bundled, load
from policy.vocabulary import Role
from signal_index.errors import NotPermitted, SignalIndexError
from signal_index.model import Actor, AuditEntry, ContactRoute, Publication, Publisher, Register, StaffMember
from signal_index.model.administration import PROPOSAL_WAITS
from signal_index.model.sourcing import KeyProposal, SigningKey
from signal_index.ports import Transaction
from signal_index.usecases.administration import register as registering
from signal_index.usecases.expire import tidy
from signal_index.usecases.oversight.suppression import in_tens
from signal_index.usecases.sources import entries
from signal_index.usecases.sourcing import contacts, delivered, keys, renewals, series, usage
from signal_index.usecases.sourcing.own import published_by

RULES = load(bundled())
TYPES = [kind.code for kind in RULES.catalogue.types]
NOBODYS = "00000099000000000077"
DAY = date(2026, 3, 3)
Job = Callable[[Transaction, Actor], Any]


class Office:
    """Bronbeheerders of three organisations, one of which publishes nothing."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.hire("b.gemeente", world.GEMEENTE, Role.SOURCE_ADMIN)
        self.hire("b.zorg", world.ZORG, Role.SOURCE_ADMIN)
        self.hire("b.niets", NOBODYS, Role.SOURCE_ADMIN)
        self.hire("f.twee", world.GEMEENTE, Role.FUNCTIONAL_ADMIN)

    def hire(self, staff_id: str, organisation: str, *roles: Role) -> None:
        def job(tx: Transaction) -> None:
            tx.staff.put(StaffMember(staff_id, organisation, "bron", active=True))
            for role in roles:
                tx.staff.grant(staff_id, role.value, "test", self.world.clock)

        self.world.database.run(job)

    def act(self, staff_id: str, job: Job) -> Any:
        def run(tx: Transaction) -> Any:
            actor = Actor.in_all_roles(staff_id, tx.staff.get(staff_id), second_factor=True, token_id="test")
            return job(tx, actor)

        return self.world.database.run(run)

    def propose(self, who: str = "b.gemeente", oin: str | None = None, overlap: int = 30) -> KeyProposal:
        fresh = PublisherSecrets.generate(oin or self.world.GEMEENTE, created=DAY).public()
        text = json.dumps(fresh.to_document())
        found: KeyProposal = self.act(
            who, lambda tx, actor: renewals.propose(tx, actor, text, self.world.clock, overlap_days=overlap)
        )
        return found

    def decide(self, proposal: KeyProposal, who: str = "f.beheer", *, approve: bool = True) -> Any:
        identity = proposal.proposal_id
        return self.act(
            who, lambda tx, actor: renewals.decide(tx, actor, identity, self.world.clock, approve=approve)
        )

    def keys(self, oin: str) -> tuple[SigningKey, ...]:
        found: tuple[SigningKey, ...] = self.world.database.run(lambda tx: tx.register.publisher(oin)).keys
        return found


@pytest.fixture
def office(world: Any) -> Office:
    return Office(world)


def everything(now: datetime) -> Iterator[tuple[str, Job]]:
    """Every reading use case."""
    yield "series", lambda tx, actor: series.own_series(tx, RULES, actor, now)
    yield "deliveries", lambda tx, actor: delivered.own_deliveries(tx, actor, now, page=1)
    yield "contacts", lambda tx, actor: contacts.own_contacts(tx, actor, now)
    yield "keys", lambda tx, actor: keys.own_keys(tx, actor, now)
    yield "usage", lambda tx, actor: usage.ask(tx, actor, None, now)


# --- Whose it is --------------------------------------------------------------------------------------------------


def test_what_one_organisation_sees_is_the_same_whatever_another_does(office: Office) -> None:
    world = office.world
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {})
    before = {
        (who, name): office.act(who, job)
        for who in ("b.zorg", "b.niets")
        for name, job in everything(world.clock)
    }
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-11"})
    office.decide(office.propose())
    route = ContactRoute("Anders", "030 123 4567")
    office.act(
        "b.gemeente",
        lambda tx, actor: contacts.change_contact(
            tx, actor, ("agb:00000003", "jeugdhulp"), route, world.clock
        ),
    )
    after = {
        (who, name): office.act(who, job)
        for who in ("b.zorg", "b.niets")
        for name, job in everything(world.clock)
    }
    assert after == before
    assert office.act("b.zorg", dict(everything(world.clock))["deliveries"]).deliveries
    assert not office.act("b.niets", dict(everything(world.clock))["series"])


@given(
    publishers=st.lists(st.sampled_from(["a", "b", "c"]), max_size=12),
    asked=st.sampled_from(["a", "b", "c", "d"]),
)
def test_own_is_what_the_publisher_with_her_number_publishes(publishers: list[str], asked: str) -> None:
    class Table:
        """Only what the rule may read."""

        register = property(lambda self: self)

        def publications(self) -> list[Publication]:
            route = ContactRoute("Balie", "085 000 0000")
            return [
                Publication(f"bron:{number}", "Bron", "jeugdhulp", oin, route)
                for number, oin in enumerate(publishers)
            ]

    found = published_by(Table(), asked)  # type: ignore[arg-type]  # the rest of a transaction has no part in it
    assert {each.publisher for each in found} <= {asked}
    assert len(found) == publishers.count(asked)


@pytest.mark.parametrize("who", ["w.een", "t.lead", "p.officer", "f.beheer"])
def test_nobody_else_reads_anything(office: Office, who: str) -> None:
    for _, job in everything(office.world.clock):
        with pytest.raises(NotPermitted) as refused:
            office.act(who, job)
        assert refused.value.code == "role"


# --- Contact routes -----------------------------------------------------------------------------------------------


def test_an_import_of_the_same_register_leaves_her_contact_and_another_number_replaces_it(
    office: Office,
) -> None:
    world = office.world
    about, own = ("agb:00000003", "jeugdhulp"), ContactRoute("Ons loket", "030 123 4567")
    known = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )
    office.act("b.gemeente", lambda tx, actor: contacts.change_contact(tx, actor, about, own, world.clock))

    def imported(register: Register) -> Publication:
        office.act(
            "f.beheer", lambda tx, actor: registering.import_register(tx, actor, register, TYPES, world.clock)
        )
        found: Publication = world.database.run(lambda tx: tx.register.publication(*about))
        return found

    assert imported(known).contact == own
    named = ContactRoute("Nieuw loket", "030 765 4321")
    other = tuple(
        replace(each, contact=named) if (each.source, each.type) == about else each
        for each in known.publications
    )
    changed = imported(replace(known, publications=other))
    assert (changed.contact, changed.contact_changed_on) == (named, None)


# --- Keys ---------------------------------------------------------------------------------------------------------


def refused(job: Callable[[], object]) -> str:
    with pytest.raises(SignalIndexError) as error:
        job()
    return error.value.code


def test_nobody_puts_her_own_key_in_force_in_any_role(office: Office) -> None:
    office.hire("b.beide", office.world.GEMEENTE, Role.SOURCE_ADMIN, Role.FUNCTIONAL_ADMIN)
    before = office.keys(office.world.GEMEENTE)
    proposal = office.propose("b.beide")
    assert refused(lambda: office.decide(proposal, "b.beide")) == "own-key"
    assert refused(lambda: office.decide(proposal, "b.gemeente")) == "role"
    assert refused(lambda: office.decide(proposal, "p.officer")) == "role"
    assert office.keys(office.world.GEMEENTE) == before
    office.decide(proposal)
    assert len(office.keys(office.world.GEMEENTE)) == 2


def test_a_proposal_is_decided_once_and_waits_no_longer_than_it_may(office: Office) -> None:
    world = office.world
    proposal = office.propose()
    assert refused(office.propose) == "key-waiting"
    office.decide(proposal, approve=False)
    assert refused(lambda: office.decide(proposal)) == "key-decided"
    again = office.propose()
    world.clock += PROPOSAL_WAITS
    assert refused(lambda: office.decide(again)) == "key-decided"
    assert len(office.keys(world.GEMEENTE)) == 1
    assert refused(lambda: office.decide(replace(again, proposal_id=bytes(16)))) == "no-proposal"
    assert refused(lambda: office.propose("b.niets")) == "no-publisher"
    assert [each.event for each in world.records("key.proposed", "key.refused", "key.approved")] == [
        "key.proposed", "key.refused", "key.proposed",
    ]  # fmt: skip


@pytest.mark.parametrize("change", ["blocked", "moved", "role"])
def test_of_a_proposer_who_may_not_ask_any_more_no_key_comes_into_force(office: Office, change: str) -> None:
    world = office.world
    proposal = office.propose()
    before = office.keys(world.GEMEENTE)

    def job(tx: Transaction) -> None:
        member = tx.staff.get("b.gemeente")
        assert member is not None
        if change == "role":
            tx.staff.revoke("b.gemeente", Role.SOURCE_ADMIN.value)
        else:
            away = {"active": False} if change == "blocked" else {"organisation": world.ZORG}
            tx.staff.put(replace(member, **away))

    world.database.run(job)
    assert refused(lambda: office.decide(proposal)) == "proposal-outdated"
    assert office.keys(world.GEMEENTE) == before
    office.decide(proposal, approve=False)


def test_a_renewal_never_makes_an_older_key_last_longer(office: Office) -> None:
    world = office.world
    today = world.clock.date()
    soon = today + timedelta(days=5)
    (key,) = office.keys(world.GEMEENTE)
    over = SigningKey(bytes([7]) * 32, None, today - timedelta(days=1))
    kept = [over, replace(key, valid_until=soon)]
    world.database.run(lambda tx: tx.register.put_keys(world.GEMEENTE, kept))
    office.decide(office.propose(overlap=60))
    first, second, third = office.keys(world.GEMEENTE)
    assert (first, second.valid_until) == (over, soon)
    assert (third.valid_from, third.valid_until) == (today, today + renewals.KEY_LASTS)


@pytest.mark.parametrize("days", [1, 30, 31, 90])
def test_a_key_that_is_yet_to_begin_stays_as_it_was_and_the_register_can_be_changed(
    office: Office, days: int
) -> None:
    world = office.world
    (key,) = office.keys(world.GEMEENTE)
    later = SigningKey(bytes([7]) * 32, world.clock.date() + timedelta(days=days))
    world.database.run(lambda tx: tx.register.put_keys(world.GEMEENTE, [key, later]))
    office.decide(office.propose(overlap=30))
    assert office.keys(world.GEMEENTE)[1] == later
    about, route = ("agb:00000003", "jeugdhulp"), ContactRoute("Loket", "030 123 4567")
    known: Publication = world.database.run(lambda tx: tx.register.publication(*about))
    changed = replace(known, contact=route)

    def edit(tx: Transaction, actor: Actor) -> None:
        entries.change_publication(entries.Editing(tx, actor, TYPES, world.clock), changed)

    office.act("f.beheer", edit)
    assert world.database.run(lambda tx: tx.register.publication(*about)) == changed


@given(
    first=st.none() | st.integers(-40, 40), last=st.none() | st.integers(-40, 40), day=st.integers(-50, 50)
)
def test_a_key_counts_from_its_first_day_to_its_last(first: int | None, last: int | None, day: int) -> None:
    def on(days: int | None) -> date | None:
        return None if days is None else DAY + timedelta(days=days)

    key, today = SigningKey(bytes(32), on(first), on(last)), DAY + timedelta(days=day)
    assert key.is_in_force(today) is ((first is None or first <= day) and (last is None or day <= last))


@given(ends=st.lists(st.none() | st.integers(-5, 100), min_size=1, max_size=4))
def test_a_warning_comes_in_time_and_only_then(ends: list[int | None]) -> None:
    held = tuple(
        SigningKey(bytes([place]) * 32, None, None if end is None else DAY + timedelta(days=end))
        for place, end in enumerate(ends)
    )
    publisher = Publisher("1", "Bron", held, 4, frozenset())
    living = [end for end in ends if end is None or end >= 0]
    said = keys.warning(publisher, DAY)
    if not living:
        assert said == 0
    elif None in living or max(end for end in living if end is not None) > 60:
        assert said is None
    else:
        left = max(end for end in living if end is not None)
        assert said == (7 if left <= 7 else 30 if left <= 30 else 60)


def test_an_older_register_does_not_silence_a_renewed_key(office: Office) -> None:
    world = office.world
    old = world.database.run(
        lambda tx: Register(tuple(tx.register.publishers()), tuple(tx.register.publications()))
    )
    office.decide(office.propose())

    def imported(*, may_remove: bool) -> None:
        office.act(
            "f.beheer",
            lambda tx, actor: registering.import_register(
                tx, actor, old, TYPES, world.clock, may_remove=may_remove
            ),
        )

    assert refused(lambda: imported(may_remove=False)) == "register-removes"
    assert len(office.keys(world.GEMEENTE)) == 2
    imported(may_remove=True)
    assert office.keys(world.GEMEENTE) == old.publishers[0].keys


# --- Figures ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 100_000))
def test_a_figure_is_a_ten_and_says_nothing_of_what_is_above_it(count: int) -> None:
    shown = in_tens(count)
    assert (
        shown is None if count < 10 else (shown is not None and shown % 10 == 0 and 0 <= count - shown < 10)
    )


@given(
    st.lists(
        st.lists(st.sampled_from(["jeugdhulp", "wmo-voorziening", "schuldhulptraject"]), unique=True),
        max_size=60,
    ),
    st.booleans(),
)
def test_a_look_counts_for_what_was_allowed_whoever_looked_and_whatever_showed(
    looks: list[list[str]],
    shown: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    entries = [
        AuditEntry(
            bytes(8), number, "lookup.answered", datetime(2026, 3, 3),  # noqa: DTZ001 - never read
            {"allowed": [f"{each}:contact" for each in allowed], "any_shown": shown, "actor": f"w.{number}"},
            bytes(32), bytes(32),
        )
        for number, allowed in enumerate(looks)
    ]  # fmt: skip
    asked = usage.Asked((), Month.of(DAY), ["jeugdhulp", "wmo-voorziening"])
    cells = usage.rounded(asked, usage.count_allowed(entries)).cells
    assert [each.code for each in cells] == ["jeugdhulp", "wmo-voorziening"]
    for cell in cells:
        assert cell.count == in_tens(sum(cell.code in allowed for allowed in looks))


# --- Tidying ------------------------------------------------------------------------------------------------------


def test_what_nobody_finds_back_is_removed_and_the_records_stay(office: Office) -> None:
    world = office.world
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {})
    office.propose()
    world.clock += timedelta(days=31)
    gone = world.database.run(lambda tx: tidy(tx, world.clock))
    assert (gone.answers, gone.key_proposals) == (1, 0)
    assert world.records("delivery.accepted")
    world.clock += timedelta(days=366)
    assert world.database.run(lambda tx: tidy(tx, world.clock)).key_proposals == 1
