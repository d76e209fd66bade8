"""The indicators: each looks at one thing around a look, and says in facts why it stands out.

None of them proves anything: each has an innocent explanation as a rule, which is why a person judges. A weight tells
how seldom the thing happens with good reason, counted in halvings. Sums of weights put looks in order; nothing else
is done with them. A reason of weight nothing is there for whoever judges, and moves no look: whoever has something to
hide does not say that the resident knows nothing of it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from math import exp, factorial, log2

from signal_index.model import DUTCH_TIME
from signal_index.model.review import Indicator, Reason, in_order

from .calendar import in_office_time
from .habits import SERIES_MIN
from .looks import Around, Look, Measure
from .policy import ReviewPolicy

_PRIOR_LOOKS = 20  # how many looks of her own it takes before they count as much as what her team does
_RARE = 0.1  # who looks outside office time more often than this does not stand out by doing it
_OUTSIDE_MAX = 3
_SERIES_USUAL = 3  # evenings like this one before it becomes her way of working
_SERIES_MAX = 5
_AGAIN_DAYS = 2
_AGAIN_MAX = 6
_SELF_REGISTERED, _ENDED_SOON, _ENDED_SOON_OWN = 6, 2, 4
_FRESH, _LEFT, _WITH_OTHERS = 0, 1, 3
_LAST_MINUTE, _AT_WORK = 4, 3
_MANY_MAX = 6
_MANY_IN_DAY, _MANY_IN_HOUR = 2, 3  # a day can be full of visits; nobody prepares so many in an hour
_REPEATED_MAX = 8
_REPEATED_USUAL = 2  # days at one resident that need no explanation
_OTHER_RESIDENTS = (
    16  # her looks at all others, shared out over so many, are what one resident gets as a rule
)
_REPEATED_TIMES = 3  # what it would weigh to be there as often as can be expected; only more is a reason
_PRINTS = 5  # who prints once in so many looks does something with them
_ATTEMPTS_MAX = 8
_TEAM_ATTEMPTS = 3  # when so many colleagues have the same trouble, it is not her
_WATCHED, _EMERGENCY = 4, 8
_LEAST_CHANCE = 2.0**-20


def reasons(look: Look, around: Around, policy: ReviewPolicy) -> tuple[Reason, ...]:
    """Every reason to review the look, the heaviest first."""
    indicators = _REFUSED if look.refusal is not None else _ANSWERED
    found = (indicator(look, around, policy) for indicator in indicators)
    return in_order([reason for reason in found if reason is not None])


# --- When -------------------------------------------------------------------------------------------------------------


def _outside_hours(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:
    """Outside office time, by somebody who seldom looks then."""
    chance = _outside_chance(around)
    if in_office_time(look.at, policy) or chance > _RARE:
        return None
    local, own = look.at.astimezone(DUTCH_TIME), around.outside
    facts = {"time": f"{local:%H.%M}", "times": str(own.count), "looks": str(own.of)}
    return _reason(Indicator.OUTSIDE_HOURS, min(_OUTSIDE_MAX, round(-log2(chance))), facts)


def _outside_chance(around: Around) -> float:
    """How often she looks outside office time: her own share, leaning on her team's while she has few looks."""
    team = (around.team_outside.count + 1) / (around.team_outside.of + 100)
    return (around.outside.count + _PRIOR_LOOKS * team) / (around.outside.of + _PRIOR_LOOKS)


