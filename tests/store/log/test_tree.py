"""The tree of the log: every record in it once, in the order of its chain, however and wherever it was written."""

import sqlite3
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import records
from crypto.errors import VerificationFailed
from crypto.keyfiles import IndexSecrets
from crypto.log import merkle, notes
from crypto.log.checkpoint import Checkpoint, open_checkpoint
from crypto.log.notes import COSIGNATURE, Verifier, add_signatures, note_text
from signal_index.model import AuditEvent, Receipt
from signal_index.model.log import Cosigned, Growth, Refusal
from signal_index.ports import Database, Transaction
from signal_index.store import SqlDatabase, begin_again, open_database
from signal_index.store.log.tree import LEASE


def append(database: Database, at: datetime, count: int = 1) -> list[Receipt]:
    return database.run(lambda tx: [tx.audit.append(AuditEvent("log.read", at)) for _ in range(count)])


def integrate(database: Database, at: datetime, limit: int = 10_000) -> Growth:
    growth = database.run(lambda tx: tx.log.integrate(at, limit))
    assert growth is not None
    return growth


def leaves(database: Database) -> list[bytes]:
    def read(tx: Transaction) -> list[bytes]:
        head = tx.log.head()
        found = tx.log.entries(0, head.size if head else 0)
        return [records.leaf(entry.writer, entry.number, entry.commitment) for entry in found]

    return database.run(read)


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if len(hashes) < 2:
        return hashes[0] if hashes else merkle.EMPTY_ROOT
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return merkle.node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


def test_an_empty_log_has_a_checkpoint_too(database: SqlDatabase, now: datetime) -> None:
    assert database.run(lambda tx: tx.log.head()) is None
    head = integrate(database, now).head
    assert (head.size, head.root, head.signed_at) == (0, merkle.EMPTY_ROOT, now)
    key = database.run(lambda tx: Verifier.parse(tx.log.verifier_key))
    signed = open_checkpoint(head.checkpoint, key).checkpoint
    assert signed == Checkpoint(f"signaalindex/regio-test/{database.incarnation.hex()}", 0, merkle.EMPTY_ROOT)


def test_records_go_in_once_and_a_receipt_finds_its_own(database: Database, now: datetime) -> None:
    receipts = append(database, now, 3)
    growth = integrate(database, now)
    assert (growth.added, growth.head.size, growth.more, growth.gaps) == (3, 3, False, {})
    assert leaves(database) == [receipt.leaf for receipt in receipts]
    assert growth.head.root == naive_root(leaves(database))
    assert integrate(database, now).added == 0
    found = database.run(lambda tx: tx.log.find(receipts[1].writer, 2))
    assert found is not None
    assert found.position == 1
    assert database.run(lambda tx: tx.log.find(receipts[1].writer, 4)) is None
    assert database.run(lambda tx: tx.audit.has(receipts[2]))
    assert not database.run(lambda tx: tx.audit.has(Receipt(receipts[2].writer, 3, bytes(32))))


@settings(max_examples=25, deadline=None)
@given(rounds=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40), st.booleans()), max_size=12))
def test_however_writers_and_rounds_alternate_every_record_is_in_in_its_order(
    rounds: list[tuple[int, int, bool]],
    tmp_path_factory: pytest.TempPathFactory,
    initialised: Path,
    keys: IndexSecrets,
) -> None:
    path = tmp_path_factory.mktemp("rounds") / "index.db"
    path.touch(mode=0o600)
    path.write_bytes(initialised.read_bytes())
    now = datetime.fromisoformat("2026-04-01T09:00:00+00:00")
    written: dict[bytes, list[bytes]] = {}
    with ExitStack() as open_ones:
        databases = [
            open_ones.enter_context(open_database(path, keys, writer_kind="serve")) for _ in range(3)
        ]
        for step, (who, count, integrates) in enumerate(rounds):
            at = now + timedelta(seconds=step)
            for receipt in append(databases[who], at, count):
                written.setdefault(receipt.writer, []).append(receipt.leaf)
            if integrates:
                integrate(databases[0], at, limit=17)
        while integrate(databases[0], now + timedelta(minutes=1), limit=50).more:
            pass
        found = leaves(databases[0])
        assert len(found) == sum(map(len, written.values()))
        for own in written.values():
            assert [leaf for leaf in found if leaf in set(own)] == own
        head = databases[0].run(lambda tx: tx.log.head())
        assert head is not None
        assert head.root == naive_root(found)
        assert databases[1].run(lambda tx: tx.log.check()).entries == len(found)


