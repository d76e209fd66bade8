"""Reads the files the functioneel beheerder hands in: the register (TOML) and the staff list (CSV)."""

import csv
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from crypto.batch import BatchClass
from crypto.errors import CryptoError
from crypto.keyfiles import PublisherPublic
from signal_index.errors import Malformed
from signal_index.model import ContactRoute, Publication, Publisher, Register, StaffMember
from signal_index.usecases import administer

STAFF_COLUMNS = ["medewerker", "organisatie", "team", "actief"]


def read_register(file: Path) -> Register:
    """Read the register of publishers and sources (TOML); paths of key files are relative to it.

    Raises:
        Malformed: with the file and what is wrong in it.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        publishers = tuple(_publisher(entry, file.parent) for entry in _tables(document, "publishers"))
        publications = tuple(_publication(entry) for entry in _tables(document, "publications"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed("register", f"{file} is not valid TOML: {error}") from error
    except KeyError as error:
        raise Malformed("register", f"{file}: an entry misses the field {error}") from error
    except (TypeError, ValueError, CryptoError) as error:
        raise Malformed("register", f"{file}: {error}") from error
    return Register(publishers, publications)


def _tables(document: dict[str, object], name: str) -> list[dict[str, object]]:
    tables = document.get(name)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise TypeError(f"it needs at least one [[{name}]]")
    return tables


def _publisher(entry: dict[str, object], folder: Path) -> Publisher:
    key = PublisherPublic.load(folder / str(entry["key"]))
    if key.publisher != entry["oin"]:
        raise ValueError(f"the key file of publisher {entry['oin']} is another publisher's")
    return Publisher(
        oin=key.publisher,
        name=str(entry["name"]),
        verify_key=key.verify_key.public_bytes_raw(),
        items_per_batch=int(str(entry["items_per_batch"])),
        classes=frozenset(BatchClass(name) for name in _texts(entry["classes"])),
        organisations=frozenset(_texts(entry.get("organisations", []))),
    )


def _texts(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise TypeError("expected a list of texts")
    return [str(item) for item in value]


def _publication(entry: dict[str, object]) -> Publication:
    return Publication(
        source=str(entry["source"]),
        source_name=str(entry["source_name"]),
        type=str(entry["type"]),
        publisher=str(entry["publisher"]),
        contact=ContactRoute(str(entry["contact_name"]), str(entry["contact_phone"])),
    )


def read_staff(file: Path) -> list[StaffMember]:
    """Read the list of staff (CSV with semicolons).

    Raises:
        Malformed: with the file, the line, and what the column must hold.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, delimiter=";", strict=True)
            if reader.fieldnames != STAFF_COLUMNS:
                raise Malformed("staff", f"{file}: the first line must read {';'.join(STAFF_COLUMNS)}")
            members = [_member(file, reader.line_num, line) for line in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise Malformed("staff", f"{file} is not a CSV file in UTF-8") from error
    if not members:
        raise Malformed("staff", f"{file} names nobody")
    return members


def _member(file: Path, line_number: int, line: dict[str, str]) -> StaffMember:
    faults = [name for name, fault in _FAULTY.items() if fault(line.get(name) or "")]
    if faults or None in line:
        what = ", ".join(f"{name}: {_EXPECTED[name]}" for name in faults) or "too many columns"
        raise Malformed("staff", f"{file}, line {line_number}: {what}")
    return StaffMember(line["medewerker"], line["organisatie"], line["team"], line["actief"] == "ja")


_FAULTY: dict[str, Callable[[str], bool]] = {
    "medewerker": lambda text: not re.fullmatch(r"[A-Za-z0-9._:@-]{1,40}", text) or text == administer.SET_UP,
    "organisatie": lambda text: not re.fullmatch(r"[0-9]{20}", text),
    "team": lambda text: not re.fullmatch(r"[A-Za-z0-9._:@-]{1,32}", text),
    "actief": lambda text: text not in {"ja", "nee"},
}
_EXPECTED = {
    "medewerker": "a staff id of at most 40 letters, digits and . _ : @ -",
    "organisatie": "an OIN of 20 digits",
    "team": "a team code of at most 32 letters, digits and . _ : @ -",
    "actief": "ja or nee",
}
