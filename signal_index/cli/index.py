"""The commands of the index operator and the functioneel beheerder; none of them shows a flag."""

import csv
import json
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from crypto.batch import BatchClass
from crypto.errors import CryptoError
from crypto.keyfiles import PublisherPublic
from signal_index import audit
from signal_index.errors import Malformed
from signal_index.model import ContactRoute, Publication, Publisher, Register, StaffMember, dutch_day
from signal_index.store import begin_again
from signal_index.store import initialise as initialise_database
from signal_index.store import upgrade as upgrade_database
from signal_index.usecases import administer
from signal_index.usecases.expire import expire
from signal_index.usecases.oversee import Standing, source_standing
from signal_index.wiring import load_secrets, require_dev

from .options import config_option, plain_errors, settings_of
from .session import now, opened, os_account, run_as

_as = click.option("--as", "staff_id", help="Your staff id; leave it out only while nobody administers yet.")
_file = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.group()
def db() -> None:
    """Make and upgrade the database; nothing else ever does."""


@db.command()
@config_option
def upgrade(config: Path) -> None:
    """Bring the database to this version's schema, making it when there is none."""
    with plain_errors():
        settings = settings_of(config)
        upgrade_database(settings.database)
    click.echo(f"{settings.database}: schema is up to date")


@db.command()
@config_option
def initialise(config: Path) -> None:
    """Give a new database its scope and a fresh incarnation; once."""
    with plain_errors():
        settings = settings_of(config)
        require_dev(settings)
        initialise_database(settings.database, load_secrets(settings), now())
    click.echo(f"{settings.database}: initialised")


@db.command()
@config_option
def restored(config: Path) -> None:
    """After putting a backup back: a new incarnation, and every source sends its complete set again."""
    with plain_errors():
        settings = settings_of(config)
        require_dev(settings)
        begin_again(settings.database, load_secrets(settings))
    with opened(config) as index:
        record = audit.event("index.restored", now(), actor="operator", token=os_account())
        index.database.run(lambda tx: tx.audit.append(record))
    click.echo(f"{settings.database}: new incarnation; look-ups wait for complete sets of care relations")


@click.group()
def register() -> None:
    """The register of publishers, sources and contact routes."""


@register.command("import")
@click.argument("file", type=_file)
@click.option(
    "--may-remove", is_flag=True, help="FILE may leave out publishers and sources that are registered now."
)
@_as
@config_option
def import_register(file: Path, staff_id: str | None, config: Path, *, may_remove: bool) -> None:
    """Replace the register by FILE (TOML: [[publishers]] and [[publications]])."""
    with opened(config) as index:
        stated = _read_register(file)
        moment = now()
        types = [kind.code for kind in index.rules.in_force(dutch_day(moment)).catalogue.types]
        run_as(
            index,
            staff_id,
            lambda tx, actor: administer.import_register(
                tx, actor, stated, types, moment, may_remove=may_remove
            ),
        )
    click.echo(f"register: {len(stated.publishers)} publishers, {len(stated.publications)} sources and types")


def _read_register(file: Path) -> Register:
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


@click.group()
def staff() -> None:
    """Members of staff and their roles."""


STAFF_COLUMNS = ["medewerker", "organisatie", "team", "actief"]


@staff.command("import")
@click.argument("file", type=_file)
@_as
@config_option
def import_staff(file: Path, staff_id: str | None, config: Path) -> None:
    """Add or change staff from FILE (CSV with ; and the columns medewerker, organisatie, team, actief)."""
    with opened(config) as index:
        members = _read_staff(file)
        run_as(index, staff_id, lambda tx, actor: administer.import_staff(tx, actor, members, now()))
    click.echo(f"staff: {len(members)} members imported")


def _read_staff(file: Path) -> list[StaffMember]:
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


@staff.command()
@click.argument("member")
@click.argument("role")
@_as
@config_option
def grant(member: str, role: str, staff_id: str | None, config: Path) -> None:
    """Give MEMBER the role ROLE; never your own."""
    with opened(config) as index:
        run_as(index, staff_id, lambda tx, actor: administer.grant_role(tx, actor, member, role, now()))
    click.echo(f"{member}: has the role {role}")


@staff.command()
@click.argument("member")
@click.argument("role")
@_as
@config_option
def revoke(member: str, role: str, staff_id: str | None, config: Path) -> None:
    """Take the role ROLE from MEMBER; never your own."""
    with opened(config) as index:
        run_as(index, staff_id, lambda tx, actor: administer.revoke_role(tx, actor, member, role, now()))
    click.echo(f"{member}: no longer has the role {role}")


@staff.command("list")
@_as
@config_option
def list_staff(staff_id: str | None, config: Path) -> None:
    """Show everybody with team and roles."""
    with opened(config) as index:
        members = run_as(index, staff_id, administer.list_staff)
    for member in members:
        state = "active" if member.active else "blocked"
        click.echo(
            f"{member.staff_id}  {member.team}  {state}  {', '.join(sorted(member.roles)) or 'no roles'}"
        )
    if not members:
        click.echo("nobody yet; start with: signal-index staff import FILE")


@click.group()
def source() -> None:
    """What sources deliver: counts and dates, never persons."""


@source.command()
@click.option("--publisher", help="Only this publisher (OIN).")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per source and type.")
@config_option
def status(publisher: str | None, as_json: bool, config: Path) -> None:  # noqa: FBT001 - click passes by name
    """Show per source and type how many flags stand and how fresh they are."""
    today = dutch_day(now())
    with opened(config) as index:
        catalogue = index.rules.in_force(today).catalogue
        standings = index.database.run(lambda tx: source_standing(tx, catalogue, today, publisher))
    for standing in standings:
        if as_json:
            click.echo(json.dumps(vars(standing) | {"as_of": standing.as_of and standing.as_of.isoformat()}))
            continue
        click.echo(_standing_line(standing))
    if not standings:
        what = "no sources registered" if publisher is None else f"no sources of a publisher {publisher}"
        click.echo(f"{what}; see: signal-index register import --help")


def _standing_line(standing: Standing) -> str:
    fresh = f"as of {standing.as_of}" if standing.as_of else "no complete set yet"
    state = "current" if standing.current else "NOT current"
    name = f"{standing.source_name} ({standing.source})"
    return f"{name}  {standing.type}  {standing.flag_count} flags  {fresh}  {state}"


@click.command("expire")
@config_option
def expire_flags(config: Path) -> None:
    """Remove flags whose retention has passed; run it once a day."""
    with opened(config) as index:
        removed = index.database.run(lambda tx: expire(tx, now()))
    click.echo(f"expired: {removed} flags removed")
