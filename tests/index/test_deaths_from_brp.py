"""From a BRP answer to a real index, over both hops: a death removes flags, and taking it back lets them return."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest

from connectors.config import Publication, Restrictions, Setup
from connectors.formats import find
from connectors.publisher import MessageFile, Publisher
from connectors.state import State
from crypto.answers import Acknowledgement, Refusal, Reply, verify
from crypto.batch import Batch
from crypto.chain import Bsn

WMO = ("agb:00000001", "wmo-voorziening")


class Connector:
    """A publisher's connector with a state of its own, whose batches go over both hops into the world's index."""

    def __init__(self, world: Any, oin: str, **settings: Any) -> None:
        self._world = world
        setup = Setup(
            secrets=world.senders[oin].secrets,
            manifest=world.manifest,
            first_hop="http://127.0.0.1:1",
            state_path=world.folder / f"state-{oin}.sqlite",
            items_per_batch=world.N,
            caseload=None,
            **settings,
        )
        State.create(setup.state_path, setup.secrets, setup.manifest.scope)
        self.state = State.open(setup.state_path, setup.secrets, setup.manifest.scope)
        self._publisher = Publisher(setup, self.state, lambda: world.clock)

    def deliver(self, batch: Batch) -> Acknowledgement | Refusal:
        """Take a batch over both hops and read the index's signed answer."""
        response = self._world.post(self._world.hopped(batch))
        answer = verify(response.content, self._world.manifest.index.verify_key)
        assert not isinstance(answer, Reply)
        return answer

    def publish(self, format_name: str, *contents: bytes) -> Any:
        """Take messages in and send what follows, as `connector publish` does."""
        files = [
            MessageFile(f"bericht-{number}", self._world.clock, partial(BytesIO, content))
            for number, content in enumerate(contents)
        ]
        today = self._world.clock.date()
        taken = self._publisher.ingest(find(format_name).reader(), format_name, files, today)
        assert not taken.quarantined
        return self._publisher.send(self)


@pytest.fixture
def world(new_world: Callable[..., Any]) -> Any:
    """One world in which BRP is registered."""
    return new_world(with_brp=True)


@pytest.fixture
def connect(world: Any) -> Iterator[Callable[..., Connector]]:
    """Makes connectors onto the world's index."""
    made: list[Connector] = []

    def make(oin: str, **settings: Any) -> Connector:
        made.append(Connector(world, oin, **settings))
        return made[-1]

    yield make
    for connector in made:
        connector.state.close()


def wmo_lines(*persons: Bsn) -> bytes:
    """Wmo help for persons, as a source without a standard writes it."""
    source, kind = WMO
    told = {"traject": "T-1", "bron": source, "soort": kind, "begin": "2025-04-01", "einde": None}
    return "\n".join(json.dumps({**told, "bsn": person.digits}) for person in persons).encode()


def answer(*alive: Bsn, dead: Sequence[Bsn] = ()) -> bytes:
    """What BRP answers to the question of `connectors.brp.questions`."""
    death = {
        "overlijden": {"datum": {"type": "JaarDatum", "jaar": 2026, "langFormaat": "2026"}},
        "opschortingBijhouding": {"reden": {"code": "O", "omschrijving": "overlijden"}},
    }
    persons = [
        {
            "burgerservicenummer": person.digits,
            "gemeenteVanInschrijving": {"code": "0344", "omschrijving": "Utrecht"},
            **(death if person in dead else {}),
        }
        for person in (*alive, *dead)
    ]
    return json.dumps({"type": "RaadpleegMetBurgerservicenummer", "personen": persons}).encode()


def test_a_death_in_brp_removes_her_flags_and_a_correction_lets_them_come_back(
    world: Any, connect: Callable[..., Connector]
) -> None:
    dies, lives = world.PEOPLE[:2]
    source = connect(world.GEMEENTE, publications=(Publication(source=WMO[0], type=WMO[1]),))
    brp = connect(world.BRP, publications=(), restrictions=Restrictions())
    rows = {person: world.relation() for person in (dies, lives)}
    world.register_relations(*rows.items())

    def seen(person: Bsn) -> Any:
        """What her worker sees: flags by their type, or the status that refuses."""
        response = world.look(rows[person].relation_id)
        return [each["soort"] for each in response.json()["signalen"]] or response.status_code

    def stored() -> int:
        return int(world.database.run(lambda tx: tx.series.current(*WMO)).row_count)

    source.publish("jsonl", wmo_lines(dies, lives))
    assert world.look(rows[lives].relation_id).status_code == 503, "not before it is known who died"
    brp.publish("brp", answer(dies, lives))
    assert (seen(dies), seen(lives), stored()) == ([WMO[1]], [WMO[1]], 2)

    brp.publish("brp", answer(lives, dead=[dies]))
    assert world.look(rows[dies].relation_id).content == world.look(bytes(range(16))).content
    assert (seen(lives), stored()) == ([WMO[1]], 1)
    world.clock += timedelta(days=190)
    assert source.publish("jsonl").asserted == 2, "the source reminds of both: it knows nothing of the death"
    assert stored() == 1

    brp.publish("brp", answer(dies, lives))
    assert stored() == 1, "taking it back stores nothing by itself"
    world.clock += timedelta(days=190)
    source.publish("jsonl")
    assert stored() == 2
    assert [each.event for each in world.records("restriction.stored", "restriction.revoked")] == [
        "restriction.revoked",
        "restriction.stored",
    ]
