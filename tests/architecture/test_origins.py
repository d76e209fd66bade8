"""The four generic package names are ours: nothing shadows them, no namesake is installed (ADR-0001)."""

import importlib.util
import json
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

DISTRIBUTION = "signal-index"
PACKAGES = ("signal_index", "connectors", "policy", "crypto")
# Their names are one typo or one case-insensitive disk away from ours.
BANNED = {"pycryptodome", "pycryptodomex", "pycrypto", "crypto", "policy", "connectors"}


def expected_file(package: str, distribution: metadata.Distribution) -> Path:
    """Where this package must come from: the project folder if editable, else the installed files."""
    direct = json.loads(distribution.read_text("direct_url.json") or "{}")
    if direct.get("dir_info", {}).get("editable"):
        return Path(unquote(urlsplit(direct["url"]).path), package, "__init__.py")
    return Path(str(distribution.locate_file(f"{package}/__init__.py")))


def origin_fault(package: str, origin: str | None, distribution: metadata.Distribution) -> str | None:
    """What is wrong with the place this package would be imported from, or None."""
    expected = expected_file(package, distribution)
    if origin is not None and expected.is_file() and expected.samefile(origin):
        return None
    return (
        f"`import {package}` gives {origin}, not {expected}. Something shadows it: use the environment that "
        "`make setup` builds, and nothing else in it."
    )


def rivals(package: str, distributions: Iterable[metadata.Distribution]) -> set[str]:
    """Other distributions with a top-level package of this name, in any case, for disks that ignore case."""
    return {
        found.name
        for found in distributions
        if found.name != DISTRIBUTION
        and any(file.parts[0].casefold() == package for file in found.files or ())
    }


def lock_faults(lock: dict[str, Any]) -> list[str]:
    """Namesakes in the lock, and packages that would be installed without a hash check."""
    faults = [f"{p['name']} must not be a dependency" for p in lock["package"] if p["name"].lower() in BANNED]
    for package in lock["package"]:
        files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
        if "registry" in package["source"] and not (files and all("hash" in file for file in files)):
            faults.append(f"{package['name']} is locked without hashes")
    return faults


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_name_resolves_to_this_distribution(package: str) -> None:
    spec = importlib.util.find_spec(package)
    fault = origin_fault(package, spec.origin if spec else None, metadata.distribution(DISTRIBUTION))
    assert fault is None, fault


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_installed_distribution_carries_the_name(package: str) -> None:
    found = rivals(package, metadata.distributions())
    assert not found, f"{found} also ship a package {package}: pip would overwrite ours without a word"


def test_the_lock_holds_no_namesake_and_hashes_everything(project: Path) -> None:
    faults = lock_faults(tomllib.loads((project / "uv.lock").read_text(encoding="utf-8")))
    assert not faults, f"{faults}: see ADR-0001"


def test_a_package_found_elsewhere_is_a_fault(tmp_path: Path) -> None:
    shadow = tmp_path / "policy/__init__.py"
    shadow.parent.mkdir()
    shadow.touch()
    ours = metadata.distribution(DISTRIBUTION)
    assert origin_fault("policy", str(shadow), ours)
    assert origin_fault("policy", None, ours)


def test_a_rival_distribution_is_seen(tmp_path: Path) -> None:
    info = tmp_path / "rival-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n", encoding="utf-8")
    (info / "RECORD").write_text("Crypto/__init__.py,,\n", encoding="utf-8")
    assert rivals("crypto", metadata.distributions(path=[str(tmp_path)])) == {"rival"}


def test_a_namesake_or_a_missing_hash_in_the_lock_is_seen() -> None:
    registry = {"registry": "an index"}
    assert lock_faults({"package": [{"name": "PyCryptodome", "source": {"virtual": "."}}]})
    assert lock_faults({"package": [{"name": "a", "source": registry, "wheels": [{"url": "u"}]}]})
    assert lock_faults({"package": [{"name": "a", "source": registry}]})
    assert not lock_faults({"package": [{"name": "a", "source": registry, "sdist": {"hash": "sha256:0"}}]})
