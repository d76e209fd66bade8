"""What a witness cosigns, what it refuses, and what it raises an alarm for."""

import json
import logging
from typing import Any

import pytest

from crypto.log.notes import add_signatures, open_note, sign
from crypto.log.witnessing import AddCheckpoint
from crypto.witness.config import tag
from crypto.witness.judgement import Happening
from crypto.witness.problems import Refused


def refusal(witness: Any, body: bytes) -> Refused:
    with pytest.raises(Refused) as found:
        witness.add_checkpoint(body)
    return found.value


def cosigned(witness: Any, log: Any, old: int, own: Any) -> tuple[int, int]:
    """Size and time of the cosignature on the log as it is."""
    line = witness.add_checkpoint(log.request(old))
    (found,) = open_note(add_signatures(log.note(), line), [own]).signatures
    assert found.timestamp is not None
    return log.size, found.timestamp


def test_it_cosigns_a_log_from_its_beginning_as_it_grows(desk: Any, log: Any, own: Any) -> None:
    witness = desk.open(log.verifier)
    sizes = []
    for count in (0, 1, 1, 5, 256, 3):
        old = log.size
        desk.clock.at += 60
        sizes.append(cosigned(witness, log.grow(count), old, own))
    assert sizes == [(s, desk.clock.at - 300 + 60 * i) for i, s in enumerate((0, 1, 2, 7, 263, 266))]
    note = witness.last_cosigned(tag(log.origin)).encode()
    assert {each.verifier for each in open_note(note, [own, log.verifier]).signatures} == {own, log.verifier}
    assert desk.laid_down() == []


def test_the_same_checkpoint_gets_a_newer_cosignature(desk: Any, log: Any, own: Any) -> None:
    witness = desk.open(log.verifier)
    first = cosigned(witness, log.grow(5), 0, own)
    desk.clock.at += 60
    assert cosigned(witness, log, 5, own) == (5, first[1] + 60)
    assert len(list(witness.memory.happened())) == 1
    assert cosigned(desk.reopen(), log, 5, own) == (5, first[1] + 60)


