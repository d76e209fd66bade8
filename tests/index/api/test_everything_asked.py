"""Schemathesis asks the whole interface, in every role, what its document allows and what it forbids.

No answer may be a fault, or one with a status, media type, header or body that the document does not name.
"""

import uuid
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from crypto.batch import BatchClass
from crypto.sheet import SignaalOperation, SignaalRow
from policy.vocabulary import Role
from signal_index.model import Actor, StaffMember
from signal_index.model.administration import Change
from signal_index.usecases.administration import proposals
from signal_index.usecases.administration import staff as staffing
from tests.index.conftest import GEMEENTE

from .overseeing import choose, decide, hire_colleague, look_id, newest, opening

load_all_checks()
# `ignored_auth` and the like would ask again without our token; who may ask what stands in test_registry.py.
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
ROLES = {"w.een": Role.TEAM_MEMBER, "t.lead": Role.TEAM_LEAD, "p.officer": Role.PRIVACY_OFFICER,
         "f.beheer": Role.FUNCTIONAL_ADMIN, "b.bron": Role.SOURCE_ADMIN}  # fmt: skip
FEW, SOME, MANY = 3, 40, 300
# How the document lets wrong questions be refused. 413 is among them: a body larger than we read is refused before
# anybody looks whether it fits the document.
REFUSED = ("400", "401", "403", "404", "405", "406", "409", "413", "415", "429")
# Who gets a good answer from what, if she asks it as the document says.
GOOD = (
    ("w.een", "POST /raadplegingen"),
    ("w.een", "GET /zorgrelaties"),
    ("t.lead", "POST /zorgrelaties/{zorgrelatie}/bevestiging"),
    ("p.officer", "GET /logregels"),
    ("p.officer", "GET /vastgelegde-raadplegingen/{raadpleging}"),
    ("p.officer", "POST /vastgelegde-raadplegingen/{raadpleging}/oordelen"),
    ("p.officer", "POST /zaaknummeraanvragen"),
    ("p.officer", "GET /zaaknummeraanvragen/{aanvraag}"),
    ("p.officer", "POST /zaaknummeraanvragen/{aanvraag}/besluit"),
    ("p.officer", "POST /zoekopdrachten"),
    ("p.officer", "GET /gereed"),
    ("p.officer", "GET /openapi.json"),
)
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [*REFUSED]}}}
)


