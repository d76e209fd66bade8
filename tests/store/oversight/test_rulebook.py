"""The rulebook: files that stay what they were, and the set that was adopted last counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from policy.vocabulary import Role
from signal_index.model.rulebook import Approval, HeldRuleSet, RuleSetState
from signal_index.store import SqlDatabase

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ONE, OTHER = "1" * 64, "2" * 64
FILES = {"catalogue.toml": "één\n", "guards/G01-x-2026-01-01.cedar": "forbid"}


def waiting(digest: str = ONE, at: datetime = NOW) -> HeldRuleSet:
    return HeldRuleSet(digest=digest, proposed_by="f.beheer", proposed_at=at)


def agreed(held: HeldRuleSet, at: datetime) -> HeldRuleSet:
    first = Approval("p.officer", Role.PRIVACY_OFFICER, at - timedelta(minutes=1))
    return held.with_approval(first).with_approval(Approval("f.tweede", Role.FUNCTIONAL_ADMIN, at))


def test_what_goes_in_comes_out(database: SqlDatabase) -> None:
    held = agreed(waiting(), NOW + timedelta(hours=1))
    database.run(lambda tx: tx.rulebook.put(held, FILES))
    assert database.run(lambda tx: tx.rulebook.get(ONE)) == held
    assert database.run(lambda tx: tx.rulebook.files(ONE)) == FILES
    assert database.run(lambda tx: (tx.rulebook.get(OTHER), tx.rulebook.files(OTHER))) == (None, None)


def test_what_becomes_of_a_set_changes_and_its_files_do_not(database: SqlDatabase) -> None:
    database.run(lambda tx: tx.rulebook.put(agreed(waiting(), NOW), FILES))
    refused = replace(waiting(at=NOW + timedelta(days=1)), refused_by="p.officer", refused_at=NOW)
    database.run(lambda tx: tx.rulebook.put(refused, {"catalogue.toml": "anders"}))
    assert database.run(lambda tx: tx.rulebook.get(ONE)) == refused
    assert database.run(lambda tx: tx.rulebook.files(ONE)) == FILES
    assert database.run(lambda tx: tx.rulebook.adopted()) is None


def test_the_set_that_was_adopted_last_counts_and_the_last_proposed_comes_first(
    database: SqlDatabase,
) -> None:
    early, late = waiting(ONE), waiting(OTHER, NOW + timedelta(minutes=1))
    database.run(lambda tx: tx.rulebook.put(early, FILES))
    database.run(lambda tx: tx.rulebook.put(late, FILES))
    assert database.run(lambda tx: tx.rulebook.adopted()) is None
    assert [each.digest for each in database.run(lambda tx: tx.rulebook.all())] == [OTHER, ONE]
    database.run(lambda tx: tx.rulebook.put(agreed(late, NOW + timedelta(hours=1))))
    assert database.run(lambda tx: tx.rulebook.adopted()) == OTHER
    database.run(lambda tx: tx.rulebook.put(agreed(early, NOW + timedelta(hours=2))))
    assert database.run(lambda tx: tx.rulebook.adopted()) == ONE


def test_a_set_waits_until_both_roles_agreed_and_a_refusal_outweighs_both() -> None:
    held = waiting()
    assert (held.state, held.missing) == (
        RuleSetState.WAITING,
        (Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER),
    )
    done = agreed(held, NOW)
    assert (done.state, done.adopted_at, done.missing) == (RuleSetState.ADOPTED, NOW, ())
    refused = replace(done, refused_by="x", refused_at=NOW)
    assert (refused.state, refused.adopted_at) == (RuleSetState.REFUSED, None)
    assert all(done.involves(each) for each in ("f.beheer", "p.officer", "f.tweede"))
    assert not done.involves("w.een")
