"""A small invented municipality: its residents, their help, its staff and the organisations around it.

1. The same seed and day give the same municipality, byte for byte.
2. Every BSN is an official test number; every name, code and phone number is invented.
3. Nothing here knows the index: it describes a place; `messages` writes what its organisations would send.
"""

import calendar
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from deploy.demo.organisations import CASE_SYSTEM_USER, WORKERS, Employee
from deploy.demo.stories import ORDINARY, STORIES, TEMPORARY_STOP, Care, Debt, Help, Listed, Story

SEED = 2026

RESIDENT_COUNT = 48
FIRST_TEST_BSN = 999900006
LAST_TEST_BSN = 999999990
BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
FIRST_CASE_NUMBER = 12

GIVEN_NAMES = {
    1: ("Bram", "Daan", "Emre", "Finn", "Goran", "Hidde", "Ilias", "Joris", "Koen", "Levi", "Marek", "Sjoerd"),
    2: ("Aafke", "Bente", "Carmen", "Dounia", "Esra", "Fenna", "Guusje", "Hanna", "Ilse", "Jada", "Lotte", "Meral"),
}  # fmt: skip
SURNAMES = (
    ("", "Akkerzoon"),
    ("van", "Biezenveld"),
    ("", "Dijkhorstink"),
    ("", "Elzenaar"),
    ("de", "Grutterman"),
    ("", "Kaldenberg"),
    ("", "Lisdodde"),
    ("van der", "Moerhoeve"),
    ("", "Oosterwaling"),
    ("", "Rietdekker"),
    ("ten", "Sluisvoort"),
    ("", "Wilgenroos"),
)


@dataclass(frozen=True)
class Resident:
    """An invented inhabitant. `gender` is 1 (man) or 2 (woman), as in the messages."""

    key: str
    bsn: str = field(repr=False)
    given_name: str
    prefix: str
    surname: str
    gender: int
    born: date


@dataclass(frozen=True)
class Provision:
    """One traject of one resident at one provider, with everything its 305 and 307 messages need.

    Args:
        provider: key in `ORGANISATIONS`.
        allocation: the municipality's allocation number, unique per traject.
        removed: whether the provider takes the start back.
        corrected: whether the provider sends the start again with a begin one month earlier.
        ends_later: whether the stop message comes with the second delivery, after the first look-ups.
        restarts_later: whether help that had paused starts again in the second delivery.
    """

    resident: Resident
    provider: str
    category: str
    allocation: int
    begin: date
    end: date | None
    reason: str
    removed: bool
    corrected: bool
    ends_later: bool
    restarts_later: bool

    def runs(self, *, later: bool) -> bool:
        """Whether it runs; help that stopped for a while (reason 20) still does."""
        ended = self.end is not None and self.reason != TEMPORARY_STOP
        return not (ended or self.removed or (later and self.ends_later))


@dataclass(frozen=True)
class DebtHelp:
    """One schuldhulptraject; `clients` are one person or two partners."""

    clients: tuple[Resident, ...]
    begin: date
    end: date | None
    refused: bool

    @property
    def runs(self) -> bool:
        """Whether it was granted and has not ended."""
        return self.end is None and not self.refused


@dataclass(frozen=True)
class Entry:
    """One line of the list of a source without a message standard.

    Args:
        provider: key in `ORGANISATIONS`.
        number: the source's own id of the traject.
    """

    resident: Resident
    provider: str
    number: str
    begin: date
    end: date | None


@dataclass(frozen=True)
class Case:
    """One care relation as the regiesysteem keeps it."""

    relation_id: uuid.UUID
    resident: Resident
    worker: Employee
    reference: str
    begin: date
    until: date
    registered_by: str
    shielded: bool
    coordinator: bool


@dataclass(frozen=True)
class Municipality:
    """Everything there is on `today`."""

    today: date
    residents: tuple[Resident, ...]
    provisions: tuple[Provision, ...]
    debts: tuple[DebtHelp, ...]
    entries: tuple[Entry, ...]
    cases: tuple[Case, ...]

    def running(self, *, later: bool = False) -> frozenset[tuple[str, str]]:
        """What a perfect index would hold: (resident's story, provider) of all help that runs.

        Args:
            later: after the second delivery instead of the first.
        """
        provisions = {(p.resident.key, p.provider) for p in self.provisions if p.runs(later=later)}
        debts = {(client.key, "schuldhulp") for debt in self.debts if debt.runs for client in debt.clients}
        entries = {(entry.resident.key, entry.provider) for entry in self.entries if entry.end is None}
        return frozenset(provisions | debts | entries)

    def case_of(self, key: str) -> Case:
        """The (first) case of the resident with this story."""
        return next(case for case in self.cases if case.resident.key == key)


def passes_eleven_test(digits: str) -> bool:
    """Whether nine digits satisfy the check of the BSN."""
    return sum(weight * int(digit) for weight, digit in zip(BSN_WEIGHTS, digits, strict=True)) % 11 == 0


