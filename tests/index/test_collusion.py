"""Every party and pair, with all they hold and see put together, reaches what docs/threat-model.md says and no more.

A coalition is made of real keys, a real index and its real database. Its attacks do not know the protocol's secrets by
role: they try every product of the scalars the coalition holds, each left out, multiplied or divided by.
"""

import itertools
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crypto.batch import Batch, BatchClass, steps
from crypto.chain import Bsn, Ciphertext
from crypto.chain.hops import ciphertexts
from crypto.encoding import Month
from crypto.errors import CryptoError
from crypto.group import Scalar, multiply, scalar_multiply, subtract
from crypto.sealing import RowKeys, tag, unseal
from crypto.sheet import SignaalOperation, SignaalRow
from signal_index.model import Actor, ContactRoute, Publication, Register
from signal_index.usecases.administration.register import import_register

DOCUMENT = Path(__file__).parents[2] / "docs" / "threat-model.md"
ORDER = 2**252 + 27742317777372353535851937790883648493
PARTIES = ("source", "A", "B", "index", "thief")
COALITIONS = [*((party,) for party in PARTIES), *itertools.combinations(PARTIES, 2), ("A", "B", "index")]
COLUMNS = ("traffic", "rows", "contents", "sheet", "guess")

OWN_TYPE, OTHER_TYPE = "wmo-voorziening", "schuldhulptraject"
OWN_SOURCE = "agb:00000001"
CANDIDATES = 12
VICTIM = 7


def promised() -> dict[str, dict[str, str]]:
    """The table of the document."""
    rows = re.findall(
        r"^\| ([^|]+) \|((?: [^|]+ \|){5})$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )
    cells = {name.strip(): [cell.strip() for cell in rest.split("|")[:-1]] for name, rest in rows}
    assert cells.pop("coalition") == list(COLUMNS)
    return {
        name: dict(zip(COLUMNS, values, strict=True)) for name, values in cells.items() if "---" not in name
    }


@dataclass
class Scene:
    """One index with a victim's flags in it, and the batch that brought one of them.

    Args:
        world: the index, its chain and its senders.
        batch: of the other source, after both hops: its first item is about the victim.
        before: what a thief read from the database before anybody guessed.
    """

    world: Any
    batch: Batch
    before: frozenset[bytes]

    def tags(self) -> frozenset[bytes]:
        """What a thief reads: the tags of all rows."""
        with sqlite3.connect(self.world.path) as stolen:
            rows = stolen.execute("SELECT tag FROM flags").fetchall()
        stolen.close()
        return frozenset(tag for (tag,) in rows)

    def cells(self) -> list[tuple[bytes, bytes]]:
        """Row keys and sealed cells, as they lie in the database."""
        with sqlite3.connect(self.world.path) as stolen:
            rows: list[tuple[bytes, bytes]] = stolen.execute("SELECT row_key, sealed FROM flags").fetchall()
        stolen.close()
        return rows


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    found = next(
        vars(plugin)["World"]
        for plugin in request.config.pluginmanager.get_plugins()
        if "World" in vars(plugin)
    )
    world = found(tmp_path_factory.mktemp("collusion"))
    _let_another_source_publish_the_same_type(world)
    victim = world.PEOPLE[VICTIM]
    row = SignaalRow(SignaalOperation.ASSERT, OWN_SOURCE, OWN_TYPE, Month(2026, 1), 1)
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(None, _open(row))])
    for source, kind in (("kvk:00000004", OTHER_TYPE), ("agb:00000009", OWN_TYPE)):
        said = SignaalRow(SignaalOperation.ASSERT, source, kind, Month(2026, 1), 1)
        world.accept(world.ZORG, BatchClass.SIGNAAL, [(None, _open(said))])
        batch = world.batch(world.ZORG, BatchClass.SIGNAAL, [(victim, said)])
        assert world.post(batch).status_code == 200
        world.senders[world.ZORG].sequence += 1
    made = Scene(world, batch, frozenset())
    made.before = made.tags()
    yield made
    world.database.close()


def _open(row: SignaalRow) -> SignaalRow:
    return SignaalRow(SignaalOperation.OPEN_SET, row.source, row.type, generation=1)


