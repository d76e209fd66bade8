"""The database file: made by command, opened only as it should be, and of the schema this code was written for."""

import importlib
import io
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Dialect, create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, SetColumnComment

from crypto.keyfiles import IndexSecrets
from signal_index.errors import SetupFault
from signal_index.store import current_revision, initialise, open_database, upgrade
from signal_index.store.places import place_of
from signal_index.store.provision import REVISION, downgrade
from signal_index.store.schema import metadata

VERSIONS = files("signal_index.store") / "migrations/versions"
migrations = [
    importlib.import_module(f"signal_index.store.migrations.versions.{name}")
    for name in sorted(script.name.removesuffix(".py") for script in VERSIONS.iterdir())
    if name[0].isdigit()
]


def refusal(path: Path | str, keys: IndexSecrets) -> str:
    """Why the database is not opened."""
    with pytest.raises(SetupFault) as fault:
        open_database(path, keys, writer_kind="serve")
    return fault.value.detail


def test_the_whole_road_from_nothing_to_an_open_database(
    tmp_path: Path, keys: IndexSecrets, now: datetime
) -> None:
    path = tmp_path / "index.db"
    assert "run signal-index db upgrade" in refusal(path, keys)
    assert not path.exists()
    upgrade(path)
    assert current_revision(path) == REVISION
    assert "run signal-index db initialise" in refusal(path, keys)
    incarnation = initialise(path, keys, now)
    with open_database(path, keys, writer_kind="serve") as database:
        assert (database.scope, database.incarnation) == (keys.scope, incarnation)
    with open_database(f"sqlite:///{path}", keys, writer_kind="cli") as database:
        assert database.incarnation == incarnation


def test_a_database_is_initialised_once(path: Path, keys: IndexSecrets, now: datetime) -> None:
    with pytest.raises(SetupFault, match="initialised before"):
        initialise(path, keys, now)


def test_two_databases_of_the_same_keys_have_incarnations_of_their_own(
    tmp_path: Path, blank: Path, keys: IndexSecrets, now: datetime
) -> None:
    paths = [Path(shutil.copy(blank, tmp_path / name)) for name in ("one.db", "two.db")]
    assert len({initialise(path, keys, now) for path in paths}) == 2


def test_a_database_without_a_schema_is_not_initialised(
    tmp_path: Path, keys: IndexSecrets, now: datetime
) -> None:
    path = tmp_path / "index.db"
    with pytest.raises(SetupFault, match="db upgrade"):
        initialise(path, keys, now)
    path.touch(mode=0o600)
    with pytest.raises(SetupFault, match="schema none"):
        initialise(path, keys, now)
    assert "schema none" in refusal(path, keys)


def test_another_schema_is_refused_with_what_to_do(path: Path, keys: IndexSecrets) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    assert f"at schema 9999, this program needs {REVISION}: run signal-index db upgrade" in refusal(
        path, keys
    )


def other_keys(**changes: object) -> Callable[[IndexSecrets], IndexSecrets]:
    def build(keys: IndexSecrets) -> IndexSecrets:
        stated = {"scope": keys.scope, "epoch": keys.epoch} | changes
        return IndexSecrets.generate(
            str(stated["scope"]), int(str(stated["epoch"])), created=date(2026, 1, 1)
        )

    return build


@pytest.mark.parametrize("build", [other_keys(), other_keys(scope="elders"), other_keys(epoch=2)])
def test_the_key_file_of_another_database_is_refused(
    path: Path, keys: IndexSecrets, build: Callable[[IndexSecrets], IndexSecrets]
) -> None:
    message = refusal(path, build(keys))
    assert "another key file" in message
    assert keys.scope in message


def test_a_file_open_to_others_is_refused(path: Path, keys: IndexSecrets) -> None:
    path.chmod(0o640)
    assert f"chmod 600 {path}" in refusal(path, keys)
    path.chmod(0o600)
    with open_database(path, keys, writer_kind="cli") as database:
        assert database.run(lambda tx: tx.log.check().records) == 0
        files = list(path.parent.iterdir())
        assert {file.name for file in files} == {"index.db", "index.db-wal", "index.db-shm"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, keys: IndexSecrets) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Geachte mevrouw,\n" * 1000)
    path.chmod(0o600)
    assert "not a database" in refusal(path, keys)
    with pytest.raises(SetupFault, match="not a database"):
        upgrade(path)
    assert path.read_text() == "Geachte mevrouw,\n" * 1000


def test_a_place_that_cannot_hold_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupFault, match="cannot be made"):
        upgrade(tmp_path / "nowhere" / "index.db")


def test_a_path_with_signs_of_a_url_in_it_works(tmp_path: Path, keys: IndexSecrets, now: datetime) -> None:
    folder = tmp_path / "a b?mode=ro#c%20d"
    folder.mkdir()
    path = folder / "index.db"
    upgrade(path)
    initialise(path, keys, now)
    with open_database(path, keys, writer_kind="cli") as database:
        assert database.scope == keys.scope


