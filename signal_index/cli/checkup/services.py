"""The services of other organisations: each pseudonymiser and each witness is asked whether it is ready.

What they answer is shown only where it should equal what we know. That the right party answers is not proven here: a
pseudonymiser proves every delivery, and a witness signs what it cosigns.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from crypto.keyfiles import Manifest, Party
from signal_index.errors import SetupFault
from signal_index.settings import PseudonymisersSettings, WitnessSettings
from signal_index.wiring import witness_key

from .findings import Findings, Yielding, mend, note, ok
from .outside import Waiting, fetched

READY_PATH: Final = "/v1/gereed"
_TLS_MIN: Final = ssl.TLSVersion.TLSv1_3
"""What the index asks of a witness, and a connector or pseudonymiser of the next party."""


def pseudonymisers(
    stated: PseudonymisersSettings | None, manifest: Manifest | None, waiting: Waiting
) -> Findings:
    """Both pseudonymisers, if the settings say where they are."""
    if stated is None:
        yield note(
            "pseudonymisers", "no [pseudonymisers] in the settings: nobody asks whether they are ready"
        )
        return
    yield from pseudonymiser("A", stated.a, manifest, waiting)
    yield from pseudonymiser("B", stated.b, manifest, waiting)


def pseudonymiser(party: Party, address: str, manifest: Manifest | None, waiting: Waiting) -> Findings:
    """One pseudonymiser: it answers, is this party, and works for the region and epoch of the manifest.

    Args:
        party: which one should answer.
        address: scheme and host.
        manifest: None when there is none to compare with.
        waiting: is told what is waited for.
    """
    point = f"pseudonymiser {party}"
    said = yield from _ready(point, address, waiting)
    if said is None:
        return
    if said.get("partij") != party:
        yield mend(point, f"at {address} answers another party than {party}", "correct the address")
        return
    if manifest is not None and (said.get("regio"), said.get("epoch")) != (manifest.scope, manifest.epoch):
        text = f"at {address} it works for another region or epoch than {manifest.scope}, {manifest.epoch}"
        yield mend(point, text, "compare its manifest with this one, by its fingerprint")
        return
    yield ok(point, f"ready at {address}")


def witness(stated: WitnessSettings, waiting: Waiting) -> Findings:
    """One witness: its key can be used, and a witness of that name is ready at the address."""
    name = stated.key.partition("+")[0]
    point = f"witness {name}"
    try:
        witness_key(stated)
    except SetupFault as fault:
        yield mend("witness", fault.detail, "copy the line that signal-index witness keys printed")
        return
    shown = None
    if stated.certificate is not None and stated.key_file is not None:
        shown = stated.certificate, stated.key_file
    said = yield from _ready(point, stated.address, waiting, shown)
    if said is None:
        return
    if said.get("getuige") != name:
        yield mend(point, f"another witness answers at {stated.address}", "correct its address or its key")
        return
    yield ok(point, f"ready at {stated.address}; that the key is its own shows when it first cosigns")


def _ready(
    point: str, address: str, waiting: Waiting, shown: tuple[Path, Path] | None = None
) -> Yielding[Mapping[str, Any] | None]:
    """What a service says about itself."""
    said = fetched(f"{address}{READY_PATH}", waiting, shown, _TLS_MIN)
    if isinstance(said, str):
        yield mend(point, f"{address}: {said}", "see whether it runs and can be reached from here")
        return None
    if said.get("status") != "gereed":
        yield mend(point, f"{address} answers, but is no such service", "correct the address")
        return None
    return said
