"""A world in which people propose rules and decide about them."""

from typing import Any

import pytest

from tests.support.rulebook import Book


@pytest.fixture
def book(world: Any) -> Book:
    return Book(world)
