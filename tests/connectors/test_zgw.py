import io
import itertools
import json
import tomllib
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import zgw
from connectors.formats import FormatFault
from connectors.reading import FileRefused, Observation, Reading, SourceUnavailable
from connectors.trajecten import FlagWish, flags, merge
from connectors.zgw.options import ZgwOptions
from tests.support.messages import RECEIVED, message
from tests.support.zgw import NOTIFICATION, ROLE, SETTINGS, STATUS, ZAAK, ZAAK_ID, expanded, overlaid, role

CASES = tomllib.loads((Path(__file__).parent / "cases/zgw.toml").read_text("utf-8"))["case"]
ANSWER = {"count": 3, "next": "https://zaken.example/zaken/api/v1/zaken?page=2", "previous": None}

Run = Callable[..., Any]


def read(document: object, *, at: datetime = RECEIVED, **settings: object) -> list[Reading]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    options = ZgwOptions.model_validate({**SETTINGS, **settings})
    return list(zgw.read(message(raw, "zaak.json", at), options))


def told(readings: Sequence[Reading]) -> list[tuple[str | None, str]]:
    return [(getattr(each, "code", None), each.position) for each in readings]


def wishes(*documents: object) -> list[FlagWish]:
    """What documents, received a day after one another, add up to."""
    records: dict[Any, Any] = {}
    for day, document in enumerate(documents):
        for seen in read(document, at=RECEIVED + timedelta(days=day)):
            assert isinstance(seen, Observation)
            records[seen.identity] = merge(records.get(seen.identity), seen)
    return flags(records.values(), date(2026, 4, 15))


