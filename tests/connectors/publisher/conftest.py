"""What the publisher's tests share: keys of all parties, an index double, and the ways to reach it.

`InMemoryIndex` is honest about what it is: it keeps everything in memory, in the clear, for one test. What it checks
and signs it does with the real cryptography, in the order the real index does.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from connectors.config import Caseload, Publication, Setup
from connectors.publisher import MessageFile, Publisher
from connectors.reading import FileRefused, Kind, Message, Observation, Reading
from connectors.state import State
from crypto.answers import Acknowledgement, Refusal, Reply, sign, verify
from crypto.batch import (
    Batch,
    BatchClass,
    Person,
    apply_hop,
    items_in,
    open_batch,
    verify_hop,
    verify_origin,
    verify_publisher,
)
from crypto.chain import Bsn, Canary, Pseudonym
from crypto.encoding import Month
from crypto.group import multiply
from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets, PublisherSecrets
from crypto.sheet import (
    BeperkingOperation,
    BeperkingRow,
    SetRow,
    SignaalOperation,
    SignaalRow,
    ZorgrelatieOperation,
    ZorgrelatieRow,
    decode_row,
)
from tests.support.keys import agreed
from tests.support.messages import RECEIVED
from tests.support.people import PEOPLE

SCOPE = "testregio"
OIN = "00000099000000000731"
ORGANISATION = "00000099000000009958"
TODAY = date(2026, 11, 22)
N = 8


@dataclass
class Parties:
    """The keys of everybody, which only a test may hold together."""

    index: IndexSecrets
    b: PseudonymiserSecrets
    a: PseudonymiserSecrets
    publisher: PublisherSecrets
    manifest: Manifest

    @classmethod
    def make(cls) -> "Parties":
        index = IndexSecrets.generate(SCOPE, 1, created=TODAY)
        b = PseudonymiserSecrets.generate("B", index.public(), created=TODAY)
        a = PseudonymiserSecrets.generate("A", b.public(), created=TODAY)
        manifest = agreed(index, b, a)
        return cls(index, b, a, PublisherSecrets.generate(OIN, created=TODAY), manifest)

    def pseudonym(self, person: Person) -> Pseudonym:
        """The pseudonym the chain has to come to."""
        factors = (self.a.hop.factor, self.b.hop.factor, self.index.opening.closing)
        point = person.person_point()
        for factor in factors:
            point = multiply(factor, point)
        return Pseudonym(point.encoded)


Key = tuple[Pseudonym, str, str]


@dataclass
class Series:
    """One complete set of one (source, type), or of all relations or restrictions."""

    generation: int
    sealed: bool = False
    as_of: date | None = None


@dataclass
class InMemoryIndex:
    """An index for one publisher, in memory."""

    parties: Parties
    items: int = N
    incarnation: bytes = field(default_factory=lambda: token_bytes(16))
    next_sequence: int = 1
    answers: dict[int, bytes] = field(default_factory=dict)
    series: dict[tuple[str, str], list[Series]] = field(default_factory=dict)
    flags: dict[Key, tuple[Month, int]] = field(default_factory=dict)
    relations: dict[bytes, tuple[Pseudonym, ZorgrelatieRow]] = field(default_factory=dict)
    dead: dict[Pseudonym, int] = field(default_factory=dict)
    refuses: Callable[[SetRow], str | None] = lambda _: None
    applied: list[tuple[bytes, int, int]] = field(default_factory=list)
    delivered: int = 0
    trials: int = 0
    canary: Pseudonym | None = None
    seen_operations: list[list[str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def restore(self) -> None:
        """Come back from an empty backup: nothing known, a new incarnation."""
        self.incarnation = token_bytes(16)
        self.next_sequence = 1
        self.answers, self.flags, self.series, self.relations, self.dead = {}, {}, {}, {}, {}

    def deliver(self, batch: Batch) -> bytes:
        """Check, open, apply and answer one batch that passed both hops."""
        with self.lock:
            self.delivered += 1
            verify_publisher(batch, self.parties.publisher.signing.public_key())
            verify_origin(batch)
            verify_hop(batch, 0, self.parties.manifest)
            verify_hop(batch, 1, self.parties.manifest)
            header = batch.header
            assert (header.audience, header.n) == (f"index:{SCOPE}", items_in(header.batch_class, self.items))
            opened = open_batch(batch, self.parties.index)
            rows = [(person, decode_row(header.batch_class, row)) for person, row in opened]
            if header.incarnation != self.incarnation:
                return self._refuse(batch, "wrong-incarnation", ())
            if header.batch_class is BatchClass.PROEF:
                return self._try(batch, rows)
            if header.sequence in self.answers:
                return self.answers[header.sequence]
            if header.sequence != self.next_sequence:
                return self._refuse(batch, "wrong-sequence", ())
            faults = self._faults(rows)
            if faults:
                return self._refuse(batch, faults[0][1], tuple(faults))
            self._apply(rows)
            self.seen_operations.append(sorted(row.operation.value for _, row in rows))
            return self._acknowledge(batch)

    def _try(self, batch: Batch, rows: Sequence[tuple[Pseudonym | None, Any]]) -> bytes:
        """Recognise the canary, or not."""
        self.trials += 1
        if [person for person, _ in rows] != [self.canary or self.parties.pseudonym(Canary())]:
            return self._refuse(batch, "canary-mismatch", ())
        return self._acknowledgement(batch)

    def _acknowledgement(self, batch: Batch) -> bytes:
        header = batch.header
        answer = Acknowledgement(
            self.incarnation, SCOPE, header.publisher, header.sequence, header.n, batch.digest
        )
        return sign(answer, self.parties.index.signing)

    def _acknowledge(self, batch: Batch) -> bytes:
        header = batch.header
        self.answers[header.sequence] = self._acknowledgement(batch)
        self.applied.append((self.incarnation, header.sequence, len(self.applied)))
        self.next_sequence += 1
        return self.answers[header.sequence]

    def _refuse(self, batch: Batch, reason: str, rows: tuple[tuple[int, str], ...]) -> bytes:
        refusal = Refusal(
            incarnation=self.incarnation,
            scope=SCOPE,
            publisher=batch.header.publisher,
            sequence=batch.header.sequence,
            digest=batch.digest,
            reason=reason,
            rows=rows,
            next_sequence=self.next_sequence,
        )
        return sign(refusal, self.parties.index.signing)

    def _faults(self, rows: Sequence[tuple[Pseudonym | None, Any]]) -> list[tuple[int, str]]:
        faults = []
        seen = set()
        for position, (person, row) in enumerate(rows):
            code = self.refuses(row)
            about = (
                person,
                getattr(row, "source", ""),
                getattr(row, "type", ""),
                getattr(row, "relation_id", b""),
            )
            if person is not None and about in seen:
                code = "duplicate-row"
            seen.add(about)
            if code is None:
                code = self._set_fault(person, row, rows)
            if code is None and isinstance(row, ZorgrelatieRow) and row.relation_id in self.relations:
                known, _ = self.relations[row.relation_id]
                code = None if known == person else "person-mismatch"
            if code is not None:
                faults.append((position, code))
        return faults

    def _set_fault(
        self, person: Pseudonym | None, row: Any, rows: Sequence[tuple[Pseudonym | None, Any]]
    ) -> str | None:
        sets = self._sets(row)
        newest = sets[-1] if sets else None
        if person is not None:
            return None if row.generation in {each.generation for each in sets} else "generation"
        match row.operation.value:
            case "open-set":
                return "generation" if newest and newest.generation >= row.generation else None
            case "seal-set":
                if newest is None or newest.sealed or newest.generation != row.generation:
                    return "generation"
                assert not any(p is not None and self._sets(r) is sets for p, r in rows), "sealed too early"
                return None if self._count(row) == row.count else "set-count"
            case "in-sync":
                return (
                    None if newest and newest.sealed and newest.generation == row.generation else "generation"
                )
        return None

    def _sets(self, row: Any) -> list[Series]:
        kind = "overleden" if isinstance(row, BeperkingRow) else getattr(row, "type", "")
        return self.series.setdefault((getattr(row, "source", ""), kind), [])

    def _count(self, row: Any) -> int:
        if isinstance(row, ZorgrelatieRow):
            return sum(kept.generation == row.generation for _, kept in self.relations.values())
        if isinstance(row, BeperkingRow):
            return sum(generation == row.generation for generation in self.dead.values())
        pair = (row.source, row.type)
        return sum(g == row.generation and key[1:] == pair for key, (_, g) in self.flags.items())

    def _apply(self, rows: Sequence[tuple[Any, Any]]) -> None:
        for person, row in rows:
            match row:
                case SignaalRow(operation=SignaalOperation.ASSERT, since=since):
                    assert since is not None
                    self.flags[person, row.source, row.type] = (since, row.generation)
                case SignaalRow(operation=SignaalOperation.WITHDRAW):
                    self.flags.pop((person, row.source, row.type), None)
                case BeperkingRow(operation=BeperkingOperation.ASSERT):
                    self.dead[person] = row.generation
                case BeperkingRow(operation=BeperkingOperation.REVOKE):
                    self.dead.pop(person, None)
                case ZorgrelatieRow(operation=ZorgrelatieOperation.REGISTER | ZorgrelatieOperation.CHANGE):
                    self.relations[row.relation_id] = (person, row)
                case ZorgrelatieRow(
                    operation=ZorgrelatieOperation.END | ZorgrelatieOperation.WITHDRAW_MISTAKE
                ):
                    self.relations.pop(row.relation_id, None)
        for _, row in rows:
            self._apply_control(row)

    def _apply_control(self, row: Any) -> None:
        sets = self._sets(row)
        match row.operation.value:
            case "open-set":
                sets[:] = [each for each in sets if each.sealed]
                sets.append(Series(row.generation))
            case "seal-set":
                sets[:] = [Series(row.generation, sealed=True, as_of=getattr(row, "as_of", None))]
                self._drop_older(row)
            case "in-sync":
                sets[-1].as_of = row.as_of

    def _drop_older(self, row: Any) -> None:
        if isinstance(row, ZorgrelatieRow):
            self.relations = {k: v for k, v in self.relations.items() if v[1].generation == row.generation}
        elif isinstance(row, BeperkingRow):
            self.dead = {k: v for k, v in self.dead.items() if v == row.generation}
        else:
            pair = (row.source, row.type)
            self.flags = {k: v for k, v in self.flags.items() if k[1:] != pair or v[1] == row.generation}

    def holds(self) -> dict[tuple[Pseudonym, str, str], str]:
        """Flags and the month they say, without generations."""
        return {key: str(since) for key, (since, _) in self.flags.items()}


@dataclass
class InMemoryChain:
    """Both hops and the index in this process; faults can be planted before and after the index applies."""

    parties: Parties
    index: InMemoryIndex
    before: Callable[[Batch], None] = lambda _: None
    after: Callable[[Batch, bytes], bytes] = lambda _, answer: answer

    def deliver(self, batch: Batch) -> Acknowledgement | Refusal:
        self.before(batch)
        for secrets in (self.parties.a, self.parties.b):
            batch = apply_hop(batch, secrets, self.parties.manifest)
        answer = self.after(batch, self.index.deliver(batch))
        said = verify(answer, self.parties.manifest.index.verify_key)
        assert not isinstance(said, Reply)
        return said


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where there is one: these tests kill processes, not machines, and sync a lot."""
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder of our own is made in it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def parties() -> Parties:
    return Parties.make()


