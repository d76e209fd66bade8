"""Cases of a ZGW case system as care relations: what one case comes to, and what a file of them ends."""

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.caseload import CaseloadTaken, Feed, FeedRefused, reader_of, take_in
from connectors.cli import connector
from connectors.config import Caseload
from connectors.state import Intent
from crypto.chain import Bsn

ORGANISATION = "00000099000000009958"
TODAY = date(2026, 11, 22)
API = "https://zaken.example/zaken/api/v1"
WIJKTEAM = "https://zaken.example/catalogi/api/v1/zaaktypen/c1f0a1de-5e0a-4a52-9c26-0d3a8d1f7b10"
ROLES = (
    "natuurlijk_persoon initiator 999900006",
    "medewerker behandelaar wt-101",
    "organisatorische_eenheid behandelaar noord",
)
CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "caseload-zgw.toml").read_text())["case"]
ZAAK_IDS = [f"1f4de7f6-34a1-4ce1-9f5e-{number:012x}" for number in range(1, 20)]


def rollen(zaak: str, roles: Sequence[str]) -> list[dict[str, Any]]:
    """Roles as the API tells them, with names and contact details that nobody is to look at."""
    told = []
    for number, role in enumerate(roles):
        kind, part, who = role.split(" ", 2)
        member = "inpBsn" if kind == "natuurlijk_persoon" else "identificatie"
        told.append(
            {
                "url": f"{API}/rollen/{number}",
                "uuid": str(uuid4()),
                "zaak": f"{API}/zaken/{zaak}",
                "betrokkene": "",
                "betrokkeneType": kind,
                "afwijkendeNaamBetrokkene": "",
                "roltype": f"{API}/roltypen/{part}",
                "omschrijving": part.capitalize(),
                "omschrijvingGeneriek": part,
                "roltoelichting": "Voorbeeldstra",
                "registratiedatum": "2026-01-05T09:00:00Z",
                "betrokkeneIdentificatie": {member: who, "geslachtsnaam": "Voorbeeldstra"},
            }
        )
    return told


def zaak(number: int = 1, roles: Sequence[str] = ROLES, **changes: Any) -> dict[str, Any]:
    """A case with its roles expanded."""
    uuid = ZAAK_IDS[number - 1]
    told = rollen(uuid, roles)
    values = {
        "url": f"{API}/zaken/{uuid}",
        "uuid": uuid,
        "identificatie": f"Z-2026-{number:03d}",
        "bronorganisatie": "999990676",
        "omschrijving": "Mevrouw Voorbeeldstra",
        "zaaktype": WIJKTEAM,
        "startdatum": "2026-01-05",
        "einddatum": None,
        "rollen": [role["url"] for role in told],
        "_expand": {"rollen": told},
    }
    return {name: value for name, value in (values | changes).items() if value != "ABSENT"}


def answer(*zaken: Any, **changes: Any) -> dict[str, Any]:
    """An answer of the API with these cases."""
    return {"count": len(zaken), "next": None, "previous": None, "results": list(zaken), **changes}


def take(source: Any, document: Any, *, complete: bool = False, **settings: Any) -> CaseloadTaken:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    caseload = Caseload.model_validate(
        {"organisation": ORGANISATION, "zgw": {"zaaktypen": [WIJKTEAM], **settings}}
    )
    feed = Feed("c.json", content, reader_of("zgw", caseload, source.state, TODAY), complete)
    return take_in(source.state, ORGANISATION, feed, TODAY, TODAY)


def kept(source: Any) -> list[Any]:
    """Rows of the relations that are to be kept, by worker."""
    relations = [each for each in source.state.persons.relations() if each.held.wish.intent is Intent.KEEP]
    return sorted((each.row for each in relations), key=lambda row: (row.case_reference, row.worker))


def cared_for(source: Any) -> set[tuple[str, str]]:
    return {(row.case_reference, row.worker) for row in kept(source)}


