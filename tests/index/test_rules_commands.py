"""The commands about rules, which need no index."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policy.rulesets import bundled, load
from signal_index.cli import main

T02 = "grants/T02-huisbezoek-jeugdwet-2026-01-01.cedar"
T03 = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"
RULES = Path(__file__).parents[2] / "policy" / "rules"


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["rules", *map(str, args)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RULES, tmp_path / "rules"))


def _edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_the_rules_of_this_release_are_well_written_and_named_by_their_digest() -> None:
    result = run("lint")
    assert result.exit_code == 0, result.stdout
    assert f"rules: digest {load(bundled()).digest}" in result.stdout


def test_a_rule_that_does_not_load_is_one_line_with_its_file(folder: Path) -> None:
    _edit(folder, T03, "@titel", "@titeltje")
    result = run("lint", folder)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {T03}: these annotations are missing: titel\n"


def test_a_text_that_is_hard_to_read_is_named(folder: Path) -> None:
    _edit(folder, T03, "U stemt schuldhulp af.", "U stemt schuldhulp af, mits de cliënt daartoe bereid is.")
    result = run("lint", folder)
    assert result.exit_code == 1
    assert "say it without 'mits'" in result.stdout


def test_every_case_is_decided_as_expected() -> None:
    result = run("test")
    assert result.exit_code == 0, result.stdout
    assert "leaving out any rule makes one fail" in result.stdout


def test_a_case_that_fails_and_a_rule_without_cases_are_named(folder: Path) -> None:
    _edit(folder, T02, 'context.raadpleging.leeftijdsgroep != "onbekend"', "true")
    (folder / "cases" / "zelfredzaamheid.toml").unlink()
    result = run("test", folder)
    assert result.exit_code == 1
    assert "cases/huisbezoek.toml" in result.stdout
    assert "T04-zelfredzaamheid-wmo-2026-01-01 needs a case in which it decides" in result.stdout


def test_the_rules_of_this_release_keep_their_promises() -> None:
    result = run("prove")
    assert result.exit_code == 0, result.stdout
    assert "hold, for every look-up on every day" in result.stdout


def test_a_broken_promise_comes_with_a_look_up_that_shows_it(folder: Path) -> None:
    _edit(folder, "promises.toml", 'resource.gevoeligheid != "bijzonder" ||', "")
    result = run("prove", folder)
    assert result.exit_code == 1
    assert "BROKEN  belofte: B12-bijzonder" in result.stdout
    assert "rol=wijkteammedewerker" in result.stdout


def test_a_difference_is_told_in_both_languages(folder: Path) -> None:
    _edit(folder, T02, 'context.raadpleging.leeftijdsgroep != "onbekend"', "true")
    dutch, english = run("diff", RULES, folder), run("diff", RULES, folder, "--language", "en")
    assert (dutch.exit_code, english.exit_code) == (0, 0)
    assert "## Wat gaat open" in dutch.stdout
    assert "## What opens" in english.stdout


def test_what_counts_on_a_day_is_shown_and_a_day_without_rules_is_an_error() -> None:
    shown = run("show", "--on", "2026-03-03")
    assert shown.exit_code == 0
    assert "G01-zorgrelatie-2026-01-01: Alleen bij een lopende zorgrelatie" in shown.stdout
    assert "toets-zelfredzaamheid" in shown.stdout
    assert "nobody can choose on that day: noodtoegang\n" in shown.stdout
    before = run("show", "--on", "2019-01-01")
    assert before.exit_code == 1
    assert "no rules are in force" in before.stderr
