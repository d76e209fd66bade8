"""Sets up every party as its operator would: keys, settings, database, register, staff, and the three services."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo import messages, parties
from deploy.demo.commands import Commands
from deploy.demo.municipality import Municipality
from deploy.demo.organisations import (
    CASE_SYSTEM,
    MUNICIPALITY,
    NAME,
    ORGANISATIONS,
    PUBLISHERS,
    STAFF,
    TEAMS,
    WORKERS,
    PublisherOrganisation,
)
from deploy.demo.parties import Folders, Ports
from deploy.demo.processes import Processes, wait_until_ready
from deploy.demo.report import Report, check

ADMINISTRATOR = next(employee for employee in STAFF if employee.role == "functioneel-beheerder")
PRIVACY_OFFICER = next(employee for employee in STAFF if employee.role == "privacy-officer")


@dataclass(frozen=True)
class Demo:
    """One run: the place it is about, where its files are, and what it works with.

    Args:
        looks: how many looks got which HTTP status.
    """

    place: Municipality
    folders: Folders
    ports: Ports
    commands: Commands
    processes: Processes
    report: Report
    looks: Counter[int] = field(default_factory=Counter)

    @property
    def index_url(self) -> str:
        """Where the index answers."""
        return f"http://127.0.0.1:{self.ports.index}"

    def index(self, *words: str | Path, secret: bool = False) -> str:
        """Run a command of the index operator."""
        return self.commands.run(*words, "--config", self.folders.index_settings, secret=secret)


@dataclass(frozen=True)
class Inbox:
    """The message files, each lying at the organisation that received it or made it."""

    first: Mapping[PublisherOrganisation, Sequence[Path]]
    later: Mapping[PublisherOrganisation, Sequence[Path]]
    caseload: Path


def write_messages(demo: Demo) -> Inbox:
    """Let the organisations write their messages."""
    report, place = demo.report, demo.place
    report.step(f"The municipality of {NAME} (invented) and its messages")
    first = messages.first_delivery(place)
    inbox = Inbox(
        first={p: _written(demo, p, first) for p in PUBLISHERS},
        later={p: _written(demo, p, messages.second_delivery(place)) for p in PUBLISHERS},
        caseload=_written(demo, CASE_SYSTEM, [messages.caseload_feed(place)])[0],
    )
    report.line(
        f"{len(place.residents)} residents; {len(WORKERS)} workers in {len(TEAMS)} teams; "
        f"{len(ORGANISATIONS)} sources; {len(place.cases)} care relations"
    )
    for publisher, files in inbox.first.items():
        if files:
            folder = files[0].parent.relative_to(demo.folders.root)
            report.line(f"{publisher.name}: {len(files)} message file(s) in {folder}")
    report.line(f"{CASE_SYSTEM.name}: {inbox.caseload.relative_to(demo.folders.root)}")
    return inbox


def _written(
    demo: Demo, publisher: PublisherOrganisation, sent: Sequence[messages.SourceMessage]
) -> tuple[Path, ...]:
    mine = [message for message in sent if message.name.startswith(publisher.reads)]
    return messages.write(mine, demo.folders.of(publisher) / "inbox")


def make_keys(demo: Demo) -> None:
    """Let every party make its own keys, the chain in the order index, B, A, and hand over the public files."""
    folders, run = demo.folders, demo.commands.run
    demo.report.step("Keys: every organisation makes its own, in the order index, B, A")
    run("keys", "index", "--scope", parties.SCOPE, "--epoch", "1", "--out", folders.index)
    parties.hand_over(folders.index / "index.public.json", folders.b)
    run("keys", "pseudonymiser", "B", "--next", folders.b / "index.public.json", "--out", folders.b)
    parties.hand_over(folders.b / "b.public.json", folders.a, folders.index)
    run("keys", "pseudonymiser", "A", "--next", folders.a / "b.public.json", "--out", folders.a)
    parties.hand_over(folders.a / "a.public.json", folders.index)
    _make_manifest(demo)
    for publisher in PUBLISHERS:
        run("keys", "publisher", publisher.oin, "--out", folders.of(publisher))
        for folder in (folders.index, folders.a, folders.b):
            parties.hand_over(
                folders.of(publisher) / "publisher.public.json", folder, name=publisher.key_file
            )
    run("insecure-issuer", "new", "--out", folders.identity_provider)
    parties.hand_over(folders.identity_provider / "issuer.public.json", folders.index)
    secret = sorted(str(path.relative_to(folders.root)) for path in folders.root.rglob("*.key"))
    check(len(secret) == 4 + len(PUBLISHERS), "every organisation holds exactly one secret key file")
    demo.report.line(f"secret, each in one place only: {', '.join(secret)}")


def _make_manifest(demo: Demo) -> None:
    folders = demo.folders
    parts = [f"--{name}={folders.index / name}.public.json" for name in ("index", "b", "a")]
    demo.commands.run("keys", "manifest", *parts, "--out", folders.index / "manifest.json")
    parties.hand_over(folders.index / "manifest.json", folders.a, folders.b, *map(folders.of, PUBLISHERS))


def set_up_index(demo: Demo) -> None:
    """Make the database, then let the functioneel beheerder import the register and the staff, and give roles."""
    folders = demo.folders
    demo.report.step("The index: database, register, staff and roles")
    parties.write_settings(folders, demo.ports)
    demo.index("db", "upgrade")
    demo.index("db", "initialise")
    demo.index("staff", "import", parties.write_staff(folders))
    demo.index("staff", "grant", ADMINISTRATOR.staff_id, ADMINISTRATOR.role)
    by_administrator = ("--as", ADMINISTRATOR.staff_id)
    demo.report.line(
        demo.index("register", "import", parties.write_register(folders), *by_administrator).strip()
    )
    for employee in STAFF:
        if employee is not ADMINISTRATOR:
            demo.index("staff", "grant", employee.staff_id, employee.role, *by_administrator)
    listed = demo.index("staff", "list", *by_administrator)
    check(listed.count("no roles") == 0, "every member of staff has a role")
    demo.report.line(f"{len(STAFF)} members of staff of {MUNICIPALITY.name}, each with one role")


def start_parties(demo: Demo) -> None:
    """Start the index and both pseudonymisers, each as a process of its own."""
    folders, ports = demo.folders, demo.ports
    demo.report.step("Three services on 127.0.0.1, each a process of its own")
    for party, folder in (("a", folders.a), ("b", folders.b)):
        demo.commands.run("pseudonymiser", "ledger", "init", "--config", folder / f"{party}.toml")
    serve = {
        "index": (folders.index, ["serve", "--surface", "all", "--config", str(folders.index_settings)]),
        "pseudonymiser B": (folders.b, ["pseudonymiser", "serve", "--config", str(folders.b / "b.toml")]),
        "pseudonymiser A": (folders.a, ["pseudonymiser", "serve", "--config", str(folders.a / "a.toml")]),
    }
    running = {
        name: demo.processes.start(
            name, demo.commands.line(*words), folder / "service.log", demo.commands.environment
        )
        for name, (folder, words) in serve.items()
    }
    for (name, process), port in zip(running.items(), (ports.index, ports.b, ports.a), strict=True):
        wait_until_ready(process, f"http://127.0.0.1:{port}/v1/gereed")
        demo.report.line(f"{name} ready on port {port}, process {process.process.pid}")
