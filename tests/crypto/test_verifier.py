"""The verifier as an outsider meets it: two commands, plain answers, and no trust in what it reads."""

import time
import zlib
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from click.testing import CliRunner, Result

from crypto import records
from crypto.errors import MalformedInput
from crypto.log.export import ABOUT, CHECKPOINT, RECORDS, About, ExportedRecord
from crypto.log.notes import Verifier
from crypto.log.tiles import bundle
from crypto.verifier.archive import Archive
from crypto.verifier.cli import verifier
from crypto.verifier.verdict import Receipt
from tests.support.log_export import (
    BEGIN,
    KEYS,
    LOG,
    LOG_KEY,
    SECRET,
    WITNESS_KEYS,
    WITNESSES,
    MiniLog,
    members,
    mini_log,
    pack,
    proof_of,
    receipt_of,
    signed,
    spellings,
)

SIZE = 600
HONEST = mini_log(SIZE)
EXPORT = members(HONEST.entries, HONEST.records, signed(HONEST.entries))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, kept checkpoints, and a proof with its receipt."""
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "export.zip").write_bytes(pack(EXPORT))
    (folder / "kept").write_bytes(signed(HONEST.entries[:250]))
    (folder / "log.key").write_text(LOG.text + "\n")
    (folder / "record.tlog-proof").write_bytes(proof_of(300, HONEST.entries).text)
    return folder


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(verifier, [str(argument) for argument in arguments])
    assert not any(shown in result.output for shown in spellings(SECRET))
    return result


def write(folder: Path, content: dict[str, bytes]) -> Path:
    path = folder / "spoiled.zip"
    path.write_bytes(pack(content))
    return path


class TestVerify:
    def test_a_sound_export_is_proven(self, folder: Path) -> None:
        result = run("verify", folder / "export.zip", *KEYS, "--kept", folder / "kept")
        assert result.exit_code == 0, result.output
        proven, _, still_open = result.output.partition("Not proven:\n")
        assert f"{SIZE} entries" in proven
        assert "2 of the 2 witnesses" in proven
        assert "3 writers" in proven
        assert f"The {len(HONEST.records)} records" in proven
        assert "The first 250 entries are those of the checkpoint you kept" in proven
        assert f"What the {SIZE - len(HONEST.records)} records say" in still_open
        assert "verify-receipt" in still_open
        numbers = [line.split(".")[0].strip() for line in result.output.splitlines() if line.startswith(" ")]
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]

    def test_without_witnesses_and_kept_checkpoint_it_says_what_that_means(self, folder: Path) -> None:
        result = run("verify", folder / "export.zip", "--log-key", LOG.text)
        still_open = result.output.partition("Not proven:\n")[2]
        assert result.exit_code == 0
        assert "no witness was asked for" in still_open
        assert "you gave no checkpoint that you kept" in still_open

    def test_keys_may_stand_in_files(self, folder: Path) -> None:
        assert run("verify", folder / "export.zip", "--log-key", folder / "log.key").exit_code == 0

    def test_fewer_witnesses_may_be_enough(self, folder: Path) -> None:
        one = write(folder, EXPORT | {CHECKPOINT: signed(HONEST.entries, LOG_KEY, WITNESS_KEYS[:1])})
        assert run("verify", one, *KEYS).exit_code == 1
        result = run("verify", one, *KEYS, "--witnesses", "1")
        assert result.exit_code == 0
        assert "1 of the 2 witnesses" in result.output

    def test_more_witnesses_than_keys_cannot_be_asked_for(self, folder: Path) -> None:
        assert run("verify", folder / "export.zip", *KEYS, "--witnesses", "3").exit_code == 2

    def test_an_empty_log_is_a_log(self, folder: Path) -> None:
        result = run("verify", write(folder, members([], [], signed([]))), *KEYS)
        assert result.exit_code == 0, result.output

    @pytest.mark.parametrize("size", [1, 255, 256, 257, 512])
    def test_logs_around_the_edges_of_a_tile(self, folder: Path, size: int) -> None:
        log = mini_log(size)
        export = write(folder, members(log.entries, log.records, signed(log.entries)))
        (folder / "kept-edge").write_bytes(signed(log.entries[: size - 1]))
        assert run("verify", export, *KEYS, "--kept", folder / "kept-edge").exit_code == 0

    def test_a_log_of_three_levels(self, folder: Path) -> None:
        log = MiniLog()
        for number in range(1, 65_600):
            log.add(b"writer-1", number)
        export = write(folder, members(log.entries, [], signed(log.entries)))
        (folder / "kept-edge").write_bytes(signed(log.entries[:65_537]))
        assert run("verify", export, *KEYS, "--kept", folder / "kept-edge").exit_code == 0

    def test_the_checkpoint_can_be_kept_for_the_next_time(self, folder: Path, tmp_path: Path) -> None:
        keep = tmp_path / "kept"
        assert run("verify", folder / "export.zip", *KEYS, "--keep-as", keep).exit_code == 0
        assert keep.read_bytes() == EXPORT[CHECKPOINT]
        assert run("verify", folder / "export.zip", *KEYS, "--kept", keep).exit_code == 0
        again = run("verify", folder / "export.zip", *KEYS, "--keep-as", keep)
        assert (again.exit_code, "is there already" in again.output) == (2, True)
        assert keep.read_bytes() == EXPORT[CHECKPOINT]

    def test_a_place_where_nothing_can_be_kept_is_said(self, folder: Path, tmp_path: Path) -> None:
        keep = tmp_path / "absent" / "kept"
        assert run("verify", folder / "export.zip", *KEYS, "--keep-as", keep).exit_code == 2

    def test_nothing_is_kept_of_what_does_not_hold(self, folder: Path, tmp_path: Path) -> None:
        spoiled = write(folder, EXPORT | {RECORDS: HONEST.records[0].line * 2})
        assert run("verify", spoiled, *KEYS, "--keep-as", tmp_path / "kept").exit_code == 1
        assert not (tmp_path / "kept").exists()


class TestWhatDoesNotHold:
    def refused(self, folder: Path, content: dict[str, bytes], *options: str | Path) -> str:
        result = run("verify", write(folder, content), *KEYS, *options)
        assert result.exit_code == 1, result.output
        assert result.output.startswith("DOES NOT HOLD: ")
        return result.output

    def test_a_log_cut_short(self, folder: Path) -> None:
        entries = HONEST.entries[:249]
        said = self.refused(folder, members(entries, [], signed(entries)), "--kept", folder / "kept")
        assert "cut short" in said

    def test_two_views(self, folder: Path) -> None:
        other = mini_log(SIZE, (b"writer-3", b"writer-1", b"writer-2"))
        said = self.refused(
            folder, members(other.entries, [], signed(other.entries)), "--kept", folder / "kept"
        )
        assert "not those of the checkpoint you kept" in said

    def test_a_kept_checkpoint_nobody_signed(self, folder: Path) -> None:
        (folder / "forged").write_bytes(signed(HONEST.entries[:250], WITNESS_KEYS[0]))
        assert "the checkpoint you kept: " in self.refused(folder, EXPORT, "--kept", folder / "forged")

    def test_a_gap_that_everybody_signed(self, folder: Path) -> None:
        log = MiniLog()
        for number in (1, 2, 4):
            log.add(b"writer-1", number)
        assert "number 3 should come next" in self.refused(
            folder, members(log.entries, [], signed(log.entries))
        )

    def test_a_time_that_runs_backwards(self, folder: Path) -> None:
        log = MiniLog()
        log.add(b"writer-1", 1, at=BEGIN + timedelta(seconds=1))
        log.add(b"writer-2", 1, at=BEGIN)
        log.add(b"writer-1", 2, at=BEGIN)
        content = members(log.entries, log.records, signed(log.entries))
        assert "earlier than the one before it" in self.refused(folder, content)

    def test_a_body_without_a_time(self, folder: Path) -> None:
        salt = bytes(16)
        for body in (b"[]", b"{}", b'{"at":1}', b'{"at":"2026-05-01T08:00:00"}', b"\xff", b"[" * 100_000):
            entries = [records.entry(b"w", 1, records.commitment(salt, body))]
            content = members(entries, [ExportedRecord(b"w", 1, salt, body)], signed(entries))
            assert "does not say when" in self.refused(folder, content)

    def test_a_record_outside_the_period(self, folder: Path) -> None:
        late = About(BEGIN, BEGIN + timedelta(days=1), None)
        early = About(BEGIN, None, BEGIN - timedelta(days=1))
        for about in (late, early):
            assert "outside the period" in self.refused(folder, EXPORT | {ABOUT: about.text})

    def test_a_changed_body(self, folder: Path) -> None:
        first, *rest = HONEST.records
        lines = [replace(first, body=first.body + b" "), *rest]
        said = self.refused(folder, EXPORT | {RECORDS: b"".join(record.line for record in lines)})
        assert f"record {first.number} of writer {first.writer.hex()} is not what" in said

    def test_a_record_that_was_never_logged(self, folder: Path) -> None:
        stranger = ExportedRecord(b"writer-9", 1, bytes(16), b"{}")
        said = self.refused(folder, EXPORT | {RECORDS: EXPORT[RECORDS] + stranger.line})
        assert "is not in the log" in said

    def test_an_entry_that_is_none(self, folder: Path) -> None:
        entries = [b"no entry"]
        assert "tile/entries/000.p/1" in self.refused(folder, members(entries, [], signed(entries)))

    def test_a_tile_that_is_another(self, folder: Path) -> None:
        content = EXPORT | {"tile/1/000.p/2": EXPORT["tile/1/000.p/2"][::-1]}
        assert "tile/1/000.p/2 is not what follows" in self.refused(folder, content)

    def test_a_missing_and_a_surplus_piece(self, folder: Path) -> None:
        short = {name: data for name, data in EXPORT.items() if name != "tile/entries/001"}
        assert "missing" in self.refused(folder, short)
        assert "missing" in self.refused(folder, short | {"tile/entries/009": b""})
        assert "not of the signed log" in self.refused(folder, EXPORT | {"tile/entries/009": b""})

    def test_a_tree_rebuilt_around_another_entry(self, folder: Path) -> None:
        last = records.read_entry(HONEST.entries[-1])
        entries = [*HONEST.entries[:-1], records.entry(last.writer, last.number, bytes(32))]
        said = self.refused(folder, members(entries, [], EXPORT[CHECKPOINT]))
        assert "do not give the root that was signed" in said

    def test_a_signature_of_another_log(self, folder: Path) -> None:
        other = Verifier.of(LOG.name, WITNESS_KEYS[0]).text
        result = run("verify", folder / "export.zip", "--log-key", other)
        assert result.exit_code == 1


class TestWhatCannotBeRead:
    def unreadable(self, *arguments: str | Path) -> str:
        result = run(*arguments)
        assert result.exit_code == 2, result.output
        return result.output

    def archive(self, folder: Path, *surplus: tuple[ZipInfo | str, bytes]) -> Path:
        path = folder / "hostile.zip"
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for name, data in (*EXPORT.items(), *surplus):
                archive.writestr(name, data)
        return path

    def test_no_file_no_zip_and_an_empty_zip(self, folder: Path) -> None:
        (folder / "text").write_text("no zip")
        (folder / "cut.zip").write_bytes(pack(EXPORT)[:-30])
        for name in ("absent.zip", "text", "cut.zip", "."):
            assert "Cannot be read" in self.unreadable("verify", folder / name, *KEYS)
        assert "it has no checkpoint" in self.unreadable("verify", write(folder, {}), *KEYS)

    @pytest.mark.parametrize(
        "name",
        [
            "/etc/passwd",
            "../checkpoint",
            "tile/../checkpoint",
            "tile/",
            "tile/0/",
            "readme.txt",
            "C:\\tile\\0\\000",
            "checkpoint\x00.txt",
            "tile/0/000.p/256",
            "",
        ],
    )
    def test_a_name_that_no_export_has(self, folder: Path, name: str) -> None:
        member = ZipInfo("placeholder")
        member.filename = name
        assert "no part of an export" in self.unreadable("verify", self.archive(folder, (member, b"")), *KEYS)

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @pytest.mark.parametrize("name", [CHECKPOINT, "tile/0/000"])
    def test_a_name_twice(self, folder: Path, name: str) -> None:
        assert "twice" in self.unreadable("verify", self.archive(folder, (name, EXPORT[name])), *KEYS)

    @pytest.mark.parametrize(
        ("name", "size"),
        [(CHECKPOINT, 128 * 1024 + 1), (ABOUT, 4097), ("tile/0/000", 8193), ("tile/2/000.p/1", 33)],
    )
    def test_a_member_too_large_for_what_it_is(self, folder: Path, name: str, size: int) -> None:
        assert "too large" in self.unreadable("verify", write(folder, EXPORT | {name: bytes(size)}), *KEYS)

    def test_a_bomb_of_bundles(self, folder: Path) -> None:
        bomb = bundle([bytes(65_535)] * 256)
        assert len(zlib.compress(bomb)) < 20_000
        assert "too large" in self.unreadable(
            "verify", write(folder, EXPORT | {"tile/entries/000": bomb}), *KEYS
        )

    def test_a_bomb_of_records_is_left_unread(self, folder: Path) -> None:
        path = folder / "bomb.zip"
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for name in EXPORT.keys() - {RECORDS}:
                archive.writestr(name, EXPORT[name])
            with archive.open(RECORDS, "w", force_zip64=True) as bomb:
                for _ in range(200):
                    bomb.write(bytes(1 << 20))
        assert path.stat().st_size < 1 << 20
        before = time.process_time()
        assert "too long" in self.unreadable("verify", path, *KEYS)
        assert time.process_time() - before < 1

    def test_a_member_that_is_encrypted_or_packed_strangely(self, folder: Path) -> None:
        path = folder / "hostile.zip"
        with ZipFile(path, "w", ZIP_BZIP2) as archive:
            for name, data in EXPORT.items():
                archive.writestr(name, data)
        assert "packed in another way" in self.unreadable("verify", path, *KEYS)
        encrypted = bytearray(pack(EXPORT))
        at = encrypted.rindex(b"PK\x01\x02")
        encrypted[at + 8] |= 1
        path.write_bytes(encrypted)
        assert "encrypted" in self.unreadable("verify", path, *KEYS)

    def test_a_damaged_member(self, folder: Path) -> None:
        whole = bytearray(pack(EXPORT))
        at = whole.index(b"tile/0/001") + 200
        whole[at] ^= 0xFF
        (folder / "damaged.zip").write_bytes(whole)
        assert "damaged" in self.unreadable("verify", folder / "damaged.zip", *KEYS)

    @pytest.mark.parametrize("key", ["", "log", "x+00000000+AAAA", "/absent/file", "\x00", "a" * 5000])
    def test_a_key_that_is_none(self, folder: Path, key: str) -> None:
        self.unreadable("verify", folder / "export.zip", "--log-key", key)

    def test_a_key_twice_or_of_the_wrong_kind(self, folder: Path) -> None:
        one = ["--witness-key", WITNESSES[0].text]
        self.unreadable("verify", folder / "export.zip", "--log-key", LOG.text, *one, *one)
        self.unreadable("verify", folder / "export.zip", "--log-key", WITNESSES[0].text)

    def test_a_key_under_which_anybody_can_sign(self, folder: Path) -> None:
        weak = "log.example+8a6b4d4d+" + b64encode(b"\x01\x01" + bytes(31)).decode()
        assert "low order" in self.unreadable("verify", folder / "export.zip", "--log-key", weak)

    def test_a_kept_checkpoint_that_is_none(self, folder: Path) -> None:
        (folder / "nothing").write_bytes(b"")
        said = self.unreadable("verify", folder / "export.zip", *KEYS, "--kept", folder / "nothing")
        assert "the checkpoint you kept" in said


class TestReceipt:
    def test_a_receipt_is_proven(self, folder: Path) -> None:
        result = run(
            "verify-receipt",
            folder / "record.tlog-proof",
            "--receipt",
            receipt_of(HONEST.entries[300]),
            *KEYS,
        )
        assert result.exit_code == 0, result.output
        assert "is entry 300 of that log" in result.output
        assert "2 of the 2 witnesses" in result.output

    def test_the_receipt_of_another_record_is_not(self, folder: Path) -> None:
        good = receipt_of(HONEST.entries[300])
        writer, number, leaf = good.split("/")
        for other in (
            receipt_of(HONEST.entries[301]),
            f"{writer}/{int(number) + 1}/{leaf}",
            f"{b'writer-9'.hex()}/{number}/{leaf}",
            f"{writer}/{number}/{'0' * 64}",
        ):
            result = run("verify-receipt", folder / "record.tlog-proof", "--receipt", other, *KEYS)
            assert result.exit_code == 1
            assert "another record" in result.output

    def test_a_proof_that_does_not_hold(self, folder: Path) -> None:
        good = proof_of(300, HONEST.entries)
        (folder / "wrong").write_bytes(replace(good, index=301).text)
        assert (
            run(
                "verify-receipt", folder / "wrong", "--receipt", receipt_of(HONEST.entries[300]), *KEYS
            ).exit_code
            == 1
        )
        (folder / "wrong").write_bytes(replace(good, checkpoint=signed(HONEST.entries, LOG_KEY, [])).text)
        assert (
            run(
                "verify-receipt", folder / "wrong", "--receipt", receipt_of(HONEST.entries[300]), *KEYS
            ).exit_code
            == 1
        )

    @pytest.mark.parametrize("text", ["", "a/b", "aa/1/" + "0" * 63, "/1/" + "0" * 64, "aa/01/" + "0" * 64])
    def test_another_form_of_receipt(self, folder: Path, text: str) -> None:
        with pytest.raises(MalformedInput):
            Receipt.parse(text)
        result = run("verify-receipt", folder / "record.tlog-proof", "--receipt", text, *KEYS)
        assert result.exit_code == 2

    def test_a_proof_that_is_none(self, folder: Path) -> None:
        assert (
            run(
                "verify-receipt", folder / "kept", "--receipt", receipt_of(HONEST.entries[300]), *KEYS
            ).exit_code
            == 2
        )


def test_an_archive_gives_what_is_in_it() -> None:
    archive = Archive(BytesIO(pack(EXPORT)))
    assert archive.read(CHECKPOINT) == EXPORT[CHECKPOINT]
    assert b"".join(archive.record_lines()) == EXPORT[RECORDS]
    assert archive.piece_count == len(EXPORT) - 3
