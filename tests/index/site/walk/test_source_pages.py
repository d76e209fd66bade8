"""The source organisation's pages by real requests: each is read, each form is sent, and none is about a person."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.keyfiles import PublisherSecrets
from crypto.sheet import SignaalOperation, SignaalRow
from policy.rulesets import bundled, load
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import StaffMember
from signal_index.model.workplace import Question
from signal_index.web.pages.sourcing.phrases import REASONS
from signal_index.web.sources import DISTRUSTED

READABLE = {
    "/bron/signalen": "source.read",
    "/bron/leveringen": "source.read",
    "/bron/contactpunten": "source.read",
    "/bron/meldingen": "questions.listed",
    "/bron/sleutels": "source.read",
    "/bron/gebruik": "source.read",
}
RULES = load(bundled())
NINE_DIGITS = re.compile(r"(?<![\da-f])\d{9}(?![\da-f])")


@pytest.fixture
def source(walk: Any) -> Any:
    return walk(staff_id="b.bron").open("/hulp")


def hire(world: Any, staff_id: str, organisation: str, role: Role = Role.SOURCE_ADMIN) -> None:
    def job(tx: Any) -> None:
        tx.staff.put(StaffMember(staff_id, organisation, "bron", active=True))
        tx.staff.grant(staff_id, role.value, "test", world.clock)

    world.database.run(job)


def ask(world: Any, reference: str, source: str, kind: str) -> None:
    """A worker doubts a signal of this source."""
    relation = world.relation(case_reference="WT-2026-0301")
    world.register_relations((world.PEOPLE[0], relation))

    def job(tx: Any) -> None:
        (stored,) = tx.relations.all_of(world.GEMEENTE)
        day = world.clock.date()
        about = (stored.relation_id, stored.person, source, kind, day, day + timedelta(days=28))
        tx.questions.put(Question(reference, world.GEMEENTE, "w.een", *about))

    world.database.run(job)


# --- Who sees what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "event"), READABLE.items())
def test_every_page_is_read_and_reading_is_on_record(source: Any, world: Any, path: str, event: str) -> None:
    assert source.open(path).status == 200
    record = world.records(event)[0]
    assert (record.fields["actor"], record.fields["organisation"]) == ("b.bron", world.GEMEENTE)


@pytest.mark.parametrize("who", ["w.een", "t.lead", "p.officer", "f.beheer", "w.niets"])
def test_every_page_is_the_bronbeheerders_alone_and_trying_is_on_record(
    walk: Any, world: Any, who: str
) -> None:
    other = walk(staff_id=who)
    for number, path in enumerate(READABLE, start=1):
        assert other.open(path).status == 403, path
        assert len(world.records("action.refused")) == number


def test_no_page_holds_a_pseudonym_a_bsn_a_case_or_a_relation(source: Any, world: Any) -> None:
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {})
    ask(world, "V-2222-2222", "agb:00000003", "jeugdhulp")
    (relation,) = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    person = relation.person.encoded.hex()
    private = {
        world.PEOPLE[0].digits,
        person,
        person.upper(),
        "WT-2026-0301",
        relation.relation_id.hex(),
        "w.een",
    }
    for path in READABLE:
        text = source.open(path).content.decode()
        assert not [each for each in private if each in text], path
        assert not NINE_DIGITS.search(re.sub(r"value=\"[^\"]*\"", "", text)), path


def test_a_bronbeheerder_elsewhere_sees_and_changes_nothing_of_ours(walk: Any, world: Any) -> None:
    ask(world, "V-2222-2222", "agb:00000003", "jeugdhulp")
    hire(world, "b.zorg", world.ZORG)
    other = walk(staff_id="b.zorg")
    for path in READABLE:
        text = other.open(path).content.decode()
        assert not [
            each
            for each in ("Bron 0001", "Bron 0002", "Bron 0003", "V-2222-2222", "Organisatie 1")
            if each in text
        ]
    assert other.send("/bron/meldingen", ("kenmerk", "V-2222-2222"), ("antwoord", "klopt")).status == 404
    changed = (
        ("bron", "agb:00000003"),
        ("soort", "jeugdhulp"),
        ("naam", "Ons"),
        ("telefoon", "085 111 1111"),
    )
    assert other.send("/bron/contactpunten", *changed).status == 404
    assert not world.records("question.answered", "contact.changed")


def test_an_organisation_without_sources_hears_what_to_do(walk: Any, world: Any) -> None:
    hire(world, "b.nieuw", "00000099000000000009")
    for path in READABLE:
        page = walk(staff_id="b.nieuw").open(path)
        assert page.status == 200
        assert re.search(r"Uw organisatie levert nog niets|niets geleverd|wacht geen melding", page.text), (
            path
        )


# --- Series ---------------------------------------------------------------------------------------------------------


def test_few_signals_are_not_counted_and_freshness_says_what_to_do(
    source: Any, walk: Any, world: Any
) -> None:
    world.publish(
        world.GEMEENTE, "agb:00000001", "wmo-voorziening", dict.fromkeys(world.PEOPLE[:9], "2025-11")
    )
    world.publish(
        world.GEMEENTE, "agb:00000002", "wmo-voorziening", dict.fromkeys(world.PEOPLE[:11], "2025-11")
    )
    text = source.open("/bron/signalen").text
    assert "minder dan 10" in text
    assert re.search(r"Signalen\s*11\b", text)
    assert not re.search(r"Signalen\s*9\b", text)
    assert "Start uw connector." not in text, "it has delivered before"
    assert "complete set sturen" in text, "the third source never did"
    world.clock += timedelta(days=60)
    assert walk(staff_id="b.bron").open("/bron/signalen").text.count("Niet actueel") == 3


# --- Deliveries -----------------------------------------------------------------------------------------------------


def refused_row(world: Any) -> None:
    row = SignaalRow(SignaalOperation.OPEN_SET, source="agb:00000009", type="jeugdhulp", generation=1)
    world.send(world.GEMEENTE, BatchClass.SIGNAAL, [(None, row)])


def test_deliveries_say_what_was_accepted_and_why_not(source: Any, world: Any) -> None:
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {})
    refused_row(world)
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {})
    page = source.open("/bron/leveringen")
    assert page.text.count("Aangenomen") == 1
    assert page.text.count("Geweigerd") == 1
    assert "Uw organisatie staat niet in het register voor deze bron of soort." in page.text
    accepted = world.records("delivery.accepted")[-1]
    assert f"{accepted.writer.hex()}-{accepted.number}" in page.text


def test_deliveries_come_in_pages_and_go_after_thirty_days(walk: Any, world: Any) -> None:
    for _ in range(26):
        refused_row(world)
        world.clock += timedelta(minutes=1)
    source = walk(staff_id="b.bron").open("/bron/leveringen")
    assert source.text.count("Geweigerd") == 25
    source.tap("Oudere")
    assert source.text.count("Geweigerd") == 1
    world.clock += timedelta(days=30)
    source = walk(staff_id="b.bron").open("/bron/leveringen")
    assert "Er is de laatste tijd niets geleverd" in source.text


def test_every_reason_there_is_has_words_that_say_what_to_do() -> None:
    document = (Path(__file__).parents[4] / "docs/errors.md").read_text(encoding="utf-8")
    stated = set(re.findall(r"^\| `([a-z-]+)` \|", document.partition("## Signed refusals")[2], re.MULTILINE))
    # A batch of somebody who is not registered has no publisher whose page it could stand on.
    assert (stated | DISTRUSTED) - {"unknown-publisher"} == REASONS.keys()


# --- Contact routes -------------------------------------------------------------------------------------------------


def test_a_contact_route_is_changed_recorded_and_shows_at_the_next_look(source: Any, world: Any) -> None:
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {world.PEOPLE[0]: "2025-11"})
    world.publish_nothing_else()
    relation = world.relation()
    world.register_relations((world.PEOPLE[0], relation))
    about = (("bron", "agb:00000003"), ("soort", "jeugdhulp"))
    source.send("/bron/contactpunten", *about, ("naam", "Aanmelding jeugd"), ("telefoon", "030 123 4567"))
    source.open("/bron/contactpunten?gewijzigd=1")
    assert "Het contactpunt is gewijzigd" in source.text
    assert "Aanmelding jeugd" in source.text
    (record,) = world.records("contact.changed")
    assert record.fields["contact_phone"] == "030 123 4567"
    shown = world.look(relation.relation_id, purpose="voorbereiding-huisbezoek").json()
    assert {"naam": "Aanmelding jeugd", "telefoon": "030 123 4567"} in [
        each["contact"] for each in shown["signalen"]
    ]


FAULTY = [
    ("", "085 000 0000", "Vul in wie"),
    ("Balie", "", "Vul een telefoonnummer in"),
    ("Balie", "12345", "Vul een telefoonnummer in"),
    ("Balie", "999990019", "Vul een telefoonnummer in"),
    ("Balie 999990019", "085 000 0000", "Gebruik in de naam alleen woorden"),
    ("B" * 81, "085 000 0000", "Maak de naam korter"),
]


@pytest.mark.parametrize(("name", "phone", "said"), FAULTY)
def test_a_contact_route_nobody_can_call_changes_nothing(
    source: Any, world: Any, name: str, phone: str, said: str
) -> None:
    about = (("bron", "agb:00000003"), ("soort", "jeugdhulp"))
    page = source.send("/bron/contactpunten", *about, ("naam", name), ("telefoon", phone))
    assert page.status == 400
    assert said in page.text
    assert not world.records("contact.changed")


# --- Questions ------------------------------------------------------------------------------------------------------


def test_a_question_is_answered_by_its_reference(source: Any, world: Any) -> None:
    ask(world, "V-2222-2222", "agb:00000003", "jeugdhulp")
    source.open("/bron/meldingen")
    assert source.headings()[0] == "V-2222-2222"
    source.tap("Het signaal klopt: V-2222-2222")
    (record,) = world.records("question.answered")
    assert record.fields["verdict"] == "klopt"
    assert "Er wacht geen melding" in source.open("/bron/meldingen").text
    again = source.send("/bron/meldingen", ("kenmerk", "V-2222-2222"), ("antwoord", "aangepast"))
    assert again.status == 409


# --- Keys -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(world: Any) -> PublisherSecrets:
    return PublisherSecrets.generate(world.GEMEENTE, created=date(2026, 3, 3))


def pasted(secrets: PublisherSecrets) -> str:
    return json.dumps(secrets.public().to_document(), indent=2)


def test_a_key_is_renewed_by_two_people_and_the_old_one_ends_by_itself(
    source: Any, walk: Any, world: Any, fresh: PublisherSecrets
) -> None:
    source.open("/bron/sleutels").fill("Openbare sleutel", pasted(fresh)).choose("14 dagen")
    source.tap("Stel de sleutel voor")
    assert "Wacht op een tweede persoon" in source.open("/bron/sleutels").text
    old = world.senders[world.GEMEENTE].secrets
    world.senders[world.GEMEENTE].secrets = fresh
    row = SignaalRow(SignaalOperation.OPEN_SET, source="agb:00000003", type="jeugdhulp", generation=1)
    early = world.post(world.batch(world.GEMEENTE, BatchClass.SIGNAAL, [(None, row)]))
    assert (early.status_code, early.json()["code"]) == (400, "signature")

    admin = walk(staff_id="f.beheer").open("/beheer/sleutels")
    (proposed,) = world.records("key.proposed")
    assert proposed.fields["fingerprint"] in admin.text
    admin.tap("De vingerafdruk klopt: keur goed: Organisatie 1")
    assert world.records("key.approved")[0].fields["fingerprint"] == proposed.fields["fingerprint"]

    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(None, row)])
    world.senders[world.GEMEENTE].secrets = old
    world.clock += timedelta(days=14)
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(None, _seal(world, row))])
    world.clock += timedelta(days=1)
    late = world.post(world.batch(world.GEMEENTE, BatchClass.SIGNAAL, []))
    assert (late.status_code, late.json()["code"]) == (400, "signature")
    assert "Verlopen sleutel" in walk(staff_id="b.bron").open("/bron/sleutels").headings("h3")


def _seal(world: Any, row: SignaalRow) -> SignaalRow:
    return SignaalRow(
        SignaalOperation.SEAL_SET,
        source=row.source, type=row.type, generation=1, count=0, as_of=world.clock.date(),
    )  # fmt: skip


def _wrong_keys(world: Any, fresh: PublisherSecrets) -> Iterator[tuple[str, str]]:
    yield "", "Plak hier de hele tekst"
    yield "{}", "Plak hier de hele tekst"
    yield "x" * 5000, "Plak hier de hele tekst"
    yield json.dumps(fresh.to_document()), "Dit is uw geheime sleutel"
    yield pasted(world.senders[world.ZORG].secrets), "van een andere organisatie"
    yield pasted(world.senders[world.GEMEENTE].secrets), "staat al in het register"


def test_a_key_that_is_none_of_hers_is_not_proposed_and_never_comes_back(
    source: Any, world: Any, fresh: PublisherSecrets
) -> None:
    for text, said in _wrong_keys(world, fresh):
        page = source.send("/bron/sleutels", ("sleutel", text), ("overlap", "14"))
        assert page.status == 400, said
        assert said in page.text
        assert not text or text[20:60] not in page.content.decode() or len(text) < 60
    assert not world.records("key.proposed")


@pytest.mark.parametrize(
    ("left", "said"),
    [(61, None), (60, "Nog 60 dagen."), (7, "Nog 7 dagen."), (-1, "Er is geen sleutel die geldt")],
)
def test_the_end_of_a_key_is_said_in_time(source: Any, world: Any, left: int, said: str | None) -> None:
    def job(tx: Any) -> None:
        (key,) = tx.register.publisher(world.GEMEENTE).keys
        tx.register.put_keys(
            world.GEMEENTE, [replace(key, valid_until=world.clock.date() + timedelta(days=left))]
        )

    world.database.run(job)
    text = source.open("/bron/sleutels").text
    if said is None:
        assert "De sleutel verloopt" not in text
    else:
        assert said in text


# --- Figures --------------------------------------------------------------------------------------------------------


def looks(world: Any, at: datetime, allowed: list[str], count: int) -> None:
    def job(tx: Any) -> None:
        for _ in range(count):
            said = {"actor": "w.een", "organisation": world.GEMEENTE, "allowed": allowed, "any_shown": True}
            tx.audit.append(audit.event("lookup.answered", at, **said))

    world.database.run(job)


def figures(page: Any) -> dict[str, str]:
    """The table of the page."""
    rows = page.all("//table//tbody/tr")
    return {row[0].text_content().strip(): row[1].text_content().strip() for row in rows}


def test_looks_are_counted_in_tens_per_closed_month(source: Any, walk: Any, world: Any) -> None:
    looks(world, world.clock, ["jeugdhulp:contact", "schuldhulptraject:contact"], 19)
    looks(world, world.clock, ["wmo-voorziening:aanwezig"], 9)
    assert set(figures(source.open("/bron/gebruik")).values()) == {"niet getoond"}, "the month still runs"
    world.clock += timedelta(days=31)
    source = walk(staff_id="b.bron").open("/bron/gebruik?maand=2026-03")
    assert "maart" in source.heading
    kinds = RULES.in_force(world.DAY).catalogue
    youth, aid = (kinds.signal_type(each) for each in ("jeugdhulp", "wmo-voorziening"))
    assert youth is not None
    assert aid is not None
    assert figures(source) == {youth.label_nl: "10", aid.label_nl: "niet getoond"}
    assert "19" not in source.text
    assert source.open("/bron/gebruik?maand=2026-04").status == 404
