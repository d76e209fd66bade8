"""The memory: kept through everything, refused when anything is wrong with it, and used by one witness only."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.errors import KeyFault
from crypto.keyfiles import WitnessSecrets
from crypto.witness.judgement import Happening
from crypto.witness.memory import Memory, checks, turns
from crypto.witness.problems import Refused


def opened(desk: Any) -> Memory:
    return Memory.open(desk.path, desk.secrets, to_serve=False)


@pytest.fixture
def filled(desk: Any, log: Any) -> Any:
    """A closed memory with some of everything in it."""
    witness = desk.open(log.verifier)
    for old in (0, 3, 6):
        witness.add_checkpoint(log.grow(3).request(old))
    for size in (4, 6):
        with pytest.raises(Refused):
            witness.add_checkpoint(log.cut(size - 1).grow(1, "x").request(0))
    with witness.memory.turn() as turn:
        turn.add(desk.clock.at, log.origin, Happening.ACKNOWLEDGED, (9, bytes(32)), "bekeken")
    witness.add_checkpoint(log.request(9))
    assert len(list(witness.memory.happened())) == 6
    witness.memory.close()
    return desk


def test_it_is_made_once_and_for_its_owner_only(desk: Any) -> None:
    assert desk.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFault, match="never replaced"):
        desk.create()


def test_what_it_writes_is_on_the_disk_and_in_the_folder_before_it_is_said(desk: Any) -> None:
    memory = opened(desk)
    assert memory._connection.execute("PRAGMA synchronous").fetchone() == (3,)
    assert memory._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    memory.close()


def test_a_missing_one_is_not_made_on_the_way(desk: Any) -> None:
    desk.path.unlink()
    with pytest.raises(KeyFault, match="do not make an empty one"):
        opened(desk)
    assert not desk.path.exists()


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\0"])
def test_something_else_in_its_place_is_refused(desk: Any, content: bytes) -> None:
    desk.path.write_bytes(content)
    with pytest.raises(KeyFault, match="not the memory of a witness"):
        opened(desk)
    assert desk.path.read_bytes() == content


def test_a_database_of_something_else_is_refused(desk: Any) -> None:
    desk.path.unlink()
    with closing(sqlite3.connect(desk.path)) as other:
        other.execute("CREATE TABLE ledger (x)")
    with pytest.raises(KeyFault, match="not the memory of a witness"):
        opened(desk)


def test_that_of_another_key_or_name_is_refused(desk: Any) -> None:
    other = WitnessSecrets.generate(desk.secrets.witness, created=date(2026, 11, 22))
    renamed = WitnessSecrets("elders", desk.secrets.signing, desk.secrets.created)
    for secrets in (other, renamed):
        with pytest.raises(KeyFault, match="another witness, key or version"):
            Memory.open(desk.path, secrets, to_serve=False)


def test_one_process_serves_and_commands_work_beside_it(desk: Any, log: Any) -> None:
    desk.open(log.verifier)
    code = (
        "import sys; from pathlib import Path; from crypto.witness.memory import file\n"
        "from crypto.errors import KeyFault\n"
        "try: file.lock(Path(sys.argv[1]))\n"
        "except KeyFault as fault: sys.exit(str(fault))"
    )
    command = [sys.executable, "-c", code, str(desk.path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "one memory, one witness" in result.stderr
    with pytest.raises(KeyFault, match="another process serves"):
        Memory.open(desk.path, desk.secrets, to_serve=True)
    opened(desk).close()
    desk.walk.memory.close()
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_what_a_command_writes_counts_in_the_process_that_serves(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(3).request(0))
    with pytest.raises(Refused):
        witness.add_checkpoint(log.cut(2).grow(1, "x").request(3))
    beside = opened(desk)
    with beside.turn() as turn:
        assert turn.standing(log.origin).is_refused
        turn.add(desk.clock.at, log.origin, Happening.ACKNOWLEDGED, (3, bytes(32)), "bekeken")
    beside.close()
    assert witness.add_checkpoint(log.grow(1).request(3))
    assert [each.n for each in witness.memory.happened()] == [1, 2, 3, 4]
    desk.reopen()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE happening SET at = at + 1 WHERE n = 2",
        "UPDATE happening SET size = size + 1 WHERE n = 3",
        "UPDATE happening SET root = zeroblob(32) WHERE n = 1",
        "UPDATE happening SET what = 'rollback' WHERE what = 'fork'",
        "UPDATE happening SET said = said || ' ' WHERE n = 6",
        "UPDATE happening SET origin = 'elders' WHERE n = 1",
        "UPDATE happening SET what = 'iets' WHERE n = 4",
        "UPDATE happening SET link = zeroblob(32) WHERE n = 6",
        "DELETE FROM happening WHERE n = 4",
        "DELETE FROM happening WHERE n = 1",
        "DELETE FROM happening",
        "DELETE FROM latest",
        "DELETE FROM happening WHERE n >= 3",
        "UPDATE latest SET at = at + 1",
        "UPDATE latest SET origin = 'elders'",
        "UPDATE latest SET note = (SELECT said FROM happening WHERE n = 1)",
        "UPDATE latest SET note = replace(note, 'getuige ', 'getuigen ')",
        "UPDATE latest SET note = substr(note, 1, length(note) - 1)",
        "UPDATE memory SET made_at = made_at - 1",
        "DROP INDEX one_root_per_size; UPDATE happening SET n = 99 WHERE n = 6",
    ],
)
def test_a_changed_row_is_refused(filled: Any, change: str) -> None:
    with closing(sqlite3.connect(filled.path)) as other:
        other.executescript(change)
    with pytest.raises(KeyFault, match="damaged"):
        opened(filled)


def test_a_last_cosignature_of_another_time_is_refused(filled: Any, log: Any) -> None:
    memory = opened(filled)
    at, note = memory.latest()[log.origin]
    with memory.turn() as turn:
        turn.keep_latest(log.origin, at - 1, note)
    memory.close()
    with pytest.raises(KeyFault, match="not those of the last rows"):
        opened(filled)


def test_an_index_that_is_not_sound_is_refused(filled: Any) -> None:
    with closing(sqlite3.connect(filled.path)) as other:
        other.executescript(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage ="
            " (SELECT sum(rootpage) FROM sqlite_master WHERE name IN ('alarm', 'one_root_per_size')) - rootpage"
            " WHERE name IN ('alarm', 'one_root_per_size')"
        )
    with pytest.raises(KeyFault, match="damaged"):
        opened(filled)


def test_rows_that_go_back_are_refused_whoever_wrote_them(filled: Any, log: Any) -> None:
    memory = opened(filled)
    with memory.turn() as turn:
        turn.add(filled.clock.at, log.origin, Happening.COSIGNED, (8, bytes(32)), "x")
    memory.close()
    with pytest.raises(KeyFault, match="goes back"):
        opened(filled)


def test_the_database_refuses_a_second_root_for_a_size(filled: Any, log: Any) -> None:
    memory = opened(filled)
    with pytest.raises(Refused, match="memory-unavailable"), memory.turn() as turn:
        turn.add(filled.clock.at, log.origin, Happening.COSIGNED, (9, bytes(32)), "x")
    assert len(list(memory.happened())) == 6
    memory.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_changes_nothing_that_counts_or_is_refused(filled: Any, data: st.DataObject) -> None:
    good = filled.path.read_bytes()
    copy = filled.path.with_name("copy.sqlite")
    place = data.draw(st.integers(0, len(good) - 1))
    flipped = bytearray(good)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    copy.write_bytes(flipped)
    try:
        memory = Memory.open(copy, filled.secrets, to_serve=False)
    except KeyFault:
        return
    original = opened(filled)
    # It lay in a place nothing is read from.
    assert list(memory.happened()) == list(original.happened())
    assert memory.latest() == original.latest()
    memory.close()
    original.close()


def test_a_cut_file_is_refused(filled: Any) -> None:
    good = filled.path.read_bytes()
    for size in range(0, len(good), 1024):
        filled.path.write_bytes(good[:size])
        with pytest.raises(KeyFault):
            opened(filled)


def test_a_file_put_in_its_place_stops_the_process(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    witness.add_checkpoint(log.grow(3).request(0))
    older = desk.path.with_name("older.sqlite")
    shutil.copyfile(desk.path, older)
    witness.add_checkpoint(log.grow(3).request(3))
    older.rename(desk.path)
    with pytest.raises(Refused, match="memory-unavailable"):
        witness.add_checkpoint(log.request(6))
    desk.path.unlink()
    with pytest.raises(Refused, match="memory-unavailable"):
        witness.add_checkpoint(log.request(6))


def test_older_content_put_into_the_open_file_stops_the_process(desk: Any, log: Any) -> None:
    witness = desk.open(log.verifier)
    empty = desk.path.read_bytes()
    witness.add_checkpoint(log.grow(3).request(0))
    older = desk.path.read_bytes()
    witness.add_checkpoint(log.grow(3).request(3))
    for content in (older, empty):
        with desk.path.open("r+b") as file:
            file.write(content)
            file.truncate()
        for body in (log.request(6), log.request(3), log.request(0), log.request(3, 3)):
            with pytest.raises(Refused, match="memory-unavailable"):
                witness.add_checkpoint(body)


def test_nothing_is_cosigned_when_the_disk_is_full(desk: Any, log: Any, tmp_path: Path) -> None:
    """In a process of its own, that may not let a file grow."""
    witness = desk.open(log.verifier)
    old = 0
    for _ in range(40):
        witness.add_checkpoint(log.grow(1).request(old))
        old += 1
    witness.memory.close()
    (tmp_path / "body").write_bytes(log.grow(1).request(old))
    (tmp_path / "fork").write_bytes(log.cut(old - 1).grow(1, "x").request(old))
    desk.secrets.save(tmp_path / "witness.key")
    code = f"""
