"""Settings of the pages: what may be left out, and what is refused before anything starts."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from signal_index.errors import SetupFault
from signal_index.settings import Settings, load
from signal_index.web.desk import utc_now
from signal_index.wiring.serving import build_site

GOOD: dict[str, dict[str, object]] = {
    "site": {
        "url": "https://signaalindex.gemeente.example",
        "organisation": "Gemeente Test",
        "accessibility_contact": "toegankelijk@gemeente.example",
        "privacy_contact": "privacy@gemeente.example",
    },
    "sign_in": {"issuer": "https://idp.gemeente.example", "client_id": "signaalindex"},
}
DESK: Any = SimpleNamespace(now=utc_now)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Settings]:
    """Writes a settings file with changes to the good one, and reads it; a section set to None is left out."""

    def write(environment: str = "dev", **changed: dict[str, object] | None) -> Settings:
        wanted = {name: changed.get(name, {}) for name in {*GOOD, *changed}}
        sections = {
            name: {**GOOD.get(name, {}), **fields} for name, fields in wanted.items() if fields is not None
        }
        lines = [
            f'environment = "{environment}"', 'database = "d"', 'keys = "k"', 'manifest = "m"',
            "[issuer]", 'name = "i"', 'audience = "a"', 'keys = "p"',
        ]  # fmt: skip
        for name, fields in sections.items():
            lines += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in fields.items())]
        file = tmp_path / "signal-index.toml"
        file.write_text("\n".join(lines), encoding="utf-8")
        return load(file)

    return write


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int) else repr(value)


def test_pages_with_tls_may_run_anywhere(read: Callable[..., Settings]) -> None:
    for environment in ("dev", "production"):
        settings = read(environment)
        assert settings.site is not None
        assert settings.site.name == "Signaalindex"


def test_an_index_without_pages_needs_none_of_it(read: Callable[..., Settings]) -> None:
    settings = read(site=None, sign_in=None)
    assert (settings.site, settings.sign_in) == (None, None)
    assert build_site(settings, DESK) is None


@pytest.mark.parametrize("left_out", ["site", "sign_in"])
def test_pages_without_a_way_in_and_a_way_in_without_pages_are_refused(
    read: Callable[..., Settings], left_out: str
) -> None:
    with pytest.raises(SetupFault, match="go together"):
        read(**{left_out: None})


@pytest.mark.parametrize(("section", "field"), [("site", "url"), ("sign_in", "issuer")])
@pytest.mark.parametrize("address", ["http://127.0.0.1:8100", "http://localhost:9400", "https://localhost"])
def test_this_machine_itself_is_for_development_only(
    read: Callable[..., Settings], section: str, field: str, address: str
) -> None:
    read(**{section: {field: address}})
    with pytest.raises(SetupFault, match="https"):
        read("production", **{section: {field: address}})


@pytest.mark.parametrize(("section", "field"), [("site", "url"), ("sign_in", "issuer")])
@pytest.mark.parametrize(
    "address",
    [
        "http://idp.gemeente.example",
        "http://127.0.0.1.evil.example",
        "ftp://localhost",
        "localhost",
        "",
        "https://",
    ],
)
def test_an_address_others_can_read_along_with_is_refused_everywhere(
    read: Callable[..., Settings], section: str, field: str, address: str
) -> None:
    with pytest.raises(SetupFault, match="https"):
        read(**{section: {field: address}})


@pytest.mark.parametrize("tail", ["/", "/pad", "?a=b", "#deel"])
def test_the_address_of_the_site_is_a_scheme_and_a_host(read: Callable[..., Settings], tail: str) -> None:
    with pytest.raises(SetupFault, match="scheme and a host"):
        read(site={"url": f"https://signaalindex.gemeente.example{tail}"})


def test_a_name_in_the_address_of_the_site_is_refused(read: Callable[..., Settings]) -> None:
    with pytest.raises(SetupFault, match="scheme and a host"):
        read(site={"url": "https://iemand@signaalindex.gemeente.example"})


def test_files_are_found_beside_the_settings(read: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / "geheim").write_text("  s3cr3t\n", encoding="ascii")
    (tmp_path / "thema.css").write_text("a {}", encoding="ascii")
    settings = read(site={"theme": "thema.css"}, sign_in={"client_secret_file": "geheim"})
    site = build_site(settings, DESK)
    assert site is not None
    assert site.origin == "https://signaalindex.gemeente.example"
    relying = site.provider._relying
    assert relying.client_secret == "s3cr3t"
    assert relying.return_to == "https://signaalindex.gemeente.example/inloggen/terug"
    assert "s3cr3t" not in repr(relying)
    assert site.assets.url("own-theme.css").startswith("/static/own-theme.")


@pytest.mark.parametrize(
    ("section", "field", "content"),
    [
        ("sign_in", "client_secret_file", None),
        ("sign_in", "client_secret_file", " \n"),
        ("site", "theme", None),
    ],
)
def test_a_file_that_is_not_there_is_named(
    read: Callable[..., Settings], tmp_path: Path, section: str, field: str, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "bestand").write_text(content, encoding="ascii")
    with pytest.raises(SetupFault, match="bestand"):
        build_site(read(**{section: {field: "bestand"}}), DESK)


def test_what_stands_for_a_second_factor_is_added_to_what_the_law_names(
    read: Callable[..., Settings],
) -> None:
    site = build_site(read(sign_in={"second_factor_acr": ["mfa-niveau"]}), DESK)
    assert site is not None
    assert site.provider._relying.second_factor_acr == {
        "http://eidas.europa.eu/LoA/substantial",
        "http://eidas.europa.eu/LoA/high",
        "mfa-niveau",
    }


def test_mail_insists_on_tls_unless_told_otherwise(read: Callable[..., Settings]) -> None:
    mail = read(mail={"host": "mail.gemeente.example", "sender": "index@gemeente.example"}).mail
    assert mail is not None
    assert (mail.port, mail.starttls) == (587, True)
