"""Names of looks lead back to their record and to nothing else; an alias is one person's, whatever table she is in."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from signal_index.ports import Database
from signal_index.store.oversight.names import KeyedNames


@given(st.binary(min_size=8, max_size=8), st.integers(1, 2**63 - 1))
def test_a_name_leads_back_to_its_look(keys: IndexSecrets, writer: bytes, number: int) -> None:
    names = KeyedNames(keys.row_keys)
    name = names.of_look(writer, number)
    assert len(name) == 16
    assert names.look(name) == (writer, number)
    assert writer not in name


def test_looks_in_a_row_have_names_without_an_order(keys: IndexSecrets) -> None:
    names = KeyedNames(keys.row_keys)
    made = [names.of_look(b"writer08", number) for number in range(1, 400)]
    assert len({name[:4] for name in made}) == len(made)
    assert made != sorted(made)
    assert len({name[0] for name in made}) > 150, "nothing of the writer or the number shows"


def test_other_keys_make_other_names(keys: IndexSecrets, person: Callable[[int], Pseudonym]) -> None:
    row_keys = keys.row_keys
    here, there = KeyedNames(row_keys), KeyedNames(replace(row_keys, tag_key=bytes(31) + b"x"))
    assert here.of_look(b"writer08", 1) != there.of_look(b"writer08", 1)
    assert here.of_person(person(1)) != there.of_person(person(1))


def test_any_name_can_be_asked_for(database: Database) -> None:
    for name in (bytes(16), b"\xff" * 16, bytes(range(16))):
        assert database.run(lambda tx: tx.audit.one(*tx.names.look(name))) is None  # noqa: B023 - runs at once


def test_an_alias_is_one_persons_and_shows_nothing_of_her(
    keys: IndexSecrets, person: Callable[[int], Pseudonym]
) -> None:
    names = KeyedNames(keys.row_keys)
    aliases = [names.of_person(person(number)) for number in range(5)]
    assert aliases == [names.of_person(person(number)) for number in range(5)]
    assert len(set(aliases)) == 5
    for number, alias in enumerate(aliases):
        assert alias.replace("-", "").lower() not in person(number).encoded.hex()
