"""The runbook of the key ceremony is followed to the letter: what it says to type works, and ends in pinned keys."""

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from crypto.keyfiles import IndexSecrets, Manifest, PseudonymiserSecrets, PublisherSecrets, spelled

RUNBOOK = Path(__file__).parents[2] / "deploy" / "ceremony" / "README.md"
COMMANDS = Path(sys.executable).parent
STEP = re.compile(r"^```sh (\w+)\n(.*?)^```$|Hand over `([\w.]+)` to: ([\w, ]+)\.", re.MULTILINE | re.DOTALL)
MAKER = {"index": "index", "b": "B", "a": "A", "manifest": "index", "publisher": "publisher"}


class Ceremony:
    """One folder per party, and a record of what was said."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: dict[str, list[str]] = {}
        for party in set(MAKER.values()):
            (root / party).mkdir()

    def follow(self, text: str) -> None:
        for party, commands, file, receivers in STEP.findall(text):
            if party:
                self._type(party, commands)
            else:
                maker = self.root / MAKER[file.partition(".")[0]]
                for receiver in receivers.split(", "):
                    shutil.copy(maker / file, self.root / receiver)

    def _type(self, party: str, commands: str) -> None:
        for line in commands.strip().splitlines():
            program, *words = line.split()
            done = subprocess.run(
                [COMMANDS / program, *words],
                cwd=self.root / party,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (line, done.stderr)
            self.said.setdefault(party, []).append(done.stdout)


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    held = Ceremony(tmp_path_factory.mktemp("ceremony"))
    held.follow(RUNBOOK.read_text(encoding="utf-8"))
    return held


def test_every_party_reads_the_same_fingerprint_aloud(ceremony: Ceremony) -> None:
    written = re.compile(r"^  ((?:[0-9a-f]{4} ){15}[0-9a-f]{4})$", re.MULTILINE)
    heard = {party: set(written.findall("".join(said))) for party, said in ceremony.said.items()}
    own = PublisherSecrets.load(ceremony.root / "publisher" / "publisher.key").public().fingerprint
    assert heard.pop("publisher") == {spelled(own)}
    assert heard.keys() == {"index", "A", "B"}
    assert len(set.union(*heard.values())) == 1


def test_everybody_ends_with_its_own_secret_and_the_pinned_manifest(ceremony: Ceremony) -> None:
    root = ceremony.root
    secrets = {str(path.relative_to(root)) for path in root.rglob("*.key")}
    assert secrets == {"index/index.key", "B/b.key", "A/a.key", "publisher/publisher.key"}
    pin = re.search(r'manifest_fingerprint = "([0-9a-f]{64})"', "".join(ceremony.said["B"]))
    assert pin is not None
    for party in ("index", "A", "B", "publisher"):
        manifest = Manifest.load_pinned(root / party / "manifest.json", pin[1], required=True)
    assert manifest.index == IndexSecrets.load(root / "index" / "index.key").public()
    assert manifest.b == PseudonymiserSecrets.load(root / "B" / "b.key").public()
    assert manifest.a == PseudonymiserSecrets.load(root / "A" / "a.key").public()
    assert PublisherSecrets.load(root / "publisher" / "publisher.key").publisher == "00000099000000000001"


def test_an_approval_of_keys_that_were_exchanged_on_the_way_is_refused(
    ceremony: Ceremony, tmp_path: Path
) -> None:
    """B gets another file of A than A made, as whoever carries the stick could do."""
    stranger = PseudonymiserSecrets.generate(
        "A", PseudonymiserSecrets.load(ceremony.root / "B" / "b.key").public(), created=_made_on(ceremony)
    )
    stranger.public().save(tmp_path / "a.public.json")
    own, out = ceremony.root / "A", tmp_path / "a.approval.json"
    words: list[str | Path] = [
        "keys",
        "approve",
        "--keys",
        own / "a.key",
        "--index",
        own / "index.public.json",
    ]
    words += ["--b", own / "b.public.json", "--a", tmp_path / "a.public.json", "--out", out]
    done = subprocess.run([COMMANDS / "signal-index", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "do not approve them" in done.stderr
    assert not out.exists()


def _made_on(ceremony: Ceremony) -> date:
    return Manifest.load(ceremony.root / "A" / "manifest.json").a.created
