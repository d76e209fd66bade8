"""Vendor the NL Design System stylesheets: fetch two npm packages, check them, keep what our pages use.

The result is committed, so that neither a build nor a test needs a registry. Standard library only; `npm` is
called to download, never to install or to run anything from a package.

Invariants:
    A tarball whose sha512 differs from `nlds.lock.toml` is refused before it is unpacked.
    Nothing in the result loads anything: no import, no font, no url().
    The same tarballs and our own stylesheets give the same bytes.

Whoever controls this file decides how every page looks, and with that what a worker believes a button does.
"""

import argparse
import base64
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATIC = HERE.parents[1] / "signal_index/web/pages/static"
LOCK = HERE / "nlds.lock.toml"
OVERRIDES = HERE / "overrides.css"

COMPONENTS = "@utrecht/component-library-css"
TOKENS = "@nl-design-system-unstable/voorbeeld-design-tokens"

# The blocks (of block__element--modifier) our templates may use; every other rule is left out.
BLOCKS = frozenset(
    "utrecht-" + name
    for name in [
        "alert",
        "body",
        "button",
        "button-group",
        "button-link",
        "checkbox",
        "data-list",
        "form-field",
        "form-field-description",
        "form-field-error-message",
        "form-fieldset",
        "form-label",
        "heading-1",
        "heading-2",
        "heading-3",
        "heading-4",
        "link",
        "nav-bar",
        "number-badge",
        "page-body",
        "page-footer",
        "page-header",
        "page-layout",
        "pagination",
        "paragraph",
        "radio-button",
        "root",
        "select",
        "skip-link",
        "status-badge",
        "table",
        "textarea",
        "textbox",
        "unordered-list",
    ]
)
# Modifiers that freeze a state for a style guide (in a page the state comes from the person using it), and the
# one whose tick is a data: image, which our Content-Security-Policy refuses.
LEFT_OUT = frozenset({"active", "busy", "custom", "focus", "focus-visible", "hover", "visited"})

CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DECLARATION = re.compile(r"(--[\w-]+)\s*:\s*([^;]*);")
USED = re.compile(r"var\(\s*(--[\w-]+)")
LOADS = re.compile(r"@import|@font-face|url\(", re.IGNORECASE)
THEME_CLASS = "signaalindex-theme"


@dataclass(frozen=True)
class Package:
    """One npm package as the lock knows it.

    Attributes:
        name: Name on npm.
        version: Exact version.
        integrity: `sha512-` and the base64 digest of the tarball.
        stylesheet: Path of the stylesheet inside the tarball.
        notice: Copyright line for packages whose stylesheet has none.
    """

    name: str
    version: str
    integrity: str
    stylesheet: str
    notice: str


def packages(lock: dict[str, dict[str, dict[str, str]]]) -> dict[str, Package]:
    """The packages of the lock, by name."""
    return {name: Package(name, **fields) for name, fields in lock["packages"].items()}


def fetch(package: Package, folder: Path) -> Path:
    """Download one tarball with `npm pack`, which unpacks and runs nothing.

    Returns:
        Where the tarball is.
    """
    wanted = f"{package.name}@{package.version}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), wanted]
    packed = subprocess.run(command, check=True, capture_output=True, text=True)
    return folder / packed.stdout.strip().splitlines()[-1]


def contents(package: Package, tarballs: Iterable[Path]) -> dict[str, str]:
    """The stylesheet and licence of the one tarball that has the integrity of the lock.

    Raises:
        SystemExit: no tarball has it. Nothing has been unpacked then.
    """
    for tarball in tarballs:
        data = tarball.read_bytes()
        digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
        if f"sha512-{digest}" == package.integrity:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                return {path: _member(archive, path) for path in (package.stylesheet, "package/LICENSE.md")}
    raise SystemExit(f"{package.name}: no tarball with the integrity in {LOCK.name}")


