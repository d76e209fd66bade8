"""Every way a pseudonymiser refuses, in one table, and how a refusal looks on the wire.

Invariants:
1. No refusal repeats anything of what was sent.
2. A refusal is unsigned and proves nothing: only the index's signed answer may change what a publisher holds.

Source: RFC 9457 (problem details), RFC 9110 §10.2.3 (Retry-After).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """One row of the table: HTTP status, and a title and advice for whoever runs the publisher."""

    status: int
    title: str
    detail: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed": Kind(
        400, "De levering is niet leesbaar", "Werk uw koppeling bij en stuur de levering opnieuw."
    ),
    "wrong-audience": Kind(
        400, "De levering is voor een andere index", "Controleer het sleuteloverzicht van uw koppeling."
    ),
    "wrong-scope": Kind(
        400, "De levering is voor een andere regio", "Controleer het sleuteloverzicht van uw koppeling."
    ),
    "epoch-retired": Kind(
        400,
        "De sleutels van deze levering gelden niet",
        "Haal het geldende sleuteloverzicht op en stuur dezelfde levering opnieuw.",
    ),
    "wrong-count": Kind(
        400, "De levering heeft niet de afgesproken grootte", "Zet de afgesproken grootte in uw koppeling."
    ),
    "identity": Kind(
        400, "Een regel is niet goed versleuteld", "Werk uw koppeling bij en stuur de levering opnieuw."
    ),
    "origin-proof": Kind(
        403,
        "Niet aangetoond dat de afzender elke regel zelf heeft versleuteld",
        "Werk uw koppeling bij en stuur de levering opnieuw.",
    ),
    "hop-proof": Kind(
        400,
        "Een eerdere partij toont niet aan dat zij de levering goed heeft bewerkt",
        "Bewaar de levering en bel de beheerder: hier moet iemand naar kijken.",
    ),
    "clock": Kind(
        400, "De tijd van de levering klopt niet", "Zet de klok van uw koppeling goed en stuur opnieuw."
    ),
    "replayed": Kind(400, "Deze vraag is al eens gesteld", "Stel de vraag opnieuw, met een nieuw nummer."),
    "unknown-publisher": Kind(
        403, "Deze afzender is niet aangemeld", "Vraag de beheerder om u aan te melden."
    ),
    "signature": Kind(
        403, "De handtekening klopt niet", "Controleer met welke sleutel uw koppeling ondertekent."
    ),
    "class-not-granted": Kind(
        403, "Voor deze soort levering hebt u hier geen tegoed", "Vraag de beheerder om een tegoed."
    ),
    "not-found": Kind(404, "Dit adres bestaat niet", "Leveringen gaan naar /v1/leveringen."),
    "method-not-allowed": Kind(
        405, "Dit kan hier niet", "Gebruik een andere methode; welke dat zijn staat in de header Allow."
    ),
    "timeout": Kind(408, "Het versturen duurde te lang", "Controleer uw verbinding en stuur opnieuw."),
    "too-large": Kind(413, "De levering is te groot", "Zet de afgesproken grootte in uw koppeling."),
    "media-type": Kind(415, "Deze vorm lezen wij niet", "Stuur application/octet-stream, zonder compressie."),
    "quota-exceeded": Kind(
        429,
        "Uw dagtegoed is op",
        "Wacht tot morgen. Voor een volledige set: vraag beide pseudonimiseerders om een eenmalig tegoed.",
    ),
    "internal": Kind(500, "Er ging bij ons iets mis", "Probeer het later nog eens, of bel de beheerder."),
    "busy": Kind(503, "Het is hier nu te druk", "Probeer het zo nog eens."),
    "ledger-unavailable": Kind(503, "De telling is niet bereikbaar", "Probeer het later nog eens."),
    "next-hop-unavailable": Kind(
        503, "De volgende partij is niet bereikbaar", "Bewaar de levering en stuur haar later opnieuw."
    ),
    "refused-further-on": Kind(
        400, "Een volgende partij weigert de levering", "Bel de beheerder en noem het kenmerk."
    ),
}


class Refused(Exception):
    """A delivery or request is refused.

    Args:
        code: key of `KINDS`.
        retry_after_seconds: when trying again makes sense; None says nothing about it.
        party: who refuses, when it is not this party.
    """

    def __init__(
        self, code: str, *, retry_after_seconds: int | None = None, party: str | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.party = party

    @property
    def kind(self) -> Kind:
        """The row of the table."""
        return KINDS[self.code]

    def body(self, party: str, instance: str) -> bytes:
        """Write the problem document.

        Args:
            party: who answers, `A` or `B`.
            instance: correlation id, also in the log.
        """
        document = {
            "type": f"/problemen/{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.kind.detail,
            "instance": instance,
            "code": self.code,
            "party": self.party or party,
        }
        return json.dumps(document, ensure_ascii=False).encode()

    def headers(self) -> dict[str, str]:
        """Return what belongs beside the body."""
        after = self.retry_after_seconds
        return {} if after is None else {"Retry-After": str(after)}
