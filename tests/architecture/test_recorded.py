"""`docs/what-is-recorded.md` says of every event what the catalogue says."""

import re
from pathlib import Path

from signal_index import audit

ROW = re.compile(
    r"^\| `([a-z.-]+)` \| ([a-z_, ]+) \| (\S[^|]*?) \| (\S[^|]*?) \| (\S[^|]*?) \|$", re.MULTILINE
)
ACTIVITY = re.compile(r"^\| `([a-z]+)` \| (\d+) \| (\S[^|]*?) \|$", re.MULTILINE)
BY_CLASS = "by class"
NONE = "–"  # noqa: RUF001 - as the table has it


def events(text: str) -> dict[str, tuple[set[str], str]]:
    """Fields and activity per event."""
    rows = ROW.findall(text)
    found = {name: (set(fields.split(", ")), activity) for name, fields, activity, _, _ in rows}
    assert len(found) == len(rows), "an event stands there twice"
    return found


def expected() -> dict[str, tuple[set[str], str]]:
    """What the catalogue says."""
    by_class = {"delivery.accepted", "delivery.refused"}
    found = {}
    for name, fields in audit.EVENTS.items():
        activity = audit.PROCESSINGS.get(name)
        code = BY_CLASS if name in by_class else activity.code if activity is not None else NONE
        found[name] = (set(fields), code)
    return found


def test_every_event_is_documented_with_its_fields_and_activity(project: Path) -> None:
    text = (project / "docs/what-is-recorded.md").read_text(encoding="utf-8")
    assert events(text) == expected()


def test_every_activity_is_documented_with_its_version_and_names(project: Path) -> None:
    text = (project / "docs/what-is-recorded.md").read_text(encoding="utf-8")
    stated = {(code, int(version)): set(names.split("; ")) for code, version, names in ACTIVITY.findall(text)}
    known: dict[tuple[str, int], set[str]] = {}
    for each in (*audit.PROCESSINGS.values(), *audit.RECEIVINGS.values()):
        known.setdefault((each.code, each.version), set()).add(each.name)
    assert stated == known


def test_a_planted_row_is_seen() -> None:
    text = "| `planted.event` | actor, token | – | why | privacy officer |\n"  # noqa: RUF001
    assert events(text) == {"planted.event": ({"actor", "token"}, NONE)}
    assert not events(text.replace("privacy officer", " "))
