"""The status of a publisher in words, and what needs a person."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from connectors.cli import connector
from connectors.cli.status import STALE_DAYS, attention, refused_files, standings_of, words
from connectors.config import Restrictions
from connectors.reading import Quarantined
from connectors.service.settings import Folder, Running
from crypto.chain import Bsn

TODAY = date(2026, 11, 22)
WMO = "agb:99010011 wmo-voorziening"
DEBTS = "kvk:99030055 schuldhulptraject"


def needed(source: Any, *, days: int = 0) -> list[str]:
    """Codes of what needs a person, so many days from now; `about: code` for what is about one stream."""
    at = source.clock.now + timedelta(days=days)
    found = attention(source.state, list(standings_of(source.setup, source.state)), STALE_DAYS, at)
    return [
        f"{each.code} {each.sentence.partition(': ')[0]}" if ": " in each.sentence else each.code
        for each in found
    ]


def said(source: Any, *, days: int = 0) -> dict[str, str]:
    """The line of each stream, so many days from now."""
    lines = [words(each, TODAY + timedelta(days=days)) for each in standings_of(source.setup, source.state)]
    return dict(line.split(": ", 1) for line in lines)


@pytest.fixture
def settled(source: Any, chain: Any, observe: Any, people: list[Bsn]) -> Any:
    """A publisher whose flags are all at the index."""
    source.setup = replace(source.setup, caseload=None)
    source.ingest(observe(people[0]), observe(people[1]))
    source.publisher.send(chain)
    return source


def test_a_publisher_whose_flags_are_all_at_the_index_needs_nobody(settled: Any) -> None:
    assert needed(settled) == []
    assert said(settled) == {
        WMO: "2 at the index, 0 to send, up to date to 2026-11-22 (today), to be asserted again from 2027-05",
        DEBTS: "0 at the index, 0 to send, up to date to 2026-11-22 (today)",
    }


def test_before_the_first_message_every_source_of_the_settings_is_waited_for(source: Any) -> None:
    source.setup = replace(source.setup, caseload=None)
    assert needed(source) == [f"never-read {WMO}", f"never-read {DEBTS}"]
    assert said(source)[WMO] == "0 at the index, 0 to send, no messages taken in yet"


@pytest.mark.parametrize(
    ("days", "codes"), [(STALE_DAYS, []), (STALE_DAYS + 1, [f"stale {WMO}", f"stale {DEBTS}"])]
)
def test_a_source_may_stay_away_so_long(days: int, codes: list[str], settled: Any) -> None:
    assert needed(settled, days=days) == codes
    assert f"up to date to 2026-11-22 ({days} days ago)" in said(settled, days=days)[WMO]


def test_flags_that_were_not_asserted_again_in_their_month_are_told_from_the_next(
    settled: Any, chain: Any
) -> None:
    settled.ingest(as_of=date(2027, 5, 31))
    in_time, too_late = (date(2027, 5, 31) - TODAY).days, (date(2027, 6, 1) - TODAY).days
    assert needed(settled, days=in_time) == []
    assert needed(settled, days=too_late) == [f"not-reasserted {WMO}"]
    settled.clock.now += timedelta(days=too_late)
    settled.publisher.send(chain)
    assert needed(settled) == []
    assert "to be asserted again from 2027-12" in said(settled)[WMO]


def test_what_waits_is_told_when_the_index_is_silent_for_a_day(
    settled: Any, observe: Any, people: list[Bsn]
) -> None:
    settled.ingest(observe(people[2]))
    assert "2 at the index, 1 to send" in said(settled)[WMO]
    assert needed(settled, days=1) == []
    assert needed(settled, days=2) == ["not-sent"]


def test_what_the_index_does_not_know_yet_is_told(settled: Any, observe: Any, people: list[Bsn]) -> None:
    settled.ingest(observe(people[2]), as_of=date(2026, 11, 23))
    assert (
        "up to date to 2026-11-23 (yesterday), the index knows up to 2026-11-22" in said(settled, days=2)[WMO]
    )


def test_what_was_set_aside_needs_a_person(settled: Any) -> None:
    settled.ingest(Quarantined("bsn-invalid", "a.xml:3"), name="a.xml")
    assert needed(settled) == ["quarantine"]


def test_a_refused_file_needs_a_person_until_it_is_gone(tmp_path: Path) -> None:
    running = Running(inbox=(Folder(kind="folder", folder=tmp_path, format="csv"),))
    assert list(refused_files(running)) == []
    (tmp_path / "refused").mkdir()
    for name in ("a.csv", "a.csv.reason"):
        (tmp_path / "refused" / name).touch()
    (found,) = refused_files(running)
    assert (found.code, found.sentence.partition(",")[0]) == ("refused", "inbox-1: 1 in its folder refused")
    (tmp_path / "refused" / "a.csv").unlink()
    assert list(refused_files(running)) == []


def test_a_source_that_left_the_settings_is_told_while_the_index_holds_something(settled: Any) -> None:
    settled.setup = replace(settled.setup, publications=())
    assert needed(settled) == [f"not-in-settings {WMO}"]
    assert said(settled)[DEBTS].endswith("not in the settings")


def test_relations_nobody_feeds_are_not_waited_for(source: Any, chain: Any) -> None:
    source.ingest()
    source.publisher.send(chain)
    assert needed(source) == ["never-read care relations"]
    source.setup = replace(source.setup, caseload=None)
    assert needed(source) == []


def test_deaths_are_in_the_settings_when_somebody_is_to_tell_them(source: Any, chain: Any) -> None:
    source.setup = replace(source.setup, caseload=None, restrictions=Restrictions(format="test"))
    source.ingest()
    source.publisher.send(chain)
    assert needed(source) == []
    assert said(source)["overleden"].startswith("0 at the index, 0 to send, up to date to 2026-11-22")
    source.setup = replace(source.setup, restrictions=None)
    assert said(source)["overleden"].endswith("not in the settings")


@pytest.mark.parametrize("check", [True, False])
def test_only_when_asked_is_it_the_exit_status(
    check: Any, source: Any, write_config: Callable[..., Path]
) -> None:
    config = write_config(source.setup.state_path.parent)
    source.ingest(Quarantined("bsn-invalid", "a.xml:3"), name="a.xml")
    options = ["--check"] if check else []
    result = CliRunner().invoke(connector, ["status", str(config), "--json", *options])
    found = json.loads(result.stdout)
    assert result.exit_code == found["status"] == (4 if check else 0)
    assert found["attention"][0]["code"] == "quarantine"
    assert (found["quarantined"], found["heard_at"]) == ({"bsn-invalid": 1}, None)
    shown = CliRunner().invoke(connector, ["status", str(config), *options]).stdout
    assert "the index was last heard: never" in shown
    assert "needs a person: quarantine: 1 set aside; see `connector quarantine list`" in shown
