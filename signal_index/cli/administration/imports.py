"""Reads the files the functioneel beheerder hands in: the register (TOML), the staff list (CSV or JSON)."""

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from crypto.batch import BatchClass
from crypto.errors import CryptoError
from crypto.keyfiles import PublisherPublic
from crypto.tokens import decode_base64url
from crypto.verify_keys import decode_verify_key
from signal_index.errors import Malformed
from signal_index.model import ContactRoute, Publication, Publisher, Register, StaffMember
from signal_index.model.sourcing import SigningKey
from signal_index.model.workplace import Entrance
from signal_index.usecases.administration.entries import entry_faults, is_organisation, read_scim

STAFF_COLUMNS = ["medewerker", "organisatie", "team", "actief"]
NAME_COLUMN = "naam"  # may stand behind the others


def read_register(file: Path) -> Register:
    """Read the register of publishers, sources and, if there are any, entrances (TOML).

    Paths of publishers' key files are relative to it. The key of an entrance stands in the register itself, written
    as in a publisher's key file: 32 bytes in unpadded base64url.

    Raises:
        Malformed: with the file and what is wrong in it.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        publishers = tuple(_publisher(entry, file.parent) for entry in _tables(document, "publishers"))
        publications = tuple(_publication(entry) for entry in _tables(document, "publications"))
        entrances = tuple(_entrance(entry) for entry in _tables(document, "entrances", needed=False))
        _refuse_twice(entrance.issuer for entrance in entrances)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed("register", f"{file} is not valid TOML: {error}") from error
    except KeyError as error:
        raise Malformed("register", f"{file}: an entry misses the field {error}") from error
    except (TypeError, ValueError, CryptoError) as error:
        raise Malformed("register", f"{file}: {error}") from error
    return Register(publishers, publications, entrances)


def _tables(document: dict[str, object], name: str, *, needed: bool = True) -> list[dict[str, object]]:
    if not needed and name not in document:
        return []
    tables = document.get(name)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise TypeError(f"it needs at least one [[{name}]]")
    return tables


def _publisher(entry: dict[str, object], folder: Path) -> Publisher:
    oin = str(entry["oin"])
    keys = tuple(_signing_key(each, oin, folder) for each in _keys(entry))
    return Publisher(
        oin=oin,
        name=str(entry["name"]),
        keys=keys,
        items_per_batch=int(str(entry["items_per_batch"])),
        classes=frozenset(BatchClass(name) for name in _texts(entry["classes"])),
        organisations=frozenset(_texts(entry.get("organisations", []))),
    )


def _keys(entry: dict[str, object]) -> list[dict[str, object]]:
    """The keys of a publisher: `key`, one file without days, or `keys`, tables with a file and perhaps days."""
    if "keys" not in entry:
        return [{"file": entry["key"]}]
    if "key" in entry:
        raise ValueError("a publisher has either key or keys")
    return _tables(entry, "keys")


def _signing_key(entry: dict[str, object], oin: str, folder: Path) -> SigningKey:
    public = PublisherPublic.load(folder / str(entry["file"]))
    if public.publisher != oin:
        raise ValueError(f"the key file of publisher {oin} is another publisher's")
    surplus = entry.keys() - {"file", "valid_from", "valid_until"}
    if surplus:
        raise ValueError(f"a key of publisher {oin} has fields nobody knows: {', '.join(sorted(surplus))}")
    first, last = (_day_if_any(entry, name) for name in ("valid_from", "valid_until"))
    return SigningKey(public.verify_key.public_bytes_raw(), first, last)


def _day_if_any(entry: dict[str, object], name: str) -> date | None:
    value = entry.get(name)
    if value is not None and type(value) is not date:
        raise TypeError(f"{name} of a key is a day, written 2026-12-31 without quotes")
    return value


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


def _entrance(entry: dict[str, object]) -> Entrance:
    issuer, name, organisation, key = (
        _stated(entry, field) for field in ("issuer", "name", "organisation", "verify_key")
    )
    if not is_organisation(organisation):
        raise ValueError(f"the organisation of entrance {issuer} is not an OIN of 20 digits")
    return Entrance(issuer, name, organisation, decode_verify_key(decode_base64url(key)).public_bytes_raw())


def _stated(entry: dict[str, object], name: str) -> str:
    value = entry[name]
    if not isinstance(value, str) or not value:
        raise TypeError(f"an entrance has no text in the field {name}")
    return value


def _refuse_twice(issuers: Iterable[str]) -> None:
    twice = sorted(issuer for issuer, count in Counter(issuers).items() if count > 1)
    if twice:
        raise ValueError(f"an entrance is listed twice: {', '.join(twice)}")


def read_staff(file: Path) -> Sequence[StaffMember]:
    """Read the list of staff: CSV with semicolons, or JSON as an identity provider gives it (SCIM).

    Without the column `naam`, or without `displayName`, nobody has a name.

    Raises:
        Malformed: with every fault of the file: its line or place, and what must stand there.
    """
    if file.suffix.lower() == ".json":
        return _read_json(file)
    faults: list[tuple[str, str]] = []
    members = []
    for number, line in _read_lines(file):
        member, wrong = _member(line)
        faults += [(f"line {number}", text) for text in wrong]
        members.append(member)
    if faults:
        raise Malformed("staff", f"{file} is not right; nothing was changed", tuple(faults))
    if not members:
        raise Malformed("staff", f"{file} names nobody")
    return members


def _read_json(file: Path) -> Sequence[StaffMember]:
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("staff", f"{file} is not JSON in UTF-8") from error
    return read_scim(document)


def _read_lines(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, delimiter=";", strict=True)
            if reader.fieldnames not in (STAFF_COLUMNS, [*STAFF_COLUMNS, NAME_COLUMN]):
                expected = f"{';'.join(STAFF_COLUMNS)}, with or without ;{NAME_COLUMN} behind it"
                raise Malformed("staff", f"{file}: the first line must read {expected}")
            return [(reader.line_num, line) for line in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise Malformed("staff", f"{file} is not a CSV file in UTF-8") from error


def _member(line: dict[str, str]) -> tuple[StaffMember, list[str]]:
    """One line as an entry, and what is wrong with it."""
    member = StaffMember(
        staff_id=line.get("medewerker") or "",
        organisation=line.get("organisatie") or "",
        team=line.get("team") or "",
        active=line.get("actief") == "ja",
        name=line.get(NAME_COLUMN) or "",
    )
    faults = [f"{field}: {text}" for field, text in entry_faults(member)]
    if line.get("actief") not in {"ja", "nee"}:
        faults.append("actief: ja or nee")
    if None in line:
        faults.append("too many columns")
    return member, faults
