"""A vendor's key and links: made on the vendor's own machine, and accepted by an index that has the key registered."""

import stat
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from signal_index.cli import main
from signal_index.cli.administration.imports import read_register
from signal_index.cli.entrance import PARAMETER, PATH
from signal_index.errors import NotPermitted
from signal_index.model import Actor
from signal_index.usecases.workplace.arrivals import arrive
from signal_index.web.pages.caseload import PAGES

ISSUER, SITE = "https://regie.example", "https://index.test"
RELATION = UUID("358ce418-b47d-4864-9cfa-1862db2dcfad")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["entrance", *map(str, words)])


def make(folder: Path, *more: str) -> Result:
    return run("new", "--issuer", ISSUER, "--out", folder, *more)


def link(folder: Path, **changed: object) -> Result:
    stated: dict[str, object] = {
        "key": folder / "entrance.key",
        "issuer": ISSUER,
        "audience": "index:regio-test",
        "site": SITE,
        "worker": "w.een",
        "relation": RELATION,
    }
    options = [word for name, value in (stated | changed).items() for word in (f"--{name}", value)]
    return run("link", *options)


def ticket_in(result: Result) -> str:
    assert result.exit_code == 0, result.output
    address = urlsplit(result.output.strip())
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{SITE}/openen"
    (ticket,) = parse_qs(address.query)["kaartje"]
    return ticket


@pytest.fixture
def arriving(world: Any, tmp_path: Path) -> Callable[[str], bytes]:
    """Lets worker w.een arrive with a ticket, at an index that imported what `entrance new` wrote."""
    made = make(tmp_path, "--name", "Regiesysteem", "--organisation", world.GEMEENTE)
    assert made.exit_code == 0, made.output
    for oin, sender in world.senders.items():
        sender.secrets.public().save(tmp_path / f"{oin}.json")
    file = tmp_path / "register.toml"
    public = (tmp_path / "entrance.public.toml").read_text()
    file.write_text(REGISTER.format(oin=world.GEMEENTE) + public)
    world.database.run(lambda tx: tx.register.replace(read_register(file)))

    def attempt(ticket: str) -> bytes:
        def job(tx: Any) -> bytes:
            actor = Actor.in_all_roles("w.een", tx.staff.get("w.een"), second_factor=True, token_id="test")
            return arrive(tx, actor, ticket, datetime.now(UTC))

        relation: bytes = world.database.run(job)
        return relation

    return attempt


REGISTER = """
[[publishers]]
oin = "{oin}"
name = "Gemeente"
key = "{oin}.json"
items_per_batch = 8
classes = ["signaal"]
[[publications]]
source = "agb:00000001"
source_name = "Bron"
type = "wmo-voorziening"
publisher = "{oin}"
contact_name = "Balie"
contact_phone = "085-0000000"
"""


def test_a_link_opens_the_case_it_names_once(arriving: Callable[[str], bytes], tmp_path: Path) -> None:
    ticket = ticket_in(link(tmp_path))
    assert arriving(ticket) == RELATION.bytes
    with pytest.raises(NotPermitted) as refused:
        arriving(ticket)
    assert refused.value.reason == "used"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"audience": "index:elders"}, "token-audience"),
        ({"issuer": "https://ander.example"}, "token-issuer"),
        ({"worker": "w.twee"}, "other-worker"),
    ],
)
def test_a_link_made_for_something_else_opens_nothing(
    arriving: Callable[[str], bytes], tmp_path: Path, changed: dict[str, object], reason: str
) -> None:
    with pytest.raises(NotPermitted) as refused:
        arriving(ticket_in(link(tmp_path, **changed)))
    assert refused.value.reason == reason


def test_the_key_of_another_system_opens_nothing(arriving: Callable[[str], bytes], tmp_path: Path) -> None:
    make(tmp_path / "other")
    with pytest.raises(NotPermitted) as refused:
        arriving(ticket_in(link(tmp_path / "other")))
    assert refused.value.reason == "token-key"


def test_two_links_are_two_tickets(arriving: Callable[[str], bytes], tmp_path: Path) -> None:
    tickets = [ticket_in(link(tmp_path)) for _ in range(2)]
    assert [arriving(ticket) for ticket in tickets] == [RELATION.bytes] * 2


def test_links_lead_to_the_page_that_takes_them() -> None:
    (page,) = (page for page in PAGES if page.name == "arrive")
    assert (page.path, page.ticket) == (PATH, PARAMETER)


def test_the_secret_is_for_its_owner_only_and_is_never_printed(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert stat.S_IMODE((tmp_path / "entrance.key").stat().st_mode) == 0o600
    secret = (tmp_path / "entrance.key").read_text()
    assert secret.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert secret.splitlines()[1] not in made.output
    assert (tmp_path / "entrance.public.toml").read_text() in made.output


def test_what_it_prints_is_toml_that_has_to_be_completed(tmp_path: Path) -> None:
    make(tmp_path)
    (entrance,) = tomllib.loads((tmp_path / "entrance.public.toml").read_text())["entrances"]
    assert entrance["issuer"] == ISSUER
    assert "20 digits" in entrance["organisation"]


@pytest.mark.parametrize("text", ["", "two\nlines", "bell\a"])
def test_an_issuer_is_one_line_of_text(tmp_path: Path, text: str) -> None:
    made = run("new", "--issuer", text, "--out", tmp_path)
    assert made.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_quotes_in_a_name_stay_inside_it(tmp_path: Path) -> None:
    make(tmp_path, "--name", 'Regie "Zuid" \\ en verder')
    (entrance,) = tomllib.loads((tmp_path / "entrance.public.toml").read_text())["entrances"]
    assert entrance["name"] == 'Regie "Zuid" \\ en verder'


@pytest.mark.parametrize("name", ["entrance.key", "entrance.public.toml"])
def test_a_file_that_exists_is_never_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("of somebody else")
    made = make(tmp_path)
    assert made.exit_code == 1
    assert f"{name} exists and keys are never overwritten" in made.output
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "of somebody else")]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o640), "run chmod 600"),
        (lambda path: path.unlink(), "No such file"),
        (lambda path: path.write_text("x"), "is not a key that signal-index entrance new made"),
    ],
)
def test_a_key_that_is_open_gone_or_no_key_makes_no_link(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    make(tmp_path)
    spoil(tmp_path / "entrance.key")
    made = link(tmp_path)
    assert made.exit_code == 1
    assert said in made.output


@pytest.mark.parametrize(
    "site", ["index.test", "https://index.test/path", "https://index.test?x=1", "ftp://index.test"]
)
def test_a_site_is_a_scheme_and_a_host(tmp_path: Path, site: str) -> None:
    make(tmp_path)
    assert link(tmp_path, site=site).exit_code == 2
