"""The run directory: one folder per organisation, with its own keys and settings and nobody else's.

1. A secret key stays in the folder in which its owner made it; only public files are handed over.
2. Only a directory that an earlier demonstration made and has left, or an empty one, is ever emptied.
"""

import csv
import fcntl
import io
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import IO

from deploy.demo.formats.toml import TomlTable, write_toml
from deploy.demo.identity.accounts import CLIENT, write_accounts
from deploy.demo.organisations import (
    CASE_SYSTEM,
    MUNICIPALITY,
    NAME,
    ORGANISATIONS,
    PUBLISHERS,
    STAFF,
    PublisherOrganisation,
    signal_type,
)

SCOPE = "regio-veldermeer"
ISSUER = "https://inloggen.veldermeer.invalid"
ENTRANCE = "https://regiesysteem.veldermeer.invalid"
AUDIENCE = "https://signaalindex.veldermeer.invalid"
CLIENT_SECRET = "sign-in.secret"  # noqa: S105 - the name of a file
WITNESS = "fg.veldermeer.invalid/getuige"
WITNESS_KEY = "witness.verifier"
LOG_KEY = "log.verifier"
MARKER = ".signal-index-demo"
DAILY_QUOTA_ITEMS = 20_000


class NotOurs(Exception):
    """The directory holds something else than an earlier demonstration, or one that is still at work."""


@dataclass(frozen=True)
class Ports:
    """Where the services listen on 127.0.0.1."""

    index: int
    a: int
    b: int
    provider: int
    witness: int

    @property
    def site(self) -> str:
        """The address of the worker's pages."""
        return f"http://127.0.0.1:{self.index}"

    @property
    def sign_in(self) -> str:
        """The address of the identity provider, which is its name too."""
        return f"http://127.0.0.1:{self.provider}"


@dataclass(frozen=True)
class Folders:
    """Where each organisation keeps its files, below `root`."""

    root: Path

    @property
    def index(self) -> Path:
        """The index operator."""
        return self.root / "index"

    @property
    def a(self) -> Path:
        """The first pseudonymiser."""
        return self.root / "pseudonymiser-a"

    @property
    def b(self) -> Path:
        """The second pseudonymiser."""
        return self.root / "pseudonymiser-b"

    @property
    def witness(self) -> Path:
        """The privacy officer's organisation, which watches over the log."""
        return self.root / "witness"

    @property
    def identity_provider(self) -> Path:
        """The municipality's sign-in: the accounts, and the key of tokens for programs."""
        return self.root / "identity-provider"

    @property
    def entrance(self) -> Path:
        """The key with which the regiesysteem signs links."""
        return self.of(CASE_SYSTEM) / "entrance.key"

    @property
    def worker(self) -> Path:
        """The worker's own machine: a token, nothing else."""
        return self.root / "worker"

    def of(self, publisher: PublisherOrganisation) -> Path:
        """A publisher."""
        return self.root / publisher.folder

    def connector(self, publisher: PublisherOrganisation) -> Path:
        """The settings file of a publisher's connector."""
        return self.of(publisher) / "connector.toml"

    @property
    def index_settings(self) -> Path:
        """The settings file of the index."""
        return self.index / "index.toml"

    @property
    def witness_settings(self) -> Path:
        """The settings file of the witness."""
        return self.witness / "witness.toml"

    def make(self) -> IO[bytes]:
        """Empty the run directory and make every folder, readable by this user only.

        Returns:
            The lock on the directory; it holds until this file is closed.

        Raises:
            NotOurs: it holds something an earlier demonstration did not make, or one is at work in it.
        """
        if self.root.exists():
            self._check_ours()
            shutil.rmtree(self.root)
        parties = [self.index, self.a, self.b, self.witness, self.identity_provider, self.worker]
        for folder in (self.root, *parties, *map(self.of, PUBLISHERS)):
            folder.mkdir(mode=0o700, parents=folder is self.root)
        lock = (self.root / MARKER).open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def _check_ours(self) -> None:
        marker = self.root / MARKER
        if not marker.exists():
            if any(self.root.iterdir()):
                raise NotOurs(f"{self.root} is not empty and no earlier demonstration made it; name another")
            return
        with marker.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotOurs(f"another demonstration is at work in {self.root}; stop it first") from None


def hand_over(public: Path, *receivers: Path, name: str = "") -> None:
    """Give copies of a public file to other organisations, under its own name unless another is given."""
    for folder in receivers:
        shutil.copyfile(public, folder / (name or public.name))


def write_settings(folders: Folders, ports: Ports) -> None:
    """Write everybody's settings file, and the accounts of the identity provider."""
    write_accounts(folders.identity_provider)
    _write_client_secret(folders.index / CLIENT_SECRET)
    witness_key = (folders.index / WITNESS_KEY).read_text(encoding="utf-8").strip()
    write_toml(folders.index_settings, **_index(ports, witness_key))
    write_toml(folders.a / "a.toml", **_pseudonymiser("A", ports.a, ports.b))
    write_toml(folders.b / "b.toml", **_pseudonymiser("B", ports.b, ports.index))
    for publisher in PUBLISHERS:
        write_toml(folders.connector(publisher), **_connector(publisher, ports))


