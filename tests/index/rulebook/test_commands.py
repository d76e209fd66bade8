"""Putting rules in force by commands, also while an index serves in a process of its own."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from policy.rulesets import bundled, load
from signal_index.cli import main
from tests.support.rulebook import Book
from tests.support.rules import rulebook_of
from tests.support.serving import Server

RULES = Path(__file__).parents[3] / "policy" / "rules"
T03 = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"
RELEASED = load(bundled()).digest
SECONDS_MAX = 10.0


@pytest.fixture
def server(book: Book) -> Iterator[Server]:
    """Commands for an index in which two administer, two oversee, and the rules of this release count."""
    book.world.database.close()
    made = Server(book.world)
    yield made
    if hasattr(made, "process"):
        made.stop()


Command = Callable[..., Result]


@pytest.fixture
def command(server: Server, monkeypatch: pytest.MonkeyPatch) -> Command:
    """One command in this process, in the folder of the index."""
    monkeypatch.chdir(server.folder)

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, [*words, "--config", "index.toml"], input=typed)

    return run


def ok(done: Result) -> str:
    assert done.exit_code == 0, done.output
    return done.stdout


def told(done: Result) -> str:
    assert done.exit_code == 1, done.output
    return done.stderr


def folder(server: Server, *, file: str = "catalogue.toml", more: str = "# anders\n") -> Path:
    """A folder with the rules of this release, one file of them changed."""
    made = Path(shutil.copytree(RULES, server.folder / "rules"))
    (made / file).write_text((made / file).read_text() + more)
    return made


def forget(path: Path) -> None:
    """Take every set of rules out of a database."""
    with rulebook_of(path) as rulebook:
        rulebook._connection.execute(text("DELETE FROM rule_approvals"))
        rulebook._connection.execute(text("DELETE FROM rule_sets"))


def test_three_commands_of_three_people_put_a_folder_in_force(server: Server, command: Command) -> None:
    proposed = ok(command("rules", "propose", str(folder(server)), "--as", "f.beheer"))
    listed = ok(command("rules", "list")).splitlines()
    digest = listed[0][:64]
    assert f"set {digest} waits for a functioneel-beheerder and a privacy-officer" in proposed
    assert listed[0].startswith(f"{digest}  waits  proposed by f.beheer")
    assert listed[1].startswith(f"{RELEASED}  counts  ")
    assert "Een ander moet beslissen" in told(
        command("rules", "approve", digest, "--yes", "--as", "f.beheer")
    )
    first = ok(command("rules", "approve", digest[:12], "--as", "p.officer", typed="y\n"))
    assert first.index(f"set {digest}, proposed by f.beheer") < first.index("approved; they wait for a")
    assert "rules: changed: catalogue.toml" in first
    assert f"signal-index rules diff {RELEASED[:12]} {digest[:12]} --config index.toml" in first
    assert "no promise" not in first
    assert "they count from now on" in ok(command("rules", "approve", digest, "--yes", "--as", "f.tweede"))
    last = ok(command("rules", "list")).splitlines()
    assert last[0].startswith(f"{digest}  counts  proposed by f.beheer")
    assert "approved by p.officer (privacy-officer)" in last[0]
    assert last[1].startswith(f"{RELEASED}  counted before  ")


def test_nobody_approves_by_the_first_digits_without_seeing_all(server: Server, command: Command) -> None:
    ok(command("rules", "propose", str(folder(server)), "--as", "f.beheer"))
    digest = ok(command("rules", "list"))[:64]
    for named, typed in ((digest[:12], "n\n"), (digest[:12], "\n"), (digest[:12], ""), (digest, "")):
        asked = command("rules", "approve", named, "--as", "p.officer", typed=typed)
        assert (asked.exit_code, f"Is {digest} the digest" in asked.output) == (1, True)
        assert "proposed by f.beheer" in asked.output
    short = command("rules", "approve", digest[:63], "--yes", "--as", "p.officer")
    assert (short.exit_code, "--yes goes with all 64 digits" in short.stderr) == (2, True)
    assert "approved by" not in ok(command("rules", "list")).splitlines()[0]


def test_a_set_in_the_rulebook_is_compared_and_shown_by_its_digest(server: Server, command: Command) -> None:
    ok(command("rules", "propose", str(folder(server)), "--as", "f.beheer"))
    digest = ok(command("rules", "list"))[:12]
    report = ok(command("rules", "diff", RELEASED[:12], digest))
    assert "## Wat gaat open" in report
    assert ok(command("rules", "diff", str(RULES), digest)) == report
    shown = ok(command("rules", "show", digest, "--on", "2026-03-03"))
    assert "G01-zorgrelatie-2026-01-01" in shown
    assert "niet gevonden" in told(command("rules", "show", "0" * 12))
    wrong = command("rules", "diff", RELEASED[:11], digest)
    assert (wrong.exit_code, "no folder, and no digest of 12 digits" in wrong.stderr) == (2, True)


def test_what_cannot_be_proposed_says_why(server: Server, command: Command) -> None:
    assert "Deze regels gelden al." in told(command("rules", "propose", "--as", "f.beheer"))
    assert "Zeg wie u bent" in told(command("rules", "propose"))
    edited = folder(server, file=T03, more="\n")
    refused = told(command("rules", "propose", str(edited), "--as", "f.beheer"))
    assert f"Het gaat om: {T03}" in refused
    case = edited / "cases" / "schuldhulp.toml"
    case.write_text(case.read_text().replace('"contact"', '"bron"', 1))
    shutil.copyfile(RULES / T03, edited / T03)
    assert "1 cases fail" in told(command("rules", "propose", str(edited), "--as", "f.beheer"))
    (edited / T03).write_text("permit")
    assert T03 in told(command("rules", "propose", str(edited), "--as", "f.beheer"))


def test_refused_rules_are_proposed_again(server: Server, command: Command) -> None:
    changed = str(folder(server))
    ok(command("rules", "propose", changed, "--as", "f.beheer"))
    digest = ok(command("rules", "list"))[:64]
    assert f"refused {digest}" in ok(command("rules", "refuse", digest[:12], "--as", "p.officer"))
    assert "refused by p.officer" in ok(command("rules", "list"))
    assert "al beslist" in told(command("rules", "approve", digest, "--yes", "--as", "p.tweede"))
    ok(command("rules", "propose", changed, "--as", "p.officer"))
    assert f"{digest}  waits  proposed by p.officer" in ok(command("rules", "list"))


def test_an_index_that_serves_goes_by_adopted_rules_within_ten_seconds(
    server: Server, command: Command
) -> None:
    server.start()

    def ready() -> httpx.Response:
        return httpx.get(f"{server.url}/v1/gereed", trust_env=False)

    def within(status: int) -> Any:
        end = time.monotonic() + SECONDS_MAX
        while (answer := ready()).status_code != status:
            assert time.monotonic() < end, f"still {answer.status_code}"
            time.sleep(0.1)
        return answer.json()

    forget(server.folder / "index.sqlite")
    assert within(503)["code"] == "no-rules"
    assert noticed(server), "the log knows of a set that the rulebook does not name"
    ok(command("rules", "propose", "--as", "f.beheer"))
    for staff_id in ("f.tweede", "p.officer"):
        assert ready().status_code == 503
        ok(command("rules", "approve", RELEASED, "--yes", "--as", staff_id))
    within(200)


def noticed(server: Server) -> bool:
    """Whether the process that serves says, on record and in its own log, that log and rulebook differ."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        with rulebook_of(server.folder / "index.sqlite") as rulebook:
            query = "SELECT count(*) FROM audit_records WHERE event = 'rules.contradicted'"
            if rulebook._connection.execute(text(query)).scalar() == 1 and "by the log" in server.log:
                return True
        time.sleep(0.1)
    return False


def test_an_index_without_rules_registers_nothing_yet_and_says_so(server: Server, command: Command) -> None:
    forget(server.folder / "index.sqlite")
    (server.folder / "register.toml").write_text("publishers = []\npublications = []\n")
    refused = told(command("register", "import", "register.toml", "--as", "f.beheer"))
    assert "Er gelden nu geen regels" in refused
    assert ok(command("rules", "list")).startswith("no rules yet; start with: signal-index rules propose")
