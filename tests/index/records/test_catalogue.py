"""Everything a person or a system can ask of the index is on record, or has a reason not to be.

A new route, page or command fails here until somebody writes down which of the two it is.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from starlette.routing import Route

from signal_index import audit
from signal_index.cli import _OWN, main
from signal_index.web.api.registry import ROUTES
from signal_index.web.app import Surface, create_app
from signal_index.web.pages.site import PAGES

# What each surface records when it does what it is for. A refusal is recorded besides, by whoever runs the use case.
RECORDED: dict[str, str] = {
    # What a route records is declared where the product can see it.
    **{f"route {name}": each.records for name, each in ROUTES.items() if each.records is not None},
    "page arrive": "case.opened",
    "page role post": "role.switched",
    "page sign_in_return": "session.opened",
    "page sign_out post": "session.closed",
    "page caseload": "caseload.read",
    "page my_looks": "looks.listed",
    "page look post": "lookup.answered",
    "page useful post": "view.useful",
    "page told post": "view.told",
    "page worksheet post": "view.printed",
    "page fridge post": "view.printed",
    "page question post": "question.asked",
    "page covers post": "cover.arranged",
    "page end_cover post": "cover.ended",
    "page digest post": "digest.changed",
    "page team": "relations.awaiting",
    "page confirm post": "relation.confirmed",
    "page work_list": "worklist.read",
    "page one_look": "look.read",
    "page judge post": "review.judged",
    "page look_proof post": "receipt.redeemed",
    "page search post": "looks.searched",
    "page open_person": "look.read",
    "page open_person post": "opening.asked",
    "page openings": "oversight.read",
    "page opening": "opening.read",
    "page decide_opening post": "opening.approved",
    "page objections": "impediments.listed",
    "page objections post": "impediment.registered",
    "page end_objection post": "impediment.ended",
    "page involvements": "impediments.listed",
    "page involvements post": "impediment.registered",
    "page end_involvement post": "impediment.ended",
    "page own_involvement post": "impediment.registered",
    "page figures": "review.reported",
    "page log_health": "oversight.read",
    "page sources": "administration.read",
    "page new_source": "administration.read",
    "page new_source post": "register.changed",
    "page source": "administration.read",
    "page source post": "register.changed",
    "page contact": "administration.read",
    "page contact post": "register.changed",
    "page new_supplier post": "register.changed",
    "page supplier": "administration.read",
    "page supplier post": "register.changed",
    "page new_door post": "register.changed",
    "page door": "administration.read",
    "page door post": "register.changed",
    "page remove_source": "administration.read",
    "page remove_source post": "register.changed",
    "page remove_supplier": "administration.read",
    "page remove_supplier post": "register.changed",
    "page remove_door": "administration.read",
    "page remove_door post": "register.changed",
    "page purposes": "administration.read",
    "page steering": "administration.read",
    "page administration": "administration.read",
    "page staff": "staff.listed",
    "page staff post": "staff.listed",
    "page member": "staff.listed",
    "page change_member": "staff.listed",
    "page change_member post": "role.granted",
    "page staff_list post": "staff.imported",
    "page proposals": "proposals.listed",
    "page proposal": "proposals.listed",
    "page proposal post": "proposal.approved",
    "page teams": "teams.listed",
    "page team_roll": "teams.listed",
    "page team_roll post": "team.confirmed",
    "page own_team": "team.read",
    "page own_team post": "team.confirmed",
    "page stand_ins": "covers.listed",
    "page stand_ins post": "covers.listed",
    "page stand_in": "covers.listed",
    "page stand_in post": "cover.arranged",
    "page end_stand_in": "covers.listed",
    "page end_stand_in post": "cover.ended",
    "page source_series": "source.read",
    "page deliveries": "source.read",
    "page contacts": "source.read",
    "page contacts post": "contact.changed",
    "page source_questions": "questions.listed",
    "page source_questions post": "question.answered",
    "page keys": "source.read",
    "page keys post": "key.proposed",
    "page key_requests": "keys.listed",
    "page decide_key post": "key.approved",
    "page usage": "source.read",
    "page rules_to_decide post": "rules.approved",
    "page rule_set post": "rules.approved",
    "command audit check": "log.checked",
    "command review judge": "review.judged",
    "command review list": "worklist.read",
    "command review mail": "review.mailed",
    "command review report": "review.reported",
    "command review run": "review.chosen",
    "command review watch lift": "watch.lifted",
    "command review watch list": "watches.read",
    "command review watch put": "watch.put",
    "command audit decisions": "records.exported",
    "command audit export": "log.exported",
    "command audit prove": "receipt.redeemed",
    "command audit list": "log.read",
    "command ldv export": "records.exported",
    "command db initialise": "index.initialised",
    "command db restored": "index.restored",
    "command digest": "digest.sent",
    "command expire": "flags.expired",
    "command register import": "register.imported",
    "command relation confirm": "relation.confirmed",
    "command relation list": "relations.listed",
    "command rules explain": "look.read",
    "command serve": "index.started",
    "command setup": "index.initialised",
    "command rules approve": "rules.approved",
    "command rules propose": "rules.proposed",
    "command rules refuse": "rules.refused",
    "command source answer": "question.answered",
    "command source questions": "questions.listed",
    "command cover arrange": "cover.arranged",
    "command cover end": "cover.ended",
    "command impediment object": "impediment.registered",
    "command impediment involve": "impediment.registered",
    "command impediment end": "impediment.ended",
    "command impediment list": "impediments.listed",
    "command cover list": "covers.listed",
    "command staff move": "staff.moved",
    "command proposal decide": "proposal.approved",
    "command proposal list": "proposals.listed",
    "command proposal withdraw": "proposal.withdrawn",
    "command staff appoint": "role.granted",
    "command staff block": "staff.blocked",
    "command staff grant": "role.granted",
    "command staff import": "staff.imported",
    "command staff list": "staff.listed",
    "command staff revoke": "role.revoked",
    "command staff unblock": "staff.unblocked",
    "command team confirm": "team.confirmed",
    "command team list": "teams.listed",
    "command team show": "team.read",
}

_NOBODY = "the same for everybody, and about nobody"
_SHOWS_AGAIN = "shows a look that is on record again, and no more than that (ADR-0012); a refusal is recorded"
_OWN_WORK = "shows what she arranged or asked herself, and no signal"
_EMPTY_FORM = "a form with nothing in it yet; what is done with it is recorded"
_ELSEWHERE = "runs on the machine of another party, which has no index to record in"
_KEYS = "makes files only; which keys an index works with stands in index.started, by fingerprint"
NOT_RECORDED: dict[str, str] = {
    **{f"route {name}": each.silent for name, each in ROUTES.items() if each.silent},
    "page home": "leads on to the page of her role",
    "page language post": "a cookie with a language",
    "page stay post": "keeps a session that was recorded when it was opened",
    "page signed_out": _NOBODY,
    "page expired": _NOBODY,
    "page status": _NOBODY,
    "page help": _NOBODY,
    "page accessibility": _NOBODY,
    "page privacy": _NOBODY,
    "page open_rules": _NOBODY,
    "page sign_in": _NOBODY,
    "page sign_in_start": "nobody is known yet; whoever comes back, or fails to, is recorded",
    "page look": "asks for a purpose, and names a case that the list she came from has named",
    "page view": _SHOWS_AGAIN,
    "page worksheet": _SHOWS_AGAIN,
    "page fridge": _SHOWS_AGAIN,
    "page fridge_sheet": _SHOWS_AGAIN,
    "page question": _SHOWS_AGAIN,
    "page asked": _SHOWS_AGAIN,
    "page close_view post": "ends a view before its time, and shows nothing",
    "page own_involvement": "shows what she said herself about a case of hers, and no signal",
    "page covers": _OWN_WORK,
    "page search": "asks what to search for and why; nothing has been searched",
    **{
        f"page {name}": "shows rules, and who put them in force; neither is about a resident"
        for name in ("rules", "rules_to_decide", "rule_sets", "rule_set")
    },
    "page new_supplier": _EMPTY_FORM,
    "page new_door": _EMPTY_FORM,
    "page staff_list": _EMPTY_FORM,
    "page messages": _OWN_WORK,
    "command audit key": "shows the public key of the log, which is for everybody",
    "command audit verify": "checks a file that left the index, with no index at hand",
    "command audit verify-receipt": "checks a file that left the index, with no index at hand",
    "command db copy": "what it copies is the log itself, as it stands; the next start is on record, at its new place",
    "command db upgrade": "needs no keys, and may make the log itself; the schema stands in index.started",
    "command doctor": "counts and settings, no person; the check of the log inside it changes nothing",
    "command entrance link": _ELSEWHERE,
    "command entrance new": _ELSEWHERE,
    "command insecure-issuer new": "for trials only; no index is open",
    "command insecure-issuer token": "for trials only; whoever uses the token is recorded",
    **{
        f"command rules {name}": "reads rules, which are about nobody and for everybody"
        for name in ("diff", "lint", "list", "prove", "show", "test")
    },
    "command keys approve": _KEYS,
    "command keys index": _KEYS,
    "command keys manifest": _KEYS,
    "command keys pseudonymiser": _ELSEWHERE,
    "command keys publisher": _ELSEWHERE,
    "command keys show": "shows public files",
    "command source status": "counts and dates per source, no person, for whoever runs the machine",
}

# Events that follow from something else than one surface doing what it is for.
FOLLOWING: dict[str, str] = {
    "staff.added": "everybody new in a list, or the one a form or a request adds",
    "lookup.refused": "a look that is not answered, or not shown again",
    "access.refused": "a request to the JSON interface without a token that verifies",
    "signin.refused": "somebody came back from the identity provider and did not come in",
    "action.refused": "somebody known tried what she may not do, on any surface",
    "delivery.refused": "a delivery that cannot be applied, or with a proof that does not hold",
    "chain.alarm": "a delivery that looks like a scan",
    "relation.registered": "a row in a delivery of care relations",
    "relation.changed": "likewise",
    "relation.ended": "likewise",
    "relation.withdrawn": "likewise",
    "restriction.stored": "a row in a delivery of restrictions",
    "restriction.revoked": "likewise",
    "opening.refused": "the second privacy officer says no",
    "proposal.made": "a change that one person alone may not make",
    "proposal.refused": "the second person says no",
    "staff.renamed": "a list or a change has another name",
    "staff.compared": "a list is compared, and nothing changed",
    "key.refused": "the functioneel beheerder says no to a new key",
    "rules.adopted": "the second of two people agrees to a set of rules",
    "log.gap": "whoever keeps the log finds that a chain misses a record",
    "rules.contradicted": "a process that serves finds that the database names other rules than the log",
    "witness.refused": "a witness gives no cosignature",
    "witness.resumed": "and gives one again",
    "records.erased": "the daily expire finds records whose term has passed",
    "inzage.answered": "a delivery in which a gateway asks for a resident",
}


def commands(command: click.Command, name: str) -> Iterator[str]:
    """Every command that does something, by its full name."""
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        inner = command.get_command(context, word)
        assert inner is not None
        yield from commands(inner, f"{name} {word}")


def own_commands() -> set[str]:
    """Commands of the index; those of connectors and pseudonymisers keep records of their own."""
    found = set()
    for word in _OWN:
        command = main.get_command(click.Context(main), word)
        assert command is not None
        found |= set(commands(command, f"command {word}"))
    return found


def pages() -> set[str]:
    """Every page, once for reading and once for its form."""
    reading = {f"page {page.name}" for page in PAGES if page.get is not None}
    return reading | {f"page {page.name} post" for page in PAGES if page.post is not None}


def routes(app: Any) -> set[str]:
    """Every route of the JSON interface."""
    return {f"route {route.name}" for route in app.routes if isinstance(route, Route)}


@pytest.fixture
def surfaces(world: Any) -> set[str]:
    return routes(create_app(world.desk, Surface.ALL)) | pages() | own_commands()


def test_every_surface_is_recorded_or_has_a_reason(surfaces: set[str]) -> None:
    accounted = RECORDED.keys() | NOT_RECORDED.keys()
    assert surfaces - accounted == set(), "say what it records, or why nothing"
    assert accounted - surfaces == set(), "there is no such surface any more"
    assert not RECORDED.keys() & NOT_RECORDED.keys()
    assert len([name for name in surfaces if name.startswith("route ")]) >= 7, "routes are found at all"


def test_every_event_comes_from_somewhere() -> None:
    assert {*RECORDED.values()} | FOLLOWING.keys() == audit.EVENTS.keys()
    assert not {*RECORDED.values()} & FOLLOWING.keys()


def test_every_event_is_built_in_the_product() -> None:
    package = Path(audit.__file__).parent
    texts: set[str] = set()
    for file in package.rglob("*.py"):
        if file.name != "audit.py" or file.parent != package:
            texts |= literals(file)
    # The attempt is built beside the catalogue, since every surface records it in the same words.
    assert audit.EVENTS.keys() - texts == {"action.refused"}


def literals(file: Path) -> set[str]:
    """Every text that is an argument of a call, so that a word in a comment or a list of names counts for nothing."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    arguments = (argument for call in calls for argument in call.args)
    return {
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_a_reason_is_a_sentence_and_a_processing_is_an_event() -> None:
    assert all(len(reason.split()) >= 3 or reason == "likewise" for reason in NOT_RECORDED.values())
    assert audit.PROCESSINGS.keys() <= audit.EVENTS.keys()


def test_a_planted_route_page_or_command_is_seen(world: Any) -> None:
    app = create_app(world.desk, Surface.ALL)
    app.add_api_route("/v1/nieuw", lambda: None, name="nieuw")
    assert routes(app) - routes(create_app(world.desk, Surface.ALL)) == {"route nieuw"}
    group = click.Group("g", commands={"x": click.Command("x"), "y": click.Group("y")})
    assert list(commands(group, "command g")) == ["command g x"]
