"""The index and a witness as two processes: what is cosigned holds, and what was rewritten is not cosigned.

The worker keeps her own list of receipts; each of them must be redeemable for a proof that holds with public keys
alone, whatever happened to the index in between.
"""

import random
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from crypto.keyfiles import WitnessSecrets
from crypto.log.notes import Verifier, cosign, note_text
from crypto.log.proof import LogProof, check
from signal_index import audit
from signal_index.store import open_database
from tests.support.serving import Server, WitnessServer


class Pair:
    """An index and its witness, and a worker who looks."""

    def __init__(self, world: Any, folder: Path) -> None:
        world.clock = datetime.now(UTC)
        today = world.clock.date()
        row = world.relation(valid_from=today - timedelta(days=9), valid_until=today + timedelta(days=9))
        world.register_relations((world.PEOPLE[0], row))
        world.database.close()
        self.world, self.relation_id = world, row.relation_id
        self.witness = WitnessServer(folder / "witness")
        self.server = Server(world, sections=self.witness.settings)
        self.receipts: list[dict[str, Any]] = []

    @property
    def key(self) -> str:
        """The key of the log as it is called now."""
        made = self.server.command("audit", "key")
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def start(self) -> None:
        """Both."""
        self.witness.trust(self.key)
        self.witness.start()
        self.server.start()

    def look(self) -> httpx.Response:
        """One look; its receipt is kept."""
        question = {"zorgrelatie": str(uuid.UUID(bytes=self.relation_id)), "doel": "voorbereiding-huisbezoek"}
        response = httpx.post(
            f"{self.server.url}/v1/raadplegingen",
            json=question,
            headers=self._token(),
            trust_env=False,
            timeout=20,
        )
        if response.status_code == 200:
            self.receipts.append(response.json()["ontvangstbewijs"])
        return response

    def _token(self) -> dict[str, str]:
        self.world.clock = datetime.now(UTC)
        headers: dict[str, str] = self.world.token()
        return headers

    def look_when_open(self) -> None:
        """Look as soon as the index is witnessed."""
        wait_for(lambda: self.look().status_code == 200, "the index to be witnessed")

    def redeem(self, receipt: dict[str, Any]) -> httpx.Response:
        """Ask for the proof behind a receipt."""
        return httpx.post(
            f"{self.server.url}/v1/logbewijzen",
            json=receipt,
            headers=self._token(),
            trust_env=False,
            timeout=20,
        )

    def check_receipts(self) -> None:
        """Every receipt has its proof, under a checkpoint that the witness cosigned."""
        log, witness = Verifier.parse(self.key), Verifier.parse(self.witness.key)
        for receipt in self.receipts:
            wait_for(lambda: self.redeem(receipt).status_code == 200, "the proof")  # noqa: B023
            proof = LogProof.read(self.redeem(receipt).json()["bewijs"].encode())
            check(proof, log, [witness], cosignatures_min=1)

    def copy_database(self, name: str) -> Path:
        """A backup of the database while it stands still."""
        target: Path = self.world.folder.parent / name
        with closing(sqlite3.connect(self.world.path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        target.chmod(0o600)
        return target

    def put_back(self, backup: Path) -> None:
        """Put a backup in the place of the database."""
        for leftover in self.world.folder.glob("index.sqlite*"):
            leftover.unlink()
        shutil.copy(backup, self.world.path)

    def age_cosignature(self, age: timedelta) -> None:
        """Let the witness have signed so much earlier; it takes its key, for the signature is what counts."""
        key = WitnessSecrets.load(self.witness.folder / "witness.key").signing
        with closing(sqlite3.connect(self.world.path)) as writer, writer:
            ((note,),) = writer.execute("SELECT checkpoint FROM log_cosignatures")
            text, signatures = note_text(note), note.decode().rpartition("\n\n")[2].splitlines(keepends=True)
            of_log = "".join(line for line in signatures if f" {self.witness.name} " not in line)
            line = cosign(text, self.witness.name, key, int((datetime.now(UTC) - age).timestamp()))
            writer.execute("UPDATE log_cosignatures SET checkpoint = ?", [f"{text}\n{of_log}{line}".encode()])

    def refusals(self) -> set[str]:
        """Why the witness gives no cosignature, as the index knows it."""
        with closing(sqlite3.connect(f"file:{self.world.path}?mode=ro", uri=True)) as reader:
            return {reason for (reason,) in reader.execute("SELECT reason FROM log_refusals")}

    def alarms(self) -> str:
        """What the witness says is wrong."""
        return self.witness.command("status", "--check").stdout


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)


@pytest.fixture
def pair(world: Any, tmp_path: Path) -> Iterator[Pair]:
    made = Pair(world, tmp_path)
    yield made
    for party in (made.server, made.witness):
        if hasattr(party, "process") and party.process.poll() is None:
            party.process.kill()
            party.process.wait()


def test_every_receipt_survives_kills_of_the_index_and_of_the_witness(pair: Pair) -> None:
    chance = random.Random(20261127)
    pair.start()
    for turn in range(4):
        pair.look_when_open()
        for _ in range(chance.randrange(20)):
            assert pair.look().status_code == 200
        time.sleep(chance.uniform(0, 0.7))
        if turn % 2:
            pair.witness.stop()
            pair.witness.start()
        pair.server.kill()
        pair.server.start()
    pair.look_when_open()
    pair.check_receipts()
    assert pair.alarms() == ""
    assert pair.refusals() <= {"unreachable"}
    checked = pair.server.command("audit", "check")
    assert checked.returncode == 0, checked.stderr


def test_a_backup_put_back_in_silence_serves_nothing(pair: Pair) -> None:
    pair.start()
    pair.look_when_open()
    pair.server.stop()
    backup = pair.copy_database("backup")
    pair.server.start()
    pair.look_when_open()
    pair.check_receipts()
    lost = pair.receipts[-1]
    pair.server.stop()

    pair.put_back(backup)
    pair.age_cosignature(timedelta(days=1))  # as if the backup were of last night
    pair.server.start()
    wait_for(lambda: "behind" in pair.refusals(), "the witness to refuse the shorter log")
    assert (pair.look().status_code, pair.look().json()["code"]) == (503, "not-witnessed")
    assert pair.redeem(lost).status_code == 404, "her receipt shows that her look was cut off"
    assert "rollback" in pair.alarms()
    assert "does not cosign: behind" in pair.server.log
    pair.server.stop()

    # The way it should be done: a new name, which the witness takes on after comparing.
    said = pair.server.command("db", "restored")
    assert said.returncode == 0, said.stderr
    (comparison,) = [line.split() for line in said.stdout.splitlines() if "witness compare" in line]
    compared = pair.witness.command(*comparison[2:])
    assert compared.stdout.startswith("the same"), said.stdout + compared.stdout
    pair.witness.stop()
    pair.witness.trust(pair.key)
    pair.witness.start()
    pair.server.start()
    wait_for(lambda: pair.look().json()["code"] == "filling", "the witness to cosign the new log")
    assert pair.refusals() == set()


def test_two_views_of_one_log_are_found(pair: Pair) -> None:
    pair.start()
    pair.look_when_open()
    pair.server.stop()
    backup = pair.copy_database("other-view")
    pair.server.start()
    for _ in range(3):
        pair.look_when_open()
    pair.check_receipts()
    pair.server.stop()

    pair.put_back(backup)
    # In the other view more has been recorded since: the tree is larger, and another one.
    with open_database(pair.world.path, pair.world.secrets, writer_kind="cli") as database:
        now = datetime.now(UTC)
        for _ in range(40):
            gap = audit.event("log.gap", now, writer="another view", number=1)
            database.run(lambda tx: tx.audit.append(gap))  # noqa: B023 - run waits
    pair.server.start()
    wait_for(lambda: bool(pair.refusals() & {"proof", "fork"}), "the witness to refuse the other view")
    assert any(kind in pair.alarms() for kind in ("inconsistent", "fork"))


def test_nothing_is_shown_without_a_witness_and_the_log_waits_for_one(pair: Pair) -> None:
    pair.witness.trust(pair.key)
    pair.server.start()
    wait_for(lambda: "unreachable" in pair.refusals(), "the index to miss its witness")
    assert (pair.look().status_code, pair.look().json()["code"]) == (503, "not-witnessed")
    pair.witness.start()
    pair.look_when_open()
    pair.check_receipts()
    assert pair.refusals() == set()
