"""A note opens for known keys only, in one form only, and agrees with the first implementation of the format."""

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import CryptoError, KeyFault, MalformedInput, VerificationFailed
from crypto.log.checkpoint import Checkpoint, open_checkpoint
from crypto.log.notes import (
    COSIGNATURE,
    ED25519,
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Verifier,
    add_signatures,
    cosign,
    note_text,
    open_note,
    sign,
)
from crypto.verify_keys import LOW_ORDER_KEYS

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("signed_note.json").read_text("utf-8"))
TEXT, PETER_LINE, ENOCH_LINE = VECTORS["text"], VECTORS["peter_line"], VECTORS["enoch_line"]
PETER, ENOCH = Verifier.parse(VECTORS["peter_key"]), Verifier.parse(VECTORS["enoch_key"])

LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
LOG = Verifier.of("log.example/een", LOG_KEY)
WITNESS = Verifier.of("witness.example/w1", WITNESS_KEY, COSIGNATURE)
CHECKPOINT = Checkpoint("log.example/een", 20852163, b"r" * 32)
NOW = 1_679_315_147
LINE = cosign(CHECKPOINT.text, WITNESS.name, WITNESS_KEY, NOW)
SIGNED = add_signatures(sign(CHECKPOINT.text, LOG.name, LOG_KEY), LINE)


def note(*lines: str, text: str = TEXT) -> bytes:
    return f"{text}\n{''.join(lines)}".encode()