import logging, resource, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from crypto.keyfiles import WitnessSecrets
from crypto.log.notes import COSIGNATURE, Verifier
from crypto.witness.config import Place
from crypto.witness.memory import Memory, checks, turns
from crypto.witness.problems import Refused
from crypto.witness.walk import Witness
logging.basicConfig(stream=sys.stderr)
folder = Path({str(tmp_path)!r})
secrets = WitnessSecrets.load(folder / "witness.key")
log = Verifier.parse({log.verifier.text!r})
place = Place(secrets, Verifier.of(secrets.witness, secrets.signing, COSIGNATURE), {{log.name: log}})
memory = Memory.open(Path({str(desk.path)!r}), secrets, to_serve=True)
walk = Witness(place, memory, folder / "evidence", lambda: datetime.fromtimestamp({desk.clock.at} + 1, UTC))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
for name in ("body", "fork"):
    try:
        print(name, walk.add_checkpoint((folder / name).read_bytes()))
    except Refused as refused:
        print(name, refused.code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print("after", walk.add_checkpoint((folder / "body").read_bytes())[:1])
memory.close()
"""
    before = desk.path.read_bytes()
    for limit in (0, 512, 600, 4096, 8192):
        desk.path.write_bytes(before)
        result = subprocess.run(
            [sys.executable, "-c", code, str(limit)],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert result.stdout.splitlines() == [
            "body memory-unavailable", "fork memory-unavailable", "after —",
        ], result.stderr  # fmt: skip
        # Said all the same.
        assert result.stderr.count("ERROR:crypto.witness:alarm") == 1
        memory = opened(desk)
        assert [each.tree[0] for each in memory.happened()][-2:] == [40, 41]
        memory.close()


def test_years_are_read_page_by_page(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = opened(filled)
    whole = list(memory.happened())
    monkeypatch.setattr(turns, "PAGE_ROWS", 4)
    assert list(memory.happened()) == whole
    assert [each.n for each in whole] == [1, 2, 3, 4, 5, 6]
    memory.close()


@pytest.mark.parametrize(("changed", "fault"), [(6, "row 6"), (5, "row 5"), (2, None)])
def test_who_looks_often_checks_the_last_rows_only(
    filled: Any, log: Any, changed: int, fault: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "TAIL_ROWS", 2)
    before = opened(filled)
    standing = before.standing(log.origin)
    before.close()
    with closing(sqlite3.connect(filled.path)) as other, other:
        other.execute("UPDATE happening SET said = said || ' ' WHERE n = ?", (changed,))
    if fault:
        with pytest.raises(KeyFault, match=f"damaged .{fault} "):
            Memory.open(filled.path, filled.secrets, to_serve=False, every_row=False)
        return
    light = Memory.open(filled.path, filled.secrets, to_serve=False, every_row=False)
    assert light.standing(log.origin) == standing
    light.close()
    with pytest.raises(KeyFault, match="row 2 is not as it was written"):
        opened(filled)
