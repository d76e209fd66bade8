"""A set-up ends in an index that is set up well: by conversation, from a file, and after earlier ones."""

import json
import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from joserfc.jwk import RSAKey

from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets, spelled
from policy.vocabulary import Role
from signal_index.cli import main
from signal_index.cli.setup.answers import kept_in
from signal_index.cli.setup.questions import QUESTIONS
from signal_index.errors import SetupFault
from signal_index.insecure_issuer import make_keys
from signal_index.settings import IssuerSettings
from signal_index.wiring import token_rules
from tests.support.keys import agreed

from .conftest import DAY, DISCOVERY, MADE, OIN, READY, WITNESS_KEY, Desk

ADMIN = frozenset({Role.FUNCTIONAL_ADMIN.value})


def _expect_set_up(desk: Desk) -> None:
    assert desk.roles() == {"f.beheer": ADMIN, "g.beheer": ADMIN}
    assert not kept_in(desk.config).exists()
    assert not [path.name for path in desk.folder.iterdir() if path.name.startswith(".")]
    assert desk.config.stat().st_mode & 0o777 == 0o600


def test_a_conversation_with_good_answers_ends_in_an_index(desk: Desk) -> None:
    result = desk.run(typed=desk.typed())
    assert result.exit_code == 0, result.output
    _expect_set_up(desk)
    events = desk.events()
    assert sorted(events) == MADE
    stated = desk.settings
    assert stated.oin == OIN
    assert stated.site is not None
    assert stated.site.organisation == desk.answers["organisation"]
    assert stated.witnesses[0].key == WITNESS_KEY
    assert stated.pseudonymisers is not None
    assert stated.pseudonymisers.b == desk.b.url
    assert f"{stated.server.host}:{stated.server.port}" == desk.answers["listen"]
    for words in (
        "What is left",
        "Let the rules be approved",
        "privacy officers",
        "register import",
        "deploy/index/README.md",
        "signal-index doctor",
    ):
        assert words in result.output, words
    assert "a-secret-of-the-client" not in result.output + desk.config.read_text()


def test_a_file_with_the_same_answers_makes_the_same_settings(desk: Desk) -> None:
    assert desk.set_up().exit_code == 0
    _expect_set_up(desk)
    from_file = desk.config.read_bytes()
    desk.config.unlink()
    (desk.folder / "index.sqlite").unlink()
    assert desk.run(typed=desk.typed()).exit_code == 0
    assert desk.config.read_bytes() == from_file


def test_every_setting_has_its_meaning_above_it(desk: Desk) -> None:
    desk.set_up()
    lines = desk.config.read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+ = ", line):
            assert lines[number - 1].startswith("# "), line


def test_doctor_finds_no_more_to_mend_than_what_is_left(desk: Desk) -> None:
    desk.set_up()
    result = CliRunner().invoke(main, ["doctor", "--json", "--config", str(desk.config)])
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert {each["point"] for each in found if each["state"] == "mend"} == {"register", "rules", "staff"}
    oks = {each["point"] for each in found if each["state"] == "ok"}
    assert {"pseudonymiser A", "pseudonymiser B", "witness getuige.example", "sign-in", "manifest"} <= oks


# --- Again ------------------------------------------------------------------------------------------------------------


def test_again_keeps_everything_and_asks_no_administrators(desk: Desk) -> None:
    desk.set_up()
    before, events = desk.config.read_bytes(), desk.events()
    result = desk.run(typed="\n" * 22)
    assert result.exit_code == 0, result.output
    assert "f.beheer, g.beheer administer already" in result.output
    assert desk.config.read_bytes() == before
    assert desk.events() == events


