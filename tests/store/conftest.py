"""What the tests of the store share: keys, a real database file, and people that exist nowhere."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from crypto.chain import Pseudonym
from crypto.keyfiles import IndexSecrets
from crypto.sheet import AgeBand
from policy.vocabulary import Level
from signal_index.model import CareRelation, Series, SeriesState
from signal_index.model.workplace import Cover, CoverReason, Informed, Question, Session, View
from signal_index.store import SqlDatabase, initialise, open_database, upgrade
from tests.support.postgresql import PostgresqlServer, name_of, postgresql_server

ORGANISATION = "00000004000000020000"
NINE = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def keys() -> IndexSecrets:
    return IndexSecrets.generate("regio-test", 1, created=date(2026, 1, 1))


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 4, 1, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the newest schema, not initialised."""
    path = tmp_path_factory.mktemp("blank") / "index.db"
    upgrade(path)
    return path


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory, blank: Path, keys: IndexSecrets) -> Path:
    """A database of these keys, to copy: making one costs several writes that wait for the disk."""
    path = Path(shutil.copy(blank, tmp_path_factory.mktemp("initialised") / "index.db"))
    initialise(path, keys, datetime(2026, 3, 1, tzinfo=UTC))
    return path


@pytest.fixture
def path(tmp_path: Path, initialised: Path) -> Path:
    """An initialised database."""
    return Path(shutil.copy(initialised, tmp_path / "index.db"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever is asked of a database is asked of both kinds, unless a test is about the file itself."""
    asked = set(metafunc.fixturenames)
    if "database" in asked and "path" not in asked:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def initialised_there(postgresql: PostgresqlServer, keys: IndexSecrets) -> str:
    """A database on the server, to copy; its name."""
    url = postgresql.database()
    upgrade(url)
    initialise(url, keys, datetime(2026, 3, 1, tzinfo=UTC))
    return name_of(url)


@pytest.fixture
def url(postgresql: PostgresqlServer, initialised_there: str) -> Iterator[str]:
    """An initialised database on a server."""
    made = postgresql.database(like=initialised_there)
    yield made
    postgresql.drop(made)


@pytest.fixture
def database(request: pytest.FixtureRequest, keys: IndexSecrets) -> Iterator[SqlDatabase]:
    kind = getattr(request, "param", "sqlite")
    place: str | Path = request.getfixturevalue("path" if kind == "sqlite" else "url")
    with open_database(place, keys, writer_kind="serve") as opened:
        yield opened


@pytest.fixture(scope="session")
def person() -> Callable[[int], Pseudonym]:
    """The pseudonym of somebody by number."""
    return lambda number: Pseudonym(sha256(b"somebody" + number.to_bytes(4, "big")).digest())


@pytest.fixture(scope="session")
def a_series() -> Callable[..., Series]:
    def build(
        source: str = "00000004000000010000",
        type_code: str = "schuldhulptraject",
        generation: int = 1,
        state: SeriesState = SeriesState.CURRENT,
    ) -> Series:
        series_id = sha256(f"{source}/{type_code}/{generation}".encode()).digest()[:16]
        return Series(series_id, source, type_code, generation, state)

    return build


@pytest.fixture(scope="session")
def a_relation(person: Callable[[int], Pseudonym]) -> Callable[..., CareRelation]:
    def build(number: int = 1, **changes: Any) -> CareRelation:
        stated: dict[str, Any] = {
            "organisation": ORGANISATION,
            "relation_id": number.to_bytes(16, "big"),
            "publisher": "00000004000000030000",
            "generation": 1,
            "person": person(number),
            "team": "wijkteam-noord",
            "worker": "w.jansen",
            "case_reference": f"ZAAK-{number:04}",
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "registered_by": "t.leider",
            "age_band": AgeBand.ADULT,
            "age_band_changes": None,
            "shielded": False,
            "coordinator": True,
        }
        return CareRelation(**(stated | changes))

    return build


@pytest.fixture(scope="session")
def a_session() -> Callable[..., Session]:
    """A sign-in of w.jansen at nine, last seen five minutes later."""

    def build(**changes: Any) -> Session:
        stated: dict[str, Any] = {
            "session_id": "0123456789abcdef",
            "staff_id": "w.jansen",
            "second_factor": True,
            "role": "wijkteammedewerker",
            "csrf": "form-token-of-this-session",
            "opened_at": NINE,
            "seen_at": NINE + timedelta(minutes=5),
            "name": "Wil Jansen",
            "email": "w.jansen@gemeente.example",
        }
        return Session(**(stated | changes))

    return build


@pytest.fixture(scope="session")
def a_view() -> Callable[..., View]:
    """A look of w.jansen, by number."""

    def build(number: int = 1, **changes: Any) -> View:
        stated: dict[str, Any] = {
            "view_id": number.to_bytes(16, "big"),
            "organisation": ORGANISATION,
            "worker": "w.jansen",
            "relation_id": bytes([7]) * 16,
            "person": Pseudonym(sha256(b"somebody-looked-at").digest()),
            "case_reference": "ZAAK-0001",
            "purpose": "voorbereiding-huisbezoek",
            "domains": frozenset({"financien", "wonen"}),
            "informed": Informed.TOLD,
            "allowed": {"schuldhulptraject": Level.CONTACT, "wmo-voorziening": Level.PRESENCE},
            "any_shown": True,
            "opened_at": NINE + timedelta(minutes=number),
            "ends_at": NINE + timedelta(minutes=number + 30),
        }
        return View(**(stated | changes))

    return build


@pytest.fixture(scope="session")
def a_cover() -> Callable[..., Cover]:
    """A cover of w.jansen's cases by c.collega in April, by number."""

    def build(number: int = 1, **changes: Any) -> Cover:
        stated: dict[str, Any] = {
            "cover_id": number.to_bytes(16, "big"),
            "organisation": ORGANISATION,
            "team": "wijkteam-noord",
            "absentee": "w.jansen",
            "delegate": "c.collega",
            "first_day": date(2026, 4, number),
            "last_day": date(2026, 5, number),
            "reason": CoverReason.LEAVE,
            "arranged_at": NINE,
        }
        return Cover(**(stated | changes))

    return build


@pytest.fixture(scope="session")
def a_question(person: Callable[[int], Pseudonym]) -> Callable[..., Question]:
    """A question of w.jansen about a flag of one person, by number."""

    def build(number: int = 1, **changes: Any) -> Question:
        stated: dict[str, Any] = {
            "reference": f"V-7K2M-{number:04}",
            "organisation": ORGANISATION,
            "asked_by": "w.jansen",
            "relation_id": bytes([7]) * 16,
            "person": person(1),
            "source": "00000004000000010000",
            "type": "schuldhulptraject",
            "asked_on": date(2026, 4, number),
            "due_on": date(2026, 4, number) + timedelta(days=28),
        }
        return Question(**(stated | changes))

    return build


@pytest.fixture(scope="module")
def shared_database(
    tmp_path_factory: pytest.TempPathFactory, initialised: Path, keys: IndexSecrets
) -> Iterator[SqlDatabase]:
    """One database for all examples of a property test, whose jobs undo themselves."""
    copy = Path(shutil.copy(initialised, tmp_path_factory.mktemp("shared") / "index.db"))
    with open_database(copy, keys, writer_kind="serve") as opened:
        yield opened
