"""A world with one client, and the command line in its folder."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from signal_index.cli import main

CONFIG = """
environment = "dev"
database = "index.sqlite"
keys = "index.key"
manifest = "manifest.json"
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
"""


@pytest.fixture
def client(world: Any) -> bytes:
    """The id of a live relation of w.een, about whom one source said something."""
    person, row = world.PEOPLE[0], world.relation()
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {person: "2025-04"})
    world.register_relations((person, row))
    found: bytes = row.relation_id
    return found


@pytest.fixture
def shell(world: Any) -> Callable[..., Result]:
    """Runs one command with the world's settings."""
    world.secrets.save(world.folder / "index.key")
    world.manifest.save(world.folder / "manifest.json")
    config = world.folder / "index.toml"
    config.write_text(CONFIG)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(config)])

    return run