class Asking:
    """A world with data, its document, and what was answered so far.

    Args:
        world: is filled.
    """

    def __init__(self, world: Any) -> None:
        self.world = world
        self.answered: Counter[tuple[str, int]] = Counter()
        world.database.run(self._hire_for_a_source)
        own, theirs = world.relation(), world.relation("w.twee")
        # Registered by the worker for herself, so that a second person has something to confirm.
        waiting = world.relation("w.twee", registered_by="w.twee")
        world.register_relations(*zip(world.PEOPLE, (own, theirs, waiting), strict=False))
        world.publish(GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2026-01"})
        world.publish_nothing_else()
        self.relations = [str(uuid.UUID(bytes=each.relation_id)) for each in (own, theirs, waiting)]
        self.receipt = world.look(own.relation_id).json()["ontvangstbewijs"]
        self.looks, self.openings = self._oversee()
        self.open(self.narrowed())

    def _oversee(self) -> tuple[list[str], list[str]]:
        """A look that waits for a judgement, and openings that wait and that last; what names each."""
        hire_colleague(self.world)
        choose(self.world, newest(self.world))
        look = look_id(self.world, newest(self.world))
        openings = [opening(self.world, who, look) for who in ("p.officer", "p.tweede")]
        decide(self.world, "p.tweede", openings[0])
        self.world.database.run(lambda tx: tx.log.integrate(self.world.clock, 1_000))
        return [str(look)], openings

    def open(self, document: dict[str, Any]) -> None:
        """Ask by this document from now on."""
        self.schema = schemathesis.openapi.from_dict(document, config=CONFIG)
        self.schema.app = self.world.app

    def _hire_for_a_source(self, tx: Any) -> None:
        now = self.world.clock
        boss = Actor.in_all_roles("f.beheer", tx.staff.get("f.beheer"), second_factor=True, token_id="test")
        staffing.import_staff(tx, boss, [StaffMember("b.bron", GEMEENTE, "noord", active=True)], now)
        proposals.request_change(tx, boss, Change.grant("b.bron", Role.SOURCE_ADMIN.value), now, why=None)

    def narrowed(self) -> dict[str, Any]:
        """The document, with real cases and purposes to choose from: what is made up blindly never gets far."""
        document: dict[str, Any] = deepcopy(self.world.request("GET", "/v1/openapi.json").json())
        known = {"zorgrelatie": self.relations, "raadpleging": self.looks, "aanvraag": self.openings}
        for methods in document["paths"].values():
            for operation in methods.values():
                operation["security"] = []  # the token is ours to give
                for parameter in operation.get("parameters", ()):
                    if parameter["name"] in known:
                        parameter["schema"]["enum"] = [*known[parameter["name"]], str(uuid.UUID(int=7))]
        schemas = document["components"]["schemas"]
        schemas["NieuweZaaknummeraanvraag"]["properties"]["raadpleging"]["enum"] = self.looks
        for name in ("NieuweZaaknummeraanvraag", "Zoekopdracht"):
            schemas[name]["properties"]["dossier"]["enum"] = ["K-2026-7", "geen dossier"]
        for name in ("van", "tot"):
            schemas["Zoekopdracht"]["properties"][name]["enum"] = [str(self.world.DAY)]
        question = schemas["Raadpleegvraag"]["properties"]
        question["zorgrelatie"]["enum"] = [*self.relations, str(uuid.UUID(int=7))]
        catalogue = self.world.desk.rules.in_force(self.world.DAY).catalogue
        question["doel"]["enum"] = [*(purpose.code for purpose in catalogue.purposes), "geen-doel"]
        return document

    def ask(self, case: Any, staff_id: str | None) -> None:
        """One request, and its answer compared with the document."""
        headers = self.world.token(staff_id) if staff_id else {}
        response = case.call(headers=headers)
        self.answered[case.operation.label, response.status_code] += 1
        case.validate_response(response, checks=tuple(CHECKS.get_by_names(CHECKED)))

    def ask_all(
        self,
        staff_id: str | None,
        examples: int,
        *,
        only: str | None = None,
        modes: Iterable[GenerationMode] = GenerationMode,
    ) -> None:
        """Every operation, or one, with what its document allows and what it forbids."""
        for operation in (each for each in self.operations() if only in {None, each.label}):
            for mode in modes:
                try:
                    self._ask_much(operation.as_strategy(generation_mode=mode), staff_id, examples)
                except Unsatisfiable:
                    # Where nothing can be asked wrongly, nothing is.
                    assert mode is GenerationMode.NEGATIVE, operation.label

    def operations(self) -> list[Any]:
        """Every operation of the document."""
        found: list[Any] = list(self.schema.get_all_operations())
        return [each.ok() for each in found]

    def _ask_much(self, cases: Any, staff_id: str | None, examples: int) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def ask(case: Any) -> None:
            self.ask(case, staff_id)

        ask()

    def deliver(self, body: bytes, accept: str) -> int:
        """One delivery, and its answer compared with the document."""
        [operation] = [each for each in self.operations() if each.label == "POST /leveringen"]
        case = operation.Case(body=body, media_type="application/octet-stream")
        response = case.call(headers={"Accept": accept})
        case.validate_response(response, checks=tuple(CHECKS.get_by_names(CHECKED[:-1])))
        status: int = response.status_code
        return status


@pytest.fixture
def asking(world: Any) -> Asking:
    return Asking(world)


@pytest.mark.parametrize("staff_id", [*ROLES, None])
def test_nothing_asked_gets_an_undocumented_answer(asking: Asking, staff_id: str | None) -> None:
    asking.ask_all(staff_id, FEW)


def test_deliveries_get_documented_answers(asking: Asking) -> None:
    world = asking.world
    rows = [
        (
            None,
            SignaalRow(
                SignaalOperation.OPEN_SET, source="agb:00000002", type="wmo-voorziening", generation=2
            ),
        )
    ]
    good = world.batch(GEMEENTE, BatchClass.SIGNAAL, rows).encode()
    early = world.batch(GEMEENTE, BatchClass.SIGNAAL, rows, sequence=99).encode()
    strange = world.batch(GEMEENTE, BatchClass.SIGNAAL, rows, publisher="00000099000000000009").encode()
    spoiled = good[:-1] + bytes([good[-1] ^ 1])
    reads = "application/problem+json, application/octet-stream;q=0.1"
    assert [asking.deliver(early, accept) for accept in ("*/*", reads)] == [409, 409]
    assert [asking.deliver(body, "*/*") for body in (spoiled, good, good, strange)] == [400, 200, 200, 403]
    assert asking.deliver(good, "text/html") == 406


@pytest.mark.parametrize(
    ("hidden", "who", "label"),
    [("403", "f.beheer", "GET /zorgrelaties"), ("400", "p.officer", "GET /logregels")],
)
def test_an_answer_that_the_document_does_not_name_is_found(
    asking: Asking, hidden: str, who: str, label: str
) -> None:
    document = asking.narrowed()
    method, path = label.split()
    del document["paths"][path][method.lower()]["responses"][hidden]
    asking.open(document)
    with pytest.raises(FailureGroup):
        asking.ask_all(who, FEW, only=label)


def test_cases_purposes_and_roles_lead_to_good_answers_too(asking: Asking) -> None:
    """Or all that is compared would be refusals."""
    for who, label in GOOD:
        asking.ask_all(who, SOME, only=label, modes=[GenerationMode.POSITIVE])
    asking.ask_all("p.officer", FEW, only="POST /raadplegingen")
    good = {label for label, status in asking.answered if status in {200, 201}}
    assert good >= {label for _, label in GOOD}
    assert {status for label, status in asking.answered if label == "POST /raadplegingen"} >= {
        200,
        400,
        403,
        404,
    }


@pytest.mark.long
@pytest.mark.parametrize("staff_id", [*ROLES, None])
def test_nothing_of_much_more_gets_an_undocumented_answer(asking: Asking, staff_id: str | None) -> None:
    asking.ask_all(staff_id, MANY)