def test_a_wrong_old_size_is_told_the_right_one(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    found = refusal(witness, log.grow(2).request(0))
    assert (found.code, found.size, found.media_type) == ("conflict", 5, "text/x.tlog.size")
    assert found.body("x") == b"5\n"
    assert refusal(witness, log.request(6)).size == 5
    witness.add_checkpoint(log.request(5))


def test_what_is_not_signed_by_a_known_key_is_refused_and_no_alarm(desk: Any, log: Any, new_log: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    assert refusal(witness, new_log("signaalindex/elders/01").grow(2).request(0)).code == "unknown-log"
    assert refusal(witness, new_log().grow(3).request(0)).code == "signature"
    by_the_witness = sign(log.checkpoint().text, log.origin, desk.secrets.signing)
    assert refusal(witness, AddCheckpoint(5, (), by_the_witness).body).code == "signature"
    # The witness's own signature does not stand in for the log's.
    line = witness.add_checkpoint(log.request(5))
    bare = f"{log.checkpoint().text}\n{line}".encode()
    assert refusal(witness, AddCheckpoint(5, (), bare).body).code == "signature"
    assert [each.what for each in witness.memory.happened()] == [Happening.COSIGNED]


def test_signatures_of_strangers_are_not_kept(desk: Any, log: Any, new_log: Any) -> None:
    witness = desk.open(log.verifier)
    strange = (
        sign(log.grow(3).checkpoint().text, "elders", new_log().key).decode().splitlines(keepends=True)[-1]
    )
    witness.add_checkpoint(AddCheckpoint(0, (), add_signatures(log.note(), strange)).body)
    assert "elders" not in witness.last_cosigned(tag(log.origin))
    assert "elders" not in next(witness.memory.happened()).said


def test_a_fork_is_refused_until_somebody_says_so_and_the_proof_is_kept(
    desk: Any, log: Any, own: Any, caplog: pytest.LogCaptureFixture
) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(3).request(0))
    witness.add_checkpoint(log.grow(4).request(3))
    other = log.cut(2).grow(5, "anders")
    with caplog.at_level(logging.ERROR):
        assert refusal(witness, other.request(7)).size == 7
    (line,) = caplog.records
    assert line.fields == {  # type: ignore[attr-defined]
        "event": "alarm", "kind": "fork", "origin": log.origin, "cosigned_size": 7, "presented_size": 7,
    }  # fmt: skip
    # Also the good log is refused now, after a restart as well.
    assert refusal(desk.reopen(), log.request(7)).code == "log-refused"
    assert desk.laid_down() == ["fork"]
    (folder,) = desk.evidence.iterdir()
    assert json.loads((folder / "about.json").read_text())["presented_size"] == 7
    presented = AddCheckpoint.read((folder / "presented").read_bytes())
    kept = (folder / "cosigned").read_bytes()
    texts = {open_note(note, [log.verifier]).text for note in (presented.note, kept)}
    assert texts == {log.checkpoint().text, other.checkpoint().text}
    with desk.walk.memory.turn() as turn:
        turn.add(desk.clock.at, log.origin, Happening.ACKNOWLEDGED, (7, log.checkpoint().root), "bekeken")
    assert cosigned(desk.walk, log.grow(1), 7, own)[0] == 8
    # Who repeats the note that was looked into stops nothing, and gets nothing.
    assert refusal(desk.walk, other.request(7)).size == 8
    assert cosigned(desk.walk, log, 8, own)[0] == 8
    # Another one is another alarm.
    assert refusal(desk.walk, other.request(6, 6)).code == "conflict"
    assert cosigned(desk.walk, log, 8, own)[0] == 8
    assert refusal(desk.walk, log.cut(1).grow(2, "derde").request(0)).code == "conflict"
    assert refusal(desk.walk, log.request(8)).code == "log-refused"
    assert desk.laid_down() == ["fork", "fork", "rollback"]


def test_a_fork_below_the_last_tree_is_kept_beside_the_note_of_its_size(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    for old in (0, 3, 6):
        witness.add_checkpoint(log.grow(3).request(old))
    refusal(witness, log.cut(2).grow(4, "anders").request(0))
    (folder,) = desk.evidence.iterdir()
    kept = open_note((folder / "cosigned").read_bytes(), [log.verifier])
    assert kept.text == log.checkpoint(6).text


def test_a_cut_tail_is_an_alarm_until_the_log_goes_on(desk: Any, log: Any, own: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    witness.add_checkpoint(log.grow(5).request(5))
    back = log.cut(5)
    for _ in range(3):
        assert refusal(witness, back.request(5)).size == 10
    assert desk.laid_down() == ["rollback"]
    assert witness.memory.standing(log.origin).open_alarms.keys() == {Happening.ROLLBACK}
    # The same again, whole, is not enough: that could be an old note, repeated.
    assert cosigned(witness, log, 10, own)[0] == 10
    assert witness.memory.standing(log.origin).open_alarms
    assert cosigned(witness, log.grow(1), 10, own)[0] == 11
    assert not witness.memory.standing(log.origin).open_alarms
    # What grows out of the cut log has other roots: proof of two histories.
    assert refusal(witness, back.grow(5, "nieuw").request(5)).size == 11
    assert desk.laid_down() == ["fork", "rollback"]


def test_old_notes_repeated_at_every_growth_keep_the_alarm_and_not_the_disk(
    desk: Any, log: Any, own: Any
) -> None:
    witness = desk.open(log.verifier)
    day = 86_400
    desk.clock.at += day - desk.clock.at % day
    cosigned(witness, log.grow(1), 0, own)
    for size in range(1, 41):
        cosigned(witness, log.grow(1), size, own)
        assert refusal(witness, log.cut(size).request(0)).code == "conflict"
    assert len(desk.laid_down()) == 16
    standing = desk.reopen().memory.standing(log.origin)
    assert standing.open_alarms.keys() == {Happening.ROLLBACK}
    desk.clock.at += day
    cosigned(desk.walk, log.grow(1), 41, own)
    assert not desk.walk.memory.standing(log.origin).open_alarms
    assert refusal(desk.walk, log.cut(40).request(0)).code == "conflict"
    assert len(desk.laid_down()) == 17
    assert desk.walk.memory.standing(log.origin).open_alarms


def test_a_larger_tree_without_a_proof_is_an_alarm_until_one_comes(desk: Any, log: Any, own: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    rewritten = log.cut(4).grow(8, "anders")
    assert refusal(witness, rewritten.request(5)).code == "proof"
    assert refusal(witness, rewritten.request(5)).code == "proof"
    assert desk.laid_down() == ["inconsistent"]
    assert cosigned(witness, log.grow(1), 5, own)[0] == 6
    assert not witness.memory.standing(log.origin).open_alarms


def test_a_proof_that_is_not_needed_is_refused_without_an_alarm(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    log.grow(5)
    assert refusal(witness, AddCheckpoint(0, (bytes(32),), log.note()).body).code == "proof"
    witness.add_checkpoint(log.request(0))
    assert refusal(witness, AddCheckpoint(5, (bytes(32),), log.note()).body).code == "proof"
    assert desk.laid_down() == []


def test_an_empty_tree_with_another_root_is_no_tree(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    text = f"{log.origin}\n0\n{'A' * 43}=\n"
    assert refusal(witness, AddCheckpoint(0, (), sign(text, log.origin, log.key)).body).code == "conflict"
    assert desk.laid_down() == ["fork"]
    assert not (next(desk.evidence.iterdir()) / "cosigned").exists()


def test_a_cosignature_it_does_not_remember_stops_it(desk: Any, log: Any, own: Any) -> None:
    """The memory was put back from a backup, and the log shows what was cosigned since."""
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    old = desk.path.read_bytes()
    line = witness.add_checkpoint(log.grow(5).request(5))
    witness.memory.close()
    desk.path.write_bytes(old)
    witness = desk.open(log.verifier)
    body = AddCheckpoint.read(log.request(5))
    shown = AddCheckpoint(5, body.hashes, add_signatures(log.note(), line)).body
    assert refusal(witness, shown).code == "log-refused"
    assert desk.laid_down() == ["forgotten"]
    assert refusal(witness, log.request(5)).code == "log-refused"
    with witness.memory.turn() as turn:
        turn.add(desk.clock.at, log.origin, Happening.ACKNOWLEDGED, (5, bytes(32)), "bekeken")
    # Looked into: the very request that stopped it goes on now, and its old cosignature makes room for the new one.
    assert witness.add_checkpoint(shown)
    assert cosigned(witness, log, 10, own)[0] == 10
    assert len(open_note(witness.last_cosigned(tag(log.origin)).encode(), [own]).signatures) == 1


def test_an_old_memory_goes_on_with_an_honest_log_and_cannot_tell_another_one(
    desk: Any, log: Any, own: Any
) -> None:
    """What a memory that was put back cannot do, and why deploy/witness/README.md says never to."""
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    old = desk.path.read_bytes()
    witness.add_checkpoint(log.grow(5).request(5))
    for shown in (log, log.cut(7).grow(3, "anders")):
        desk.walk.memory.close()
        desk.path.write_bytes(old)
        witness = desk.open(log.verifier)
        # The log still knows better: the size in the answer is smaller than what it holds a cosignature for.
        assert refusal(witness, shown.request(10)).size == 5
        assert cosigned(witness, shown, 5, own)[0] == 10
    # Never both, with one memory.
    assert refusal(witness, log.request(10)).code == "conflict"


def test_times_never_go_back_and_a_clock_that_does_stops_it(desk: Any, log: Any, own: Any) -> None:
    witness = desk.open(log.verifier)
    desk.clock.at += 1000
    assert cosigned(witness, log.grow(1), 0, own)[1] == desk.clock.at
    desk.clock.at -= 60
    assert cosigned(witness, log, 1, own)[1] == desk.clock.at + 60
    desk.clock.at -= 1
    assert refusal(witness, log.request(1)).code == "clock"
    assert refusal(desk.reopen(), log.grow(1).request(1)).code == "clock"
    desk.clock.at += 1
    assert cosigned(desk.walk, log, 1, own) == (2, desk.clock.at + 60)


def test_evidence_that_could_not_be_laid_down_is_laid_down_later(desk: Any, log: Any) -> None:
    from crypto.witness.memory import evidence  # noqa: PLC0415 - only here

    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(5).request(0))
    desk.evidence.rmdir()
    assert refusal(witness, log.cut(3).request(0)).code == "conflict"
    assert witness.memory.standing(log.origin).open_alarms
    desk.evidence.mkdir()
    assert evidence.lay_down_missing(desk.evidence, witness.memory) == 1
    assert desk.laid_down() == ["rollback"]


def test_a_log_that_signs_ever_new_forks_does_not_fill_the_disk(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(3).request(0))
    for number in range(30):
        refusal(witness, log.cut(0).grow(3, f"{number}-").request(0))
    assert len(desk.laid_down()) == 16
