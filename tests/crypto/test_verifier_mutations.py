"""Whatever is changed in an export, and whoever changes it, the verifier finds it."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from random import Random, SystemRandom
from zipfile import BadZipFile, ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto import records
from crypto.errors import CryptoError
from crypto.log.export import ABOUT, RECORDS, ExportedRecord
from crypto.verifier.archive import Archive
from crypto.verifier.verdict import Answer, Trust, verify_export
from tests.support.log_export import (
    LOG,
    LOG_KEY,
    WITNESS_KEYS,
    WITNESSES,
    MiniLog,
    members,
    mini_log,
    pack,
    signed,
    tree,
)

SIZE, KEPT = 700, 400
HONEST = mini_log(SIZE)
NOTE = signed(HONEST.entries)
EXPORT = members(HONEST.entries, HONEST.records, NOTE)
KEPT_NOTE = signed(HONEST.entries[:KEPT])
THIEF = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
TRUST = Trust(LOG, WITNESSES, len(WITNESSES))

Export = dict[str, bytes]


def verdict(export: bytes, kept: bytes | None = None) -> Answer:
    return verify_export(Archive(BytesIO(export)), TRUST, kept, lambda _done, _size: None)


# By somebody who can write the file, and has no key.


def flipped_byte(random: Random) -> Export:
    """Not in `about.json`, which nobody signs."""
    name = random.choice(sorted(EXPORT.keys() - {ABOUT}))
    content = bytearray(EXPORT[name])
    content[random.randrange(len(content))] ^= random.randrange(1, 256)
    return EXPORT | {name: bytes(content)}


def cut_member(random: Random) -> Export:
    name = random.choice(sorted(EXPORT.keys() - {RECORDS}))
    return EXPORT | {name: EXPORT[name][: random.randrange(len(EXPORT[name]))]}


def lengthened_member(random: Random) -> Export:
    name = random.choice(sorted(EXPORT))
    return EXPORT | {name: EXPORT[name] + random.randbytes(random.randrange(1, 40))}


def missing_member(random: Random) -> Export:
    left_out = random.choice(sorted(EXPORT))
    return {name: content for name, content in EXPORT.items() if name != left_out}


def swapped_members(random: Random) -> Export:
    one, other = random.sample(sorted(EXPORT), 2)
    return EXPORT | {one: EXPORT[other], other: EXPORT[one]}


def surplus_member(random: Random) -> Export:
    more = tree([*HONEST.entries, *HONEST.entries[: random.randrange(1, 600)]])
    surplus = random.choice(sorted(more.keys() - EXPORT.keys()))
    return EXPORT | {surplus: more[surplus]}


def other_record_lines(random: Random) -> Export:
    """Doubled, swapped, moved to another place, or given another's salt, body, number or writer."""
    lines = EXPORT[RECORDS].splitlines(keepends=True)
    at, other = random.sample(range(len(lines)), 2)
    one, two = HONEST.records[at], HONEST.records[other]
    match random.randrange(6):
        case 0:
            lines.insert(other, lines[at])
        case 1:
            lines[at], lines[other] = lines[other], lines[at]
        case 2:
            lines[at] = replace(one, salt=two.salt).line
        case 3:
            lines[at] = replace(one, body=two.body).line
        case 4:
            lines[at] = replace(one, number=one.number + random.choice((-1, 1, 1000))).line
        case _:
            lines[at] = replace(one, writer=random.randbytes(8)).line
    return EXPORT | {RECORDS: b"".join(lines)}


# By somebody who rebuilds the whole tree around the change. Without the key of the log the checkpoint stays that of
# before, or is signed by the wrong key; with it, the witnesses are missing.


def other_entries(random: Random) -> list[bytes]:
    entries = list(HONEST.entries)
    at, other = sorted(random.sample(range(SIZE), 2))
    match random.randrange(5):
        case 0:
            del entries[at]
        case 1:
            entries.insert(other, entries[at])
        case 2:
            entries[at], entries[other] = entries[other], entries[at]
        case 3:
            entries[at] = renumbered(entries[at], random.choice((1, 2, 500)))
        case _:
            found = records.read_entry(entries[at])
            entries[at] = records.entry(found.writer, found.number, random.randbytes(32))
    return entries


def renumbered(entry: bytes, by: int) -> bytes:
    found = records.read_entry(entry)
    return records.entry(found.writer, found.number + by, found.commitment)


def logged(record: ExportedRecord) -> bytes:
    return records.entry(record.writer, record.number, records.commitment(record.salt, record.body))


def rebuilt(random: Random, entries: list[bytes]) -> Export:
    note = random.choice(
        [
            NOTE,
            signed(entries, THIEF, WITNESS_KEYS),
            signed(entries, THIEF, [THIEF, THIEF]),
            signed(entries, LOG_KEY, []),
            signed(entries, LOG_KEY, WITNESS_KEYS[:1]),
            signed(entries, LOG_KEY, [THIEF, THIEF]),
        ]
    )
    left = set(entries)
    fitting = [record for record in HONEST.records if logged(record) in left]
    return members(entries, random.choice([HONEST.records, fitting, []]), note)


def rebuilt_tree(random: Random) -> Export:
    return rebuilt(random, other_entries(random))


