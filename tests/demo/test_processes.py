"""Processes get started, waited for and ended, together with whatever they started themselves."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.demo.processes import ProcessError, Processes, Stopped, free_ports, wait_until_ready

SERVER = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def is_running(pid: int) -> bool:
    """Whether this process exists and is more than an entry waiting to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    """Whether this process is gone within two seconds."""
    deadline = time.monotonic() + 2
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def test_a_process_is_ready_when_it_answers_and_gone_afterwards(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Processes() as processes:
        running = processes.start("server", [sys.executable, "-c", SERVER, str(port)], tmp_path / "log")
        wait_until_ready(running, f"http://127.0.0.1:{port}/")
        assert is_running(running.process.pid)
    assert gone(running.process.pid)


def test_a_process_that_ends_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes() as processes:
        running = processes.start(
            "server", [sys.executable, "-c", "import sys; sys.exit('no key file')"], tmp_path / "log"
        )
        with pytest.raises(ProcessError, match=r"server ended with code 1:\n    no key file"):
            wait_until_ready(running, "http://127.0.0.1:9/")


def test_a_process_that_will_not_stop_is_ended_with_its_children(tmp_path: Path) -> None:
    with Processes(stop_seconds_max=0.3) as processes:
        running = processes.start("stubborn", [sys.executable, "-c", STUBBORN], tmp_path / "log")
        while not (child := running.log.read_text(encoding="utf-8").strip()):
            time.sleep(0.02)
    assert gone(running.process.pid)
    assert gone(int(child))


def sleep_and(log: Path, happening: Callable[[], object]) -> None:
    """Start a process that would sleep for a minute, write down its id, and let something happen."""
    with Processes() as processes:
        running = processes.start("sleeper", ["sleep", "60"], log)
        log.with_suffix(".pid").write_text(str(running.process.pid))
        happening()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_demonstration_and_its_processes(tmp_path: Path, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match=number.name):
        sleep_and(tmp_path / "log", lambda: os.kill(os.getpid(), number))
    assert gone(int((tmp_path / "log.pid").read_text()))
    assert signal.getsignal(number) is before


def test_a_fault_in_a_step_ends_the_processes(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        sleep_and(tmp_path / "log", lambda: 1 / 0)
    assert gone(int((tmp_path / "log.pid").read_text()))


def test_a_command_that_does_not_exist_leaves_signals_working(tmp_path: Path) -> None:
    with Processes() as processes:
        with pytest.raises(FileNotFoundError):
            processes.start("nothing", ["/nonexistent/program"], tmp_path / "log")
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGTERM)


def test_ports_are_free_and_different() -> None:
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert all(1024 <= port <= 65535 for port in ports)