def bundle(changes: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    return {"zaak": overlaid(ZAAK, changes), "rollen": [ROLE], "status": STATUS, **members}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_zaak_on_its_own_reads_as_the_table_says(
    case: Mapping[str, Any], connector_read: Run, tmp_path: Path
) -> None:
    given = {
        name: json.loads(case[name])
        for name in ("zaak", "role", "roles", "status", "settings")
        if name in case
    }
    roles = given["roles"] if "roles" in given else [role(given.get("role"))]
    status = {**STATUS, **given["status"]} if given.get("status") else given.get("status", STATUS)
    settings = written(tmp_path, {**SETTINGS, **given.get("settings", {})})
    zaak = expanded(given.get("zaak"), roles=roles, status=status)
    result = connector_read("zgw", json.dumps(zaak).encode(), options=["--settings", str(settings)])
    expected = {
        "outcome": "quarantine",
        "type": "schuldhulptraject",
        "since": None,
        "until": None,
        "source": "gemeente:0344",
        "municipality": "0344",
        "person": None,
        "reason": None,
        **{key: None if value == "NULL" else value for key, value in case["line"].items()},
    }
    assert result.exit_code == 0
    assert [{**line, "reason": code} for line, code in zip(result.lines, result.codes(), strict=True)] == [
        expected
    ]


def written(folder: Path, options: Mapping[str, Any]) -> Path:
    """A connector's settings file with these settings of the format."""
    lines = ["[formats.zgw]"]
    lines += [
        f"{key} = {json.dumps(value)}" for key, value in options.items() if isinstance(value, str | list)
    ]
    lines += ["[formats.zgw.zaaktypen]"]
    lines += [f"{json.dumps(key)} = {json.dumps(code)}" for key, code in options["zaaktypen"].items()]
    path = folder / "connector.toml"
    path.write_text("\n".join(lines))
    return path


def test_without_a_settings_file_a_zaak_is_set_aside_and_a_notification_looked_up(
    connector_read: Run,
) -> None:
    result = connector_read("zgw", *(json.dumps(each).encode() for each in (expanded(), NOTIFICATION)))
    assert result.codes() == ["zaaktype-unlisted", "look-up-needed"]


def test_the_three_ways_a_zaak_comes_say_the_same() -> None:
    documents = (
        expanded(),
        [expanded()],
        {**ANSWER, "results": [expanded()]},
        bundle(),
        bundle(rollen={"results": [ROLE]}),
    )
    found = [read(document) for document in documents]
    assert {len(readings) for readings in found} == {1}
    assert [readings[0].position for readings in found] == [
        "zaak.json: _expand.rollen[0]",
        "zaak.json: [0]._expand.rollen[0]",
        "zaak.json: results[0]._expand.rollen[0]",
        "zaak.json: rollen[0]",
        "zaak.json: rollen.results[0]",
    ]
    assert (
        len({(seen.identity, seen.start, seen.kind) for (seen,) in found if isinstance(seen, Observation)})
        == 1
    )


def test_the_members_of_a_document_come_in_any_order() -> None:
    zaak = expanded({"einddatum": "2026-03-31"})
    assert read(dict(reversed(zaak.items()))) == read(zaak)
    assert read(dict(reversed(bundle().items()))) == read(bundle())
    assert read(dict(reversed(dict(NOTIFICATION).items()))) == read(NOTIFICATION)


def test_every_initiator_is_a_flag_and_nobody_twice() -> None:
    both = (ROLE, role(bsn="999900018"), ROLE, role({"betrokkeneType": "medewerker"}))
    found = read(expanded(roles=both))
    assert told(found) == [(None, "zaak.json: _expand.rollen[0]"), (None, "zaak.json: _expand.rollen[1]")]
    assert len({seen.person for seen in found if isinstance(seen, Observation)}) == 2


def test_somebody_in_two_parts_runs_as_long_as_either() -> None:
    past = role({"eindeGeldigheid": "2026-02-28"})
    for roles in itertools.permutations((ROLE, past)):
        assert [wish.asserted for wish in wishes(expanded(roles=roles))] == [True]
    assert [wish.asserted for wish in wishes(expanded(roles=(past,)))] == [False]


def test_one_bad_role_does_not_cost_the_other() -> None:
    roles = (role(bsn="123456789"), "url", ROLE)
    assert [code for code, _ in told(read(expanded(roles=roles)))] == [
        "bsn-invalid",
        "record-malformed",
        None,
    ]


def test_one_bad_zaak_does_not_cost_the_other() -> None:
    zaken = [None, "x", {}, {"betrokkeneType": "medewerker"}, expanded({"zaaktype": "x"}), expanded()]
    assert [code for code, _ in told(read({**ANSWER, "results": zaken}))] == [
        *["record-malformed"] * 4,
        "zaaktype-unlisted",
        None,
    ]


def test_an_empty_list_says_nothing() -> None:
    assert read({"count": 0, "next": None, "previous": None, "results": []}) == []


def test_the_answer_that_came_in_last_counts() -> None:
    """Also when it takes back an end (the zaak was opened again) or moves the first day."""
    ended, moved = expanded({"einddatum": "2026-03-31"}), expanded({"startdatum": "2025-12-01"})
    assert [wish.asserted for wish in wishes(expanded(), ended)] == [False]
    assert [str(wish.since) for wish in wishes(expanded(), ended, moved)] == ["2025-12"]


def test_a_decision_on_the_application_begins_the_traject_and_its_taking_back_ends_it() -> None:
    settings = {"application_statuses": [STATUS["statustype"]]}
    granted = expanded(status={**STATUS, "statustype": "https://catalogi.example/statustypen/2"})
    states = []
    records: dict[Any, Any] = {}
    for day, document in enumerate((expanded(), granted, expanded())):
        for seen in read(document, at=RECEIVED + timedelta(days=day), **settings):
            assert isinstance(seen, Observation)
            records[seen.identity] = merge(records.get(seen.identity), seen)
        states.append([wish.asserted for wish in flags(records.values(), date(2026, 4, 15))])
    assert states == [[False], [True], [False]]


def test_a_zaak_keeps_its_traject_under_another_host_name() -> None:
    moved = expanded(
        {"url": f"http://intern.example:8000/zaken/api/v1/zaken/{ZAAK_ID.upper()}", "uuid": "ABSENT"}
    )
    ended = expanded({"einddatum": "2026-03-31"})
    assert [wish.asserted for wish in wishes(moved, ended)] == [False]


def test_a_bundle_is_dated_by_when_it_was_fetched_and_never_later_than_it_came_in() -> None:
    dated = {
        "2026-04-01T12:00:00+02:00": datetime(2026, 4, 1, 10, tzinfo=UTC),
        "2030-01-01T00:00:00Z": RECEIVED,
        "gisteren": RECEIVED,
    }
    for fetched, stated_on in dated.items():
        (seen,) = read(bundle(opgehaald=fetched))
        assert isinstance(seen, Observation)
        assert seen.stated_on == stated_on


def test_of_a_list_of_statuses_the_last_one_set_counts() -> None:
    final = {**STATUS, "_expand": {"statustype": {"isEindstatus": True}}}
    left = {**final, "indicatieLaatstGezetteStatus": False}
    for statuses in ([left, STATUS], {"results": [left, STATUS]}):
        (seen,) = read(bundle(status=statuses))
        assert isinstance(seen, Observation)
        assert seen.end is None


WRAPPED = {
    "id": 12,  # as Open Notificaties has sent it
    "specversion": "1.0",
    "type": "nl.vng.zgw.zaken.status.create",
    "source": "urn:nld:oin:00000001823288444000:systeem:notificaties",
    "time": "2026-04-01T12:00:00.833664Z",
    "datacontenttype": "application/json",
    "data": json.dumps(NOTIFICATION),
    "nl.vng.zgw.bronorganisatie": "999990342",
}
OWN = {
    "id": "f347fd1f-dac1-4870-9dd0-f6c00edf4bf7",
    "specversion": "1.0",
    "type": "nl.overheid.zaken.zaak-gemuteerd",
    "source": "urn:nld:oin:00000001823288444000:zakensysteem",
    "subject": ZAAK_ID,
    "dataref": f"/zaken/api/v1/zaken/{ZAAK_ID}",
    "data": NOTIFICATION["kenmerken"],
}


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (NOTIFICATION, ["look-up-needed"]),
        ({**NOTIFICATION, "resource": "zaak", "actie": "create"}, ["look-up-needed"]),
        ({**NOTIFICATION, "resource": "zaak", "actie": "partial_update"}, ["look-up-needed"]),
        ({**NOTIFICATION, "resource": "zaak", "actie": "destroy"}, ["zaak-destroyed"]),
        ({**NOTIFICATION, "resource": "rol", "actie": "create"}, ["look-up-needed"]),
        ({**NOTIFICATION, "resource": "rol", "actie": "destroy"}, ["role-removed", "look-up-needed"]),
        ({**NOTIFICATION, "resource": "zaakinformatieobject"}, ["another-subject"]),
        ({**NOTIFICATION, "kanaal": "documenten"}, ["another-subject"]),
        ({**NOTIFICATION, "kanaal": None, "actie": 1}, ["another-subject"]),
        (
            {**NOTIFICATION, "kenmerken": {"zaaktype": "https://catalogi.example/zaaktypen/9"}},
            ["another-subject"],
        ),
        ({**NOTIFICATION, "kenmerken": {}}, ["look-up-needed"]),
        (WRAPPED, ["look-up-needed"]),
        ({**WRAPPED, "data": NOTIFICATION}, ["look-up-needed"]),
        ({**WRAPPED, "type": "nl.vng.zgw.zaken.zaak.destroy"}, ["zaak-destroyed"]),
        ({**WRAPPED, "type": "nl.vng.zgw.besluiten.besluit.create"}, ["another-subject"]),
        ({**WRAPPED, "data": "{"}, ["look-up-needed"]),
        (OWN, ["look-up-needed"]),
        ({**OWN, "type": "nl.overheid.zaken.zaak-verwijderd"}, ["zaak-destroyed"]),
        ({**OWN, "type": "nl.overheid.zaken.zaak-geopend"}, ["another-subject"]),
        ({**OWN, "type": "nl.brp.persoon-verhuisd"}, ["another-subject"]),
    ],
)
def test_a_notification_names_nobody(document: object, codes: list[str]) -> None:
    assert [code for code, _ in told(read(document))] == codes


