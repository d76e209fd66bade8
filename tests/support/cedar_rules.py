"""Small Cedar rules at random: every operator that both engines know, mostly of the right kinds, often with errors.

Drawn by a seeded generator, each operator as often as another: a search that varies what it had before visits the
same few operators.
"""

import json
from random import Random

import cedarpy

from policy.engine import EngineSource

TYPES = ("een", "twee", "bestaat-niet")
SCHEMA = """
entity Medewerker;
entity Catalogus { woorden: Set<String> };
entity Signaaltype { soort: String, gevoelig: Bool, woorden: Set<String>, misschien?: Bool };
entity Raadpleging {
  ja: Bool, tekst: String, getal: Long, op: datetime,
  woorden: Set<String>, getallen: Set<Long>, misschien?: Bool,
};
action toon_aanwezigheid, toon_bron, toon_contact appliesTo {
  principal: Medewerker, resource: Signaaltype, context: { raadpleging: Raadpleging },
};
"""

_LOOKUP = "context.raadpleging"
_WORDS = ("a", "ab", "*", "é", "")
_DAYS = ("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000+0100", "1969-12-31T23:59:59.999Z")
_LONGS = (0, 1, -1, 2, 3, 2**63 - 1, -(2**63))
_LEVELS = tuple(f'Action::"toon_{name}"' for name in ("aanwezigheid", "bron", "contact"))
_ENTITIES = (
    "principal",
    "action",
    "resource",
    _LOOKUP,
    'Catalogus::"geldend"',
    'Catalogus::"weg"',
    'Signaaltype::"een"',
    'Medewerker::"vrager"',
    *_LEVELS,
)
_KINDS = ("bool", "long", "text", "moment", "words", "longs", "entity")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_LEAVES = {
    "bool": [
        "true",
        "false",
        f"{_LOOKUP}.ja",
        f"{_LOOKUP}.misschien",
        "resource.gevoelig",
        "resource.misschien",
    ],
    "long": [*(f"({number})" for number in _LONGS), f"{_LOOKUP}.getal"],
    "text": [*map(_quoted, _WORDS), f"{_LOOKUP}.tekst", "resource.soort"],
    "moment": [*(f'datetime("{day}")' for day in _DAYS), f"{_LOOKUP}.op"],
    "words": [
        f"{_LOOKUP}.woorden",
        "resource.woorden",
        'Catalogus::"geldend".woorden',
        'Catalogus::"weg".woorden',
    ],
    "longs": [f"{_LOOKUP}.getallen", "[1, 2]", "[]"],
    "entity": list(_ENTITIES),
}


# Per operator its templates, each with the kinds of its operands and the kind it gives.
_OPERATORS: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "and": [("({} && {})", ("bool", "bool"), "bool")],
    "or": [("({} || {})", ("bool", "bool"), "bool")],
    "not": [("(!({}))", ("bool",), "bool")],
    "if": [("(if {} then {} else {})", ("bool", kind, kind), kind) for kind in _KINDS],
    **{sign: [(f"({{}} {sign} {{}})", (kind,) * 2, "bool") for kind in _KINDS] for sign in ("==", "!=")},
    **{
        sign: [(f"({{}} {sign} {{}})", (kind,) * 2, "bool") for kind in ("long", "moment")]
        for sign in ("<", "<=", ">", ">=")
    },
    **{sign: [(f"({{}} {sign} {{}})", ("long", "long"), "long")] for sign in "+-*"},
    "neg": [("(-({}))", ("long",), "long")],
    "in": [("({} in {})", ("entity",) * 2, "bool"), ("({} in [{}, {}])", ("entity",) * 3, "bool")],
    "is": [
        ("({} is Signaaltype)", ("entity",), "bool"),
        ("({} is Catalogus in {})", ("entity",) * 2, "bool"),
        ("({} is Signaaltype in {})", ("entity",) * 2, "bool"),
    ],
    "has": [(f"({{}} has {name})", ("entity",), "bool") for name in ("misschien", "woorden", "niets")],
    "like": [
        (f'({{}} like "{pattern}")', ("text",), "bool")
        for pattern in ("a*", "*b", "*", "", r"\*", "a", "*é*")
    ],
    "contains": [
        ("({}).contains({})", ("words", "text"), "bool"),
        ("({}).contains({})", ("longs", "long"), "bool"),
    ],
    **{
        name: [(f"({{}}).{name}({{}})", (kind,) * 2, "bool") for kind in ("words", "longs")]
        for name in ("containsAll", "containsAny")
    },
    "isEmpty": [("({}).isEmpty()", (kind,), "bool") for kind in ("words", "longs")],
    "set": [("[{}, {}]", ("text",) * 2, "words"), ("[{}, {}]", ("long",) * 2, "longs")],
}


