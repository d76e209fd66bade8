"""How much a set of rules may hold, before anything reads or tries out the rest of it."""

import re
from datetime import timedelta

import pytest

from policy.rulesets import load
from tests.policy.test_loading import CANARIES, CATALOGUE, DAY, G01, G03, Files, _changed, _refused

PROMISE = 'context.raadpleging.rol == "wijkteammedewerker"'


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (G01, "unless {", f"unless {{ {'(' * 3000}true{')' * 3000} &&"),
        (G01, "unless {", f"unless {{ {'[' * 3000}1{']' * 3000} == 1 &&"),
        ("schema.cedarschema", "Set<String>", f"{'Set<' * 30_000}String{'>' * 30_000}"),
        ("promises.toml", PROMISE, f"{'(' * 900}{PROMISE}{')' * 900}"),
    ],
    ids=["parentheses", "sets", "schema", "promise"],
)
def test_brackets_that_would_end_the_process_are_refused(name: str, old: str, new: str, files: Files) -> None:
    assert _refused(_changed(files, name, old, new), "brackets and operators").file == name


@pytest.mark.parametrize(
    "chain",
    [" && true", " || false", " && (1 * 1 == 1)", " && principal.a", " && 1 == -1"],
)
@pytest.mark.parametrize("name", [G03, "promises.toml"])
def test_a_row_of_operators_that_would_end_the_process_is_refused(
    name: str, chain: str, files: Files
) -> None:
    old = PROMISE if name == "promises.toml" else "context.raadpleging.tweede_factor"
    assert _refused(_changed(files, name, old, old + chain * 101), "brackets and operators").file == name


def test_what_a_text_or_a_remark_says_counts_as_no_operator(files: Files) -> None:
    load(_changed(files, G03, "unless {", "// " + "a && b. " * 200 + "\nunless {"))
    hidden = f"unless {{ // een opmerking\rtrue{' && true' * 101} &&"
    _refused(_changed(files, G03, "unless {", hidden), "brackets and operators")


def test_a_set_that_takes_too_long_to_read_or_to_try_out_is_refused(files: Files) -> None:
    _refused({**files, "cases/lang.toml": "#" * 1_000_000}, "more than 1000000 characters")
    basis = re.search(r"\[\[legal_basis\]\]\ncode = .*?\n\n", files[CATALOGUE], re.DOTALL)
    assert basis is not None
    many = "".join(
        re.sub(r"(?m)^code = .*$", f'code = "nep-{day}"', basis.group()).replace(
            "valid_from = 2026-01-01", f"valid_from = {DAY + timedelta(day)}"
        )
        for day in range(60)
    )
    _refused({**files, CATALOGUE: files[CATALOGUE] + "\n" + many}, "on more than 60 days")


def test_a_file_that_nests_too_deep_to_be_read_is_refused(files: Files) -> None:
    for name in (CATALOGUE, CANARIES, "promises.toml", "words.toml"):
        _refused({**files, name: f"a = {'[' * 5000}{']' * 5000}"}, "nests deeper")
