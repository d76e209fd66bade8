"""Every word on a page is there in English too, and nothing else is."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from deploy.site.words import ENGLISH, Found, Message, find, in_python, in_template, load, updated, written
from signal_index.web.markup.words import load_words

PAGES = Path(__file__).parents[2] / "signal_index/web/pages"
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|<(/?\w+)|%(?!\()")
# Composed while running, and replaced by a fixed text before a page shows them.
REPLACED = {
    "signal_index/usecases/authority.py": "role",
    "signal_index/store/cells.py": "damaged-row",
    "signal_index/usecases/administration/changes.py": "conflicting-role",
}
SENTENCE = re.compile(r"[A-Z][^_]* .*[a-z.?!]")


@pytest.fixture(scope="module")
def found() -> Found:
    return find()


@pytest.fixture(scope="module")
def english() -> Catalog:
    return load()


def forms(message: Any) -> list[str]:
    """The text of a message, or of each of its plural forms."""
    return [message] if isinstance(message, str) else list(message)


def test_the_english_catalogue_holds_exactly_what_the_pages_say(found: Found, english: Catalog) -> None:
    known: set[Message] = {
        entry.id if isinstance(entry.id, str) else (entry.id[0], entry.id[1]) for entry in english if entry.id
    }
    assert len(found.messages) > 200
    assert not found.messages.keys() - known, "run deploy/site/words.py and translate"
    assert not known - found.messages.keys(), "run deploy/site/words.py"


def test_every_text_is_translated_in_every_form(english: Catalog) -> None:
    missing = [entry.id for entry in english if entry.id and not all(forms(entry.string))]
    assert not missing, missing
    assert not [entry.id for entry in english if entry.id and entry.fuzzy]


def test_a_translation_keeps_the_places_and_the_markup_of_its_original(english: Catalog) -> None:
    for entry in filter(lambda each: each.id, english):
        wanted = {tuple(sorted(PLACEHOLDER.findall(form))) for form in forms(entry.id)}
        for form in forms(entry.string):
            assert tuple(sorted(PLACEHOLDER.findall(form))) in wanted, (entry.id, form)


def test_the_catalogue_is_kept_as_the_script_writes_it(found: Found, english: Catalog) -> None:
    assert written(updated(found, english)) == ENGLISH.read_bytes(), "run deploy/site/words.py"


def test_what_is_composed_while_running_never_reaches_a_page_as_it_is(found: Found) -> None:
    unknown = [each for each in found.composed if each.partition(":")[0] not in REPLACED]
    assert not unknown, f"write these out, so that they can be translated: {unknown}"
    reception = (PAGES.parent / "reception.py").read_text(encoding="utf-8")
    assert all(f'"{code}": ' in reception for code in REPLACED.values())


def test_no_page_says_a_text_that_is_not_marked(found: Found) -> None:
    said = {form for message in found.messages for form in forms(message)}
    for file in PAGES.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documents = {
            node.body[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        texts = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents
        ]
        unmarked = [text for text in texts if SENTENCE.fullmatch(text) and text not in said]
        assert not unmarked, (file.name, unmarked)


def test_a_page_in_english_counts_and_asks_as_english_does() -> None:
    words = load_words(ENGLISH)
    one, many = "U wordt over %(count)s minuut uitgelogd.", "U wordt over %(count)s minuten uitgelogd."
    assert words["en"].ngettext(one, many, 1) != words["en"].ngettext(one, many, 2)
    assert words["nl"].ngettext(one, many, 1) == one
    assert words["en"].gettext("Uitloggen") == "Sign out"
    assert words["nl"].gettext("Uitloggen") == "Uitloggen"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('say("Een tekst.")', {"Een tekst."}),
        ('X = {1: say("Een " "tekst.")}', {"Een tekst."}),
        ('raise NotFound("weg", "Niet gevonden.")', {"Niet gevonden."}),
        ('def f():\n    text = "Later."\n    raise errors.Unavailable("vol", text, 3)', {"Later."}),
        (
            'raise Malformed("x", "Fout.", (("van", "Kies."), ("tot", "Kies ook.")))',
            {"Fout.", "Kies.", "Kies ook."},
        ),
        ('def f():\n    yield "van", "Kies."', {"Kies."}),
        ('K = Kind("not-found", 404, "Niet gevonden")', {"Niet gevonden"}),
        ('log("Geen tekst voor mensen")', set()),
        ('raise ValueError("x", "Geen tekst")', set()),
    ],
)
def test_a_planted_text_in_python_is_found(source: str, texts: set[str]) -> None:
    assert in_python(source) == (texts, set())


def test_a_planted_composed_text_is_found() -> None:
    assert in_python('raise NotFound("weg", f"Geen {ding}.")') == (set(), {"f'Geen {ding}.'"})


def test_planted_texts_in_a_template_are_found_as_the_page_would_ask_for_them() -> None:
    template = (
        b'{{ _("Een") }}\n{% if x %}{{ ui.button(_("Twee")) }}{% endif %}\n'
        b"{% trans n=x %}Drie {{ n }}.{% endtrans %}{% trans count=y %}{{ count }} dag{% pluralize %}"
        b"{{ count }} dagen{% endtrans %}"
    )
    assert list(in_template(template)) == ["Een", "Twee", "Drie %(n)s.", ("%(count)s dag", "%(count)s dagen")]


def test_a_text_that_is_new_changed_or_gone_is_seen() -> None:
    known = Catalog(locale="en")
    known.add("Blijft", "Stays")
    known.add("Weg", "Gone")
    fresh = updated(Found({"Blijft": {"a"}, "Nieuw": {"a"}, ("dag", "dagen"): {"b"}}), known)
    assert {entry.id: entry.string for entry in fresh if entry.id} == {
        "Blijft": "Stays",
        "Nieuw": None,
        ("dag", "dagen"): ("", ""),
    }
