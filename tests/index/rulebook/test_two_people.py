"""Rules count when two people agreed to them besides who proposed them, and in no other way."""

import json
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import permutations, product
from typing import Any

import pytest
from sqlalchemy import text

from policy.rulesets import bundled, load, no_rules
from policy.vocabulary import Role
from signal_index.errors import SignalIndexError
from signal_index.model import Actor
from signal_index.model.rulebook import RuleSetState
from signal_index.usecases.administration.acting import SET_UP
from signal_index.usecases.rulebook.deciding import approve_rules, refuse_rules
from signal_index.usecases.rulebook.in_use import RulesInUse
from signal_index.usecases.rulebook.proposing import propose_rules
from signal_index.usecases.rulebook.reading import named
from tests.support.privileges import allowed_sets
from tests.support.rulebook import Book
from tests.support.rules import another

RELEASED = load(bundled()).digest
GRANT = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"


def test_one_proposes_and_two_agree_and_then_it_counts(book: Book, world: Any) -> None:
    digest = book.propose("f.beheer")
    assert (book.held(digest).state, book.counting) == (RuleSetState.WAITING, RELEASED)
    world.clock += timedelta(hours=1)
    assert book.approve("p.officer", digest).missing == (Role.FUNCTIONAL_ADMIN,)
    assert book.counting == RELEASED, "one is not enough"
    world.clock += timedelta(hours=1)
    agreed = book.approve("f.tweede", digest)
    assert (agreed.state, agreed.adopted_at) == (RuleSetState.ADOPTED, world.clock)
    assert book.counting == digest
    assert book.held(digest) == agreed
    assert book.events() == ["rules.proposed", "rules.approved", "rules.approved", "rules.adopted"]
    adopted, second, *_ = world.records("rules.adopted", "rules.approved")
    assert adopted.fields["rule_set"] == digest
    assert (second.fields["actor"], second.fields["role"]) == ("f.tweede", "functioneel-beheerder")


def test_who_proposed_decides_nothing_in_whatever_role(book: Book) -> None:
    for proposer in ("f.beheer", "p.officer"):
        digest = book.propose(proposer, another(2 if proposer == "p.officer" else 1))
        assert book.refused(book.approve, proposer, digest) == "own-rules"
        assert book.refused(book.refuse, proposer, digest) == "own-rules"
    book.hire("p.officer", Role.FUNCTIONAL_ADMIN)
    assert book.refused(book.approve, "p.officer", digest) == "own-rules", "it stays hers"


def test_who_agreed_in_one_role_never_agrees_in_another(book: Book, world: Any) -> None:
    digest = book.propose("f.beheer")
    book.hire("f.derde", Role.FUNCTIONAL_ADMIN)
    book.approve("f.derde", digest)
    book.hire("f.derde")
    world.clock += timedelta(hours=1)
    book.approve("f.tweede", digest)  # takes her place, so the rulebook no longer names her
    book.hire("f.derde", Role.PRIVACY_OFFICER)
    assert book.refused(book.approve, "f.derde", digest) == "own-rules"
    assert book.counting == RELEASED


def by_command(book: Book, staff_id: str, digest: str | None, account: str, *, trial: bool = False) -> str:
    """A step of somebody on the command line, by an account of the operating system; the digest."""

    def job(tx: Any) -> str:
        token, member = f"os-account:{account}", tx.staff.get(staff_id)
        actor = Actor.in_all_roles(staff_id, member, second_factor=True, token_id=token)
        if digest is None:
            return propose_rules(tx, actor, another(), book.world.clock).digest
        return approve_rules(tx, actor, digest, book.world.clock, trial=trial).digest

    return str(book.world.database.run(job))


def test_one_account_of_the_machine_is_no_two_people(book: Book) -> None:
    digest = by_command(book, "f.beheer", None, "one")
    assert book.refused(by_command, book, "f.tweede", digest, "one") == "own-account"
    by_command(book, "f.tweede", digest, "two")
    for account in ("one", "two"):
        assert book.refused(by_command, book, "p.officer", digest, account) == "own-account"
    assert book.counting == RELEASED
    by_command(book, "p.officer", digest, "three")
    assert book.counting == digest


def test_in_a_trial_one_account_is_everybody(book: Book) -> None:
    digest = by_command(book, "f.beheer", None, "one")
    for staff_id in ("f.tweede", "p.officer"):
        by_command(book, staff_id, digest, "one", trial=True)
    assert book.counting == digest