def write_witness_settings(folders: Folders, ports: Ports, log_key: str) -> None:
    """Write the settings of the witness, once the index can say what its log is called."""
    logs = [{"origin": log_key.partition("+")[0], "verifier_key": log_key}]
    places = {"keys": "witness.key", "memory": "memory.sqlite", "evidence": "evidence"}
    write_toml(folders.witness_settings, name=WITNESS, port=ports.witness, logs=logs, **places)


def _write_client_secret(path: Path) -> None:
    """Write the secret of the index at the identity provider, which a real provider would hand out."""
    path.touch(mode=0o600)
    path.write_text(token_urlsafe(32) + "\n", encoding="ascii")


def write_register(folders: Folders) -> Path:
    """Write the register the functioneel beheerder imports: publishers, sources, contact routes, entrances."""
    path = folders.index / "register.toml"
    publications = [_publication(name) for name in ORGANISATIONS]
    handed_over = (folders.index / "entrance.public.toml").read_text(encoding="utf-8")
    entrances = tomllib.loads(handed_over)["entrances"]
    write_toml(
        path,
        publishers=[_registered(p) for p in PUBLISHERS],
        publications=publications,
        entrances=entrances,
    )
    return path


def write_staff(folders: Folders) -> Path:
    """Write the list of staff the functioneel beheerder imports."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(("medewerker", "organisatie", "team", "actief", "naam"))
    writer.writerows((each.staff_id, each.employer.oin, each.team, "ja", each.name) for each in STAFF)
    path = folders.index / "staff.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    return path


def _index(ports: Ports, witness_key: str) -> TomlTable:
    return {
        "environment": "dev",
        "oin": MUNICIPALITY.oin,
        "database": "index.sqlite",
        "keys": "index.key",
        "manifest": "manifest.json",
        "issuer": {"name": ISSUER, "audience": AUDIENCE, "keys": "issuer.public.json"},
        "server": {"host": "127.0.0.1", "port": ports.index},
        "site": {
            "url": ports.site,
            "organisation": MUNICIPALITY.name,
            "accessibility_contact": f"toegankelijk@{NAME.lower()}.invalid",
            "privacy_contact": f"privacy@{NAME.lower()}.invalid",
        },
        "sign_in": {"issuer": ports.sign_in, "client_id": CLIENT, "client_secret_file": CLIENT_SECRET},
        "pseudonymisers": {"a": f"http://127.0.0.1:{ports.a}", "b": f"http://127.0.0.1:{ports.b}"},
        "witnesses": [{"address": f"http://127.0.0.1:{ports.witness}", "key": witness_key}],
    }


def _pseudonymiser(party: str, port: int, next_port: int) -> TomlTable:
    return {
        "environment": "dev",
        "party": party,
        "keys": f"{party.lower()}.key",
        "manifest": "manifest.json",
        "ledger": "ledger.sqlite",
        "next_hop": f"http://127.0.0.1:{next_port}",
        "host": "127.0.0.1",
        "port": port,
        "publishers": _known_publishers(),
    }


def _known_publishers() -> list[TomlTable]:
    return [
        {
            "oin": publisher.oin,
            "verify_key": publisher.key_file,
            "items_per_batch": publisher.items_per_batch,
            f"daily_quota.{publisher.batch_class}": DAILY_QUOTA_ITEMS,
        }
        for publisher in PUBLISHERS
    ]


def _connector(publisher: PublisherOrganisation, ports: Ports) -> TomlTable:
    mine = [_published(name) for name, each in ORGANISATIONS.items() if each.publisher == publisher.oin]
    return {
        "environment": "dev",
        "publisher": publisher.oin,
        "keys": "publisher.key",
        "manifest": "manifest.json",
        "first_hop": f"http://127.0.0.1:{ports.a}",
        "state": "state.sqlite",
        "items_per_batch": publisher.items_per_batch,
        **({"publications": mine} if mine else {"caseload": {"organisation": MUNICIPALITY.oin}}),
    }


def _published(name: str) -> TomlTable:
    return {"source": ORGANISATIONS[name].source, "type": signal_type(name)}


def _registered(publisher: PublisherOrganisation) -> TomlTable:
    return {
        "oin": publisher.oin,
        "name": publisher.name,
        "key": publisher.key_file,
        "items_per_batch": publisher.items_per_batch,
        "classes": [publisher.batch_class],
        "organisations": [MUNICIPALITY.oin] if publisher is CASE_SYSTEM else [],
    }


def _publication(name: str) -> TomlTable:
    organisation = ORGANISATIONS[name]
    return {
        **_published(name),
        "source_name": organisation.name,
        "publisher": organisation.publisher,
        "contact_name": organisation.contact_name,
        "contact_phone": organisation.contact_phone,
    }
