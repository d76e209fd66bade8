"""What a source organisation has before it at the municipality with everything in it."""

import json
from dataclasses import replace
from typing import Any

from crypto.batch import BatchClass
from crypto.keyfiles import PublisherSecrets
from crypto.sheet import SignaalOperation, SignaalRow
from policy.vocabulary import Role
from signal_index.model import ContactRoute
from signal_index.usecases.sourcing import renewals
from signal_index.usecases.sourcing.contacts import change_contact

from .places import HANDS, OTHERS, SILENT, TODAY, WMO, Place

NEWCOMER = "00000099000000000009"  # an organisation that is not in the register yet

QUESTIONS = {
    hand: f"V-{number}{number}{number}{number}-7777" for number, hand in zip((7, 8, 9), HANDS, strict=True)
}


def deliver(place: Place) -> None:
    """What a source organisation has before it: a refusal, a contact route of its own, and a key that was proposed."""
    world = place.world
    first, second = (
        json.dumps(PublisherSecrets.generate(world.GEMEENTE, created=TODAY.date()).public().to_document())
        for _ in range(2)
    )
    stray = SignaalRow(SignaalOperation.OPEN_SET, source="kvk:00000999", type="jeugdhulp", generation=1)
    world.send(world.GEMEENTE, BatchClass.SIGNAAL, [(None, stray)])
    filling = SignaalRow(SignaalOperation.OPEN_SET, source=SILENT.code, type=SILENT.kind, generation=1)
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(None, filling)])
    about, route = (OTHERS[0].code, OTHERS[0].kind), ContactRoute("Loket inkomen", "030 123 4567")

    def job(tx: Any) -> None:
        tx.staff.put(replace(tx.staff.get("b.nieuw"), organisation=NEWCOMER))
        source = place.acting(tx, "b.bron", Role.SOURCE_ADMIN)
        change_contact(tx, source, about, route, world.clock)
        proposal = renewals.propose(tx, source, first, world.clock, overlap_days=30)
        admin = place.acting(tx, "f.beheer", Role.FUNCTIONAL_ADMIN)
        renewals.decide(tx, admin, proposal.proposal_id, world.clock, approve=True)
        renewals.propose(tx, source, second, world.clock, overlap_days=14)

    place.run(job)
    for reference in QUESTIONS.values():
        place.ask(reference, "WT-2026-0149", WMO, TODAY.date())