def test_a_set_that_is_proposed_anew_by_another_account_begins_anew(book: Book) -> None:
    digest = by_command(book, "f.beheer", None, "one")
    book.refuse("p.officer", digest)
    by_command(book, "f.beheer", None, "two")
    by_command(book, "f.tweede", digest, "one")
    assert book.refused(by_command, book, "p.tweede", digest, "two") == "own-account"


def test_two_in_the_same_role_are_one_too_few(book: Book) -> None:
    digest = book.propose("p.tweede")
    book.hire("f.derde", Role.FUNCTIONAL_ADMIN)
    book.approve("f.beheer", digest)
    assert book.refused(book.approve, "f.tweede", digest) == "rules-decided"
    assert book.refused(book.approve, "f.beheer", digest) == "own-rules", "nor twice the same person"
    assert book.counting == RELEASED


def test_nobody_agrees_twice_by_changing_roles(book: Book) -> None:
    digest = book.propose("p.tweede")
    book.approve("f.beheer", digest)
    book.hire("f.beheer", Role.PRIVACY_OFFICER)
    assert book.refused(book.approve, "f.beheer", digest) == "own-rules"
    assert book.counting == RELEASED


def test_who_left_meanwhile_is_not_one_of_the_two(book: Book, world: Any) -> None:
    digest = book.propose("p.tweede")
    book.approve("f.beheer", digest)
    member = world.database.run(lambda tx: tx.staff.get("f.beheer"))
    world.database.run(lambda tx: tx.staff.put(replace(member, active=False)))
    assert book.approve("p.officer", digest).missing == (Role.FUNCTIONAL_ADMIN,)
    assert book.counting == RELEASED
    book.approve("f.tweede", digest)
    assert book.counting == digest


def test_others_neither_propose_nor_decide(book: Book) -> None:
    digest = book.propose("f.beheer")
    for staff_id in ("w.een", "t.lead", "x.niemand"):
        assert book.refused(book.propose, staff_id, another(2)) in {"role", "account"}
        assert book.refused(book.approve, staff_id, digest) in {"role", "account"}
        assert book.refused(book.refuse, staff_id, digest) in {"role", "account"}
    assert book.refused(book.approve, "p.officer", "0" * 64) == "no-rule-set"


def test_refused_rules_can_be_proposed_again_and_begin_anew(book: Book) -> None:
    digest = book.propose("f.beheer")
    book.approve("f.tweede", digest)
    assert book.refuse("p.officer", digest).state is RuleSetState.REFUSED
    assert book.refused(book.approve, "p.tweede", digest) == "rules-decided"
    assert book.propose("f.tweede") == digest
    assert book.held(digest).approvals == (), "what was agreed to before does not count again"
    book.approve("f.beheer", digest)
    book.approve("p.officer", digest)
    assert book.counting == digest
    assert book.refused(book.refuse, "p.tweede", digest) == "rules-decided"


def test_proposing_what_waits_or_counts_changes_nothing(book: Book) -> None:
    digest = book.propose("f.beheer")
    assert book.propose("p.officer") == digest
    assert book.held(digest).proposed_by == "f.beheer"
    assert book.events() == ["rules.proposed"]
    assert book.refused(book.propose, "f.beheer", bundled()) == "rules-in-force"


def test_a_rule_that_counts_is_neither_edited_nor_dropped(book: Book) -> None:
    files = dict(bundled())
    edited = {**files, GRANT: files[GRANT] + "\n"}
    assert book.refused(book.propose, "f.beheer", edited) == "rules-edited"
    later = GRANT.replace("2026-01-01", "2099-01-01")
    successor = files[GRANT].replace('@geldig_van("2026-01-01")', '@geldig_van("2099-01-01")')
    replaces = '@vervangt("T03-schuldhulp-wgs-2026-01-01")\npermit'
    new = {**another(), later: successor.replace("permit", replaces, 1)}
    digest = book.propose("f.beheer", new)
    book.adopt(digest)
    assert book.counting == digest, "a rule of later is added, and one that counts has a successor"
    assert book.propose("f.beheer", another(3)), "what does not count yet may go"


def test_carriage_returns_are_no_other_rule(book: Book) -> None:
    dos = {name: body.replace("\n", "\r\n") for name, body in another().items()}
    assert book.propose("f.beheer", dos) == load(another()).digest