@pytest.fixture(scope="module")
def made(new_source: Callable[..., Any]) -> Callable[[Path], Any]:
    """A connector with a new state, closed afterwards."""

    @contextmanager
    def make(folder: Path) -> Iterator[Any]:
        source = new_source(folder)
        yield source
        source.state.close()

    return make


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_comes_to(case: dict[str, Any], source: Any) -> None:
    document = answer(zaak(roles=case.get("roles", ROLES), **case.get("zaak", {})))
    taken = take(source, document, **case.get("settings", {}))
    expected = [
        {
            "worker": "wt-101",
            "team": "noord",
            "case_reference": "Z-2026-001",
            "from": "2026-01-05",
            "until": "2027-02-28",
            "registered_by": each.get("worker", "wt-101"),
            "coordinator": False,
            "shielded": True,
            "age_band": "onbekend",
            **each,
        }
        for each in case.get("relations", [])
    ]
    found = [
        {
            "worker": row.worker,
            "team": row.team,
            "case_reference": row.case_reference,
            "from": row.valid_from.isoformat(),
            "until": row.valid_until.isoformat(),
            "registered_by": row.registered_by,
            "coordinator": row.coordinator,
            "shielded": row.shielded,
            "age_band": row.age_band.value,
        }
        for row in kept(source)
    ]
    aside = [f"{entry.reason} {entry.place}" for entry in source.state.quarantine.entries()]
    assert (found, aside) == (expected, case.get("aside", []))
    assert taken.lines == len(expected) + len(aside)


@pytest.mark.parametrize(
    "document",
    [
        zaak(),
        [zaak()],
        answer(zaak()),
        {"zaken": [zaak(_expand="ABSENT")], "rollen": rollen(ZAAK_IDS[0], ROLES)},
        {"rollen": rollen(ZAAK_IDS[0], ROLES), "zaken": [zaak(_expand="ABSENT", rollen="ABSENT")]},
        zaak(_expand="ABSENT", rollen=rollen(ZAAK_IDS[0], ROLES)),
        [zaak(_expand="ABSENT", rollen=rollen(ZAAK_IDS[0], ROLES))],
    ],
    ids=["one", "list", "answer", "beside", "beside, roles first", "inside one", "inside"],
)
def test_every_form_of_the_file_says_the_same(document: Any, source: Any) -> None:
    assert take(source, document).quarantined == {}
    assert [(row.case_reference, row.worker, row.team) for row in kept(source)] == [
        ("Z-2026-001", "wt-101", "noord")
    ]


@pytest.mark.parametrize(
    ("listed", "document"),
    [
        (WIJKTEAM.rpartition("/")[2], zaak()),
        (WIJKTEAM, zaak(zaaktype=WIJKTEAM.replace("zaken.example", "elders.example").upper())),
        (
            "WIJKTEAM",
            zaak(
                zaaktype=API,
                _expand={"rollen": rollen(ZAAK_IDS[0], ROLES), "zaaktype": {"identificatie": "wijkteam"}},
            ),
        ),
    ],
    ids=["uuid", "another host", "identificatie"],
)
def test_a_type_is_known_by_any_of_its_names(listed: str, document: Any, source: Any) -> None:
    assert take(source, document, zaaktypen=[listed]).to_register == 1


def test_a_relation_keeps_its_id_when_the_address_of_the_system_changes(source: Any) -> None:
    take(source, [zaak()])
    first = kept(source)
    moved = zaak(url=f"https://elders.example/zaken/{ZAAK_IDS[0]}", uuid=ZAAK_IDS[0].upper())
    assert take(source, [moved]).to_register == 0
    assert kept(source) == first


def test_the_id_of_a_relation_cannot_be_made_without_the_key(
    source: Any, new_source: Callable[..., Any], tmp_path: Path
) -> None:
    take(source, [zaak(1), zaak(2)])
    again = new_source(tmp_path / "again")
    take(again, [zaak(1)])
    ids = [row.relation_id for row in kept(source)]
    assert len(set(ids)) == 2
    assert kept(again)[0].relation_id == ids[0], "the key file makes it, not the state that may be lost"
    assert again.state.relation_id("a", "b") != again.state.relation_id("ab", "")
    again.state.close()


