"""`connector run` from its folders, deliveries and polls to the index, over the real chain."""

import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.cli import connector
from connectors.config import Publication
from connectors.service.folder import Folder, Place
from connectors.service.life import Life, Systemd
from connectors.service.loop import Loop
from connectors.service.settings import Folder as FolderSettings
from connectors.service.settings import Rhythm, Running
from connectors.service.telling import Figures
from connectors.state import State
from crypto.chain import Bsn
from tests.connectors.publisher.service.source import SourceServer, write_key

FOLDER = '[[inbox]]\nkind = "folder"\nfolder = "in"\nformat = "csv"\n'
METRICS = '[metrics]\nlisten = "127.0.0.1:0"\n'
TOKEN = "a-token-nobody-guesses-0123456789"


def held(live_chain: Any, parties: Any, people: list[Bsn]) -> set[Bsn]:
    """Whom the index holds a flag for."""
    by_pseudonym = {parties.pseudonym(person): person for person in people}
    return {by_pseudonym[key[0]] for key in list(live_chain.index.index.flags)}


def in_sync(live_chain: Any) -> bool:
    """Whether the index was told up to which day the source is in sync."""
    sets = live_chain.index.index.series.get(("agb:99010011", "wmo-voorziening"), [])
    return any(each.as_of is not None for each in sets)


def status(service: Any) -> str:
    result = CliRunner().invoke(connector, ["status", str(service.config)])
    assert result.exit_code == 0, result.output
    return str(result.output)


def test_what_lies_in_a_folder_reaches_the_index_in_order_and_is_put_away(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any
) -> None:
    service = new_service()
    one, two = people[:2]
    service.drop("b-first.csv", lines([(one, "t", "2026-01-01", ""), (two, "t", "2026-01-01", "")]))
    time.sleep(0.01)
    service.drop("a-second.csv", lines([(one, "t", "2026-01-01", "2026-02-01")]))
    service.start()
    service.wait(lambda: held(live_chain, parties, people) == {two}, "the second file counts last")
    service.wait(lambda: in_sync(live_chain), "a file says that the source was heard")
    assert service.done() == ["a-second.csv", "b-first.csv"]
    assert service.stop() == 0
    assert service.said("stopped")


def test_a_refused_file_is_set_apart_with_its_reason_and_keeps_the_source_out_of_sync(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any, http: httpx.Client
) -> None:
    service = new_service(FOLDER + "heartbeat = true\n" + METRICS)
    digits = people[0].digits
    service.drop(f"Export {digits}.csv", f"{digits};no header\n".encode())
    service.drop("good.csv", lines([(people[1], "t", "2026-01-01", "")]))
    service.start()
    service.wait(lambda: held(live_chain, parties, people) == {people[1]}, "the good file is not held up")
    refused = service.inbox / "refused"
    reason = (refused / f"Export {digits}.csv.reason").read_text()
    assert "code: columns-wrong\nplace: Export #########.csv~" in reason
    service.wait(lambda: "in 1" in figures(service, http), "the figures show it")
    assert not in_sync(live_chain)
    for path in refused.iterdir():
        path.unlink()
    service.wait(lambda: in_sync(live_chain), "it is in sync once somebody looked")
    everything = service.log_path.read_text() + reason + figures(service, http) + status(service)
    assert not [person for person in people if person.digits in everything]


def figures(service: Any, http: httpx.Client) -> str:
    """The figures, with the refused files that wait in short."""
    text = http.get(service.address("127.0.0.1:0") + "/metrics").text
    waits = [line.rpartition(" ")[2] for line in text.splitlines() if "inbox_refused{" in line]
    return text + f"in {float(waits[0]):.0f}" if waits else text


def test_an_empty_folder_says_something_only_where_the_settings_say_so(
    new_service: Any, live_chain: Any
) -> None:
    silent = new_service(FOLDER)
    silent.start()
    silent.wait(lambda: list(silent.folder.glob("*.service")), "it looked")
    assert silent.stop() == 0
    assert not live_chain.index.index.series
    beating = new_service(FOLDER + "heartbeat = true\n")
    beating.start()
    beating.wait(lambda: in_sync(live_chain), "silence is news here")


