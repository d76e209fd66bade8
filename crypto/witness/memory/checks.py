"""Whether a memory is as it was written; nothing is cosigned with one that is not.

A bit that flipped, a row that somebody changed or took out, a row that goes back: each ends the start. What cannot show
is an old copy of the whole file.
"""

import sqlite3
from pathlib import Path
from typing import Final

from crypto.errors import CryptoError, KeyFault
from crypto.keyfiles import WitnessSecrets
from crypto.log.checkpoint import Checkpoint
from crypto.log.notes import COSIGNATURE, Verifier, open_note
from crypto.witness.judgement import Happening
from crypto.witness.memory.file import COLUMNS, last_link, lasting, latest_digest, link_at, link_of

TAIL_ROWS: Final = 1000
"""The last rows, for who looks every few minutes."""


def check(connection: sqlite3.Connection, path: Path, secrets: WitnessSecrets, *, every_row: bool) -> None:
    """Check a memory, as it is at one moment.

    Args:
        connection: to it.
        path: to name it.
        secrets: the key it belongs to.
        every_row: or only the last ones, for who looks every few minutes.

    Raises:
        KeyFault: it is damaged.
    """
    try:
        connection.execute("BEGIN")
        if every_row:
            _check_database(connection, path)
        _check_chain(connection, path, every_row=every_row)
        _check_latest(connection, path, secrets)
        connection.execute("COMMIT")
    except KeyFault:
        raise
    except (sqlite3.Error, ValueError, TypeError, CryptoError) as error:
        raise KeyFault(_damaged(path, type(error).__name__)) from None


def _check_database(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise KeyFault(_damaged(path, "the database is not sound"))


def _check_chain(connection: sqlite3.Connection, path: Path, *, every_row: bool) -> None:
    last, _ = last_link(connection)
    number = 0 if every_row else max(0, last - TAIL_ROWS)
    link, sizes = link_at(connection, number) or b"", dict[str, int]()
    for n, at, origin, what, size, root, said, kept in connection.execute(
        f"SELECT {COLUMNS} FROM happening WHERE n > ? ORDER BY n",  # noqa: S608 - fixed words
        (number,),
    ):
        number += 1
        link = link_of(link, (n, at, origin, what, size, root, said))
        if (n, kept) != (number, link):
            raise KeyFault(_damaged(path, f"row {number} is not as it was written"))
        if what == Happening.COSIGNED:
            if size <= sizes.get(origin, -1):
                raise KeyFault(_damaged(path, f"row {number} goes back"))
            sizes[origin] = size


def _check_latest(connection: sqlite3.Connection, path: Path, secrets: WitnessSecrets) -> None:
    """Each last cosignature is ours, of the time that stands with it, and of the last tree in the chain."""
    own = Verifier.of(secrets.witness, secrets.signing, COSIGNATURE)
    rows = connection.execute("SELECT origin, at, note, digest FROM latest").fetchall()
    if any(latest_digest(*row) != digest for *row, digest in rows):
        raise KeyFault(_damaged(path, "a last cosignature is not as it was written"))
    try:
        found = {origin: (at, open_note(note.encode(), [own])) for origin, at, note, _ in rows}
        trees = {origin: Checkpoint.parse(note.text) for origin, (_, note) in found.items()}
    except CryptoError:
        raise KeyFault(_damaged(path, "a last cosignature is not ours")) from None
    fits = all(note.signatures[0].timestamp == at for at, note in found.values())
    # An empty tree can be cosigned too; it is no growth.
    said = {
        origin: (each.size, each.root)
        for origin, each in trees.items()
        if each.size and each.origin == origin
    }
    grown = {each.origin: each.tree for each, _ in lasting(connection) if each.what is Happening.COSIGNED}
    if not fits or said != grown:
        raise KeyFault(_damaged(path, "the last cosignatures are not those of the last rows"))


def _damaged(path: Path, why: str) -> str:
    return f"{path} is damaged ({why}): keep it as it is, and see deploy/witness/README.md"
