"""The check-up names each planted fault and how to mend it, and finds nothing in a set-up that is sound."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.batch import BatchClass
from crypto.errors import KeyFault
from crypto.keyfiles import IndexSecrets, PseudonymiserSecrets
from crypto.log.notes import COSIGNATURE, Verifier
from crypto.verify_keys import LOW_ORDER_KEYS
from policy.vocabulary import Role
from signal_index import audit
from signal_index.cli.checkup import database
from signal_index.cli.checkup.witnesses import WHAT_TO_DO
from signal_index.model import Publication, dutch_day
from signal_index.model.log import REFUSAL_REASONS, Cosigned, Refusal
from signal_index.model.review import Week
from signal_index.store import upgrade
from tests.support.keys import agreed

ELSEWHERE = "00000099000000000009"
Clinic = Any  # of the conftest beside this file

SOUND = [
    "settings", "environment", "libsodium", "keys", "manifest", "tokens", "database", "schema", "initialised",
    "writable", "log", "clock", "tree", "witness", "review", "rules", "law", "register", "feeds of signals",
    "feeds of relations", "feed of deaths", "complete sets", "sources", "staff", "two people", "roles",
    "entrances", "pseudonymisers", "site", "theme", "client secret", "sign-in", "code flow", "grant", "PKCE",
    "signatures", "endpoints", "second factor", "not checked", "signing keys", "mail",
]  # fmt: skip
NOTES = {
    "law", "tree", "witness", "review", "feed of deaths", "two people", "pseudonymisers", "second factor",
    "not checked",
}  # fmt: skip


def test_a_sound_set_up_gets_ok_at_every_point_and_status_0(clinic: Clinic) -> None:
    status, lines = clinic.visit("--deep", "--json")
    found = [json.loads(line) for line in lines]
    assert [each["point"] for each in found] == SOUND
    assert {each["point"]: each["state"] for each in found} == {
        point: "note" if point in NOTES else "ok" for point in SOUND
    }
    assert status == 0


def test_for_people_it_is_one_line_per_point_under_headings_and_a_last_word(clinic: Clinic) -> None:
    status, lines = clinic.visit()
    headings = [line for line in lines[: lines.index("What is left")] if line and not line.startswith(" ")]
    assert headings == [
        "Files",
        "Database and log",
        "Rules",
        "Register and staff",
        "Other organisations",
        "Site and sign-in",
    ]
    assert lines[1] == f"  ok       settings: {clinic.config} is complete and holds no unknown field"
    assert lines[-1] == "nothing to mend"
    assert status == 0
    _, points = clinic.points()
    assert [line[9:].split(":")[0] for line in points] == SOUND
    assert points[SOUND.index("log")].startswith("note     log: not recomputed; add --deep")


# --- Planted faults: what to spoil, and the line that must say so -----------------------------------------------------


def _write(name: str, content: str) -> Callable[[Clinic], None]:
    return lambda clinic: (clinic.folder / name).write_text(content) and None


def _unlink(name: str) -> Callable[[Clinic], None]:
    return lambda clinic: (clinic.folder / name).unlink()


def _chmod(name: str, mode: int) -> Callable[[Clinic], None]:
    return lambda clinic: (clinic.folder / name).chmod(mode)


def _put_manifest(clinic: Clinic, scope: str) -> None:
    """Put the manifest of a chain that has nothing to do with this index in the place of its own."""
    index = IndexSecrets.generate(scope, 1, created=clinic.world.DAY)
    b = PseudonymiserSecrets.generate("B", index.public(), created=clinic.world.DAY)
    a = PseudonymiserSecrets.generate("A", b.public(), created=clinic.world.DAY)
    (clinic.folder / "manifest.json").unlink()
    agreed(index, b, a).save(clinic.folder / "manifest.json")


def _manifest_of_another_index(clinic: Clinic) -> None:
    _put_manifest(clinic, "regio-test")


def _manifest_of_another_scope(clinic: Clinic) -> None:
    _put_manifest(clinic, "elders")


def _other_keys(clinic: Clinic) -> None:
    (clinic.folder / "index.key").unlink()
    IndexSecrets.generate("regio-test", 1, created=clinic.world.DAY).save(clinic.folder / "index.key")


def _not_initialised(clinic: Clinic) -> None:
    upgrade(clinic.folder / "fresh.sqlite")
    clinic.settings(clinic.config.read_text().replace("index.sqlite", "fresh.sqlite"))


def _nothing_pinned(clinic: Clinic) -> None:
    clinic.settings(clinic.CONFIG.replace('"dev"', '"production"'))


def _no_publishers(clinic: Clinic) -> None:
    clinic.register(publishers=(), publications=(), entrances=())


def _classes(batch_class: BatchClass, oin: str) -> Callable[[Clinic], None]:
    """Leave this publisher nothing but this class."""

    def spoil(clinic: Clinic) -> None:
        publishers = clinic.run(lambda tx: tx.register.publishers())
        changed = (
            replace(each, classes=frozenset({batch_class})) if each.oin == oin else each
            for each in publishers
        )
        clinic.register(publishers=tuple(changed))

    return spoil


def _new_source(kind: str) -> Callable[[Clinic], None]:
    def spoil(clinic: Clinic) -> None:
        known = clinic.run(lambda tx: tuple(tx.register.publications()))
        more = Publication("agb:00000009", "Bron nieuw", kind, clinic.world.GEMEENTE, known[0].contact)
        clinic.register(publications=(*known, more))

    return spoil


def _stale(clinic: Clinic) -> None:
    def write(tx: Any) -> None:
        (series,) = (each for each in tx.series.all() if each.type == "jeugdhulp" and each.is_current)
        tx.series.put(replace(series, as_of=date(2020, 1, 1)))

    clinic.run(write)


def _entrance(**changed: Any) -> Callable[[Clinic], None]:
    return lambda clinic: clinic.register(entrances=(replace(clinic.entrance, **changed),))


def _provider(**said: Any) -> Callable[[Clinic], None]:
    return lambda clinic: clinic.provider.said.update(said)


def _page(path: str, status: int, document: Any) -> Callable[[Clinic], None]:
    return lambda clinic: clinic.provider.pages.update({path: (status, document)})


def _record_of_tomorrow(clinic: Clinic) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    clinic.run(lambda tx: tx.audit.append(audit.event("flags.expired", tomorrow, flags=0)))


GEMEENTE, REGIE = "00000099000000000001", "00000099000000000003"
WITNESS_KEY = Verifier.of(
    "getuige.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32), COSIGNATURE
).text
DISCOVERY = "/.well-known/openid-configuration"


def _witnessed(
    *, refusal: str | None = None, cosigned_ago: timedelta | None = None
) -> Callable[[Clinic], None]:
    """Give the index a witness that refused or cosigned."""

    def spoil(clinic: Clinic) -> None:
        section = f'[[witnesses]]\naddress = "http://127.0.0.1:9"\nkey = "{WITNESS_KEY}"\n'
        clinic.settings(clinic.config.read_text() + section)
        now = datetime.now(UTC)

        def write(tx: Any) -> None:
            if cosigned_ago is not None:
                tx.witnesses.put_cosigned(Cosigned("getuige.example", 0, _empty(tx), now - cosigned_ago))
            if refusal is not None:
                tx.witnesses.put_refusal(Refusal("getuige.example", refusal, now))

        clinic.run(write)

    return spoil


def _empty(tx: Any) -> bytes:
    growth = tx.log.integrate(datetime.now(UTC), 0)
    assert growth is not None
    note: bytes = growth.head.checkpoint
    return note


FAULTS: list[tuple[Callable[[Clinic], object], str]] = [
    (
        _witnessed(refusal="behind"),
        r"witness getuige\.example: does not cosign since .*: .*run signal-index db restored",
    ),
    (_witnessed(refusal="unreachable"), r"witness getuige\.example: does not cosign since .* whether it runs"),
    (_witnessed(refusal="fork"), r"witness getuige\.example: .* another log than this one: stop the index"),
    (
        _witnessed(cosigned_ago=timedelta(hours=1)),
        r"witness getuige\.example: cosigned last at .*, too long ago .*is the index serving",
    ),
    (_unlink("index.toml"), r"settings: cannot read the settings file .*index\.toml"),
    (lambda clinic: clinic.settings("surprise = 1\n" + clinic.CONFIG), r"settings: .*surprise: Extra inputs"),
    (_chmod("index.toml", 0o666), r"settings: others can change .*: run chmod go-w .*index\.toml"),
    (_nothing_pinned, r"manifest: manifest_fingerprint is not set: compare .* with each of the three parties"),
    (_chmod("index.key", 0o640), r"keys: .*index\.key is open to others than its owner: run chmod 600 .*index\.key"),
    (_unlink("index.key"), r"keys: .*does not exist.*signal-index keys index"),
    (_manifest_of_another_index, r"manifest: .* pins other keys .*signal-index keys manifest"),
    (_manifest_of_another_scope, r"manifest: .* another scope or epoch .*signal-index keys manifest"),
    (_unlink("manifest.json"), r"manifest: .*does not exist.*signal-index keys manifest"),
    (_write("issuer.public.json", "{}"), r"tokens: .* is not a JWK set .*: ask the identity provider"),
    (_unlink("index.sqlite"), r"database: .*does not exist: run signal-index db upgrade"),
    (_chmod("index.sqlite", 0o604), r"database: .*open to others than its owner: run chmod 600"),
    (_write("index.sqlite", "no database at all"), r"database: .*is not a database of this index"),
    (
        lambda clinic: clinic.sql("UPDATE alembic_version SET version_num = '0001'"),
        r"schema: .*at schema 0001, this program needs \d+: .*signal-index db upgrade",
    ),
    (_not_initialised, r"initialised: .*is not initialised: run signal-index db initialise"),
    (_other_keys, r"initialised: .* another key file: correct the setting"),
    (
        lambda clinic: clinic.sql("UPDATE audit_records SET event = 'log.read' WHERE number = 2"),
        r"log: .*record.*: stop the index, keep this file .*restore a backup",
    ),
    (_no_publishers, r"register: there are no publishers: run signal-index register import"),
    (
        _classes(BatchClass.BEPERKING, GEMEENTE),
        rf"feeds of signals: without the class signaal: {GEMEENTE}: .*signal-index register import",
    ),
    (_classes(BatchClass.SIGNAAL, REGIE), r"feeds of relations: no publisher has the class zorgrelatie"),
    (
        lambda clinic: clinic.staff("w.elders", Role.TEAM_MEMBER, organisation=ELSEWHERE),
        rf"feeds of relations: workers of {ELSEWHERE} have no feed of cases",
    ),
    (
        lambda clinic: clinic.sql("DELETE FROM publisher_sets WHERE batch_class = 'zorgrelatie'"),
        rf"complete sets: .* Organisatie 3 \({REGIE}\) has sent all of zorgrelatie: let it run signal-index connector",
    ),
    (
        _classes(BatchClass.BEPERKING, GEMEENTE),
        rf"complete sets: .*{GEMEENTE}\) has sent all of beperking: let it run signal-index connector send",
    ),
    (
        _new_source("wmo-voorziening"),
        r"sources: Bron nieuw, wmo-voorziening: nothing has come in yet: let Organisatie 1 run signal-index connector",
    ),
    (_new_source("zeilcursus"), r"sources: Bron nieuw, zeilcursus: the rules know no such type today: take it out"),
    (
        _stale,
        r"sources: Bron 0003, jeugdhulp: nothing since 2020-01-01, and 45 days is the most: let Organisatie 1 run",
    ),
    (
        lambda clinic: [
            clinic.staff(each, Role.FUNCTIONAL_ADMIN, active=False) for each in ("f.beheer", "f.tweede")
        ],
        r"staff: nobody active has the role functioneel-beheerder: run signal-index staff appoint ONE OTHER",
    ),
    (
        lambda clinic: [clinic.staff("f.tweede"), clinic.staff("p.officer")],
        r"staff: only f.beheer can decide on proposals: run signal-index staff appoint ONE OTHER",
    ),
    (
        lambda clinic: clinic.staff("p.officer"),
        r"staff: .* privacy-officer: run signal-index staff grant MEMBER privacy-officer --because nieuwe-taak",
    ),
    (
        lambda clinic: [clinic.staff("w.een"), clinic.staff("w.twee")],
        r"staff: nobody active has the role wijkteammedewerker: run signal-index staff grant",
    ),
    (
        lambda clinic: clinic.staff("w.een", Role.TEAM_MEMBER, Role.PRIVACY_OFFICER),
        r"roles: w\.een is both privacy-officer and wijkteammedewerker: run signal-index staff revoke w\.een",
    ),
    (
        _entrance(verify_key=min(LOW_ORDER_KEYS)),
        r"entrances: https://regie\.example: .*nobody can own it: .*signal-index entrance new",
    ),
    (
        _entrance(organisation=ELSEWHERE),
        rf"entrances: https://regie\.example opens cases of {ELSEWHERE}, of which nobody works here",
    ),
    (_unlink("theme.css"), r"theme: cannot read .*theme\.css: put the style sheet there, or correct site\.theme"),
    (_unlink("client.secret"), r"client secret: cannot read .*client\.secret"),
    (_write("client.secret", " \n"), r"client secret: .* is empty: put the secret"),
    (_chmod("client.secret", 0o604), r"client secret: .* open to others .*: run chmod 600"),
    (lambda clinic: clinic.provider.close(), r"sign-in: http://.*openid-configuration: no answer \(ConnectError\)"),
    (_page(DISCOVERY, 404, {}), r"sign-in: .*answers 404"),
    (_page(DISCOVERY, 200, b"<html>"), r"sign-in: .*answers with something else than a JSON object"),
    (
        lambda clinic: clinic.provider.said.update(issuer=clinic.provider.url + "/"),
        r"sign-in: the provider calls itself (http://127\.0\.0\.1:\d+)/, the settings say \1: copy",
    ),
    (_provider(issuer="https://" + "x" * 500), r"sign-in: the provider calls itself something that cannot be shown"),
    (_provider(response_types_supported=["id_token"]), r"code flow: response_types_supported has no code: let"),
    (_provider(grant_types_supported=["implicit"]), r"grant: grant_types_supported has no authorization_code"),
    (_provider(code_challenge_methods_supported=["plain"]), r"PKCE: code_challenge_methods_supported has no S256"),
    (_provider(id_token_signing_alg_values_supported=["HS256"]), r"signatures: .* has no RS256 or PS256 or"),
    (_provider(token_endpoint="ftp://127.0.0.1/"), r"endpoints: no safe address in token_endpoint"),
    (_page("/jwks", 200, {"keys": []}), r"signing keys: http://.*/jwks holds no keys"),
    (_page("/jwks", 500, {}), r"signing keys: http://.*/jwks: answers 500"),
    (
        lambda clinic: clinic.settings(clinic.config.read_text().replace(f"port = {clinic.mail_port}", "port = 9")),
        r"mail: cannot hand over mail at 127\.0\.0\.1:9: .*: see to the network",
    ),
    (_record_of_tomorrow, r"clock: this machine says .*, the last record is of .*: set the clock right"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "line"), FAULTS, ids=[line[:48] for _, line in FAULTS])
def test_a_planted_fault_is_named_with_how_to_mend_it(
    clinic: Clinic, spoil: Callable[[Clinic], object], line: str
) -> None:
    spoil(clinic)
    status, lines = clinic.points("--deep")
    to_mend = [each for each in lines if each.startswith("mend")]
    assert [each for each in to_mend if re.search(rf"^mend     {line}", each)], "\n".join(lines)
    assert status == 1
    assert re.fullmatch(rf"{len(to_mend)} points? to mend", clinic.visit("--deep")[1][-1])


def _no_libsodium() -> None:
    raise KeyFault("cannot load libsodium.so.23: install it with `apt-get install libsodium23`")


def _disk_nearly_full(_: Path) -> Any:
    return type("Usage", (), {"free": 5 * 1024 * 1024})


def _listed(clinic: Clinic, weeks_ago: int) -> None:
    """The newest work list is of a week so many weeks ago, and was made on the Monday after it."""
    today = dutch_day(datetime.now(UTC))
    monday = today - timedelta(days=today.weekday() + 7 * weeks_ago)
    clinic.run(lambda tx: tx.reviews.put_week(Week(monday, 1, monday + timedelta(days=7))))


def test_a_work_list_of_last_week_is_in_order_and_an_older_one_is_to_mend(clinic: Clinic) -> None:
    _listed(clinic, 3)
    status, lines = clinic.points()
    assert [
        each for each in lines if re.search(r"^mend +review: the newest work list is of .*review run", each)
    ]
    assert status == 1
    _listed(clinic, 1)
    status, lines = clinic.points()
    assert [each for each in lines if re.search(r"^ok +review: the newest work list is of the week of", each)]
    assert status == 0


def test_a_log_of_weeks_without_any_work_list_is_to_mend(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.run(lambda tx: tx.log.integrate(datetime.now(UTC), 10_000))
    began = clinic.run(lambda tx: tx.chronicle.moment_at(0))
    monkeypatch.setattr("signal_index.cli.doctor.now", lambda: began + timedelta(days=7))
    assert [each for each in clinic.points()[1] if re.search(r"^note +review: no work list yet", each)]
    monkeypatch.setattr("signal_index.cli.doctor.now", lambda: began + timedelta(days=9))
    assert [each for each in clinic.points()[1] if re.search(r"^mend +review: there never was", each)]


MACHINES: list[tuple[str, Any, str]] = [
    ("signal_index.cli.checkup.files.self_test", _no_libsodium, r"libsodium: cannot load .*apt-get install"),
    ("shutil.disk_usage", _disk_nearly_full, r"writable: only 5 MB are free"),
]


@pytest.mark.parametrize(("place", "planted", "line"), MACHINES, ids=[line[:24] for _, _, line in MACHINES])
def test_a_fault_of_the_machine_or_the_release_is_named(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, place: str, planted: Any, line: str
) -> None:
    monkeypatch.setattr(place, planted)
    status, lines = clinic.points()
    assert [each for each in lines if re.search(rf"^mend     {line}", each)], "\n".join(lines)
    assert status == 1


def test_a_database_that_somebody_keeps_locked_is_named(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_SECONDS_MAX", 0.1)
    connection = sqlite3.connect(clinic.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    status, lines = clinic.points()
    connection.close()
    assert [each for each in lines if re.search(r"^mend     writable: .* cannot be written", each)], lines
    assert status == 1


def test_what_hangs_on_a_fault_is_said_to_be_unchecked(clinic: Clinic) -> None:
    (clinic.folder / "index.key").unlink()
    _, lines = clinic.points()
    assert (
        "skipped  database, rules, register, sources, staff, entrances, clock: not checked: mend the keys first"
        in lines
    )


def test_a_provider_that_does_not_name_pkce_is_worth_a_try_and_no_fault(clinic: Clinic) -> None:
    del clinic.provider.said["code_challenge_methods_supported"]
    status, lines = clinic.points()
    assert [each for each in lines if each.startswith("note     PKCE: ") and "sign in once" in each]
    assert status == 0


def test_without_pages_and_mail_there_is_nothing_to_mend(clinic: Clinic) -> None:
    clinic.settings(clinic.CONFIG)
    status, lines = clinic.points()
    notes = [each for each in lines if each.startswith("note")]
    assert [each.split(":")[0] for each in notes] == [
        "note     log",
        "note     tree",
        "note     witness",
        "note     review",
        "note     law",
        "note     feed of deaths",
        "note     two people",
        "note     pseudonymisers",
        "note     site",
        "note     mail",
    ]
    assert status == 0


def test_a_check_up_changes_nothing_and_is_not_recorded(clinic: Clinic) -> None:
    def counts(tx: Any) -> tuple[int, int]:
        return len(list(tx.audit.entries())), len(tx.staff.all())

    before = clinic.run(counts)
    clinic.points("--deep")
    assert clinic.run(counts) == before
    with sqlite3.connect(clinic.path) as connection:
        assert connection.execute("SELECT count(*) FROM used_tickets").fetchone() == (0,)
    connection.close()


def test_the_installed_command_says_what_it_waits_for(clinic: Clinic) -> None:
    program = Path(sys.executable).with_name("signal-index")
    done = subprocess.run(
        [program, "doctor", "--config", clinic.config], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"waiting for {clinic.provider.url}{DISCOVERY}, 5 seconds at most" in done.stderr
    assert f"waiting for 127.0.0.1:{clinic.mail_port}" in done.stderr
    clinic.provider.close()
    done = subprocess.run(
        [program, "doctor", "--config", clinic.config], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "  mend     sign-in: " in done.stdout


def test_a_witness_that_cosigns_is_in_order_and_every_reason_to_refuse_says_what_to_do(
    clinic: Clinic,
) -> None:
    _witnessed(cosigned_ago=timedelta(minutes=1))(clinic)
    _, lines = clinic.points()
    assert [each for each in lines if re.search(r"^ok +witness getuige\.example: cosigned 0 entries", each)]
    assert [each for each in lines if re.search(r"^ok +tree: 0 entries, signed \d+ s ago", each)]
    assert set(WHAT_TO_DO) == REFUSAL_REASONS
