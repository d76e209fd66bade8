"""DDAS files as they come: in any order of members, of any size, cut off, and one after the other."""

import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import ddas, parsing
from connectors.ddas import delivery
from connectors.formats import Options
from connectors.reading import FileRefused, Observation, Reading
from tests.support import ddas as made_up
from tests.support.adding_up import wishes
from tests.support.messages import message

AS_OF = date(2026, 4, 15)

Write = Callable[..., bytes]


def read(content: bytes | io.BytesIO) -> list[Reading]:
    return list(ddas.read(message(content, "levering.json"), Options()))


def shuffled(value: Any, random: Any) -> Any:
    """The same document with the members of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(item, random) for item in value] if isinstance(value, list) else value


@given(st.randoms(use_true_random=False))
def test_the_order_of_members_makes_no_difference(random: Any) -> None:
    content = (Path(__file__).parent / "samples/schuldhulp.json").read_bytes()
    told = read(content)
    assert len(told) == 6
    assert read(json.dumps(shuffled(json.loads(content), random)).encode()) == told


def test_a_header_fault_behind_the_trajecten_still_refuses_the_file(samples: Path) -> None:
    document = json.loads((samples / "schuldhulp.json").read_bytes())
    turned = {"leveringen": document["leveringen"], "aanleverdatumEnTijd": "gisteren"}
    with pytest.raises(FileRefused) as refused:
        read(json.dumps(turned).encode())
    assert (refused.value.code, refused.value.position) == (
        "header-invalid",
        "levering.json: aanleverdatumEnTijd",
    )


def test_senders_behind_their_trajecten_are_kept_up_to_a_number(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads((samples / "schuldhulp.json").read_bytes())
    turned = json.dumps({key: document[key] for key in reversed(document)}).encode()
    monkeypatch.setattr(delivery, "DELIVERIES_MAX", 2)
    assert len(read(turned)) == 6
    monkeypatch.setattr(delivery, "DELIVERIES_MAX", 1)
    with pytest.raises(FileRefused) as refused:
        read(turned)
    assert (refused.value.code, refused.value.position) == ("too-large", "levering.json: leveringen[1]")
    assert len(read(json.dumps(document).encode())) == 6


@pytest.mark.parametrize("members", ["vroegsignalen", "vroegsignaalzaken"])
def test_signals_of_arrears_are_another_format(members: str, write_ddas: Write) -> None:
    values: list[Any] = [[{"ID": "1"}], {}]
    for value in values:
        with pytest.raises(FileRefused) as refused:
            read(write_ddas(None, leveringen=[{"teller": 1, members: value}]))
        assert (refused.value.code, refused.value.position) == (
            "unsupported-message",
            "levering.json: leveringen[0]",
        )


class Pipe(io.BytesIO):
    """A stream that cannot go back."""

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("held", [0, 1, 5, 50])
def test_more_readings_than_are_held_back_come_out_the_same(
    held: int, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (samples / "schuldhulp.json").read_bytes()
    expected = read(content)
    monkeypatch.setattr(parsing, "HELD_READINGS", held)
    assert read(content) == expected
    assert read(Pipe(content)) == expected


@pytest.mark.parametrize("held", [0, 50])
def test_every_cut_of_a_file_is_refused_before_anything_is_told(
    held: int, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "HELD_READINGS", held)
    content = (samples / "schuldhulp.json").read_bytes().rstrip()
    for length in range(1, len(content), 13):
        readings = ddas.read(message(content[:length]))
        with pytest.raises(FileRefused):
            next(readings)


PEAK = """
import re, sys
from datetime import UTC, datetime
from connectors import ddas
from connectors.reading import Message
count = sum(1 for _ in ddas.read(Message(open(sys.argv[1], "rb"), "levering.json", datetime.now(UTC))))
print(count, re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
"""


def peak_kilobytes(file: Path) -> tuple[int, int]:
    """How many readings a file gives, and the most memory that took; getrusage would count this process too."""
    ran = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
    count, peak = ran.stdout.split()
    return int(count), int(peak)


@pytest.mark.parametrize("header_first", [True, False], ids=["header first", "header behind"])
def test_a_large_file_takes_no_more_memory_than_a_small_one(
    header_first: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    small, large = tmp_path / "small.json", tmp_path / "large.json"
    made_up.write(small, 10, debts=1, header_first=header_first)
    made_up.write(large, 10_000, debts=1, header_first=header_first)
    assert large.stat().st_size > 12_000_000
    (few, low), (many, high) = peak_kilobytes(small), peak_kilobytes(large)
    assert (few, many) == (12, 12_000)
    held_back = many - few  # under a kilobyte each; parsed whole, this file takes 60 MB
    assert high - low < 4_000 + held_back


# --- What several files about one person add up to -------------------------------------------------------------------


def traject(start: str, end: str | None = None, **more: Any) -> dict[str, object]:
    return {
        "startdatum": start,
        "einddatum": end,
        "gemeentecode": "0344",
        "client": [{"Burgerservicenummer": "999900006"}],
        **more,
    }


REFUSED: dict[str, Any] = {"intake": {"beschikkingssoort": "Afwijzingsbeschikking"}}
APPLIED: dict[str, Any] = {"aanmelding": {"startdatum": "2026-03-01"}}

# name: (trajecten per delivery, one a month from February, and since when the flag stands on 15 April; "" when not)
DELIVERIES: dict[str, tuple[Sequence[Sequence[dict[str, object]]], str]] = {
    "told again": ([[traject("2025-11-03")], [traject("2025-11-03")]], "2025-11"),
    "a first day corrected to later": ([[traject("2025-11-03")], [traject("2025-12-01")]], "2025-12"),
    "a first day corrected to earlier": ([[traject("2025-11-03")], [traject("2025-09-01")]], "2025-09"),
    "corrected and ended": ([[traject("2025-11-03")], [traject("2025-12-01", "2026-03-31")]], ""),
    "ended": ([[traject("2025-11-03")], [traject("2025-11-03", "2026-03-31")]], ""),
    "an end that is taken back": (
        [[traject("2025-11-03", "2026-03-31")], [traject("2025-11-03")]],
        "2025-11",
    ),
    "one after the other": (
        [[traject("2025-01-06", "2025-06-30")], [traject("2025-01-06", "2025-06-30"), traject("2026-02-02")]],
        "2026-02",
    ),
    "an old year delivered again": (
        [[traject("2026-02-02")], [traject("2025-01-06", "2025-06-30")]],
        "2026-02",
    ),
    "two at a time in one delivery": (
        [[traject("2025-11-03"), traject("2025-12-01", "2026-03-31")]],
        "2025-11",
    ),
    "not told again": ([[traject("2025-11-03")], []], "2025-11"),
    "refused after all": ([[traject("2025-11-03")], [traject("2025-11-03", **REFUSED)]], ""),
    "a new application beside what runs": (
        [[traject("2025-11-03")], [traject("2025-11-03"), traject("2026-03-01", **APPLIED)]],
        "2025-11",
    ),
    "a new application that stands alone": (
        [[traject("2025-11-03")], [traject("2026-03-01", **APPLIED)]],
        "2025-11",
    ),
    "an unreadable last day ends nothing": (
        [[traject("2025-11-03")], [traject("2025-11-03", "31-03-2026")]],
        "2025-11",
    ),
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_deliveries_add_up_in_every_order(name: str, write_ddas: Write) -> None:
    deliveries, since = DELIVERIES[name]
    told = [
        read(write_ddas(trajecten, aanleverdatumEnTijd=f"2026-0{month}-01T12:00:00Z"))
        for month, trajecten in enumerate(deliveries, start=2)
    ]
    for order in permutations(told):
        (wish,) = wishes((each for readings in order for each in readings), AS_OF)
        assert (str(wish.since) if wish.asserted else "") == since


def test_one_traject_of_two_organisations_is_two_flags_and_each_ends_its_own(write_ddas: Write) -> None:
    mine, theirs = {"KvK-nummer": "90001234"}, {"KvK-nummer": "90005678"}
    told = [
        *read(write_ddas([traject("2025-11-03")], organisation=mine)),
        *read(write_ddas([traject("2025-12-01", "2026-03-31")], organisation=theirs)),
    ]
    assert {(wish.source, wish.asserted) for wish in wishes(told, AS_OF)} == {
        ("kvk:90001234", True),
        ("kvk:90005678", False),
    }


def test_two_clients_of_one_traject_are_two_flags_that_say_the_same(write_ddas: Write) -> None:
    couple = [{"Burgerservicenummer": "999900006"}, {"Burgerservicenummer": "999900018"}]
    found = wishes(read(write_ddas([traject("2025-11-03", client=couple)])), AS_OF)
    assert len({wish.person for wish in found}) == len(found) == 2
    assert {(wish.asserted, str(wish.since)) for wish in found} == {(True, "2025-11")}


def test_a_client_named_twice_is_one_person(write_ddas: Write) -> None:
    twice = [{"Burgerservicenummer": "999900006"}] * 2
    assert len(wishes(read(write_ddas([traject("2025-11-03", client=twice)])), AS_OF)) == 1


def test_two_forms_of_one_municipality_code_are_one_municipality(write_ddas: Write) -> None:
    (short,) = read(write_ddas([traject("2025-11-03", gemeentecode="0344")]))
    (long,) = read(write_ddas([traject("2025-11-03", gemeentecode="GM0344")]))
    assert isinstance(short, Observation)
    assert short == long