def test_a_delivery_is_on_disk_before_it_is_acknowledged(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any, http: httpx.Client
) -> None:
    service = new_service(
        '[webhook]\nlisten = "127.0.0.1:0"\npath = "/in"\nformat = "csv"\nspool = "in"\ntoken = "token"\n'
        'content_types = ["text/csv"]\n',
        # Only what is woken up comes in time.
        rhythm="scan_seconds = 3600\nsend_seconds = 0.05",
    )
    (service.folder / "token").write_text(f"an-older-token-that-is-still-in-use-1\n{TOKEN}\n")
    service.start()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "text/csv"}
    url = service.address("127.0.0.1:0") + "/in"
    body = lines([(people[0], "t", "2026-01-01", "")])
    assert http.post(url, content=body, headers=headers).status_code == 204
    service.wait(lambda: held(live_chain, parties, people) == {people[0]}, "it is taken in at once")
    body = lines([(people[1], "t", "2026-01-01", "")])
    assert http.post(url, content=body, headers=headers).status_code == 204
    assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    kept = [*service.inbox.glob("*.message"), *service.inbox.glob("done/*/*.message")]
    assert body in [path.read_bytes() for path in kept]
    service.start()
    service.wait(lambda: held(live_chain, parties, people) == set(people[:2]), "it is not lost")