def test_again_keeps_what_is_not_asked_and_the_file_before(desk: Desk) -> None:
    desk.set_up()
    more = (
        '\n[mail]\nhost = "127.0.0.1"\nsender = "i@proef.example"\n[mail.review_to]\n"'
        + OIN
        + '" = "t@proef.example"\n'
    )
    desk.config.write_text(desk.config.read_text() + more + "[retention]\nlooks_days = 400\n")
    by_hand = desk.config.read_text()
    result = desk.set_up(organisation="Gemeente Anders")
    assert result.exit_code == 0, result.output
    stated = desk.settings
    assert stated.site is not None
    assert stated.site.organisation == "Gemeente Anders"
    assert stated.retention.looks_days == 400
    assert stated.mail is not None
    assert stated.mail.review_to == {OIN: "t@proef.example"}
    assert desk.config.with_name("signal-index.toml.before").read_text() == by_hand


def test_what_was_answered_is_kept_when_it_stops_and_the_next_run_goes_on(desk: Desk) -> None:
    first = "\n".join([*desk.answers.values()][:8]) + "\n"
    result = desk.run(typed=first)
    assert result.exit_code == 1
    assert "What you answered is kept" in result.output
    assert not desk.config.exists()
    kept = tomllib.loads(kept_in(desk.config).read_text())
    assert kept == {name: desk.answers[name] for name in [*desk.answers][:8]}
    assert kept_in(desk.config).stat().st_mode & 0o777 == 0o600
    rest = "\n" * 8 + "\n".join([*desk.answers.values()][8:]) + "\n"
    assert desk.run(typed=rest).exit_code == 0
    _expect_set_up(desk)


def test_check_only_makes_nothing(desk: Desk) -> None:
    before = sorted(path.name for path in desk.folder.iterdir())
    result = desk.run("--answers", desk.file(), "--check-only")
    assert result.exit_code == 0, result.output
    assert "nothing was written" in result.output
    assert sorted(path.name for path in desk.folder.iterdir()) == sorted([*before, "given.toml"])
    (desk.folder / "index.key").unlink()
    result = desk.run("--answers", desk.file(region="regio-proef"), "--check-only")
    assert result.exit_code == 1
    assert not (desk.folder / "index.key").exists()


def test_check_only_repeats_the_check_of_what_stands(desk: Desk) -> None:
    desk.set_up()
    assert desk.run("--check-only").exit_code == 0
    desk.a.pages[READY] = (503, {})
    result = desk.run("--check-only")
    assert result.exit_code == 1
    assert f"pseudonymiser_a: {desk.a.url}: answers 503" in result.output


# --- Keys -------------------------------------------------------------------------------------------------------------


def test_keys_are_made_when_asked_and_never_overwritten(desk: Desk) -> None:
    key = desk.folder / "index.key"
    key.unlink()
    answers = [*desk.answers.values()][:12]
    result = desk.run(typed="\n".join([*answers, "regio-nieuw"]) + "\n")
    assert result.exit_code == 1  # the manifest is of other keys, so it stops there
    assert IndexSecrets.load(key).scope == "regio-nieuw"
    assert (desk.folder / "index.public.json").exists()
    assert key.stat().st_mode & 0o777 == 0o600
    assert "is for another scope or epoch" in result.output or "hand " in result.output
    made = key.read_bytes()
    desk.set_up(region="regio-anders")
    assert key.read_bytes() == made


