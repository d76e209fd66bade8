"""A restore says since when objections are lost, how many are left, and what people must do before anybody looks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from signal_index.usecases.workplace.impeded import restored_lately


def test_a_restore_says_since_when_objections_are_lost_and_what_to_do(office: Any, shell: Any) -> None:
    case = str(UUID(bytes=office.relation(case_reference="WT-2026-0147").relation_id))
    objected = shell("impediment", "object", case, "--from", "2026-05-01", "--as", "p.officer")
    assert objected.exit_code == 0, objected.output
    for day in ("2026-05-02", "2026-05-03"):
        words = ("--worker", "w.een", "--from", day, "--as", "t.lead")
        assert shell("impediment", "involve", case, *words).exit_code == 0
    newest = office.world.records()[0].at
    said = shell("db", "restored", "--clock-is-right")
    assert said.exit_code == 0, said.output
    assert (
        f"lost: every objection and involvement registered since {newest:%Y-%m-%d %H:%M} UTC" in said.output
    )
    assert "This backup holds 1 objections and 2 involvements." in said.output
    assert "Serve the surface workers after that." in said.output
    (record,) = office.world.records("index.restored")
    assert record.fields["newest"] == newest.isoformat()


def test_people_are_reminded_of_it_for_a_month(office: Any, shell: Any) -> None:
    office.relation()
    assert office.run(lambda tx: restored_lately(tx, office.world.clock)) is None
    newest = office.world.records()[0].at
    shell("db", "restored", "--clock-is-right")
    (record,) = office.world.records("index.restored")
    found = office.run(lambda tx: restored_lately(tx, record.at))
    assert (found.at, found.newest) == (record.at, newest)
    assert office.run(lambda tx: restored_lately(tx, record.at + timedelta(days=30))) is not None
    assert office.run(lambda tx: restored_lately(tx, record.at + timedelta(days=31))) is None
