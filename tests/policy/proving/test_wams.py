"""The example of a law that takes effect: a sound set, the day before as today, and a report as it is printed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from policy.proving.checks import check
from policy.proving.report import Report, compared
from policy.rulesets import RuleSet, load
from policy.upkeep.cases import read_cases
from policy.upkeep.style import remarks
from tests.policy.proving.wams import EXAMPLE, REPORT, SINCE, command, report
from tests.support.laying_over import laid_over, written_to

OPENS, CLOSES = date(2027, 1, 1), date(2027, 7, 1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def changed_files() -> Mapping[str, str]:
    return laid_over(EXAMPLE)


@pytest.fixture(scope="module")
def changed(changed_files: Mapping[str, str]) -> RuleSet:
    return load(changed_files)


def test_the_committed_report_is_what_is_worked_out_now(told: Report) -> None:
    renew = "python tests/policy/proving/wams.py, and see whether the answers in questions.md still hold"
    assert REPORT.read_text(encoding="utf-8") == "".join(f"{line}\n" for line in told.lines()), renew


@pytest.fixture(scope="module")
def told(rule_set: RuleSet, changed: RuleSet) -> Report:
    return compared(rule_set, changed, date.fromisoformat(SINCE), "nl")


def _lines(report: Report, start: str) -> list[str]:
    return [line for line in report.lines() if line.startswith(start)]


def test_each_day_says_until_when_it_does_not_count_yet(told: Report) -> None:
    lines = list(told.lines())
    for day, before in (("1 januari 2027", "31 december 2026"), ("1 juli 2027", "30 juni 2027")):
        after = lines[lines.index(f"### Vanaf {day}") + 1]
        assert after == f"Tot en met {before} geldt hiervoor wat nu geldt."


def test_who_sees_more_than_the_others_is_said_at_once_and_also_of_what_is_left(told: Report) -> None:
    coordinates = (
        "alleen als dit zo is: de medewerker coördineert de hulp aan deze inwoner. Doel: Gecoördineerde"
    )
    assert [coordinates in line for line in _lines(told, "Wie: wijkteammedewerker")] == [False, True, False]
    _, left = _lines(told, "- Voor een ander doel blijft dit alleen te zien als dit zo is:")
    assert left.endswith(
        "de medewerker coördineert de hulp aan deze inwoner. Het doel: Gecoördineerde aanpak (alle genoemde soorten)."
    )


def test_the_first_lines_say_how_new_it_is_and_what_of_the_shielded_is_seen(told: Report) -> None:
    brief = list(told.brief.lines())
    assert brief[2].startswith("Nieuw doel: Gecoördineerde aanpak. Elke soort en elk niveau")
    assert brief[3].endswith(
        "de gegevens van de inwoner zijn afgeschermd. Te zien is dan: dat er iets loopt."
    )


def test_a_bill_is_called_a_bill_and_what_closes_rests_on_no_checked_law_either(
    told: Report, rule_set: RuleSet, changed_files: Mapping[str, str]
) -> None:
    (bill,) = _lines(
        told, "- LET OP, wat opengaat, rust op een wetsvoorstel. Dat is nog geen geldend recht. Geen"
    )
    assert "artikel 2.3a.1" in bill
    assert "artikel 2.3a.3" in bill
    assert _lines(told, "- Wat dichtgaat, rust op grondslagen die geen jurist")[0].endswith("artikel 5.1.1.")
    law = {**changed_files, "catalogue.toml": changed_files["catalogue.toml"].replace("bill = true\n", "")}
    passed = replace(told, old=rule_set, new=load(law))
    assert "wetsvoorstel" not in "\n".join(passed.lines())
    assert "artikel 2.3a.1" in _lines(passed, "- Wat opengaat, rust op grondslagen die geen jurist")[0]


def test_texts_read_well_and_every_case_is_decided_as_expected(
    changed: RuleSet, changed_files: Mapping[str, str]
) -> None:
    assert list(remarks(changed)) == []
    cases = read_cases(changed_files)
    assert [case.title for case in cases if case.failures(changed.in_force(case.day))] == []
    assert {OPENS - DAY, OPENS, CLOSES - DAY, CLOSES} <= {case.day for case in cases}


@pytest.mark.parametrize("day", [OPENS, CLOSES])
def test_every_promise_and_check_holds_from_each_day_on_which_something_changes(
    day: date, changed: RuleSet
) -> None:
    assert [each for each in check(changed.in_force(day), changed.promises) if not each.kept] == []


def test_the_day_before_is_decided_as_today_for_every_type(rule_set: RuleSet, changed: RuleSet) -> None:
    before = OPENS - DAY
    now, then = rule_set.in_force(before), changed.in_force(before)
    assert then.source == now.source
    assert then.catalogue == now.catalogue
    assert changed.in_force(OPENS).source != rule_set.in_force(OPENS).source


def test_only_files_are_added_and_no_rule_that_counts_is_edited(
    files: Mapping[str, str], changed_files: Mapping[str, str]
) -> None:
    kept = {name for name in files if changed_files.get(name) == files[name]}
    assert set(files) - kept == {"catalogue.toml", "promises.toml"}


# What the fast tests leave: rules that no case holds in place, the days before, and the other language.
@pytest.mark.long
def test_the_commands_themselves_are_content(tmp_path: Path, changed_files: Mapping[str, str]) -> None:
    new = str(written_to(tmp_path / "new", changed_files))
    for word in ("lint", "test", "prove"):
        command(word, new)
    committed = REPORT.read_text(encoding="utf-8")
    assert report(tmp_path / "nl") == committed
    assert report(tmp_path / "en", "en").count("\n") == committed.count("\n")
