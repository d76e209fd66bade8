"""How the log does, in plain words and with what to do; and the proof of one record, to take along."""

from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response

from signal_index.usecases.oversight.health import health
from signal_index.usecases.oversight.looks import proof_text
from signal_index.web.markup.words import say
from signal_index.web.pages.visits import OFFICERS, Page, Visit

# By reason of a refusal: what is the matter, and what to do.
REFUSALS: Mapping[str, tuple[str, str]] = {
    "unreachable": (
        say("De getuige is niet bereikbaar."),
        say("Vraag de beheerder van de getuige of die draait."),
    ),
    "unknown-log": (
        say("De getuige kent dit logboek niet."),
        say("Is de index hersteld uit een back-up? Laat de getuige dan eerst controleren wat er ontbreekt."),
    ),
    "unknown-key": (
        say("De getuige kent de sleutel van dit logboek niet."),
        say("Zoek uit wie de sleutel veranderde. Vertrouw het logboek niet tot u dat weet."),
    ),
    "behind": (
        say("Het logboek is korter dan de getuige eerder zag."),
        say(
            "Er kunnen regels verdwenen zijn. Bewaar uw uitvoer en uw bewijzen, en bel de beheerder van de getuige."
        ),
    ),
    "forgotten": (
        say("De getuige weet niet meer wat die bevestigde."),
        say("Het geheugen van de getuige is niet meer te vertrouwen. Vraag om een nieuwe getuige."),
    ),
    "fork": (
        say("De getuige zag een ander logboek van dezelfde lengte."),
        say("Iemand heeft het logboek herschreven. Dit is een incident: bel de beheerder van de getuige."),
    ),
    "proof": (
        say("Het logboek is niet gegroeid uit wat de getuige eerder zag."),
        say("Er kan iets herschreven zijn. Dit is een incident: bel de beheerder van de getuige."),
    ),
    "answer": (
        say("De getuige gaf een antwoord dat niet klopt."),
        say("Vraag de beheerder van de getuige om dat na te kijken."),
    ),
}

# What of the register became different, and how.
ENTRIES: Mapping[str, str] = {
    "publication": say("Bron"),
    "contact": say("Contactpunt"),
    "publisher": say("Leverancier"),
    "entrance": say("Toegang"),
}
CHANGES: Mapping[str, str] = {
    "added": say("Toegevoegd"),
    "changed": say("Gewijzigd"),
    "removed": say("Verwijderd"),
}


async def show_health(visit: Visit) -> Response:
    """The state of log and witnesses."""
    found = await visit.run_as(lambda tx, actor: health(tx, actor, visit.site.desk.expected, visit.now))
    return visit.page(
        "oversight/log_health.html",
        health=found,
        minutes=found.within_minutes,
        refusals=REFUSALS,
        entries=ENTRIES,
        changes=CHANGES,
    )


async def proof(visit: Visit) -> Response:
    """The proof that the record of a look is in the log, as a file."""
    look_id = visit.param("look")
    text = await visit.run_as(lambda tx, actor: proof_text(tx, actor, look_id, visit.now))
    # The name of the file says nothing either: it may lie in a folder for years.
    return PlainTextResponse(
        text, headers={"Content-Disposition": 'attachment; filename="bewijs.tlog-proof"'}
    )


PAGES = (
    Page("/toezicht/logboek", "log_health", roles=OFFICERS, get=show_health),
    Page(
        "/toezicht/raadplegingen/{look:uuid}/bewijs",
        "look_proof",
        roles=OFFICERS,
        section="work_list",
        post=proof,
    ),
)
