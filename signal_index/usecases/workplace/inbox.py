"""What waits for one worker, in one reading: her messages, her open questions, and whether she wants the e-mail.

Invariant: nothing here depends on a flag; a question stands here by its reference, never by the signal it is about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from policy.rulesets import RuleSet
from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import Message, Preferences
from signal_index.ports import Transaction

from .messages import messages_for, preferences
from .questions import OwnQuestion, own


@dataclass(frozen=True)
class Inbox:
    """What waits for one worker.

    Args:
        messages: most urgent first.
        waiting: her questions that their source still has to answer, newest first.
    """

    messages: Sequence[Message]
    waiting: Sequence[OwnQuestion]
    preferences: Preferences


def inbox(tx: Transaction, rules: RuleSet, actor: Actor, now: datetime) -> Inbox:
    """What is due for the actor, what she waits for, and what she chose.

    Raises:
        NotPermitted: the actor does not act as a wijkteammedewerker.
    """
    today = dutch_day(now)
    due = messages_for(tx, rules, actor, now)
    waiting = [each for each in own(tx, actor, now) if each.question.is_open(today)]
    return Inbox(due, waiting, preferences(tx, actor))
