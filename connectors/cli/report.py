"""What the publishing commands print: counts, codes and places, as lines or as one JSON object; never a person."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

import click

from connectors.caseload import REASONS, CaseloadTaken
from connectors.config import Setup
from connectors.explanations import EXPLANATIONS
from connectors.publisher import Sent, Taken
from connectors.resident import Look
from connectors.service.telling import note_path, read_note
from connectors.state import QuarantineEntry, State

EXIT_REFUSED: Final = 2
EXIT_KEPT: Final = 3

_WHY: Final[Mapping[str, str]] = {
    **EXPLANATIONS,
    **REASONS,
    "source-not-registered": "this source and type are not in the settings, so nothing is published for them",
    "not-registered": "the index does not let this publisher speak for this source, type or organisation",
    "unknown-code": "the index does not know this type; check it against the catalogue",
    "person-mismatch": "the index knows this relation as somebody else's",
    "malformed-row": "the index does not accept what the row says, such as a month in the future",
}

_UNREGISTERED: Final = frozenset({"not-registered", "unknown-code"})

PROGRESS_SECONDS: Final = 2.0
"""Between two lines of progress; a run of a few batches says nothing."""


class Report:
    """What a command prints, and how it ends.

    Args:
        as_json: print one object at the end instead of lines.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.status = 0
        self._as_json = as_json
        self._figures: dict[str, object] = {}

    def say(self, line: str, **figures: object) -> None:
        """Print a line, or remember its figures."""
        self._figures |= figures
        if not self._as_json:
            click.echo(line)

    def fail(self, message: str, status: int) -> None:
        """Say on stderr what went wrong; the worst status wins."""
        click.echo(f"connector: {message}", err=True)
        self.status = max(self.status, status)

    def finish(self) -> None:
        """End the program."""
        if self._as_json:
            click.echo(json.dumps(self._figures | {"status": self.status}))
        sys.exit(self.status)


class Progress:
    """A line on stderr now and then."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Tell how far sending is."""
        if time.monotonic() - self._last >= PROGRESS_SECONDS:
            self._last = time.monotonic()
            click.echo(f"{done} of about {total} batches sent", err=True)


def say_taken(run: Report, taken: Taken) -> None:
    """Tell what was taken in."""
    for refusal in taken.refused:
        run.fail(f"refused: {refusal.position}: {refusal.code}: {refusal.explanation}", EXIT_REFUSED)
    run.say(
        f"messages: {taken.messages} read, {len(taken.refused)} refused",
        messages=taken.messages,
        refused=len(taken.refused),
    )
    run.say(f"trajecten: {taken.trajecten}", trajecten=taken.trajecten)
    run.say(
        f"flags: {taken.set_to_assert} to assert, {taken.set_to_withdraw} to withdraw",
        to_assert=taken.set_to_assert,
        to_withdraw=taken.set_to_withdraw,
    )
    if taken.set_to_withdraw_moved:
        run.say(
            f"moved away: {taken.set_to_withdraw_moved} of the flags to withdraw ({EXPLANATIONS['moved-away']})",
            moved_away=taken.set_to_withdraw_moved,
        )
    if taken.set_to_restrict or taken.set_to_revoke:
        run.say(
            f"deaths: {taken.set_to_restrict} to tell, {taken.set_to_revoke} to take back",
            to_restrict=taken.set_to_restrict,
            to_revoke=taken.set_to_revoke,
        )
    run.say(f"quarantined: {tally(taken.quarantined)}", quarantined=dict(taken.quarantined))
    if taken.unavailable:
        run.say(
            f"unavailable: {len(taken.unavailable)} (their flags stay, and show as not current)",
            unavailable=len(taken.unavailable),
        )


def say_caseload(run: Report, taken: CaseloadTaken) -> None:
    """Tell what a feed changed."""
    if taken.repeated:
        run.say("this file was read before; nothing is done with it again", repeated=True)
        return
    run.say(
        f"relations: {taken.lines} lines; {taken.to_register} to register or change, {taken.to_end} to end, "
        f"{taken.to_take_back} to take back",
        lines=taken.lines,
        to_register=taken.to_register,
        to_end=taken.to_end,
        to_take_back=taken.to_take_back,
    )
    run.say(f"quarantined: {tally(taken.quarantined)}", quarantined=dict(taken.quarantined))
    if taken.ends_withheld:
        run.say(
            "nothing is ended: a line does not say which relation it is about; see `connector quarantine`",
            ends_withheld=True,
        )


