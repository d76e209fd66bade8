"""The municipality as the demonstration tests see it."""

from datetime import date

import pytest

from deploy.demo.municipality import Municipality, build

DAY = date(2026, 10, 20)


@pytest.fixture(scope="session")
def place() -> Municipality:
    return build(DAY)