@pytest.fixture(scope="session")
def new_index(parties: Parties) -> Callable[[], InMemoryIndex]:
    """An index that knows nothing yet."""
    return lambda: InMemoryIndex(parties)


@pytest.fixture
def index(parties: Parties) -> InMemoryIndex:
    return InMemoryIndex(parties)


@pytest.fixture
def chain(parties: Parties, index: InMemoryIndex) -> InMemoryChain:
    return InMemoryChain(parties, index)


PUBLICATIONS = (
    Publication(source="agb:99010011", type="wmo-voorziening", format="test"),
    Publication(source="kvk:99030055", type="schuldhulptraject", format="test", retention_months=6),
)


def make_setup(parties: Parties, folder: Path, **changes: Any) -> Setup:
    values: dict[str, Any] = {
        "secrets": parties.publisher,
        "manifest": parties.manifest,
        "first_hop": "http://127.0.0.1:1",
        "state_path": folder / "state.sqlite",
        "items_per_batch": N,
        "publications": PUBLICATIONS,
        "caseload": Caseload(organisation=ORGANISATION),
    }
    return Setup(**(values | changes))


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Source:
    """A source with its connector: the setup, the open state, and a publisher on it."""

    setup: Setup
    clock: Clock
    state: State

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.setup, self.state, self.clock)

    def ingest(
        self, *observations: Reading, name: str = "m.xml", as_of: date = TODAY, fmt: str = "test"
    ) -> Any:
        def reader(_: Message) -> Iterator[Reading]:
            return iter(observations)

        files = [MessageFile(name, RECEIVED, BytesIO)]
        return self.publisher.ingest(reader, fmt, files, as_of)

    def ingest_refused(self, *observations: Reading, as_of: date = TODAY) -> Any:
        def reader(_: Message) -> Iterator[Reading]:
            yield from observations
            raise FileRefused("not-well-formed", "bad.xml")

        files = [MessageFile("bad.xml", RECEIVED, BytesIO)]
        return self.publisher.ingest(reader, "test", files, as_of)

    def reopen(self) -> "Source":
        """Start anew on the same file, as a next run does."""
        self.state.close()
        return Source(self.setup, self.clock, open_state(self.setup))

    def renew(self, manifest: Manifest) -> None:
        """Put another manifest in the place of the present one."""
        self.setup = replace(self.setup, manifest=manifest)

    def state_bytes(self) -> bytes:
        return b"".join(
            path.read_bytes() for path in sorted(self.setup.state_path.parent.glob("state.sqlite*"))
        )


