"""Every way a witness refuses, in one table, and how a refusal looks on the wire.

Invariants:
1. No refusal repeats anything of what was sent.
2. A refusal is unsigned and proves nothing: only a cosignature does.

Source: RFC 9457 (problem details), C2SP tlog-witness (statuses).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """One row of the table: HTTP status, and a title and advice for whoever runs the log."""

    status: int
    title: str
    detail: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed": Kind(
        400, "Het verzoek is niet leesbaar", "Stuur een verzoek in de vorm van C2SP tlog-witness."
    ),
    "signature": Kind(
        403,
        "Geen handtekening van een bekende sleutel van dit logboek",
        "Controleer met welke sleutel het logboek ondertekent, en of die bij de getuige is opgegeven.",
    ),
    "log-refused": Kind(
        403,
        "De getuige ondertekent dit logboek niet meer",
        "Er is bewijs dat dit logboek twee versies heeft. Bel de beheerder van de getuige.",
    ),
    "unknown-log": Kind(
        404, "Dit logboek is hier niet aangemeld", "Vraag de beheerder van de getuige om het aan te melden."
    ),
    "not-found": Kind(404, "Dit adres bestaat niet", "Controlepunten gaan naar /add-checkpoint."),
    "method-not-allowed": Kind(
        405, "Dit kan hier niet", "Gebruik een andere methode; welke dat zijn staat in de header Allow."
    ),
    "timeout": Kind(408, "Het versturen duurde te lang", "Controleer uw verbinding en stuur opnieuw."),
    "conflict": Kind(
        409,
        "Dit past niet bij wat de getuige het laatst heeft ondertekend",
        "Stuur opnieuw, met een bewijs vanaf de omvang in dit antwoord.",
    ),
    "too-large": Kind(413, "Het verzoek is te groot", "Stuur minder handtekeningen mee."),
    "proof": Kind(
        422,
        "Het bewijs klopt niet",
        "Het logboek moet aantonen dat het alleen is aangevuld. Lukt dat niet, bel dan de beheerder van de getuige.",
    ),
    "internal": Kind(
        500, "Er ging bij ons iets mis", "Probeer het later nog eens, of bel de beheerder van de getuige."
    ),
    "busy": Kind(503, "Het is hier nu te druk", "Probeer het zo nog eens."),
    "clock": Kind(
        503,
        "De klok van de getuige klopt niet",
        "Probeer het later nog eens, of bel de beheerder van de getuige.",
    ),
    "memory-unavailable": Kind(
        503, "Het geheugen van de getuige is niet bereikbaar", "Probeer het later nog eens."
    ),
}

SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"


class Refused(Exception):
    """A checkpoint or request is refused.

    Args:
        code: key of `KINDS`.
        size: for `conflict`, the size that was cosigned last; it is the whole answer then.
        retry_after_seconds: when trying again makes sense; None says nothing about it.
    """

    def __init__(self, code: str, *, size: int | None = None, retry_after_seconds: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.size = size
        self.retry_after_seconds = retry_after_seconds

    @property
    def kind(self) -> Kind:
        """The row of the table."""
        return KINDS[self.code]

    @property
    def media_type(self) -> str:
        """Of the body."""
        return "application/problem+json" if self.size is None else SIZE_MEDIA_TYPE

    def body(self, instance: str) -> bytes:
        """Write the problem document, or for `conflict` the size that the protocol asks for.

        Args:
            instance: correlation id.
        """
        if self.size is not None:
            return f"{self.size}\n".encode()
        document = {
            "type": f"/problemen/{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.kind.detail,
            "instance": instance,
            "code": self.code,
        }
        return json.dumps(document, ensure_ascii=False).encode()

    def headers(self) -> dict[str, str]:
        """Return what belongs beside the body."""
        after = self.retry_after_seconds
        return {} if after is None else {"Retry-After": str(after)}