def test_a_zaaktype_that_may_be_listed_by_its_identificatie_is_looked_up() -> None:
    assert [code for code, _ in told(read(NOTIFICATION, zaaktypen={"B0765": "jeugdhulp"}))] == [
        "look-up-needed"
    ]


@pytest.mark.parametrize(
    ("status", "code"), [(500, "source-fault"), (403, "not-entitled"), (404, "source-fault")]
)
def test_a_fault_saved_as_an_answer_ends_nothing(status: int, code: str) -> None:
    fault = {
        "type": "https://x.example/fouten/",
        "code": "error",
        "title": "Fout",
        "status": status,
        "detail": "x",
    }
    assert read(fault) == [SourceUnavailable("zaak.json", "gemeente:0344", code=code)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"{}", "not-zgw"),
        (b'"zaak"', "not-zgw"),
        (b'{"results": {"zaaktype": 1}}', "not-zgw"),
        (b'{"zaak": "https://zaken.example/zaken/1", "statustype": "x"}', "not-zgw"),
        (json.dumps({"results": [expanded()]}).encode()[:-2], "not-json"),
        (b'{"zaaktype": 1, "zaaktype": 2}', "duplicate-key"),
        (b"\xff\xfe{\x00}\x00", "bad-encoding"),
    ],
)
def test_what_is_nothing_of_this_standard_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "settings",
    [
        {"zaaktypen": {"B0765": "hondenbelasting"}},
        {"source": "rsin:999990342"},
        {"source": "999990342"},
        {"source": "gemeente:0000"},
        {"roles": ["behandelaar"]},
        {"bronorganisatie": "999990342"},
    ],
)
def test_settings_that_cannot_be_meant_are_refused_without_their_text(settings: Mapping[str, object]) -> None:
    with pytest.raises(FormatFault) as refused:
        zgw.FORMAT.reader(settings)
    assert "999990342" not in str(refused.value)
    assert "hondenbelasting" not in str(refused.value)


