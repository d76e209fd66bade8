"""The log as somebody outside checks it: an export and a receipt, with the public keys and nothing of the index."""

import time
from pathlib import Path

from deploy.demo import parties
from deploy.demo.looks import Desk
from deploy.demo.organisations import INEKE
from deploy.demo.report import StepFailed, check
from deploy.demo.setting_up import Demo

COSIGNED_SECONDS_MAX = 30
POLL_SECONDS = 0.5


def prove_the_log(demo: Demo, noor: Desk) -> None:
    """Export the log and check it at the witness's organisation; check the receipt of one look by itself."""
    folders, report = demo.folders, demo.report
    report.step("Somebody outside checks the log, with public keys alone")
    (folders.witness / parties.WITNESS_KEY).write_bytes((folders.index / parties.WITNESS_KEY).read_bytes())
    keys = [
        f"--log-key={folders.witness / parties.LOG_KEY}",
        f"--witness-key={folders.witness / parties.WITNESS_KEY}",
    ]
    proof = folders.worker / "look.proof"
    _wait_for_proof(demo, noor, proof)
    checked = demo.commands.run("audit", "verify-receipt", proof, "--receipt", noor.receipt, *keys)
    check("Proven:" in checked, "the receipt of a look holds")
    report.line(f"{noor.employee.name}'s receipt: {checked.splitlines()[1].strip()}")
    export = folders.witness / "log.zip"
    today = str(demo.place.today)
    demo.index("audit", "export", export, "--as", INEKE.staff_id, "--from", today, "--until", today)
    said = demo.commands.run("audit", "verify", export, *keys)
    proven = said.partition("Not proven:")[0].splitlines()[1:]
    check(len(proven) >= 4, "the export of the log holds")
    report.line("The whole log:")
    for line in proven:
        report.line(f"  {line.strip()}")
    demo.commands.run("witness", "status", "--check", "--config", folders.witness_settings)
    report.line("The witness has nothing to report.")


def _wait_for_proof(demo: Demo, noor: Desk, proof: Path) -> None:
    """Redeem the receipt; the witness is asked every few seconds, so a fresh one may have to wait."""
    deadline = time.monotonic() + COSIGNED_SECONDS_MAX
    while True:
        try:
            demo.index("audit", "prove", noor.receipt, proof, "--as", noor.employee.staff_id)
        except StepFailed:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return