def _outside_series(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - one signature
    """Several residents on one evening or weekend day, by somebody who seldom does that."""
    number, before = around.outside_residents, around.series_days
    if number < SERIES_MIN or before >= _SERIES_USUAL or _outside_chance(around) > _RARE:
        return None
    weight = min(_SERIES_MAX, number - 1) - before
    return _reason(Indicator.OUTSIDE_SERIES, weight, {"number": str(number)})


def _outside_again(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    """On several days at one resident outside office time, more often than her way of working explains."""
    days, expected = around.outside_days, _outside_chance(around) * around.looks_at_resident + 0.1
    if days < _AGAIN_DAYS or days < policy.times_usual * expected:
        return None
    weight = min(_AGAIN_MAX, round(-log2(_at_least(days, expected))))
    return _reason(Indicator.OUTSIDE_AGAIN, weight, {"times": str(days)})


def _at_least(number: int, expected: float) -> float:
    """The chance that something which happens by itself happens at least so often (Poisson)."""
    below = sum(expected**times * exp(-expected) / factorial(times) for times in range(number))
    return max(1 - below, _LEAST_CHANCE)


# --- Through which relation or cover ----------------------------------------------------------------------------------


def _self_registered(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    age = around.relation_age
    if not around.self_registered or age is None or age > policy.short_lived:
        return None
    return _reason(Indicator.SELF_REGISTERED, _SELF_REGISTERED)


def _fresh(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    age = around.relation_age
    if age is None or age > policy.fresh:
        return None
    return _reason(Indicator.FRESH, _FRESH, {"hours": _hours(age)})


def _with_others(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    """A relation she made herself with somebody whom a colleague has in care already."""
    young = around.relation_age is not None and around.relation_age <= policy.short_lived
    return (
        _reason(Indicator.WITH_OTHERS, _WITH_OTHERS)
        if around.with_others and around.self_registered and young
        else None
    )


def ended_soon(after: timedelta, *, own: bool) -> Reason:
    """A short relation ended shortly after the look.

    Args:
        after: from the look to the end.
        own: the worker had made the relation herself.
    """
    weight = _ENDED_SOON_OWN if own else _ENDED_SOON
    return _reason(Indicator.ENDED_SOON, weight, {"days": str(max(after.days, 1))})


def left(policy: ReviewPolicy) -> Reason:
    """After the look nothing happened in the case that the worker had made herself."""
    return _reason(Indicator.LEFT, _LEFT, {"days": str(policy.silence.days)})


def _last_minute(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    """A cover that was arranged at the last moment, and used right away."""
    age, notice = around.cover_age, around.cover_notice
    if age is None or notice is None or notice > policy.fresh or age > 2 * policy.fresh:
        return None
    return _reason(Indicator.LAST_MINUTE_COVER, _LAST_MINUTE, {"hours": _hours(age)})


def _absentee_at_work(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    return at_work() if around.absentee_at_work else None


def at_work() -> Reason:
    """Whom she covers for looks herself on the same day."""
    return _reason(Indicator.ABSENTEE_AT_WORK, _AT_WORK)


# --- How much ---------------------------------------------------------------------------------------------------------


def _many_in_day(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    return _many(Indicator.MANY_IN_DAY, _MANY_IN_DAY, around.day, policy.residents_per_day, policy)


def _many_in_hour(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    return _many(Indicator.MANY_IN_HOUR, _MANY_IN_HOUR, around.hour, policy.residents_per_hour, policy)


def _many(
    indicator: Indicator, base: int, measure: Measure, least: int, policy: ReviewPolicy
) -> Reason | None:
    """Far more residents than is usual for her, for her team, and for her colleagues today."""
    usual = max(measure.usual, 1.0)
    if measure.number < max(least, policy.times_usual * usual):
        return None
    # Who is new has no habits yet, and a caseload to get to know.
    weight = min(_MANY_MAX, base + round(log2(measure.number / usual))) if measure.own is not None else 1
    own = measure.own if measure.own is not None else measure.team
    return _reason(
        indicator,
        weight,
        {"number": str(measure.number), "usual": str(round(own)), "team": str(round(measure.team))},
    )


def _repeated(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:
    """On more and more days at one resident, than before and than her other work explains, and hardly ever printed.

    A case that takes much work does so from its beginning, so one that is young says nothing.
    """
    days, age = around.days_at_resident, around.relation_age
    settled = look.cover is None and (age is None or age >= policy.settles)
    if not settled or days < policy.repeats or around.repeats < around.printed * _PRINTS:
        return None
    expected = _REPEATED_USUAL + around.days_before + around.other_looks / _OTHER_RESIDENTS
    facts = {
        "times": str(days),
        "days": str(policy.repeat_span.days),
        "before": str(around.days_before),
        "weeks": str((policy.habit - policy.repeat_span).days // 7),
    }
    weight = min(_REPEATED_MAX, int(_REPEATED_TIMES * days / expected))
    return _reason(Indicator.REPEATED, weight, facts) if weight > _REPEATED_TIMES else None


def _attempts(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    """Tries cases outside her caseload, while her colleagues have no such trouble."""
    if around.attempts == 0 or around.team_attempts >= _TEAM_ATTEMPTS:
        return None
    weight = min(_ATTEMPTS_MAX, 2 * around.attempts)
    return _reason(Indicator.ATTEMPTS, weight, {"times": str(around.attempts)})


# --- What else --------------------------------------------------------------------------------------------------------


def _watched(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    return _reason(Indicator.WATCHED, _WATCHED, {"what": around.watched.value}) if around.watched else None


def _not_informed(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    return _reason(Indicator.NOT_INFORMED, 0) if look.not_informed else None


def _emergency(look: Look, around: Around, policy: ReviewPolicy) -> Reason | None:  # noqa: ARG001 - as above
    return _reason(Indicator.EMERGENCY, _EMERGENCY) if look.emergency else None


def _reason(indicator: Indicator, weight: int, facts: Mapping[str, str] | None = None) -> Reason:
    return Reason(indicator, weight, tuple(sorted((facts or {}).items())))


def _hours(age: timedelta) -> str:
    return str(max(int(age.total_seconds()) // 3600, 1))


_OneOf = Callable[[Look, Around, ReviewPolicy], Reason | None]
_ANSWERED: tuple[_OneOf, ...] = (
    _outside_hours,
    _outside_series,
    _outside_again,
    _self_registered,
    _fresh,
    _with_others,
    _last_minute,
    _absentee_at_work,
    _many_in_day,
    _many_in_hour,
    _repeated,
    _watched,
    _not_informed,
    _emergency,
)
_REFUSED: tuple[_OneOf, ...] = (_attempts, _watched)
