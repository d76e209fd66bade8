"""A batch made once and kept: if it no longer opens, the wire format or the pseudonyms have changed."""

import json
from pathlib import Path

from crypto.batch import (
    Batch,
    Header,
    apply_hop,
    compose,
    max_bytes,
    open_batch,
    verify_hop,
    verify_publisher,
)
from crypto.chain import Bsn, close
from crypto.encoding import Month
from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets, PublisherSecrets
from crypto.sheet import SignaalOperation, SignaalRow

VECTOR = json.loads((Path(__file__).parent / "vectors" / "batch_v2.json").read_text(encoding="utf-8"))
INDEX = IndexSecrets.from_document(VECTOR["index_secrets"])
A = PseudonymiserSecrets.from_document(VECTOR["a_secrets"])
B = PseudonymiserSecrets.from_document(VECTOR["b_secrets"])
PUBLISHER = PublisherSecrets.from_document(VECTOR["publisher_secrets"])
MANIFEST = Manifest.from_document(VECTOR["manifest"])


def test_the_frozen_keys_belong_together() -> None:
    assert (INDEX.public(), B.public(), A.public()) == (MANIFEST.index, MANIFEST.b, MANIFEST.a)


def test_the_frozen_batch_still_opens_to_the_same_rows_and_persons() -> None:
    wire = bytes.fromhex(VECTOR["wire"])
    batch = Batch.decode(wire, max_bytes(VECTOR["n"]))
    verify_publisher(batch, PUBLISHER.public().verify_key)
    verify_hop(batch, 0, MANIFEST)
    verify_hop(batch, 1, MANIFEST)
    opened = [
        [None if person is None else person.encoded.hex(), row.rstrip(b"\0").hex()]
        for person, row in open_batch(batch, INDEX)
    ]
    # Compared outside the assertion, so that a failure does not print pseudonyms.
    same = opened == VECTOR["opens_to"]
    assert same
    assert batch.header.encode().hex() == VECTOR["header"]
    assert batch.encode() == wire


def test_a_batch_made_today_gives_the_frozen_persons() -> None:
    rows = [
        SignaalRow(SignaalOperation.ASSERT, f"bron-{n}", "wmo", Month(2026, 4), 1).encode()
        for n in range(len(VECTOR["persons"]))
    ]
    people = [(Bsn.parse(digits), row) for digits, row in zip(VECTOR["persons"], rows, strict=True)]
    header = Header.decode(bytes.fromhex(VECTOR["header"]))
    fillers = [(None, SignaalRow(SignaalOperation.FILLER).encode())] * (header.n - len(people))
    batch = compose(header, [*people, *fillers], MANIFEST, PUBLISHER.signing)
    opened = open_batch(apply_hop(apply_hop(batch, A, MANIFEST), B, MANIFEST), INDEX)
    persons = {row: person for person, row in opened}
    found = [person.encoded.hex() for row in rows if (person := persons[row]) is not None]
    same = found == list(VECTOR["persons"].values())
    assert same


def test_the_frozen_manifest_keeps_its_fingerprint_and_its_canary() -> None:
    assert MANIFEST.fingerprint.hex() == VECTOR["fingerprint"]
    assert close(INDEX.opening, MANIFEST.canary).encoded.hex() == VECTOR["canary"]
