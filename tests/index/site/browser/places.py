"""The municipalities the browsers visit: one with everything in it, one with nothing, one with hostile names.

All people, organisations and phone numbers are invented.
"""

import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.batch import BatchClass
from crypto.encoding import Month
from crypto.sheet import SignaalOperation, SignaalRow, ZorgrelatieOperation, ZorgrelatieRow
from crypto.tokens import issue
from policy.rulesets import RuleSet
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor, ContactRoute, LookupRequest, Publication, Register, StaffMember
from signal_index.model.log import Cosigned, Refusal
from signal_index.model.openings import OpeningReason
from signal_index.model.review import Chosen, Ground, Indicator, Judgement, LookRef, Reason, Review, Week
from signal_index.model.workplace import Cover, CoverReason, Entrance, Informed, Question, Verdict
from signal_index.usecases import log
from signal_index.usecases.look_up import look_up
from signal_index.usecases.oversight import openings
from signal_index.usecases.workplace.arrivals import TICKET_TYPE, ticket_key_id
from signal_index.web.identity import SECOND_FACTOR_ACR
from signal_index.web.provider import Provider, Relying
from tests.support.rules import Fixed

from . import hostile

# A Monday two months after the world began, so that what was said then is out of date.
TODAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
NOORD, STIL = "noord", "stil"
LOOKS, LEADS = (Role.TEAM_MEMBER,), (Role.TEAM_LEAD,)
REGIE = "https://regie.gemeente.example"
# Each way of working has a team of its own, so none meets another's traces.
HANDS = ("telefoon", "toetsen", "kaal")

VISIT, DEBTS, TALK = "voorbereiding-huisbezoek", "schuldhulp-afstemming", "toets-zelfredzaamheid"

Said = Mapping["Source", Collection[int]]


@dataclass(frozen=True)
class Source:
    """A source that publishes one kind of signal, and whom to phone about it."""

    code: str
    kind: str
    name: str
    contact: str
    phone: str

    def published_by(self, oin: str) -> Publication:
        """Its line in the register."""
        return Publication(self.code, self.name, self.kind, oin, ContactRoute(self.contact, self.phone))


def _source(number: int, kind: str, name: str, contact: str) -> Source:
    return Source(f"kvk:{number:08}", kind, name, contact, f"085-0000{number:03}")


DEBT = _source(101, "schuldhulptraject", "Kredietbank Noord", "Aanmelding schuldhulp")
WMO = _source(102, "wmo-voorziening", "Thuiszorg De Linde", "Wmo-loket")
YOUTH = _source(103, "jeugdhulp", "Jeugdhulp Vierhoek", "Aanmelding en advies")
BEHIND = _source(104, "wmo-voorziening", "Thuishulp Samen", "Planning")
SILENT = _source(105, "onder-curatele", "Register van curatele", "Inlichtingen")
OTHERS = (
    _source(106, "bijstandsuitkering", "Gemeente Test, afdeling Werk en Inkomen", "Team inkomen"),
    _source(107, "beschermingsbewind", "Bewindvoering De Brug", "Spreekuur"),
    _source(110, "participatie-traject", "Werkbedrijf Noorderpoort", "Jobcoach"),
    _source(108, "wlz-indicatie", "Centrum indicatiestelling zorg", "Klantcontact"),
    _source(
        109,
        "schoolinschrijving-verzuim",
        "Leerplicht en RMC in de regio Noord- en Midden-Holland",
        "Leerplichtambtenaar basisonderwijs en voortgezet onderwijs",
    ),
)
# What the first person has: eight signals in every area of life the purpose reaches, one from a source that is behind.
EIGHT = (DEBT, YOUTH, BEHIND, *OTHERS)


@dataclass(frozen=True)
class Person:
    """Somebody who works at the municipality.

    Args:
        email: None when the provider does not know one.
    """

    staff_id: str
    name: str
    team: str
    roles: tuple[Role, ...]
    email: str | None = "werk@gemeente.example"


