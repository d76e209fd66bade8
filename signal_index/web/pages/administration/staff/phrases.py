"""Words for changes, reasons and proposals; the list of roles is in `signal_index.web.markup.menu`."""

from collections.abc import Mapping

from signal_index.model.administration import ProposalState, What, Why
from signal_index.web.markup.words import say

WHYS: Mapping[Why, str] = {
    Why.NEW_TASK: say("Nieuwe taak"),
    Why.TASK_ENDED: say("Taak gestopt"),
    Why.LEFT: say("Werkt hier niet meer"),
    Why.AWAY: say("Lang afwezig"),
    Why.BACK: say("Terug aan het werk"),
    Why.SECURITY: say("Beveiliging"),
    Why.IMPORTED: say("Lijst van de werkgever"),
    Why.UNUSED: say("Lang niet gebruikt"),
    Why.UNCONFIRMED: say("Niet bevestigd door het team"),
}
# What a person may choose from: a reason that cannot be true of a change only makes the choice longer.
WHYS_FOR: Mapping[What, tuple[Why, ...]] = {
    What.GRANT: (Why.NEW_TASK, Why.BACK),
    What.REVOKE: (Why.TASK_ENDED, Why.LEFT, Why.AWAY, Why.SECURITY),
    What.BLOCK: (Why.LEFT, Why.AWAY, Why.TASK_ENDED, Why.SECURITY),
    What.UNBLOCK: (Why.BACK, Why.NEW_TASK),
    What.MOVE: (Why.NEW_TASK, Why.TASK_ENDED, Why.BACK),
}
STATES: Mapping[ProposalState, str] = {
    ProposalState.ASKED: say("Wacht op een tweede persoon"),
    ProposalState.APPROVED: say("Akkoord"),
    ProposalState.REFUSED: say("Afgewezen"),
    ProposalState.WITHDRAWN: say("Ingetrokken"),
    ProposalState.OVER: say("Verlopen"),
}
BADGES: Mapping[ProposalState, str] = {
    ProposalState.ASKED: "warning",
    ProposalState.APPROVED: "valid",
    ProposalState.REFUSED: "neutral",
    ProposalState.WITHDRAWN: "inactive",
    ProposalState.OVER: "inactive",
}
DONE: Mapping[What, str] = {
    What.GRANT: say("De rol is gegeven"),
    What.REVOKE: say("De rol is ingetrokken"),
    What.BLOCK: say("Het account staat uit"),
    What.UNBLOCK: say("Het account staat weer aan"),
    What.MOVE: say("De medewerker staat in het andere team"),
}
EFFECTS: Mapping[What, str] = {
    What.GRANT: say("De medewerker kan deze rol kiezen na opnieuw inloggen."),
    What.REVOKE: say("De medewerker wordt meteen uitgelogd, en heeft deze rol daarna niet meer."),
    What.BLOCK: say(
        "De medewerker wordt meteen uitgelogd, en kan niet meer inloggen. De rollen blijven staan."
    ),
    What.UNBLOCK: say("De medewerker kan weer inloggen, met de rollen die er nu staan."),
    What.MOVE: say("Vervangingen in het oude team gelden niet meer. De rollen blijven staan."),
}
