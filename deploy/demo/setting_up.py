"""Sets up every party as its operator would: keys, settings, database, register, staff, and the three services."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo import messages, parties
from deploy.demo.commands import Commands
from deploy.demo.identity.accounts import FILE
from deploy.demo.municipality import Municipality
from deploy.demo.organisations import (
    CASE_SYSTEM,
    GERT,
    HANNEKE,
    INEKE,
    MUNICIPALITY,
    NAME,
    ORGANISATIONS,
    PUBLISHERS,
    STAFF,
    TEAMS,
    WORKERS,
    Employee,
    PublisherOrganisation,
)
from deploy.demo.parties import Folders, Ports
from deploy.demo.processes import Processes, wait_until_ready
from deploy.demo.report import Report, check

IDENTITY_PROVIDER = Path(__file__).parent / "identity" / "provider.py"


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
        return self.ports.site

    def index(self, *words: str | Path, expect: int = 0) -> str:
        """Run a command of the index operator."""
        return self.commands.run(*words, *self.of_index, expect=expect)

    @property
    def of_index(self) -> tuple[str | Path, ...]:
        """What makes a command one of the index operator."""
        return ("--config", self.folders.index_settings)


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
    parties.hand_over(folders.index / "index.public.json", folders.b, folders.a)
    run("keys", "pseudonymiser", "B", "--next", folders.b / "index.public.json", "--out", folders.b)
    parties.hand_over(folders.b / "b.public.json", folders.a, folders.index)
    run("keys", "pseudonymiser", "A", "--next", folders.a / "b.public.json", "--out", folders.a)
    parties.hand_over(folders.a / "a.public.json", folders.index, folders.b)
    demo.commands.run_all(_other_keys(folders))
    (folders.index / parties.WITNESS_KEY).write_text(
        run("witness", "keys", "--name", parties.WITNESS, "--out", folders.witness), encoding="utf-8"
    )
    for folder, party in ((folders.a, "a"), (folders.b, "b")):
        parties.hand_over(folder / f"{party}.approval.json", folders.index)
    approvals = [f"--approval={folders.index / party}.approval.json" for party in ("index", "b", "a")]
    run(
        "keys",
        "manifest",
        *_public_parts(folders.index),
        *approvals,
        "--out",
        folders.index / "manifest.json",
    )
    for publisher in PUBLISHERS:
        for folder in (folders.index, folders.a, folders.b):
            parties.hand_over(
                folders.of(publisher) / "publisher.public.json", folder, name=publisher.key_file
            )
    parties.hand_over(folders.identity_provider / "issuer.public.json", folders.index)
    parties.hand_over(folders.of(CASE_SYSTEM) / "entrance.public.toml", folders.index)
    parties.hand_over(folders.index / "manifest.json", folders.a, folders.b, *map(folders.of, PUBLISHERS))
    secret = sorted(str(path.relative_to(folders.root)) for path in folders.root.rglob("*.key"))
    check(len(secret) == 6 + len(PUBLISHERS), "every organisation holds its own secret keys and no other")
    demo.report.line(f"secret, each in one place only: {', '.join(secret)}")


def _other_keys(folders: Folders) -> Iterator[list[str | Path]]:
    """The keys that wait for nobody, and what the three parties of the chain say to its public parts."""
    for folder, party in ((folders.index, "index"), (folders.b, "b"), (folders.a, "a")):
        own = [f"--keys={folder / party}.key", f"--out={folder / party}.approval.json"]
        yield ["keys", "approve", *_public_parts(folder), *own]
    for publisher in PUBLISHERS:
        yield ["keys", "publisher", publisher.oin, "--out", folders.of(publisher)]
    yield ["insecure-issuer", "new", "--out", folders.identity_provider]
    named = ["--issuer", parties.ENTRANCE, "--name", CASE_SYSTEM.name, "--organisation", MUNICIPALITY.oin]
    yield ["entrance", "new", *named, "--out", folders.of(CASE_SYSTEM)]


def _public_parts(folder: Path) -> list[str]:
    """The public parts of the chain as they lie in one party's folder."""
    return [f"--{name}={folder / name}.public.json" for name in ("index", "b", "a")]


