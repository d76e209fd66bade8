"""An index and a witness as two processes, with a worker who keeps her own list of receipts."""

import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from crypto.keyfiles import WitnessSecrets
from crypto.log.notes import Verifier, cosign, note_text
from crypto.log.proof import LogProof, check
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
        self.http = httpx.Client(trust_env=False, timeout=20)
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
        response = self.http.post(f"{self.server.url}/v1/raadplegingen", json=question, headers=self._token())
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
        return self.http.post(f"{self.server.url}/v1/logbewijzen", json=receipt, headers=self._token())

    def check_receipts(self) -> None:
        """Every receipt has its proof, under a checkpoint that the witness cosigned."""
        log, witness = Verifier.parse(self.witness.logs[-1][1]), Verifier.parse(self.witness.key)
        for receipt in self.receipts:
            check(LogProof.read(self._proof(receipt)), log, [witness], cosignatures_min=1)

    def _proof(self, receipt: dict[str, Any]) -> bytes:
        answers: list[httpx.Response] = []

        def is_there() -> bool:
            answers.append(self.redeem(receipt))
            return answers[-1].status_code == 200

        wait_for(is_there, "the proof")
        proof: str = answers[-1].json()["bewijs"]
        return proof.encode()

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
        time.sleep(0.03)
