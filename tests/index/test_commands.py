"""The command line says what is wrong and what to do, in one line, and changes nothing it should not."""

import gc
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.keyfiles import IndexSecrets, PseudonymiserSecrets, PublisherSecrets
from crypto.tokens import encode_base64url
from signal_index import audit
from signal_index.cli import main
from tests.support.keys import agreed

CONFIG = """
environment = "{environment}"
database = "index.sqlite"
keys = "index.key"
manifest = "manifest.json"
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
"""


class Shell:
    """Runs the command in the folder of a world."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.folder: Path = world.folder
        world.secrets.save(self.folder / "index.key")
        world.manifest.save(self.folder / "manifest.json")
        self.config = self.folder / "index.toml"
        self.config.write_text(CONFIG.format(environment="dev"))

    def __call__(self, *words: str) -> Result:
        """One command, with the world's settings."""
        return CliRunner().invoke(main, [*words, "--config", str(self.config)])

    def file(self, name: str, text: str) -> str:
        """A file to hand to a command."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


@pytest.fixture
def shell(world: Any) -> Shell:
    """A shell on a fresh index."""
    return Shell(world)


def _others_may_read(shell: Shell) -> None:
    (shell.folder / "index.key").chmod(0o644)


def _production(shell: Shell) -> None:
    shell.config.write_text(CONFIG.format(environment="production"))


def _another_pin(shell: Shell) -> None:
    shell.config.write_text(f'manifest_fingerprint = "{"00" * 32}"\n' + shell.config.read_text())


def _manifest_of_another_index(shell: Shell) -> None:
    index = IndexSecrets.generate(shell.world.secrets.scope, 1, created=shell.world.DAY)
    b = PseudonymiserSecrets.generate("B", index.public(), created=shell.world.DAY)
    a = PseudonymiserSecrets.generate("A", b.public(), created=shell.world.DAY)
    (shell.folder / "manifest.json").unlink()
    agreed(index, b, a).save(shell.folder / "manifest.json")


def _no_settings(shell: Shell) -> None:
    shell.config.unlink()


def _unknown_setting(shell: Shell) -> None:
    shell.config.write_text("surprise = 1\n" + CONFIG.format(environment="dev"))


SETUPS: list[tuple[Callable[[Shell], None], str]] = [
    (_others_may_read, "chmod 600"),
    (_production, "manifest_fingerprint is not set"),
    (_another_pin, "is not the pinned manifest"),
    (_manifest_of_another_index, "pins other keys of the index"),
    (_no_settings, "cannot read the settings file"),
    (_unknown_setting, "surprise"),
]


@pytest.mark.parametrize(("spoil", "said"), SETUPS)
def test_a_wrong_set_up_is_one_clear_line(shell: Shell, spoil: Callable[[Shell], None], said: str) -> None:
    spoil(shell)
    result = shell("staff", "list", "--as", "f.beheer")
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert said in result.output


STAFF = [
    ("wrong;header\n", "the first line must read"),
    ("medewerker;organisatie;team;actief\n", "names nobody"),
    (
        "medewerker;organisatie;team;actief\nw.drie;geen-oin;noord;ja\n",
        "line 2: organisatie: an OIN of 20 digits",
    ),
    (
        "medewerker;organisatie;team;actief\nw.drie;00000099000000000001;noord;misschien\n",
        "actief: ja or nee",
    ),
    ("medewerker;organisatie;team;actief\nset-up;00000099000000000001;noord;ja\n", "medewerker"),
    ("medewerker;organisatie;team;actief\nw.drie;00000099000000000001;noord;ja;meer\n", "too many columns"),
    ("medewerker;organisatie;team;actief;naam;meer\n", "with or without ;naam behind it"),
    ("naam;medewerker;organisatie;team;actief\n", "the first line must read"),
    *(
        (
            f"medewerker;organisatie;team;actief;naam\nw.drie;00000099000000000001;noord;ja;{name}\n",
            "line 2: naam",
        )
        for name in (" Wil", "Wil ", "Wil\tJansen", "x" * 101)
    ),
    (
        "medewerker;organisatie;team;actief;naam\nw.drie;00000099000000000001;noord;ja;Wil;Jansen\n",
        "too many columns",
    ),
]


@pytest.mark.parametrize(("text", "said"), STAFF)
def test_a_staff_list_with_a_fault_imports_nobody(shell: Shell, text: str, said: str) -> None:
    before = shell.world.database.run(lambda tx: tx.staff.all())
    result = shell("staff", "import", shell.file("staff.csv", text), "--as", "f.beheer")
    assert result.exit_code == 1
    assert said in result.output
    assert shell.world.database.run(lambda tx: tx.staff.all()) == before


def test_a_staff_list_may_name_people_and_the_list_shows_it(shell: Shell) -> None:
    header, organisation = "medewerker;organisatie;team;actief", "00000099000000000001"
    named = (
        f"{header};naam\nw.een;{organisation};noord;ja;Wil van 't Éénse\nw.twee;{organisation};noord;nee;\n"
    )
    assert shell("staff", "import", shell.file("staff.csv", named), "--as", "f.beheer").exit_code == 0
    listed = shell("staff", "list", "--as", "f.beheer").output.splitlines()
    assert "w.een (Wil van 't Éénse)  noord  active  wijkteammedewerker" in listed
    assert "w.twee  noord  blocked  wijkteammedewerker" in listed
    without = f"{header}\nw.een;{organisation};noord;ja\n"
    assert shell("staff", "import", shell.file("staff.csv", without), "--as", "f.beheer").exit_code == 0
    assert shell.world.database.run(lambda tx: tx.staff.get("w.een")).name == "Wil van 't Éénse"


REGISTERS = [
    ("publishers = 1", "at least one [[publishers]]"),
    ("publishers = []\npublications = []", "at least one [[publishers]]"),
    ('[[publishers]]\noin = "00000099000000000001"', "misses the field 'key'"),
    ("[[publishers", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "said"), REGISTERS)
def test_a_register_with_a_fault_is_refused(shell: Shell, text: str, said: str) -> None:
    result = shell("register", "import", shell.file("register.toml", text), "--as", "f.beheer")
    assert result.exit_code == 1
    assert said in result.output


ENTRANCE: dict[str, object] = {
    "issuer": "https://regie.example",
    "name": "Regiesysteem",
    "organisation": "00000099000000000001",
    "verify_key": encode_base64url(
        Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    ),
}


REGISTER = """
[[publishers]]
oin = "00000099000000000001"
name = "Gemeente"
key = "gemeente.json"
items_per_batch = 8
classes = ["signaal"]
[[publications]]
source = "agb:00000001"
source_name = "Bron"
type = "wmo-voorziening"
publisher = "00000099000000000001"
contact_name = "Balie"
contact_phone = "085-0000000"
"""


def import_register(shell: Shell, *entrances: dict[str, object]) -> Result:
    """Import a register with one source and these entrances."""
    key = shell.folder / "gemeente.json"
    if not key.exists():
        shell.world.senders[shell.world.GEMEENTE].secrets.public().save(key)
    tables = ["\n".join(f"{name} = {value!r}" for name, value in entrance.items()) for entrance in entrances]
    file = shell.file("register.toml", REGISTER + "".join(f"[[entrances]]\n{table}\n" for table in tables))
    return shell("register", "import", file, "--may-remove", "--as", "f.beheer")


DATED = """
[[publishers.keys]]
file = "gemeente.json"
valid_until = 2026-12-31
[[publishers.keys]]
file = "nieuw.json"
valid_from = 2026-12-01
"""
WRONG_KEYS = [
    (DATED.replace("2026-12-31", '"2026-12-31"'), "a day, written 2026-12-31 without quotes"),
    (DATED.replace("valid_until", "until"), "fields nobody knows: until"),
    (DATED.replace("nieuw.json", "zorg.json"), "another publisher's"),
    (DATED.replace("nieuw.json", "gemeente.json"), "listed twice"),
    (DATED.replace("valid_from", "valid_until = 2026-11-30\nvalid_from"), "lies before its first"),
    ('key = "gemeente.json"\n' + DATED, "either key or keys"),
    ("keys = []\n", "at least one [[keys]]"),
]


def import_keys(shell: Shell, keys: str) -> Result:
    """Import a register whose publisher has these keys."""
    files = {
        "gemeente": shell.world.senders[shell.world.GEMEENTE].secrets,
        "nieuw": PublisherSecrets.generate(shell.world.GEMEENTE, created=date(2026, 3, 3)),
        "zorg": shell.world.senders[shell.world.ZORG].secrets,
    }
    for name, secrets in files.items():
        secrets.public().save(shell.folder / f"{name}.json")
    plain, _, tables = keys.partition("[[")
    head, publications = REGISTER.split("[[publications]]")
    head = head.replace('key = "gemeente.json"\n', plain)
    text = f"{head}{f'[[{tables}' if tables else ''}[[publications]]{publications}"
    return shell("register", "import", shell.file("register.toml", text), "--may-remove", "--as", "f.beheer")


def test_a_register_may_give_keys_their_days(shell: Shell) -> None:
    result = import_keys(shell, DATED)
    assert result.exit_code == 0, result.output
    old, new = shell.world.database.run(lambda tx: tx.register.publisher(shell.world.GEMEENTE)).keys
    assert (old.valid_from, old.valid_until) == (None, date(2026, 12, 31))
    assert (new.valid_from, new.valid_until) == (date(2026, 12, 1), None)


@pytest.mark.parametrize(("keys", "said"), WRONG_KEYS)
def test_keys_that_contradict_themselves_are_refused(shell: Shell, keys: str, said: str) -> None:
    before = shell.world.database.run(lambda tx: tx.register.publishers())
    result = import_keys(shell, keys)
    assert result.exit_code == 1
    assert said in result.output
    assert shell.world.database.run(lambda tx: tx.register.publishers()) == before


def test_a_register_may_name_entrances(shell: Shell) -> None:
    other = ENTRANCE | {"issuer": "https://andere.example"}
    result = import_register(shell, ENTRANCE, other)
    assert result.exit_code == 0, result.output
    entrances = shell.world.database.run(lambda tx: tx.register.entrances())
    assert [entrance.issuer for entrance in entrances] == ["https://andere.example", "https://regie.example"]
    assert entrances[1].organisation == ENTRANCE["organisation"]
    assert encode_base64url(entrances[1].verify_key) == ENTRANCE["verify_key"]
    assert import_register(shell).exit_code == 0
    assert shell.world.database.run(lambda tx: tx.register.entrances()) == []


ENTRANCES: list[tuple[tuple[dict[str, object], ...], str]] = [
    (({"issuer": "https://regie.example"},), "misses the field 'name'"),
    ((ENTRANCE | {"issuer": 5},), "no text in the field issuer"),
    ((ENTRANCE | {"name": ""},), "no text in the field name"),
    ((ENTRANCE | {"organisation": "123"},), "is not an OIN of 20 digits"),
    ((ENTRANCE | {"verify_key": "regie.public.json"},), "base64url"),
    ((ENTRANCE | {"verify_key": "AAAA"},), "32 bytes"),
    ((ENTRANCE | {"verify_key": "A" * 43},), "nobody can own it"),
    ((ENTRANCE, ENTRANCE), "listed twice: https://regie.example"),
]


@pytest.mark.parametrize(("entrances", "said"), ENTRANCES)
def test_an_entrance_with_a_fault_is_refused(
    shell: Shell, entrances: tuple[dict[str, object], ...], said: str
) -> None:
    result = import_register(shell, *entrances)
    assert result.exit_code == 1
    assert said in result.output
    assert shell.world.database.run(lambda tx: tx.register.entrances()) == []


def test_an_attempt_on_the_command_line_is_recorded_with_the_account(shell: Shell) -> None:
    assert shell("audit", "list", "--as", "w.een").exit_code == 1
    attempt = shell.world.records("action.refused")[0].fields
    assert (attempt["actor"], attempt["surface"]) == ("w.een", "command-line")
    assert str(attempt["token"]).startswith("os-account:")


def test_the_privacy_officer_reads_the_looks_of_her_own_organisation(shell: Shell) -> None:
    world = shell.world
    rows = [world.relation(case_reference=f"WT-2026-000{n}") for n in range(2)]
    world.register_relations(*zip(world.PEOPLE, rows, strict=False))
    for row in rows:
        world.look(row.relation_id)
    elsewhere = audit.event(
        "lookup.refused", world.clock, actor="w.elders", organisation=world.ZORG, reason="no-relation"
    )
    world.database.run(lambda tx: tx.audit.append(elsewhere))
    lines = shell("audit", "list", "--as", "p.officer").output.splitlines()
    assert len(lines) == 2
    assert "w.elders" not in shell("audit", "list", "--as", "p.officer", "--all").output
    assert "allowed=" in lines[-1]
    assert "records hold, no gaps" in shell("audit", "check").output


def test_no_command_of_who_administers_shows_a_flag(shell: Shell) -> None:
    world = shell.world
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    world.register_relations((world.PEOPLE[0], world.relation()))
    listed = shell("relation", "list", "--as", "f.beheer").output
    assert "WT-2026-0001" in listed
    assert "wmo" not in listed
    assert "2025-04" not in listed


def test_a_database_is_initialised_once_and_its_file_is_for_its_owner(shell: Shell) -> None:
    result = shell("db", "initialise")
    assert result.exit_code == 2
    assert "initialised before" in result.output
    assert stat.S_IMODE(shell.world.path.stat().st_mode) == 0o600


def test_a_restore_is_recorded(shell: Shell) -> None:
    shell.world.database.close()
    result = shell("db", "restored", "--clock-is-right")
    assert "new incarnation" in result.output
    assert "index.restored" in shell("audit", "list", "--all", "--as", "p.officer").output


def test_the_source_sees_its_series(shell: Shell) -> None:
    world = shell.world
    world.publish(
        world.GEMEENTE, "agb:00000001", "wmo-voorziening", dict.fromkeys(world.PEOPLE[:3], "2025-04")
    )
    listed = shell("source", "status").output
    assert "3 flags" in listed
    assert "no complete set yet" in listed
    assert "no sources of a publisher 123" in shell("source", "status", "--publisher", "123").output


def test_keys_are_never_overwritten(shell: Shell) -> None:
    words = ["keys", "publisher", "00000099000000000009", "--out", str(shell.folder / "p")]
    assert CliRunner().invoke(main, words).exit_code == 0
    again = CliRunner().invoke(main, words)
    assert (again.exit_code, "never overwritten" in again.output) == (1, True)
    assert "20 digits" in CliRunner().invoke(main, ["keys", "publisher", "123"]).output


def test_the_insecure_issuer_refuses_outside_development(shell: Shell) -> None:
    _production(shell)
    result = shell(
        "insecure-issuer", "token", "--key", str(shell.folder / "issuer.key"), "--subject", "w.een"
    )
    assert result.exit_code == 2
    assert 'environment = "dev"' in result.output


def test_nothing_is_erased_by_a_clock_far_beyond_the_backup_unless_somebody_vouches_for_it(
    shell: Shell,
) -> None:
    world = shell.world
    world.look(bytes(16))
    count = len(world.records())
    refused = shell("db", "restored")
    assert refused.exit_code == 2
    assert "--clock-is-right" in refused.output
    assert len(world.records()) == count
    assert shell("db", "restored", "--clock-is-right").exit_code == 0
    (restored,) = world.records("index.restored")
    assert restored.fields["size"] == 0


def test_garbage_is_looked_for_again_once_a_command_is_there() -> None:
    for words in (["keys", "--help"], ["connector", "--help"], ["there-is-none"]):
        CliRunner().invoke(main, words)
        assert gc.isenabled(), words
