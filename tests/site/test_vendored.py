"""The look of the pages is what the lock says, loads nothing from elsewhere, and every class in use exists.

What these tests cannot see, how it looks and whether a screen reader can follow it, is for eyes and for axe.
"""

import colorsys
import gzip
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]
STATIC = PROJECT / "signal_index/web/pages/static"
TEMPLATES = PROJECT / "signal_index/web/pages/templates"
STYLESHEETS = ("nlds.css", "theme.css", "app.css")
FIRST_LOAD_BYTES = 45_000

LOADS = re.compile(r"@import|@font-face|url\(|image-set\(|https?:(?!//www\.w3\.org/)", re.IGNORECASE)
MARKUP = re.compile(
    r"\sstyle\s*=|<style\b|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
)
STRINGS_TO_CODE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(|srcdoc|setAttribute\(\s*[\"']on|"
    r"localStorage|sessionStorage|document\.cookie|import\s*\("
)
COMMENT = re.compile(r"/\*.*?\*/|\{#.*?#\}", re.DOTALL)
CLASS_ATTRIBUTE = re.compile(r"class=\"((?:\{\{.*?\}\}|\{%.*?%\}|[^\"])*)\"")
OUR_CLASS = re.compile(r"(?<![\w./-])(?:utrecht|si)-[a-z][\w-]*")
IDENTIFIERS = re.compile(r"\b(?:id|for|aria-labelledby|aria-describedby|href)=\"[^\"]*\"")
GLUED = re.compile(r"[\w-]\{\{|\}\}[\w-]|[\w-](?:\{%[^%]*%\})+[\w-]")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_comments(source: str) -> str:
    return COMMENT.sub("", source)


def classes_defined(css: str) -> set[str]:
    return set(re.findall(r"\.(-?[_a-zA-Z][\w-]*)", without_comments(css)))


def classes_used(template: str) -> set[str]:
    """Names in class attributes, and names in the style of our classes anywhere else, such as in a dictionary."""
    source = without_comments(template)
    literal = " ".join(
        re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", found) for found in CLASS_ATTRIBUTE.findall(source)
    )
    return set(literal.split()) | set(OUR_CLASS.findall(IDENTIFIERS.sub("", source)))


def glued_classes(template: str) -> list[str]:
    """Class attributes with a name put together out of parts, which no search would find again."""
    return [value for value in CLASS_ATTRIBUTE.findall(without_comments(template)) if GLUED.search(value)]


def undefined_tokens(css: str) -> set[str]:
    """Custom properties that are used without a fallback and set nowhere."""
    source = without_comments(css)
    return set(re.findall(r"var\(\s*(--(?!_)[\w-]+)\s*\)", source)) - set(
        re.findall(r"(--[\w-]+)\s*:", source)
    )


def violets(css: str) -> set[str]:
    """Hexadecimal colours between blue and red that are strong enough to be seen as violet, purple or pink."""
    found = set()
    for colour in re.findall(r"#[0-9a-fA-F]{6}\b", without_comments(css)):
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
        if 245 < hue * 360 < 340 and saturation > 0.3 and 0.1 < lightness < 0.98:
            found.add(colour)
    return found


@pytest.fixture(scope="module")
def stylesheets() -> str:
    return "\n".join(text(STATIC / name) for name in STYLESHEETS)


@pytest.fixture(scope="module")
def templates() -> list[Path]:
    found = sorted(TEMPLATES.rglob("*.html"))
    assert {"base.html", "macros.html"} <= {path.name for path in found}
    return found


@pytest.fixture(scope="module")
def vendoring() -> ModuleType:
    path = PROJECT / "deploy/site/vendor_nlds.py"
    spec = importlib.util.spec_from_file_location("vendor_nlds", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_committed_files_are_the_ones_in_the_lock(vendoring: ModuleType) -> None:
    assert vendoring.faults() == [], "run deploy/site/vendor_nlds.py, or take back an edit by hand"


def test_an_edit_by_hand_and_a_lost_file_are_seen(vendoring: ModuleType, tmp_path: Path) -> None:
    for name in STYLESHEETS:
        (tmp_path / name).write_bytes((STATIC / name).read_bytes())
    with (tmp_path / "theme.css").open("a", encoding="utf-8") as file:
        file.write("\n")
    faults = vendoring.faults(static=tmp_path)
    assert "theme.css" in faults
    assert "nlds.css" not in faults
    assert any(name.startswith("LICENSES/") for name in faults)


def test_a_tarball_that_is_not_the_locked_one_is_refused(vendoring: ModuleType, tmp_path: Path) -> None:
    other = tmp_path / "other.tgz"
    other.write_bytes(b"not the package")
    package = vendoring.Package("p", "1", "sha512-AAAA", "package/dist/index.css", "")
    with pytest.raises(SystemExit, match="integrity"):
        vendoring.contents(package, [other])


def test_trimming_keeps_whole_rules_of_listed_blocks_only(vendoring: ModuleType) -> None:
    css = (
        '@charset "UTF-8"; .utrecht-button--hover, .utrecht-button:hover { color: red; } .utrecht-grid { gap: 0; }'
        '@media print { .utrecht-alert { content: "}"; } .utrecht-grid { gap: 1px; } } @media all { .other { a: b; } }'
    )
    assert vendoring.trimmed(css) == (
        '.utrecht-button:hover { color: red; }\n@media print {\n.utrecht-alert { content: "}"; }\n}\n'
    )


def test_only_reachable_tokens_stay_and_ours_come_last(vendoring: ModuleType) -> None:
    vendored = ".theme { --a: var(--b); --b: 1px; --c: 2px; --d: var(--c); }"
    theme = vendoring.themed(
        vendored, ".x { --d: var(--e); }", [".k { width: var(--a); height: var(--d, 0); }"]
    )
    assert re.findall(r"--\w: [^;]+", theme) == ["--a: var(--b)", "--b: 1px", "--d: var(--e)"]


def test_our_tokens_are_in_the_theme_as_written(vendoring: ModuleType) -> None:
    assert text(STATIC / "theme.css").endswith(text(vendoring.OVERRIDES)), "run deploy/site/vendor_nlds.py"


def test_nothing_is_loaded_from_elsewhere(stylesheets: str) -> None:
    assert not LOADS.search(without_comments(stylesheets))
    assert not LOADS.search(text(STATIC / "app.js"))
    assert not LOADS.search(text(STATIC / "icon.svg"))


def test_what_would_load_is_seen() -> None:
    for planted in (
        '@import "a.css"',
        "@font-face {}",
        "a { b: url(x.png) }",
        "fetch('https://example.org')",
    ):
        assert LOADS.search(planted), planted


def test_the_first_load_stays_small() -> None:
    names = (*STYLESHEETS, "app.js")
    total = sum(len(gzip.compress((STATIC / name).read_bytes(), mtime=0)) for name in names)
    assert total < FIRST_LOAD_BYTES, f"{total} bytes compressed"


def test_every_class_in_a_template_exists(templates: list[Path], stylesheets: str) -> None:
    defined = classes_defined(stylesheets)
    faults = {path.name: missing for path in templates if (missing := classes_used(text(path)) - defined)}
    assert not faults, f"no stylesheet knows these classes: {faults}"


def test_no_class_name_is_put_together_out_of_parts(templates: list[Path]) -> None:
    faults = {path.name: glued for path in templates if (glued := glued_classes(text(path)))}
    assert not faults, f"write class names in full, in a dictionary if need be: {faults}"


def test_a_class_without_a_rule_is_seen() -> None:
    template = '<p class="si-known{% if a %} si-lost{% endif %} plain">{% set K = {"a": "utrecht-gone--x"} %}'
    missing = classes_used(template) - classes_defined(".si-known { }")
    assert missing == {"si-lost", "plain", "utrecht-gone--x"}
    assert classes_used('<a href="#si-place" id="si-place">') == set()


def test_a_glued_class_is_seen() -> None:
    assert glued_classes('<p class="si-badge--{{ kind }}">')
    assert glued_classes('<p class="a{% if b %}--c{% endif %}">')
    assert not glued_classes('<p class="a{% if b %} c{% endif %} {{ BADGES[kind] }}">')


def test_no_template_holds_anything_the_security_policy_refuses(templates: list[Path]) -> None:
    faults = {path.name: found.group() for path in templates if (found := MARKUP.search(text(path)))}
    assert not faults, f"no inline style, script or event handler: {faults}"


def test_inline_style_script_and_handlers_are_seen() -> None:
    for planted in ('<p style="a">', "<style>", "<script>", '<a onclick="x">', '<a href="javascript:x">'):
        assert MARKUP.search(planted), planted
    assert not MARKUP.search('<script src="{{ asset("app.js") }}" defer></script>')


def test_the_script_is_short_and_turns_no_string_into_code_or_storage() -> None:
    script = text(STATIC / "app.js")
    assert len(script.splitlines()) <= 90
    assert not STRINGS_TO_CODE.search(script)
    assert STRINGS_TO_CODE.search("view.innerHTML = x")


def test_every_token_our_own_stylesheet_uses_is_set(stylesheets: str) -> None:
    ours = set(re.findall(r"var\(\s*(--[\w-]+)", text(STATIC / "app.css")))
    assert not undefined_tokens(stylesheets) & ours, "vendor anew: the theme holds only tokens in use"
    assert undefined_tokens("a { b: var(--c); d: var(--e, 0); f: var(--g) } h { --g: 1 }") == {"--c"}


def test_the_theme_has_no_violet_and_no_serif() -> None:
    theme = text(STATIC / "theme.css")
    assert not violets(theme)
    assert violets("a { color: #5115ef; b: #17497f; c: #b3252c }") == {"#5115ef"}
    assert not re.search(r"Noto Serif|(?<!-)(?<!sans-)\bserif\b", without_comments(theme))
    assert "violet" not in theme


def test_the_licences_come_along_and_the_changes_are_named() -> None:
    for name in ("nlds.css", "theme.css"):
        head = text(STATIC / name)[:1500]
        assert "EUPL-1.2" in head
        assert "Copyright" in head
        assert "MODIFIED" in head
    licences = {path.name for path in (STATIC / "LICENSES").iterdir()}
    assert licences == {"README.md", "component-library-css.md", "voorbeeld-design-tokens.md"}
