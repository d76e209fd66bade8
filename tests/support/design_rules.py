"""The rules of the NL API Design Rules 2.2.0 that a document can break, each as a predicate in our own words.

The published rules are for another linter (`make lint-api`); these hold wherever Python does. Each takes a whole
document with its references in place and gives the places at fault; none means that the rule holds.

Source: NL API Design Rules 2.2.0, Logius; OpenAPI 3.1.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
from fastapi.openapi.models import OpenAPI
from pydantic import ValidationError

Document = Mapping[str, Any]
Rule = Callable[[Document], list[str]]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
RULES: dict[str, Rule] = {}

_SEGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.json|\.yaml)?|\{[^{}]+\}")
_SEARCH = re.compile(r"_[a-z0-9]+")
_CAMEL = re.compile(r"\$?[a-z][a-z0-9]*([A-Z][a-z0-9]*)*")
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
_SEMVER = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_IS_DATE = re.compile(r"(date|datum)|.*(_[dD]|\wD)(ate|atum).*")
_VARIABLE = re.compile(r"\{([^{}]+)\}")


def rule(check: Rule) -> Rule:
    """Put a predicate on the list, under its own name."""
    RULES[check.__name__] = check
    return check


# --- Walking a document -------------------------------------------------------------------------------------------


def resolved(document: Document) -> dict[str, Any]:
    """The document with every reference replaced by what it points at; our schemas do not refer to themselves."""

    def put(node: Any) -> Any:
        if isinstance(node, Mapping):
            if "$ref" in node:
                return put(_at(document, str(node["$ref"])))
            return {name: put(value) for name, value in node.items()}
        return [put(each) for each in node] if isinstance(node, list) else node

    found: dict[str, Any] = put(document)
    return found


def _at(document: Document, reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def operations(document: Document) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Each operation as (`GET /path`, the path's own members, the operation)."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item, item[method]


def parameters(item: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of the path and of the operation."""
    return [*item.get("parameters", ()), *operation.get("parameters", ())]


