"""Words of the source organisation's pages: what was refused and what to do about it."""

from collections.abc import Mapping

from signal_index.web.markup.words import say

UNKNOWN_REASON = say(
    "Een reden die deze pagina niet kent. Bel de beheerder van de index en noem het ontvangstnummer."
)
REASONS: Mapping[str, str] = {
    "canary-mismatch": say(
        "De proef kwam verkeerd uit. Er gaat niets over inwoners door. Haal het nieuwste manifest op en bel de "
        "beheerder van de index."
    ),
    "wrong-incarnation": say(
        "De index is opnieuw begonnen. Uw connector begint dan vanzelf met een complete set."
    ),
    "wrong-sequence": say("Een ander volgnummer was aan de beurt. Uw connector herstelt dit zelf."),
    "class-not-served": say(
        "Uw organisatie mag dit soort levering niet sturen. Vraag de functioneel beheerder van de index."
    ),
    "wrong-count": say(
        "De levering had een andere grootte dan afgesproken. Vergelijk de grootte in uw connector met die in het "
        "register."
    ),
    "clock": say("De klok van uw connector liep niet goed. Zet de klok gelijk."),
    "not-registered": say(
        "Uw organisatie staat niet in het register voor deze bron of soort. Vraag de functioneel beheerder van de "
        "index."
    ),
    "unknown-code": say(
        "De soort hulp of een code staat niet op de lijst van de index. Werk uw connector bij."
    ),
    "malformed-row": say("Een regel had niet de vorm die wij kennen. Werk uw connector bij."),
    "identity-mismatch": say(
        "Een regel over een inwoner ging over niemand, of andersom. Werk uw connector bij."
    ),
    "duplicate-row": say("Dezelfde regel stond er twee keer in. Werk uw connector bij."),
    "generation": say("De regel hoort bij een andere complete set. Uw connector herstelt dit zelf."),
    "set-count": say("De complete set was niet compleet. Uw connector begint opnieuw met de set."),
    "replayed": say("Deze vraag was al eens beantwoord."),
    "person-mismatch": say(
        "De zorgrelatie hoort bij een andere inwoner. Kijk de zaak na in het regiesysteem."
    ),
    "hop-proof": say(
        "Een pseudonimiseerder heeft de levering niet goed bewerkt. U hoeft niets te doen: de beheerder van de "
        "index zoekt dit uit."
    ),
    "origin-proof": say(
        "Uw connector toonde niet aan dat die elke regel zelf versleutelde. Werk uw connector bij."
    ),
}
