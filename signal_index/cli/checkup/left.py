"""What is left to do before an index is of use, step by step, with the commands to type.

Invariant: a step that the database shows to be done is not listed; what cannot be seen from here is said at the end.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from crypto.batch import BatchClass
from policy.vocabulary import Role
from signal_index.errors import SetupFault, SignalIndexError
from signal_index.model import StaffMember
from signal_index.model.rulebook import APPROVING_ROLES, HeldRuleSet, RuleSetState
from signal_index.ports import Transaction
from signal_index.settings import Settings, load
from signal_index.store import open_database
from signal_index.store.places import place_of
from signal_index.usecases.delivery.sets import is_complete
from signal_index.usecases.oversight.chosen import newest_list
from signal_index.usecases.rulebook.on_record import counting
from signal_index.wiring import load_secrets

from .rules import SHOWN_DIGITS

OFFICERS_WANTED: Final = 2  # whoever asks to open a person is not the one who approves it
ADMINISTRATORS_WANTED: Final = 2  # nobody changes her own roles
SERVING_WITHIN: Final = timedelta(minutes=5)  # whoever serves signs the log every minute


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Args:
        what: in a sentence.
        commands: to type, in this order; none when it is done elsewhere.
    """

    what: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Known:
    """What the database says about how far things are."""

    staff: Sequence[StaffMember]
    publishers: bool
    incomplete: bool
    unheard: Sequence[str]
    serving: bool
    listed: bool
    rules_count: bool
    rules_waiting: HeldRuleSet | None

    def holding(self, role: Role) -> list[str]:
        """Who holds a role and is active."""
        return sorted(each.staff_id for each in self.staff if role in each.roles and each.active)


def what_is_left(config: Path, now: datetime) -> list[Step]:
    """The steps that are left, in the order in which to take them; none when the index cannot be opened at all.

    Args:
        config: the settings file of the index.
        now: aware UTC.
    """
    with suppress(SetupFault, SignalIndexError):
        stated = load(config)
        with open_database(stated.database, load_secrets(stated), writer_kind="cli") as opened:
            known = opened.run(lambda tx: _read(tx, stated, now))
        return list(_steps(known, stated, f" --config {config}" if config.name != str(config) else ""))
    return []


def _read(tx: Transaction, stated: Settings, now: datetime) -> _Known:
    head = tx.log.head()
    heard = {each.witness for each in tx.witnesses.cosigned()}
    names = [each.key.partition("+")[0] for each in stated.witnesses]
    return _Known(
        staff=tx.staff.all(),
        publishers=bool(tx.register.publishers()),
        incomplete=not all(is_complete(tx, each) for each in (BatchClass.ZORGRELATIE, BatchClass.BEPERKING)),
        serving=head is not None and now - head.signed_at < SERVING_WITHIN,
        unheard=[name for name in names if name not in heard],
        listed=newest_list(tx, now).monday is not None,
        rules_count=counting(tx) is not None,
        rules_waiting=next((each for each in tx.rulebook.all() if each.state is RuleSetState.WAITING), None),
    )


def _decide(of_index: str) -> tuple[str, str]:
    """What the second person does with a proposal."""
    by = f"--as ANOTHER{of_index}"
    return f"signal-index proposal list {by}", f"signal-index proposal decide PROPOSAL akkoord {by}"


