"""What an export says beside the tree has one text."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, MalformedInput
from crypto.log.export import About, ExportedRecord
from tests.support.log_export import BEGIN, mini_log


class TestForms:
    @given(
        st.binary(min_size=1, max_size=8),
        st.integers(1, 2**63),
        st.binary(min_size=16, max_size=16),
        st.binary(max_size=40),
    )
    def test_a_record_line_is_read_back(self, writer: bytes, number: int, salt: bytes, body: bytes) -> None:
        record = ExportedRecord(writer, number, salt, body)
        assert ExportedRecord.read(record.line) == record
        assert record.line.count(b"\n") == 1

    @given(st.data())
    def test_any_flipped_bit_in_a_record_line_is_another_record_or_none(self, data: st.DataObject) -> None:
        record = mini_log(1).records[0]
        line = bytearray(record.line)
        line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        with suppress(CryptoError):
            assert ExportedRecord.read(bytes(line)) != record

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"{}\n",
            b"[]\n",
            b'{"writer":"aa","number":1.0,"salt":"","body":""}\n',
            b'{"writer":"aa","number":true,"salt":"","body":""}\n',
            b'{"writer":"AA","number":1,"salt":"","body":""}\n',
            b'{"writer":"aa","number":1,"salt":"","body":"","more":1}\n',
            b'{"writer":"aa","number":1,"number":1,"salt":"","body":""}\n',
            b'{"writer": "aa","number":1,"salt":"","body":""}\n',
            b'{"number":1,"writer":"aa","salt":"","body":""}\n',
            b'{"writer":"aa","number":1,"salt":"","body":""}',
            b'{"writer":"a","number":1,"salt":"","body":""}\n',
            b"[" * 100_000,
        ],
    )
    def test_another_spelling_of_a_record_is_refused(self, line: bytes) -> None:
        with pytest.raises(MalformedInput):
            ExportedRecord.read(line)

    def test_a_description_is_read_back(self) -> None:
        for about in (About(BEGIN, None, None), About(BEGIN, BEGIN, BEGIN + timedelta(days=1))):
            assert About.read(about.text) == about

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("format", "signal-index audit export 2"),
            ("made_at", "2026-05-01"),
            ("made_at", "2026-05-01T08:00:00"),
            ("made_at", "2026-05-01T08:00:00+02:00"),
            ("made_at", "2026-05-01T08:00:00Z"),
            ("from", 1),
            ("more", 1),
        ],
    )
    def test_another_description_is_refused(self, name: str, value: object) -> None:
        members = json.loads(About(BEGIN, None, None).text) | {name: value}
        with pytest.raises(MalformedInput):
            About.read(json.dumps(members, separators=(",", ":")).encode() + b"\n")
