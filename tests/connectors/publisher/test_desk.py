"""What a person at the source works with, by the real commands: the quarantine, one person, everybody.

The chain is silent here (exit status 3) where a command sends; what it was to send is then sent in memory.
"""

import csv
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.caseload import REASONS
from connectors.cli import connector
from connectors.cli.progress import Files
from connectors.cli.remedies import _TO_DO, _WHY, to_do, why
from connectors.cli.running import _message_file, now
from connectors.config import Restrictions
from connectors.explanations import EXPLANATIONS
from connectors.publisher import MessageFile
from connectors.reading import Quarantined
from connectors.state import DROPPED, QuarantineEntry, State, Way
from crypto.chain import Bsn
from tests.support.messages import RECEIVED

WMO = ("agb:99010011", "wmo-voorziening")
ORGANISATION = "00000099000000009958"
PUBLICATIONS = "".join(
    f'[[publications]]\nsource = "{source}"\ntype = "{type_code}"\n'
    for source, type_code in (WMO, ("kvk:99030055", "schuldhulptraject"))
)
TODAY = date(2026, 11, 22)
SILENT = 3


@pytest.fixture
def config(source: Any, write_config: Callable[..., Path]) -> Path:
    """Settings for the state of `source`."""
    return write_config(source.setup.state_path.parent, extra=PUBLICATIONS)