def _steps(known: _Known, stated: Settings, of_index: str) -> Iterator[Step]:
    administrators = known.holding(Role.FUNCTIONAL_ADMIN)
    who = administrators[0] if administrators else "STAFF_ID"
    by = f"--as {who}{of_index}"
    for name in known.unheard:
        yield Step(
            f"Give witness {name} the key of this log, for its settings.",
            (f"signal-index audit key{of_index}",),
        )
    if len(administrators) < ADMINISTRATORS_WANTED:
        yield Step(
            "Let two people administer; another one than who asks for it decides.",
            (
                f"signal-index staff grant MEMBER functioneel-beheerder --because nieuwe-taak {by}",
                *_decide(of_index),
            ),
        )
    if len(known.holding(Role.PRIVACY_OFFICER)) < OFFICERS_WANTED:
        yield Step(
            "Register two privacy officers: one asks to open a person, the other approves it.",
            (
                f"signal-index staff import STAFF.csv {by}",
                f"signal-index staff grant MEMBER privacy-officer --because nieuwe-taak {by}",
                *_decide(of_index),
            ),
        )
    if not known.rules_count:
        yield _rules(known, stated, by, of_index)
    yield from _feeding(known, by)
    if not known.holding(Role.TEAM_MEMBER):
        commands = (
            f"signal-index staff import STAFF.csv {by}",
            f"signal-index staff grant MEMBER wijkteammedewerker {by}",
        )
        yield Step("Register the workers, and those who lead their teams.", commands)
    if not known.serving:
        yield Step("Serve the index, as a service or for now by hand.", (f"signal-index serve{of_index}",))
    if not known.listed:
        yield _daily(stated)
    yield from _unseen(stated, of_index)


def _daily(stated: Settings) -> Step:
    """The jobs that run every day; the one that mails would fail every day where nobody is to be mailed."""
    jobs = ["expire", "review"]
    if stated.mail is not None and stated.mail.review_to:
        jobs.append("review-mail")
    timers = " ".join(f"signal-index-{each}.timer" for each in jobs)
    return Step(
        "Switch the daily jobs on; deploy/index/README.md says how.", (f"systemctl enable --now {timers}",)
    )


def _rules(known: _Known, stated: Settings, by: str, of_index: str) -> Step:
    """No rules count yet: propose some, and let two others agree to what waits."""
    waiting = known.rules_waiting
    named = waiting.digest[:SHOWN_DIGITS] if waiting is not None else "DIGEST"
    deciders = [
        f"signal-index rules approve {named} --as {_decider(known, role)}{of_index}"
        for role in APPROVING_ROLES
        if waiting is None or role in waiting.missing
    ]
    each = (
        "" if stated.environment == "dev" else " Each by an account of her own here, or on the page Regels."
    )
    if waiting is None:
        return Step(
            f"Propose rules, those of this release or a folder of your own, and let two others approve them.{each}",
            (f"signal-index rules propose {by}", *deciders),
        )
    return Step(f"Let the rules be approved: until then nobody is shown anything.{each}", tuple(deciders))


def _decider(known: _Known, role: Role) -> str:
    """Somebody who may agree in this role, as far as there is one."""
    able = [
        each
        for each in known.holding(role)
        if known.rules_waiting is None or not known.rules_waiting.involves(each)
    ]
    # Who proposes comes first in the list; another one decides.
    return able[-1] if able else f"A_{role.name}"


def _feeding(known: _Known, by: str) -> Iterator[Step]:
    if not known.publishers:
        yield Step(
            "Register the publishers, their sources and whom to phone.",
            (f"signal-index register import REGISTER.toml {by}",),
        )
    elif known.incomplete:
        yield Step(
            "Let every feed of care relations and deaths send a complete set; until then nothing is answered.",
            (
                "signal-index connector caseload CONFIG FILE --complete",
                "signal-index connector send CONFIG --complete",
            ),
        )


def _unseen(stated: Settings, of_index: str) -> Iterator[Step]:
    """What nobody can see from here, or only who the database belongs to."""
    place = place_of(stated.database)
    if stated.environment == "production" and place.file is not None and place.file.stat().st_uid == 0:
        yield Step(
            "Give the database to the account that runs the index, here signal-index; it is root's now.",
            (f"chown -R signal-index: {place.file.parent}",),
        )
    yield Step(
        "Make a copy of the database every day, and never of the key file with it.",
        (place.backup,),
    )
    if stated.environment == "production":
        yield Step("Have a DPIA made, and let a lawyer confirm the rules, before the first real BSN.")
    else:
        yield Step(
            "This is a trial: made-up data only. For real data begin anew, in another folder than "
            f"{stated.keys.parent}."
        )
    yield Step(
        "Look every day, or let a timer look, whether all is well.", (f"signal-index doctor{of_index}",)
    )
