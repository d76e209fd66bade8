"""Brings the English words of the pages up to date with what the pages say in Dutch.

    python deploy/site/words.py          adds what is new (untranslated), drops what is gone
    python deploy/site/words.py --check  says what would change, and changes nothing

The Dutch text itself is the key. It is found in templates (`_()`, `trans`), in Python where it is marked with `say()`,
and in the errors that can reach a page.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "signal_index"
TEMPLATES = PRODUCT / "web/pages/templates"
ENGLISH = PRODUCT / "web/pages/locale/en.po"

# Nothing of these reaches a page: they serve systems, or the command line.
_NOT_FOR_PAGES = (
    "cli/",
    "insecure_issuer.py",
    "settings/",
    "usecases/administration/appointing.py",
    "usecases/administration/entries.py",
    "usecases/administration/register.py",
    "usecases/administration/staff.py",
    "usecases/delivery/",
    "usecases/exporting.py",
    "usecases/oversee.py",
    "usecases/rulebook/proposing.py",
    "web/api/",
    "web/identity.py",
    "web/oversight.py",
    "web/sources.py",
    "web/strict.py",
    "web/administration/",
    "web/sourcing/",
    "web/workers.py",
    "wire/",
    "wiring/",
    "witnessing/",
)
_ERRORS = frozenset(
    {
        "Conflict",
        "LimitExceeded",
        "Malformed",
        "NotAuthenticated",
        "NotFound",
        "NotPermitted",
        "Unavailable",
    }
)
_MARK = "say"
_KIND = "Kind"  # the table of problem types; its titles are headings of error pages
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
# As the pages' own environment reads them, or a message with a line break in it would not be found.
_JINJA = {
    "extensions": "jinja2.ext.i18n",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Message = str | tuple[str, str]


@dataclass
class Found:
    """What the pages say.

    Args:
        messages: each text, or (one, many), with the files it stands in.
        composed: texts that are put together while running, as `file: source`; nobody can translate these.
    """

    messages: dict[Message, set[str]] = field(default_factory=dict)
    composed: set[str] = field(default_factory=set)

    def add(self, message: Message, file: str) -> None:
        """Note one text."""
        self.messages.setdefault(message, set()).add(file)


def find(root: Path = ROOT) -> Found:
    """Everything the pages say."""
    found = Found()
    for template in sorted((root / TEMPLATES.relative_to(ROOT)).rglob("*.html")):
        for message in in_template(template.read_bytes()):
            found.add(message, str(template.relative_to(root)))
    product = root / PRODUCT.relative_to(ROOT)
    for file in sorted(product.rglob("*.py")):
        if not str(file.relative_to(product)).startswith(_NOT_FOR_PAGES):
            texts, composed = in_python(file.read_text(encoding="utf-8"))
            name = str(file.relative_to(root))
            for text in texts:
                found.add(text, name)
            found.composed |= {f"{name}: {source}" for source in composed}
    return found


def in_template(content: bytes) -> Iterator[Message]:
    """The messages of one template."""
    for _, message, _, _ in extract("jinja2", BytesIO(content), _KEYWORDS, (), _JINJA):
        yield message if isinstance(message, str) else (message[0], message[1])


def in_python(source: str) -> tuple[set[str], set[str]]:
    """The texts one module can put on a page, and the source of those that are composed while running."""
    tree = ast.parse(source)
    texts: set[str] = set()
    composed: set[str] = set()
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))]:
        assigned = dict(_assigned(scope))
        for node in _own_nodes(scope):
            for part in _texts_of(node):
                value = assigned.get(part.id, part) if isinstance(part, ast.Name) else part
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    texts.add(value.value)
                elif isinstance(value, ast.JoinedStr):
                    composed.add(ast.unparse(value))
    return texts, composed


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """What stands in this module or function, but not in a function inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, _FUNCTIONS):
            yield child
            yield from _own_nodes(child)


def _assigned(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in _own_nodes(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _texts_of(node: ast.AST) -> Iterable[ast.expr]:
    """The expressions in this node that hold a text for people."""
    if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
        return node.value.elts[1:]  # (field, what is wrong with it)
    if not isinstance(node, ast.Call):
        return ()
    name = ast.unparse(node.func).rpartition(".")[2]
    if name == _MARK:
        return node.args
    if name == _KIND:
        return node.args[2:3]
    if name in _ERRORS:
        pairs = [pair for each in node.args[2:] for pair in ast.walk(each) if isinstance(pair, ast.Tuple)]
        return [*node.args[1:2], *(pair.elts[1] for pair in pairs if len(pair.elts) == 2)]
    return ()


def updated(found: Found, known: Catalog) -> Catalog:
    """The catalogue with exactly what was found; what was translated stays translated."""
    fresh = Catalog(locale="en", fuzzy=False)
    for message, files in sorted(found.messages.items(), key=lambda each: str(each[0])):
        entry = known.get(message if isinstance(message, str) else message[0])
        translated = entry.string if entry is not None and entry.id == message else None
        fresh.add(message, translated, locations=[(file, 0) for file in sorted(files)])
    return fresh


def written(catalogue: Catalog) -> bytes:
    """The catalogue as it is kept: sorted, without line numbers or dates, so that only words change it."""
    target = BytesIO()
    write_po(target, catalogue, width=110, omit_header=True, sort_output=True, include_lineno=False)
    return (
        b"# English words of the pages; made with deploy/site/words.py, translated by hand.\n\n"
        + target.getvalue()
    )


def load(path: Path = ENGLISH) -> Catalog:
    """The English catalogue as it is."""
    with path.open("rb") as source:
        return read_po(source, locale="en", abort_invalid=True)


def main(arguments: list[str]) -> int:
    """Update the catalogue, or say what would change."""
    content = written(updated(find(), load()))
    if content == ENGLISH.read_bytes():
        print("The English words are up to date.")
        return 0
    if "--check" in arguments:
        print("The English words are not up to date: run python deploy/site/words.py.")
        return 1
    ENGLISH.write_bytes(content)
    missing = [message.id for message in load() if message.id and not any(message.string or ())]
    print(f"Updated {ENGLISH.relative_to(ROOT)}; {len(missing)} to translate.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
