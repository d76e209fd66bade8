"""The check-up says whether rules count, whether they are whole, and who still has to agree to what."""

import json
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policy.rulesets import bundled, load
from policy.vocabulary import Role
from signal_index.model.rulebook import Approval
from tests.support.rules import BEFOREHAND, agree, rulebook_of

Clinic = Any  # of the conftest beside this file
DIGEST = load(bundled()).digest


def _found(clinic: Clinic, line: str) -> bool:
    return any(re.search(line, each) for each in clinic.points()[1])


def _forget(clinic: Clinic) -> None:
    clinic.sql("DELETE FROM rule_approvals")
    clinic.sql("DELETE FROM rule_sets")
    _unrecord(clinic)


def _unrecord(clinic: Clinic) -> None:
    """As if nobody ever adopted anything; the records stay, for their chain."""
    clinic.sql("UPDATE audit_records SET event = 'rules' WHERE event LIKE 'rules.%'")


def _wait_for(clinic: Clinic, *roles: Role) -> None:
    """The bundled rules wait for these people, and nothing counts."""
    with rulebook_of(clinic.path) as rulebook:
        held = rulebook.get(DIGEST)
        assert held is not None
        agreed = tuple(each for each in held.approvals if each.role not in roles)
        rulebook.put(replace(held, approvals=agreed))
    _unrecord(clinic)


def test_without_rules_it_says_how_to_get_them_and_goes_on(clinic: Clinic) -> None:
    _forget(clinic)
    status, lines = clinic.points()
    assert status == 1
    assert [
        each for each in lines if re.search(r"^mend +rules: nobody put rules in force.*rules propose", each)
    ]
    assert [each for each in lines if re.search(r"^skipped +sources: not checked: mend the rules", each)]
    assert [each for each in lines if re.search(r"^ok +staff: ", each)], (
        "who works here is looked at all the same"
    )
    left = "\n".join(clinic.visit()[1]).partition("What is left")[2]
    assert "signal-index rules propose --as f.beheer" in left
    assert "signal-index rules approve DIGEST --as f.tweede" in left
    assert "signal-index rules approve DIGEST --as p.officer" in left


def test_rules_that_wait_name_whoever_must_agree(clinic: Clinic) -> None:
    _wait_for(clinic, Role.PRIVACY_OFFICER)
    _, lines = clinic.points()
    assert [
        each for each in lines if re.search(r"^mend +rules: nobody put rules in force.*named below", each)
    ]
    line = rf"^note +rules waiting: set {DIGEST[:12]}, proposed by test, waits for a privacy-officer: "
    assert [each for each in lines if re.search(line, each)]
    left = "\n".join(clinic.visit()[1]).partition("What is left")[2]
    assert f"signal-index rules approve {DIGEST[:12]} --as p.officer" in left
    assert "--as f.tweede" not in left.partition("Let the rules be approved")[2].partition("\n\n")[0]


def test_rules_changed_behind_the_products_back_are_to_mend(clinic: Clinic) -> None:
    files = {name: text.replace('"team"', '"iedereen"') for name, text in bundled().items()} | {"extra": ""}
    clinic.sql("UPDATE rule_sets SET files = ?", zlib.compress(json.dumps(files).encode()))
    assert _found(
        clinic, rf"^mend +rules: the rules in the database are not set {DIGEST[:12]}.*restore a backup"
    )


def test_rules_that_nobody_agreed_to_by_the_log_are_an_incident(clinic: Clinic) -> None:
    planted = {**bundled(), "catalogue.toml": bundled()["catalogue.toml"] + "# geplant\n"}
    with rulebook_of(clinic.path) as rulebook:
        held = rulebook.get(DIGEST)
        assert held is not None
        later = tuple(replace(each, at=each.at + timedelta(days=1)) for each in held.approvals)
        rulebook.put(replace(held, digest=load(planted).digest, approvals=later), planted)
    found = (
        rf"^mend +rules: the database says set {load(planted).digest[:12]}, and by the log two people agreed "
    )
    assert _found(clinic, found + f"to set {DIGEST[:12]}: .*incident")
    clinic.sql("DELETE FROM rule_approvals")
    clinic.sql("DELETE FROM rule_sets")
    assert _found(clinic, r"^mend +rules: the database says no rules, and by the log")


def test_other_names_beneath_the_rules_are_an_incident(clinic: Clinic) -> None:
    clinic.sql("UPDATE rule_approvals SET staff_id = 'f.beheer' WHERE role = 'functioneel-beheerder'")
    assert _found(clinic, rf"^mend +rules: the database says set {DIGEST[:12]}, of other people: .*incident")


def test_rules_that_begin_later_leave_today_uncovered(clinic: Clinic) -> None:
    def later(text: str) -> str:
        return text.replace("2026-01-01", "2099-01-01")

    files = {later(name): later(text) for name, text in bundled().items() if not name.startswith("cases/")}
    _forget(clinic)
    clinic.run(lambda tx: agree(tx, files, at=datetime.now(UTC)))
    assert _found(
        clinic, r"^mend +rules: no rules are in force on \d{4}-\d\d-\d\d: add rules that begin by then"
    )


def test_rules_of_a_new_release_are_worth_a_look(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _found(clinic, "new rules")
    name = "guards/G01-zorgrelatie-2026-01-01.cedar"
    newer = {**bundled(), name: bundled()[name] + "\n"}
    monkeypatch.setattr("signal_index.cli.checkup.rules.bundled", lambda: newer)
    status, lines = clinic.points()
    line = rf"^note +new rules: this release brings others, set {load(newer).digest[:12]}: .*propose"
    assert [each for each in lines if re.search(line, each)]
    assert status == 0
    with rulebook_of(clinic.path) as rulebook:
        held = rulebook.get(DIGEST)
        assert held is not None
        one = (Approval("f.beheer", Role.FUNCTIONAL_ADMIN, BEFOREHAND),)
        rulebook.put(replace(held, digest=load(newer).digest, approvals=one), newer)
    assert not _found(clinic, "new rules"), "it was proposed"
    assert _found(clinic, r"^note +rules waiting: .*waits for a privacy-officer")