def answers(document: Document, families: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each answer with a status of these families, such as `23`."""
    for place, _, operation in operations(document):
        for status, answer in operation.get("responses", {}).items():
            if str(status)[0] in families:
                yield f"{place} {status}", answer


def nodes(node: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object in the document, with where it stands."""
    if isinstance(node, Mapping):
        yield place, node
        for name, value in node.items():
            yield from nodes(value, f"{place}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from nodes(value, f"{place}/{number}")


def properties(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every property of every schema: (place, name, schema)."""
    for place, node in nodes(document):
        found = node.get("properties")
        if isinstance(found, Mapping):
            for name, schema in found.items():
                if isinstance(schema, Mapping):
                    yield f"{place}/properties/{name}", str(name), schema


def twice(values: list[str]) -> list[str]:
    """What is there more than once."""
    return sorted({value for value in values if values.count(value) > 1})


# --- The document is OpenAPI --------------------------------------------------------------------------------------


@rule
def is_openapi(document: Document) -> list[str]:
    """It has the members of OpenAPI, in their forms, and its schemas are JSON Schemas."""
    try:
        OpenAPI.model_validate(document)
    except ValidationError as error:
        return ["/".join(str(step) for step in fault["loc"]) for fault in error.errors()]
    schemas = document.get("components", {}).get("schemas", {})
    return [name for name, schema in schemas.items() if not jsonschema_rs.meta.is_valid(dict(schema))]


@rule
def operation_ids_are_unique(document: Document) -> list[str]:
    """No two operations have one id."""
    return twice([str(op["operationId"]) for _, _, op in operations(document) if "operationId" in op])


@rule
def path_parameters_are_declared(document: Document) -> list[str]:
    """Every variable in a path is a required parameter, every path parameter is a variable, and none comes twice."""
    faults = []
    for place, item, operation in operations(document):
        found = [each for each in parameters(item, operation) if each.get("in") == "path"]
        names = [str(each["name"]) for each in found]
        variables = _VARIABLE.findall(place)
        whole = set(names) == set(variables) and not twice(names) and not twice(variables)
        if not whole or not all(each.get("required") is True for each in found):
            faults.append(place)
    return faults


@rule
def tags_are_unique(document: Document) -> list[str]:
    """No two tags have one name."""
    return twice([str(tag.get("name")) for tag in document.get("tags", ())])


def _misfits(value: Any, schema: Mapping[str, Any]) -> bool:
    return not jsonschema_rs.is_valid(dict(schema), value)


@rule
def media_examples_fit(document: Document) -> list[str]:
    """An example of a body fits its schema."""
    faults = []
    for place, node in nodes(document):
        if "schema" not in node or not isinstance(node["schema"], Mapping):
            continue
        named = [each.get("value") for each in dict(node.get("examples", {})).values()]
        given = [*([node["example"]] if "example" in node else []), *named]
        faults += [place for value in given if _misfits(value, node["schema"])]
    return faults


@rule
def schema_examples_fit(document: Document) -> list[str]:
    """An example or default in a schema fits that schema."""
    faults = []
    for place, node in nodes(document):
        if "type" not in node or not isinstance(node["type"], str) or "in" in node:
            continue
        listed = node.get("examples", [])
        given = [
            *(listed if isinstance(listed, list) else []),
            *(node[n] for n in ("example", "default") if n in node),
        ]
        bare = {name: value for name, value in node.items() if name not in {"example", "examples", "default"}}
        faults += [place for value in given if _misfits(value, bare)]
    return faults


@rule
def server_variables_are_declared(document: Document) -> list[str]:
    """Every variable in the address of a server has a default, and every declared one is in it."""
    faults = []
    for server in document.get("servers", ()):
        declared = server.get("variables", {})
        named = set(_VARIABLE.findall(server.get("url", "")))
        if named != set(declared) or not all("default" in each for each in declared.values()):
            faults.append(str(server.get("url")))
    return faults


@rule
def there_are_servers(document: Document) -> list[str]:
    """It says where the interface is."""
    return [] if document.get("servers") else ["servers"]


@rule
def root_names_openapi(document: Document) -> list[str]:
    """It says that it is OpenAPI."""
    return [] if document.get("openapi") else ["openapi"]


@rule
def openapi_is_version_3(document: Document) -> list[str]:
    """Of version 3."""
    return [] if re.fullmatch(r"3(\.\d+){1,2}", str(document.get("openapi", ""))) else ["openapi"]


# --- Versions and addresses ---------------------------------------------------------------------------------------


@rule
def good_answers_have_headers(document: Document) -> list[str]:
    """Every 2xx and 3xx names headers at all."""
    return [place for place, answer in answers(document, "23") if not answer.get("headers")]


@rule
def good_answers_say_the_version(document: Document) -> list[str]:
    """Among them the full version."""
    return [
        place
        for place, answer in answers(document, "23")
        if "headers" in answer and "api-version" not in {str(name).lower() for name in answer["headers"]}
    ]


@rule
def servers_say_the_major_version(document: Document) -> list[str]:
    """The address of a server has the major version in it."""
    urls = [str(server.get("url")) for server in document.get("servers", ())]
    return [url for url in urls if not re.search(r"/v\d+(/|$)", url)]


@rule
def servers_are_https(document: Document) -> list[str]:
    """And nobody reads along on the way there."""
    urls = [str(server.get("url")) for server in document.get("servers", ())]
    return [url for url in urls if not url.startswith("https://")]


@rule
def no_slash_at_the_end(document: Document) -> list[str]:
    """A path does not end with a slash."""
    return [path for path in document.get("paths", {}) if len(path) > 1 and path.endswith("/")]


@rule
def no_space_before_a_slash(document: Document) -> list[str]:
    """Nor with a space and a slash."""
    return [path for path in document.get("paths", {}) if re.search(r"\s/?$", path)]


@rule
def version_is_semantic(document: Document) -> list[str]:
    """The version of the interface has three numbers."""
    version = str(document.get("info", {}).get("version", ""))
    return [] if _SEMVER.fullmatch(version) else ["info/version"]


# --- Contact ------------------------------------------------------------------------------------------------------


@rule
def there_is_a_contact(document: Document) -> list[str]:
    """It says whom to ask."""
    return [] if document.get("info", {}).get("contact") else ["info/contact"]


@rule
def contact_is_complete(document: Document) -> list[str]:
    """By name, e-mail address and page."""
    contact = document.get("info", {}).get("contact", {})
    return [name for name in ("name", "email", "url") if not contact.get(name)]


# --- Names --------------------------------------------------------------------------------------------------------


@rule
def methods_are_standard(document: Document) -> list[str]:
    """Under a path stand the methods of the rules, and nothing that looks like one."""
    known = {
        "get",
        "put",
        "post",
        "delete",
        "patch",
        "head",
        "parameters",
        "summary",
        "description",
        "servers",
    }
    return [
        f"{path} {name}"
        for path, item in document.get("paths", {}).items()
        for name in item
        if name not in known
    ]


@rule
def paths_are_kebab_case(document: Document) -> list[str]:
    """Segments are lower case with hyphens; only the last may begin with an underscore."""

    def fits(path: str) -> bool:
        *before, last = path.strip("/").split("/")
        first = all(_SEGMENT.fullmatch(each) for each in before)
        return first and bool(_SEGMENT.fullmatch(last) or _SEARCH.fullmatch(last))

    return [path for path in document.get("paths", {}) if path != "/" and not fits(path)]


@rule
def query_keys_are_camel_case(document: Document) -> list[str]:
    """Keys in a query, also those of an API key, are lowerCamelCase."""
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    asked = [each for _, item, op in operations(document) for each in parameters(item, op)]
    keys = [str(each["name"]) for each in [*asked, *schemes] if each.get("in") == "query"]
    return [key for key in keys if not _CAMEL.fullmatch(key)]


@rule
def schemas_are_pascal_case(document: Document) -> list[str]:
    """Names of schemas are UpperCamelCase."""
    return [name for name in document.get("components", {}).get("schemas", {}) if not _PASCAL.fullmatch(name)]


@rule
def link_properties_are_camel_case(document: Document) -> list[str]:
    """A property for links is lowerCamelCase after its underscore."""
    return [
        place
        for place, name, _ in properties(document)
        if "_links" in name.lower() and not _CAMEL.fullmatch(name.removeprefix("_"))
    ]


# --- Errors -------------------------------------------------------------------------------------------------------


def _problems(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = answer.get("content", {})
    return [
        content[name] for name in ("application/problem+json", "application/problem+xml") if name in content
    ]


@rule
def errors_are_problems(document: Document) -> list[str]:
    """Every 4xx and 5xx with a body can be a problem document."""
    return [
        place for place, answer in answers(document, "45") if "content" in answer and not _problems(answer)
    ]


@rule
def problems_say_what_and_why(document: Document) -> list[str]:
    """Which has a status, a title and a detail."""
    wanted = {"status", "title", "detail"}
    return [
        place
        for place, answer in answers(document, "45")
        for media in _problems(answer)
        if not wanted <= media.get("schema", {}).get("properties", {}).keys()
    ]


@rule
def wrong_input_is_400(document: Document) -> list[str]:
    """Whatever takes input can answer 400."""
    return [
        place
        for place, item, operation in operations(document)
        if (place.split()[0] in {"POST", "PUT", "PATCH"} or parameters(item, operation))
        and "400" not in operation.get("responses", {})
    ]


# --- Dates and times ----------------------------------------------------------------------------------------------


@rule
def moments_have_a_zone(document: Document) -> list[str]:
    """No moment without a time zone."""
    return [place for place, _, schema in properties(document) if schema.get("format") == "date-time-local"]


@rule
def clock_times_have_no_zone(document: Document) -> list[str]:
    """A time of day is local."""
    return [place for place, _, schema in properties(document) if schema.get("format") == "time"]


@rule
def dates_have_a_format(document: Document) -> list[str]:
    """A property named as a date says its format, itself or in every part it is made of."""

    def says(schema: Mapping[str, Any]) -> bool:
        parts = schema.get("allOf", [])
        return "format" in schema or (bool(parts) and all("format" in part for part in parts))

    return [
        place for place, name, schema in properties(document) if _IS_DATE.fullmatch(name) and not says(schema)
    ]


@rule
def dates_are_no_moments(document: Document) -> list[str]:
    """And that format is not one of a moment."""
    return [
        place
        for place, name, schema in properties(document)
        if _IS_DATE.fullmatch(name) and "date-time" in {node.get("format") for _, node in nodes(schema)}
    ]
