"""What the Authorization API calls things, and what they are here: the one place that knows both.

| member | here |
|---|---|
| `subject` | type `medewerker`, id the staff id of whoever's token it is |
| `action.name` | a disclosure level: `toon_aanwezigheid`, `toon_bron`, `toon_contact` |
| `resource` | type the code of a signal type, id the care relation, as the JSON interface names it |
| `context.doelbinding` | the code of a purpose |

Types and purposes may be written as URIs, `urn:signal-index:` before what stands here.

Invariants:
1. Nothing else that a caller says is looked at: no `properties`, no role, team, relation or time. Facts come from the
   index's own fact layer, as for a look.
2. Only a system that the settings name asks, with the token of a worker, and about her.
3. One request is about one case and one purpose, as one look is, and counts as one.

Source: OpenID AuthZEN Authorization API 1.0; AuthZEN NL GOV for URIs; Federatieve Toegangsverlening for `doelbinding`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import Request

from policy.vocabulary import Duty, Level
from signal_index.errors import NotAuthenticated, NotPermitted
from signal_index.model import Actor, LookupRequest
from signal_index.model.evaluations import Evaluation, Evaluations, Verdict
from signal_index.ports import Transaction
from signal_index.usecases.evaluate import Undecided, evaluate
from signal_index.web.desk import Desk

from .protocol import Answer, Asked, Flaw, Question, failed
from .routes import Decide

SUPPORTED_OBLIGATIONS: Final = ("custom",)
URI: Final = "urn:signal-index:"
SUBJECT: Final = "medewerker"
AREAS_ONLY: Final = "alleen-leefgebied"
"""The caller may show the area of life, and never which type of signal."""

_LEVELS: Final = {level.action: level for level in Level}
_Readable = tuple[LookupRequest, Evaluation]


def decided_here(desk: Desk) -> Decide:
    """Decide by the rules and the facts of this index, and record it.

    Args:
        desk: what the use case needs.
    """

    async def decide(request: Request, asked: Asked) -> Sequence[Answer]:
        client = _client(desk, request)

        def job(tx: Transaction, actor: Actor) -> Sequence[Verdict] | Undecided:
            _require_system(desk, client)
            _require_herself(asked, actor)
            return evaluate(tx, desk.rules, actor, _evaluations(items, asked), desk.now())

        items = tuple(_about_one_look(asked))
        found = await desk.run_as(request, job)
        if isinstance(found, Undecided):
            raise found.error
        return [_answer(item, verdict) for item, verdict in zip(items, found, strict=False)]

    return decide


def _client(desk: Desk, request: Request) -> str | None:
    """The system that asks; a token that does not verify is refused, and recorded, with the request."""
    try:
        return desk.identity.client(request)
    except NotAuthenticated:
        return None


def _require_system(desk: Desk, client: str | None) -> None:
    if client not in desk.decision_clients:
        raise NotPermitted("client", "Dit systeem mag hier geen toegangsvragen stellen.")


def _require_herself(asked: Asked, actor: Actor) -> None:
    for item in asked.items:
        if isinstance(item, Question) and (_plain(item.subject.type), item.subject.id) != (
            SUBJECT,
            actor.staff_id,
        ):
            text = "Vraag alleen naar de medewerker van wie het token is."
            raise NotPermitted("other-subject", text)


def _about_one_look(asked: Asked) -> Iterator[_Readable | Flaw]:
    """The questions as they are asked here; the first that can be read says which look they are all about."""
    look = None
    for item in asked.items:
        read = item if isinstance(item, Flaw) else _read(item)
        if isinstance(read, Flaw):
            yield read
            continue
        look = look or read[0]
        yield read if read[0] == look else Flaw("resource.id", "Vraag steeds naar één zaak en één doel.")


def _read(question: Question) -> _Readable | Flaw:
    level = _LEVELS.get(question.action.name)
    if level is None:
        return Flaw("action.name", "Deze handeling kennen wij niet.")
    try:
        relation_id = UUID(question.resource.id).bytes
    except ValueError:
        return Flaw("resource.id", "Dit is geen geldig kenmerk.")
    purpose = question.context.get("doelbinding")
    look = LookupRequest(relation_id, _plain(purpose) if isinstance(purpose, str) else "")
    return look, Evaluation(_plain(question.resource.type), level)


def _plain(name: str) -> str:
    return name.removeprefix(URI)


def _evaluations(items: Sequence[_Readable | Flaw], asked: Asked) -> Evaluations:
    readable = [None if isinstance(item, Flaw) else item for item in items]
    look = next((item[0] for item in readable if item is not None), None)
    return Evaluations(look, tuple(item and item[1] for item in readable), asked.semantic)


def _answer(item: _Readable | Flaw, verdict: Verdict) -> Answer:
    if isinstance(item, Flaw):
        return failed(item)
    if not verdict.known:
        return Answer.failed(404, "resource.type: Dit soort signaal kennen wij niet.")
    if not verdict.allowed:
        return Answer.denied(" ".join(verdict.texts))
    extra = (AREAS_ONLY,) if verdict.areas_only else ()
    return Answer.permitted([_obligation(name) for name in (*verdict.duties, *extra)])


def _obligation(name: Duty | str) -> dict[str, Any]:
    """A duty in the form of the obligations profile, which has no type of its own for any of ours."""
    return {"id": str(name), "type": "custom", "properties": {"vendor": "signal-index", "action": str(name)}}