PEOPLE = (
    Person("w.een", "Samira Haddou", NOORD, LOOKS),
    Person("w.twee", "Joost van der Meer", NOORD, LOOKS),
    Person("t.lead", "Marijke de Boer", NOORD, LEADS),
    Person("w.leidt", "Anna Kowalska", NOORD, (Role.TEAM_MEMBER, Role.TEAM_LEAD)),
    Person("p.officer", "Pim de Wit", NOORD, (Role.PRIVACY_OFFICER,)),
    Person("p.tweede", "Petra van Dijk", NOORD, (Role.PRIVACY_OFFICER,)),
    Person("f.beheer", "Frits Beheer", NOORD, (Role.FUNCTIONAL_ADMIN,)),
    Person("f.tweede", "Fatima Tweede", NOORD, (Role.FUNCTIONAL_ADMIN,)),
    Person("b.bron", "Bram Bron", NOORD, (Role.SOURCE_ADMIN,)),
    Person("b.nieuw", "Nine Nieuw", NOORD, (Role.SOURCE_ADMIN,)),
    Person("l.alleen", "Lidia Alleen", "alleen", LEADS),
    Person("w.los", "Wim Los", "los", LOOKS),
    Person("w.uit", "Ulla Uit", NOORD, LOOKS),
    Person("w.niets", "Noor Jansen", NOORD, ()),
    Person("w.weg", "Willem Weg", NOORD, LOOKS),
    Person("w.gek", "<b>Gerrit</b> <script>window.pwned=1</script>", NOORD, LOOKS),
    Person("w.stil", "Fenna Stil", STIL, LOOKS, email=None),
    Person("t.stil", "Tess Stil", STIL, LEADS),
    *(Person(f"w.{hand}", "Wil Hand", hand, LOOKS, f"w.{hand}@gemeente.example") for hand in HANDS),
    *(Person(f"c.{hand}", "Cor Collega", hand, LOOKS) for hand in HANDS),
    *(Person(f"l.{hand}", "Lot Leider", hand, LEADS) for hand in HANDS),
)


def claims() -> list[dict[str, Any]]:
    """What the identity provider says about everybody."""
    said = [
        {"sub": each.staff_id, "name": each.name, "email": each.email, "acr": min(SECOND_FACTOR_ACR)}
        for each in PEOPLE
    ]
    return [{name: value for name, value in each.items() if value is not None} for each in said]


