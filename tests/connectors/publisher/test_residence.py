"""Flags follow the person: withdrawn while she lives elsewhere, and back, in whatever order that is told."""

import itertools
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.cli import commands, connector
from connectors.config import Restrictions, Setup, SetupFault
from connectors.reading import Residence
from connectors.state import State, StateFault
from connectors.state.schema import FORMAT
from crypto.chain import Bsn

HERE, THERE = "0344", "0307"


def lives(person: Bsn, municipality: str | None, day: int = 10) -> Residence:
    return Residence(person, municipality, datetime(2026, 11, day, tzinfo=UTC), "brp.json: personen[0]")


@pytest.fixture
def local(new_source: Any, tmp_path: Path) -> Any:
    """A source whose index is one of municipality 0344 alone."""
    made = new_source(tmp_path / "local", municipalities=frozenset({HERE}))
    yield made
    made.state.close()


def told(source: Any, chain: Any, *readings: Any) -> Any:
    taken = source.ingest(*readings)
    source.publisher.send(chain)
    return taken


def test_who_moves_away_is_withdrawn_and_who_comes_back_is_asserted(
    local: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    told(local, chain, observe(people[0]), lives(people[0], HERE, 1))
    before = index.holds()
    assert len(before) == 1
    taken = told(local, chain, lives(people[0], THERE, 2))
    assert (taken.set_to_withdraw, taken.set_to_withdraw_moved) == (1, 1)
    assert index.holds() == {}
    taken = told(local, chain, lives(people[0], HERE, 3))
    assert (taken.set_to_assert, taken.set_to_withdraw) == (1, 0)
    assert index.holds() == before


@pytest.mark.parametrize("municipality", [THERE, None], ids=["elsewhere", "abroad"])
def test_what_begins_while_she_lives_elsewhere_is_not_published(
    municipality: str | None, local: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    told(local, chain, lives(people[0], municipality), observe(people[0]), observe(people[1]))
    assert len(index.holds()) == 1, "only who lives here, or of whom nothing is known"


def test_every_flag_of_hers_goes_and_nobody_elses(
    local: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    debt = {"source": "kvk:99030055", "type": "schuldhulptraject"}
    told(local, chain, *(observe(p, **kind) for p in people[:2] for kind in ({}, debt)))
    told(local, chain, lives(people[0], THERE))
    assert {person for person, _, _ in index.holds()} == {parties.pseudonym(people[1])}
    assert len(index.holds()) == 2


def test_a_traject_that_ended_meanwhile_does_not_come_back(
    local: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    told(local, chain, observe(people[0]))
    told(local, chain, lives(people[0], THERE, 2))
    told(local, chain, observe(people[0], end="2026-11-05", stated="2026-11-06"), lives(people[0], HERE, 8))
    assert index.holds() == {}


STATEMENTS = [(HERE, 1), (THERE, 2), (None, 3), (HERE, 4), (THERE, 5)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::17])
def test_the_statement_made_last_counts_in_whatever_order_they_come(
    order: tuple[int, ...], local: Any, observe: Any, people: list[Bsn]
) -> None:
    local.ingest(observe(people[0]), *(lives(people[0], *STATEMENTS[n]) for n in order))
    assert local.state.residences.is_outside(people[0], frozenset({HERE}))
    assert not local.state.residences.is_outside(people[0], frozenset({THERE}))
    local.ingest(lives(people[0], HERE, 6), *(lives(people[0], *STATEMENTS[n]) for n in order))
    (stream, _) = local.state.streams.all()[:2]
    wish = local.state.wishes.get(local.state.wishes.key_of_person(stream.stream_id, people[0]))
    assert wish is not None
    assert wish.intent == "keep"


def test_a_region_that_grows_or_shrinks_is_acted_on_without_new_messages(
    local: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], parties: Any
) -> None:
    told(
        local, chain, observe(people[0]), observe(people[1]), lives(people[0], HERE), lives(people[1], THERE)
    )
    here, there = parties.pseudonym(people[0]), parties.pseudonym(people[1])
    expected = [({HERE, THERE}, {here, there}), ({THERE}, {there}), ({HERE}, {here})]
    for municipalities, left in expected:
        local.setup = replace(local.setup, municipalities=frozenset(municipalities))
        told(local, chain)
        assert {person for person, _, _ in index.holds()} == left


def test_without_municipalities_nobody_is_withdrawn_and_nothing_is_kept(
    local: Any, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    told(local, chain, observe(people[0]), lives(people[0], THERE))
    local.setup = replace(local.setup, municipalities=frozenset())
    told(local, chain, lives(people[0], THERE, 12))
    assert len(index.holds()) == 1
    assert not local.state.residences.is_outside(people[0], frozenset({HERE}))


def test_where_she_lives_stands_nowhere_in_the_clear(local: Any, people: list[Bsn]) -> None:
    local.ingest(lives(people[0], "0599"))
    content = local.state_bytes()
    assert people[0].digits.encode() not in content
    assert b"0599" not in content


def test_a_death_is_told_wherever_she_lives(
    new_source: Any, tmp_path: Path, chain: Any, index: Any, observe: Any, people: list[Bsn]
) -> None:
    source = new_source(
        tmp_path / "both", municipalities=frozenset({HERE}), restrictions=Restrictions(format="test")
    )
    told(source, chain, lives(people[0], THERE), observe(people[0], source="brp", type="overleden"))
    assert len(index.dead) == 1
    source.state.close()


# --- States of an earlier version -------------------------------------------------------------------------------


def test_a_state_of_a_later_version_is_left_alone(new_source: Any, tmp_path: Path) -> None:
    source = new_source(tmp_path / "later")
    source.state.close()
    path = source.setup.state_path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE state SET format = ?", (FORMAT + 1,))
        connection.commit()
    with pytest.raises(StateFault, match="version"):
        State.open(path, source.setup.secrets, source.setup.manifest.scope)


# --- Settings and the command -----------------------------------------------------------------------------------


def write_config(parties: Any, folder: Path, lines: str) -> Path:
    parties.publisher.save(folder / "keys.json")
    parties.manifest.save(folder / "manifest.json")
    path = folder / "connector.toml"
    path.write_text(
        f'environment = "dev"\npublisher = "{parties.publisher.publisher}"\nkeys = "keys.json"\n'
        'manifest = "manifest.json"\nfirst_hop = "http://127.0.0.1:1"\nstate = "state.sqlite"\n'
        f"items_per_batch = 8\n{lines}\n"
    )
    return path


def test_settings_name_municipalities_and_where_deaths_come_from(parties: Any, tmp_path: Path) -> None:
    setup = Setup.read(write_config(parties, tmp_path, f'municipalities = ["{HERE}"]\n[restrictions]'))
    assert setup.municipalities == {HERE}
    assert setup.restrictions == Restrictions(source="brp", format="brp")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('municipalities = ["344"]', "municipalities"),
        ('municipalities = ["GM0344"]', "municipalities"),
        ('[restrictions]\nsource = "a b"', "restrictions.source"),
        ('[[publications]]\nsource = "brp"\ntype = "overleden"', "is no flag"),
    ],
)
def test_wrong_settings_say_where(lines: str, said: str, parties: Any, tmp_path: Path) -> None:
    with pytest.raises(SetupFault, match=said):
        Setup.read(write_config(parties, tmp_path, lines))


def test_the_command_counts_who_moved_away_and_names_nobody(
    parties: Any, people: list[Bsn], tmp_path: Path
) -> None:
    lines = (
        f'municipalities = ["{HERE}"]\n[restrictions]\n'
        '[[publications]]\nsource = "brp"\ntype = "onder-curatele"\nformat = "brp"\n'
    )
    config = write_config(parties, tmp_path, lines)
    answer = tmp_path / "antwoord.json"
    person = f'"burgerservicenummer": "{people[0].digits}", "indicatieCurateleRegister": true'
    dead = f'{{"burgerservicenummer": "{people[1].digits}", "overlijden": {{}}}}'
    CliRunner().invoke(commands.init, [str(config)])
    outputs = []
    for code in (HERE, THERE):
        answer.write_text(f'[{{{person}, "gemeenteVanInschrijving": {{"code": "{code}"}}}}, {dead}]')
        outputs.append(CliRunner().invoke(commands.publish, [str(config), "brp", str(answer)]).output)
    assert "deaths: 1 to tell, 0 to take back" in outputs[0]
    assert "moved away: 1 of the flags to withdraw" in outputs[1]
    status = CliRunner().invoke(connector, ["status", str(config)]).output
    assert "\noverleden: 0 at the index, 1 to send" in status
    assert not any(person.digits in text for person in people[:2] for text in (*outputs, status))


def test_a_record_that_says_nothing_new_changes_nothing(
    local: Any, chain: Any, observe: Any, people: list[Bsn]
) -> None:
    told(local, chain, observe(people[0]), lives(people[0], HERE))
    taken = told(local, chain, lives(people[0], HERE, 11))
    assert (taken.set_to_assert, taken.set_to_withdraw) == (0, 0)