@pytest.mark.parametrize("setting", ["sqlite://", "sqlite:///:memory:", "://", "mysql://x/y"])
def test_a_setting_that_names_no_database_is_refused(setting: str, keys: IndexSecrets) -> None:
    assert "names no database" in (message := refusal(setting, keys)) or "neither a path nor a URL" in message


def test_a_url_and_a_path_name_the_same_file() -> None:
    assert place_of("sqlite:////var/lib/index.db") == place_of("/var/lib/index.db")


def test_a_connection_is_as_durable_as_promised(path: Path) -> None:
    engine = place_of(path).engine()
    with engine.connect() as connection:
        asked = (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "busy_timeout",
            "secure_delete",
            "trusted_schema",
        )
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
    assert settings == ["wal", 2, 1, 5000, 1, 0]


def schema_of(path: Path) -> dict[str, str]:
    """What SQLite says it was asked to make, spacing aside."""
    with closing(sqlite3.connect(path)) as reader:
        rows = reader.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows if not name.startswith("alembic")}


def test_the_migrations_make_exactly_the_schema_of_the_code(tmp_path: Path, blank: Path) -> None:
    direct = tmp_path / "direct.db"
    engine = create_engine(f"sqlite:///{direct}")
    metadata.create_all(engine)
    engine.dispose()
    assert schema_of(blank) == schema_of(direct)
    with place_of(blank).engine().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_every_table_is_strict_and_flags_stand_in_order_of_person(blank: Path) -> None:
    made = schema_of(blank)
    tables = {name: sql for name, sql in made.items() if sql.startswith("CREATE TABLE")}
    assert len(tables) == len(metadata.tables)
    assert all(sql.endswith("STRICT") for sql in tables.values())
    assert "WITHOUT ROWID" in tables["flags"]


def test_down_takes_everything_away_and_up_brings_it_back(
    tmp_path: Path, blank: Path, keys: IndexSecrets, now: datetime
) -> None:
    path = Path(shutil.copy(blank, tmp_path / "index.db"))
    before = schema_of(path)
    downgrade(path)
    assert schema_of(path) == {}
    assert current_revision(path) is None
    assert "db upgrade" in refusal(path, keys)
    upgrade(path)
    upgrade(path)
    assert schema_of(path) == before
    initialise(path, keys, now)


def test_every_column_says_what_it_holds() -> None:
    columns = [column for table in metadata.tables.values() for column in table.columns]
    assert not [str(column) for column in columns if not column.comment or len(column.comment) < 10]


def statements(script: str) -> set[str]:
    return {" ".join(sql.split()) for sql in script.split(";\n") if sql.strip()}


def test_on_postgresql_the_migration_makes_the_same_tables_and_comments() -> None:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    script = io.StringIO()
    context = MigrationContext.configure(
        dialect=dialect, opts={"as_sql": True, "output_buffer": script, "target_metadata": metadata}
    )
    with Operations.context(context):
        for migration in migrations:
            migration.upgrade()
    # A column that came later stands in a statement of its own; in the code it stands with its table.
    later = {
        "ALTER TABLE staff ADD COLUMN name TEXT DEFAULT '' NOT NULL",
        "ALTER TABLE staff ADD COLUMN seen_on DATE",
        "ALTER TABLE staff ADD COLUMN confirmed_on DATE",
        "ALTER TABLE audit_records RENAME COLUMN leaf TO commitment",
    }
    made = {sql for sql in statements(script.getvalue()) if not sql.startswith("INSERT INTO change_counter")}
    assert later <= made
    made = {
        sql.replace(
            "active BOOLEAN NOT NULL,",
            "active BOOLEAN NOT NULL, name TEXT DEFAULT '' NOT NULL, seen_on DATE, confirmed_on DATE,",
        )
        .replace("leaf BYTEA", "commitment BYTEA")
        .replace("audit_records.leaf", "audit_records.commitment")
        for sql in made - later
    }
    # What went, or was made anew, stands in the code no more.
    by_time, by_event = "ix_audit_records_recorded_at", "ix_audit_records_event_recorded_at"
    replaced = {
        f"DROP INDEX {by_time}",
        f"CREATE INDEX {by_time} ON audit_records (recorded_at)",
        f"DROP INDEX {by_event}",
        f"CREATE INDEX {by_event} ON audit_records (event, recorded_at)",
    }
    assert replaced | {"DROP TABLE processing_records"} <= made
    made = {sql for sql in made - replaced if "processing_records" not in sql}
    tables = list(metadata.tables.values())
    meant = {str(CreateIndex(index).compile(dialect=dialect)) for table in tables for index in table.indexes}
    meant |= {
        str(SetColumnComment(column).compile(dialect=dialect)) for table in tables for column in table.columns
    }
    meant |= {" ".join(str(CreateTable(table).compile(dialect=dialect)).split()) for table in tables}
    assert made == meant


def test_the_revision_in_the_code_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("signal_index.store") / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION
