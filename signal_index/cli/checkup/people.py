"""What is registered and who works here: feeds, sources, staff and entrances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from crypto.batch import BatchClass
from crypto.errors import CryptoError
from crypto.verify_keys import decode_verify_key
from policy.catalogue import Catalogue
from policy.vocabulary import CONFLICTING_ROLES, SENSITIVE_ROLES, Role
from signal_index.model import Publication, Publisher, StaffMember
from signal_index.model.workplace import Entrance
from signal_index.ports import Transaction
from signal_index.usecases.delivery.sets import is_complete
from signal_index.usecases.oversee import Standing, source_standing

from .findings import Finding, Findings, mend, note, ok

NEEDED_ROLES = (Role.FUNCTIONAL_ADMIN, Role.PRIVACY_OFFICER, Role.TEAM_MEMBER)
SETS = (BatchClass.ZORGRELATIE, BatchClass.BEPERKING)
IMPORT = "signal-index register import FILE --as STAFF_ID"


@dataclass(frozen=True)
class Registered:
    """Everything these checks look at, read in one transaction.

    Args:
        incomplete: publishers that have not sealed a complete set yet, with the class it is about.
    """

    publishers: Sequence[Publisher]
    publications: Sequence[Publication]
    entrances: Sequence[Entrance]
    staff: Sequence[StaffMember]
    standings: Sequence[Standing]
    incomplete: Sequence[tuple[Publisher, BatchClass]]

    @classmethod
    def read(cls, tx: Transaction, catalogue: Catalogue, today: date) -> "Registered":
        """Read it all.

        Args:
            tx: the open transaction.
            catalogue: of today; it says how old a source may be.
            today: the Dutch calendar day.
        """
        publishers = tx.register.publishers()
        return cls(
            publishers=publishers,
            publications=tx.register.publications(),
            entrances=tx.register.entrances(),
            staff=[member for member in tx.staff.all() if member.active],
            standings=source_standing(tx, catalogue, today),
            incomplete=[
                (publisher, batch_class)
                for batch_class in SETS
                if not is_complete(tx, batch_class)
                for publisher in publishers
                if batch_class in publisher.classes and not _has_sealed(tx, publisher, batch_class)
            ],
        )


def _has_sealed(tx: Transaction, publisher: Publisher, batch_class: BatchClass) -> bool:
    return any(each.state == "current" for each in tx.deliveries.set_progress(publisher.oin, batch_class))


def register(found: Registered) -> Findings:
    """There are publishers, and each class of batch has a feed that may speak."""
    if not found.publishers:
        yield mend("register", "there are no publishers", f"run {IMPORT}")
        return
    yield ok("register", f"{len(found.publishers)} publishers, {len(found.publications)} sources and types")
    yield from _signals(found)
    yield from _relations(found)
    if not _sending(found, BatchClass.BEPERKING):
        yield note(
            "feed of deaths", "nobody says who has died, so help stays visible until its source stops it"
        )


def _sending(found: Registered, batch_class: BatchClass) -> list[Publisher]:
    return [publisher for publisher in found.publishers if batch_class in publisher.classes]


def _signals(found: Registered) -> Findings:
    point = "feeds of signals"
    able = {publisher.oin for publisher in _sending(found, BatchClass.SIGNAAL)}
    mute = sorted({each.publisher for each in found.publications} - able)
    if not able or not found.publications:
        yield mend(
            point, "no publisher has the class signaal and a source", f"mend the register, then {IMPORT}"
        )
    elif mute:
        yield mend(
            point, f"without the class signaal: {', '.join(mute)}", f"mend the register, then {IMPORT}"
        )
    else:
        yield ok(point, f"{len(able)} publishers")


def _relations(found: Registered) -> Findings:
    """Every organisation with workers has somebody who feeds its care relations."""
    point = "feeds of relations"
    fed = {oin for publisher in _sending(found, BatchClass.ZORGRELATIE) for oin in publisher.organisations}
    working = {member.organisation for member in found.staff if Role.TEAM_MEMBER in member.roles}
    unfed = sorted(working - fed)
    if not fed:
        text = "no publisher has the class zorgrelatie and an organisation"
        yield mend(point, text, f"mend the register, then {IMPORT}")
    elif unfed:
        text = f"workers of {', '.join(unfed)} have no feed of cases"
        yield mend(point, text, f"name it under organisations of a publisher, then {IMPORT}")
    else:
        yield ok(point, f"for {len(fed)} organisation(s)")


def complete_sets(found: Registered) -> Findings:
    """Every feed of relations and deaths has sent a complete set; until then nothing is answered."""
    commands = {
        BatchClass.ZORGRELATIE: "signal-index connector caseload CONFIG FILE --complete",
        BatchClass.BEPERKING: "signal-index connector send CONFIG --complete",
    }
    for publisher, batch_class in found.incomplete:
        who = f"{publisher.name} ({publisher.oin})"
        text = f"no look-up is answered before {who} has sent all of {batch_class}"
        yield mend("complete sets", text, f"let it run {commands[batch_class]}")
    if found.publishers and not found.incomplete:
        yield ok("complete sets", "every feed of relations and deaths has sent one")


def sources(found: Registered, catalogue: Catalogue) -> Findings:
    """Every source is as recent as its kind asks."""
    names = {publisher.oin: publisher.name for publisher in found.publishers}
    behind = [standing for standing in found.standings if not standing.current]
    for standing in behind:
        publisher = names.get(standing.publisher, standing.publisher)
        text, to_do = _behind(standing, catalogue, publisher)
        yield mend("sources", f"{standing.source_name}, {standing.type}: {text}", to_do)
    if found.standings and not behind:
        yield ok("sources", f"{len(found.standings)} of {len(found.standings)} are current")


def _behind(standing: Standing, catalogue: Catalogue, publisher: str) -> tuple[str, str]:
    """What is the matter with this source, and what to do."""
    kind = catalogue.signal_type(standing.type)
    if kind is None:
        return (
            "the rules know no such type today",
            f"take it out of the register, then {IMPORT} --may-remove",
        )
    run = f"let {publisher} run signal-index connector publish"
    if standing.as_of is None:
        return "nothing has come in yet", run
    return f"nothing since {standing.as_of}, and {kind.freshness_days} days is the most", run


def staff(found: Registered) -> Findings:
    """Somebody administers, somebody oversees, somebody looks, and nobody does two that do not go together."""
    held = {role for member in found.staff for role in member.roles}
    missing = [role for role in NEEDED_ROLES if role not in held]
    for role in missing:
        yield mend("staff", f"nobody active has the role {role}", f"run signal-index staff {_way_to(role)}")
    if not missing:
        yield ok(
            "staff", f"{len(found.staff)} active; administering, oversight and looking each have somebody"
        )
    yield from _pairs(found.staff)
    yield from _second_person(found.staff)
    yield from _conflicts(found.staff)


def _way_to(role: Role) -> str:
    """How somebody gets a role that nobody has."""
    if role is Role.FUNCTIONAL_ADMIN:
        return "appoint ONE OTHER"
    if role in SENSITIVE_ROLES:
        decided = "another one then runs signal-index proposal list and decide"
        return f"grant MEMBER {role} --because nieuwe-taak --as STAFF_ID; {decided}"
    return f"grant MEMBER {role} --as STAFF_ID"


def _pairs(members: Sequence[StaffMember]) -> Findings:
    """What takes a second person cannot be done while there is one."""
    for role, why in (
        (Role.FUNCTIONAL_ADMIN, "when she is away nobody can give or take roles, and nobody gives her own"),
        (Role.PRIVACY_OFFICER, "a person is opened by one and approved by another"),
    ):
        held = sorted(member.staff_id for member in members if role in member.roles)
        if len(held) == 1:
            yield note("two people", f"only {held[0]} has the role {role}: {why}")


def _second_person(members: Sequence[StaffMember]) -> Findings:
    """Two people at least, or nobody could agree to any proposal."""
    deciding = [member.staff_id for member in members if member.roles & SENSITIVE_ROLES]
    if len(deciding) == 1:
        to_do = "run signal-index staff appoint ONE OTHER"
        yield mend("staff", f"only {deciding[0]} can decide on proposals", to_do)


def _conflicts(members: Sequence[StaffMember]) -> Findings:
    clashes = [
        (member.staff_id, sorted(pair))
        for member in members
        for pair in sorted(CONFLICTING_ROLES, key=sorted)
        if pair <= member.roles
    ]
    for staff_id, (one, other) in clashes:
        to_do = f"run signal-index staff revoke {staff_id} ROLE --as STAFF_ID"
        yield mend("roles", f"{staff_id} is both {one} and {other}", to_do)
    if not clashes:
        yield ok("roles", "nobody holds two that do not go together")


def entrances(found: Registered) -> Findings:
    """Every system that may open cases has a key somebody can own, for an organisation whose people work here."""
    if not found.entrances:
        yield note("entrances", "no system opens cases here; signal-index entrance new makes a key for one")
        return
    employers = {member.organisation for member in found.staff}
    for entrance in found.entrances:
        yield _entrance(entrance, employers)


def _entrance(entrance: Entrance, employers: set[str]) -> Finding:
    try:
        decode_verify_key(entrance.verify_key)
    except CryptoError as fault:
        to_do = f"let its vendor run signal-index entrance new, then {IMPORT}"
        return mend("entrances", f"{entrance.issuer}: {fault}", to_do)
    if entrance.organisation not in employers:
        text = f"{entrance.issuer} opens cases of {entrance.organisation}, of which nobody works here"
        return mend("entrances", text, f"mend its organisation in the register, then {IMPORT}")
    return ok("entrances", f"{entrance.name} ({entrance.issuer})")
