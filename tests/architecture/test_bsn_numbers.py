"""No real citizen service number is ever committed: only the range set aside for tests.

Every nine-digit run that passes the eleven-test counts as a BSN, whatever it was meant to be.
Source: RvIG test range 999900006 to 999999990.
"""

import re
from pathlib import Path

TEST_RANGE = range(999_900_006, 999_999_991)
WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)

# Numbers outside the range that only look like one, each with what it is.
KNOWN: dict[str, str] = {}

NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)")
HASH = re.compile(r"[0-9a-f]{32,}")  # hexadecimal digests hold digit runs that mean nothing


def passes_eleven_test(digits: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return total % 11 == 0 and int(digits) > 0


def suspects(text: str) -> list[int]:
    """Line numbers that hold a possible BSN; the number itself is not repeated."""
    return [
        line_number
        for line_number, line in enumerate(text.splitlines(), start=1)
        for digits in NINE_DIGITS.findall(HASH.sub(" ", line))
        if passes_eleven_test(digits) and int(digits) not in TEST_RANGE and digits not in KNOWN
    ]


def test_no_file_holds_a_possible_bsn_outside_the_test_range(project: Path, tracked: list[Path]) -> None:
    faults = []
    for file in tracked:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not a text file
        faults += [f"{file.relative_to(project)}:{line}" for line in suspects(text)]
    assert not faults, f"use a number of the test range, or list in KNOWN what it is: {faults}"


def planted(number: int) -> list[int]:
    return suspects(f"first line\nbsn={number}, second line")


def test_a_planted_number_is_seen_and_only_then() -> None:
    outside = next(n for n in range(TEST_RANGE.start - 1, 0, -1) if passes_eleven_test(f"{n:09}"))
    assert planted(outside) == [2]
    assert planted(outside + 1) == []  # fails the eleven-test
    assert planted(outside * 10) == []  # ten digits


def test_the_ends_of_the_test_range_pass() -> None:
    ends = (TEST_RANGE.start, TEST_RANGE.stop - 1)
    assert all(passes_eleven_test(str(end)) for end in ends)
    assert not any(planted(end) for end in ends)


def test_digits_inside_a_digest_are_left_alone() -> None:
    outside = next(n for n in range(TEST_RANGE.start - 1, 0, -1) if passes_eleven_test(f"{n:09}"))
    assert suspects("sha256:" + "ab" * 14 + f"{outside}" + "cd" * 13) == []
