"""The stories of the residents, as data: who gets which help since when, and who works with them.

Months count back from the day of the demonstration. Each special story shows one thing the product must get
right; the ordinary ones fill the municipality with people who have little or nothing running.
"""

import random
from dataclasses import dataclass, field, replace

TEMPORARY_STOP = "20"
ENDED_AS_PLANNED = "19"
DIED = "02"
MOVED = "31"


@dataclass(frozen=True)
class Help:
    """A Wmo or jeugd traject. `category` is the message's product category; `reason` that of its stop."""

    provider: str
    category: str
    months_ago: int
    ended_months_ago: int | None = None
    reason: str = ENDED_AS_PLANNED
    removed: bool = False
    corrected: bool = False
    ends_later: bool = False
    restarts_later: bool = False


@dataclass(frozen=True)
class Debt:
    """A schuldhulptraject; `partner` is the key of a second client, `refused` an application turned down."""

    months_ago: int
    ended_months_ago: int | None = None
    partner: str | None = None
    refused: bool = False


@dataclass(frozen=True)
class Listed:
    """Help of a source that keeps a plain list: a benefit, a traject towards work, an administrator."""

    provider: str
    months_ago: int
    ended_months_ago: int | None = None


@dataclass(frozen=True)
class Care:
    """A care relation with one of the six workers (0..2 in team noord, 3..5 in team zuid)."""

    worker: int
    days_left: int = 180
    months_ago: int = 4
    ended_months_ago: int | None = None
    self_registered: bool = False
    shielded: bool = False
    coordinator: bool = False


@dataclass(frozen=True)
class Story:
    """One resident. `key` names the story inside the demonstration and never leaves it."""

    key: str
    age_months: int
    helps: tuple[Help | Debt | Listed, ...] = ()
    care: tuple[Care, ...] = ()
    ages: tuple[int, int] = field(default=(20, 88), compare=False)

    def with_key(self, key: str, rng: random.Random) -> "Story":
        """The same story for another person: an age within range, and a worker when the story has one."""
        care = tuple(replace(item, worker=rng.randrange(6)) for item in self.care)
        return replace(self, key=key, age_months=rng.randint(self.ages[0] * 12, self.ages[1] * 12), care=care)


STORIES = (
    # Noor's case: the look-up of the demonstration. The day activities stop between two looks.
    Story(
        "several",
        54 * 12 + 3,
        (
            Help("wmo-1", "02", 14),
            Help("wmo-2", "07", 6, ends_later=True),
            Debt(5),
            Listed("bijstand", 22),
            Listed("werk", 4),
            Listed("bewind", 16),
        ),
        (Care(0, coordinator=True),),
    ),
    # Two trajecten of one type at one source are one flag; one of them ends, the flag stays. Noor's relation ends
    # soon; Pepijn has registered one for himself that nobody has confirmed yet.
    Story(
        "two-of-one",
        67 * 12 + 8,
        (Help("wmo-1", "01", 20), Help("wmo-1", "01", 9, 1)),
        (Care(0, days_left=9), Care(1, months_ago=0, self_registered=True)),
    ),
    Story("nothing-running", 33 * 12 + 1, (), (Care(0),)),
    Story("debt-only", 46 * 12 + 10, (Debt(8),), (Care(1, coordinator=True),)),
    Story("benefit-ended", 31 * 12 + 4, (Listed("bijstand", 40, 2), Listed("werk", 9)), (Care(0),)),
    Story("minor", 14 * 12 + 5, (Help("jeugd-1", "45", 7),), (Care(3, coordinator=True),)),
    Story("child", 8 * 12 + 2, (Help("jeugd-2", "45", 3), Help("jeugd-1", "42", 2)), (Care(4),)),
    Story("nearly-adult", 17 * 12 + 10, (Help("jeugd-1", "43", 16),), (Care(3),)),
    Story("shielded", 41 * 12 + 6, (Help("wmo-1", "02", 10), Debt(11)), (Care(1, shielded=True),)),
    # Samira registered this relation herself: it answers nothing until her team leader confirms it.
    Story("self-registered", 29 * 12 + 7, (Debt(2),), (Care(2, months_ago=0, self_registered=True),)),
    Story("ended-relation", 45 * 12 + 4, (Help("wmo-2", "07", 18),), (Care(2, 24, ended_months_ago=1),)),
    Story(
        "temporary-stop",
        72 * 12 + 9,
        (Help("wmo-1", "02", 13, 1, TEMPORARY_STOP, restarts_later=True),),
        (Care(5),),
    ),
    Story("removed-start", 38 * 12 + 11, (Help("wmo-2", "07", 4, removed=True),), (Care(5),)),
    # The provider sends the start again with an earlier begin: the flag moves, there is still one.
    Story("corrected-start", 57 * 12 + 8, (Help("wmo-2", "07", 5, corrected=True),), (Care(4),)),
    Story("ended-traject", 59 * 12 + 1, (Help("wmo-1", "01", 15, 2),), (Care(4),)),
    Story("ended-debt", 51 * 12 + 6, (Debt(30, ended_months_ago=3),), (Care(1),)),
    Story("refused-debt", 36 * 12 + 3, (Debt(1, refused=True),), (Care(0),)),
    Story("couple", 48 * 12 + 2, (Debt(7, partner="partner"), Listed("bijstand", 10)), (Care(3),)),
    Story("partner", 47 * 12 + 9, (), (Care(3),)),
    Story("died", 83 * 12 + 1, (Help("wmo-1", "01", 26, 1, DIED),)),
    Story("moved-away", 27 * 12 + 5, (Help("wmo-2", "09", 12, 1, MOVED),)),
    # Two workers work with one person, each under the same reference.
    Story(
        "two-workers",
        62 * 12 + 4,
        (Help("wmo-1", "02", 5), Help("wmo-2", "07", 5)),
        (Care(4, coordinator=True), Care(5)),
    ),
)

ORDINARY = (
    Story("no-help", 0),
    Story("no-help", 0),
    Story("in-care-only", 0, (), (Care(0),)),
    Story("household", 0, (Help("wmo-1", "01", 11),), (), (66, 92)),
    Story("guidance", 0, (Help("wmo-1", "02", 8),), (Care(0),)),
    Story("day-care", 0, (Help("wmo-2", "07", 17),), (Care(0),), (60, 90)),
    Story("debts", 0, (Debt(9),), (Care(0),), (22, 64)),
    Story("benefit", 0, (Listed("bijstand", 13),), (Care(0),), (27, 64)),
    Story("towards-work", 0, (Listed("bijstand", 7), Listed("werk", 5)), (Care(0),), (27, 60)),
    Story("administrator", 0, (Listed("bewind", 30),), (Care(0),), (30, 80)),
    Story("youth", 0, (Help("jeugd-2", "45", 6),), (Care(0),), (5, 16)),
    Story("youth-specialist", 0, (Help("jeugd-1", "54", 4),), (), (9, 16)),
)