def set_up_index(demo: Demo) -> None:
    """Make the database, propose the rules, appoint two who administer; they give roles and import the register."""
    folders = demo.folders
    demo.report.step("The index: database, register, staff and roles")
    parties.write_settings(folders, demo.ports)
    demo.index("db", "upgrade")
    demo.index("db", "initialise")
    log_key = demo.index("audit", "key").strip()
    parties.write_witness_settings(folders, demo.ports, log_key)
    (folders.witness / parties.LOG_KEY).write_text(log_key + "\n", encoding="utf-8")
    demo.report.line(f"the log is called {log_key.partition('+')[0]}; its witness has the key")
    demo.index("rules", "propose")
    demo.index("staff", "import", parties.write_staff(folders))
    demo.index("staff", "appoint", GERT.staff_id, HANNEKE.staff_id)
    by_gert = ("--as", GERT.staff_id)
    demo.commands.run_all(
        ["staff", "grant", each.staff_id, each.role, *by_gert, *demo.of_index]
        for each in STAFF
        if each.role not in {GERT.role, INEKE.role}
    )
    _give_by_two(demo, [each for each in STAFF if each.role == INEKE.role])
    _approve_rules(demo)
    demo.report.line(demo.index("register", "import", parties.write_register(folders), *by_gert).strip())
    listed = demo.index("staff", "list", *by_gert)
    check(listed.count("no roles") == 0, "every member of staff has a role")
    demo.report.line(f"{len(STAFF)} members of staff, each with one role")


def _approve_rules(demo: Demo) -> None:
    """Put the rules that the set-up proposed in force: one who administers agrees to them, and one who oversees."""
    digest = demo.index("rules", "list").partition(" ")[0]
    for each in (HANNEKE, INEKE):
        demo.index("rules", "approve", digest, "--yes", "--as", each.staff_id)
    demo.report.line(f"the rules count: {HANNEKE.name} and {INEKE.name} agreed to set {digest[:12]}")


def _give_by_two(demo: Demo, employees: Sequence[Employee]) -> None:
    """Give a sensitive role: one who administers proposes, the other one decides."""
    for each in employees:
        asked = demo.index(
            "staff", "grant", each.staff_id, each.role, "--because", "nieuwe-taak", "--as", GERT.staff_id
        )
        proposal = asked.strip().rpartition(" ")[2]
        demo.index("proposal", "decide", proposal, "akkoord", "--as", HANNEKE.staff_id)
    demo.report.line(f"{len(employees)} of them oversee: one who administers proposed it, the other agreed")


def start_parties(demo: Demo) -> None:
    """Start the index, both pseudonymisers, the witness and the identity provider, each as a process of its own."""
    folders, ports = demo.folders, demo.ports
    demo.report.step("Five services on 127.0.0.1, each a process of its own")
    ledgers: list[list[str | Path]] = [
        ["pseudonymiser", "ledger", "init", "--config", folder / f"{party}.toml"]
        for party, folder in (("a", folders.a), ("b", folders.b))
    ]
    demo.commands.run_all([*ledgers, ["witness", "init", "--config", folders.witness_settings]])
    line = demo.commands.line
    accounts = folders.identity_provider / FILE
    ready = "/v1/gereed"
    serve = (
        (
            "witness",
            folders.witness,
            line("witness", "serve", "--config", str(folders.witness_settings)),
            ports.witness,
            ready,
        ),
        ("index", folders.index, line("serve", *demo.of_index), ports.index, ready),
        ("pseudonymiser B", folders.b, _pseudonymiser(demo, folders.b / "b.toml"), ports.b, ready),
        ("pseudonymiser A", folders.a, _pseudonymiser(demo, folders.a / "a.toml"), ports.a, ready),
        (
            "identity provider",
            folders.identity_provider,
            [sys.executable, str(IDENTITY_PROVIDER), str(ports.provider), str(accounts)],
            ports.provider,
            "/.well-known/openid-configuration",
        ),
    )
    running = [
        demo.processes.start(name, command, folder / "service.log", demo.commands.environment)
        for name, folder, command, _, _ in serve
    ]
    for process, (name, _, _, port, path) in zip(running, serve, strict=True):
        wait_until_ready(process, f"http://127.0.0.1:{port}{path}")
        demo.report.line(f"{name} ready on port {port}, process {process.process.pid}")


def _pseudonymiser(demo: Demo, settings: Path) -> list[str]:
    return demo.commands.line("pseudonymiser", "serve", "--config", settings)
