"""Implementations by others compute what ours computes, and judge our proofs as we do.

noble is another implementation of the group; chain, encoding and proofs are written anew on it, in `noble.mjs`. libpep
is the reference implementation of PEP; encryption, hop and opening are its own. Where our hop takes off layer t and
adds randomness rho for the next key, libpep's `rrsk` rekeys by 1/t and takes randomness rho/(s*t) for the own key.

A failure names places and steps, never values: those are BSNs and pseudonyms, be it of nobody.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crypto.chain import Bsn, HopSecrets, OpeningSecrets, encrypt, hop, hops, open_item
from crypto.chain.crew import Alone
from crypto.errors import KeyFault, MalformedInput, VerificationFailed
from crypto.group import Scalar, base_multiply, multiply, random_scalar, reduce_scalar
from crypto.keyfiles import IndexPublic, IndexSecrets, PseudonymiserPublic, PseudonymiserSecrets
from tests.oracles import npm

# On the build server the same questions every time.
CHANCE = random.Random(1 if os.environ.get("CI") else None)
ALONE = Alone()
CHAINS = 10
BATCHES = (1, 40, *(round(20 ** CHANCE.random()) for _ in range(18)))
KEYS = ("factor_a", "layer_a", "factor_b", "layer_b", "layer_index", "closing")
HOP_VECTORS = Path(__file__).parents[1] / "crypto" / "vectors" / "hop_proof_v1.json"


def scalar() -> Scalar:
    return reduce_scalar(CHANCE.randbytes(64))


def somebody() -> str:
    """A number of the test range."""
    while True:
        digits = str(CHANCE.randint(999_900_006, 999_999_990))
        try:
            return Bsn(digits).digits
        except MalformedInput:
            continue


@dataclass(frozen=True)
class Walks:
    """People, or nobody, on their way through one chain, each with the randomness of publisher, A and B."""

    keys: dict[str, Scalar]
    people: list[tuple[str | None, list[Scalar]]]

    @classmethod
    def drawn(cls, count: int) -> "Walks":
        """Walks of so many people and of nobody."""
        people = [*(somebody() for _ in range(count)), None]
        keys = {name: scalar() for name in KEYS}
        return cls(keys, [(bsn, [scalar(), scalar(), scalar()]) for bsn in people])

    def question(self, whole: int) -> tuple[str, Any]:
        """Ask for all steps of so many walks, and for both ends of the others."""
        keys = {name: key.encoded.hex() for name, key in self.keys.items()}
        people = [
            {"bsn": bsn} | ({"randomness": [each.encoded.hex() for each in own]} if place < whole else {})
            for place, (bsn, own) in enumerate(self.people)
        ]
        return "walks", {"keys": keys, "people": people}

    def walked(self) -> Iterator[dict[str, str]]:
        """Every step of every walk in hexadecimal, as this product takes it."""
        keys = self.keys
        a = HopSecrets(keys["factor_a"], keys["layer_a"])
        b = HopSecrets(keys["factor_b"], keys["layer_b"])
        index = OpeningSecrets(keys["layer_index"], keys["closing"])
        to_index = base_multiply(index.layer)
        to_b = multiply(b.layer, to_index)
        to_a = multiply(a.layer, to_b)
        for bsn, (sent, rho_a, rho_b) in self.people:
            person = Bsn(bsn).person_point() if bsn else None
            encrypted = encrypt(person, to_a, sent)
            after_a = hop(a, to_b, encrypted, rho_a)
            after_b = hop(b, to_index, after_a, rho_b)
            pseudonym = open_item(index, after_b)
            yield {
                "person": (person.encoded if person else bytes(32)).hex(),
                "encrypted": encrypted.encode().hex(),
                "after_a": after_a.encode().hex(),
                "after_b": after_b.encode().hex(),
                "pseudonym": (pseudonym.encoded if pseudonym else bytes(32)).hex(),
            }


# noble takes some 8 ms for a whole walk, most of it for what lies between the ends; libpep 2 ms.
@pytest.mark.parametrize(
    ("people", "whole"), [(1_000, 100), pytest.param(10_000, 10_000, marks=pytest.mark.long)]
)
def test_noble_and_libpep_take_every_step_from_bsn_to_pseudonym_as_we_do(people: int, whole: int) -> None:
    """Noble is asked about every person and pseudonym, and for the `whole` walks about all between them too."""
    asked = [Walks.drawn(people // CHAINS) for _ in range(CHAINS)]
    noble = npm.ask("noble", [walks.question(whole // CHAINS) for walks in asked])
    libpep = npm.ask("libpep", [walks.question(len(walks.people)) for walks in asked])
    agreed: Counter[str] = Counter()
    for walks, *theirs in zip(asked, noble, libpep, strict=True):
        for own, *others in zip(walks.walked(), *theirs, strict=True):
            agreed.update(f"{step} {own[step] == other[step]}" for other in others for step in other)
    both, between = 2 * (people + CHAINS), whole + people + CHAINS
    assert agreed == {
        "person True": both,
        "encrypted True": between,
        "after_a True": between,
        "after_b True": between,
        "pseudonym True": both,
    }


@dataclass(frozen=True)
class Claim:
    """That items `after` came out of items `before` by one hop."""

    publics: hops.HopPublics
    before: bytes
    context: bytes
    after: bytes
    proof: bytes

    @classmethod
    def made(cls, secrets: HopSecrets, publics: hops.HopPublics, before: bytes, context: bytes) -> "Claim":
        """Make a hop and claim that it belongs to these public points, be it true or not."""
        return cls(publics, before, context, *hops.make(secrets, publics, before, context, ALONE))

    def question(self) -> tuple[str, Any]:
        points = {name: getattr(self.publics, name).encoded for name in ("towards", "factor", "combined")}
        content = {name: getattr(self, name) for name in ("before", "context", "after", "proof")}
        return "hop_holds", {name: data.hex() for name, data in (points | content).items()}

    def holds(self) -> bool:
        """What this product says of it."""
        try:
            hops.check(self.publics, hops.Passage(self.before, self.after, self.context), self.proof, ALONE)
        except VerificationFailed:
            return False
        return True


def items_about_people(count: int, secrets: HopSecrets, publics: hops.HopPublics) -> bytes:
    """Items about people and, last of all, about nobody."""
    people = [*(Bsn(somebody()).person_point() for _ in range(count - 1)), None]
    key = multiply(secrets.layer, publics.towards)
    return b"".join(encrypt(person, key, random_scalar()).encode() for person in people)


def claims(count: int) -> Iterator[tuple[str, Claim]]:
    """A true claim about so many items, named "true", and then untrue ones."""
    secrets, thief = (HopSecrets(random_scalar(), random_scalar()) for _ in range(2))
    publics = hops.HopPublics(
        base_multiply(random_scalar()), base_multiply(secrets.factor), base_multiply(secrets.combined)
    )
    before = items_about_people(count, secrets, publics)
    true = Claim.made(secrets, publics, before, CHANCE.randbytes(CHANCE.randrange(1, 100)))
    yield "true", true
    yield "made with other keys", Claim.made(thief, publics, before, true.context)
    name = CHANCE.choice(("towards", "factor", "combined"))
    points: dict[str, Any] = {name: base_multiply(random_scalar())}
    yield f"another point {name}", replace(true, publics=replace(publics, **points))
    name = CHANCE.choice(("before", "context", "after", "proof"))
    content: dict[str, Any] = {name: with_changed_bit(getattr(true, name))}
    yield f"a changed bit {name}", replace(true, **content)
    items = [true.after[start : start + 64] for start in range(0, len(true.after), 64)]
    others = Claim.made(secrets, publics, items_about_people(2, secrets, publics), true.context)
    place = CHANCE.randrange(count)
    yield (
        "a foreign item",
        replace(true, after=b"".join([*items[:place], others.after[:64], *items[place + 1 :]])),
    )
    if count > 1:
        one, other_one = CHANCE.sample(range(count), 2)
        repeated, swapped = items.copy(), items.copy()
        repeated[one] = items[other_one]
        swapped[one], swapped[other_one] = items[other_one], items[one]
        yield "one item dropped and another repeated", replace(true, after=b"".join(repeated))
        yield "two items swapped", replace(true, after=b"".join(swapped))


def with_changed_bit(data: bytes) -> bytes:
    place, bit = CHANCE.randrange(len(data)), CHANCE.randrange(8)
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def misjudged(verdicts: list[tuple[str, bool, bool]]) -> set[str]:
    """What noble, this product or both judged wrongly: they accept what is called "true", and nothing else."""
    return {
        f"{what}: noble {theirs}, ours {ours}"
        for what, theirs, ours in verdicts
        if {theirs, ours} != {what == "true"}
    }


def test_noble_accepts_our_hops_and_no_others() -> None:
    asked = [claim for count in BATCHES for claim in claims(count)]
    verdicts = npm.ask("noble", [claim.question() for _, claim in asked])
    judged = [(what, held, claim.holds()) for (what, claim), held in zip(asked, verdicts, strict=True)]
    assert not misjudged(judged)


def test_noble_makes_the_same_hops_and_proofs_as_were_written_down() -> None:
    vectors = json.loads(HOP_VECTORS.read_text(encoding="ascii"))["hops"]
    given = ("keys", "towards", "before", "context", "randomness", "masks")
    asked = [{name: "".join(vector[name]) for name in given} for vector in vectors]
    answers = npm.ask("noble", [("proven_hop", question) for question in asked])
    assert answers == [{name: vector[name] for name in ("after", "proof")} for vector in vectors]


Part = IndexPublic | PseudonymiserPublic


def parts(scope: str, epoch: int, created: date) -> list[tuple[Part, Part]]:
    """The public parts of index, B and A, each with the part it leads to; the index, which is last, with itself."""
    index = IndexSecrets.generate(scope, epoch, created=created).public()
    b = PseudonymiserSecrets.generate("B", index, created=created).public()
    a = PseudonymiserSecrets.generate("A", b, created=created).public()
    return [(index, index), (b, index), (a, b)]


def keys_hold(part: Part, towards: Part) -> bool:
    try:
        if isinstance(part, PseudonymiserPublic):
            part.check(towards)
        else:
            part.check()
    except KeyFault:
        return False
    return True


def test_noble_accepts_our_key_files_and_none_with_a_member_of_another() -> None:
    true = parts("demo", 1, date(2026, 11, 22))
    # In another order, so that B is compared with an A and the party differs too.
    (index, _), (b, _), (a, _) = parts("elsewhere", 2, date(2026, 11, 23))
    asked = [("true", part, towards) for part, towards in true]
    asked += [
        (field.name, replace(part, **{field.name: getattr(other, field.name)}), towards)
        for (part, towards), other in zip(true, (index, a, b), strict=True)
        for field in fields(part)
    ]
    own_index, own_b, own_a = (part for part, _ in true)
    asked += [("towards", own_b, index), ("towards", own_a, b), ("towards", own_a, own_index)]
    questions = [{"part": part.to_document(), "towards": towards.to_document()} for _, part, towards in asked]
    verdicts = npm.ask("noble", [("keys_hold", question) for question in questions])
    judged = [(what, held, keys_hold(*pair)) for (what, *pair), held in zip(asked, verdicts, strict=True)]
    assert not misjudged(judged)