def test_a_source_that_is_asked_answers_into_the_index(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(65537, 2048)
    write_key(tmp_path / "token.key", key)
    server = SourceServer(public_key=key.public_key(), needs_token=True)
    server.answer = lines([(people[0], "t", "2026-01-01", "")])
    service = new_service(
        f'[[poll]]\nurl = "{server.url}/lijst"\nformat = "csv"\nevery = 0.002\n'
        f'[poll.token]\nurl = "{server.url}/token"\nclient_id = "{server.client}"\n'
        f'key = "{tmp_path}/token.key"\nkey_id = "k1"\n'
    )
    service.start()
    service.wait(lambda: in_sync(live_chain), "an answer says that the source was heard")
    server.answer = lines([(people[0], "t", "2026-01-01", "2026-02-01"), (people[1], "t", "2026-01-01", "")])
    service.wait(lambda: held(live_chain, parties, people) == {people[1]}, "the next answer counts")
    server.close()
    service.wait(lambda: service.said("inbox", inbox="poll-1", code="no-connection"), "it noticed")
    assert held(live_chain, parties, people) == {people[1]}
    assert service.stop() == 0


def test_while_the_chain_is_silent_it_takes_in_waits_and_says_so(
    new_service: Any, people: list[Bsn], lines: Any, http: httpx.Client
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        service = new_service(FOLDER + METRICS, first_hop=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        service.drop("a.csv", lines([(people[0], "t", "2026-01-01", "")]))
        service.start()
        service.wait(lambda: service.done() == ["a.csv"], "it is taken in all the same")
        service.wait(lambda: service.said("sending", code="no-connection"), "it tried")
        at = service.address("127.0.0.1:0")
        service.wait(lambda: 'sending{state="waiting"} 1.0' in http.get(at + "/metrics").text, "it says so")
        assert http.get(at + "/v1/levend").json() == {"status": "levend"}
        answer = http.get(at + "/v1/gereed")
        assert (answer.status_code, answer.json()["reden"]) == (503, "no-connection")
        assert "service: sending waiting (no-connection)" in status(service)
        assert "1 to send" in status(service)
        assert service.stop(signal.SIGINT) == 0
        assert "service:" not in status(service)


def test_what_needs_a_person_is_said_and_does_not_end_it(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any
) -> None:
    index = live_chain.index.index
    index.canary = parties.pseudonym(people[9])
    service = new_service()
    service.drop("a.csv", lines([(people[0], "t", "2026-01-01", "")]))
    service.start()
    service.wait(lambda: service.said("sending", state="stopped"), "the index knows no such canary")
    assert service.said("sending", state="stopped")[0]["again_in"] >= 3600
    service.wait(lambda: "get the present manifest" in status(service), "status says what to do")
    service.drop("b.csv", lines([(people[1], "t", "2026-01-01", "")]))
    service.wait(lambda: service.done() == ["a.csv", "b.csv"], "taking in goes on")
    assert not index.flags
    index.canary = None
    assert service.stop() == 0
    service.start()
    service.wait(lambda: held(live_chain, parties, people) == set(people[:2]), "a start tries at once")


def test_systemd_hears_that_it_is_ready_works_and_stops(new_service: Any, tmp_path: Path) -> None:
    service = new_service()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        service.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000")
        heard = [systemd.recv(4096).decode()]
        while heard[-1] != "WATCHDOG=1":
            heard.append(systemd.recv(4096).decode())
        assert service.stop() == 0
        while heard[-1] != "STOPPING=1":
            heard.append(systemd.recv(4096).decode())
    assert heard[0] == "READY=1"
    assert "STATUS=Sending: well" in heard


def test_settings_that_are_wrong_end_it_with_two(new_service: Any) -> None:
    for settings, said in (
        ('[[inbox]]\nkind = "folder"\nfolder = "in"\nformat = "nosuch"\n', "unknown format"),
        ('[webhook]\nlisten = "127.0.0.1:0"\nformat = "csv"\nspool = "gone"\nbehind_proxy = true\n', "spool"),
        ('[webhook]\nlisten = "127.0.0.1:0"\nformat = "csv"\nspool = "in"\n', "either a token"),
        ('[[poll]]\nurl = "http://127.0.0.1/"\nformat = "csv"\nevery = 5\nmethod = "POST"\n', "body"),
        ('[metrics]\nlisten = "8.8.8.8:1"\n', "cannot listen on 8.8.8.8:1"),
    ):
        result = CliRunner().invoke(connector, ["run", str(new_service(settings).config)])
        assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_an_address_that_is_taken_ends_the_command_with_words(new_service: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        service = new_service(f'[metrics]\nlisten = "{listen}"\n')
        command = [
            str(Path(sys.executable).with_name("signal-index")),
            "connector",
            "run",
            str(service.config),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"connector: cannot listen on {listen}: Address already in use")


# The loop, with a clock that is told what time it is


class Desk:
    """The loop in this process, looked at one step at a time."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.life = Life(Systemd(None, None))
        self.figures = Figures(source.clock())
        inbox = source.setup.running.inbox[0]
        place = Place(inbox.folder, inbox.format, heartbeat=True, scan_seconds=0.0, written_whole=True)
        folder = Folder("inbox-1", place, source.state.safe_name, source.clock)
        self.loop = Loop(
            source.setup, source.state, [folder], life=self.life, figures=self.figures, clock=source.clock
        )

    def step(self, **later: float) -> None:
        """Do what is due after some time, with every wait behind us."""
        self.source.clock.now += timedelta(**later)
        self.loop._dispatch._sent_at = self.loop._dispatch._not_before = -float("inf")
        self.loop._not_before = 0.0
        self.loop.step()


@pytest.fixture
def desk(new_source: Any, live_chain: Any, tmp_path: Path) -> Iterator[Desk]:
    inbox = tmp_path / "in"
    (inbox / "done").mkdir(parents=True)
    settings = FolderSettings(kind="folder", folder=inbox, format="csv")
    running = Running(inbox=(settings,), rhythm=Rhythm(send_seconds=0.01))
    publication = Publication(source="agb:99010011", type="wmo-voorziening", retention_months=6)
    source = new_source(
        tmp_path / "desk", running=running, first_hop=live_chain.address, publications=(publication,),
        caseload=None,
    )  # fmt: skip
    # The pseudonymisers read the real clock, and refuse what is composed in another year.
    source.clock.now = datetime.now(UTC)
    yield Desk(source)
    source.state.close()


def operations(live_chain: Any) -> list[str]:
    """What the last batch said, fillers left out."""
    return [each for each in live_chain.index.index.seen_operations[-1] if each != "filler"]


def test_with_no_new_messages_it_still_says_each_day_that_it_is_in_sync(desk: Desk, live_chain: Any) -> None:
    desk.step()
    applied = len(live_chain.index.index.applied)
    desk.step()
    assert len(live_chain.index.index.applied) == applied, "once a day is enough"
    desk.loop._clock = lambda: datetime.now(UTC) + timedelta(days=1)
    desk.step()
    assert operations(live_chain) == ["in-sync"]
    assert "in_sync_timestamp_seconds" in desk.figures.text


def test_with_no_new_messages_flags_are_asserted_again_in_time(
    desk: Desk, live_chain: Any, people: list[Bsn], lines: Any
) -> None:
    inbox = desk.source.setup.running.inbox[0].folder
    (inbox / "a.csv").write_bytes(lines([(people[0], "t", "2026-01-01", "")]))
    desk.step()
    desk.step()
    before = len(live_chain.index.index.applied)
    with desk.source.state.transaction():
        desk.source.state._connection.execute("UPDATE wish SET asserted_month = asserted_month - 3")
    desk.step()
    assert len(live_chain.index.index.applied) == before + 1
    assert operations(live_chain) == ["assert"]


def test_with_no_new_messages_a_restored_index_is_found_out_and_filled_again(
    desk: Desk, live_chain: Any, people: list[Bsn], lines: Any
) -> None:
    inbox = desk.source.setup.running.inbox[0].folder
    (inbox / "a.csv").write_bytes(lines([(people[0], "t", "2026-01-01", "")]))
    desk.step()
    live_chain.index.index.restore()
    with desk.source.state.transaction():
        desk.source.state.heard(datetime.now(UTC) - timedelta(hours=2))
    desk.step()
    assert len(live_chain.index.index.flags) == 1
    assert all(each.sealed for each in live_chain.index.index.series["agb:99010011", "wmo-voorziening"])


def test_while_another_command_is_at_work_it_waits_its_turn(
    desk: Desk, live_chain: Any, people: list[Bsn], lines: Any
) -> None:
    inbox = desk.source.setup.running.inbox[0].folder
    (inbox / "a.csv").write_bytes(lines([(people[0], "t", "2026-01-01", "")]))
    setup = desk.source.setup
    other = State.open(setup.state_path, setup.secrets, "testregio")
    with other.lock():
        desk.step()
        assert list(inbox.glob("*.csv"))
    other.close()
    desk.step()
    assert len(live_chain.index.index.flags) == 1


def test_a_state_that_cannot_be_used_is_waited_out(desk: Desk, live_chain: Any) -> None:
    with desk.source.state.transaction():
        desk.source.state._connection.execute("ALTER TABLE stream RENAME TO gone")
    desk.step()
    assert desk.loop.ready() == "local-state"
    assert not live_chain.index.index.applied
    with desk.source.state.transaction():
        desk.source.state._connection.execute("ALTER TABLE gone RENAME TO stream")
    desk.step()
    assert desk.loop.ready() is None
    assert in_sync(live_chain)


# Stopping and killing


class Writer:
    """A source that keeps its own list of what it said."""

    def __init__(self, seed: int, people: list[Bsn], lines: Any) -> None:
        self.chance = random.Random(seed)
        self.people = people
        self.lines = lines
        self.runs: dict[tuple[Bsn, str], bool] = {}
        self.written = 0

    def write(self, service: Any, files: int) -> None:
        for _ in range(files):
            rows = {}
            for _ in range(self.chance.randint(1, 5)):
                person, traject = self.chance.choice(self.people), self.chance.choice("ab")
                rows[person, traject] = self.runs[person, traject] = self.chance.random() < 0.6
            self.written += 1
            content = self.lines(
                [
                    (person, traject, "2026-01-01", "" if runs else "2026-02-01")
                    for (person, traject), runs in rows.items()
                ]
            )
            service.drop(f"{self.chance.randrange(10**6)}-{self.written}.csv", content)

    def expected(self) -> set[Bsn]:
        return {person for (person, _), runs in self.runs.items() if runs}


def kill_and_compare(
    service: Any, live_chain: Any, parties: Any, writer: Writer, kills: int, files: int
) -> None:
    """Kill it again and again while it works, and compare what the index holds with the source's own list."""
    index, chance, working = live_chain.index.index, writer.chance, 0
    for _ in range(kills):
        writer.write(service, files)
        before = index.delivered, len(service.done())
        service.start()
        until = index.delivered + chance.randrange(5), len(service.done()) + chance.randrange(files)
        service.wait(
            lambda until=until: index.delivered >= until[0] and len(service.done()) >= until[1], "it gets on"
        )
        time.sleep(chance.uniform(0, 0.03))
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
        working += (index.delivered, len(service.done())) != before
    service.start()
    service.wait(lambda: not service.waiting(), "every file is taken in")
    service.wait(
        lambda: held(live_chain, parties, writer.people) == writer.expected(),
        "nothing is missing or too many",
    )
    service.wait(lambda: in_sync(live_chain), "it has nothing left to say")
    assert held(live_chain, parties, writer.people) == writer.expected()
    assert service.stop() == 0
    assert len(service.done()) == writer.written
    sequences = [sequence for _, sequence, _ in index.applied]
    assert sequences == list(range(1, len(sequences) + 1)), "nothing is applied twice or out of order"
    assert working > kills // 2, "it was killed while it was getting somewhere"
    stored = b"".join(path.read_bytes() for path in service.folder.glob("state.sqlite*"))
    said = service.log_path.read_bytes()
    assert not [person for person in writer.people if person.digits.encode() in stored + said]


def test_killed_again_and_again_it_loses_doubles_and_reorders_nothing(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any
) -> None:
    writer = Writer(20261122, people[:60], lines)
    kill_and_compare(new_service(), live_chain, parties, writer, kills=3, files=25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_killed_very_often_it_loses_doubles_and_reorders_nothing(
    seed: int, new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any
) -> None:
    writer = Writer(seed, people, lines)
    kill_and_compare(new_service(), live_chain, parties, writer, kills=25, files=40)


def test_a_stop_in_the_middle_of_sending_is_clean(
    new_service: Any, live_chain: Any, parties: Any, people: list[Bsn], lines: Any
) -> None:
    service, index = new_service(), live_chain.index.index
    some = people[:60]
    service.drop("all.csv", lines([(person, "t", "2026-01-01", "") for person in some]))
    service.start()
    service.wait(lambda: index.flags, "it is sending")
    assert service.stop() == 0
    assert 0 < len(index.flags) < len(some), "it did not wait for the last batch"
    service.start()
    service.wait(lambda: held(live_chain, parties, people) == set(some), "it goes on where it was")
    sequences = [sequence for _, sequence, _ in index.applied]
    assert sequences == list(range(1, len(sequences) + 1))