def test_a_trial_without_pages_makes_its_own_stand_in_for_the_provider(desk: Desk) -> None:
    (desk.folder / "issuer.public.json").unlink()
    result = desk.set_up(
        site_url="-", make_token_keys="yes", witness_key="-", organisation=None, identity_provider=None,
        accessibility_contact=None, privacy_contact=None, client_id=None, client_secret_file=None, witness_address=None,
        witness_certificate=None,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert desk.settings.site is None
    assert desk.settings.witnesses == ()
    words = ["insecure-issuer", "token", "--key", str(desk.folder / "issuer.key"), "--subject", "f.beheer"]
    assert CliRunner().invoke(main, [*words, "--config", str(desk.config)]).output.count(".") == 2


def test_the_keys_a_provider_publishes_are_pinned_when_asked(desk: Desk) -> None:
    published = json.loads((desk.folder / "issuer.public.json").read_text())
    (desk.folder / "issuer.public.json").unlink()
    no_algorithm = {name: value for name, value in published["keys"][0].items() if name != "alg"}
    desk.provider.pages["/jwks"] = (200, {"keys": [no_algorithm, *published["keys"]]})
    assert desk.set_up(make_token_keys="yes").exit_code == 0
    assert json.loads((desk.folder / "issuer.public.json").read_text()) == published


@pytest.mark.parametrize(
    ("signs_with", "pinned"), [(["RS256", "ES256"], ["RS256"]), (["PS256"], ["PS256"]), (["HS256"], None), (None, None)]
)  # fmt: skip
def test_a_key_that_names_no_algorithm_is_pinned_to_what_the_provider_says_it_signs_with(
    desk: Desk, signs_with: list[str] | None, pinned: list[str] | None
) -> None:
    (desk.folder / "issuer.public.json").unlink()
    rsa = RSAKey.generate_key(2048, {"kid": "of-the-cloud", "use": "sig"}).as_dict(private=False)
    assert "alg" not in rsa
    desk.provider.pages["/jwks"] = (200, {"keys": [rsa, {**rsa, "kid": "x", "use": "enc"}, None]})
    _, said = desk.provider.pages[DISCOVERY]
    desk.provider.pages[DISCOVERY] = (
        200,
        said | {"id_token_signing_alg_values_supported": [*(signs_with or []), "RS512"]},
    )
    result = desk.set_up(make_token_keys="yes")
    if pinned is None:
        assert re.search(
            r"mend +make_token_keys: .*publishes no key with an id and an algorithm", result.output
        )
        assert not (desk.folder / "issuer.public.json").exists()
    else:
        assert result.exit_code == 0, result.output
        assert "key(s) of" not in result.output
        assert json.loads((desk.folder / "issuer.public.json").read_text())["keys"] == [
            {"alg": pinned[0], **rsa}
        ]


# --- Real data is never reached by a trial's shortcuts ----------------------------------------------------------------


def test_in_production_nothing_of_a_trial_holds(desk: Desk) -> None:
    result = desk.set_up(environment="production")
    assert result.exit_code == 1
    for key, words in {
        "oin": "for tests only",
        "site_url": "must be an https address",
        "identity_provider": "must be an https address",
        "token_keys": 'for environment = "dev" only',
        "manifest_fingerprint": "only a trial goes without",
        "pseudonymiser_a": "must be an https address",
        "pseudonymiser_b": "must be an https address",
        "witness_address": "must be an https address",
    }.items():
        assert re.search(rf"mend +{key}: .*(\n.*)?{words}", result.output), (key, result.output)
    none = desk.set_up(environment="production", site_url="-", witness_key="-")
    assert none.output.count("only a trial goes without") >= 3
    assert not desk.config.exists()
    assert not (desk.folder / "index.sqlite").exists()


# --- Bad answers, each against the real thing -------------------------------------------------------------------------


def _put(name: str, content: bytes) -> Any:
    return lambda desk: (desk.folder / name).write_bytes(content)


def _page(which: str, path: str, status: int, document: Any) -> Any:
    return lambda desk: getattr(desk, which).pages.update({path: (status, document)})


def _other_manifest(desk: Desk) -> None:
    index = IndexSecrets.generate("regio-proef", 1, created=DAY)
    b = PseudonymiserSecrets.generate("B", index.public(), created=DAY)
    a = PseudonymiserSecrets.generate("A", b.public(), created=DAY)
    (desk.folder / "manifest.json").unlink()
    agreed(index, b, a).save(desk.folder / "manifest.json")


def _forged_manifest(desk: Desk) -> None:
    path = desk.folder / "manifest.json"
    document = json.loads(path.read_text())
    document["a_approval"], document["b_approval"] = document["b_approval"], document["a_approval"]
    path.write_text(json.dumps(document))


def _blocked(desk: Desk) -> None:
    _set_up_with(desk, active=False)


def _worker(desk: Desk) -> None:
    _set_up_with(desk, role=Role.TEAM_MEMBER)


def _set_up_with(desk: Desk, *, active: bool = True, role: Role | None = None) -> None:
    """A database that somebody began with, in which f.beheer is known and nobody administers."""
    assert desk.set_up().exit_code == 0
    with desk.opened() as database:

        def write(tx: Any) -> None:
            for each in tx.staff.all():
                tx.staff.revoke(each.staff_id, Role.FUNCTIONAL_ADMIN.value)
            member = tx.staff.get("f.beheer")
            tx.staff.put(replace(member, active=active))
            if role is not None:
                tx.staff.grant("f.beheer", role.value, "test", datetime.now(UTC))

        database.run(write)


BAD: list[tuple[str, str, Any, str]] = [
    ("environment", "test", None, "answer production or dev"),
    ("oin", "123", None, "an OIN is 20 digits"),
    ("oin", "\u0660" * 20, None, "an OIN is 20 digits"),
    ("site_url", "http://127.0.0.1:8100/pad", None, "is a scheme and a host"),
    ("site_url", "https://bestaat-niet.invalid", None, "no address is known for bestaat-niet.invalid"),
    ("organisation", "", None, "no answer"),
    ("organisation", "twee\tkolommen", None, "give a text on one line"),
    ("identity_provider", "http://127.0.0.1:9", None, "no answer (ConnectError)"),
    ("identity_provider", "", None, "no answer"),
    ("identity_provider", "PROVIDER/", None, "calls itself"),
    ("identity_provider", "PROVIDER", _page("provider", DISCOVERY, 200, b"<html>"), "else than a JSON object"),
    ("client_secret_file", "gone.secret", None, "cannot read"),
    ("client_secret_file", "sign-in.secret", _put("sign-in.secret", b" \n"), "is empty"),
    ("token_keys", "manifest.json", None, "is not a JWK set"),
    ("keys", "manifest.json", None, "kind"),
    ("manifest", "gone.json", None, "does not exist"),
    ("manifest", "manifest.json", _other_manifest, "pins other keys"),
    ("manifest", "manifest.json", _forged_manifest, "approval of B is not of these parts"),
    ("manifest_fingerprint", "0" * 64, None, "is not the pinned manifest"),
    ("manifest_fingerprint", "abc", None, "64 digits and letters"),
    ("pseudonymiser_a", "http://127.0.0.1:9", None, "no answer (ConnectError)"),
    ("pseudonymiser_a", "B", None, "answers another party than A"),
    ("pseudonymiser_b", "ftp://127.0.0.1", None, "must be an https address"),
    (
        "pseudonymiser_b",
        "B",
        _page("b", READY, 200, {"status": "gereed", "partij": "B", "regio": "elders", "epoch": 1}),
        "works for another region or epoch than regio-proef, 1",
    ),
    ("pseudonymiser_b", "B", _page("b", READY, 200, {"hallo": 1}), "answers, but is no such service"),
    ("witness_key", "getuige.example+00000000+AAAA", None, "copy the line that signal-index witness keys printed"),
    ("witness_address", "A", None, "another witness answers"),
    ("witness_certificate", "", None, "no answer"),
    ("witness_address", "http://127.0.0.1:9", None, "no answer (ConnectError)"),
    ("database", "gone/index.sqlite", None, "there is no folder"),
    ("database", "manifest.json", None, "is not a database of this index"),
    ("listen", "8100", None, "give an address and a port"),
    ("listen", "127.0.0.1:99999", None, "give an address and a port"),
    ("first_administrator", "twee woorden", None, "a staff id of at most 40"),
    ("first_administrator", "set-up", None, "a staff id of at most 40"),
    ("first_administrator", "f.beheer", _blocked, "is blocked in the staff table"),
    ("first_administrator", "f.beheer", _worker, "wijkteammedewerker, which does not go together"),
    ("second_administrator", "f.beheer", None, "is somebody else"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "answer", "spoil", "words"), BAD, ids=[f"{k}-{w[:24]}" for k, _, _, w in BAD]
)
def test_a_bad_answer_is_told_at_its_question_in_a_file_and_in_a_conversation(
    desk: Desk, key: str, answer: str, spoil: Any, words: str
) -> None:
    answer = {"A": desk.a.url, "B": desk.b.url}.get(answer, answer.replace("PROVIDER", desk.provider.url))
    if spoil is not None:
        spoil(desk)
    before = desk.config.read_bytes() if desk.config.exists() else None
    result = desk.set_up(**{key: answer})
    assert result.exit_code == 1, result.output
    said = result.output
    assert re.search(rf"^  mend +{key}: ", said, re.MULTILINE), said
    assert words in said
    assert (desk.config.read_bytes() if desk.config.exists() else None) == before
    if answer:
        asked = [*desk.answers][: [*desk.answers].index(key)]
        spoken = desk.run(typed="\n".join([*(desk.answers[name] for name in asked), answer]) + "\n")
        assert spoken.exit_code == 1
        assert words in spoken.output, spoken.output
        assert "answer something else" in spoken.output


def test_every_question_has_a_bad_answer_or_takes_any_text() -> None:
    tried = {key for key, *_ in BAD}
    any_text = {"accessibility_contact", "privacy_contact", "client_id", "token_audience"}
    assert {question.key for question in QUESTIONS} == tried | any_text | {"witness_key_file"}


def test_a_file_tells_all_faults_at_once(desk: Desk) -> None:
    result = desk.set_up(
        oin="1", client_secret_file="gone", manifest="gone", witness_address=desk.a.url,
        second_administrator="f.beheer", surprise="x", listen=None, organisation=None,
    )  # fmt: skip
    told = re.findall(r"^  mend +(\w+): ", result.output, re.MULTILINE)
    wrong = "oin organisation client_secret_file manifest witness_address second_administrator surprise"
    assert sorted(set(told)) == sorted(wrong.split())
    assert "7 answers to mend; nothing was set up" in result.output
    assert result.exit_code == 1
    assert not desk.config.exists()


def test_an_answer_that_was_mended_outside_holds_when_enter_is_pressed_again(
    desk: Desk, monkeypatch: Any
) -> None:
    desk.a.pages[READY] = (503, {})
    asked: list[str] = []

    def mend_when_told(text: str, **given: Any) -> str:
        key = text.strip()
        asked.append(key)
        if asked.count("pseudonymiser_a") == 2:
            desk.a.pages[READY] = (
                200,
                {"status": "gereed", "partij": "A", "regio": "regio-proef", "epoch": 1},
            )
        return desk.answers[key]

    monkeypatch.setattr("click.prompt", mend_when_told)
    result = desk.run()
    assert result.exit_code == 0, result.output
    assert asked.count("pseudonymiser_a") == 2
    _expect_set_up(desk)


def test_the_fingerprint_is_compared_as_people_write_it(desk: Desk) -> None:
    fingerprint = spelled(Manifest.load(desk.folder / "manifest.json").fingerprint)
    assert desk.set_up(manifest_fingerprint=fingerprint.upper()).exit_code == 0


def test_a_certificate_for_the_witness_is_tried_with_its_key(desk: Desk) -> None:
    (desk.folder / "ours.pem").write_text("no certificate")
    shown = {"witness_certificate": "ours.pem", "witness_key_file": "ours.pem"}
    result = desk.set_up(**shown, witness_address="https://getuige.invalid")
    assert re.search(r"mend +witness_address: .*our certificate or its key cannot be used", result.output)
    result = desk.set_up(**shown)
    assert re.search(r"mend +witness_address: .*only be shown at an https address", result.output)
    assert not desk.config.exists()


def test_a_key_of_the_stand_in_never_serves_real_data(desk: Desk) -> None:
    """Whatever the way it came into the settings: the index itself refuses to start with it."""
    _, public = make_keys(desk.folder / "more")
    stated = IssuerSettings(name="https://idp.example", audience="index", keys=public)
    assert token_rules(stated, environment="dev").issuer == stated.name
    with pytest.raises(SetupFault, match="insecure-issuer"):
        token_rules(stated, environment="production")
