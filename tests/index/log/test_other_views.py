"""A log that was cut short or rewritten gets no cosignature, and its index then shows nothing."""

from datetime import UTC, datetime, timedelta

from signal_index import audit
from signal_index.store import open_database
from tests.support.pairs import Pair, wait_for


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
