"""The public JSON of the rulebook: which sets of rules there are, and who agreed to them."""

from typing import Literal

from policy.vocabulary import Role
from signal_index.model.rulebook import HeldRuleSet, RuleSetState

from . import Wire

Stand = Literal["wacht", "geldt", "gold", "geweigerd"]
_STATES: dict[RuleSetState, Stand] = {
    RuleSetState.WAITING: "wacht",
    RuleSetState.REFUSED: "geweigerd",
    RuleSetState.ADOPTED: "gold",
}


class Akkoord(Wire):
    """One person who agreed."""

    door: str
    rol: Role
    op: str


class Regelset(Wire):
    """A set of rules that was proposed, by the digest of its files, and what became of it."""

    kenmerk: str
    stand: Stand
    voorgesteldDoor: str  # noqa: N815 - camelCase by the API Design Rules
    op: str
    akkoord: tuple[Akkoord, ...]
    ontbreekt: tuple[Role, ...]
    geweigerdDoor: str | None  # noqa: N815 - likewise

    @classmethod
    def of(cls, held: HeldRuleSet, counting: str | None) -> "Regelset":
        """Map a set.

        Args:
            held: the set.
            counting: digest of the one that counts now.
        """
        return cls(
            kenmerk=held.digest,
            stand="geldt" if held.digest == counting else _STATES[held.state],
            voorgesteldDoor=held.proposed_by,
            op=f"{held.proposed_at:%Y-%m-%dT%H:%M:%SZ}",
            akkoord=tuple(
                Akkoord(door=each.staff_id, rol=each.role, op=f"{each.at:%Y-%m-%dT%H:%M:%SZ}")
                for each in held.approvals
            ),
            ontbreekt=held.missing if held.state is RuleSetState.WAITING else (),
            geweigerdDoor=held.refused_by,
        )


class Regelsets(Wire):
    """Sets of rules, the last proposed first."""

    regelsets: tuple[Regelset, ...]