def is_official_bsn(digits: str) -> bool:
    """Whether this is a BSN of the official test range."""
    return FIRST_TEST_BSN <= int(digits) <= LAST_TEST_BSN and passes_eleven_test(digits)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def build(today: date, seed: int = SEED) -> Municipality:
    """Make the municipality as it stands on `today`.

    Args:
        today: dates in messages and care relations count from here.
        seed: another seed gives other people with the same stories.
    """
    rng = random.Random(seed)  # noqa: S311 - invented people, no secrets
    stories = (*STORIES, *_ordinary_stories(rng))
    residents = _residents(rng, stories, today)
    people = {resident.key: resident for resident in residents}
    return Municipality(
        today=today,
        residents=residents,
        provisions=tuple(_provisions(stories, people, today)),
        debts=tuple(_debts(stories, people, today)),
        entries=tuple(_entries(stories, people, today)),
        cases=tuple(_cases(rng, stories, people, today)),
    )


def _ordinary_stories(rng: random.Random) -> tuple[Story, ...]:
    """The people without a special role: drawn from the ordinary patterns until the municipality is full."""
    count = RESIDENT_COUNT - len(STORIES)
    return tuple(rng.choice(ORDINARY).with_key(f"ordinary-{number}", rng) for number in range(1, count + 1))


def _residents(rng: random.Random, stories: tuple[Story, ...], today: date) -> tuple[Resident, ...]:
    numbers = _different_bsns(rng, len(stories))
    return tuple(_resident(rng, story, bsn, today) for story, bsn in zip(stories, numbers, strict=True))


def _different_bsns(rng: random.Random, count: int) -> list[str]:
    drawn: list[str] = []
    while len(drawn) < count:
        digits = str(rng.randint(FIRST_TEST_BSN, LAST_TEST_BSN))
        if is_official_bsn(digits) and digits not in drawn:
            drawn.append(digits)
    return drawn


def _resident(rng: random.Random, story: Story, bsn: str, today: date) -> Resident:
    gender = rng.choice((1, 2))
    prefix, surname = rng.choice(SURNAMES)
    born = months_before(today.replace(day=rng.randint(1, 28)), story.age_months)
    return Resident(story.key, bsn, rng.choice(GIVEN_NAMES[gender]), prefix, surname, gender, born)


def _provisions(stories: tuple[Story, ...], people: dict[str, Resident], today: date) -> Iterator[Provision]:
    planned = ((story, help_) for story in stories for help_ in story.helps if isinstance(help_, Help))
    for number, (story, help_) in enumerate(planned):
        yield Provision(
            resident=people[story.key],
            provider=help_.provider,
            category=help_.category,
            allocation=700100 + number,
            begin=months_before(today, help_.months_ago),
            end=None if help_.ended_months_ago is None else months_before(today, help_.ended_months_ago),
            reason=help_.reason,
            removed=help_.removed,
            corrected=help_.corrected,
            ends_later=help_.ends_later,
            restarts_later=help_.restarts_later,
        )


def _debts(stories: tuple[Story, ...], people: dict[str, Resident], today: date) -> Iterator[DebtHelp]:
    for story in stories:
        for debt in (help_ for help_ in story.helps if isinstance(help_, Debt)):
            partner = () if debt.partner is None else (people[debt.partner],)
            end = None if debt.ended_months_ago is None else months_before(today, debt.ended_months_ago)
            yield DebtHelp(
                (people[story.key], *partner), months_before(today, debt.months_ago), end, debt.refused
            )


def _entries(stories: tuple[Story, ...], people: dict[str, Resident], today: date) -> Iterator[Entry]:
    planned = ((story, help_) for story in stories for help_ in story.helps if isinstance(help_, Listed))
    for number, (story, help_) in enumerate(planned, 1):
        yield Entry(
            resident=people[story.key],
            provider=help_.provider,
            number=f"{help_.provider[0].upper()}-{number:04d}",
            begin=months_before(today, help_.months_ago),
            end=None if help_.ended_months_ago is None else months_before(today, help_.ended_months_ago),
        )


def _cases(
    rng: random.Random, stories: tuple[Story, ...], people: dict[str, Resident], today: date
) -> Iterator[Case]:
    planned = ((story, care) for story in stories for care in story.care)
    references: dict[str, str] = {}
    for story, care in planned:
        reference = references.setdefault(
            story.key, f"WT-{today.year}-{FIRST_CASE_NUMBER + len(references):04d}"
        )
        yield _case(uuid.UUID(int=rng.getrandbits(128), version=4), people[story.key], care, reference, today)


def _case(relation_id: uuid.UUID, resident: Resident, care: Care, reference: str, today: date) -> Case:
    worker = WORKERS[care.worker]
    until = today + timedelta(days=care.days_left)
    if care.ended_months_ago is not None:
        until = months_before(today, care.ended_months_ago)
    return Case(
        relation_id=relation_id,
        resident=resident,
        worker=worker,
        reference=reference,
        begin=months_before(today, care.months_ago),
        until=until,
        registered_by=worker.staff_id if care.self_registered else CASE_SYSTEM_USER,
        shielded=care.shielded,
        coordinator=care.coordinator,
    )
