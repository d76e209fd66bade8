"""Wherever a set-up is ended, every file is there whole or not at all, and the next run ends in an index."""

import json
import os
import signal
import sqlite3
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crypto.keyfiles import IndexSecrets
from signal_index.cli.setup.answers import kept_in
from signal_index.settings import load

from .conftest import MADE, Desk
from .test_setup import ADMIN

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
POINTS = 6
"""How many moments an ordinary run tries, evenly over all of them; a long run tries every one."""


class _Moments:
    """Counts the moments at which something on the disk is about to change, and ends the process at one of them."""

    def __init__(self, folder: Path, at: int | None, number: int) -> None:
        self.count, self._folder, self._at, self._number = 0, str(folder), at, number

    def __call__(self, event: str, words: tuple[Any, ...]) -> None:
        if event in {"os.rename", "os.link", "os.remove", "sqlite3.connect"}:
            changes = self._folder in f"{words[0]}{words[1] if len(words) > 1 else ''}"
        else:
            changes = event == "open" and self._folder in str(words[0]) and bool((words[2] or 0) & WRITING)
        if changes:
            self.reach()

    def reach(self) -> None:
        self.count += 1
        if self.count != self._at:
            return
        if self._number == signal.SIGINT:
            # What Python makes of the signal, here and now: a real one may come in a place that swallows it.
            raise KeyboardInterrupt
        os.kill(os.getpid(), self._number)


def _in_a_child(
    desk: Desk, words: list[str], typed: str | None, at: int | None, number: int
) -> tuple[int, int]:
    """Set up in a process of its own; how it ended, and the number of moments it went through."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the threads of this process, which later Pythons warn of, only answer HTTP
        child = os.fork()
    if child == 0:  # pragma: no cover - another process
        moments = _Moments(desk.folder, at, number)
        before = os.fsync

        def fsync(fd: Any) -> None:
            moments.reach()
            before(fd)

        setattr(os, "fsync", fsync)  # noqa: B010 - mypy refuses an assignment to a function of the library
        sys.addaudithook(moments)
        code = 99
        try:
            code = desk.run(*words, typed=typed).exit_code
        finally:
            os.write(writing, str(moments.count).encode())
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as said:
        count = int(said.read() or 0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), count


def _begin(desk: Desk, *, conversation: bool) -> tuple[list[str], str | None]:
    """Have the set-up make every file there is to make."""
    (desk.folder / "issuer.public.json").unlink(missing_ok=True)
    if not conversation:
        return ["--answers", str(desk.file(make_token_keys="yes"))], None
    lines: list[str] = []
    for name, value in desk.answers.items():
        lines += [value, "yes"] if name == "token_keys" else [value]
    return [], "\n".join(lines) + "\n"


def _expect_whole_files(desk: Desk) -> None:
    IndexSecrets.load(desk.folder / "index.key")
    whole: dict[Path, Callable[[Path], object]] = {
        desk.config: load,
        kept_in(desk.config): lambda path: tomllib.loads(path.read_text())["environment"],
        desk.folder / "issuer.public.json": lambda path: json.loads(path.read_text())["keys"][0],
        desk.folder / "index.public.json": lambda path: json.loads(path.read_text())["kind"],
    }
    for path, read in whole.items():
        if path.exists():
            assert read(path), path
    database = desk.folder / "index.sqlite"
    if database.exists() and database.stat().st_size:
        with sqlite3.connect(database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def _expect_next_run_succeeds(desk: Desk) -> None:
    result = desk.run("--answers", desk.file(make_token_keys="yes"))
    assert result.exit_code == 0, result.output
    assert desk.roles() == {"f.beheer": ADMIN, "g.beheer": ADMIN}
    assert sorted(desk.events()) == MADE
    assert not kept_in(desk.config).exists()
    assert not [path.name for path in desk.folder.iterdir() if path.name.startswith(".signal-index.toml")]


def _fresh(desk: Desk, ceremony: Path) -> None:
    for path in desk.folder.iterdir():
        path.unlink()
    for name in ("index.key", "manifest.json", "issuer.public.json"):
        (desk.folder / name).write_bytes((ceremony / name).read_bytes())
        (desk.folder / name).chmod(0o600)
    (desk.folder / "sign-in.secret").touch(mode=0o600)
    (desk.folder / "sign-in.secret").write_text("a-secret-of-the-client")


def _chosen(count: int, *, every: bool) -> range:
    """The moments to try, of so many."""
    return range(1, count + 1, 1 if every else max(1, count // POINTS))


def _tried(desk: Desk, ceremony: Path, number: int, *, conversation: bool, every: bool) -> None:
    words, typed = _begin(desk, conversation=conversation)
    status, count = _in_a_child(desk, words, typed, None, number)
    assert status == 0
    assert count > 2 * POINTS
    for at in _chosen(count, every=every):
        _fresh(desk, ceremony)
        words, typed = _begin(desk, conversation=conversation)
        status, _ = _in_a_child(desk, words, typed, at, number)
        assert status != 0, f"it was not ended at moment {at} of {count}"
        _expect_whole_files(desk)
        _expect_next_run_succeeds(desk)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_end_at_any_of_some_moments_leaves_whole_files_and_the_next_run_succeeds(
    desk: Desk, ceremony: Path, number: int
) -> None:
    _tried(desk, ceremony, number, conversation=number == signal.SIGINT, every=False)


@pytest.mark.long
@pytest.mark.parametrize("conversation", [False, True], ids=["file", "conversation"])
def test_an_end_at_every_moment_leaves_whole_files_and_the_next_run_succeeds(
    desk: Desk, ceremony: Path, *, conversation: bool
) -> None:
    _tried(desk, ceremony, signal.SIGKILL, conversation=conversation, every=True)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)])
def test_an_end_while_keys_are_made_leaves_them_whole_and_the_next_run_goes_on_with_them(
    desk: Desk, ceremony: Path, *, every: bool
) -> None:
    _without_pages(desk)
    for path in ("index.key", "issuer.public.json"):
        (desk.folder / path).unlink()
    upto = [*desk.answers][: [*desk.answers].index("keys") + 1]
    typed = "".join(f"{desk.answers[name]}\n{'yes' if name == 'token_keys' else ''}\n" for name in upto)
    typed = typed.replace("\n\n", "\n") + "regio-nieuw\n"
    _, count = _in_a_child(desk, [], typed, None, signal.SIGKILL)
    assert (desk.folder / "index.public.json").exists()
    for at in _chosen(count, every=every):
        _fresh(desk, ceremony)
        for path in ("index.key", "issuer.public.json"):
            (desk.folder / path).unlink()
        status, _ = _in_a_child(desk, [], typed, at, signal.SIGKILL)
        assert status == -signal.SIGKILL
        desk.run("--answers", desk.file(make_token_keys="yes", region="regio-nieuw"))
        assert IndexSecrets.load(desk.folder / "index.key").scope == "regio-nieuw"
        assert json.loads((desk.folder / "issuer.public.json").read_text())["keys"]
        assert (desk.folder / "issuer.key").stat().st_mode & 0o777 == 0o600


def _without_pages(desk: Desk) -> None:
    """Answers of a trial that makes a stand-in for the identity provider."""
    of_pages = (
        "organisation accessibility_contact privacy_contact identity_provider client_id client_secret_file"
    )
    desk.answers = {name: value for name, value in desk.answers.items() if name not in of_pages.split()}
    desk.answers["site_url"] = "-"