def say_sent(run: Report, sent: Sent) -> None:
    """Tell what was sent."""
    tried = "; the index recognised the canary" if sent.trials else ""
    last = f"; last sequence {sent.last_sequence}" if sent.last_sequence else ""
    run.say(
        f"sent: {sent.batches} batches; {sent.asserted} asserted, {sent.withdrawn} withdrawn{last}{tried}",
        batches=sent.batches,
        trials=sent.trials,
        asserted=sent.asserted,
        withdrawn=sent.withdrawn,
        last_sequence=sent.last_sequence,
    )
    if sent.quarantined:
        run.say(f"refused by the index: {tally(sent.quarantined)}", refused_by_index=dict(sent.quarantined))
    for source, type_code, code in sent.held_back:
        about = _about(source, type_code)
        what_to_do = (
            "to register it" if code in _UNREGISTERED else "what is wrong, then run `connector send` again"
        )
        run.fail(f"the index takes nothing of {about} ({code}); ask its operator {what_to_do}", EXIT_KEPT)


def say_standing(run: Report, setup: Setup, state: State) -> None:
    """Tell where the publisher stands with the index."""
    standing, frozen = state.standing(), state.spool.frozen()
    waiting = f"; {len(frozen.rows)} changes frozen and not acknowledged yet" if frozen else ""
    known = "" if standing.is_introduced else "; not introduced to the index yet"
    run.say(
        f"publisher {setup.secrets.publisher} in {setup.manifest.scope}: next sequence {standing.sequence}"
        f"{known}{waiting}",
        publisher=setup.secrets.publisher,
        scope=setup.manifest.scope,
        next_sequence=standing.sequence,
        introduced=standing.is_introduced,
        frozen=len(frozen.rows) if frozen else None,
    )


def say_streams(run: Report, state: State) -> None:
    """Tell where each stream stands."""
    streams = []
    for stream in state.streams.all():
        live, due = state.wishes.live_count(stream.stream_id), state.wishes.due_count(stream.stream_id)
        told = stream.told_as_of.isoformat() if stream.told_as_of else None
        about = _about(stream.source, stream.type)
        run.say(f"{about}: {stream.phase}, {live} live, {due} to send, index knows up to {told or 'nothing'}")
        streams.append(
            {
                "class": stream.batch_class.value,
                "source": stream.source or None,
                "type": stream.type or None,
                "phase": stream.phase.value,
                "generation": stream.generation,
                "live": live,
                "due": due,
                "as_of": stream.as_of.isoformat() if stream.as_of else None,
                "told_as_of": told,
            }
        )
    run.say(f"{len(streams)} streams", streams=streams)


def _about(source: str, type_code: str) -> str:
    """What a stream is called."""
    return f"{source} {type_code}".strip() or "care relations"


def say_service(run: Report, setup: Setup) -> None:
    """Tell what the service left word of, when it runs or was cut off."""
    if (note := read_note(note_path(setup.state_path))) is None:
        return
    why = f" ({note.get('why')})" if note.get("why") else ""
    run.say(f"service: sending {note.get('sending')}{why} since {note.get('since')}", service=note)
    if note.get("advice"):
        run.say(f"service: {note.get('advice')}")
    inboxes = note.get("inboxes")
    for name, stands in inboxes.items() if isinstance(inboxes, dict) else ():
        run.say(f"service: {name} {stands}")


def say_entries(run: Report, entries: Sequence[QuarantineEntry]) -> None:
    """List what was set aside, and why."""
    for entry in entries:
        run.say(f"{entry.day.isoformat()}  {entry.reason}  {entry.place}: {_why(entry.reason)}")
    listed = [
        {"day": each.day.isoformat(), "reason": each.reason, "place": each.place, "why": _why(each.reason)}
        for each in entries
    ]
    run.say(f"{len(entries)} set aside", entries=listed)


def say_looks(run: Report, looks: Sequence[Look]) -> None:
    """List who looked: moment, organisation and purpose, never which worker and never what."""
    for look in looks:
        how = "looked" if look.allowed else "tried to look and saw nothing"
        run.say(f"{look.at.isoformat()}  {look.organisation} {how}, purpose {look.purpose}")
    listed = [
        {
            "at": look.at.isoformat(),
            "organisation": look.organisation,
            "purpose": look.purpose,
            "allowed": look.allowed,
        }
        for look in looks
    ]
    run.say(f"{len(looks)} looks", looks=listed)


def _why(reason: str) -> str:
    return _WHY.get(reason, "the index refused this row; ask its operator")


def tally(counts: Mapping[str, int]) -> str:
    """Write a count per reason on one line."""
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    return f"{sum(counts.values())} ({listed})" if listed else "0"