def test_a_worker_who_hands_a_case_over_has_it_no_longer_in_a_delta_either(
    source: Any, chain: Any, index: Any
) -> None:
    take(source, [zaak(1), zaak(2)])
    source.publisher.send(chain)
    taken = take(source, [zaak(1, [ROLES[0], "medewerker behandelaar wt-102", ROLES[2]])])
    assert (taken.to_register, taken.to_end) == (1, 1)
    source.publisher.send(chain)
    held = {(row.case_reference, row.worker) for _, row in index.relations.values()}
    assert held == {("Z-2026-001", "wt-102"), ("Z-2026-002", "wt-101")}


def test_a_case_that_is_over_ends_its_relations_on_its_last_day(source: Any) -> None:
    take(source, [zaak(1), zaak(2)])
    # Of a case that is over the roles make no difference any more.
    taken = take(source, [zaak(1, einddatum="2026-11-18", _expand="ABSENT")])
    assert (taken.to_end, taken.quarantined) == (1, {})
    assert cared_for(source) == {("Z-2026-002", "wt-101")}
    (ended,) = [each for each in source.state.persons.relations() if each.held.wish.intent is Intent.END]
    assert ended.row.valid_until == date(2026, 11, 18)


def test_a_complete_file_ends_the_cases_it_no_longer_holds(source: Any) -> None:
    take(source, [zaak(1), zaak(2), zaak(3)])
    taken = take(source, [zaak(1), zaak(3, zaaktype="https://zaken.example/other")], complete=True)
    assert taken.to_end == 2
    assert cared_for(source) == {("Z-2026-001", "wt-101")}


def test_a_case_with_an_unclear_role_keeps_its_relations_and_no_other_does(source: Any) -> None:
    take(source, [zaak(1), zaak(2)])
    taken = take(source, [zaak(1, [*ROLES[:1], "medewerker behandelaar ", ROLES[2]])], complete=True)
    assert (taken.to_end, taken.ends_withheld) == (1, True)
    assert cared_for(source) == {("Z-2026-001", "wt-101")}


@pytest.mark.parametrize("complete", [True, False])
def test_a_case_without_its_roles_ends_nothing(complete: Any, source: Any) -> None:
    take(source, [zaak(1), zaak(2)])
    unclear = zaak(1, _expand="ABSENT")
    assert take(source, [unclear, zaak(2)], complete=complete).to_end == 0
    assert len(cared_for(source)) == 2


def test_a_case_that_cannot_be_told_withholds_every_ending_of_a_complete_file(source: Any) -> None:
    take(source, [zaak(1), zaak(2)])
    taken = take(source, [zaak(1), zaak(3, zaaktype=None)], complete=True)
    assert (taken.to_end, taken.ends_withheld) == (0, True)


def test_relations_move_on_with_each_month_a_file_comes_in(source: Any) -> None:
    take(source, [zaak(1)])
    caseload = Caseload.model_validate({"organisation": ORGANISATION, "zgw": {"zaaktypen": [WIJKTEAM]}})
    for day, changed in ((date(2026, 11, 30), 0), (date(2026, 12, 1), 1)):
        read = reader_of("zgw", caseload, source.state, day)
        feed = Feed("d.json", json.dumps([zaak(1), day.isoformat()]).encode(), read)
        assert take_in(source.state, ORGANISATION, feed, day, day).to_register == changed
    assert kept(source)[0].valid_until == date(2027, 3, 31)


