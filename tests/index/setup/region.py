"""A region as it is for real: every party a process of its own behind TLS, and an index that is about to be set up."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from crypto.keyfiles import Manifest, PublisherSecrets, spelled
from tests.support.serving import COMMAND, WitnessServer, free_port
from tests.support.tls import Authority, Front

from .conftest import DAY

PROVIDER = Path(__file__).parents[3] / "deploy" / "demo" / "identity" / "provider.py"
PARTIES = ("index", "a", "b", "provider", "witness")
OIN = "00000004003214345000"
CARE, CASES = "00000004003214345001", "00000004003214345002"
SECOND_FACTOR = {"acr": "http://eidas.europa.eu/LoA/substantial", "amr": ["pwd", "mfa"]}
PSEUDONYMISER = """
party = "{party}"
keys = "{party}.key"
manifest = "manifest.json"
manifest_fingerprint = "{fingerprint}"
ledger = "ledger-{party}.sqlite"
next_hop = "{next_hop}"
port = {port}
workers = 1
publishers = [
  {{ oin = "{care}", verify_key = "care.public.json", items_per_batch = 16, daily_quota = {{ signaal = 1000 }} }},
  {{ oin = "{cases}", verify_key = "cases.public.json", items_per_batch = 16, daily_quota = {{ zorgrelatie = 1000 }} }},
]
"""
CONNECTOR = """
publisher = "{publisher}"
keys = "{name}.key"
manifest = "manifest.json"
manifest_fingerprint = "{fingerprint}"
first_hop = "{first_hop}"
state = "{name}.sqlite"
items_per_batch = 16
{more}
"""


@dataclass
class Region:
    """The parties around an index, and the folder of the index itself.

    Args:
        folder: where all of them keep their files; who may read what is for other tests.
        ceremony: what the key ceremony left.
        authority: whom every machine of the region trusts.
        people: staff ids that the identity provider knows.
    """

    folder: Path
    ceremony: Path
    authority: Authority
    people: Iterable[str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    fronts: dict[str, Front] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put TLS in front of every party, and start all but the index."""
        self.index = self.folder / "index"
        self.index.mkdir()
        self.manifest = Manifest.load(self.ceremony / "manifest.json")
        self.witness = WitnessServer(self.folder / "witness")
        for number, name in enumerate(PARTIES, start=1):
            host = f"127.0.7.{number}"
            port = self.witness.port if name == "witness" else free_port()
            self.fronts[name] = Front(host, self.authority.vouch(host), port)
        self._hand_out()

    def open(self) -> None:
        """Start all but the index."""
        self.witness.start()
        accounts = [
            {"claims": {"sub": each, "name": each, **SECOND_FACTOR}, "role": "", "note": None}
            for each in self.people
        ]
        (self.folder / "accounts.json").write_text(json.dumps(accounts))
        self.start(sys.executable, PROVIDER, str(self.fronts["provider"].behind), "accounts.json")
        for party, next_hop in (("B", "index"), ("A", "b")):
            self._pseudonymise(party, self.url(next_hop))
        for name in ("a", "b"):
            self.wait_for(name, "/v1/gereed")
        self.wait_for("provider", "/.well-known/openid-configuration")

    def _hand_out(self) -> None:
        for folder in (self.folder, self.index):
            (folder / "manifest.json").write_bytes((self.ceremony / "manifest.json").read_bytes())
        for key, folder in (("index", self.index), ("A", self.folder), ("B", self.folder)):
            (folder / f"{key}.key").touch(mode=0o600)
            (folder / f"{key}.key").write_bytes((self.ceremony / f"{key}.key").read_bytes())
        for name, oin in (("care", CARE), ("cases", CASES)):
            secrets = PublisherSecrets.generate(oin, created=DAY)
            secrets.save(self.folder / f"{name}.key")
            secrets.public().save(self.folder / f"{name}.public.json")
        (self.index / "sign-in.secret").touch(mode=0o600)
        (self.index / "sign-in.secret").write_text("a-secret-of-the-client")

    def _pseudonymise(self, party: str, next_hop: str) -> None:
        port = self.fronts[party.lower()].behind
        settings = PSEUDONYMISER.format(
            party=party, fingerprint=self.fingerprint, next_hop=next_hop, port=port, care=CARE, cases=CASES
        )
        (self.folder / f"{party}.toml").write_text(settings)
        self.run("pseudonymiser", "ledger", "init", "--config", f"{party}.toml")
        self.start(COMMAND, "pseudonymiser", "serve", "--config", f"{party}.toml")

    @property
    def config(self) -> Path:
        """The settings of the index."""
        return self.index / "signal-index.toml"

    @property
    def fingerprint(self) -> str:
        """Of the manifest, as people read it aloud."""
        return spelled(self.manifest.fingerprint)

    def url(self, name: str) -> str:
        """Where a party is found."""
        return self.fronts[name].url

    def connect(self, name: str, publisher: str, more: str) -> Path:
        """The settings of the connector of a publisher, set up."""
        config = self.folder / f"{name}.toml"
        settings = CONNECTOR.format(
            publisher=publisher, name=name, fingerprint=self.fingerprint, first_hop=self.url("a"), more=more
        )
        config.write_text(settings)
        self.run("connector", "init", config)
        return config

    def run(self, *words: str | Path, expect: int = 0) -> str:
        """Run the command to its end; what it said."""
        done = subprocess.run(
            [COMMAND, *map(str, words)],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def at_index(self, *words: str | Path, expect: int = 0) -> str:
        """Run a command of the index."""
        return self.run(*words, "--config", self.config, expect=expect)

    def start(self, *words: str | Path) -> None:
        """Start a process that stays."""
        with (self.folder / "log").open("ab") as log:
            command = list(map(str, words))
            self.running.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log))

    def wait_for(self, name: str, path: str) -> None:
        """Wait until a party answers 200 through its proxy."""
        trust = ssl.create_default_context(cafile=self.authority.certificate)
        with httpx.Client(verify=trust, trust_env=False) as http:
            for _ in range(600):
                if http.get(self.url(name) + path).status_code == httpx.codes.OK:
                    return
                time.sleep(0.05)
        raise AssertionError(f"{name} does not answer: {(self.folder / 'log').read_text()[-3000:]}")

    def stop(self) -> None:
        """End everything."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(20)
        self.witness.stop()
        for front in self.fronts.values():
            front.close()
