"""Which crew does the multiplying changes nothing but the time it takes."""

from collections.abc import Iterator

import pytest

from crypto.chain import Bsn, HopSecrets, OpeningSecrets, encrypt, hops, open_item, origin
from crypto.chain.crew import PIECE_ITEMS_MIN, Alone, Crew, Workers, shares
from crypto.group import base_multiply, multiply, random_scalar

INDEX = OpeningSecrets(random_scalar(), random_scalar())
TOWARDS = base_multiply(INDEX.layer)
SECRETS = HopSecrets(random_scalar(), random_scalar())
PUBLICS = hops.HopPublics(TOWARDS, base_multiply(SECRETS.factor), base_multiply(SECRETS.combined))
LAYER = multiply(SECRETS.layer, TOWARDS)
PERSON = Bsn("999900006").person_point()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    crew = Workers(2)
    yield crew
    crew.close()


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 64, 65, 130])
def test_several_workers_make_and_accept_what_one_does(n: int, workers: Workers) -> None:
    randomness = [random_scalar() for _ in range(n)]
    before = b"".join(encrypt(PERSON, LAYER, each).encode() for each in randomness)
    own = origin.prove(hops.column(before, 0), randomness, b"batch")
    pairs: list[tuple[Crew, Crew]] = [(workers, Alone()), (Alone(), workers)]
    for crew, other in pairs:
        origin.check(hops.column(before, 0), b"batch", own, crew)
        after, proof = hops.make(SECRETS, PUBLICS, before, b"batch", crew)
        hops.check(PUBLICS, hops.Passage(before, after, b"batch"), proof, other)
        opened = {open_item(INDEX, item) for item in hops.ciphertexts(after)}
        assert (len(opened), len(after)) == (1, 64 * n)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 4096])
@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_shares_cover_everything_once_and_none_is_too_small_to_carry(count: int, size: int) -> None:
    class Some(Alone):
        pass

    crew = Some()
    crew.__dict__["size"] = size
    cut = shares(count, crew)
    assert [number for share in cut for number in range(count)[share]] == list(range(count))
    assert len(cut) <= size
    assert all(share.stop - share.start >= min(count, PIECE_ITEMS_MIN) for share in cut[:-1])


def test_a_crew_that_was_closed_starts_again_for_the_next_piece() -> None:
    crew = Workers(2)
    for _ in range(2):
        assert list(crew.each(abs, [-1, -2, 3])) == [1, 2, 3]
        crew.close()