def _member(archive: tarfile.TarFile, path: str) -> str:
    file = archive.extractfile(path)
    if file is None:
        raise SystemExit(f"{path} is not a file in the tarball")
    return file.read().decode("utf-8")


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Split a stylesheet without comments into (prelude, body); an at-rule without a body has body `;`."""
    depth, start, opened = 0, 0, 0
    for found in re.finditer(r"\"[^\"]*\"|'[^']*'|[{};]", css):
        mark, at = found.group(), found.start()
        if mark == "{":
            opened = at if depth == 0 else opened
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : at].strip()
                start = at + 1
        elif mark == ";" and depth == 0:
            yield css[start:at].strip(), ";"
            start = at + 1


def selectors(prelude: str) -> Iterator[str]:
    """Split a selector list at its outer commas."""
    depth, part = 0, ""
    for sign in prelude:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()


def is_ours(selector: str) -> bool:
    """Whether every class in the selector belongs to a block on the list, without a modifier we leave out."""
    names = CLASS.findall(selector)
    blocks = {re.split("__|--", name)[0] for name in names}
    modifiers = {name.rpartition("--")[2] for name in names if "--" in name}
    return bool(names) and blocks <= BLOCKS and not modifiers & LEFT_OUT


def trimmed(css: str) -> str:
    """The rules our pages can use, in their order, one rule per line."""
    kept = []
    for prelude, body in rules(css):
        if prelude.startswith(("@media", "@supports")):
            inner = trimmed(body)
            kept += [f"{prelude} {{\n{inner}}}"] if inner else []
        elif not prelude.startswith("@") and body:
            ours = [selector for selector in selectors(prelude) if is_ours(selector)]
            kept += [f"{', '.join(ours)} {{ {' '.join(body.split())} }}"] if ours else []
    return "".join(f"{rule}\n" for rule in kept)


def reachable(tokens: dict[str, str], overridden: set[str], users: Iterable[str]) -> dict[str, str]:
    """The vendored tokens that some stylesheet uses, directly or through another token."""
    todo, seen = [name for css in users for name in USED.findall(css)], set(overridden)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += USED.findall(tokens.get(name, ""))
    return {name: value for name, value in tokens.items() if name in seen - overridden}


def themed(vendored: str, overrides: str, users: Iterable[str]) -> str:
    """The theme: the vendored tokens that are used and not overridden, then our own."""
    tokens = dict(DECLARATION.findall(COMMENT.sub("", vendored)))
    ours = COMMENT.sub("", overrides)
    kept = reachable(tokens, {name for name, _ in DECLARATION.findall(ours)}, [*users, ours])
    lines = "".join(f"  {name}: {value};\n" for name, value in kept.items())
    return f".{THEME_CLASS} {{\n{lines}}}\n\n{overrides}"


def header(package: Package, original: str) -> str:
    """The notice above what comes from a package: licence, copyright, and that it was changed."""
    rights = sorted(set(re.findall(r"Copyright \(c\) [^\n*]+", original))) or [package.notice]
    lines = "".join(f" * {line.strip()}\n" for line in rights)
    return (
        f"/*!\n * {package.name} {package.version}, licensed under the EUPL-1.2 (LICENSES/).\n{lines}"
        f" * MODIFIED: trimmed by deploy/site/vendor_nlds.py. Do not edit by hand.\n */\n"
    )


def build(lock: dict[str, Package], tarballs: list[Path]) -> dict[str, str]:
    """Every output by its path under `static/`.

    Raises:
        SystemExit: a tarball is not the locked one, or the result would load something.
    """
    components, tokens = lock[COMPONENTS], lock[TOKENS]
    component_files, token_files = contents(components, tarballs), contents(tokens, tarballs)
    css = component_files[components.stylesheet]
    nlds = trimmed(COMMENT.sub("", css))
    users = [nlds, (STATIC / "app.css").read_text(encoding="utf-8")]
    theme = themed(token_files[tokens.stylesheet], OVERRIDES.read_text(encoding="utf-8"), users)
    if LOADS.search(nlds + theme):
        raise SystemExit("the result would load something; look at the block list and the overrides")
    licence = "package/LICENSE.md"
    return {
        "nlds.css": header(components, css) + nlds,
        "theme.css": header(tokens, token_files[tokens.stylesheet]) + theme,
        "LICENSES/component-library-css.md": component_files[licence],
        "LICENSES/voorbeeld-design-tokens.md": token_files[licence],
    }


def sha256(data: bytes) -> str:
    """Hexadecimal digest, as the lock writes it."""
    return hashlib.sha256(data).hexdigest()


def write(outputs: dict[str, str]) -> None:
    """Write the outputs and their digests in the lock, whose packages stay as they are."""
    lines = []
    for name, text in outputs.items():
        data = text.encode("utf-8")
        (STATIC / name).parent.mkdir(parents=True, exist_ok=True)
        (STATIC / name).write_bytes(data)
        lines.append(f'"{name}" = "{sha256(data)}"\n')
    kept = LOCK.read_text(encoding="utf-8").partition("[outputs]\n")[0]
    LOCK.write_text(f"{kept}[outputs]\n{''.join(lines)}", encoding="utf-8")


def faults(lock: Path = LOCK, static: Path = STATIC) -> list[str]:
    """The committed files that are missing or are not what the lock says."""
    outputs = tomllib.loads(lock.read_text(encoding="utf-8"))["outputs"]
    return [
        name
        for name, digest in outputs.items()
        if not (static / name).is_file() or sha256((static / name).read_bytes()) != digest
    ]


def main() -> None:
    """Run `--check`, or vendor anew from the registry or from tarballs that are already here."""
    parser = argparse.ArgumentParser(description="Vendor the NL Design System stylesheets.")
    parser.add_argument("--check", action="store_true", help="only compare the committed files with the lock")
    parser.add_argument("tarballs", nargs="*", type=Path, help="the two tarballs; fetched when not given")
    given = parser.parse_args()
    if given.check:
        sys.exit("\n".join(f"{name} is not what the lock says" for name in faults()) or 0)
    lock = packages(tomllib.loads(LOCK.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        tarballs = given.tarballs or [fetch(package, Path(folder)) for package in lock.values()]
        outputs = build(lock, tarballs)
    write(outputs)
    print("\n".join(f"{name}: {len(text.encode('utf-8'))} bytes" for name, text in outputs.items()))


if __name__ == "__main__":
    main()