def run(*arguments: object, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(connector, [str(each) for each in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def printed(result: Result) -> str:
    """Everything but the prompt, behind which the runner shows what a terminal would not."""
    return "".join(line for line in result.output.splitlines(keepends=True) if not line.startswith("BSN: "))


def told(*arguments: object, stdin: str | None = None) -> Any:
    return json.loads(run(*arguments, "--json", stdin=stdin).stdout)


def refused_flag(source: Any, chain: Any, index: Any, observe: Any, person: Bsn) -> int:
    """Let the index refuse a flag; return the number of the entry."""
    index.refuses = lambda row: "malformed-row" if str(getattr(row, "since", "")) == "2026-04" else None
    source.ingest(observe(person, "2026-04-01"), name="april.xml")
    source.publisher.send(chain)
    return int(source.state.quarantine.entries(reason="malformed-row")[-1].number)


# The quarantine


def test_the_list_can_be_narrowed_to_a_reason_or_a_file(source: Any, config: Path) -> None:
    source.ingest(
        Quarantined("bsn-invalid", "a.xml:3"), Quarantined("start-missing", "a.xml:9"), name="a.xml"
    )
    name = source.state.safe_name("b-999900006.xml")
    source.ingest(Quarantined("bsn-invalid", f"{name}:5"), name=name)
    assert [each["number"] for each in told("quarantine", "list", config)["entries"]] == [1, 2, 3]
    narrowed = {
        ("--reason", "bsn-invalid"): [1, 3],
        ("--source-file", "a.xml"): [1, 2],
        ("--source-file", "b-999900006.xml"): [3],
        ("--source-file", name): [3],
        ("--source-file", "a"): [],
    }
    for options, numbers in narrowed.items():
        entries = told("quarantine", "list", config, *options)["entries"]
        assert [each["number"] for each in entries] == numbers, options
    listed = run("quarantine", "list", config).stdout
    assert "    1  2026-11-22  bsn-invalid  a.xml:3: the BSN is not a text of nine digits" in listed
    assert "999900006" not in listed


def test_show_says_what_where_and_what_to_do(source: Any, config: Path) -> None:
    source.ingest(Quarantined("start-missing", "lev.json: leveringen[0].client"), name="lev.json")
    lines = run("quarantine", "show", config, 1).stdout.splitlines()
    assert lines[:3] == [
        "1, set aside on 2026-11-22",
        "what:  start-missing: there is no start date",
        "where: file lev.json, at leveringen[0].client",
    ]
    assert lines[3].startswith("to do: ask the sender for a message with the right days")


def test_show_of_a_refused_row_names_its_source_and_not_the_person(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    number = refused_flag(source, chain, index, observe, people[0])
    shown = run("quarantine", "show", config, number).stdout
    assert re.search(r"^where: refused by the index, batch \d+, item [0-9a-f]{8}$", shown, re.MULTILINE)
    assert "about: agb:99010011 wmo-voorziening, to keep" in shown
    assert people[0].digits not in shown


@pytest.mark.parametrize("command", ["show", "retry"])
def test_a_number_that_is_not_there_is_said_so(command: str, config: Path) -> None:
    result = run("quarantine", command, config, 7)
    assert (result.exit_code, "there is no entry 7" in result.stderr) == (2, True)


@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_there_is_something_to_do_about_every_reason(code: str) -> None:
    read = QuarantineEntry(1, TODAY, code, "a.xml:1", "a.xml")
    refused = QuarantineEntry(1, TODAY, code, "batch 1, item 00", None, b"wish")
    assert to_do(read)
    assert to_do(refused)
    assert why(code) == EXPLANATIONS[code]


def test_every_remedy_is_for_a_code_there_is() -> None:
    assert _TO_DO.keys() <= _WHY.keys()


def test_a_code_of_the_feed_and_of_a_format_means_one_thing() -> None:
    """The desk shows one sentence per code, wherever the entry came from."""
    shared = REASONS.keys() & EXPLANATIONS.keys()
    assert shared
    assert {code: REASONS[code] for code in shared} == {code: EXPLANATIONS[code] for code in shared}


def test_a_row_the_index_refused_is_sent_again_by_its_number(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    number = refused_flag(source, chain, index, observe, people[0])
    assert source.publisher.send(chain).asserted == 0
    result = run("quarantine", "retry", config, number)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        SILENT,
        "due again: 1; nothing left to send of 0",
    )
    assert source.state.quarantine.entries() == []
    index.refuses = lambda _: None
    assert source.publisher.send(chain).asserted == 1


def test_what_is_refused_again_comes_back_under_a_number_of_its_own(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    number = refused_flag(source, chain, index, observe, people[0])
    run("quarantine", "retry", config, "--all")
    source.publisher.send(chain)
    (entry,) = source.state.quarantine.entries()
    assert entry.number > number


def test_there_is_nothing_to_send_when_the_index_has_heard_better_since(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    number = refused_flag(source, chain, index, observe, people[0])
    source.ingest(observe(people[0], "2026-05-01", stated="2026-05-02", replaces=True))
    source.publisher.send(chain)
    assert run("quarantine", "retry", config, number).stdout.startswith(
        "due again: 0; nothing left to send of 1"
    )
    assert source.state.quarantine.entries() == []


def test_what_was_read_is_not_sent_again_by_number_as_no_message_is_kept(source: Any, config: Path) -> None:
    source.ingest(Quarantined("bsn-invalid", "a.xml:3"), name="a.xml")
    result = run("quarantine", "retry", config, 1)
    assert result.exit_code == 2
    assert "run `connector quarantine reread CONFIG FORMAT FILE`" in result.stderr
    assert len(source.state.quarantine.entries()) == 1


@pytest.mark.parametrize("arguments", [(), (1, "--all")])
def test_a_retry_says_which(arguments: tuple[object, ...], config: Path) -> None:
    assert "name the numbers, or say --all" in run("quarantine", "retry", config, *arguments).stderr


def csv_file(folder: Path, *lines: str, name: str = "trajecten.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(["traject;bsn;bron;soort;begin;einde", *lines]) + "\n")
    return path


def test_reading_a_file_again_clears_what_is_fine_now_and_nothing_else(
    source: Any, config: Path, tmp_path: Path
) -> None:
    fine = "T-1;999900006;agb:99010011;wmo-voorziening;2026-01-05;"
    strange = "T-2;999900018;agb:98980001;wmo-voorziening;2026-01-05;"
    wrong = "T-3;123456789;agb:99010011;wmo-voorziening;2026-01-05;"
    file = csv_file(tmp_path, fine, strange, wrong)
    config.write_text(config.read_text().replace('source = "agb:98980001"', 'source = "agb:98980002"'))
    run("publish", config, "csv", file)
    other = csv_file(tmp_path, wrong, name="trajecten.csv.csv")
    run("publish", config, "csv", other)
    reasons = [entry.reason for entry in source.state.quarantine.entries()]
    assert reasons == ["source-not-registered", "bsn-invalid", "bsn-invalid"]

    config.write_text(config.read_text().replace('source = "agb:98980002"', 'source = "agb:98980001"'))
    said = told("quarantine", "reread", config, "csv", file)
    assert (said["settled"], said["to_assert"]) == ({"source-not-registered": 1}, 1)
    places = [entry.place for entry in source.state.quarantine.entries()]
    assert places == ["trajecten.csv:4", "trajecten.csv.csv:2"]
    (settled,) = source.state.quarantine.settled()
    assert (settled.reason, settled.way, settled.count) == ("source-not-registered", Way.READ_AGAIN, 1)


def test_a_file_that_is_refused_clears_nothing(source: Any, config: Path, tmp_path: Path) -> None:
    file = csv_file(tmp_path, "T-3;123456789;agb:99010011;wmo-voorziening;2026-01-05;")
    run("publish", config, "csv", file)
    file.write_text("traject;bsn\n")
    assert run("quarantine", "reread", config, "csv", file).exit_code == SILENT
    assert len(source.state.quarantine.entries()) == 1
    assert "name the files" in run("quarantine", "reread", config, "csv").stderr


def test_what_was_set_aside_while_counting_is_not_cleared_by_reading(
    source: Any, observe: Any, people: list[Bsn]
) -> None:
    for _ in range(2):
        source.publisher.ingest(
            lambda _: iter([observe(people[0], None)]), "test", source_files("a.xml"), TODAY, settles=True
        )
    assert [entry.reason for entry in source.state.quarantine.entries()] == ["start-missing"]


def source_files(name: str) -> list[Any]:
    return [MessageFile(name, RECEIVED, BytesIO)]


def test_dropping_leaves_a_count_and_a_reason_from_a_closed_list(source: Any, config: Path) -> None:
    source.ingest(*(Quarantined("bsn-invalid", f"a.xml:{n}") for n in range(4)), name="a.xml")
    source.ingest(Quarantined("start-missing", "b.xml:1"), name="b.xml")
    assert "Missing option '--because'" in run("quarantine", "drop", config, 1).stderr
    assert "'Jan' is not one of" in run("quarantine", "drop", config, 1, "--because", "Jan").stderr
    assert told("quarantine", "drop", config, 2, 4, "--because", "corrected")["dropped"] == 2
    dropped = told("quarantine", "drop", config, "--source-file", "a.xml", "--because", "not-ours")
    assert dropped["dropped"] == 2
    (left,) = source.state.quarantine.entries()
    assert left.reason == "start-missing"
    counted = [(each.reason, each.way, each.count) for each in source.state.quarantine.settled()]
    assert counted == [("bsn-invalid", Way.CORRECTED, 2), ("bsn-invalid", Way.NOT_OURS, 2)]
    assert set(DROPPED) == {Way.CORRECTED, Way.NOT_OURS, Way.UNTRACEABLE}


@pytest.mark.parametrize("arguments", [(), (1, "--reason", "bsn-invalid")])
def test_dropping_says_what(arguments: tuple[object, ...], config: Path) -> None:
    result = run("quarantine", "drop", config, *arguments, "--because", "corrected")
    assert "name the numbers, or a --reason or --source-file" in result.stderr


def test_a_number_is_never_given_out_twice(source: Any, config: Path) -> None:
    source.ingest(Quarantined("bsn-invalid", "a.xml:1"), name="a.xml")
    run("quarantine", "drop", config, 1, "--because", "corrected")
    source.ingest(Quarantined("bsn-invalid", "a.xml:1"), name="a.xml")
    assert [entry.number for entry in source.state.quarantine.entries()] == [2]


# Persons


def relation_file(folder: Path, person: Bsn, **changes: str) -> Path:
    path = folder / "relations.json"
    line = {
        "actie": "registreren", "relatie_id": "1f4de7f6-34a1-4ce1-9f5e-0123456789ab", "bsn": person.digits,
        "organisatie": ORGANISATION, "team": "noord", "medewerker": "wt-101", "zaakreferentie": "Z-2026-001",
        "van": "2026-01-05", "tot": "2099-01-05", "geregistreerd_door": "tl-100", "afgeschermd": "nee",
        "coordinator": "ja",
    }  # fmt: skip
    path.write_text(json.dumps([line | changes]))
    return path


def test_a_person_is_told_with_her_trajecten_and_what_the_index_holds(
    source: Any, chain: Any, observe: Any, people: list[Bsn], config: Path, tmp_path: Path
) -> None:
    source.ingest(
        observe(people[0]),
        observe(people[0], "2025-01-01", "2025-06-30", traject="t2"),
        observe(people[1], "2026-10-01"),
    )
    source.publisher.send(chain)
    source.ingest(observe(people[0], "2026-11-01", source="kvk:99030055", type="schuldhulptraject"))
    assert run("caseload", config, relation_file(tmp_path, people[0])).exit_code == SILENT
    shown = run("person", config, stdin=people[0].digits + "\n")
    lines = shown.stdout.splitlines()
    assert lines[0] == (
        "agb:99010011 wmo-voorziening: asserted since 2026-03; at the index, last asserted in 2026-11"
    )
    assert set(lines[1:3]) == {"  traject 2026-03-01 to now", "  traject 2025-01-01 to 2025-06-30"}
    assert lines[3] == (
        "kvk:99030055 schuldhulptraject: asserted since 2026-11; not at the index; still to be sent"
    )
    assert "care relation 1f4de7f6-34a1-4ce1-9f5e-0123456789ab: case Z-2026-001" in shown.stdout
    assert people[0].digits not in printed(shown)
    assert "2026-10" not in shown.output, "that is somebody else's"


def test_the_same_as_one_object(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    number = refused_flag(source, chain, index, observe, people[0])
    source.ingest(Quarantined("bsn-invalid", "a.xml:3"), name="a.xml")
    said = told("person", config, stdin=people[0].digits)
    assert said["flags"] == [
        {
            "source": WMO[0],
            "type": WMO[1],
            "asserted": True,
            "since": "2026-04",
            "at_index": {"holds": "unknown", "last_asserted": None, "to_send": False},
            "trajecten": [[{"from": "2026-04-01", "until": None}]],
            "refused": [number],
        }
    ]
    assert (said["relations"], said["set_aside_without_a_person"]) == ([], 1)


def test_what_ended_long_ago_is_told_as_not_asserted(
    source: Any, chain: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    source.ingest(observe(people[0]))
    source.publisher.send(chain)
    source.ingest(observe(people[0], end="2026-06-30", stated="2026-07-01"))
    source.publisher.send(chain)
    source.ingest(observe(people[1]))
    source.publisher.send(chain)
    shown = run("person", config, stdin=people[0].digits).stdout
    assert "agb:99010011 wmo-voorziening: not asserted\n  traject 2026-03-01 to 2026-06-30" in shown


def test_a_death_that_was_told_stands_with_what_is_said_of_a_person(
    source: Any, observe: Any, people: list[Bsn], config: Path, tmp_path: Path
) -> None:
    source.setup = replace(source.setup, restrictions=Restrictions())
    source.ingest(observe(people[0], source="brp", type="overleden"))
    shown = run("person", config, stdin=people[0].digits).stdout
    assert shown.startswith(
        "overleden: asserted; not at the index; still to be sent\n  traject 2026-03-01 to now\n"
    )
    run("persons", config, "--export", tmp_path / "list.csv")
    (row,) = exported(tmp_path / "list.csv")
    assert (row["kind"], row["type"], row["source"]) == ("restriction", "overleden", "")


@pytest.mark.parametrize(("asked", "status"), [("999900006", 0), ("123456789", 2), ("\n", 1)])
def test_a_number_that_is_unknown_or_wrong_is_not_repeated(asked: str, status: int, config: Path) -> None:
    result = run("person", config, stdin=asked)
    assert result.exit_code == status
    assert "9999" not in printed(result)
    assert "1234" not in printed(result)
    assert (status == 0) == ("says nothing about this person" in result.stdout)


def test_no_command_takes_a_number_of_a_person_as_an_argument(config: Path) -> None:
    assert run("person", config, "999900006").exit_code == 2
    assert run("persons", config).exit_code == 2


def exported(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_everybody_goes_to_a_new_file_that_only_its_owner_reads(
    source: Any, chain: Any, index: Any, observe: Any, people: list[Bsn], config: Path, tmp_path: Path
) -> None:
    source.ingest(observe(people[0]), observe(people[1], "2026-02-01"))
    source.publisher.send(chain)
    number = refused_flag(source, chain, index, observe, people[2])
    source.ingest(observe(people[1], "2026-02-01", "2026-06-30", stated="2026-07-01"), observe(people[3]))
    run("caseload", config, relation_file(tmp_path, people[4]))
    path = tmp_path / "list.csv"
    result = run("persons", config, "--export", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = {row["bsn"]: row for row in exported(path)}
    standing = {
        bsn: (row["wanted"], row["since"], row["at_index"], row["to_send"]) for bsn, row in rows.items()
    }
    assert standing == {
        people[0].digits: ("asserted", "2026-03", "live", "no"),
        people[1].digits: ("not asserted", "", "live", "yes"),
        people[2].digits: ("asserted", "2026-04", "none", "no"),
        people[3].digits: ("asserted", "2026-03", "none", "yes"),
        people[4].digits: ("asserted", "", "none", "yes"),
    }
    assert rows[people[2].digits]["refused"] == str(number)
    assert rows[people[4].digits]["case_reference"] == "Z-2026-001"
    assert "5 lines in" in result.stdout
    assert not any(person.digits in result.output for person in people)


def test_no_cell_of_the_list_is_a_formula(people: list[Bsn], config: Path, tmp_path: Path) -> None:
    codes = {"team": "@noord", "medewerker": "-2", "zaakreferentie": "-1/2"}
    assert run("caseload", config, relation_file(tmp_path, people[0], **codes)).exit_code == SILENT
    run("persons", config, "--export", tmp_path / "list.csv")
    (row,) = exported(tmp_path / "list.csv")
    assert (row["team"], row["worker"], row["case_reference"]) == ("'@noord", "'-2", "'-1/2")


@pytest.mark.parametrize("there", ["file", "link", "folder", "no folder"])
def test_nothing_that_is_there_is_written_over_or_followed(there: str, config: Path, tmp_path: Path) -> None:
    path, target = tmp_path / "list.csv", tmp_path / "target"
    if there == "file":
        path.write_text("mine")
    elif there == "link":
        path.symlink_to(target)
    elif there == "folder":
        path.mkdir()
    else:
        path = tmp_path / "nowhere" / "list.csv"
    assert run("persons", config, "--export", path).exit_code == 2
    assert not target.exists()
    assert there != "file" or path.read_text() == "mine"


def test_a_list_that_could_not_be_finished_does_not_stay(
    source: Any, observe: Any, people: list[Bsn], config: Path, tmp_path: Path
) -> None:
    source.ingest(*(observe(person) for person in people[:3]))
    with source.state.transaction():
        source.state._connection.execute(
            "UPDATE wish SET sealed = zeroblob(80) WHERE key = (SELECT max(key) FROM wish)"
        )
    path = tmp_path / "list.csv"
    assert run("persons", config, "--export", path).exit_code == 2
    assert not path.exists()


def test_looking_changes_nothing(
    source: Any, chain: Any, observe: Any, people: list[Bsn], config: Path
) -> None:
    source.ingest(observe(people[0]), observe(people[1]))
    source.publisher.send(chain)
    source.ingest(observe(people[0], end="2026-12-31", stated="2026-11-01"))
    before = dump(source.state)
    run("person", config, stdin=people[0].digits)
    run("persons", config, "--export", config.with_name("list.csv"))
    run("status", config)
    run("quarantine", "list", config)
    os.unlink(config.with_name("list.csv"))  # noqa: PTH108 - one line
    assert dump(source.state) == before


def dump(state: State) -> list[str]:
    return list(state._connection.iterdump())


def test_a_file_of_a_machine_whose_clock_runs_ahead_came_in_by_now(source: Any, tmp_path: Path) -> None:
    """Dated in the future, it would silence every file that comes after it."""
    early = tmp_path / "early.csv"
    early.touch()
    os.utime(early, (4_000_000_000, 4_000_000_000))
    with Files([early]) as files:
        assert _message_file(source.state, early, files).received <= now()