def test_a_tree_of_many_tiles_grows_consistently(database: Database, now: datetime) -> None:
    heads = []
    for step, count in enumerate((255, 1, 1, 300, 600, 2)):
        append(database, now + timedelta(seconds=step), count)
        heads.append(integrate(database, now + timedelta(seconds=step)).head)
    assert [head.size for head in heads] == [255, 256, 257, 557, 1157, 1159]

    def prove(tx: Transaction) -> None:
        read = tx.log.hashes(heads[-1].size)
        for old in heads:
            proof = merkle.consistency_proof(old.size, heads[-1].size, read)
            merkle.verify_consistency(old.size, old.root, heads[-1].size, heads[-1].root, proof)

    database.run(prove)
    assert heads[-1].root == naive_root(leaves(database))
    assert database.run(lambda tx: tx.log.check()).records == 1159


def test_another_process_waits_until_the_first_is_silent(
    path: Path, keys: IndexSecrets, now: datetime
) -> None:
    def tries(database: Database, at: datetime) -> bool:
        return database.run(lambda tx: tx.log.integrate(at, 10)) is not None

    with (
        open_database(path, keys, writer_kind="serve") as one,
        open_database(path, keys, writer_kind="serve") as two,
    ):
        assert tries(one, now)
        assert not tries(two, now + LEASE / 2)
        assert tries(one, now + 3 * LEASE / 4), "whoever integrates goes on doing so"
        assert not tries(two, now + LEASE)
        assert tries(two, now + 2 * LEASE)
        assert not tries(one, now + 2 * LEASE)
        # A clock that was set ahead and back again leaves a lease that nobody could take over.
        assert tries(one, now + timedelta(days=400))
        assert tries(two, now + 3 * LEASE)


def test_whoever_steps_aside_is_followed_at_once_and_nobody_can_push_another_aside(
    path: Path, keys: IndexSecrets, now: datetime
) -> None:
    with (
        open_database(path, keys, writer_kind="serve") as one,
        open_database(path, keys, writer_kind="serve") as two,
    ):
        one.run(lambda tx: tx.log.step_aside())  # before there is a tree at all
        assert one.run(lambda tx: tx.log.integrate(now, 10)) is not None
        two.run(lambda tx: tx.log.step_aside())
        assert two.run(lambda tx: tx.log.integrate(now, 10)) is None
        one.run(lambda tx: tx.log.step_aside())
        assert two.run(lambda tx: tx.log.integrate(now, 10)) is not None
        assert one.run(lambda tx: tx.log.integrate(now, 10)) is None
        two.run(lambda tx: tx.log.check())


def test_a_removed_record_stops_its_own_chain_and_no_other(
    database: Database, path: Path, keys: IndexSecrets, now: datetime
) -> None:
    writer = append(database, now, 6)[0].writer
    with closing(sqlite3.connect(path)) as thief, thief:
        thief.execute("DELETE FROM audit_records WHERE number = 3")
    with open_database(path, keys, writer_kind="cli") as other:
        append(other, now + timedelta(seconds=1), 4)
        growth = integrate(database, now + timedelta(seconds=1), limit=5)
        assert growth.gaps == {writer: 3}
        # The broken chain alone fills a round; the other still gets in.
        assert growth.added == 4
    assert integrate(database, now).added == 2
    with pytest.raises(VerificationFailed, match="number 3"):
        database.run(lambda tx: tx.log.check())


def test_a_job_that_fails_leaves_the_tree_as_it_was(database: Database, now: datetime) -> None:
    append(database, now, 2)
    before = integrate(database, now).head
    append(database, now, 2)

    def fails(tx: Transaction) -> None:
        tx.log.integrate(now, 10)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.run(fails)
    assert database.run(lambda tx: tx.log.head()) == before
    assert integrate(database, now).added == 2


def test_after_a_restore_the_tree_goes_on_under_another_name(
    path: Path, keys: IndexSecrets, now: datetime
) -> None:
    with open_database(path, keys, writer_kind="serve") as database:
        append(database, now, 3)
        old = integrate(database, now).head
        database.run(lambda tx: tx.witnesses.put_cosigned(Cosigned("w", 3, old.checkpoint, now)))
    begin_again(path, keys)
    with open_database(path, keys, writer_kind="serve") as database:
        assert database.run(lambda tx: tx.witnesses.cosigned()) == []
        new = integrate(database, now).head
        assert (new.size, new.root) == (old.size, old.root)
        assert note_text(new.checkpoint) != note_text(old.checkpoint)
        assert database.run(lambda tx: tx.log.check()).entries == 3


def test_a_witness_that_signs_again_is_no_longer_refusing(database: Database, now: datetime) -> None:
    later = now + timedelta(hours=1)

    def play(tx: Transaction) -> list[object]:
        tx.witnesses.put_refusal(Refusal("w.one", "unreachable", now))
        tx.witnesses.put_refusal(Refusal("w.one", "unreachable", later))
        tx.witnesses.put_refusal(Refusal("w.two", "fork", now))
        first = list(tx.witnesses.refusals())
        tx.witnesses.put_cosigned(Cosigned("w.one", 7, b"note", later))
        return [first, tx.witnesses.refusals(), tx.witnesses.cosigned()]

    one, two = Refusal("w.one", "unreachable", now), Refusal("w.two", "fork", now)
    assert database.run(play) == [[one, two], [two], [Cosigned("w.one", 7, b"note", later)]]