def _let_another_source_publish_the_same_type(world: Any) -> None:
    def widen(tx: Any) -> None:
        added = Publication(
            "agb:00000009", "Bron 9", OWN_TYPE, world.ZORG, ContactRoute("Balie", "085-0000000")
        )
        register = Register(
            tuple(tx.register.publishers()),
            (*tx.register.publications(), added),
            tuple(tx.register.entrances()),
        )
        types = [kind.code for kind in world.desk.rules.in_force(world.DAY).catalogue.types]
        staff = tx.staff.get("f.beheer")
        actor = Actor.in_all_roles("f.beheer", staff, second_factor=True, token_id="test")
        import_register(tx, actor, register, types, world.clock)

    world.database.run(widen)


# --- What a coalition holds and sees ------------------------------------------------------------------------------


class Coalition:
    """The union of what its members hold and see.

    Args:
        members: of `PARTIES`.
        scene: where they act.
    """

    def __init__(self, members: Sequence[str], scene: Scene) -> None:
        self.members = frozenset(members)
        self.scene = scene
        world = scene.world
        scalars = {
            "A": (world.a.hop.factor, world.a.hop.layer),
            "B": (world.b.hop.factor, world.b.hop.layer),
            "index": (world.secrets.opening.layer, world.secrets.opening.closing),
        }
        self.multipliers = _products([each for member in members for each in scalars.get(member, ())])
        self.row_keys: RowKeys | None = world.secrets.row_keys if "index" in members else None
        self.sees_traffic = bool(self.members & {"A", "B", "index"})
        self.sees_rows = bool(self.members & {"index", "thief"})

    def items_of_the_victim(self) -> list[Ciphertext]:
        """The victim's item as every member saw it: before, between and after the hops, whatever reaches it."""
        batch = self.scene.batch
        lists = [batch.c0, *(hop.items for hop in batch.hops)]
        return [next(ciphertexts(items)) for items in lists] if self.sees_traffic else []

    def images(self, person: Bsn) -> Iterator[bytes]:
        """Everything the coalition can make of a guess by itself."""
        point = person.person_point()
        return ((point if factor is None else multiply(factor, point)).encoded for factor in self.multipliers)


def _products(scalars: Sequence[Scalar]) -> list[Scalar | None]:
    """Every product of the scalars, each left out, multiplied or divided by; None stands for one."""
    found: list[Scalar | None] = [None]
    for each in scalars:
        inverse = Scalar(pow(int.from_bytes(each.encoded, "little"), -1, ORDER).to_bytes(32, "little"))
        found = [
            known if power is None else power if known is None else scalar_multiply(known, power)
            for known in found
            for power in (None, each, inverse)
        ]
    return found


# --- The attacks --------------------------------------------------------------------------------------------------


def traffic(coalition: Coalition) -> str:
    """Peel the victim's item in every way, and look for every image of every guess in what is left."""
    peeled: set[bytes] = set()
    for item in coalition.items_of_the_victim():
        peeled.add(item.c.encoded)
        for factor in coalition.multipliers:
            left = subtract(item.c, item.b if factor is None else multiply(factor, item.b))
            peeled |= {left.encoded} if left is not None else set()
    return _finds(coalition, lambda image: image in peeled)


def rows(coalition: Coalition) -> str:
    """Compute the tag that every image of every guess would have, and look for it."""
    if not coalition.sees_rows:
        return "no"
    stolen, keys = coalition.scene.before, coalition.row_keys
    # Without the key of the tags an attacker can only hope that a point itself lies there.
    if keys is None:
        lying = {piece for _, cell in coalition.scene.cells() for piece in _windows(cell)}
        return _finds(coalition, lambda image: image in lying)
    return _finds(coalition, lambda image: tag(keys, "flags.tag", image, OTHER_TYPE) in stolen)


def _windows(cell: bytes) -> Iterator[bytes]:
    return (cell[start : start + 32] for start in range(len(cell) - 31))


def _finds(coalition: Coalition, recognised: Callable[[bytes], bool]) -> str:
    people = coalition.scene.world.PEOPLE[:CANDIDATES]
    hits = [number for number, person in enumerate(people) if any(map(recognised, coalition.images(person)))]
    assert hits in ([], [VICTIM])
    return "yes" if hits else "no"


