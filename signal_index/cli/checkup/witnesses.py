"""The tree of the log and its witnesses: does it grow, and has somebody outside seen it lately."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from signal_index.errors import Unavailable
from signal_index.model.log import Cosigned, Refusal, TreeHead
from signal_index.ports import Transaction
from signal_index.settings import Settings
from signal_index.store import SqlDatabase

from .database import asked
from .findings import Finding, Findings, mend, note, ok

WHAT_TO_DO: Final = {
    "unreachable": "see whether it runs and can be reached from here",
    "unknown-log": "give the witness the key that signal-index audit key prints",
    "unknown-key": "it knows this log under another key: trust nothing before you know who changed which",
    "behind": "it has cosigned a longer log than this one: was a backup put back? Then run signal-index db restored",
    "forgotten": "it no longer knows what it cosigned: it must become a new witness, with a new key",
    "fork": "it has cosigned another log than this one: stop the index, and call the privacy officer",
    "proof": "it has cosigned another log than this one: stop the index, and call the privacy officer",
    "answer": "what it says makes no sense: check address and key under [[witnesses]]",
}

_Found = tuple[TreeHead | None, list[Cosigned], list[Refusal]]


def witnesses(opened: SqlDatabase, stated: Settings, now: datetime) -> Findings:
    """Whether the tree grows, and how each witness stands."""
    found = yield from asked("tree", opened, _read)
    if found is None:
        return
    head, cosigned, refusals = found
    yield from _tree(head, now)
    if not stated.witnesses:
        yield _without(stated)
    for each in stated.witnesses:
        name = each.key.partition("+")[0]
        refusal = next((one for one in refusals if one.witness == name), None)
        seen = next((one for one in cosigned if one.witness == name), None)
        yield from _witness(name, seen, refusal, now - timedelta(seconds=stated.witnessed_within_seconds))


def heard(opened: SqlDatabase) -> set[str]:
    """Names of the witnesses of which the log says how they stand; none when it cannot be read."""
    with suppress(Unavailable):
        _, cosigned, refusals = opened.run(_read)
        return {one.witness for one in cosigned} | {one.witness for one in refusals}
    return set()


def _read(tx: Transaction) -> _Found:
    return tx.log.head(), list(tx.witnesses.cosigned()), list(tx.witnesses.refusals())


def _tree(head: TreeHead | None, now: datetime) -> Findings:
    if head is None:
        yield note("tree", "no checkpoint yet: it is signed once the index serves")
    else:
        yield ok("tree", f"{head.size} entries, signed {_ago(now - head.signed_at)}")


def _without(stated: Settings) -> Finding:
    text = "no [[witnesses]]: only who runs this index can see whether its log was rewritten"
    if stated.environment == "production":
        return mend("witness", text, "ask another organisation to run signal-index witness")
    return note("witness", text)


def _witness(name: str, seen: Cosigned | None, refusal: Refusal | None, oldest: datetime) -> Findings:
    point = f"witness {name}"
    if refusal is not None:
        yield mend(point, f"does not cosign since {_moment(refusal.since)}", WHAT_TO_DO[refusal.reason])
    elif seen is None:
        yield note(point, "has cosigned nothing yet: it is asked once the index serves")
    elif seen.at < oldest:
        text = f"cosigned last at {_moment(seen.at)}, too long ago to show anything"
        yield mend(point, text, "is the index serving?")
    else:
        yield ok(point, f"cosigned {seen.size} entries at {_moment(seen.at)}")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _ago(age: timedelta) -> str:
    return f"{int(age.total_seconds())} s ago"
