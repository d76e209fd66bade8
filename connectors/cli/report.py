"""What the publishing commands print: counts, codes and places, as lines or as one JSON object; never a person."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from connectors.caseload import CaseloadTaken
from connectors.explanations import EXPLANATIONS
from connectors.publisher import Sent, Taken
from connectors.resident import Look

EXIT_REFUSED: Final = 2
EXIT_KEPT: Final = 3
EXIT_ATTENTION: Final = 4

_UNREGISTERED: Final = frozenset({"not-registered", "unknown-code"})


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
    if taken.settled:
        run.say(f"put right since: {tally(taken.settled)}", settled=dict(taken.settled))
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
            "not everything is ended: a line does not say which relation it is about; see `connector quarantine list`",
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
        about = stream_name(source, type_code)
        what_to_do = (
            "to register it" if code in _UNREGISTERED else "what is wrong, then run `connector send` again"
        )
        run.fail(f"the index takes nothing of {about} ({code}); ask its operator {what_to_do}", EXIT_KEPT)


def stream_name(source: str, type_code: str) -> str:
    """What a stream is called: a death has no source, care relations have neither."""
    return f"{source} {type_code}".strip() or "care relations"


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


def tally(counts: Mapping[str, int]) -> str:
    """Write a count per reason on one line."""
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
    return f"{sum(counts.values())} ({listed})" if listed else "0"
