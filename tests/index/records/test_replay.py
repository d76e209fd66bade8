"""A recorded look is decided again by its own rules and facts, gives the same answer, and says so loudly if not."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.sheet import AgeBand
from policy.facts import LookupFacts
from policy.rulesets import bundled
from policy.vocabulary import LifeDomain
from signal_index.model import Actor, AuditEntry, LookupRequest
from signal_index.model.log import LOOKS
from signal_index.model.rulebook import Doubt
from signal_index.usecases.look_up import look_up
from signal_index.usecases.records.decisions import decision
from signal_index.usecases.rulebook.replaying import replay
from tests.support.rules import damage

Shell = Callable[..., Result]
T01 = "grants/T01-huisbezoek-wmo-2026-01-01.cedar"
HOME = "voorbereiding-huisbezoek"
Drawn = tuple[dict[str, Any], str, bool, LookupRequest]
PURPOSES = (HOME, "schuldhulp-afstemming", "toets-zelfredzaamheid", "nieuwsgierigheid")


def succeeding() -> Mapping[str, str]:
    """Another set, in which T01 is succeeded later this year, and a purpose is called otherwise from now on."""
    files = dict(bundled())
    later = files[T01].replace(
        '@geldig_van("2026-01-01")', '@geldig_van("2026-06-01")\n@vervangt("T01-huisbezoek-wmo-2026-01-01")'
    )
    files["grants/T01-huisbezoek-wmo-2026-06-01.cedar"] = re.sub(
        r'@uitleg_fg\(".*"\)', '@uitleg_fg("Een nieuwe tekst.")', later
    )
    old, new = 'label_nl = "Voorbereiding van een huisbezoek"', 'label_nl = "Op bezoek"'
    assert old in files["catalogue.toml"]
    files["catalogue.toml"] = files["catalogue.toml"].replace(old, new)
    return files


def with_too_many_types() -> Mapping[str, str]:
    """A set that loads, with more types for a home visit than one look-up may ask about."""
    files = dict(bundled())
    kind = re.search(r'\[\[type\]\]\ncode = "wmo-voorziening"\n(?:.+\n)+', files["catalogue.toml"])
    assert kind is not None
    more = (kind.group().replace('"wmo-voorziening"', f'"wmo-voorziening-{number}"') for number in range(64))
    files["catalogue.toml"] = "\n".join([files["catalogue.toml"], *more])
    return files


def again(world: Any, entry: AuditEntry) -> Any:
    return world.database.run(lambda tx: replay(tx, entry))


def newest(world: Any) -> AuditEntry:
    entry: AuditEntry = world.records(*LOOKS)[0]
    return entry


def named(entry: AuditEntry) -> str:
    return f"{entry.writer.hex()}/{entry.number}"


@st.composite
def looks(draw: st.DrawFn) -> Drawn:
    """What is otherwise about the relation, who asks, whether with a second factor, and the question."""
    relation = {
        "age_band": draw(st.sampled_from(AgeBand)),
        "shielded": draw(st.booleans()),
        "coordinator": draw(st.booleans()),
        "valid_until": draw(st.sampled_from([date(2026, 12, 31), date(2026, 12, 31), date(2026, 1, 31)])),
    }
    worker = draw(st.sampled_from(["w.een", "w.een", "w.een", "w.een", "w.twee", "p.officer"]))
    domains = draw(st.frozensets(st.sampled_from([each.value for each in LifeDomain]), max_size=2))
    second_factor = draw(st.sampled_from([True, True, True, False]))
    return relation, worker, second_factor, LookupRequest(b"", draw(st.sampled_from(PURPOSES)), domains)


def _kind(
    *, worker: str = "w.een", second_factor: bool = True, ask: str = HOME, area: str = "", **relation: Any
) -> Drawn:
    return relation, worker, second_factor, LookupRequest(b"", ask, frozenset({area} - {""}))


KINDS = (
    _kind(),
    _kind(shielded=True),
    _kind(age_band=AgeBand.UNKNOWN),
    _kind(area="jeugd-en-gezin"),
    _kind(ask="schuldhulp-afstemming"),
    _kind(ask="schuldhulp-afstemming", age_band=AgeBand.FROM_12_TO_15),
    _kind(ask="toets-zelfredzaamheid"),
    _kind(worker="w.twee"),
    _kind(worker="p.officer"),
    _kind(second_factor=False),
    _kind(ask="nieuwsgierigheid"),
    _kind(ask="schuldhulp-afstemming", area="jeugd-en-gezin"),
    _kind(valid_until=date(2026, 1, 31)),
)


def make_looks(world: Any, client: bytes) -> None:
    """Looks of every kind at one relation, and some drawn at random, each recorded."""
    relation = world.database.run(lambda tx: tx.relations.get(world.GEMEENTE, client))

    def make(drawn: Drawn) -> None:
        changes, worker, second_factor, request = drawn

        def job(tx: Any) -> None:
            tx.relations.put(replace(relation, **changes))
            member = tx.staff.get(worker)
            actor = Actor.in_all_roles(worker, member, second_factor=second_factor, token_id="test")
            look_up(tx, world.desk.rules, actor, replace(request, relation_id=client), world.clock)

        world.database.run(job)

    for kind in KINDS:
        make(kind)
    settings(max_examples=30, deadline=None, database=None)(given(drawn=looks())(make))()


def test_a_record_of_every_kind_replays_also_when_other_rules_count_and_a_year_has_passed(
    world: Any, client: bytes
) -> None:
    world.publish_nothing_else()
    make_looks(world, client)
    entries = world.records(*LOOKS)
    answered = [entry for entry in entries if entry.event == "lookup.answered"]
    assert len({tuple(entry.fields["allowed"]) for entry in answered}) >= 6
    assert {entry.fields["reason"] for entry in entries if entry.event == "lookup.refused"} == {
        "no-relation", "role", "second-factor", "unknown-purpose", "domains", "relation-not-live",
    }  # fmt: skip
    before = [again(world, entry) for entry in entries]
    world.succeed_rules(succeeding())
    world.clock += timedelta(days=366)
    for entry, then in zip(entries, before, strict=True):
        now = again(world, entry)
        assert (now is not None) == (entry.event == "lookup.answered")
        if now is not None:
            assert now.doubt is None
            assert now.rule_set == entry.fields["rule_set"] != world.desk.rules.digest
            assert now.decided.facts.canonical().decode() == entry.fields["facts"]
            assert dict(now.decided.decision.allowed) == dict(then.decided.decision.allowed)
            assert now.for_officer("nl") == then.for_officer("nl")


def test_what_the_rules_could_not_decide_is_on_record_and_replays(world: Any, client: bytes) -> None:
    world.succeed_rules(with_too_many_types())
    assert world.look(client).status_code == 503
    entry = newest(world)
    assert entry.fields["reason"] == "decision-fault"
    assert entry.fields["rule_set"] == world.desk.rules.digest
    exported = decision(entry, "regio-test")
    assert exported is not None
    assert exported["attributes"]["adl.core.policies"]["signal-index"]["version"] == world.desk.rules.digest
    found = again(world, entry)
    assert found.doubt is None
    assert found.for_officer("nl")[0].why == ("Er werden te veel soorten hulp tegelijk gevraagd.",)


@pytest.mark.parametrize(
    ("changed", "doubt"),
    [
        ({"rule_set": "ab" * 32}, Doubt.RULES_UNKNOWN),
        ({"facts": "{}]"}, Doubt.FACTS),
        ({"facts": '{"height":180}'}, Doubt.FACTS),
        ({"facts": None}, Doubt.FACTS),
        ({"allowed": []}, Doubt.OUTCOME),
        ({"allowed": None}, Doubt.OUTCOME),
        ({"rules": []}, Doubt.OUTCOME),
        ({"domains": ["wonen"]}, Doubt.OUTCOME),
        ({"purpose": "toets-zelfredzaamheid"}, Doubt.OUTCOME),
        ({"organisation": "00000099000000000009"}, Doubt.OUTCOME),
    ],
)
def test_a_record_that_was_altered_is_found_out(
    changed: dict[str, Any], doubt: Doubt, world: Any, client: bytes
) -> None:
    world.look(client)
    entry = newest(world)
    assert again(world, entry).doubt is None
    assert again(world, replace(entry, fields=entry.fields | changed)).doubt is doubt


def test_a_record_moved_to_another_day_is_found_out(world: Any, client: bytes) -> None:
    world.look(client)
    entry = newest(world)
    assert again(world, replace(entry, at=entry.at + timedelta(days=1))).doubt is Doubt.OUTCOME


@pytest.mark.parametrize("fact", ["shielded", "relation_live", "second_factor", "age_band"])
def test_a_fact_that_was_altered_is_found_out(fact: str, world: Any, client: bytes) -> None:
    world.look(client, purpose="schuldhulp-afstemming")
    entry = newest(world)
    facts = json.loads(str(entry.fields["facts"]))
    other = "0-11" if fact == "age_band" else not facts[fact]
    altered = json.dumps(facts | {fact: other})
    assert again(world, replace(entry, fields=entry.fields | {"facts": altered})).doubt is Doubt.OUTCOME


def test_rules_that_were_altered_explain_nothing(world: Any, client: bytes) -> None:
    world.look(client)
    damage(world.path)
    found = again(world, newest(world))
    assert (found.doubt, found.decided) == (Doubt.RULES_DAMAGED, None)
    assert found.for_officer("nl") == found.for_worker("nl") == ()


def test_the_facts_of_a_record_are_read_back_as_they_were(world: Any, client: bytes) -> None:
    world.look(client)
    text = str(newest(world).fields["facts"])
    assert LookupFacts.recorded(text).canonical().decode() == text
    odd = LookupFacts.recorded('{"age_band":"oud","on":"gisteren"}')
    assert {"bad-fact:age_band", "bad-fact:on", "missing-fact:role"} <= set(odd.faults())


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_explains_a_look_by_the_rules_of_then(world: Any, client: bytes, shell: Shell) -> None:
    world.look(client)
    entry, rules = newest(world), world.desk.rules
    world.succeed_rules(succeeding())
    result = shell("rules", "explain", named(entry), "--as", "p.officer")
    assert result.exit_code == 0, result.output
    assert f"rules: decided by rule set {rules.digest}" in result.output
    assert "Een wijkteammedewerker mag voor een huisbezoek soorten zien" in result.output
    assert "  Wat kan helpen:\n    Er is niets nodig." in result.output
    assert result.output.endswith("rules: decided again, with the same rules and outcome as recorded\n")
    read = world.records("look.read")[0]
    assert (read.fields["actor"], read.fields["token"][:11]) == ("p.officer", "os-account:")


def test_the_command_speaks_english_and_gives_what_the_worker_may_read(
    world: Any, client: bytes, shell: Shell
) -> None:
    world.look(client)
    options = ("--as", "p.officer", "--language", "en", "--worker")
    result = shell("rules", "explain", named(newest(world)), *options)
    assert result.exit_code == 0, result.output
    assert "You are going on a home visit." in result.output
    assert "regel" not in result.output


def test_the_command_says_of_a_refused_look_that_no_rule_was_asked(
    world: Any, client: bytes, shell: Shell
) -> None:
    world.look(client, "w.twee")
    result = shell("rules", "explain", named(newest(world)), "--as", "p.officer")
    assert result.exit_code == 0
    assert result.output.endswith("rules: refused before any rule was asked: no-relation\n")


def test_the_command_is_loud_about_a_look_that_does_not_replay(
    world: Any, client: bytes, shell: Shell
) -> None:
    world.look(client)
    damage(world.path)
    result = shell("rules", "explain", named(newest(world)), "--as", "p.officer")
    assert result.exit_code == 1
    assert "NOT AS RECORDED: what is kept under that digest is no longer those rules" in result.output


@pytest.mark.parametrize("who", ["w.een", "t.lead", "f.beheer"])
def test_nobody_but_a_privacy_officer_explains_a_look(
    who: str, world: Any, client: bytes, shell: Shell
) -> None:
    world.look(client)
    result = shell("rules", "explain", named(newest(world)), "--as", who)
    assert result.exit_code == 1
    assert "Besluit" not in result.output
    assert world.records("action.refused")[0].fields["actor"] == who


def test_a_record_that_is_no_look_cannot_be_explained(world: Any, client: bytes, shell: Shell) -> None:
    other = world.records("relation.registered")[0]
    result = shell("rules", "explain", named(other), "--as", "p.officer")
    assert result.exit_code == 1
    assert "Deze raadpleging is niet gevonden." in result.output
    assert shell("rules", "explain", "zomaar", "--as", "p.officer").exit_code == 2
