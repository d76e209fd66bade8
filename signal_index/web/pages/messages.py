"""Messages: what is due for a worker, her open questions, and the daily e-mail she may ask for.

Invariant: nothing here depends on a flag; a question shows its reference, case and dates, never the signal it is about.
"""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from signal_index.errors import Malformed
from signal_index.model.workplace import Message, MessageKind
from signal_index.usecases.workplace import messages
from signal_index.usecases.workplace.inbox import inbox
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


async def show_messages(visit: Visit) -> Response:
    """Everything that is due, by kind."""
    return await _page(visit)


async def _page(visit: Visit, errors: Sequence[tuple[str, str]] = (), status: int = 200) -> Response:
    found = await visit.run_as(lambda tx, actor: inbox(tx, visit.rules, actor, visit.now))
    return visit.page(
        "messages.html",
        status,
        errors=errors,
        groups=_by_kind(found.messages),
        waiting=found.waiting,
        digest_to=found.preferences.digest_to,
        email=visit.session.email,
    )


def _by_kind(due: Sequence[Message]) -> Sequence[tuple[MessageKind, str, Sequence[Message]]]:
    """Messages under the heading of their kind: first what the worker herself has to do."""
    found: Mapping[MessageKind, list[Message]] = {kind: [] for kind, _ in KINDS}
    for message in due:
        found[message.kind].append(message)
    return [(kind, heading, found[kind]) for kind, heading in KINDS if found[kind]]


async def choose_digest(visit: Visit) -> Response:
    """Switch the daily e-mail on, to the address the identity provider gives, or off."""
    wanted = _WANTED.get(visit.form.one("samenvatting") or "")
    if wanted is None:
        return await _page(visit, [("samenvatting", say("Kies of u de e-mail wilt."))], 400)
    address = visit.session.email
    try:
        await visit.run_as(
            lambda tx, actor: messages.set_digest(tx, actor, address, visit.now, wanted=wanted)
        )
    except Malformed as error:
        return await _page(visit, [("samenvatting", error.detail)], 400)
    return visit.to("messages")


PAGES = (
    Page("/berichten", "messages", roles=WORKERS, get=show_messages),
    Page("/berichten/samenvatting", "digest", roles=WORKERS, section="messages", post=choose_digest),
)
