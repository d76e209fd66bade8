"""Who administers works by command as well: two people by two commands, and lists in two forms."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policy.vocabulary import Role
from signal_index.cli import main
from signal_index.model import dutch_day

CONFIG = """
environment = "dev"
database = "index.sqlite"
keys = "index.key"
manifest = "manifest.json"
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
"""
BY_FIRST, BY_SECOND = ("--as", "f.beheer"), ("--as", "f.tweede")
Shell = Callable[..., Result]


@pytest.fixture
def shell(world: Any) -> Shell:
    """Runs one command in the folder of the world."""
    world.secrets.save(world.folder / "index.key")
    world.manifest.save(world.folder / "manifest.json")
    config = world.folder / "index.toml"
    config.write_text(CONFIG)
    return lambda *words: CliRunner().invoke(main, [*words, "--config", str(config)])


def ok(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def test_a_sensitive_role_is_given_by_two_commands_of_two_people(world: Any, shell: Shell) -> None:
    ok(shell("staff", "revoke", "w.twee", "wijkteammedewerker", *BY_FIRST))
    grant = ("staff", "grant", "w.twee", "privacy-officer")
    assert "Kies een reden" in shell(*grant, *BY_FIRST).output
    asked = ok(shell(*grant, "--because", "nieuwe-taak", *BY_FIRST))
    found = re.search(r"waits for a second person: proposal ([0-9a-f]{32})$", asked, re.MULTILINE)
    assert found
    assert found[1] in ok(shell("proposal", "list", *BY_SECOND))
    own = shell("proposal", "decide", found[1], "akkoord", *BY_FIRST)
    assert (own.exit_code, "Een ander moet beslissen" in own.output) == (1, True)
    assert world.records("action.refused")[0].fields["reason"] == "own-proposal"
    ok(shell("proposal", "decide", found[1], "akkoord", *BY_SECOND))
    assert Role.PRIVACY_OFFICER in world.database.run(lambda tx: tx.staff.get("w.twee")).roles
    assert "no proposals wait" in ok(shell("proposal", "list", *BY_SECOND))
    assert found[1] in ok(shell("proposal", "list", "--all", *BY_SECOND))
    assert shell("proposal", "decide", "zz", "akkoord", *BY_SECOND).exit_code == 2


def test_a_list_of_users_is_compared_first_and_every_fault_is_told(world: Any, shell: Shell) -> None:
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    works = {extension: {"organization": world.GEMEENTE, "department": "noord"}}
    users: list[Any] = [
        {"userName": "w.drie", "active": True, **works},
        {"userName": "w.een", "active": False, **works},
    ]
    file = world.folder / "users.json"
    file.write_text(json.dumps(users))
    dry = ok(shell("staff", "import", str(file), "--dry-run", *BY_FIRST))
    assert dry.splitlines() == ["w.drie: added", "w.een: blokkeren", "staff: 2 members would be imported"]
    assert world.database.run(lambda tx: tx.staff.get("w.drie")) is None
    ok(shell("staff", "import", str(file), *BY_FIRST))
    assert not world.database.run(lambda tx: tx.staff.get("w.een")).active
    file.write_text(json.dumps([*users, {"userName": "", "active": 1}, "nobody"]))
    told = shell("staff", "import", str(file), *BY_FIRST).output
    assert [line.strip().partition(":")[0] for line in told.splitlines()[1:]] == [
        "[2].userName",
        "[2].organization",
        "[2].department",
        "[2].active",
        "[3]",
    ]
    file.write_text("{")
    assert "not JSON" in shell("staff", "import", str(file), *BY_FIRST).output


def test_every_faulty_line_of_a_csv_is_told_at_once(world: Any, shell: Shell) -> None:
    file = world.folder / "staff.csv"
    oin = world.GEMEENTE
    file.write_text(
        f"medewerker;organisatie;team;actief\nw.drie;x;noord;ja\nw.vier;{oin};noord;ja\nw.vijf;{oin};;wel\n"
    )
    told = shell("staff", "import", str(file), *BY_FIRST)
    assert told.exit_code == 1
    assert [line.strip().partition(":")[0] for line in told.output.splitlines()[1:]] == [
        "line 2",
        "line 4",
        "line 4",
    ]
    assert world.database.run(lambda tx: tx.staff.get("w.vier")) is None


def test_a_colleague_is_moved_blocked_and_let_in(world: Any, shell: Shell) -> None:
    assert "OIN of 20 digits" in shell("staff", "move", "w.een", "elders", "noord", *BY_FIRST).output
    ok(shell("staff", "move", "w.een", world.GEMEENTE, "zuid", *BY_FIRST))
    ok(shell("staff", "block", "w.een", *BY_FIRST))
    found = world.database.run(lambda tx: tx.staff.get("w.een"))
    assert (found.team, found.active) == ("zuid", False)
    ok(shell("staff", "unblock", "w.een", *BY_FIRST))
    assert world.database.run(lambda tx: tx.staff.get("w.een")).active


def test_teams_are_shown_and_confirmed_by_command(world: Any, shell: Shell) -> None:
    assert "confirm by" in ok(shell("team", "show", "--as", "t.lead"))
    stays = ("w.een", "f.beheer", "f.tweede", "p.officer")
    said = ok(shell("team", "confirm", *stays, "--gone", "w.twee", "--as", "t.lead"))
    assert said.strip() == "confirmed: 4 stay, 1 gone, 0 of them wait for a second person"
    assert "for you to confirm: t.lead" in ok(shell("team", "list", *BY_FIRST))
    ok(shell("team", "confirm", "t.lead", "--team", world.GEMEENTE, "noord", *BY_FIRST))
    assert not world.database.run(lambda tx: tx.staff.get("w.twee")).active


def test_set_up_appoints_two_by_command_and_then_it_is_over(world: Any, shell: Shell) -> None:
    assert "Doe een voorstel" in shell("staff", "appoint", "w.een", "w.twee").output
    for staff_id in ("f.beheer", "f.tweede", "p.officer"):
        for role in (Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER):
            world.database.run(lambda tx: tx.staff.revoke(staff_id, role))  # noqa: B023 - run waits
    ok(shell("staff", "appoint", "f.beheer", "p.officer"))
    assert "functioneel-beheerder" in ok(shell("staff", "list", "--as", "p.officer"))


def test_a_cover_is_arranged_shown_and_ended_by_command(world: Any, shell: Shell) -> None:
    today = str(dutch_day(datetime.now(UTC)))
    days = ("--from", today, "--until", today, "--because", "andere-reden")
    assert "voor uzelf" in shell("cover", "arrange", "w.een", "f.beheer", *days, *BY_FIRST).output
    ok(shell("cover", "arrange", "w.een", "w.twee", *days, *BY_FIRST))
    listed = ok(shell("cover", "list", *BY_FIRST))
    assert f"w.twee for w.een  {today} - {today}" in listed
    ok(shell("cover", "end", listed.split()[0], *BY_FIRST))
    assert "nobody stands in" in ok(shell("cover", "list", *BY_FIRST))
    assert world.records("cover.ended")[0].fields["actor"] == "f.beheer"
