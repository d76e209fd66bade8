"""The Authorization API as everybody speaks it: from a body to questions, and from answers to a body.

Invariants:
1. Members that the standard does not name are skipped, as it asks of every receiver; none of them reaches a decision.
2. A default of several evaluations is replaced whole, never mixed with what an item says.
3. An item that cannot be asked is a no with an error, in its place. A body that cannot be read is refused as a whole.
4. No answer repeats what the caller wrote.

Source: OpenID AuthZEN Authorization API 1.0, information model, evaluation and evaluations APIs, metadata; obligations
profile 1.0, draft 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from signal_index.errors import Malformed
from signal_index.model.evaluations import EVALUATIONS_MAX, Semantic

_PARTS: Final = ("subject", "action", "resource", "context")
_MISSING: Final = "Dit veld ontbreekt."
_NO_TEXT: Final = "Dit moet tekst zijn."
_NO_OBJECT: Final = "Dit moet een object zijn."


@dataclass(frozen=True)
class Entity:
    """A subject or a resource."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """What the subject wants to do."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One evaluation."""

    subject: Entity
    action: Action
    resource: Entity
    context: Mapping[str, Any]


@dataclass(frozen=True)
class Flaw:
    """Why one item of several cannot be asked.

    Args:
        place: the member it is about.
        text: what is wrong there, in Dutch.
    """

    place: str
    text: str


@dataclass(frozen=True)
class Answer:
    """The decision on one evaluation, and what goes with it."""

    decision: bool
    context: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def permitted(cls, obligations: Sequence[Mapping[str, Any]] = ()) -> Self:
        """A yes, with what the caller must do; whoever cannot do all of it must take it for a no."""
        return cls(decision=True, context={"obligations": list(obligations)} if obligations else {})

    @classmethod
    def denied(cls, reason: str = "") -> Self:
        """A no, with what the person may read about it."""
        return cls(decision=False, context={"reason_user": {"403": reason}} if reason else {})

    @classmethod
    def failed(cls, status: int, message: str) -> Self:
        """A no, because the question could not be answered."""
        return cls(decision=False, context={"error": {"status": status, "message": message}})

    @property
    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {"decision": self.decision} | ({"context": dict(self.context)} if self.context else {})


@dataclass(frozen=True)
class Asked:
    """What one request asks.

    Args:
        items: in their order; only among several can there be a flaw.
        semantic: None for a single evaluation.
        context: of the request as a whole.
    """

    items: tuple[Question | Flaw, ...]
    semantic: Semantic | None
    context: Mapping[str, Any]

    def answer_each(self, decide: Callable[[Question], Answer]) -> tuple[Answer, ...]:
        """Decide one by one, in order, until an answer ends it."""
        answers = (failed(item) if isinstance(item, Flaw) else decide(item) for item in self.items)
        return (self.semantic or Semantic.ALL).answered(answers, lambda answer: answer.decision)

    def body(self, answers: Sequence[Answer]) -> dict[str, Any]:
        """The body of the answer to this request."""
        if self.semantic is None:
            return answers[0].body
        return {"evaluations": [answer.body for answer in answers]}


def failed(flaw: Flaw) -> Answer:
    """The answer to an item that cannot be asked."""
    return Answer.failed(400, f"{flaw.place}: {flaw.text}")


def read_evaluation(body: Mapping[str, Any]) -> Asked:
    """Read the body of a single evaluation.

    Raises:
        Malformed: a member is missing or not of its kind; it is named.
    """
    try:
        question = _question(body)
    except _Unfit as unfit:
        raise _malformed(unfit.flaw) from None
    return Asked((question,), None, question.context)


def read_evaluations(body: Mapping[str, Any]) -> Asked:
    """Read the body of several evaluations; without any it is a single one.

    Raises:
        Malformed: it cannot be read as a whole, or holds more than `EVALUATIONS_MAX`.
    """
    items = body.get("evaluations", [])
    if not isinstance(items, list):
        raise _malformed(Flaw("evaluations", "Dit moet een lijst zijn."))
    if not items:
        return read_evaluation(body)
    if len(items) > EVALUATIONS_MAX:
        raise _malformed(Flaw("evaluations", f"Stel hoogstens {EVALUATIONS_MAX} vragen tegelijk."))
    defaults = {name: body[name] for name in _PARTS if name in body}
    try:
        for name, stated in defaults.items():
            _READERS[name](name, stated)
        semantic = _semantic(_object("options", body.get("options", {})))
    except _Unfit as unfit:
        raise _malformed(unfit.flaw) from None
    return Asked(tuple(_item(defaults, item) for item in items), semantic, defaults.get("context", {}))


def metadata(origin: str, path: str, obligations: Sequence[str]) -> dict[str, Any]:
    """How callers find their way: the metadata of the decision point.

    Args:
        origin: scheme and host; the same as in the address that it is read from.
        path: before the endpoints.
        obligations: the types that a decision can come with.
    """
    return {
        "policy_decision_point": origin,
        "access_evaluation_endpoint": f"{origin}{path}/evaluation",
        "access_evaluations_endpoint": f"{origin}{path}/evaluations",
        "supported_obligations": list(obligations),
    }


class _Unfit(Exception):
    def __init__(self, place: str, text: str) -> None:
        super().__init__(place)
        self.flaw = Flaw(place, text)


def _malformed(flaw: Flaw) -> Malformed:
    text = "Verbeter de genoemde velden en stuur opnieuw."
    return Malformed("malformed", text, ((flaw.place, flaw.text),))


def _item(defaults: Mapping[str, Any], item: object) -> Question | Flaw:
    try:
        return _question({**defaults, **_object("evaluations", item)})
    except _Unfit as unfit:
        return unfit.flaw


def _question(body: Mapping[str, Any]) -> Question:
    found = {
        name: read(name, _member(body, name, name)) for name, read in _READERS.items() if name != "context"
    }
    return Question(**found, context=_object("context", body.get("context", {})))


def _entity(place: str, stated: object) -> Entity:
    entity = _object(place, stated)
    return Entity(
        _text(f"{place}.type", _member(entity, "type", f"{place}.type")),
        _text(f"{place}.id", _member(entity, "id", f"{place}.id")),
        _object(f"{place}.properties", entity.get("properties", {})),
    )


def _action(place: str, stated: object) -> Action:
    action = _object(place, stated)
    name = _text(f"{place}.name", _member(action, "name", f"{place}.name"))
    return Action(name, _object(f"{place}.properties", action.get("properties", {})))


def _semantic(options: Mapping[str, Any]) -> Semantic:
    stated = options.get("evaluations_semantic", Semantic.ALL.value)
    if not isinstance(stated, str) or stated not in set(Semantic):
        known = ", ".join(Semantic)
        raise _Unfit("options.evaluations_semantic", f"Kies een van deze: {known}.")
    return Semantic(stated)


def _member(body: Mapping[str, Any], name: str, place: str) -> object:
    if name not in body:
        raise _Unfit(place, _MISSING)
    return body[name]


def _object(place: str, stated: object) -> Mapping[str, Any]:
    if not isinstance(stated, dict):
        raise _Unfit(place, _NO_OBJECT)
    return stated


def _text(place: str, stated: object) -> str:
    if not isinstance(stated, str):
        raise _Unfit(place, _NO_TEXT)
    return stated


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "subject": _entity,
    "action": _action,
    "resource": _entity,
    "context": _object,
}
