"""An example of a change of the rules, laid over the rules of this release as its README tells people to."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from policy.rulesets import bundled, found_in

CHANGES = "changes.patch"
_LINES = r"((?:(?!--- )[ +-].*\n)+)"
_HUNK = re.compile(rf"^@@ .*\n{_LINES}", re.MULTILINE)
_FILE = re.compile(rf"^--- a/(.+)\n\+\+\+ b/\1\n((?:@@ .*\n{_LINES})+)", re.MULTILINE)


def laid_over(example: Path) -> Mapping[str, str]:
    """The files of the set: new ones of the example's `rules`, and those of this release with its changes made.

    Unlike the program patch it bears no shift: what a change replaces must stand in its file exactly once.
    """
    files = {**bundled(), **found_in(example / "rules")}
    for name, hunks, _ in _FILE.findall((example / CHANGES).read_text(encoding="utf-8")):
        for before, after in _replacements(hunks):
            assert files[name].count(before) == 1, f"{name} is no longer what {CHANGES} changes: {before}"
            files[name] = files[name].replace(before, after)
    return files


def _replacements(hunks: str) -> Iterator[tuple[str, str]]:
    for hunk in _HUNK.findall(hunks):
        lines = hunk.splitlines(keepends=True)
        yield (
            "".join(line[1:] for line in lines if line[0] in " -"),
            "".join(line[1:] for line in lines if line[0] in " +"),
        )


def written_to(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files, for a command to read."""
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder
