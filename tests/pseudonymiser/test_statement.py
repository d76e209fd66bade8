"""Two ledgers are compared by what their parties signed: honest ones agree, and a ledger that was put back shows."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput, VerificationFailed
from crypto.pseudonymiser.cli import pseudonymiser
from crypto.pseudonymiser.ledger import Ledger
from crypto.pseudonymiser.ledger_file import Counted
from crypto.pseudonymiser.statement import Difference, Run, Statement, compare

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEK = (TODAY - timedelta(days=6), TODAY)
OIN, OTHER = "00000099000000000731", "00000099000000000999"
SCOPE = "testregio"


def counted(*sequences: int, publisher: str = OIN, incarnation: bytes = bytes(16)) -> list[Counted]:
    return [Counted(publisher, "signaal", incarnation, sequence, TODAY, 4) for sequence in sequences]


def stated(party: Any, rows: list[Counted]) -> Statement:
    """What a party states: A up to a day after B, as it is asked after."""
    return Statement.of(party, SCOPE, (WEEK[0], WEEK[1] + timedelta(days=party == "A")), rows)


def test_sequences_without_a_gap_are_one_run() -> None:
    rows = (
        counted(1, 2, 3, 7)
        + counted(8, publisher=OTHER)
        + counted(9, publisher=OTHER, incarnation=b"\1" * 16)
    )
    assert [(run.first, run.last, run.items) for run in stated("A", rows).runs] == [
        (1, 3, 12), (7, 7, 4), (8, 8, 4), (9, 9, 4),
    ]  # fmt: skip


def test_a_statement_is_read_back_as_it_was_signed(parties: Any) -> None:
    for party, secrets in (("A", parties.a), ("B", parties.b)):
        statement = stated(party, counted(1, 2, 5))
        assert Statement.verify(statement.sign(secrets.signing), parties.manifest) == statement


def test_a_statement_another_signed_or_changed_is_refused(parties: Any) -> None:
    statement = stated("A", counted(1, 2))
    with pytest.raises(VerificationFailed, match="A did not sign"):
        Statement.verify(statement.sign(parties.b.signing), parties.manifest)
    document = json.loads(statement.sign(parties.a.signing))
    changes: list[dict[str, object]] = [
        {"last": "2026-11-24"},
        {"party": "B"},
        {"runs": []},
        {"runs": [document["runs"][0] | {"items": 9}]},
    ]
    for change in changes:
        with pytest.raises(VerificationFailed):
            Statement.verify(json.dumps(document | change).encode(), parties.manifest)


def test_a_statement_of_another_region_is_refused(parties: Any) -> None:
    elsewhere = replace(stated("A", []), scope="elders")
    with pytest.raises(VerificationFailed, match="another region"):
        Statement.verify(elsewhere.sign(parties.a.signing), parties.manifest)


RUN = {
    "publisher": OIN,
    "batch_class": "signaal",
    "incarnation": "00" * 16,
    "first": 1,
    "last": 2,
    "items": 8,
}
BROKEN: list[Callable[[dict[str, Any]], object]] = [
    lambda d: d.pop("signature"),
    lambda d: d.update(signature=7),
    lambda d: d.update(kind="manifest"),
    lambda d: d.update(format=2),
    lambda d: d.update(party="C"),
    lambda d: d.update(first="yesterday"),
    lambda d: d.update(runs=7),
    lambda d: d.update(runs=[7]),
    lambda d: d.update(runs=[RUN | {"surprise": 1}]),
    lambda d: d.update(runs=[RUN | {"first": 0}]),
    lambda d: d.update(runs=[RUN | {"day": "today"}]),
    lambda d: d.update(runs=[RUN | {"day": 7}]),
    lambda d: d.update(runs=[RUN | {"last": 0}]),
    lambda d: d.update(runs=[RUN | {"items": True}]),
    lambda d: d.update(runs=[RUN | {"publisher": 7}]),
    lambda d: d.update(runs=[RUN | {"publisher": "\x1b[31m"}]),
    lambda d: d.update(runs=[RUN | {"incarnation": "zz"}]),
    lambda d: d.update(runs=[RUN | {"last": 10}]),
]


@pytest.mark.parametrize("breaking", BROKEN, ids=range(len(BROKEN)))
def test_a_document_that_is_no_statement_is_one_clear_error(breaking: Any, parties: Any) -> None:
    document = json.loads(stated("A", counted(1, 2)).sign(parties.a.signing))
    breaking(document)
    with pytest.raises(MalformedInput, match="not a statement of this version"):
        Statement.verify(json.dumps(document).encode(), parties.manifest)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_statement_are_refused(parties: Any, data: bytes) -> None:
    with pytest.raises(CryptoError):
        Statement.verify(data, parties.manifest)


def test_honest_parties_agree_also_over_midnight_and_when_b_was_away() -> None:
    a = stated("A", counted(1, 2, 3))
    assert compare(a, stated("B", counted(1, 2, 3))) == []
    # The same sequences, of which B counted the last after midnight.
    late = [*counted(1, 2), Counted(OIN, "signaal", bytes(16), 3, TODAY + timedelta(days=1), 4)]
    assert compare(stated("A", late), stated("B", counted(1, 2))) == []
    assert compare(a, stated("B", counted(1))) == [Difference("waiting", OIN, "signaal", ((2, 3),))]
    # A counted all of it long before B came back, and states more days than B does.
    long_ago = [replace(each, day=TODAY - timedelta(days=200)) for each in counted(1, 2, 3)]
    early = replace(stated("A", long_ago), first=TODAY - timedelta(days=300))
    assert compare(early, stated("B", counted(3))) == []
    # What A counts after B has made its statement is not B's to state.
    after = [replace(each, day=TODAY + timedelta(days=1)) for each in counted(4)]
    assert compare(stated("A", counted(1, 2, 3) + after), stated("B", counted(1, 2, 3))) == []


def test_statements_of_days_that_cannot_be_compared_are_refused() -> None:
    a, b = stated("A", counted(1)), stated("B", counted(1))
    old = replace(b, first=WEEK[0] - timedelta(days=3), last=WEEK[1] - timedelta(days=3))
    pairs = [(a, old), (replace(a, first=WEEK[0] + timedelta(days=1)), b), (a, replace(b, last=b.first))]
    pairs += [(replace(a, last=b.last), b), (replace(a, last=b.last - timedelta(days=1)), b)]
    for pair in pairs:
        with pytest.raises(MalformedInput, match="ask both for new ones"):
            compare(*pair)


def test_more_items_than_a_counted_under_a_sequence_are_an_alarm() -> None:
    more = [replace(each, items=400) for each in counted(1, 2)]
    assert compare(stated("A", counted(1, 2)), stated("B", more)) == [
        Difference("alarm", OIN, "signaal", ((1, 2),))
    ]
    assert compare(stated("A", more), stated("B", counted(1, 2))) == []


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_runs_are_compared_as_the_sets_they_stand_for(of_a: set[int], of_b: set[int]) -> None:
    found = compare(stated("A", counted(*sorted(of_a))), stated("B", counted(*sorted(of_b))))
    told = {
        verdict: {
            number
            for each in found
            if each.verdict == verdict
            for first, last in each.sequences
            for number in range(first, last + 1)
        }
        for verdict in ("alarm", "waiting")
    }
    assert told["alarm"] == of_b - of_a
    assert told["waiting"] == of_a - of_b


def test_a_run_as_long_as_all_time_costs_nothing_to_compare() -> None:
    endless = Run(OIN, "signaal", "00" * 16, TODAY, 1, 10**18, 10**18)
    a, b = (replace(stated(party, []), runs=(endless,)) for party in ("A", "B"))
    assert compare(a, b) == []
    assert compare(stated("A", []), b)[0].sequences == ((1, 10**18),)


def test_what_only_b_counted_is_an_alarm() -> None:
    differences = compare(stated("A", counted(1)), stated("B", counted(1, 2) + counted(1, publisher=OTHER)))
    assert differences == [
        Difference("alarm", OIN, "signaal", ((2, 2),)),
        Difference("alarm", OTHER, "signaal", ((1, 1),)),
    ]
    renewed = compare(stated("A", counted(1)), stated("B", counted(1, incarnation=b"\1" * 16)))
    assert [each.verdict for each in renewed] == ["alarm", "waiting"]


def test_only_a_statement_of_each_party_can_be_compared() -> None:
    a = stated("A", [])
    for pair in ((a, a), (stated("B", []), a), (a, replace(stated("B", []), scope="elders"))):
        with pytest.raises(MalformedInput, match="one statement of A with one of B"):
            compare(*pair)


# --- The commands --------------------------------------------------------------------------------------------------


@pytest.fixture
def config(write_service: Callable[..., Path]) -> Path:
    made = write_service("A")
    assert run("init", made).exit_code == 0
    return made


def run(command: str, config: Path, *words: str) -> Result:
    return CliRunner().invoke(pseudonymiser, ["ledger", command, "--config", str(config), *words])


def test_grant_and_show(config: Path) -> None:
    today = datetime.now(UTC).date()
    words = ["--publisher", OIN, "--class", "signaal", "--items", "900", "--until", str(today)]
    assert "900 items of signaal" in run("grant", config, *words, "--reason", "first set").stdout
    shown = run("show", config).stdout
    assert f"{OIN} signaal: 0 of 40, 0 from allowances, 0 sent again" in shown
    assert f"{OIN} signaal: 0 of 900, until {today}: first set" in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--publisher": OTHER}, "is not a publisher in"),
        ({"--reason": "  "}, "a reason has 1 to 200 characters"),
        ({"--until": "2020-01-01"}, "lies in the past"),
        ({"--class": "proef"}, "'proef' is not one of"),
        ({"--items": "0"}, "0 is not in the range"),
    ],
)
def test_a_grant_that_cannot_be_says_why(change: dict[str, str], said: str, config: Path) -> None:
    words = {
        "--publisher": OIN,
        "--class": "signaal",
        "--items": "9",
        "--until": "2099-01-01",
        "--reason": "set",
    }
    result = run("grant", config, *(word for pair in (words | change).items() for word in pair))
    assert result.exit_code == 2
    assert said in result.stderr
    assert "no allowances were granted" in run("show", config).stdout


def test_a_ledger_that_was_put_back_shows_when_statements_are_compared(
    config: Path, parties: Any, tmp_path: Path
) -> None:
    manifest = str(tmp_path / "manifest.json")
    files = {}
    for party, sequences in (("A", (1, 2)), ("B", (1, 2, 3))):
        secrets = {"A": parties.a, "B": parties.b}[party]
        files[party] = tmp_path / f"{party}.statement.json"
        files[party].write_bytes(stated(party, counted(*sequences)).sign(secrets.signing))
    pin = parties.manifest.fingerprint.hex()
    words = [
        "ledger",
        "compare",
        "--manifest",
        manifest,
        "--fingerprint",
        pin,
        str(files["A"]),
        str(files["B"]),
    ]
    result = CliRunner().invoke(pseudonymiser, words)
    assert result.exit_code == 3
    assert f"alarm: {OIN} signaal: only B counted: 3" in result.stdout
    files["B"].write_bytes(stated("B", counted(1, 2)).sign(parties.b.signing))
    result = CliRunner().invoke(pseudonymiser, words)
    assert (result.exit_code, result.stdout) == (0, "A and B counted the same, 2026-11-16 to 2026-11-22\n")
    turned = [*words[:6], *words[:5:-1]]
    assert "one statement of A with one of B" in CliRunner().invoke(pseudonymiser, turned).stderr
    words[5] = "00" * 32
    assert "not the pinned manifest" in CliRunner().invoke(pseudonymiser, words).stderr


def test_a_statement_is_made_of_the_ledger(config: Path, parties: Any, tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.sqlite", "A")
    ledger.count(parties.header(), 40, datetime.now(UTC))
    ledger.close()
    out = tmp_path / "a.statement.json"
    assert run("statement", config, "--out", str(out)).exit_code == 0
    statement = Statement.verify(out.read_bytes(), parties.manifest)
    assert statement.runs == (Run(OIN, "signaal", "00" * 16, datetime.now(UTC).date(), 1, 1, 4),)
    assert "cannot be written" in run("statement", config, "--out", str(tmp_path / "no" / "a.json")).stderr
