"""A backup that is put back may revive nothing: what sources said is asked for again, under a new incarnation."""

import shutil
from typing import Any

from crypto.answers import Refusal, verify
from crypto.batch import BatchClass
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.store import begin_again, open_database

SOURCE, KIND = "agb:00000001", "wmo-voorziening"


def test_a_restored_backup_shows_no_withdrawn_flag_and_refuses_old_batches(world: Any) -> None:
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, SOURCE, KIND, {person: "2025-04"})
    row = world.relation()
    world.register_relations((person, row))
    world.database.close()
    backup = world.path.with_suffix(".backup")
    shutil.copy(world.path, backup)

    _reopen(world)
    withdrawal = SignaalRow(SignaalOperation.WITHDRAW, source=SOURCE, type=KIND, generation=1)
    old = world.batch(world.GEMEENTE, BatchClass.SIGNAAL, [(person, withdrawal)])
    assert world.post(old).status_code == 200
    world.database.close()

    for leftover in world.folder.glob("index.sqlite*"):
        leftover.unlink()
    shutil.copy(backup, world.path)
    begin_again(world.path, world.secrets)
    _reopen(world)
    assert world.look(row.relation_id).status_code == 503
    refusal = verify(world.post(old).content, world.secrets.public().verify_key)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "wrong-incarnation"

    for sender in world.senders.values():
        sender.sequence = 1
    world.register_relations((person, row))
    answer = world.look(row.relation_id)
    assert answer.status_code == 200
    assert answer.json()["signalen"] == []
    assert not any(source["actueel"] for source in answer.json()["bronnen"])


def _reopen(world: Any) -> None:
    database = open_database(world.path, world.secrets, writer_kind="serve")
    world.adopt(database)
