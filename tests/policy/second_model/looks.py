"""Look-ups by number: first those at every boundary, then as many at random as anybody wants.

The same number gives the same look-up, on every machine: whoever meets a disagreement repeats it by its number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import product
from random import Random
from typing import Any

from .catalogue import Catalogue
from .deciding import MOST_KINDS, Look
from .faults import COUNTS_FOR, WORDS, YES_OR_NO

PLAIN_DAY = date(2026, 6, 15)
A_TICK = timedelta(microseconds=1)
UNKNOWN_PURPOSES = (
    "onbekend-doel",
    "Voorbereiding-huisbezoek",
    "wmo-onderzoek ",
    "noodtoegang\n",
    "loket-triage\0",
    "jeugdwet-7-4-0",
    "*",
)
PLACES = ("relation_organisation", "organisation", "relation_team", "team")
GOOD: Mapping[str, Any] = {
    "role": "wijkteammedewerker",
    "account_active": True,
    "second_factor": True,
    "purpose": "voorbereiding-huisbezoek",
    "relation_live": True,
    "relation_confirmed": True,
    "relation_organisation": "gemeente-a",
    "relation_team": "noord",
    "age_band": "18+",
    "shielded": False,
    "coordinator": False,
    "organisation": "gemeente-a",
    "team": "noord",
    "objection": False,
    "involved": False,
    "emergency": False,
    "on": PLAIN_DAY,
}
BAD: Mapping[str, tuple[Any, ...]] = {
    "role": (None, "burgemeester", "", True),
    "age_band": (None, "17", "", 18),
    "purpose": (None, "", False),
    "on": (None, "2026-06-15", datetime(2026, 6, 15, 9, 0, tzinfo=UTC)),
    **dict.fromkeys(YES_OR_NO, (None, "ja", 1)),
    **dict.fromkeys(PLACES, (None, "", 7)),
}
"""What no register may say of a fact: then nothing is decided."""


class Looks:
    """The look-ups that one set of rules is asked about.

    Args:
        catalogue: names the kinds of signals and the purposes.
        days: on which something starts or ends; the day before and the day after are tried as well.
    """

    def __init__(self, catalogue: Catalogue, days: Iterable[date]) -> None:
        self.kinds = tuple(catalogue.kinds)
        self.purposes = tuple(catalogue.purposes)
        self.days = sorted({day + timedelta(step) for day in days for step in (-1, 0, 1)} | {PLAIN_DAY})
        self.values: Mapping[str, Sequence[Any]] = {
            **WORDS,
            **dict.fromkeys(YES_OR_NO, (True, False)),
            **dict.fromkeys(
                ("relation_organisation", "organisation"), ("gemeente-a", "gemeente-b", "Gemeente-A")
            ),
            **dict.fromkeys(("relation_team", "team"), ("noord", "zuid", "gemeente-a")),
            "purpose": (*self.purposes, *UNKNOWN_PURPOSES),
            "on": self.days,
        }

    def __getitem__(self, number: int) -> Look:
        if number < len(self.boundaries):
            return self.boundaries[number]
        return self._random(Random(number))

    @cached_property
    def boundaries(self) -> Sequence[Look]:
        """In an order by lot, so that the first few hundred are of every kind."""
        found = list(self._boundaries())
        Random(0).shuffle(found)
        return found

    def _boundaries(self) -> Iterator[Look]:
        for purpose in self.values["purpose"]:
            good = {**GOOD, "purpose": purpose, "emergency": purpose == "noodtoegang"}
            for name, values in self.values.items():
                yield from (self.look({**good, name: value}) for value in values)
        for purpose in (*self.purposes, UNKNOWN_PURPOSES[0]):
            several = (
                "age_band",
                "shielded",
                "coordinator",
                "emergency",
                "relation_live",
                "relation_confirmed",
            )
            for values in product(*(self.values[name] for name in several)):
                yield self.look({**GOOD, "purpose": purpose, **dict(zip(several, values, strict=True))})
        for name, values in BAD.items():
            yield from (self.look({**GOOD, name: value}) for value in values)
        for register, limit in COUNTS_FOR.items():
            for ago in (-limit, -A_TICK, A_TICK, limit - A_TICK, limit, limit + A_TICK):
                yield self.look(GOOD, ago={register: ago})
            yield self.look(GOOD, unread=(register,))
        yield from self._odd_requests()

    def _odd_requests(self) -> Iterator[Look]:
        whole = self.look(GOOD)
        yield Look(whole.facts, None, whole.read_ago, whole.kinds)
        yield Look(whole.facts, whole.asked_at, None, whole.kinds)
        for kinds in ((), ("bestaat-niet",), (*self.kinds, "bestaat-niet"), self.kinds * 3, *_at_the_limit()):
            yield Look(whole.facts, whole.asked_at, whole.read_ago, kinds)

    def look(
        self,
        facts: Mapping[str, Any],
        *,
        ago: Mapping[str, timedelta] | None = None,
        unread: Sequence[str] = (),
    ) -> Look:
        day = facts["on"] if type(facts["on"]) is date else PLAIN_DAY
        read = {register: timedelta(0) for register in COUNTS_FOR if register not in unread}
        return Look(facts, datetime.combine(day, time(12), UTC), {**read, **(ago or {})}, self.kinds)

    def _random(self, draw: Random) -> Look:
        """Mostly one that is good but for a few facts: of facts that are all by lot hardly anything is ever shown."""
        facts = {**GOOD, "purpose": draw.choice(self.purposes), "age_band": draw.choice(WORDS["age_band"])}
        facts["emergency"] = facts["purpose"] == "noodtoegang"
        facts["on"] = draw.choice(self.days)
        changed = len(facts) if draw.random() < 0.1 else draw.choice((0, 1, 1, 2, 2, 3, 4))
        for name in draw.sample(tuple(facts), changed):
            facts[name] = draw.choice(self.values[name])
        if draw.random() < 0.04:
            name = draw.choice(tuple(facts))
            facts[name] = draw.choice(BAD[name])
        return self._with_readings(facts, draw)

    def _with_readings(self, facts: Mapping[str, Any], draw: Random) -> Look:
        """Every register was read in time, most of the time."""
        ago = {register: limit * draw.random() for register, limit in COUNTS_FOR.items()}
        unread: tuple[str, ...] = ()
        if draw.random() < 0.04:
            late = draw.choice(tuple(COUNTS_FOR))
            ago[late] = COUNTS_FOR[late] * draw.choice((-1, 1, 1.5, 1000)) + draw.choice(
                (-A_TICK, 0 * A_TICK, A_TICK)
            )
        if draw.random() < 0.01:
            unread = (draw.choice(tuple(COUNTS_FOR)),)
        ago = {register: age for register, age in ago.items() if register not in unread}
        return self.look(facts, ago=ago, unread=unread)


def _at_the_limit() -> Iterator[tuple[str, ...]]:
    for many in (MOST_KINDS, MOST_KINDS + 1):
        yield tuple(f"soort-{number}" for number in range(many))