class TestVectorsOfOthers:
    def test_signing_gives_the_same_note(self) -> None:
        seed = b64decode(VECTORS["peter_secret"].split("+", 4)[4])[1:]
        made = sign(TEXT, "PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
        assert made == note(PETER_LINE)

    def test_the_note_of_the_specification_opens(self) -> None:
        opened = open_note(VECTORS["c2sp_note"].encode(), [Verifier.parse(VECTORS["c2sp_key"])])
        assert opened.text == "This is an example message.\n"

    def test_the_key_of_a_witness_that_is_in_use(self) -> None:
        witness = Verifier.parse(VECTORS["cosigner_key"])
        assert (witness.name, witness.is_cosigner) == ("remora.n621.de", True)
        assert witness.text == VECTORS["cosigner_key"]

    def test_one_known_and_one_unknown_key(self) -> None:
        opened = open_note(note(PETER_LINE, ENOCH_LINE), [PETER])
        assert (opened.text, [s.line for s in opened.signatures]) == (TEXT, [PETER_LINE])

    def test_both_known(self) -> None:
        opened = open_note(note(PETER_LINE, ENOCH_LINE), [PETER, ENOCH])
        assert [(s.verifier, s.timestamp) for s in opened.signatures] == [(PETER, None), (ENOCH, None)]

    def test_none_known(self) -> None:
        with pytest.raises(VerificationFailed):
            open_note(note(PETER_LINE, ENOCH_LINE), [])

    def test_a_key_known_twice_is_refused(self) -> None:
        with pytest.raises(KeyFault):
            open_note(note(ENOCH_LINE), [ENOCH, PETER, ENOCH])

    @pytest.mark.parametrize("keys", [[PETER], []])
    def test_too_many_signatures(self, keys: list[Verifier]) -> None:
        with pytest.raises(MalformedInput):
            open_note(note(PETER_LINE * (SIGNATURES_MAX + 1)), keys)

    def test_as_many_signatures_as_allowed(self) -> None:
        assert len(open_note(note(PETER_LINE * SIGNATURES_MAX), [PETER]).signatures) == 1

    def test_a_signature_of_another_length(self) -> None:
        with pytest.raises(VerificationFailed):
            open_note(note(PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]), [PETER])

    def test_a_signature_twice_counts_once(self) -> None:
        strange = ENOCH_LINE[:60] + "ABCD" + ENOCH_LINE[60:]
        opened = open_note(note(PETER_LINE, PETER_LINE, ENOCH_LINE, ENOCH_LINE, strange), [PETER])
        assert [s.line for s in opened.signatures] == [PETER_LINE]

    @pytest.mark.parametrize("text", VECTORS["malformed"])
    def test_malformed_notes(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            open_note(text.encode(), [PETER])

    def test_bytes_that_are_no_utf8(self) -> None:
        with pytest.raises(MalformedInput):
            open_note(b"\xff" + note(PETER_LINE), [PETER])

    def test_every_piece_and_every_changed_character_of_a_key_is_refused(self) -> None:
        text = VECTORS["peter_key"]
        pieces = {text[i:j] for i in range(len(text) + 1) for j in range(i, len(text) + 1)} - {text}
        changed = {text[:i] + chr(ord(text[i]) + 1) + text[i + 1 :] for i in range(len(text))}
        for other in pieces | changed | set(VECTORS["bad_keys"]):
            with pytest.raises((MalformedInput, KeyFault)):
                Verifier.parse(other)


class TestVerifier:
    @pytest.mark.parametrize("verifier", [LOG, WITNESS, PETER])
    def test_a_key_is_read_back_from_its_text(self, verifier: Verifier) -> None:
        assert Verifier.parse(verifier.text) == verifier

    @pytest.mark.parametrize("encoded", sorted(LOW_ORDER_KEYS), ids=bytes.hex)
    @pytest.mark.parametrize("algorithm", [ED25519, COSIGNATURE])
    def test_a_key_under_which_anybody_can_sign_is_refused(self, algorithm: int, encoded: bytes) -> None:
        with pytest.raises(KeyFault):
            Verifier("log", algorithm, encoded)

    @pytest.mark.parametrize(
        "name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "a\tb", "a\x01", "\ud800"]
    )
    def test_a_name_that_would_break_a_line_is_refused(self, name: str) -> None:
        with pytest.raises(MalformedInput):
            Verifier(name, ED25519, LOG.encoded)
        with pytest.raises(MalformedInput):
            sign("text\n", name, LOG_KEY)

    def test_another_kind_of_key_is_refused(self) -> None:
        with pytest.raises(MalformedInput):
            Verifier("log", 2, LOG.encoded)

    def test_a_note_signature_is_no_cosignature_of_the_same_key(self) -> None:
        as_witness = Verifier.of(LOG.name, LOG_KEY, COSIGNATURE)
        with pytest.raises(VerificationFailed):
            open_note(sign(CHECKPOINT.text, LOG.name, LOG_KEY), [as_witness])


class TestCosignatures:
    def test_the_message_is_that_of_the_specification(self) -> None:
        content = b64decode(LINE.split()[2])
        assert content[:4] == WITNESS.key_id
        assert int.from_bytes(content[4:12], "big") == NOW
        message = f"cosignature/v1\ntime {NOW}\n{CHECKPOINT.text}".encode()
        WITNESS_KEY.public_key().verify(content[12:], message)

    def test_an_opened_checkpoint_tells_who_saw_it_and_when(self) -> None:
        opened = open_checkpoint(SIGNED, LOG, [WITNESS], cosignatures_min=1)
        assert opened.checkpoint == CHECKPOINT
        assert [(s.verifier, s.timestamp, s.line) for s in opened.cosignatures] == [(WITNESS, NOW, LINE)]

    def test_a_cosignature_alone_is_not_enough(self) -> None:
        with pytest.raises(VerificationFailed, match="not signed by the log"):
            open_checkpoint(note(LINE, text=CHECKPOINT.text), LOG, [WITNESS])

    def test_too_few_cosignatures_are_refused(self) -> None:
        with pytest.raises(VerificationFailed, match="0 cosignatures"):
            open_checkpoint(sign(CHECKPOINT.text, LOG.name, LOG_KEY), LOG, [WITNESS], cosignatures_min=1)

    def test_a_witness_that_signs_twice_counts_once(self) -> None:
        twice = add_signatures(SIGNED, cosign(CHECKPOINT.text, WITNESS.name, WITNESS_KEY, NOW + 1))
        with pytest.raises(VerificationFailed, match="1 cosignatures"):
            open_checkpoint(twice, LOG, [WITNESS], cosignatures_min=2)

    def test_one_key_under_two_names_is_refused(self) -> None:
        other = Verifier.of("witness.example/w2", WITNESS_KEY, COSIGNATURE)
        with pytest.raises(KeyFault):
            open_checkpoint(SIGNED, LOG, [WITNESS, other])

    def test_keys_the_other_way_round_are_refused(self) -> None:
        for log, witnesses in ((WITNESS, [LOG]), (LOG, [Verifier.of("w", WITNESS_KEY)])):
            with pytest.raises(KeyFault):
                open_checkpoint(SIGNED, log, witnesses)

    def test_the_checkpoint_of_another_log_is_refused(self) -> None:
        other = Checkpoint("log.example/twee", 1, b"r" * 32)
        with pytest.raises(VerificationFailed, match="another log"):
            open_checkpoint(sign(other.text, LOG.name, LOG_KEY), LOG)

    @pytest.mark.parametrize("time", [0, -1, 2**63])
    def test_a_time_that_is_none_is_not_signed(self, time: int) -> None:
        with pytest.raises(MalformedInput):
            cosign(CHECKPOINT.text, WITNESS.name, WITNESS_KEY, time)

    def test_a_time_beyond_the_limit_is_refused_though_signed(self) -> None:
        time = 2**63
        proper = WITNESS_KEY.sign(f"cosignature/v1\ntime {time}\n{CHECKPOINT.text}".encode())
        content = b64encode(WITNESS.key_id + time.to_bytes(8, "big") + proper).decode()
        with pytest.raises(VerificationFailed):
            open_note(note(f"— {WITNESS.name} {content}\n", text=CHECKPOINT.text), [WITNESS])


@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_any_flipped_bit_in_a_signed_checkpoint_is_refused(bit: int) -> None:
    changed = bytearray(SIGNED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CryptoError):
        open_checkpoint(bytes(changed), LOG, [WITNESS], cosignatures_min=1)


class TestForm:
    def test_an_over_long_note_is_refused(self) -> None:
        line = "— x " + b64encode(bytes(8)).decode() + "\n"
        text = "a" * (NOTE_BYTES_MAX - len(note(line, text="\n"))) + "\n"
        assert note_text(note(line, text=text)) == text
        with pytest.raises(MalformedInput):
            note_text(note(line, text="a" + text))

    def test_the_text_may_hold_empty_lines(self) -> None:
        made = sign("a\n\nb\n", "log", LOG_KEY)
        assert open_note(made, [Verifier.of("log", LOG_KEY)]).text == "a\n\nb\n"

    @pytest.mark.parametrize("text", ["", "a", "a\tb\n", "\ud800\n"])
    def test_a_text_that_is_none_is_not_signed(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            sign(text, "log", LOG_KEY)

    @pytest.mark.parametrize(
        "line",
        [
            "- x AAAAAAAA\n",
            "—  x AAAAAAAA\n",
            "— x AAAAAAA\n",
            "— x AAAAAAB=\n",
            "— x AAAA\n",
            "— x  AAAAAAAA\n",
            "— x AAAAAAAA \n",
            "— x AAAAAAAA",
            "— x AAAA_-AA\n",
            "\n",
            "",
            "— x\n",
        ],
    )
    def test_a_line_in_another_form_is_refused(self, line: str) -> None:
        with pytest.raises(MalformedInput):
            open_note(note(PETER_LINE) + line.encode() + (b"" if line else b"x"), [PETER])
        with pytest.raises(MalformedInput):
            add_signatures(note(PETER_LINE), line)

    def test_the_same_line_is_not_added_twice(self) -> None:
        with pytest.raises(MalformedInput):
            add_signatures(SIGNED, LINE)


class TestCheckpoint:
    def test_the_text_of_the_specification(self) -> None:
        text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        found = Checkpoint.parse(text)
        assert (found.origin, found.size, found.text) == ("example.com/behind-the-sofa", 20852163, text)

    @given(
        st.text("abc/. é", min_size=1),
        st.integers(0, 2**63 - 1),
        st.binary(min_size=32, max_size=32),
        st.lists(st.text("xyz ", min_size=1), max_size=3),
    )
    def test_what_was_written_is_read_back(
        self, origin: str, size: int, root: bytes, extensions: list[str]
    ) -> None:
        checkpoint = Checkpoint(origin, size, root, tuple(extensions))
        assert Checkpoint.parse(checkpoint.text) == checkpoint

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "o\n1\n",
            "o\n1\n{root}",
            "\n1\n{root}\n",
            "o\n01\n{root}\n",
            "o\n+1\n{root}\n",
            "o\n-1\n{root}\n",
            "o\n1_0\n{root}\n",
            "o\n1 \n{root}\n",
            "o\n\n{root}\n",
            "o\n9223372036854775808\n{root}\n",
            "o\n\u0661\n{root}\n",
            "o\n1\nAAAA\n",
            "o\n1\n{root}A\n",
            "o\n1\n{loose}\n",
            "o\n1\n{root}\n\n",
            "o\n1\n{root}\nx\n\n",
            "o\r\n1\n{root}\n",
        ],
    )
    def test_another_form_is_refused(self, text: str) -> None:
        root = b64encode(bytes(32)).decode()
        with pytest.raises(MalformedInput):
            Checkpoint.parse(text.replace("{root}", root).replace("{loose}", root[:-2] + "B="))

    @pytest.mark.parametrize(
        "wrong",
        [
            ("", 1, bytes(32)),
            ("o\n", 1, bytes(32)),
            ("o", -1, bytes(32)),
            ("o", 2**63, bytes(32)),
            ("o", 1, b""),
        ],
    )
    def test_what_has_no_text_is_no_checkpoint(self, wrong: tuple[str, int, bytes]) -> None:
        with pytest.raises(MalformedInput):
            Checkpoint(*wrong)