WITNESS = Ed25519PrivateKey.generate()


def watched(path: Path, keys: IndexSecrets) -> SqlDatabase:
    """A database whose log must have been cosigned in the last ten minutes."""
    limit, own = timedelta(seconds=600), Verifier.of("w", WITNESS, COSIGNATURE)
    return open_database(path, keys, writer_kind="serve", witnessed_within=limit, witnesses=[own])


def cosign(database: Database, at: datetime) -> None:
    """Take in what waits and let the witness see it."""
    head = integrate(database, at).head
    line = notes.cosign(note_text(head.checkpoint), "w", WITNESS, int(at.timestamp()))
    seen = Cosigned("w", head.size, add_signatures(head.checkpoint, line), at)
    database.run(lambda tx: tx.witnesses.put_cosigned(seen))


@pytest.mark.parametrize(
    ("age", "open_still"), [(0, True), (600, True), (601, False), (-600, True), (-601, False)]
)
def test_an_old_cosignature_closes_the_index(
    path: Path, keys: IndexSecrets, now: datetime, age: int, *, open_still: bool
) -> None:
    with watched(path, keys) as database:
        assert not database.run(lambda tx: tx.witnesses.is_witnessed(now)), "nobody has seen it yet"
        cosign(database, now - timedelta(seconds=age))
        assert database.run(lambda tx: tx.witnesses.is_witnessed(now)) is open_still


def test_records_that_never_get_into_the_tree_close_the_index_however_fresh_a_cosignature_is(
    path: Path, keys: IndexSecrets, now: datetime
) -> None:
    limit = timedelta(seconds=600)

    def is_open(at: datetime) -> bool:
        cosign(database, at)
        return database.run(lambda tx: tx.witnesses.is_witnessed(at))

    with watched(path, keys) as database:
        append(database, now, 3)
        with closing(sqlite3.connect(path)) as thief, thief:
            assert thief.execute("DELETE FROM audit_records WHERE number = 2").rowcount == 1
        append(database, now, 20)
        assert is_open(now + limit), "it may be a hiccup"
        assert not is_open(now + limit + timedelta(seconds=1))
    with watched(path, keys) as database:
        append(database, now + 2 * limit)
        assert is_open(now + 2 * limit), "a new process has a chain of its own"


CHANGES = {
    "an entry's commitment": ("UPDATE log_entries SET commitment = zeroblob(32) WHERE position = 3", "tree"),
    "an entry's number": ("UPDATE log_entries SET number = 900 WHERE position = 299", "900|number 300"),
    "an entry removed": ("DELETE FROM log_entries WHERE position = 5", "in the tree|position"),
    "the last entry removed": ("DELETE FROM log_entries WHERE position = 299", "checkpoint says 300"),
    "a tile changed": ("UPDATE log_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND tile = 0", "tile 0"),
    "the upper tile changed": ("UPDATE log_tiles SET hashes = zeroblob(32) WHERE level = 1", "level 1"),
    "a tile removed": ("DELETE FROM log_tiles WHERE level = 0 AND tile = 1", "tile 1"),
    "the root changed": ("UPDATE log_head SET root = zeroblob(32)", "root"),
    "the size cut": ("UPDATE log_head SET size = 256", "holds too much"),
    "another checkpoint": (
        "UPDATE log_head SET checkpoint = (SELECT checkpoint FROM log_cosignatures)",
        "not of this tree",
    ),
    "a cosignature over another tree": (
        "UPDATE log_cosignatures SET checkpoint = CAST(replace(CAST(checkpoint AS TEXT), '\n200', '\n201') AS BLOB)",
        "cosigned another tree",
    ),
}


@pytest.mark.parametrize(("statement", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_whatever_is_changed_in_the_tree_is_named(
    database: Database, path: Path, now: datetime, statement: str, said: str
) -> None:
    append(database, now, 200)
    seen = integrate(database, now).head
    database.run(lambda tx: tx.witnesses.put_cosigned(Cosigned("w", 200, seen.checkpoint, now)))
    append(database, now, 100)
    integrate(database, now)
    assert database.run(lambda tx: tx.log.check()).entries == 300
    with closing(sqlite3.connect(path)) as thief, thief:
        assert thief.execute(statement).rowcount > 0
    with pytest.raises(VerificationFailed, match=said):
        database.run(lambda tx: tx.log.check())
