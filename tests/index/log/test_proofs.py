"""What leaves the index for others to check: proofs behind receipts, and exports of the whole log."""

import json
import stat
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from crypto.log.notes import Verifier
from crypto.log.proof import LogProof, check
from signal_index.cli import main
from signal_index.model import Actor
from signal_index.model.days import Days
from signal_index.usecases import exporting

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
DAY = "2026-03-03"


@pytest.fixture
def looked(world: Any) -> tuple[Any, dict[str, Any]]:
    """A world in which one worker has looked, and the receipt she got."""
    world.publish_nothing_else()
    row = world.relation()
    world.register_relations((world.PEOPLE[0], row))
    receipt = world.look(row.relation_id).json()["ontvangstbewijs"]
    return world, receipt


def integrate(world: Any) -> None:
    world.database.run(lambda tx: tx.log.integrate(world.clock, 10_000))


def run(world: Any, *words: str) -> Result:
    """The command, with this world's settings where it takes them."""
    config = world.folder / "index.toml"
    if not config.exists():
        world.secrets.save(world.folder / "index.key")
        world.manifest.save(world.folder / "manifest.json")
        config.write_text(CONFIG)
    settings = [] if words[1].startswith("verify") else ["--config", str(config)]
    return CliRunner().invoke(main, [*words, *settings])


def redeem(world: Any, receipt: dict[str, Any], staff_id: str = "w.een") -> Any:
    return world.request("POST", "/v1/logbewijzen", json=receipt, headers=world.token(staff_id))


def test_a_receipt_is_redeemed_for_a_proof_that_anybody_can_check(
    looked: tuple[Any, dict[str, Any]],
) -> None:
    world, receipt = looked
    early = redeem(world, receipt)
    assert (early.status_code, early.json()["code"]) == (503, "not-in-tree")
    integrate(world)
    response = redeem(world, receipt)
    assert response.status_code == 200, response.text
    proof = response.json()["bewijs"]
    key = run(world, "audit", "key").output.strip()
    check(LogProof.read(proof.encode()), Verifier.parse(key))
    file = world.folder / "proof"
    file.write_text(proof)
    stated = f"{receipt['schrijver']}/{receipt['nummer']}/{receipt['blad']}"
    good = run(world, "audit", "verify-receipt", str(file), "--receipt", stated, "--log-key", key)
    assert good.exit_code == 0, good.output
    other = stated[:-1] + ("0" if stated[-1] != "0" else "1")
    bad = run(world, "audit", "verify-receipt", str(file), "--receipt", other, "--log-key", key)
    assert bad.exit_code == 1


def test_a_receipt_that_belongs_to_nothing_is_refused_and_every_try_is_recorded(
    looked: tuple[Any, dict[str, Any]],
) -> None:
    world, receipt = looked
    for integrated in (False, True):
        for change in ({"blad": "0" * 64}, {"nummer": 4711}, {"schrijver": "0" * 16}):
            response = redeem(world, receipt | change)
            assert (response.status_code, response.json()["code"]) == (404, "no-record"), (integrated, change)
        integrate(world)
    assert redeem(world, receipt | {"nummer": "één"}).status_code == 400
    assert redeem(world, receipt, "nobody").status_code == 403
    redeemed, refused = world.records("receipt.redeemed"), world.records("action.refused")
    # A refusal undoes the attempt, so what is on record is that she was refused.
    assert len(redeemed) == 0
    assert [entry.fields["reason"] for entry in refused] == ["account"] + ["no-record"] * 6


@pytest.mark.parametrize("days", [(), ("--from", DAY, "--until", DAY)], ids=["proofs", "with records"])
def test_an_export_holds_for_whoever_has_the_key_and_not_for_another(
    looked: tuple[Any, dict[str, Any]], days: tuple[str, ...]
) -> None:
    world, _ = looked
    integrate(world)
    count = len(world.records())
    out = world.folder / "export.zip"
    made = run(world, "audit", "export", str(out), "--as", "p.officer", *days)
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with ZipFile(out) as archive:
        bodies = archive.read("records.jsonl").splitlines()
    assert len(bodies) == (count if days else 0)
    key = run(world, "audit", "key").output.strip()
    good = run(world, "audit", "verify", str(out), "--log-key", key)
    assert good.exit_code == 0, good.output
    assert f"{count} entries" in good.output
    name = Verifier.parse(key).name
    stranger = Verifier.of(name, type(world.secrets).generate("x", 1, created=world.DAY).log_signing).text
    assert run(world, "audit", "verify", str(out), "--log-key", stranger).exit_code == 1
    (record,) = world.records("log.exported")
    assert record.fields["first_day"] == (DAY if days else None)
    assert record.fields["actor"] == "p.officer"


