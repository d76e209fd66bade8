"""The form with which somebody registers what keeps workers from looking: for which case, of whom, and which days.

Invariant: a number that could be a BSN, typed in the wrong field, is not sent back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from signal_index.errors import Conflict, Malformed, NotFound
from signal_index.model import Actor, dutch_day
from signal_index.model.impediments import Impediment, ListedImpediment
from signal_index.ports import Transaction
from signal_index.usecases.workplace.impediments import ImpedimentRequest
from signal_index.web.markup.words import say
from signal_index.web.pages.covers import looks_like_a_day
from signal_index.web.pages.forms import Form, read_day, typed_back
from signal_index.web.pages.visits import Visit

Errors = list[tuple[str, str]]

_FIELDS = ("zaak", "medewerker", "van", "tot")
_WRITE_FIRST = say("Schrijf de eerste dag zo: 05-05-2026.")
_WRITE_LAST = say("Schrijf de laatste dag zo: 05-05-2026.")


@dataclass(frozen=True)
class ImpedimentForm:
    """The form as it was filled in, in text.

    Args:
        worker: staff id; not asked for an objection.
    """

    case_reference: str = ""
    worker: str = ""
    first_day: str = ""
    last_day: str = ""

    @classmethod
    def fresh(cls, visit: Visit) -> "ImpedimentForm":
        """Before anybody filled it in: from today on."""
        return cls(first_day=f"{dutch_day(visit.now):%d-%m-%Y}")

    @classmethod
    def of(cls, form: Form) -> "ImpedimentForm":
        """As it was posted."""
        return cls(*(form.one(name) or "" for name in _FIELDS))

    def errors(self, *, of_worker: bool) -> Errors:
        """What is missing or cannot be read, before anybody looks at what it means."""
        found = []
        if of_worker and not self.worker:
            found.append(("medewerker", say("Kies een medewerker.")))
        if not self.case_reference:
            found.append(("zaak", say("Vul het zaaknummer in.")))
        if read_day(self.first_day) is None:
            found.append(("van", _WRITE_FIRST))
        if self.last_day and read_day(self.last_day) is None:
            found.append(("tot", _WRITE_LAST))
        return found

    def again(self) -> dict[str, str]:
        """What to show in the form once more, by the name of the field."""
        days = (looks_like_a_day(self.first_day), looks_like_a_day(self.last_day))
        return dict(zip(_FIELDS, (typed_back(self.case_reference), self.worker, *days), strict=True))

    def request(self, relation_id: bytes) -> ImpedimentRequest:
        """The same about a care relation, understood; only without errors."""
        first_day = read_day(self.first_day)
        assert first_day is not None, "errors() has seen to it"
        return ImpedimentRequest(relation_id, first_day, read_day(self.last_day))


async def registered(
    visit: Visit,
    filled: ImpedimentForm,
    job: Callable[[Transaction, Actor], Impediment],
    *,
    of_worker: bool,
) -> Impediment | Errors:
    """Register what was filled in, or say beside which field what to mend."""
    errors = filled.errors(of_worker=of_worker)
    if errors:
        return errors
    try:
        return await visit.run_as(job)
    except Malformed as error:
        return list(error.violations)
    except (NotFound, Conflict) as error:
        return [("medewerker" if error.code == "unknown-worker" else "zaak", error.detail)]


def just_registered(visit: Visit, listed: Iterable[ListedImpediment]) -> ListedImpediment | None:
    """The one that was registered just now: the address names it, the list must have it."""
    named = visit.request.query_params.get("vastgelegd")
    return next((each for each in listed if str(UUID(bytes=each.impediment.impediment_id)) == named), None)