@pytest.mark.parametrize(
    ("content", "complete", "refusal"),
    [
        (b"", False, "c.json:1: empty"),
        (b"{}", False, "c.json: not-cases"),
        (b"3", False, "c.json: not-cases"),
        (b'{"count": 0}', False, "c.json: not-cases"),
        (json.dumps(answer(zaak())).encode()[:-40], False, "c.json:1: not-json"),
        (b'[{"uuid": "1",\n"uuid": "2"}]', False, "c.json:1: duplicate-key"),
        (b'{"results": [],\n"results": []}', False, "c.json:2: duplicate-key"),
        (b"[" * 100, False, "c.json:1: not-json"),
        (b'[{"uuid": ' + b"[" * 100 + b"]" * 100 + b"}]", False, "c.json:1: too-deep"),
        (b'[{"uuid": "\xff"}]', False, "c.json:1: bad-encoding"),
        (b"\x1f\x8b" + bytes(30), False, "c.json: compressed"),
        (json.dumps(answer(zaak(), next=f"{API}/zaken?page=2")).encode(), True, "c.json: page"),
        (json.dumps(answer(zaak(), previous=f"{API}/zaken")).encode(), True, "c.json: page"),
        (json.dumps(answer()).encode(), True, "c.json: empty"),
        (json.dumps(answer(zaak(zaaktype="https://zaken.example/other"))).encode(), True, "c.json: empty"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_use_is_refused_as_a_whole(
    content: bytes, complete: Any, refusal: str, source: Any
) -> None:
    with pytest.raises(FeedRefused) as refused:
        take(source, content, complete=complete)
    assert str(refused.value).startswith(f"{refusal}: ")
    assert refused.value.__cause__ is None
    assert list(source.state.persons.relations()) == []


def test_one_page_is_fine_when_it_does_not_claim_to_be_everything(source: Any) -> None:
    assert take(source, answer(zaak(), next=f"{API}/zaken?page=2")).to_register == 1


def test_no_name_or_description_gets_into_the_state(source: Any, people: list[Bsn]) -> None:
    take(source, answer(zaak(1), zaak(2, roltoelichting="Voorbeeldstra")))
    stored = source.state_bytes()
    assert b"Voorbeeldstra" not in stored
    assert people[0].digits.encode() not in stored
    assert b"Z-2026" not in stored


def test_the_command_reads_cases_when_it_is_told_to(
    source: Any, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    zgw = f'[caseload.zgw]\nzaaktypen = ["{WIJKTEAM}"]\n'
    config = write_config(source.setup.state_path.parent, extra=zgw)
    file = tmp_path / "zaken.json"
    file.write_text(json.dumps(answer(zaak(1), zaak(2))))
    unclear = CliRunner().invoke(connector, ["caseload", str(config), str(file)])
    assert (unclear.exit_code, "say --format csv or json or zgw" in unclear.stderr) == (2, True)
    result = CliRunner().invoke(
        connector, ["caseload", str(config), str(file), "--format", "zgw", "--complete"]
    )
    assert "relations: 2 lines; 2 to register or change, 0 to end, 0 to take back" in result.stdout
    assert result.exit_code == 3, "the chain is silent"
    config.write_text(config.read_text().replace(zgw, ""))
    result = CliRunner().invoke(connector, ["caseload", str(config), str(file), "--format", "zgw"])
    assert (result.exit_code, "there is no [caseload.zgw]" in result.stderr) == (2, True)


STAFF = st.lists(
    st.tuples(st.sampled_from(["behandelaar", "zaakcoordinator"]), st.sampled_from(["wt-101", "wt-102"])),
    max_size=3,
)
FILES = st.lists(st.dictionaries(st.integers(1, 4), STAFF, min_size=1), min_size=1, max_size=4)


def said_by(file: dict[int, list[tuple[str, str]]]) -> dict[int, set[str]]:
    return {number: {worker for _, worker in staff} for number, staff in file.items()}


@settings(max_examples=25, deadline=None)
@given(FILES, st.booleans())
def test_after_a_file_each_case_in_it_has_who_it_says_and_a_complete_one_no_other(
    made: Callable[[Path], Any], files: list[dict[int, list[tuple[str, str]]]], complete: Any
) -> None:
    with TemporaryDirectory() as folder, made(Path(folder)) as source:
        expected: dict[int, set[str]] = {}
        for turn, file in enumerate(files):
            expected = said_by(file) if complete else expected | said_by(file)
            roles = {
                number: [ROLES[0], ROLES[2], *(f"medewerker {part} {worker}" for part, worker in staff)]
                for number, staff in file.items()
            }
            # A delta that was read before is not read again; the turn makes each one another.
            zaken = [zaak(number, told, omschrijving=str(turn)) for number, told in roles.items()]
            take(source, zaken, complete=complete)
            found: dict[int, set[str]] = {number: set() for number in expected}
            for reference, worker in cared_for(source):
                found[int(reference[-3:])].add(worker)
            assert found == expected
