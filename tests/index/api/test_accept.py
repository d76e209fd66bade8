"""Whoever asks for a form gets it or hears that it is not there; what cannot be read is no wish."""

import pytest

from signal_index.web.api.accept import quality

JSON = "application/json"


@pytest.mark.parametrize(
    ("accepts", "expected"),
    [
        ([], 1.0),
        (["*/*"], 1.0),
        (["application/*"], 1.0),
        (["application/json"], 1.0),
        (["Application/JSON; charset=utf-8"], 1.0),
        (["text/html, application/json;q=0.4"], 0.4),
        (["text/html", "application/json;q=0.4"], 0.4),
        (["text/html,*/*;q=0.1"], 0.1),
        (["application/json;q=0, */*"], 0.0),
        (["application/json; q=0.000"], 0.0),
        (["application/*;q=0.3, */*;q=0.9"], 0.3),
        (["text/html"], 0.0),
        (["application/problem+json"], 0.0),
        (["application/jsonx"], 0.0),
        (["application/json;q=veel"], 0.0),
        (["application/json;q=-1"], 0.0),
        (["application/json;q=9"], 1.0),
        (["application/json;q=½"], 0.0),
        (["application/json;q=1.0.0"], 0.0),
        ([""], 0.0),
        ([","], 0.0),
    ],
)
def test_the_most_specific_range_decides(accepts: list[str], expected: float) -> None:
    assert quality(accepts, JSON) == expected
