"""Deaths are wishes like flags: told once, taken back, made into complete sets, and never reminded of."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.config import Restrictions
from connectors.reading import Kind, Nothing, Observation, SourceUnavailable
from crypto.batch import BatchClass
from crypto.chain import Bsn
from crypto.sheet import BeperkingOperation, BeperkingRow

KIND = ("", "overleden")


@pytest.fixture
def brp(new_source: Any, tmp_path: Path) -> Any:
    """A publisher that tells who has died, and nothing else."""
    made = new_source(
        tmp_path / "brp",
        publications=(),
        caseload=None,
        restrictions=Restrictions(format="test"),
    )
    yield made
    made.state.close()


@pytest.fixture
def death(observe: Any) -> Any:
    """What BRP says: that somebody died, or that she did not."""

    def say(
        person: Bsn, day: str | None = "2026-11-01", *, alive: bool = False, stated: int = 2
    ) -> Observation:
        kind = Kind.NOT_A_TRAJECT if alive else Kind.STATE
        reading: Observation = observe(
            person,
            None if alive else day,
            source="brp",
            type="overleden",
            traject="overleden",
            kind=kind,
            stated=f"2026-11-{stated:02}",
            replaces=True,
        )
        return reading

    return say


def test_deaths_make_a_complete_set_of_their_own_class(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn], parties: Any
) -> None:
    taken = brp.ingest(
        *(death(person) for person in people[:20]), *(death(p, alive=True) for p in people[20:40])
    )
    sent = brp.publisher.send(chain)
    assert (taken.set_to_restrict, taken.set_to_revoke, sent.asserted, sent.withdrawn) == (20, 0, 20, 0)
    assert set(index.dead) == {parties.pseudonym(person) for person in people[:20]}
    assert index.series[KIND][-1].sealed
    assert [row for row in index.seen_operations if "in-sync" in row] == []
    assert brp.publisher.send(chain).batches == 0


def test_a_death_without_a_day_is_a_death(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    taken = brp.ingest(death(people[0], None))
    brp.publisher.send(chain)
    assert not taken.quarantined
    assert len(index.dead) == 1


def test_a_mistake_is_taken_back_and_can_be_made_again(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    for stated, alive, dead in ((2, False, 1), (3, True, 0), (4, False, 1), (3, True, 1)):
        brp.ingest(death(people[0], alive=alive, stated=stated))
        brp.publisher.send(chain)
        assert len(index.dead) == dead


def test_another_day_of_death_is_no_news(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    brp.ingest(death(people[0]))
    brp.publisher.send(chain)
    assert brp.ingest(death(people[0], "2026-10-01", stated=3)).set_to_restrict == 0
    assert brp.publisher.send(chain).batches == 0


def test_a_death_is_not_repeated_when_months_have_passed(
    brp: Any, chain: Any, death: Any, people: list[Bsn]
) -> None:
    brp.ingest(death(people[0]))
    brp.publisher.send(chain)
    brp.clock.now += timedelta(days=400)
    assert brp.publisher.send(chain).batches == 0


def test_a_restored_index_gets_them_all_again(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    brp.ingest(death(people[0]), death(people[1]))
    brp.publisher.send(chain)
    brp.ingest(death(people[1], alive=True, stated=3))
    index.restore()
    brp.clock.now += timedelta(days=1)
    brp.publisher.send(chain)
    assert len(index.dead) == 1
    assert index.series[KIND][-1].sealed


def test_while_brp_does_not_answer_the_set_is_not_sealed(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    brp.ingest(death(people[0]), SourceUnavailable("brp.json", "brp", None, "not-entitled"))
    brp.publisher.send(chain)
    assert len(index.dead) == 1, "what was read is told"
    assert not index.series[KIND][-1].sealed
    brp.ingest(Nothing("nothing-found", "brp.json", "brp"), as_of=date(2026, 11, 23))
    brp.publisher.send(chain)
    assert index.series[KIND][-1].sealed


def test_messages_of_another_format_do_not_seal_the_set(brp: Any, chain: Any, index: Any) -> None:
    brp.ingest(fmt="iwmo")
    brp.publisher.send(chain)
    assert KIND not in index.series


def test_deaths_go_before_flags(
    new_source: Any, tmp_path: Path, chain: Any, index: Any, death: Any, observe: Any, people: list[Bsn]
) -> None:
    source = new_source(tmp_path / "all", restrictions=Restrictions(format="test"))
    order: list[BatchClass] = []
    chain.before = lambda batch: order.append(batch.header.batch_class)
    source.ingest(observe(people[0]), death(people[1]))
    source.publisher.send(chain)
    assert (len(index.dead), len(index.flags)) == (1, 1)
    classes = [each for each in order if each is not BatchClass.PROEF]
    assert BatchClass.BEPERKING not in classes[classes.index(BatchClass.SIGNAAL) :]
    source.state.close()


def test_a_row_the_index_refuses_is_set_aside_and_the_rest_is_told(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    refused: list[BeperkingRow] = []

    def refuse(row: Any) -> str | None:
        if row.operation is BeperkingOperation.ASSERT and not refused:
            refused.append(row)
            return "malformed-row"
        return None

    index.refuses = refuse
    brp.ingest(death(people[0]), death(people[1]))
    assert brp.publisher.send(chain).quarantined == {"malformed-row": 1}
    assert len(index.dead) == 1
    assert index.series[KIND][-1].sealed


def test_deaths_of_a_source_the_settings_do_not_name_are_set_aside(
    source: Any, death: Any, people: list[Bsn]
) -> None:
    assert source.ingest(death(people[0])).quarantined == {"source-not-registered": 1}


def test_the_set_goes_on_when_its_source_gets_another_name(
    brp: Any, chain: Any, index: Any, death: Any, people: list[Bsn]
) -> None:
    brp.ingest(death(people[0]))
    brp.publisher.send(chain)
    brp.setup = replace(brp.setup, restrictions=Restrictions(source="gemeente:0344", format="test"))
    brp.ingest(death(people[0], alive=True, stated=3)._replace(source="gemeente:0344"))
    assert brp.publisher.send(chain).withdrawn == 1
    assert index.dead == {}
    assert [each.generation for each in index.series[KIND]] == [1]