_GIVING = {
    kind: [found for each in _OPERATORS.values() if (found := [one for one in each if one[2] == kind])]
    for kind in _KINDS
}
_PRINCIPALS = [*["principal"] * 9, "principal is Medewerker", 'principal == Medewerker::"ander"']
_ACTIONS = [
    *["action"] * 9,
    f"action == {_LEVELS[0]}",
    f"action in [{', '.join(_LEVELS[:2])}]",
    f"action in {_LEVELS[2]}",
]
_RESOURCES = [
    *["resource"] * 9,
    "resource is Signaaltype",
    'resource == Signaaltype::"een"',
    'resource in Catalogus::"geldend"',
    'resource is Signaaltype in Signaaltype::"twee"',
]


def _expression(draw: Random, kind: str, depth: int) -> str:
    """The text of an expression, one in eight of another kind than asked."""
    if draw.random() < 0.125:
        kind = draw.choice(_KINDS)
    if depth == 0 or not _GIVING[kind] or draw.random() < 0.25:
        return draw.choice(_LEAVES[kind])
    template, operands, _ = draw.choice(draw.choice(_GIVING[kind]))
    return template.format(*(_expression(draw, each, depth - 1) for each in operands))


def rule(draw: Random) -> str:
    """The text of one rule. Where nothing forbids, every grant that holds is named; so most rules are grants."""
    effect = "forbid" if draw.random() < 0.05 else "permit"
    head = ", ".join(map(draw.choice, (_PRINCIPALS, _ACTIONS, _RESOURCES)))
    clauses = [
        f"{draw.choice(('when', 'unless'))} {{ {_expression(draw, 'bool', draw.randint(1, 3))} }}"
        for _ in range(draw.choice((1, 1, 1, 2)))
    ]
    return f"{effect} ({head}) {' '.join(clauses)};"


def lookup(draw: Random) -> dict[str, object]:
    """The attributes of one look-up."""
    day = {"__extn": {"fn": "datetime", "arg": draw.choice(_DAYS)}}
    attributes: dict[str, object] = {
        "ja": draw.random() < 0.5,
        "tekst": draw.choice(_WORDS),
        "getal": draw.choice(_LONGS),
        "op": day,
        "woorden": draw.sample(_WORDS, draw.randint(0, 3)),
        "getallen": draw.sample(_LONGS, draw.randint(0, 3)),
    }
    return attributes | ({"misschien": draw.random() < 0.5} if draw.random() < 0.5 else {})


def source_of(*texts: str) -> EngineSource:
    """What engines are built from, for rules called r0, r1 and so on."""
    parsed = [json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"] for text in texts]
    policies = {f"r{number}": next(iter(each.values())) for number, each in enumerate(parsed)}
    entities = [
        _entity("Medewerker", "vrager", {}),
        _entity("Catalogus", "geldend", {"woorden": ["a", "ab"]}),
        _entity("Signaaltype", "een", {"soort": "a", "gevoelig": False, "woorden": ["a"], "misschien": True}),
        _entity("Signaaltype", "twee", {"soort": "*", "gevoelig": True, "woorden": []}),
    ]
    return EngineSource(
        schema=SCHEMA,
        policies=json.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []}),
        entities=json.dumps(entities),
    )


def _entity(kind: str, name: str, attributes: dict[str, object]) -> dict[str, object]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}
