"""Messages: what is due for a worker, her open questions, and the daily e-mail she may ask for.

Invariant: nothing here depends on a flag; a question shows its reference, case and dates, never the signal it is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.model import Actor, dutch_day
from signal_index.model.workplace import Message, MessageKind, Preferences
from signal_index.ports import Transaction
from signal_index.usecases.workplace import messages, questions
from signal_index.usecases.workplace.questions import OwnQuestion
from signal_index.web.markup.words import say

from .visits import WORKERS, Page, Visit

KINDS = (
    (MessageKind.TELL_RESIDENT, say("Vertel de inwoner dat u keek")),
    (MessageKind.COVER_ENDS, say("Een vervanging eindigt")),
    (MessageKind.RELATION_ENDS, say("U kunt straks niet meer kijken")),
    (MessageKind.TEAM_DUE, say("Kijk wie er in uw team werkt")),
    (MessageKind.QUESTION_ANSWERED, say("Een bron heeft geantwoord")),
    (MessageKind.SOURCE_STALE, say("Een bron is niet actueel")),
)
_WANTED = {"aan": True, "uit": False}


@dataclass(frozen=True)
class _Inbox:
    messages: Sequence[Message]
    questions: Sequence[OwnQuestion]
    preferences: Preferences


async def show_messages(visit: Visit) -> Response:
    """Everything that is due, by kind."""
    return await _page(visit)


async def _page(visit: Visit, errors: Sequence[tuple[str, str]] = (), status: int = 200) -> Response:
    def read(tx: Transaction, actor: Actor) -> _Inbox:
        due = messages.messages_for(tx, visit.rules, actor, visit.now)
        asked = questions.own(tx, actor, visit.now)
        return _Inbox(due, asked, messages.preferences(tx, actor))

    inbox = await visit.run_as(read)
    return visit.page(
        "messages.html",
        status,
        errors=errors,
        groups=_by_kind(inbox.messages),
        waiting=_open(inbox.questions, dutch_day(visit.now)),
        digest_to=inbox.preferences.digest_to,
        email=visit.session.email,
    )


def _by_kind(due: Sequence[Message]) -> Sequence[tuple[MessageKind, str, Sequence[Message]]]:
    """Messages under the heading of their kind: first what the worker herself has to do."""
    found: Mapping[MessageKind, list[Message]] = {kind: [] for kind, _ in KINDS}
    for message in due:
        found[message.kind].append(message)
    return [(kind, heading, found[kind]) for kind, heading in KINDS if found[kind]]


def _open(asked: Sequence[OwnQuestion], today: date) -> Sequence[OwnQuestion]:
    return [each for each in asked if each.question.is_open(today)]


async def choose_digest(visit: Visit) -> Response:
    """Switch the daily e-mail on, to the address the identity provider gives, or off."""
    wanted = _WANTED.get(visit.form.one("samenvatting") or "")
    if wanted is None:
        return await _page(visit, [("samenvatting", say("Kies of u de e-mail wilt."))], 400)
    if wanted and visit.session.email is None:
        text = say("Wij kennen uw e-mailadres niet. Daarom kan dit nog niet aan.")
        return await _page(visit, [("samenvatting", text)], 400)
    address = visit.session.email if wanted else None
    try:
        await visit.run_as(lambda tx, actor: messages.set_digest(tx, actor, address, visit.now))
    except Malformed as error:
        return await _page(visit, [("samenvatting", error.detail)], 400)
    return visit.to("messages")


PAGES = (
    Page("/berichten", "messages", roles=WORKERS, get=show_messages),
    Page("/berichten/samenvatting", "digest", roles=WORKERS, section="messages", post=choose_digest),
)
