"""Looking through a team: the form that a team lead and who administers fill in alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from signal_index.model import StaffMember
from signal_index.usecases.administration.teams import Answer, Roll
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import Form


@dataclass(frozen=True)
class RollAnswer:
    """What was filled in about a team.

    Args:
        listed: staff ids of everybody on the list she saw.
        gone: those of whom she said that they work there no more.
        seen: whether she said that she looked at every name.
        sure: whether she has seen which accounts that blocks.
    """

    listed: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    seen: bool = False
    sure: bool = False

    @classmethod
    def of(cls, form: Form) -> "RollAnswer":
        """As it was posted."""
        listed = frozenset((form.one("leden") or "").split())
        gone = frozenset(form.many("weg")) & listed
        return cls(listed, gone, form.one("gezien") == "ja", form.one("zeker") == "ja")

    def errors(self) -> Sequence[tuple[str, str]]:
        """What is left to do before it counts."""
        return [] if self.seen else [("gezien", say("Bekijk alle namen, en vink dat aan."))]

    @property
    def must_be_sure(self) -> bool:
        """Whether accounts would be blocked that she has not been told of yet."""
        return bool(self.gone) and not self.sure

    def answer(self) -> Answer:
        """The same, understood."""
        return Answer(stays=self.listed - self.gone, gone=self.gone)

    def leavers(self, roll: Roll) -> list[StaffMember]:
        """Whose accounts would be blocked."""
        return [each for each in roll.members if each.staff_id in self.gone]