def test_a_set_that_was_overtaken_is_agreed_to_no_more(book: Book) -> None:
    name, words = "T03-schuldhulp-wgs", "T98-schuldhulp-erbij"
    more = {GRANT.replace(name, words): bundled()[GRANT].replace(name, words)}
    waits, overtakes = book.propose("f.beheer"), book.propose("f.beheer", {**another(2), **more})
    book.adopt(overtakes)
    assert book.refused(book.approve, "p.officer", waits) == "rules-outdated"


def test_what_was_changed_behind_the_product_decides_nothing(book: Book, world: Any) -> None:
    digest, other = book.propose("f.beheer"), book.propose("f.beheer", another(2))

    def stored(files: Any) -> bytes:
        return zlib.compress(json.dumps(files).encode())

    def plant(tx: Any, where: str, body: bytes) -> None:
        tx.rulebook._connection.execute(
            text("UPDATE rule_sets SET files = :files WHERE digest = :digest"),
            {"files": body, "digest": where},
        )

    world.database.run(lambda tx: plant(tx, digest, stored(dict(another(2)))))
    assert book.refused(book.approve, "p.officer", digest) == "rules-damaged"
    book.adopt(other)
    in_use = RulesInUse(world.database)
    in_use.refresh()
    assert in_use.current.digest == other
    readable: tuple[Any, ...] = (dict(another(3)), {}, {"catalogue.toml": "?"}, {"catalogue.toml": 1}, [1])
    for body in (*map(stored, readable), b"rommel", zlib.compress(b"{")):
        world.database.run(lambda tx, body=body: plant(tx, other, body))
        fresh = RulesInUse(world.database)
        fresh.refresh()
        assert fresh.current == no_rules()
    in_use.refresh()
    assert in_use.current.digest == other, "what a process holds was whole when it read it"


def test_a_set_that_does_not_load_is_told_which_file_and_why(book: Book) -> None:
    with pytest.raises(SignalIndexError) as error:
        book.propose("f.beheer", {**bundled(), GRANT: "permit"})
    assert error.value.code == "rules"
    assert error.value.violations[0][0] == GRANT  # type: ignore[attr-defined]


def test_the_set_up_proposes_only_while_nobody_administers(book: Book, world: Any) -> None:
    setting_up = Actor.in_all_roles(SET_UP, None, second_factor=True, token_id="test")

    def job(tx: Any) -> Any:
        return propose_rules(tx, setting_up, another(), world.clock)

    assert book.refused(world.database.run, job) == "set-up-over"
    for each in ("f.beheer", "f.tweede"):
        book.hire(each)
    assert world.database.run(job).proposed_by == SET_UP


def test_a_set_is_named_by_twelve_digits_if_no_other_begins_so(book: Book, world: Any) -> None:
    digest = book.propose("f.beheer")

    def find(digits: str) -> str:
        return str(world.database.run(lambda tx: named(tx, digits)).digest)

    assert find(digest[:12]) == find(digest.upper()) == digest
    assert book.refused(find, digest[:11]) == "no-rule-set"
    twin = replace(book.held(digest), digest=digest[:12] + "0" * 52)
    world.database.run(lambda tx: tx.rulebook.put(twin, another()))
    assert book.refused(find, digest[:12]) == "rules-ambiguous"
    assert find(digest[:13]) == digest


class _Undo(Exception):
    """Ends a transaction without a trace."""


@pytest.mark.parametrize("roles", [*allowed_sets()], ids=lambda roles: "+".join(sorted(roles)) or "none")
def test_one_person_puts_no_rules_in_force_whatever_she_does(book: Book, roles: frozenset[Role]) -> None:
    """Any three acts in any order on a set of her own and on somebody else's, each act in each of her roles."""
    own, honest = another(1), book.propose("f.beheer", another(2))
    book.hire("x.zij", *roles)
    now, done = book.world.clock, 0
    acts = [
        lambda tx, actor: propose_rules(tx, actor, own, now),
        *(
            lambda tx, actor, act=act, digest=digest: act(tx, actor, digest, now)
            for act, digest in product((approve_rules, refuse_rules), (load(own).digest, honest))
        ),
    ]

    def job(tx: Any, order: Any) -> None:
        nonlocal done
        for act, role in product(order, sorted(roles) or [Role.TEAM_MEMBER]):
            with suppress(SignalIndexError):
                act(tx, book.actor(tx, "x.zij", role))
                done += 1
            assert tx.rulebook.adopted() == RELEASED
        raise _Undo

    for order in permutations(acts, 3):
        with suppress(_Undo):
            book.world.database.run(lambda tx, order=order: job(tx, order))
    assert (done > 0) == bool(roles & {Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER})
    assert book.counting == RELEASED
