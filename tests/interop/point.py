"""A decision point with the rules of others: the engines and the HTTP of the product around another mapping.

Unlike the product it believes the properties that a caller states, because the published cases come with them.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cedarpy
from fastapi import FastAPI, Request
from fastapi.middleware import Middleware

from policy.engine import LOOKUP, PRINCIPAL, TYPE_ENTITY, EngineSource, Verdict
from policy.engine.agreed import answers, canonical
from policy.vocabulary import Level
from signal_index.web.api.methods import HeadLikeGet, Methods
from signal_index.web.authzen import ACCESS
from signal_index.web.authzen.protocol import Answer, Asked, Question, metadata
from signal_index.web.authzen.routes import deciding, describing
from signal_index.web.frame import Frame
from signal_index.web.problems import install

SCHEMA = """
entity Medewerker;
entity Signaaltype;
entity Raadpleging {
  subject_type: String, subject: String, roles: Set<String>, email: String, role?: String,
  action: String, soft?: Bool,
  resource_type: String, resource: String, owner?: String, status?: String,
};
action toon_aanwezigheid, toon_bron, toon_contact appliesTo {
  principal: Medewerker, resource: Signaaltype, context: { raadpleging: Raadpleging },
};
"""
THE_QUESTION: Final = "vraag"

# Who has which role. Source: openid/authzen, interop/authzen-todo-backend, the users of its directory.
RICK, MORTY, SUMMER, BETH, JERRY = (
    f"CiRmZD{letters}2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"
    for letters in ("A", "E", "I", "M", "Q")
)
PEOPLE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    RICK: ("rick@the-citadel.com", ("admin", "evil_genius")),
    MORTY: ("morty@the-citadel.com", ("editor",)),
    SUMMER: ("summer@the-smiths.com", ("editor",)),
    BETH: ("beth@the-smiths.com", ("viewer",)),
    JERRY: ("jerry@the-smiths.com", ("viewer",)),
}


def point(origin: str) -> FastAPI:
    """The application.

    Args:
        origin: scheme and host under which it is served.
    """
    rules = _source()

    async def decide(_: Request, asked: Asked) -> Sequence[Answer]:
        return asked.answer_each(lambda question: _decided(rules, question))

    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        middleware=[Middleware(HeadLikeGet), Middleware(Frame, body_bytes_max=64 * 1024)],
    )
    for router in (deciding(decide), describing(metadata(origin, ACCESS, ()))):
        app.routes.extend(router.routes)
    install(app, Methods(app.routes))
    return app


def _decided(rules: EngineSource, question: Question) -> Answer:
    answered = answers(rules, canonical(_attributes(question)), [THE_QUESTION])[THE_QUESTION][Level.PRESENCE]
    assert answered.verdict is not Verdict.FAULT, answered.errors
    return Answer.permitted() if answered.verdict is Verdict.ALLOW else Answer.denied("Not by these rules.")


def _attributes(question: Question) -> dict[str, object]:
    """What the rules are told: who it is by the directory, and what the caller states."""
    email, roles = PEOPLE.get(question.subject.id, ("", ()))
    stated = {
        "role": question.subject.properties.get("role"),
        "soft": question.action.properties.get("soft"),
        "owner": question.resource.properties.get("ownerID"),
        "status": question.resource.properties.get("status"),
    }
    return {
        "subject_type": question.subject.type,
        "subject": question.subject.id,
        "roles": sorted(roles),
        "email": email,
        "action": question.action.name,
        "resource_type": question.resource.type,
        "resource": question.resource.id,
        **{name: value for name, value in stated.items() if value is not None},
    }


def _source() -> EngineSource:
    text = Path(__file__).with_name("interop.cedar").read_text(encoding="utf-8")
    checked = cedarpy.validate_policies(text, SCHEMA)
    assert checked.validation_passed, checked.errors
    entities = [_entity(PRINCIPAL["type"], PRINCIPAL["id"]), _entity(TYPE_ENTITY, THE_QUESTION)]
    assert LOOKUP["type"] in SCHEMA
    return EngineSource(SCHEMA, cedarpy.policies_to_json_str(text), json.dumps(entities))


def _entity(kind: str, name: str) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": []}