class Place:
    """One municipality with its index and its site.

    Args:
        world: an index of `tests/index`.
        new_house: makes its site.
        issuer: address of the identity provider.
        rules: makes its rules of those of the world.
        **front: what the municipality chose about its site.
    """

    def __init__(
        self,
        world: Any,
        new_house: Any,
        issuer: str,
        rules: Callable[[RuleSet], RuleSet] = lambda rules: rules,
        **front: Any,
    ) -> None:
        self.world = world
        self.cases: dict[str, UUID] = {}
        self.overseen: dict[str, str] = {}
        self.administered: dict[str, str] = {}
        self.key = Ed25519PrivateKey.generate()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        relying = Relying(
            issuer=issuer,
            client_id="index",
            client_secret="geheim",
            return_to=f"{self.origin}/inloggen/terug",
            signed_out=f"{self.origin}/uitgelogd",
            subject_claim="sub",
            second_factor_acr=SECOND_FACTOR_ACR,
            second_factor_amr=frozenset(),
        )
        # The provider's clock is the real one; the place has a fixed day, so that every text on its pages is known.
        provider = Provider(relying, lambda: datetime.now(UTC))
        kept, world.desk = world.desk, replace(world.desk, rulebook=Fixed(rules(world.desk.rules)))
        self.house = new_house(world, origin=self.origin, provider=provider, **front)
        world.desk = kept
        self.run(self._staff)

    def run(self, job: Any) -> Any:
        """One transaction."""
        return self.world.database.run(job)

    def _staff(self, tx: Any) -> None:
        for each in PEOPLE:
            tx.staff.put(
                StaffMember(each.staff_id, self.world.GEMEENTE, each.team, active=True, name=each.name)
            )
            for role in each.roles:
                tx.staff.grant(each.staff_id, role.value, "test", self.world.clock)

    def register(self, sources: Sequence[Source]) -> None:
        """These sources and no others, all delivered by the municipality; and the door of its regiesysteem."""
        public = self.key.public_key().public_bytes_raw()
        entrance = Entrance(REGIE, "Regiesysteem", self.world.GEMEENTE, public)
        publications = tuple(each.published_by(self.world.GEMEENTE) for each in sources)

        def job(tx: Any) -> None:
            tx.register.replace(Register(tuple(tx.register.publishers()), publications, (entrance,)))

        self.run(job)

    def publish(self, said: Said) -> None:
        """A complete set of each of these sources, about people by their number; all sets together step by step."""
        opened, asserted, sealed = [], [], []
        for source, people in said.items():
            row = SignaalRow(SignaalOperation.OPEN_SET, source=source.code, type=source.kind, generation=1)
            opened.append((None, row))
            asserted += [
                (
                    self.world.PEOPLE[number],
                    replace(row, operation=SignaalOperation.ASSERT, since=Month(2025, 9 + number % 4)),
                )
                for number in people
            ]
            today = self.world.clock.date()
            seal = replace(row, operation=SignaalOperation.SEAL_SET, count=len(people), as_of=today)
            sealed.append((None, seal))
        for rows in (opened, asserted, sealed):
            for start in range(0, len(rows), self.world.N):
                items = rows[start : start + self.world.N]
                self.world.accept(self.world.GEMEENTE, BatchClass.SIGNAAL, items)

    def register_cases(self, *cases: tuple[int, ZorgrelatieRow]) -> None:
        """The whole caseload, by the number of the person."""
        self.world.register_relations(*((self.world.PEOPLE[number], row) for number, row in cases))
        for _, row in cases:
            assert row.relation_id is not None
            self.cases[row.case_reference] = UUID(bytes=row.relation_id)

    def case(self, reference: str, worker: str = "w.een", **changed: Any) -> ZorgrelatieRow:
        """One case of a worker, in her team."""
        team = next(each.team for each in PEOPLE if each.staff_id == worker)
        row: ZorgrelatieRow = self.world.relation(worker, case_reference=reference, team=team, **changed)
        return row

    def end(self, reference: str) -> None:
        """End a case as of today."""
        row = ZorgrelatieRow(
            ZorgrelatieOperation.END,
            relation_id=self.cases[reference].bytes,
            generation=1,
            organisation=self.world.GEMEENTE,
            valid_until=self.world.clock.date() - timedelta(days=1),
        )
        self.world.accept(self.world.REGIE, BatchClass.ZORGRELATIE, [(self.world.PEOPLE[0], row)])

    def look(self, reference: str) -> str:
        """Path of the purpose step of a case."""
        return f"/caseload/{self.cases[reference]}/raadplegen"

    def cover(self, absentee: str, delegate: str, first_day: date, last_day: date) -> None:
        """A colleague looks for another one."""
        team = next(each.team for each in PEOPLE if each.staff_id == absentee)
        number = sum(ord(letter) for letter in absentee + delegate).to_bytes(16, "big")
        who = (number, self.world.GEMEENTE, team, absentee, delegate)
        cover = Cover(*who, first_day, last_day, CoverReason.LEAVE, self.world.clock)
        self.run(lambda tx: tx.covers.put(cover))

    def ask(self, reference: str, case: str, source: Source, asked_on: date, **answer: Any) -> None:
        """A question of the first worker about a signal, perhaps answered."""

        def job(tx: Any) -> None:
            relation = tx.relations.get(self.world.GEMEENTE, self.cases[case].bytes)
            about = (relation.relation_id, relation.person, source.code, source.kind)
            due = asked_on + timedelta(days=28)
            question = Question(reference, self.world.GEMEENTE, "w.een", *about, asked_on, due, **answer)
            tx.questions.put(question)

        self.run(job)

    def looked(self, name: str, reference: str, worker: str = "w.een", purpose: str = VISIT) -> None:
        """Somebody looked in a case, or tried to; a privacy officer finds it under this name."""
        request = LookupRequest(self.cases[reference].bytes, purpose, frozenset(), Informed.TOLD)

        def job(tx: Any) -> bytes:
            actor = self.acting(tx, worker, Role.TEAM_MEMBER)
            look_up(tx, self.house.site.desk.rules, actor, request, self.world.clock)
            newest = next(iter(tx.audit.entries(events=("lookup.answered", "lookup.refused"), limit=1)))
            name_of_look: bytes = tx.names.of_look(newest.writer, newest.number)
            return name_of_look

        self.overseen[name] = f"/toezicht/raadplegingen/{UUID(bytes=self.run(job))}"

    def opened(self, name: str, look: str, *, approve: bool | None = None) -> None:
        """The first privacy officer asked which case is behind a look; the second one decided, if she did."""
        look_id = UUID(self.overseen[look].rpartition("/")[2]).bytes

        def job(tx: Any) -> bytes:
            first, second = (
                self.acting(tx, each, Role.PRIVACY_OFFICER) for each in ("p.officer", "p.tweede")
            )
            asked = openings.ask(
                tx, first, look_id, self.world.clock, reason=OpeningReason.COMPLAINT, dossier="PO-2026-014"
            )
            if approve is not None:
                openings.decide(tx, second, asked.opening_id, self.world.clock, approve=approve)
            return asked.opening_id

        self.overseen[name] = f"/toezicht/zaaknummers/{UUID(bytes=self.run(job))}"

    def chosen(self) -> None:
        """Looks are on the work list: for a reason, by lot, too late, and one with a question asked."""
        day = self.world.clock.date()
        late = Reason(Indicator.OUTSIDE_HOURS, 3, (("time", "22.14"), ("times", "1"), ("looks", "40")))
        many = Reason(Indicator.MANY_IN_HOUR, 4, (("number", "14"), ("usual", "3"), ("team", "2")))
        asked: dict[str, Any] = {
            "judgement": Judgement.QUESTION,
            "ground": Ground.ASKED_LEAD,
            "asked_at": TODAY,
            "follow_up_on": day + timedelta(days=14),
            "judged_at": TODAY,
            "judged_by": "p.tweede",
        }
        tried = Reason(Indicator.ATTEMPTS, 5, (("times", "3"),))
        lists: dict[str, tuple[tuple[Reason, ...], dict[str, Any]]] = {
            "answered": ((many, late), {}),
            "refused": ((tried,), {"due_on": day - timedelta(days=2)}),
            "for a colleague": ((), {"chosen": Chosen.SAMPLE}),
            "look 0": ((late,), asked),
        }

        def job(tx: Any) -> None:
            for name, (reasons, changed) in lists.items():
                ref = LookRef(*tx.names.look(UUID(self.overseen[name].rpartition("/")[2]).bytes))
                stated: dict[str, Any] = {
                    "chosen": Chosen.STRIKING,
                    "chosen_on": day,
                    "due_on": day + timedelta(days=7),
                    **changed,
                }
                tx.reviews.put(Review(ref, self.world.clock, "w.een", None, True, reasons, **stated))

        self.run(job)

    def watched(self) -> None:
        """Everything so far is in the log's tree, and a witness cosigned it."""
        grown = self.run(lambda tx: log.integrate(tx, self.world.clock))
        cosigned = Cosigned(
            "getuige.gemeente.example", grown.head.size, grown.head.checkpoint, self.world.clock
        )
        self.run(lambda tx: tx.witnesses.put_cosigned(cosigned))

    @staticmethod
    def acting(tx: Any, staff_id: str, role: Role) -> Actor:
        """Somebody in one of her roles."""
        staff = tx.staff.get(staff_id)
        return Actor.in_one_role(staff_id, staff, role.value, second_factor=True, token_id="test")

    def month_of_looks(self) -> None:
        """A month that is over, with enough looks for figures, and a few too few in one place."""
        self.world.clock = TODAY - timedelta(days=20)
        counts = {(VISIT, "w.een"): 31, (VISIT, "w.stil"): 12, (DEBTS, "w.twee"): 18, (TALK, "w.telefoon"): 4}

        def job(tx: Any) -> None:
            for (purpose, worker), count in counts.items():
                actor = self.acting(tx, worker, Role.TEAM_MEMBER)
                for number in range(count):
                    said: dict[str, Any] = {"purpose": purpose, "any_shown": number % 3 > 0}
                    said["allowed"] = ["schuldhulptraject:contact", "jeugdhulp:contact"][: 1 + number % 2]
                    tx.audit.append(audit.act("lookup.answered", self.world.clock, actor, **said))
                    if number % 2:
                        useful: dict[str, Any] = {"purpose": purpose, "useful": "nee" if number % 3 else "ja"}
                        tx.audit.append(audit.act("view.useful", self.world.clock, actor, **useful))

        self.run(job)

    def ticket(self, worker: str, reference: str, number: str) -> str:
        """What a regiesysteem puts in a deep link."""
        issued = int(self.world.clock.timestamp())
        said = {
            "iss": REGIE,
            "aud": "index:regio-test",
            "sub": worker,
            "jti": number,
            "iat": issued,
            "exp": issued + 120,
            "zorgrelatie": str(self.cases[reference]),
        }
        key_id = ticket_key_id(self.key.public_key().public_bytes_raw())
        return issue(self.key, key_id, "EdDSA", said, token_type=TICKET_TYPE)