@pytest.mark.parametrize("days", [Days(date.min, date.max), Days(date(9999, 1, 1), date.max)])
def test_days_that_no_clock_can_tell_are_no_fault(looked: tuple[Any, dict[str, Any]], days: Days) -> None:
    world, _ = looked
    integrate(world)
    actor = _officer(world)
    ticket = world.database.run(lambda tx: exporting.begin(tx, actor, days, world.clock))
    assert json.loads(exporting.about(ticket))
    records = list(exporting.lines(world.database.run, ticket))
    assert bool(records) is (days.first == date.min)


def test_an_export_is_whole_while_looks_go_on(looked: tuple[Any, dict[str, Any]], tmp_path: Path) -> None:
    world, _ = looked
    integrate(world)
    days = Days(world.DAY, world.DAY)
    actor = _officer(world)
    ticket = world.database.run(lambda tx: exporting.begin(tx, actor, days, world.clock))
    with ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("about.json", exporting.about(ticket))
        archive.writestr("checkpoint", ticket.checkpoint)
        for path, content in exporting.tree(world.database.run, ticket):
            archive.writestr(path, content)
            world.clock += timedelta(seconds=1)
            world.request("GET", "/v1/zorgrelaties", headers=world.token())
            integrate(world)
        archive.writestr("records.jsonl", b"".join(exporting.lines(world.database.run, ticket)))
    key = run(world, "audit", "key").output.strip()
    good = run(world, "audit", "verify", str(tmp_path / "export.zip"), "--log-key", key)
    assert good.exit_code == 0, good.output
    assert f"{ticket.size} entries" in good.output


def _officer(world: Any) -> Any:
    member = world.database.run(lambda tx: tx.staff.get("p.officer"))
    return Actor.in_all_roles("p.officer", member, second_factor=True, token_id="test")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as", "w.een"), "rol privacy-officer"),
        (("--as", "p.officer", "--from", DAY), "both --from and --until"),
        (("--as", "p.officer", "--from", "2026-03-04", "--until", DAY), "laatste dag"),
    ],
)
def test_an_export_that_cannot_be_made_leaves_no_file(
    looked: tuple[Any, dict[str, Any]], words: tuple[str, ...], said: str
) -> None:
    world, _ = looked
    integrate(world)
    out = world.folder / "export.zip"
    result = run(world, "audit", "export", str(out), *words)
    assert result.exit_code != 0
    assert said in result.output
    assert not out.exists()


def test_an_export_never_overwrites(looked: tuple[Any, dict[str, Any]]) -> None:
    world, _ = looked
    integrate(world)
    out = world.folder / "export.zip"
    out.write_text("mine")
    result = run(world, "audit", "export", str(out), "--as", "p.officer")
    assert result.exit_code == 1
    assert out.read_text() == "mine"
    assert f"{out} is there already: choose another name" in result.output


def test_records_in_an_export_say_what_the_log_says_and_no_pseudonym(
    looked: tuple[Any, dict[str, Any]],
) -> None:
    world, _ = looked
    integrate(world)
    out = world.folder / "export.zip"
    run(world, "audit", "export", str(out), "--as", "p.officer", "--from", DAY, "--until", DAY)
    with ZipFile(out) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
        lines = [json.loads(line) for line in archive.read("records.jsonl").splitlines()]
    assert {line["number"] for line in lines if line["writer"]} == set(range(1, len(lines) + 1))
    relation = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))[0]
    assert relation.person.encoded not in whole
    assert relation.person.encoded.hex().encode() not in whole
