"""What the pages of the register share: how they change an entry, and the words for what stands in it."""

from collections.abc import Callable, Mapping, Sequence

from crypto.batch import BatchClass
from policy.catalogue import Catalogue
from signal_index.errors import Malformed
from signal_index.model import Actor, dutch_day
from signal_index.ports import Transaction
from signal_index.usecases.sources.checks import Fault
from signal_index.usecases.sources.entries import Editing
from signal_index.usecases.sources.overview import Overview, overview, registered
from signal_index.web.markup.words import say
from signal_index.web.pages.visits import Visit

CLASSES: Mapping[BatchClass, str] = {
    BatchClass.SIGNAAL: say("Signalen"),
    BatchClass.ZORGRELATIE: say("Zaken van medewerkers"),
    BatchClass.BEPERKING: say("Wie is overleden"),
    BatchClass.PROEF: say("Proefleveringen"),
    BatchClass.INZAGE: say("Vragen om inzage van inwoners"),
}
DONE: Mapping[str, str] = {
    "toegevoegd": say("Het is toegevoegd"),
    "gewijzigd": say("Het is gewijzigd"),
    "verwijderd": say("Het is verwijderd"),
}


def catalogue_of(visit: Visit) -> Catalogue:
    """The types of signal there are today."""
    return visit.rules.in_force(dutch_day(visit.now)).catalogue


async def read_register(visit: Visit, page: str) -> Overview:
    """The whole register, for a page with this name."""
    return await visit.run_as(lambda tx, actor: overview(tx, visit.rules, actor, visit.now, page))


async def changed(visit: Visit, job: Callable[[Editing, Overview], None]) -> Sequence[Fault]:
    """Change an entry of the register.

    Args:
        visit: of the functioneel beheerder.
        job: takes the change and the register as it is; both in one transaction.

    Returns:
        What there is to mend; nothing when it is done.
    """
    catalogue, today = catalogue_of(visit), dutch_day(visit.now)

    def run(tx: Transaction, actor: Actor) -> None:
        types = [kind.code for kind in catalogue.types]
        job(Editing(tx, actor, types, visit.now), registered(tx, catalogue, today))

    try:
        await visit.run_as(run)
    except Malformed as error:
        if error.code == "register":  # what it says is for whoever imports a file
            raise
        return error.violations
    return ()