def open_state(setup: Setup) -> State:
    return State.open(setup.state_path, setup.secrets, setup.manifest.scope)


def make_source(parties: Parties, folder: Path, **changes: Any) -> Source:
    setup = make_setup(parties, folder, **changes)
    State.create(setup.state_path, setup.secrets, SCOPE)
    return Source(setup, Clock(), open_state(setup))


@pytest.fixture
def source(parties: Parties, tmp_path: Path) -> Iterator[Source]:
    made = make_source(parties, tmp_path)
    yield made
    made.state.close()


@pytest.fixture(scope="session")
def new_source(parties: Parties) -> Callable[..., Source]:
    """A connector with a new state in a folder."""

    def make(folder: Path, **changes: Any) -> Source:
        folder.mkdir(exist_ok=True, parents=True)
        return make_source(parties, folder, **changes)

    return make


def observe(
    person: Bsn,
    start: str | None = "2026-03-01",
    end: str | None = None,
    *,
    stated: str = "2026-03-02",
    traject: str = "t1",
    **changes: Any,
) -> Observation:
    """What a message says: a start, or a start with its end."""
    values: dict[str, Any] = {
        "person": person,
        "source": PUBLICATIONS[0].source,
        "type": PUBLICATIONS[0].type,
        "traject": traject,
        "kind": Kind.STATE,
        "start": date.fromisoformat(start) if start else None,
        "end": date.fromisoformat(end) if end else None,
        "stated_on": date.fromisoformat(stated),
        "message": f"{stated}-{traject}",
        "municipality": "0344",
        "position": "m.xml:1",
    }
    return Observation(**(values | changes))


@pytest.fixture(scope="session")
def people() -> list[Bsn]:
    return PEOPLE


Observe = Callable[..., Observation]


@pytest.fixture(scope="session", name="observe")
def observe_fixture() -> Observe:
    return observe


@pytest.fixture(scope="session")
def write_config(parties: Parties) -> Callable[..., Path]:
    """Write key files and settings of a connector into a folder, for its real command."""

    def write(folder: Path, address: str = "http://127.0.0.1:9", extra: str = "") -> Path:
        folder.mkdir(exist_ok=True)
        parties.publisher.save(folder / "keys.json")
        parties.manifest.save(folder / "manifest.json")
        path = folder / "connector.toml"
        path.write_text(
            f'environment = "dev"\npublisher = "{OIN}"\nkeys = "keys.json"\nmanifest = "manifest.json"\n'
            f'first_hop = "{address}"\nstate = "state.sqlite"\nitems_per_batch = {N}\n'
            '[[publications]]\nsource = "agb:98980001"\ntype = "wmo-voorziening"\nretention_months = 12\n'
            f'[caseload]\norganisation = "{ORGANISATION}"\n{extra}'
        )
        return path

    return write
