"""What a municipality does on its first day, for real data: set up, do what was left, look up a signal.

Nothing stands in: both pseudonymisers, a witness and an OpenID provider are processes of their own, each behind TLS
under an authority of the region's own.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.demo.pages.browser import Browser
from signal_index.cli.setup.answers import kept_in
from tests.support.serving import COMMAND
from tests.support.tls import Authority

from .region import CARE, CASES, OIN, Region

ADMINISTRATORS, OFFICERS, WORKER, LEAD = ("f.beheer", "g.beheer"), ("p.een", "p.twee"), "w.een", "t.leider"
ANSWERED = 9
"""After so many answers somebody presses Ctrl-C, and goes on later."""
REGISTER = f"""
[[publishers]]
oin = "{CARE}"
name = "Zorgbureau"
key = "care.public.json"
items_per_batch = 16
classes = ["signaal"]
[[publishers]]
oin = "{CASES}"
name = "Regiesysteem"
key = "cases.public.json"
items_per_batch = 16
classes = ["zorgrelatie"]
organisations = ["{OIN}"]
[[publications]]
source = "agb:98980001"
source_name = "Zorgbureau"
type = "wmo-voorziening"
publisher = "{CARE}"
contact_name = "Wmo-loket"
contact_phone = "088 000 00 00"
"""
RELATION = "5f2b9d3e-6f0a-4c1e-9d57-3b1d0c8a7e41"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def region(ceremony: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Region]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    made = Region(tmp_path, ceremony, authority, [*ADMINISTRATORS, *OFFICERS, WORKER, LEAD])
    try:
        made.open()
        yield made
    finally:
        made.stop()


def test_a_production_set_up_that_is_interrupted_ends_in_an_index_that_answers(region: Region) -> None:
    said = set_up(region)
    for words in (f"ready at {region.url('a')}", "(RS256)", "second factor: "):
        assert words in said, words
    assert left(said) == [WITNESS, TWO_OFFICERS, RULES, FEED, WORKERS, SERVE, *UNSEEN]
    assert to_mend(region) == ["rules", "register", "staff", "staff"]
    serve(region)
    hire(region)
    approve(region)
    publish(region)
    with Browser(region.url("index")) as browser:
        look(browser)
    (record,) = region.at_index("audit", "list", "--as", OFFICERS[0]).splitlines()
    assert "lookup.answered" in record
    assert f"actor={WORKER}" in record
    assert to_mend(region, expect=0) == []
    assert left(region.at_index("doctor")) == UNSEEN


# --- What the product says --------------------------------------------------------------------------------------------

WITNESS = "Give witness getuige.example the key of this log, for its settings."
TWO_OFFICERS = "Register two privacy officers: one asks to open a person, the other approves it."
RULES = (
    "Let the rules be approved: until then nobody is shown anything."
    " Each by an account of her own here, or on the page Regels."
)
FEED = "Register the publishers, their sources and whom to phone."
WORKERS = "Register the workers, and those who lead their teams."
SERVE = "Serve the index, as a service or for now by hand."
UNSEEN = [
    "Switch the daily jobs on; deploy/index/README.md says how.",
    *(
        ["Give the database to the account that runs the index, here signal-index; it is root's now."]
        if os.getuid() == 0
        else []
    ),
    "Make a copy of the database every day, and never of the key file with it.",
    "Have a DPIA made, and let a lawyer confirm the rules, before the first real BSN.",
    "Look every day, or let a timer look, whether all is well.",
]
"""What stays, as it is done elsewhere or nobody can see it."""


def left(said: str) -> list[str]:
    """The steps that are left, as they were told."""
    return re.findall(r"^  [0-9]+\. (.*)$", said.partition("What is left")[2], re.MULTILINE)


def to_mend(region: Region, expect: int = 1) -> list[str]:
    """What the check-up wants mended."""
    found = [json.loads(line) for line in region.at_index("doctor", "--json", expect=expect).splitlines()]
    return [each["point"] for each in found if each["state"] == "mend"]


# --- Setting up -------------------------------------------------------------------------------------------------------


def answers(region: Region) -> dict[str, str]:
    """In the order of the questions."""
    return {
        "environment": "production",
        "oin": OIN,
        "site_url": region.url("index"),
        "organisation": "Gemeente Proef",
        "accessibility_contact": "a@proef.example",
        "privacy_contact": "p@proef.example",
        "identity_provider": region.url("provider"),
        "client_id": "signaalindex",
        "client_secret_file": "",
        "token_audience": "",
        "token_keys": "",
        "make_token_keys": "",
        "keys": "",
        "manifest": "",
        "manifest_fingerprint": region.fingerprint,
        "pseudonymiser_a": region.url("a"),
        "pseudonymiser_b": region.url("b"),
        "witness_key": region.witness.key,
        "witness_certificate": "",
        "witness_address": region.url("witness"),
        "database": "index.sqlite",
        "listen": f"127.0.0.1:{region.fronts['index'].behind}",
        "first_administrator": ADMINISTRATORS[0],
        "second_administrator": ADMINISTRATORS[1],
    }


def set_up(region: Region) -> str:
    """Answer some questions, press Ctrl-C, run it again and answer the others; what it said."""
    given = [*answers(region).values()]
    interrupt_after(region, given[:ANSWERED])
    typed = "\n" * ANSWERED + "".join(f"{each}\n" for each in given[ANSWERED:])
    done = subprocess.run(
        [COMMAND, "setup", "--config", region.config],
        input=typed, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert not kept_in(region.config).exists()
    return done.stdout


def interrupt_after(region: Region, given: list[str]) -> None:
    """Answer these questions, and then press Ctrl-C."""
    with subprocess.Popen(
        # Whoever runs the tests in the background may have Ctrl-C ignored, and a process inherits that.
        ["env", "--default-signal=INT", COMMAND, "setup", "--config", region.config],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{value}\n" for value in given))
        process.stdin.flush()
        kept = kept_in(region.config)
        for _ in range(600):
            if kept.exists() and kept.read_text().count("\n") > len(given):
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert process.returncode == 1, said
    assert "What you answered is kept" in said


# --- What was left ----------------------------------------------------------------------------------------------------


def serve(region: Region) -> None:
    """Give the witness the key of the log, and serve."""
    region.witness.stop()
    region.witness.trust(region.at_index("audit", "key").strip())
    region.witness.start()
    region.start(COMMAND, "serve", "--config", region.config)
    region.wait_for("index", "/hulp")


def hire(region: Region) -> None:
    """Both administrators sign in: the one takes the list over and gives roles, the other agrees where it takes two."""
    site = region.url("index")
    staff = "\n".join(f"{each};{OIN};noord;ja;" for each in (*OFFICERS, WORKER, LEAD))
    with Browser(site) as first, Browser(site) as second:
        sign_in(first, ADMINISTRATORS[0])
        first.open("/beheer/medewerkers/lijst")
        first.press("Bekijk wat er verandert", {"lijst": f"medewerker;organisatie;team;actief;naam\n{staff}"})
        first.press("Neem de lijst over")
        give(first, WORKER, "wijkteammedewerker", "Voer het door")
        give(first, LEAD, "teamleider", "Voer het door")
        for officer in OFFICERS:
            give(first, officer, "privacy officer", "Doe het voorstel")
        sign_in(second, ADMINISTRATORS[1])
        for officer in OFFICERS:
            second.open("/beheer/voorstellen")
            second.follow(f"{officer}, Rol geven: Privacy officer")
            second.press("Ja, akkoord")
            assert "Akkoord" in " ".join(second.texts("//main"))


def approve(region: Region) -> None:
    """One who administers and one who oversees agree to the rules; the index that serves goes by them soon after."""
    (waiting,) = region.at_index("rules", "list").splitlines()
    by_command = ["rules", "approve", waiting[:64], "--yes", "--as", ADMINISTRATORS[1]]
    same = subprocess.run(
        [COMMAND, *by_command, "--config", region.config],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (same.returncode, "Met dit account van de computer" in same.stderr) == (1, True), same.stderr
    with Browser(region.url("index")) as second:
        sign_in(second, ADMINISTRATORS[1])
        second.open("/beheer/regels")
        second.follow(f"Regels {waiting[:12]}")
        second.press("Keur goed", {"gelezen": "ja"})
    with Browser(region.url("index")) as officer:
        sign_in(officer, OFFICERS[1])
        officer.open("/toezicht/werklijst")
        officer.follow("Bekijk de regels")
        officer.follow(f"Regels {waiting[:12]}")
        officer.press("Keur goed", {"gelezen": "ja"})
        assert "Uw akkoord is vastgelegd" in " ".join(officer.texts("//main"))
    region.wait_for("index", "/v1/gereed")


def give(browser: Browser, staff_id: str, role: str, button: str) -> None:
    """Give somebody a role, from the list of members of staff."""
    browser.open("/beheer/medewerkers")
    browser.follow(staff_id)
    browser.follow(f"Geef de rol {role}")
    browser.press(button, {"reden": "nieuwe-taak"})


def sign_in(browser: Browser, staff_id: str) -> None:
    """Sign in at the identity provider, and come back."""
    site = browser.url
    browser.open("/")
    browser.follow("Inloggen")
    browser.press(staff_id)
    assert browser.url.startswith(site), browser.url
    (account,) = browser.texts('//header//*[contains(@class, "account__who")]')
    assert staff_id in account


def publish(region: Region) -> None:
    """Register who publishes what; then each publishes one line, over both pseudonymisers."""
    (region.folder / "register.toml").write_text(REGISTER)
    region.at_index("register", "import", "register.toml", "--as", ADMINISTRATORS[0])
    care = region.connect(
        "care", CARE, 'publications = [{ source = "agb:98980001", type = "wmo-voorziening" }]'
    )
    cases = region.connect("cases", CASES, f'[caseload]\norganisation = "{OIN}"')
    (region.folder / "export.csv").write_text(
        "traject;bsn;bron;soort;begin;einde\n"
        f"T-1;999900006;agb:98980001;wmo-voorziening;{TODAY - timedelta(60)};\n"
    )
    (region.folder / "caseload.csv").write_text(
        "actie;relatie_id;bsn;organisatie;team;medewerker;zaakreferentie;van;tot;geregistreerd_door;leeftijdsgroep;"
        "leeftijdsgroep_wijzigt;afgeschermd;coordinator\n"
        f"registreren;{RELATION};999900006;{OIN};noord;{WORKER};Z-1;{TODAY - timedelta(9)};{TODAY + timedelta(90)};"
        f"{LEAD};18+;;nee;nee\n"
    )
    region.run("connector", "publish", care, "csv", "export.csv")
    region.run("connector", "caseload", cases, "caseload.csv", "--complete")


def look(browser: Browser) -> None:
    """The worker signs in, and sees the one signal with whom to phone."""
    sign_in(browser, WORKER)
    browser.open(f"/caseload/{RELATION}/raadplegen")
    browser.press("Toon signalen", {"doel": "voorbereiding-huisbezoek", "inwoner": "nog-niet"})
    (shown,) = browser.texts('//*[@id="signalen"]//li')
    assert "Wmo-voorziening" in shown
    assert "088 000 00 00" in shown