@given(
    st.dictionaries(
        st.sampled_from([*ZAAK, "_expand", "zaak", "opgehaald", "results", "title"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.sampled_from([*ROLE, *STATUS, "rollen"]), inner)
            ),
            max_leaves=10,
        ),
    )
)
def test_whatever_stands_in_a_document_it_is_read_set_aside_or_refused(changes: Mapping[str, Any]) -> None:
    """And never becomes a traject of an organisation."""
    try:
        found = [*read({**expanded(), **changes}), *read(bundle(changes))]
    except FileRefused:
        return
    assert all("999990342" not in repr(seen) for seen in found)
    people = {seen.person.digits for seen in found if isinstance(seen, Observation)}
    assert people <= {"999900006"}


def test_memory_does_not_grow_with_a_list() -> None:
    """What is kept of each zaak is its reading, a fraction of what stands in it."""
    stream = io.BytesIO(json.dumps({**ANSWER, "results": [expanded()] * 1_500}).encode())
    reader = zgw.FORMAT.reader(SETTINGS)
    tracemalloc.start()
    try:
        assert sum(isinstance(seen, Observation) for seen in reader(message(stream, "zaken.json"))) == 1_500
        assert tracemalloc.get_traced_memory()[1] < stream.tell() / 2
    finally:
        tracemalloc.stop()


def test_a_final_status_of_a_moment_that_is_no_day_here_costs_its_own_zaak_only() -> None:
    last = {
        **STATUS,
        "datumStatusGezet": "9999-12-31T23:59:59Z",
        "_expand": {"statustype": {"isEindstatus": True}},
    }
    odd = {**ZAAK, "_expand": {"rollen": [ROLE], "status": last}}
    assert [code for code, _ in told(read({"results": [odd, expanded()]}))] == ["end-invalid", None]


def test_a_setting_that_cannot_be_meant_is_told_with_what_it_must_be() -> None:
    with pytest.raises(FormatFault, match=r"source: value_error \(must be a typed identifier"):
        zgw.FORMAT.reader({"source": "gemeente:0000"})
