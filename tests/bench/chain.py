"""The chain: what each party does per item, as ratios to one bare scalar multiplication of libsodium.

Also the speed of two worker processes against one, and from all of it the hours that each role needs for the
eighteen million items that a whole country would publish once.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crypto.chain import Bsn, Ciphertext, HopSecrets, OpeningSecrets, encrypt, hop, hops, open_item
from crypto.chain.crew import Alone, Workers
from crypto.group import base_multiply, multiply, random_scalar
from crypto.group.sodium import Sodium
from tests.bench.figures import Figure, Record

N = 128
LARGE = 2048
NATION = 18_000_000
CPU = "CPU microseconds per item"

INDEX = OpeningSecrets(layer=random_scalar(), closing=random_scalar())
TOWARDS = base_multiply(INDEX.layer)
OWN = HopSecrets(factor=random_scalar(), layer=random_scalar())
PUBLICS = hops.HopPublics(TOWARDS, base_multiply(OWN.factor), base_multiply(OWN.combined))
LAYER = multiply(OWN.layer, TOWARDS)
PERSON = Bsn.parse("999900006")


def _items(count: int) -> bytes:
    return b"".join(encrypt(PERSON.person_point(), LAYER, random_scalar()).encode() for _ in range(count))


def _each(items: bytes, work: Callable[[Ciphertext], object]) -> Callable[[], object]:
    return lambda: [work(item) for item in hops.ciphertexts(items)]


@contextmanager
def figures() -> Iterator[list[Figure]]:
    """Yield the figures; worker processes end afterwards."""
    workers = Workers(2)
    try:
        yield [*_per_item(), _two_processes(workers)]
    finally:
        workers.close()


def _per_item() -> list[Figure]:
    before, alone = _items(N), Alone()
    randomness = [random_scalar() for _ in range(N)]
    made = [hop(OWN, TOWARDS, *each) for each in zip(hops.ciphertexts(before), randomness, strict=True)]
    after = b"".join(item.encode() for item in made)
    passage = hops.Passage(before, after, b"bench")
    proof = hops._prove(OWN, PUBLICS, passage, randomness, alone)
    sodium, scalar, point = Sodium.load(), random_scalar().encoded, TOWARDS.encoded
    parts: dict[str, Callable[[], object]] = {
        "source": lambda: [encrypt(PERSON.person_point(), LAYER, random_scalar()) for _ in range(N)],
        "hop": lambda: hops._hop_piece(hops._ToHop(OWN, TOWARDS, before)),
        "open": _each(after, lambda item: open_item(INDEX, item)),
        "prove": lambda: hops._prove(OWN, PUBLICS, passage, randomness, alone),
        "verify": lambda: hops.check(PUBLICS, passage, proof, alone),
    }
    return [
        Figure(
            f"chain.{name}_item",
            CPU,
            part,
            "one bare scalar multiplication",
            lambda: [sodium.multiply(scalar, point) for _ in range(N)],
            N,
        )
        for name, part in parts.items()
    ]


def _two_processes(workers: Workers) -> Figure:
    before = _items(LARGE)

    def hopped(crew: Workers | Alone) -> Callable[[], object]:
        return lambda: hops.make(OWN, PUBLICS, before, b"bench", crew)

    return Figure(
        "chain.hop_two_processes",
        "wall microseconds per item, hop and proof; a ratio of 0.5 is twice as fast",
        hopped(workers),
        "the same in one process",
        hopped(Alone()),
        LARGE,
        time.perf_counter_ns,
    )


def hours(measured: list[Record]) -> Iterator[Record]:
    """Hours of one core for every role, from what each item costs it."""
    cost = {record["name"]: record["value"] for record in measured if record["unit"] == CPU}
    source, hopped, opened, proven, verified = (
        cost[f"chain.{name}_item"] for name in ("source", "hop", "open", "prove", "verify")
    )
    roles = {
        "source": source,
        "a": hopped + proven,
        "b": verified + hopped + proven,
        "index": 2 * verified + opened,
    }
    for name, microseconds in roles.items():
        yield {
            "name": f"chain.hours_{name}",
            "value": round(NATION * microseconds / 3.6e9, 2),
            "unit": "hours of one core for 18 million items, cryptography alone",
        }
