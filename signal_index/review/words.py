"""What each indicator is called and says, in Dutch of level B1; facts fill the places."""

from collections.abc import Mapping
from typing import Final

from signal_index.model.review import Indicator, Reason, Watched

from .policy import Sentence, say

SENTENCES: Final[Mapping[Indicator, str]] = {
    Indicator.OUTSIDE_HOURS: say(
        "Buiten kantoortijd: %(time)s uur. Dat deed deze medewerker eerder bij %(times)s van %(looks)s raadplegingen."
    ),
    Indicator.OUTSIDE_SERIES: say("%(number)s inwoners buiten kantoortijd op één dag."),
    Indicator.OUTSIDE_AGAIN: say("Op %(times)s dagen buiten kantoortijd bij dezelfde inwoner."),
    Indicator.SELF_REGISTERED: say("De medewerker maakte deze zaak kort ervoor zelf aan."),
    Indicator.FRESH: say("De zaak bestond %(hours)s uur toen de medewerker keek."),
    Indicator.ENDED_SOON: say("De zaak eindigde binnen %(days)s dagen na het kijken."),
    Indicator.LEFT: say("Na het kijken gebeurde er %(days)s dagen niets in deze zaak."),
    Indicator.WITH_OTHERS: say("Deze inwoner heeft ook een zaak bij een andere medewerker."),
    Indicator.LAST_MINUTE_COVER: say("De vervanging was pas %(hours)s uur geregeld."),
    Indicator.ABSENTEE_AT_WORK: say("De vervangen medewerker keek die dag zelf ook."),
    Indicator.MANY_IN_DAY: say(
        "%(number)s inwoners op één dag. Gewoon is %(usual)s, en in het team %(team)s."
    ),
    Indicator.MANY_IN_HOUR: say(
        "%(number)s inwoners in één uur. Gewoon is %(usual)s, en in het team %(team)s."
    ),
    Indicator.REPEATED: say(
        "Op %(times)s dagen bij dezelfde inwoner in %(days)s dagen. In de %(weeks)s weken daarvoor op %(before)s dagen."
    ),
    Indicator.ATTEMPTS: say("Poging buiten de caseload (%(times)s keer)."),
    Indicator.WATCHED: say("Een privacy officer let hier extra op."),
    Indicator.NOT_INFORMED: say("De inwoner wist niet dat de medewerker keek."),
    Indicator.EMERGENCY: say("Gekeken met spoed."),
}

# When nothing is known of how she worked before, "at 0 of 0" would read as something against her.
_OUTSIDE_FIRST = say(
    "Buiten kantoortijd: %(time)s uur. Van deze medewerker is er nog niets om mee te vergelijken."
)

# Looks that were scored before the days in the weeks before were counted.
_REPEATED_EARLIER = say("%(times)s keer bij dezelfde inwoner in %(days)s dagen.")

# Not "onder toezicht": in youth care that is a measure by a court, and readers would take it for one.
_WATCHED: Final[Mapping[str, str]] = {
    Watched.CASE: say("Een privacy officer let extra op deze inwoner."),
    Watched.WORKER: say("Een privacy officer let extra op deze medewerker."),
}

NAMES: Final[Mapping[Indicator, str]] = {
    Indicator.OUTSIDE_HOURS: say("Buiten kantoortijd"),
    Indicator.OUTSIDE_SERIES: say("Meer inwoners buiten kantoortijd"),
    Indicator.OUTSIDE_AGAIN: say("Vaker buiten kantoortijd bij één inwoner"),
    Indicator.SELF_REGISTERED: say("Zelf aangemaakte zaak"),
    Indicator.FRESH: say("Nieuwe zaak"),
    Indicator.ENDED_SOON: say("Zaak snel voorbij"),
    Indicator.LEFT: say("Daarna niets in de zaak"),
    Indicator.WITH_OTHERS: say("Inwoner ook bij een collega"),
    Indicator.LAST_MINUTE_COVER: say("Vervanging net geregeld"),
    Indicator.ABSENTEE_AT_WORK: say("Vervangen medewerker was aan het werk"),
    Indicator.MANY_IN_DAY: say("Veel inwoners op één dag"),
    Indicator.MANY_IN_HOUR: say("Veel inwoners in één uur"),
    Indicator.REPEATED: say("Vaak dezelfde inwoner"),
    Indicator.ATTEMPTS: say("Pogingen buiten de caseload"),
    Indicator.WATCHED: say("Extra opgelet"),
    Indicator.NOT_INFORMED: say("Inwoner wist het niet"),
    Indicator.EMERGENCY: say("Spoed"),
}


def sentence_of(reason: Reason) -> Sentence:
    """What a reason says."""
    facts = dict(reason.facts)
    if reason.indicator is Indicator.WATCHED:
        return Sentence(_WATCHED.get(facts.get("what", ""), SENTENCES[reason.indicator]))
    if reason.indicator is Indicator.OUTSIDE_HOURS and facts.get("looks") == "0":
        return Sentence(_OUTSIDE_FIRST, reason.facts)
    if reason.indicator is Indicator.REPEATED and "before" not in facts:
        return Sentence(_REPEATED_EARLIER, reason.facts)
    return Sentence(SENTENCES[reason.indicator], reason.facts)