def fill(place: Place) -> None:
    """Everything there can be on a page, and for each way of working three cases of her own."""
    place.register((DEBT, WMO, YOUTH, BEHIND, SILENT, *OTHERS))
    place.publish({BEHIND: (0, 4, 5, 6)})
    place.month_of_looks()
    place.world.clock = TODAY
    place.publish({DEBT: (0, 3, 4, 5, 6), WMO: (2, 3), YOUTH: (0, 2), **dict.fromkeys(OTHERS, (0,))})
    soon = TODAY.date() + timedelta(days=8)
    place.register_cases(
        (0, place.case("WT-2026-0147")),
        (1, place.case("WT-2026-0148")),
        (2, place.case("WT-2026-0149")),
        (3, place.case("WT-2026-0150", shielded=True)),
        (1, place.case("WT-2026-0151", registered_by="w.een")),
        (1, place.case("WT-2026-0152", valid_from=soon)),
        (1, place.case("WT-2026-0153", valid_until=soon)),
        (1, place.case("WT-2026-0154", "w.twee")),
        (0, place.case("WT-2026-0155")),
        (2, place.case("WT-2026-0160", "w.leidt")),
        *(
            (number, place.case(f"{hand}-{kind}".upper(), f"w.{hand}", **changed))
            for number, hand in enumerate(HANDS, start=4)
            for kind, changed in (("vol", {}), ("klopt", {}), ("zelf", {"registered_by": f"w.{hand}"}))
        ),
        *((1, place.case(f"{hand}-leeg".upper(), f"w.{hand}")) for hand in HANDS),
    )
    place.end("WT-2026-0155")
    day = TODAY.date()
    place.cover("w.leidt", "w.een", day, day + timedelta(days=4))
    place.cover("w.een", "w.twee", day + timedelta(days=14), day + timedelta(days=25))
    place.cover("w.twee", "w.leidt", day + timedelta(days=7), day + timedelta(days=11))
    place.ask("V-2222-2222", "WT-2026-0147", DEBT, day - timedelta(days=20))
    right, mended = (
        {"verdict": each, "answered_on": day - timedelta(days=3)} for each in (Verdict.RIGHT, Verdict.MENDED)
    )
    place.ask("V-3333-3333", "WT-2026-0147", YOUTH, day - timedelta(days=20), **right)
    place.ask("V-4444-4444", "WT-2026-0147", OTHERS[0], day - timedelta(days=20), **mended)
    place.ask("V-5555-5555", "WT-2026-0147", OTHERS[1], day - timedelta(days=60))
    place.ask("V-6666-6666", "WT-2026-0153", DEBT, day)
    oversee(place)