def contents(coalition: Coalition) -> str:
    if not coalition.sees_rows or coalition.row_keys is None:
        return "no"
    for row_key, sealed in coalition.scene.cells():
        unseal(coalition.row_keys, sealed, table="flags", column="sealed", row=row_key)
    return "yes"


def sheet(coalition: Coalition) -> str:
    if not coalition.sees_traffic:
        return "no"
    own = coalition.scene.world.secrets if "index" in coalition.members else None
    if own is None:
        return "no"
    try:
        opened = steps._open_sheet(coalition.scene.batch, own)
    except CryptoError:
        return "no"
    return "yes" if OWN_TYPE.encode() in opened else "no"


def guess(coalition: Coalition) -> str:
    """Publish a flag about the guess as the source may, through honest hops, and see what happens at the index."""
    if "source" not in coalition.members:
        return "no"
    answers = [_guessed(coalition, number) for number in (VICTIM, VICTIM - 1)]
    assert answers[1] == "no", "a wrong guess tells nothing"
    return answers[0]


def _guessed(coalition: Coalition, number: int) -> str:
    scene = coalition.scene
    world, person = scene.world, scene.world.PEOPLE[number]
    row = SignaalRow(SignaalOperation.ASSERT, OWN_SOURCE, OWN_TYPE, Month(2026, 1), 1)
    batch = world.batch(world.GEMEENTE, BatchClass.SIGNAAL, [(person, row)])
    known, counted = scene.tags(), len(scene.cells())
    assert world.post(batch).status_code == 200
    world.senders[world.GEMEENTE].sequence += 1
    try:
        return _learnt(coalition, batch, known, counted)
    finally:
        withdrawn = SignaalRow(SignaalOperation.WITHDRAW, OWN_SOURCE, OWN_TYPE, generation=1)
        world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(person, withdrawn)])


def _learnt(coalition: Coalition, batch: Batch, known: frozenset[bytes], counted: int) -> str:
    scene, keys = coalition.scene, coalition.row_keys
    if keys is not None:
        opened = steps.open_batch(batch, scene.world.secrets)[0][0]
        assert opened is not None
        return "yes" if tag(keys, "flags.tag", opened.encoded, OTHER_TYPE) in known else "no"
    if coalition.sees_rows:
        # One row more, and no tag more: the row came beside one that was there.
        return "own type" if len(scene.cells()) == counted + 1 and scene.tags() == known else "no"
    return "no"


# --- The table ----------------------------------------------------------------------------------------------------


ATTACKS: dict[str, Callable[[Coalition], str]] = {
    "traffic": traffic,
    "rows": rows,
    "contents": contents,
    "sheet": sheet,
    "guess": guess,
}


@pytest.mark.parametrize("members", COALITIONS, ids=" + ".join)
def test_a_coalition_reaches_what_the_table_says_and_no_more(members: Sequence[str], scene: Scene) -> None:
    coalition = Coalition(members, scene)
    assert {name: ATTACKS[name](coalition) for name in COLUMNS} == promised()[" + ".join(members)]


def test_the_table_has_every_party_and_every_pair() -> None:
    assert list(promised()) == [" + ".join(members) for members in COALITIONS]


def test_the_attacks_find_what_is_there_to_be_found(scene: Scene) -> None:
    """All secrets but one, whichever it is, are not enough; with all of them the victim is found at once."""
    everybody = Coalition(("A", "B", "index"), scene)
    assert (traffic(everybody), rows(everybody)) == ("yes", "yes")
    world = scene.world
    needed = {
        "rows": (world.a.hop.factor, world.b.hop.factor, world.secrets.opening.closing),
        "traffic": (world.a.hop.factor, world.b.hop.factor, world.secrets.opening.layer),
    }
    for name, scalars in needed.items():
        for missing in scalars:
            rest = [each for each in scalars if each is not missing]
            everybody.multipliers = _products(rest)
            assert ATTACKS[name](everybody) == "no"
        everybody.multipliers = _products(scalars)
        assert ATTACKS[name](everybody) == "yes"


def test_an_attacker_tries_every_product_of_what_the_coalition_holds(scene: Scene) -> None:
    assert len(set(Coalition(("A", "B"), scene).images(scene.world.PEOPLE[0]))) == 3**4
