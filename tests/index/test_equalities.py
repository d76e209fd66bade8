"""The two equalities, read as bytes, and that there is no third answer about a person.

(a) A case that is not in the worker's caseload is one answer, whatever the reason.
(b) With a live relation, "nothing there" and "nothing you may see" are one answer.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.batch import BatchClass
from crypto.sheet import ZorgrelatieOperation, ZorgrelatieRow

SOURCES = {
    ("agb:00000001", "wmo-voorziening"): "GEMEENTE",
    ("agb:00000002", "wmo-voorziening"): "GEMEENTE",
    ("agb:00000003", "jeugdhulp"): "GEMEENTE",
    ("kvk:00000004", "schuldhulptraject"): "ZORG",
}
PURPOSES = ("voorbereiding-huisbezoek", "schuldhulp-afstemming", "toets-zelfredzaamheid")
SINCE = st.sampled_from(["2024-01", "2025-06", "2026-02"])
# Which flags each of three people has: the same shape of world, with other things hidden in it.
WORLDS = st.fixed_dictionaries(
    {pair: st.dictionaries(st.integers(0, 2), SINCE, max_size=3) for pair in SOURCES}
)
TOGETHER = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _build(world: Any, flags: dict[tuple[str, str], dict[int, str]]) -> None:
    for (source, kind), holders in flags.items():
        wishes = {world.PEOPLE[person]: since for person, since in holders.items()}
        world.publish(getattr(world, SOURCES[source, kind]), source, kind, wishes)


def _relations(world: Any) -> dict[str, Any]:
    """Every kind of case a worker may ask about without it being hers to see, and one that is."""
    return {
        "live": world.relation(case_reference="WT-2026-0001"),
        "colleague": world.relation(case_reference="WT-2026-0002", worker="w.twee"),
        "unconfirmed": world.relation(case_reference="WT-2026-0003", registered_by="w.een"),
        "run out": world.relation(case_reference="WT-2026-0004", valid_until=date(2026, 3, 2)),
        "not begun": world.relation(case_reference="WT-2026-0005", valid_from=date(2026, 3, 4)),
        "ended": world.relation(case_reference="WT-2026-0006"),
        "other team": world.relation(case_reference="WT-2026-0008", team="zuid"),
        "taken back": world.relation(case_reference="WT-2026-0007"),
    }


@TOGETHER
@given(flags=WORLDS, purpose=st.sampled_from(PURPOSES))
def test_every_case_outside_the_caseload_is_the_same_bytes(
    new_world: Callable[..., Any], flags: dict[tuple[str, str], dict[int, str]], purpose: str
) -> None:
    world = new_world()
    _build(world, flags)
    rows = _relations(world)
    world.register_relations(*zip(world.PEOPLE, rows.values(), strict=False))
    ended = ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=rows["ended"].relation_id,
        generation=1,
        organisation=world.GEMEENTE,
        valid_until=date(2026, 3, 2),
    )
    mistake = replace(
        ended,
        operation=ZorgrelatieOperation.WITHDRAW_MISTAKE,
        relation_id=rows["taken back"].relation_id,
        valid_until=None,
    )
    persons = dict(zip(rows, world.PEOPLE, strict=False))
    items = [(persons["ended"], ended), (persons["taken back"], mistake)]
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, items)
    unknown = world.look(bytes(range(16)), purpose=purpose)
    for name, row in rows.items():
        if name != "live":
            answer = world.look(row.relation_id, purpose=purpose)
            assert (answer.status_code, answer.content) == (404, unknown.content), name
            assert _quiet(answer.headers) == _quiet(unknown.headers), name


@TOGETHER
@given(hidden=st.dictionaries(st.integers(0, 2), SINCE, min_size=1, max_size=3))
def test_nothing_there_and_nothing_you_may_see_are_the_same_bytes_and_work(
    new_world: Callable[..., Any], hidden: dict[int, str]
) -> None:
    # For this purpose youth care may not be seen; whether it is there must make no difference.
    purpose = "schuldhulp-afstemming"
    answers, work = [], []
    for holders in ({}, hidden):
        world = new_world()
        _build(world, {("agb:00000003", "jeugdhulp"): holders})
        row = world.relation(relation_id=bytes([7] * 16))
        world.register_relations((world.PEOPLE[0], row))
        world.publish_nothing_else()
        statements, opened = _watched(world, row.relation_id, purpose)
        answers.append(opened)
        work.append(statements)
    assert answers[0] == answers[1]
    assert work[0] == work[1]


@TOGETHER
@given(others=WORLDS)
def test_flags_of_other_people_change_nothing(
    new_world: Callable[..., Any], others: dict[tuple[str, str], dict[int, str]]
) -> None:
    answers = []
    nobody: dict[tuple[str, str], dict[int, str]] = {pair: {} for pair in SOURCES}
    for flags in (nobody, others):
        world = new_world()
        _build(world, flags)
        row = world.relation(relation_id=bytes([7] * 16))
        world.register_relations((world.PEOPLE[9], row))
        answers.append(world.masked(world.look(row.relation_id)))
    assert answers[0] == answers[1]


def test_masking_hides_the_receipt_and_nothing_else(world: Any) -> None:
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    first = world.look(row.relation_id)
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {world.PEOPLE[0]: "2025-11"})
    second = world.look(row.relation_id)
    assert first.content != second.content
    assert world.masked(first) != world.masked(second)


def _watched(world: Any, relation_id: bytes, purpose: str) -> tuple[list[str], bytes]:
    """Every statement one look sends to the database, with the answer."""
    statements: list[str] = []
    world.watch(statements)
    answer = world.masked(world.look(relation_id, purpose=purpose))
    return [statement.split(" VALUES")[0] for statement in statements], answer


def _quiet(headers: Any) -> dict[str, str]:
    """Headers without the one that names the request."""
    return {name: value for name, value in headers.items() if name not in {"x-request-id", "traceparent"}}