def oversee(place: Place) -> None:
    """Looks for the privacy officers, one request for a case number in every state, and a log that grows."""
    place.looked("answered", "WT-2026-0147")
    place.looked("for a colleague", "WT-2026-0160")
    place.looked("refused", "WT-2026-0154")
    for number, approve in enumerate((None, True, False)):
        look = f"look {number}"
        place.looked(look, "WT-2026-0148", purpose=DEBTS)
        place.opened(
            {None: "asked", True: "approved", False: "refused request"}[approve], look, approve=approve
        )
    place.chosen()
    place.watched()
    refused = Refusal("getuige.waterschap.example", "behind", TODAY - timedelta(hours=2))
    place.run(lambda tx: tx.witnesses.put_refusal(refused))


def keep_quiet(place: Place) -> None:
    """One case about which nobody says anything, every source current, and one purpose to choose from."""
    place.register((DEBT, WMO, YOUTH))
    place.world.clock = TODAY
    place.publish({DEBT: (), WMO: (), YOUTH: ()})
    place.register_cases((1, place.case("WT-2026-0001", "w.een")))
    place.watched()
    last_week = Week(TODAY.date() - timedelta(days=7), looks=0, chosen_on=TODAY.date())
    place.world.database.run(lambda tx: tx.reviews.put_week(last_week))


