"""The worked settings of every source can be used as they stand, and say only what the catalogue knows."""

import re
import tomllib
from pathlib import Path

import pytest

from connectors.config import Config
from connectors.formats import find, installed

ROOT = Path(__file__).parents[2]
SETTINGS = sorted((ROOT / "deploy" / "sources").glob("*.toml"))
CATALOGUE = tomllib.loads((ROOT / "policy/rules/catalogue.toml").read_text())
TYPES = {each["code"]: each for each in CATALOGUE["type"]}
PAGE = (ROOT / "docs" / "sources.md").read_text()


def config(path: Path) -> Config:
    return Config.model_validate(tomllib.loads(path.read_text()))


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_the_settings_of_a_source_are_accepted(path: Path) -> None:
    read = config(path)
    for name in {each.format for each in read.publications} | set(read.formats):
        assert name is not None
        find(name).reader(read.formats.get(name))
    assert all(format_name in installed() for format_name in read.running.formats)


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_a_source_says_what_the_catalogue_knows_and_keeps_it_as_long(path: Path) -> None:
    for each in config(path).publications:
        assert each.retention_months == TYPES[each.type]["retention_months"], each.type


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_whatever_a_source_says_comes_in_somewhere(path: Path) -> None:
    read = config(path)
    assert {each.format for each in read.publications} <= set(read.running.formats)


def test_every_type_has_a_source_that_says_it() -> None:
    assert {each.type for path in SETTINGS for each in config(path).publications} == set(TYPES)


def test_the_page_about_sources_names_every_settings_file_and_type() -> None:
    named = set(re.findall(r"`deploy/sources/([a-z]+)\.toml`", PAGE))
    assert named == {path.stem for path in SETTINGS}
    assert {code for code in TYPES if f"`{code}`" in PAGE} == set(TYPES)


def test_no_two_files_are_of_one_publisher() -> None:
    publishers = [config(path).publisher for path in SETTINGS]
    assert len(publishers) == len(set(publishers))
