"""The review policy: how looks are chosen for review, in figures for the code and in sentences for people.

Invariants:
1. The sentences are made from the figures that the choice itself uses, so what a page says is what happens.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


def say(text: str) -> str:
    """Mark a Dutch text for translation where it is shown; gives it back unchanged."""
    return text


@dataclass(frozen=True)
class Sentence:
    """A Dutch text and what stands in its places, so that it can be translated before they are filled."""

    text: str
    places: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """The sentence in Dutch."""
        return self.text % dict(self.places)


@dataclass(frozen=True)
class ReviewPolicy:
    """How looks are chosen and when a verdict is due.

    Args:
        opens_hour: first whole hour of office time, in the Netherlands.
        closes_hour: first whole hour after it.
        fresh: a care relation or a cover is young for this long.
        short_lived: a relation that ends within this time of its beginning was short.
        soon: how long after a look the end of its relation still counts.
        silence: a case that the worker made herself and did not look at again for this long was left.
        habit: how far back a worker's own habits reach.
        times_usual: from how many times the usual number on something stands out.
        residents_per_day: fewer than this in a day never stand out.
        residents_per_hour: fewer than this in an hour never stand out.
        repeats: as many days at one resident within `repeat_span` can stand out, if nothing was done with them.
        repeat_span: see `repeats`.
        settles: a care relation takes this long before what is usual for it can be told.
        attempts_span: how long refused attempts are remembered together.
        listed_per_week: the most striking looks that go on the work list, at the least.
        listed_permyriad: of every ten thousand looks of the week so many, when that is more.
        sampled_per_week: looks drawn by lot from all others of the week.
        listed_per_worker: at most this many of one worker, so that nobody fills the list.
        rank_min: a look with less does not stand out enough to be listed for it.
        waits: a look that was not chosen can still be chosen for this long.
        rests: a worker who was on the list is not listed again for the same kind of reason for this long, unless
            something weighs more than it did then; when the reason is about one case this holds for that case.
        due: time for the first verdict.
        follow_up: time for the final verdict after a question was asked.
    """

    opens_hour: int = 7
    closes_hour: int = 19
    fresh: timedelta = timedelta(hours=24)
    short_lived: timedelta = timedelta(days=30)
    soon: timedelta = timedelta(days=14)
    silence: timedelta = timedelta(days=21)
    habit: timedelta = timedelta(days=91)
    times_usual: int = 3
    residents_per_day: int = 8
    residents_per_hour: int = 6
    repeats: int = 4
    repeat_span: timedelta = timedelta(days=28)
    settles: timedelta = timedelta(days=60)
    attempts_span: timedelta = timedelta(days=14)
    listed_per_week: int = 10
    listed_permyriad: int = 92
    sampled_per_week: int = 2
    listed_per_worker: int = 2
    rank_min: int = 4
    waits: timedelta = timedelta(days=42)
    rests: timedelta = timedelta(days=112)
    due: timedelta = timedelta(days=7)
    follow_up: timedelta = timedelta(days=14)

    def listed_of(self, looks: int) -> int:
        """How many striking looks are listed in a week with so many looks."""
        return max(self.listed_per_week, looks * self.listed_permyriad // 10_000)

    def sentences(self) -> tuple[Sentence, ...]:
        """The policy for people, in the order in which things happen."""
        return (
            Sentence(say("Elke raadpleging krijgt punten. De punten bepalen welke raadplegingen u eerst bekijkt.")),
            Sentence(say("De punten zijn geen oordeel over een medewerker of een inwoner.")),
            Sentence(
                say("Elke week komen de %(listed)s meest opvallende raadplegingen op de werklijst."),
                (("listed", str(self.listed_per_week)),),
            ),
            Sentence(say("In een drukke week zijn het er meer.")),
            Sentence(
                say("Daar komen %(sampled)s raadplegingen bij die door het lot zijn gekozen."),
                (("sampled", str(self.sampled_per_week)),),
            ),
            Sentence(
                say("Van één medewerker staan er per week hooguit %(most)s opvallende raadplegingen op de lijst."),
                (("most", str(self.listed_per_worker)),),
            ),
            Sentence(
                say("Stond een medewerker net op de lijst? Dan %(weeks)s weken niet weer om zo'n reden."),
                (("weeks", str(self.rests.days // 7)),),
            ),
            Sentence(say("Gaat de reden over één zaak? Dan geldt dat alleen voor die zaak.")),
            Sentence(
                say("Kantoortijd is op werkdagen van %(opens)s.00 tot %(closes)s.00 uur."),
                (("opens", str(self.opens_hour)), ("closes", str(self.closes_hour))),
            ),
            Sentence(
                say("Een zorgrelatie of een vervanging is nieuw in de eerste %(hours)s uur."),
                (("hours", str(_hours(self.fresh))),),
            ),
            Sentence(
                say("Een zorgrelatie eindigt snel als dat binnen %(soon)s dagen na het kijken is."),
                (("soon", str(self.soon.days)),),
            ),
            Sentence(
                say("Veel kijken is: minstens %(times)s keer zo veel als gewoon, voor de medewerker en voor het team."),
                (("times", str(self.times_usual)),),
            ),
            Sentence(
                say("U geeft binnen %(due)s dagen een oordeel."), (("due", str(self.due.days)),)
            ),
            Sentence(
                say("Stelt u een vraag? Dan geeft u binnen %(days)s dagen daarna een eindoordeel."),
                (("days", str(self.follow_up.days)),),
            ),
            Sentence(say("Een privacy officer kan op een zaak of medewerker extra letten. Kijken valt dan eerder op.")),
        )  # fmt: skip


POLICY: Final = ReviewPolicy()
"""The policy in force; pages and commands go by the same one."""


def _hours(span: timedelta) -> int:
    return int(span.total_seconds()) // 3600
