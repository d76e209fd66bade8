"""The API document keeps every linted rule of the NL API Design Rules 2.2.0, and every rule here can be broken."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.support.design_rules import RULES, resolved

Breaks = Callable[[dict[str, Any]], Any]

GET = ("paths", "/zaken/{zaak}", "get")


def sound() -> dict[str, Any]:
    """A small document that keeps every rule."""
    problem = {
        "description": "Fout",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("status", "title", "detail")},
                }
            }
        },
    }
    good = {
        "description": "Goed",
        "headers": {"API-Version": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Zaak"}}},
    }
    zaak = {"name": "zaak", "in": "path", "required": True, "schema": {"type": "string"}}
    blad = {"name": "eersteBlad", "in": "query", "schema": {"type": "integer", "default": 1}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zaken",
            "version": "1.0.0",
            "contact": {"name": "Beheer", "email": "a@b.example", "url": "https://b.example"},
        },
        "servers": [{"url": "https://b.example/v1"}],
        "tags": [{"name": "zaken"}],
        "paths": {
            "/zaken/{zaak}": {
                "get": {
                    "operationId": "zaak",
                    "parameters": [zaak, blad],
                    "responses": {"200": good, "400": problem},
                }
            },
            "/zaken/_zoek": {"post": {"operationId": "zoek", "responses": {"200": good, "400": problem}}},
        },
        "components": {
            "schemas": {
                "Zaak": {
                    "type": "object",
                    "properties": {
                        "startDatum": {"type": "string", "format": "date"},
                        "einde_datum": {"allOf": [{"type": "string", "format": "date"}]},
                        "tijdstip": {"type": "string", "format": "date-time"},
                        "_links": {"type": "object"},
                    },
                }
            }
        },
    }


def put(*path: str | int, value: Any) -> Breaks:
    """Puts a value at a place."""

    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return change


def drop(*path: str | int) -> Breaks:
    """Takes away what is at a place."""

    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return change


def rename(old: str, new: str) -> Breaks:
    """Gives a path another name."""

    def change(document: dict[str, Any]) -> None:
        document["paths"][new] = document["paths"].pop(old)

    return change


ANSWER = (*GET, "responses", "200")
FAULT = (*GET, "responses", "400")
BODY = ("components", "schemas", "Zaak", "properties")

# What breaks each rule, in as many ways as the rule has parts.
BREAKING: dict[str, list[Breaks]] = {
    "is_openapi": [
        put("paths", value=[]),
        drop("info", "title"),
        put("components", "schemas", "Zaak", "type", value="ding"),
    ],
    "operation_ids_are_unique": [put("paths", "/zaken/_zoek", "post", "operationId", value="zaak")],
    "path_parameters_are_declared": [
        put(*GET, "parameters", value=[]),
        put(*GET, "parameters", 0, "required", value=False),
        put(*GET, "parameters", 0, "name", value="ander"),
        rename("/zaken/{zaak}", "/zaken/{zaak}/{zaak}"),
    ],
    "tags_are_unique": [put("tags", value=[{"name": "zaken"}, {"name": "zaken"}])],
    "media_examples_fit": [
        put(*ANSWER, "content", "application/json", "example", value=7),
        put(*ANSWER, "content", "application/json", "examples", value={"een": {"value": "x"}}),
    ],
    "schema_examples_fit": [
        put(*GET, "parameters", 1, "schema", "default", value="een"),
        put(*BODY, "startDatum", "examples", value=[7]),
    ],
    "server_variables_are_declared": [
        put("servers", 0, "url", value="https://{host}/v1"),
        put("servers", 0, "variables", value={"host": {"default": "b.example"}}),
    ],
    "there_are_servers": [drop("servers"), put("servers", value=[])],
    "root_names_openapi": [drop("openapi")],
    "openapi_is_version_3": [put("openapi", value="2.0")],
    "good_answers_have_headers": [drop(*ANSWER, "headers")],
    "good_answers_say_the_version": [put(*ANSWER, "headers", value={"ETag": {"schema": {"type": "string"}}})],
    "servers_say_the_major_version": [put("servers", 0, "url", value="https://b.example")],
    "servers_are_https": [put("servers", 0, "url", value="http://b.example/v1")],
    "no_slash_at_the_end": [rename("/zaken/{zaak}", "/zaken/{zaak}/")],
    "no_space_before_a_slash": [rename("/zaken/{zaak}", "/zaken/{zaak} /")],
    "version_is_semantic": [put("info", "version", value="1.0"), put("info", "version", value="v1.0.0")],
    "there_is_a_contact": [drop("info", "contact")],
    "contact_is_complete": [drop("info", "contact", name) for name in ("name", "email", "url")],
    "methods_are_standard": [put("paths", "/zaken/{zaak}", "search", value={"responses": {}})],
    "paths_are_kebab_case": [
        rename("/zaken/{zaak}", "/mijnZaken/{zaak}"),
        rename("/zaken/{zaak}", "/mijn_zaken/{zaak}"),
        rename("/zaken/_zoek", "/_zoek/zaken"),
    ],
    "query_keys_are_camel_case": [
        put(*GET, "parameters", 1, "name", value="eerste_blad"),
        put(
            "components", "securitySchemes", value={"S": {"type": "apiKey", "in": "query", "name": "API-key"}}
        ),
    ],
    "schemas_are_pascal_case": [put("components", "schemas", "de_zaak", value={"type": "object"})],
    "link_properties_are_camel_case": [put(*BODY, "mijn_Links", value={"type": "object"})],
    "errors_are_problems": [
        put(*FAULT, "content", value={"application/json": {"schema": {"type": "object"}}})
    ],
    "problems_say_what_and_why": [
        drop(*FAULT, "content", "application/problem+json", "schema", "properties", name)
        for name in ("status", "title", "detail")
    ],
    "wrong_input_is_400": [
        drop(*FAULT),
        drop("paths", "/zaken/_zoek", "post", "responses", "400"),
    ],
    "moments_have_a_zone": [put(*BODY, "tijdstip", "format", value="date-time-local")],
    "clock_times_have_no_zone": [put(*BODY, "tijdstip", "format", value="time")],
    "dates_have_a_format": [
        drop(*BODY, "startDatum", "format"),
        put(*BODY, "datum", value={"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}),
        put(*BODY, "einde_datum", "allOf", value=[{"type": "string"}]),
    ],
    "dates_are_no_moments": [
        put(*BODY, "startDatum", "format", value="date-time"),
        put(*BODY, "einde_datum", "allOf", value=[{"type": "string", "format": "date-time"}]),
    ],
}


def test_there_are_as_many_rules_as_logius_lints() -> None:
    assert len(RULES) == 31
    assert BREAKING.keys() == RULES.keys()


@pytest.mark.parametrize("name", RULES)
def test_the_document_keeps_the_rule(committed: dict[str, Any], name: str) -> None:
    assert RULES[name](resolved(committed)) == []


@pytest.mark.parametrize("name", RULES)
def test_a_sound_document_keeps_the_rule_and_each_broken_one_breaks_it(name: str) -> None:
    assert RULES[name](resolved(sound())) == []
    for breaks in BREAKING[name]:
        document = deepcopy(sound())
        breaks(document)
        assert RULES[name](resolved(document)), name
