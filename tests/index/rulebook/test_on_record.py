"""A set of rules counts when the log says so too: whoever can write in the database plants none."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from policy.rulesets import bundled, load, no_rules
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model.rulebook import Approval, HeldRuleSet
from signal_index.retention import KIND_OF, TERMS
from signal_index.store import open_database
from signal_index.store.provision import begin_again
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.rulebook.in_use import RulesInUse
from signal_index.usecases.rulebook.on_record import standing
from tests.support.rulebook import Book
from tests.support.rules import another

RELEASED = load(bundled()).digest
OTHER = load(another()).digest
GRANT = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"
F, P = Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER
Told = tuple[str, str, Role | None]
"""What a record says: the event, who, and in which role."""

PROPOSED: Told = ("proposed", "f.beheer", None)
BY_ADMIN: Told = ("approved", "f.tweede", F)
BY_OFFICER: Told = ("approved", "p.officer", P)
ADOPTED: Told = ("adopted", "p.officer", None)
WHOLE = (PROPOSED, BY_ADMIN, BY_OFFICER, ADOPTED)


def adopted(world: Any, digest: str, *, by: str = "f.beheer", admin: str = "f.tweede") -> HeldRuleSet:
    """A set that two people agreed to just now."""
    agreed = (Approval(admin, F, world.clock), Approval("p.officer", P, world.clock))
    return HeldRuleSet(digest=digest, proposed_by=by, proposed_at=world.clock, approvals=agreed)


def rows(world: Any, digest: str, **changed: str) -> None:
    """An adopted set in the rulebook, as somebody at the database writes one."""
    world.database.run(lambda tx: tx.rulebook.put(adopted(world, digest, **changed), another()))


def records(world: Any, told: Sequence[Told], digest: str = OTHER) -> None:
    """Records of a set, as the product writes them."""

    def write(tx: Any) -> None:
        for event, who, role in told:
            more = {"role": role.value} if role is not None else {}
            tx.audit.append(
                audit.event(f"rules.{event}", world.clock, actor=who, rule_set=digest, **more)  # type: ignore[arg-type]
            )

    world.database.run(write)


def counting(world: Any) -> str | None:
    """What counts in a process that starts now."""
    found = RulesInUse(world.database)
    found.refresh()
    digest = found.current.digest
    return None if digest == no_rules().digest else digest


# What stands in the log beside an adopted set in the rulebook, and whether that set counts.
ON_RECORD: Mapping[str, tuple[Sequence[Told], bool]] = {
    "all of it": (WHOLE, True),
    "the officer first": ((PROPOSED, BY_OFFICER, BY_ADMIN, ("adopted", "f.tweede", None)), True),
    "refused once, and proposed again": ((PROPOSED, BY_OFFICER, ("refused", "p.tweede", None), *WHOLE), True),
    "another administrator in the place of who left": (
        (PROPOSED, ("approved", "f.derde", F), BY_ADMIN, BY_OFFICER, ADOPTED), True,
    ),
    "nothing": ((), False),
    "no proposal": (WHOLE[1:], False),
    "no approval": ((PROPOSED, ADOPTED), False),
    "one approval": ((PROPOSED, BY_OFFICER, ADOPTED), False),
    "no adoption": (WHOLE[:3], False),
    "adopted by somebody else": ((*WHOLE[:3], ("adopted", "f.beheer", None)), False),
    "one person in both roles": (
        (PROPOSED, ("approved", "p.officer", F), BY_OFFICER, ADOPTED), False,
    ),
    "one approval of who proposed it": ((PROPOSED, ("approved", "f.beheer", F), BY_OFFICER, ADOPTED), False),
    "two approvals in one role": ((PROPOSED, BY_OFFICER, ("approved", "p.tweede", P), ADOPTED), False),
    "approved before it was proposed": ((BY_ADMIN, BY_OFFICER, PROPOSED, ADOPTED), False),
    "refused before the second approval": (
        (PROPOSED, BY_ADMIN, ("refused", "p.tweede", None), BY_OFFICER, ADOPTED), False,
    ),
    "approved before a refusal": (
        (PROPOSED, BY_ADMIN, ("refused", "p.tweede", None), PROPOSED, BY_OFFICER, ADOPTED), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ON_RECORD)
def test_a_set_counts_by_what_the_log_says_of_it(case: str, book: Book) -> None:
    told, counts = ON_RECORD[case]
    book.hire("f.derde", F)
    records(book.world, told)
    rows(book.world, OTHER)
    assert counting(book.world) == (OTHER if counts else None)
    assert book.world.database.run(standing).recorded == (OTHER if counts else RELEASED)


def test_approvals_over_another_digest_put_nothing_in_force(book: Book) -> None:
    records(book.world, WHOLE, load(another(2)).digest)
    rows(book.world, OTHER)
    assert counting(book.world) is None
    assert book.world.database.run(standing).claimed == OTHER


@pytest.mark.parametrize("changed", [{"by": "t.lead"}, {"admin": "f.beheer"}], ids=str)
def test_other_names_in_the_rulebook_than_in_the_log_put_nothing_in_force(
    changed: dict[str, str], book: Book
) -> None:
    records(book.world, WHOLE)
    rows(book.world, OTHER, **changed)
    assert counting(book.world) is None


def test_a_set_that_counted_before_does_not_count_again_by_a_later_date(book: Book) -> None:
    book.propose("f.beheer")
    book.adopt(OTHER)
    assert counting(book.world) == OTHER

    def put_back(tx: Any) -> None:
        held = tx.rulebook.get(RELEASED)
        later = tuple(replace(each, at=book.world.clock + timedelta(days=1)) for each in held.approvals)
        tx.rulebook.put(replace(held, approvals=later))

    book.world.database.run(put_back)
    assert counting(book.world) is None


def test_a_process_that_runs_stops_when_a_set_is_planted_and_goes_on_when_it_is_gone(book: Book) -> None:
    in_use = RulesInUse(book.world.database)
    in_use.refresh()
    assert in_use.current.digest == RELEASED
    rows(book.world, OTHER)
    in_use.refresh()
    assert in_use.current == no_rules()
    for _ in range(2):
        found = in_use.report(book.world.clock)
        assert found is not None
        assert (found.claimed, found.recorded) == (OTHER, RELEASED)
    assert book.events() == ["rules.contradicted"], "once"
    [entry] = book.world.records("rules.contradicted")
    assert entry.fields == {"rule_set": OTHER, "on_record": RELEASED}
    book.world.database.run(lambda tx: sql(tx, "DELETE FROM rule_approvals WHERE digest = :of", of=OTHER))
    book.world.database.run(lambda tx: sql(tx, "DELETE FROM rule_sets WHERE digest = :of", of=OTHER))
    in_use.refresh()
    assert (in_use.current.digest, in_use.report(book.world.clock)) == (RELEASED, None)


def sql(tx: Any, statement: str, **values: Any) -> None:
    tx.rulebook._connection.execute(text(statement), values)


@pytest.mark.parametrize(
    ("statement", "counts"),
    [
        ("DELETE FROM audit_records WHERE event = 'rules.approved'", False),
        ("UPDATE audit_records SET sealed_body = zeroblob(length(sealed_body))", False),
        ("UPDATE audit_records SET event = 'log.read' WHERE event = 'rules.approved'", False),
        ("UPDATE audit_records SET event = 'rules.refused' WHERE event = 'rules.approved'", True),
    ],
    ids=["removed", "overwritten", "hidden", "renamed, while what is sealed says what it was"],
)
def test_records_that_were_tampered_with_say_nothing_else(
    statement: str, book: Book, *, counts: bool
) -> None:
    assert counting(book.world) == RELEASED
    book.world.database.run(lambda tx: sql(tx, statement))
    assert counting(book.world) == (RELEASED if counts else None)


def test_a_record_of_another_index_is_no_record(book: Book, new_world: Callable[..., Any]) -> None:
    """Whoever writes in the database copies records that say it from an index of her own, which has other keys."""
    ours, theirs = book.world, new_world()
    for world in (ours, theirs):
        rows(world, OTHER)
    assert counting(ours) is None
    records(theirs, WHOLE)
    assert counting(theirs) == OTHER
    for world in (ours, theirs):
        world.database.close()
    with closing(sqlite3.connect(ours.path)) as connection, connection:
        connection.execute("ATTACH ? AS theirs", (str(theirs.path),))
        connection.execute("INSERT INTO audit_writers SELECT * FROM theirs.audit_writers")
        connection.execute("INSERT INTO audit_records SELECT * FROM theirs.audit_records")
    with open_database(ours.path, ours.secrets, writer_kind="cli") as database:
        found = RulesInUse(database)
        found.refresh()
        assert found.current == no_rules()


def test_the_set_up_proposes_on_record_too(book: Book) -> None:
    records(book.world, [("proposed", SET_UP, None), *WHOLE[1:]])
    rows(book.world, OTHER, by=SET_UP)
    assert counting(book.world) == OTHER


def test_a_planted_set_does_not_decide_which_rules_may_not_be_edited(book: Book) -> None:
    edited = {**another(2), GRANT: bundled()[GRANT] + "\n"}
    book.world.database.run(lambda tx: tx.rulebook.put(adopted(book.world, load(edited).digest), edited))
    assert counting(book.world) is None
    assert book.refused(
        book.propose, "f.beheer", {**edited, "catalogue.toml": bundled()["catalogue.toml"]}
    ) == ("rules-edited")


def test_no_record_that_a_set_counts_by_is_ever_erased() -> None:
    steps = {name for name in KIND_OF if name.startswith("rules.")}
    assert steps >= {"rules.proposed", "rules.approved", "rules.adopted", "rules.refused"}
    assert not [name for name in steps if KIND_OF[name] in TERMS]


def test_rules_count_after_a_backup_was_put_back(book: Book) -> None:
    book.propose("f.beheer")
    book.adopt(OTHER)
    world = book.world
    world.database.close()
    begin_again(world.path, world.secrets)
    with open_database(world.path, world.secrets, writer_kind="serve") as database:
        found = RulesInUse(database)
        found.refresh()
        assert found.current.digest == OTHER
