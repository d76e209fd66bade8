"""While the index serves, the collector of garbage leaves alone what was loaded to serve."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.serving import Server

# Says how the collector is set as soon as the server listens, then stops it as an operator would.
SERVED = """
import gc, os, signal, sys, threading, time, urllib.request

def look():
    while True:
        try:
            urllib.request.urlopen(sys.argv[-1], timeout=5)
            break
        except OSError:
            time.sleep(0.1)
    print(gc.get_freeze_count(), *gc.get_threshold())
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=look, daemon=True).start()
from signal_index.cli import main
main(["serve", "--config", "index.toml"])
"""


def test_serving_freezes_what_was_loaded_and_collects_less_often(world: Any) -> None:
    server = Server(world)
    command = [sys.executable, "-c", SERVED, f"{server.url}/v1/gereed"]
    served = subprocess.run(
        command, cwd=Path(server.folder), capture_output=True, text=True, timeout=60, check=True
    )
    frozen, *thresholds = map(int, served.stdout.split())
    assert frozen > 100_000
    assert thresholds == [50_000, 20, 20]