def alarm(place: Place, kind: str) -> None:
    """A log in the worst states there are: a `gap`, a `fork`, or `still`, when records wait for the tree."""
    keep_quiet(place)
    if kind == "fork":
        forked = Refusal("getuige.gemeente.example", "fork", TODAY - timedelta(minutes=9))
        place.run(lambda tx: tx.witnesses.put_refusal(forked))
        return
    if kind == "gap":
        missing = audit.event("log.gap", TODAY, writer="00" * 8, number=3)
        place.run(lambda tx: tx.audit.append(missing))
        place.watched()
        return
    waiting = audit.event("log.checked", TODAY, actor="operator", token="t", records=9)
    place.run(lambda tx: tx.audit.append(waiting))
    place.world.clock = TODAY + timedelta(minutes=9)


def be_hostile(place: Place) -> None:
    """A source and a colleague per hostile name; every source knows the one person, and none is current any more."""
    sources = [
        Source(f"kvk:{number:08}", "wmo-voorziening", name, name, name)
        for number, name in enumerate(hostile.NAMES)
    ]
    place.register(sources)
    place.publish(dict.fromkeys(sources, (0,)))
    place.world.clock = TODAY
    place.register_cases((0, place.case("WT-2026-0666", "w.gek")))

    def hire(tx: Any) -> None:
        for number, name in enumerate(hostile.NAMES):
            member = StaffMember(f"x.{number}", place.world.GEMEENTE, NOORD, active=True, name=name)
            tx.staff.put(member)
            tx.staff.grant(member.staff_id, Role.TEAM_MEMBER.value, "test", place.world.clock)

    place.run(hire)
    place.looked("hostile", "WT-2026-0666", "w.gek")
