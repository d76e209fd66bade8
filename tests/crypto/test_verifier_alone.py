"""The verifier needs a handful of files and two libraries, seconds for a million entries, and little memory."""

import os
import shutil
import site
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from click.testing import CliRunner

import crypto
from crypto import records
from crypto.verifier.cli import verifier
from tests.support.log_export import KEYS, MiniLog, members, mini_log, pack, proof_of, receipt_of, signed

HONEST = mini_log(600)
EXPORT = members(HONEST.entries, HONEST.records, signed(HONEST.entries))

# What an auditor copies; docs/verifying-the-log.md says the same.
FILES = (
    "crypto/__init__.py",
    "crypto/encoding.py",
    "crypto/errors.py",
    "crypto/records.py",
    "crypto/verify_keys.py",
    "crypto/log",
    "crypto/verifier",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, a kept checkpoint and a proof."""
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "export.zip").write_bytes(pack(EXPORT))
    (folder / "kept").write_bytes(signed(HONEST.entries[:250]))
    (folder / "record.tlog-proof").write_bytes(proof_of(300, HONEST.entries).text)
    return folder


LIMITED = """
import runpy, sys
sys.path[:] = {path!r}
sys.argv = ["verifier", *sys.argv[1:]]
try:
    runpy.run_module("crypto.verifier", run_name="__main__", alter_sys=True)
finally:
    own = {{name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}}
    print("\\n".join(f"{{name}}={{file}}" for name, file in own.items()), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what an auditor copies, and one with the two libraries; nothing else of the product."""
    outside = tmp_path_factory.mktemp("outside")
    root = Path(crypto.__file__).parents[1]
    for name in FILES:
        target = outside / "program" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (outside / "libraries").mkdir()
    packages = Path(site.getsitepackages()[0])
    for name in ("cryptography", "click", "cffi", *(file.name for file in packages.glob("_cffi_backend*"))):
        (outside / "libraries" / name).symlink_to(packages / name)
    return outside


def run_outside(outside: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    standard = [sysconfig.get_path("stdlib"), str(Path(sysconfig.get_path("stdlib")) / "lib-dynload")]
    path = [str(outside / "program"), str(outside / "libraries"), *standard]
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", LIMITED.format(path=path), *map(str, arguments)],
        cwd=outside,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


class TestAlone:
    def test_the_verifier_runs_from_its_own_files_and_two_libraries(
        self, outside: Path, folder: Path
    ) -> None:
        result = run_outside(outside, "verify", folder / "export.zip", *KEYS, "--kept", folder / "kept")
        assert result.returncode == 0, result.stderr
        inside = CliRunner().invoke(
            verifier, ["verify", str(folder / "export.zip"), *KEYS, "--kept", str(folder / "kept")]
        )
        assert result.stdout == inside.output
        loaded = dict(line.split("=", 1) for line in result.stderr.splitlines() if "=" in line)
        own = {file for name, file in loaded.items() if name.partition(".")[0] == "crypto"}
        assert own
        assert all(Path(file).is_relative_to(outside / "program") for file in own)
        third = {name.partition(".")[0] for name, file in loaded.items() if "site-packages" in file}
        assert third <= {"cryptography", "click", "cffi", "_cffi_backend"}
        assert not {name for name in loaded if name.startswith(("signal_index", "policy", "connectors"))}

    def test_a_receipt_is_checked_there_too(self, outside: Path, folder: Path) -> None:
        proof = folder / "record.tlog-proof"
        result = run_outside(
            outside, "verify-receipt", proof, "--receipt", receipt_of(HONEST.entries[300]), *KEYS
        )
        assert result.returncode == 0, result.stderr

    def test_and_what_does_not_hold_does_not_hold_there(self, outside: Path, folder: Path) -> None:
        spoiled = folder / "spoiled.zip"
        spoiled.write_bytes(pack(EXPORT | {"tile/entries/000": EXPORT["tile/entries/001"]}))
        assert run_outside(outside, "verify", spoiled, *KEYS).returncode == 1

    def test_every_file_is_needed(self, outside: Path, folder: Path, tmp_path: Path) -> None:
        for name in FILES[1:]:
            less = tmp_path / name.replace("/", "-")
            shutil.copytree(outside, less, symlinks=True)
            target = less / "program" / name
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            assert run_outside(less, "verify", folder / "export.zip", *KEYS).returncode == 1

    def test_the_guide_names_these_files(self) -> None:
        guide = Path(crypto.__file__).parents[1].joinpath("docs/verifying-the-log.md").read_text("utf-8")
        for name in FILES:
            assert f"`{name}`" in guide, f"docs/verifying-the-log.md does not tell an auditor to copy {name}"


@pytest.mark.long
def test_a_million_entries_take_seconds_and_little_memory(tmp_path: Path) -> None:
    log = MiniLog()
    for index in range(1_000_000):
        log.entries.append(
            records.entry(b"writer-%d" % (index % 9), index // 9 + 1, index.to_bytes(32, "big"))
        )
    (tmp_path / "export.zip").write_bytes(pack(members(log.entries, [], signed(log.entries))))
    # The peak as the kernel counts it for this program alone; `ru_maxrss` would begin with that of the test.
    program = (
        "import sys, time\nfrom crypto.verifier.cli import verifier\n"
        "verifier(standalone_mode=False)\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "print(status['VmHWM'].split()[0], time.process_time(), file=sys.stderr)"
    )
    root = str(Path(crypto.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", program, "verify", str(tmp_path / "export.zip"), *KEYS],
        env=os.environ | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    memory, seconds = map(float, result.stderr.split())
    assert memory < 100 * 1024, f"{memory / 1024:.0f} MB"
    assert seconds < 30, f"{seconds:.1f} s"
