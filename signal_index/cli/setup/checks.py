"""Checks an answer against the real thing, as `doctor` checks the setting it becomes."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from crypto.errors import CryptoError
from crypto.keyfiles import IndexSecrets, Manifest, Party, spelled
from policy.vocabulary import CONFLICTING_ROLES, Role
from signal_index.cli.checkup import database, files, outside, services
from signal_index.cli.checkup.findings import Findings, mend, note, ok
from signal_index.cli.checkup.outside import Waiting
from signal_index.errors import SetupFault, SignalIndexError
from signal_index.model import StaffMember
from signal_index.settings import (
    IssuerSettings,
    SignInSettings,
    SiteSettings,
    WitnessSettings,
    anchored,
)
from signal_index.settings.safety import require_safe_database
from signal_index.store import open_database
from signal_index.store.places import place_of
from signal_index.store.provision import Stated

from .answers import NONE, TRIAL_ISSUER, Answers
from .keymaking import index_keys, token_keys
from .questions import MAKE_STAND_IN, MAKE_TOKEN_KEYS, QUESTIONS, REGION, YES, Question, has_pages, is_trial


@dataclass(frozen=True)
class Place:
    """Where and when a set-up takes place.

    Args:
        folder: of the settings file; paths in answers are relative to it.
        now: aware UTC.
        waiting: is told what slow checks wait for.
        may_make: whether keys may be made that an answer asks for.
    """

    folder: Path
    now: datetime
    waiting: Waiting
    may_make: bool

    def file(self, given: Answers, key: str) -> Path:
        """The file an answer names."""
        return self.folder / given[key]


def asked(given: Answers, place: Place) -> Iterator[Question]:
    """The questions that make sense, each after the answers before it; `given` grows while this goes on."""
    for question in QUESTIONS:
        if question.key == "first_administrator" and administrators(given, place):
            return  # the last two questions are about who administers first
        if question.makes_sense(given):
            yield question
        if question.key == "token_keys" and not place.file(given, "token_keys").exists():
            yield MAKE_TOKEN_KEYS if has_pages(given) else MAKE_STAND_IN
        if question.key == "keys" and not place.file(given, "keys").exists():
            yield REGION


def check(key: str, given: Answers, place: Place) -> Findings:
    """Check the answer to one question, and make the keys it asks for.

    Args:
        key: of the question.
        given: this answer and those before it; their shape is right, but they need not hold.
        place: see `Place`.
    """
    checking = _CHECKS.get(key)
    if checking is not None and given[key] != NONE:
        yield from checking(given, place)


def _site(given: Answers, _: Place) -> Findings:
    yield from outside.site(_site_settings(given))


def _site_settings(given: Answers) -> SiteSettings:
    return SiteSettings(
        url=given["site_url"], organisation="-", accessibility_contact="-", privacy_contact="-"
    )


def _provider(given: Answers, place: Place) -> Findings:
    yield from outside.provider(
        SignInSettings(issuer=given["identity_provider"], client_id="-"), place.waiting
    )


def _client_secret(given: Answers, place: Place) -> Findings:
    yield from outside.client_secret(place.file(given, "client_secret_file"))


def _token_keys(given: Answers, place: Place) -> Findings:
    if place.file(given, "token_keys").exists():
        issuer = IssuerSettings(
            name=given.get("identity_provider", TRIAL_ISSUER),
            audience=given.get("token_audience", "-"),
            keys=place.file(given, "token_keys"),
        )
        yield from files.token_keys(issuer, given.get("environment", "production"))


def _made_token_keys(given: Answers, place: Place) -> Findings:
    path = place.file(given, "token_keys")
    if given["make_token_keys"] != YES or not place.may_make:
        yield mend(
            "tokens", f"{path} is not there", "ask the identity provider for its JWK set and put it there"
        )
        return
    made = yield from token_keys(
        path, given.get("identity_provider"), trial=is_trial(given), waiting=place.waiting
    )
    if made:
        yield from _token_keys(given, place)


def _keys(given: Answers, place: Place) -> Findings:
    if place.file(given, "keys").exists():
        yield from files.keys(place.file(given, "keys"))


def _region(given: Answers, place: Place) -> Findings:
    path = place.file(given, "keys")
    if not place.may_make:
        yield mend("keys", f"{path} is not there", "signal-index keys index makes it")
        return
    yield from index_keys(path, given["region"], place.now.date())


def _manifest(given: Answers, place: Place) -> Findings:
    found = yield from files.manifest(
        files.Pinned(place.file(given, "manifest"), None, required=False),
        place.file(given, "keys"),
        _secrets(given, place),
    )
    if found is not None:
        yield note("manifest", f"its fingerprint is {spelled(found.fingerprint)}")


def _fingerprint(given: Answers, place: Place) -> Findings:
    if _manifest_of(given, place) is not None:
        pinned = files.Pinned(place.file(given, "manifest"), given["manifest_fingerprint"], required=True)
        yield from files.manifest(pinned, place.file(given, "keys"), None)


def _pseudonymiser(party: Party) -> "Check":
    def checking(given: Answers, place: Place) -> Findings:
        address = given[f"pseudonymiser_{party.lower()}"]
        yield from services.pseudonymiser(party, address, _manifest_of(given, place), place.waiting)

    return checking


def _witness(given: Answers, place: Place) -> Findings:
    if "witness_key" not in given:
        return
    shown: dict[str, Path] = {}
    if given.get("witness_certificate", NONE) != NONE:
        shown = {
            "certificate": place.file(given, "witness_certificate"),
            "key_file": place.file(given, "witness_key_file"),
        }
    try:
        stated = WitnessSettings(address=given["witness_address"], key=given["witness_key"], **shown)
    except ValidationError as error:
        yield mend("witness", "; ".join(each["msg"] for each in error.errors()))
        return
    yield from services.witness(stated, place.waiting)


def _database(given: Answers, place: Place) -> Findings:
    if "://" in given["database"]:
        yield from _served_database(given, place)
        return
    path = place.file(given, "database")
    if not path.exists() and not path.parent.is_dir():
        yield mend(
            "database", f"there is no folder {path.parent}", "make it, for the account that runs the index"
        )
    elif path.exists() and path.stat().st_size and (secrets := _secrets(given, place)) is not None:
        yield from _begun(path, secrets, place)
    else:
        yield ok("database", f"{path} will be made")


def _served_database(given: Answers, place: Place) -> Findings:
    """A database of a server is there already, with or without tables."""
    secrets = _secrets(given, place)
    try:
        require_safe_database(given["database"], environment=given["environment"])
        place_of(given["database"]).check()
    except (ValueError, SetupFault) as fault:
        yield mend("database", fault.detail if isinstance(fault, SetupFault) else str(fault))
        return
    if secrets is not None:
        yield from _begun(given["database"], secrets, place)


def _begun(stated: Stated, secrets: IndexSecrets, place: Place) -> Findings:
    yield from [each for each in _opened(stated, secrets, place) if each.point not in _TO_BE_MADE]


_TO_BE_MADE: Final = {"schema", "initialised"}
"""What an interrupted set-up left undone is done by the next one."""


def _opened(stated: Stated, secrets: IndexSecrets, place: Place) -> Findings:
    opened = yield from database.database(stated, secrets, place.now, None)
    if opened is not None:
        opened.close()


def _listening(given: Answers, _: Place) -> Findings:
    host, _sep, port = given["listen"].rpartition(":")
    try:
        with socket.create_server((host.strip("[]"), int(port))):
            pass
    except (OSError, OverflowError) as error:
        text = f"{given['listen']} cannot be listened on: {error.strerror if isinstance(error, OSError) else error}"
        yield note("listen", f"{text}; well and good if that is this index already, serving")
    else:
        yield ok("listen", f"{given['listen']} is free")


def _administrator(which: str) -> "Check":
    def checking(given: Answers, place: Place) -> Findings:
        staff_id = given[which]
        known = next((each for each in staff(given, place) if each.staff_id == staff_id), None)
        yield from _may_administer(staff_id, known)

    return checking


def _may_administer(staff_id: str, known: StaffMember | None) -> Findings:
    point = "administrator"
    if known is not None and not known.active:
        yield mend(point, f"{staff_id} is blocked in the staff table", "name somebody else")
        return
    held = known.roles if known is not None else frozenset()
    pairs = [pair for pair in CONFLICTING_ROLES if Role.FUNCTIONAL_ADMIN in pair]
    clash = frozenset().union(*pairs) & held - {Role.FUNCTIONAL_ADMIN}
    if clash:
        text = f"{staff_id} is {', '.join(sorted(clash))}, which does not go together with administering"
        yield mend(point, text, "name somebody else")
    else:
        yield ok(point, f"{staff_id}; that the identity provider calls her so shows when she signs in")


def administrators(given: Answers, place: Place) -> list[str]:
    """Staff ids of those who administer already."""
    return [
        each.staff_id for each in staff(given, place) if each.active and Role.FUNCTIONAL_ADMIN in each.roles
    ]


def staff(given: Answers, place: Place) -> list[StaffMember]:
    """Everybody in the staff table; nobody when there is no database yet."""
    secrets = _secrets(given, place)
    if secrets is not None and "database" in given:
        with (
            suppress(SetupFault, SignalIndexError),
            open_database(anchored(given["database"], place.folder), secrets, writer_kind="cli") as opened,
        ):
            return list(opened.run(lambda tx: tx.staff.all()))
    return []


def _secrets(given: Answers, place: Place) -> IndexSecrets | None:
    with suppress(CryptoError, KeyError):
        return IndexSecrets.load(place.file(given, "keys"))
    return None


def _manifest_of(given: Answers, place: Place) -> Manifest | None:
    with suppress(CryptoError, KeyError):
        return Manifest.load(place.file(given, "manifest"))
    return None


Check = Callable[[Answers, Place], Findings]

_CHECKS: Mapping[str, Check] = {
    "site_url": _site,
    "identity_provider": _provider,
    "client_secret_file": _client_secret,
    "token_keys": _token_keys,
    "make_token_keys": _made_token_keys,
    "keys": _keys,
    "region": _region,
    "manifest": _manifest,
    "manifest_fingerprint": _fingerprint,
    "pseudonymiser_a": _pseudonymiser("A"),
    "pseudonymiser_b": _pseudonymiser("B"),
    "witness_address": _witness,
    "database": _database,
    "listen": _listening,
    "first_administrator": _administrator("first_administrator"),
    "second_administrator": _administrator("second_administrator"),
}
