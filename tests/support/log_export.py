"""A log in miniature with its keys, and the export of it, for tests that check or spoil exports."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto import records
from crypto.log import tiles
from crypto.log.checkpoint import Checkpoint
from crypto.log.export import ABOUT, CHECKPOINT, RECORDS, About, ExportedRecord
from crypto.log.merkle import inclusion_proof, leaf_hash, root
from crypto.log.notes import COSIGNATURE, Verifier, add_signatures, cosign, sign
from crypto.log.proof import LogProof

ORIGIN = "log.voorbeeld.example/2026"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
WITNESS_KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)]
LOG = Verifier.of(ORIGIN, LOG_KEY)
WITNESSES = tuple(
    Verifier.of(f"getuige{number}.example", key, COSIGNATURE) for number, key in enumerate(WITNESS_KEYS, 1)
)
KEYS = ("--log-key", LOG.text, *(part for witness in WITNESSES for part in ("--witness-key", witness.text)))
"""Options of the verifier."""
BEGIN = datetime(2026, 5, 1, 8, tzinfo=UTC)
SECRET = "achternaam-die-niemand-mag-zien"
"""Stands in every body; no answer may show it."""


@dataclass(frozen=True)
class MiniLog:
    """Entries in the order of the log, and the records behind some of them."""

    entries: list[bytes] = field(default_factory=list)
    records: list[ExportedRecord] = field(default_factory=list)

    def add(
        self, writer: bytes, number: int, *, at: datetime | None = None, salt: bytes | None = None
    ) -> None:
        """Record something; with a time its body travels along."""
        salt = sha256(b"salt" + writer + number.to_bytes(8, "big")).digest()[:16] if salt is None else salt
        stated = None if at is None else at.isoformat()
        body = json.dumps({"at": stated, "event": "lookup.answered", "fields": {"name": SECRET}}).encode()
        self.entries.append(records.entry(writer, number, records.commitment(salt, body)))
        if at is not None:
            self.records.append(ExportedRecord(writer, number, salt, body))


def mini_log(size: int, writers: Sequence[bytes] = (b"writer-1", b"writer-2", b"writer-3")) -> MiniLog:
    """A log to which the writers took turns, irregularly; the bodies of the first fifth have been erased."""
    log, numbers = MiniLog(), dict.fromkeys(writers, 0)
    for index in range(size):
        writer = writers[index * index % 7 % len(writers)]
        numbers[writer] += 1
        at = BEGIN + timedelta(seconds=index // 2) if index >= size // 5 else None
        log.add(writer, numbers[writer], at=at)
    return log


def tree(entries: Sequence[bytes]) -> dict[str, bytes]:
    """Tiles and bundles by their paths."""
    grown = tiles.grow(0, [leaf_hash(entry) for entry in entries], lambda _level, _index: b"")
    members = {tiles.path(*place, len(content) // 32): content for place, content in grown.items()}
    for at in range(0, len(entries), 256):
        part = entries[at : at + 256]
        members[tiles.entries_path(at // 256, len(part))] = tiles.bundle(part)
    return members


def true_root(entries: Sequence[bytes]) -> bytes:
    """The root over these entries."""
    grown = tiles.grow(0, [leaf_hash(entry) for entry in entries], lambda _level, _index: b"")
    return root(len(entries), tiles.hash_reader(lambda level, index: grown[level, index], len(entries)))


def signed(
    entries: Sequence[bytes],
    key: Ed25519PrivateKey = LOG_KEY,
    witnesses: Sequence[Ed25519PrivateKey] = WITNESS_KEYS,
) -> bytes:
    """A checkpoint over these entries, cosigned."""
    text = Checkpoint(ORIGIN, len(entries), true_root(entries)).text
    note = sign(text, ORIGIN, key)
    for verifier, witness in zip(WITNESSES, witnesses, strict=False):
        note = add_signatures(note, cosign(text, verifier.name, witness, 1_800_000_000))
    return note


def members(entries: Sequence[bytes], kept: Sequence[ExportedRecord], note: bytes) -> dict[str, bytes]:
    """What an export holds, by name."""
    about = About(BEGIN + timedelta(days=1), BEGIN, None)
    lines = b"".join(record.line for record in kept)
    return {CHECKPOINT: note, ABOUT: about.text, RECORDS: lines, **tree(entries)}


def pack(content: Mapping[str, bytes]) -> bytes:
    """The export as a zip file."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return file.getvalue()


def spellings(secret: str) -> tuple[str, str]:
    """A secret as it is, and as base64 would show it, cut to what does not depend on its neighbours."""
    return secret, b64encode(secret.encode()).decode()[4:-4]


def proof_of(index: int, entries: Sequence[bytes]) -> LogProof:
    """The proof for one entry, under a checkpoint over all of them."""
    grown = tiles.grow(0, [leaf_hash(entry) for entry in entries], lambda _level, _index: b"")
    read = tiles.hash_reader(lambda level, tile: grown[level, tile], len(entries))
    return LogProof(entries[index], index, inclusion_proof(index, len(entries), read), signed(entries))


def receipt_of(entry: bytes) -> str:
    """The receipt for an entry, as it is typed."""
    found = records.read_entry(entry)
    return f"{found.writer.hex()}/{found.number}/{leaf_hash(entry).hex()}"