def changed_commitment(random: Random) -> Export:
    """Every number and tile fits, nothing is read of the record: only the signed root is in the way."""
    entries = list(HONEST.entries)
    at = random.randrange(SIZE)
    found = records.read_entry(entries[at])
    entries[at] = records.entry(found.writer, found.number, random.randbytes(32))
    return members(entries, [], NOTE)


def cut_tail(random: Random) -> Export:
    return rebuilt(random, HONEST.entries[: random.randrange(SIZE)])


# By somebody who has every key: the log and all witnesses sign. What was kept, and the numbers, are left.


def shorter_than_kept(random: Random) -> Export:
    entries = HONEST.entries[: random.randrange(KEPT)]
    return members(entries, [], signed(entries))


def second_view(random: Random) -> Export:
    """Another log before the kept checkpoint, and any size after it."""
    entries = HONEST.entries[: random.randrange(KEPT, SIZE + 1)]
    at = random.randrange(KEPT)
    found = records.read_entry(entries[at])
    entries[at] = records.entry(found.writer, found.number, random.randbytes(32))
    return members(entries, [], signed(entries))


def wrong_numbers(random: Random) -> Export:
    """A gap, a double or another order after the kept checkpoint, signed by everybody."""
    at = random.randrange(KEPT, SIZE - 20)
    entries = list(HONEST.entries)
    match random.randrange(3):
        case 0:
            del entries[at]
        case 1:
            entries.insert(at + random.randrange(20), entries[at])
        case _:
            writer = records.read_entry(entries[at]).writer
            later = next(i for i in range(at + 1, SIZE) if records.read_entry(entries[i]).writer == writer)
            entries[at], entries[later] = entries[later], entries[at]
    return members(entries, [], signed(entries))


def time_running_back(random: Random) -> Export:
    """A record that was made, logged and signed with an earlier time than the one before it of that writer."""
    last = HONEST.records[-1]
    log = MiniLog(list(HONEST.entries), list(HONEST.records))
    writer = random.choice([b"writer-1", b"writer-2", b"writer-3"])
    own = [record for record in HONEST.records if record.writer == writer]
    earlier = random.choice(own[:-3])
    stated = earlier.body
    number = own[-1].number + 1
    forged = replace(last, writer=writer, number=number, body=stated)
    log.entries.append(records.entry(writer, number, records.commitment(forged.salt, stated)))
    return members(log.entries, [*log.records, forged], signed(log.entries))


MUTATIONS: list[Callable[[Random], Export]] = [
    flipped_byte,
    flipped_byte,
    flipped_byte,
    cut_member,
    lengthened_member,
    missing_member,
    swapped_members,
    surplus_member,
    other_record_lines,
    rebuilt_tree,
    rebuilt_tree,
    changed_commitment,
    cut_tail,
    shorter_than_kept,
    second_view,
    wrong_numbers,
    time_running_back,
]
# The others have to be found without a checkpoint that was kept, which would find many of them again.
WITH_KEPT = {shorter_than_kept, second_view}


def test_the_export_that_is_spoiled_below_is_sound() -> None:
    assert len(verdict(pack(EXPORT), KEPT_NOTE).proven) == 6


def test_what_was_logged_after_the_kept_checkpoint_may_grow() -> None:
    entries = HONEST.entries[:KEPT]
    assert verdict(pack(members(entries, [], signed(entries))), KEPT_NOTE).proven


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_every_single_mutation_is_found(count: int) -> None:
    seed = 2026 if os.environ.get("CI") else SystemRandom().getrandbits(32)
    tried: Counter[str] = Counter()
    for number in range(count):
        random = Random(f"{seed}/{number}")
        mutation = MUTATIONS[number % len(MUTATIONS)]
        spoiled = mutation(random)
        if spoiled == EXPORT:
            continue
        tried[mutation.__name__] += 1
        kept = KEPT_NOTE if mutation in WITH_KEPT else None
        assert found(pack(spoiled), kept), f"{mutation.__name__} went unnoticed: Random('{seed}/{number}')"
    assert sum(tried.values()) > 0.98 * count
    assert len(tried) == len(set(MUTATIONS))


def found(export: bytes, kept: bytes | None = None) -> bool:
    try:
        verdict(export, kept)
    except CryptoError:
        return True
    return False


@pytest.mark.parametrize("count", [150, pytest.param(3_000, marks=pytest.mark.long)])
def test_a_flipped_byte_anywhere_in_the_file_is_found_or_changes_no_member(count: int) -> None:
    """A zip file has bytes that mean nothing here, such as dates; every other one is found."""
    seed = 2026 if os.environ.get("CI") else SystemRandom().getrandbits(32)
    whole, noticed = pack(EXPORT), 0
    for number in range(count):
        random = Random(f"{seed}/{number}")
        spoiled = bytearray(whole)
        spoiled[random.randrange(len(whole))] ^= random.randrange(1, 256)
        if found(bytes(spoiled)):
            noticed += 1
        else:
            assert content(bytes(spoiled)) == EXPORT, f"went unnoticed: Random('{seed}/{number}')"
    assert noticed > 0.8 * count


def content(export: bytes) -> Export | None:
    try:
        with ZipFile(BytesIO(export)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except BadZipFile:
        return None
