"""What an engine is asked, what it answers, and the two that must agree.

- `cedar`: Cedar itself, which knows the schema and is the reference.
- `compiled`: the same rules as Python closures, made from the tree that Cedar parses.
- `misses`: the conditions of the compiled rules one by one, to explain an answer and never to give one.
- `agreed`: the only one that decisions come from. It asks both, and remembers what they agreed on.
"""

from policy.engine.questions import (
    LOOKUP,
    PRINCIPAL,
    TYPE_ENTITY,
    Answer,
    Engine,
    EngineSource,
    Question,
    Verdict,
)

__all__ = [
    "LOOKUP",
    "PRINCIPAL",
    "TYPE_ENTITY",
    "Answer",
    "Engine",
    "EngineSource",
    "Question",
    "Verdict",
]
