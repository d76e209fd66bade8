"""People who propose rules in a world, and decide about them."""

from collections.abc import Mapping
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index.errors import SignalIndexError
from signal_index.model import Actor, StaffMember
from signal_index.usecases.rulebook.deciding import approve_rules, refuse_rules
from signal_index.usecases.rulebook.proposing import propose_rules

from .rules import BEFOREHAND, another

ADMINISTRATORS, OFFICERS = ("f.beheer", "f.tweede"), ("p.officer", "p.tweede")


class Book:
    """The rulebook of one world, and who turns its pages.

    Args:
        world: bundled rules count in it.
    """

    def __init__(self, world: Any) -> None:
        self.world = world
        self.hire("p.tweede", Role.PRIVACY_OFFICER)

    def hire(self, staff_id: str, *roles: Role) -> None:
        """Somebody with these roles, whatever the rules for giving them."""

        def job(tx: Any) -> None:
            tx.staff.put(StaffMember(staff_id, self.world.GEMEENTE, "noord", active=True))
            for role in Role:
                tx.staff.revoke(staff_id, role.value)
            for role in roles:
                tx.staff.grant(staff_id, role.value, "test", self.world.clock)

        self.world.database.run(job)

    def propose(self, staff_id: str, files: Mapping[str, str] | None = None) -> str:
        """She proposes a set; its digest."""
        chosen = another() if files is None else files
        held = self.world.act_as(staff_id, lambda tx, who: propose_rules(tx, who, chosen, self.world.clock))
        return str(held.digest)

    def approve(self, staff_id: str, digest: str) -> Any:
        """She agrees."""
        return self.world.act_as(
            staff_id, lambda tx, actor: approve_rules(tx, actor, digest, self.world.clock)
        )

    def refuse(self, staff_id: str, digest: str) -> Any:
        """She refuses."""
        return self.world.act_as(
            staff_id, lambda tx, actor: refuse_rules(tx, actor, digest, self.world.clock)
        )

    def adopt(self, digest: str) -> None:
        """An administrator and a privacy officer agree."""
        self.approve(ADMINISTRATORS[1], digest)
        self.approve(OFFICERS[1], digest)

    def refused(self, act: Any, *words: Any) -> str:
        """The code of the error that an act ends in; whatever it wrote is undone."""
        with pytest.raises(SignalIndexError) as error:
            act(*words)
        return error.value.code

    @property
    def counting(self) -> str:
        """The digest of what counts."""
        return str(self.world.database.run(lambda tx: tx.rulebook.adopted()))

    def held(self, digest: str) -> Any:
        """What became of a set."""
        return self.world.database.run(lambda tx: tx.rulebook.get(digest))

    def events(self) -> list[str]:
        """What was recorded about rules since the world began, oldest first."""
        since = [each.event for each in reversed(self.world.records()) if each.at > BEFOREHAND]
        return [each for each in since if each.startswith("rules.")]

    @staticmethod
    def actor(tx: Any, staff_id: str, role: Role) -> Actor:
        """Her in one role."""
        member = tx.staff.get(staff_id)
        return Actor.in_one_role(staff_id, member, role.value, second_factor=True, token_id="test")
