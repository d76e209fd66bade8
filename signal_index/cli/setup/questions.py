"""What is asked, in this order; when each question makes sense, what is assumed, and how an answer looks."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from crypto.errors import CryptoError
from crypto.log.notes import Verifier
from signal_index.settings.safety import require_origin, require_safe
from signal_index.usecases.administration.entries import staff_id_fault

from .answers import NONE, Answers

Given = Answers
Shape = Callable[[str, Given], str | None]
"""What is wrong with how an answer looks, and what it should look like; None when nothing is."""

YES = "yes"
_LISTEN = re.compile(r"(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_PORT_MAX = 65_535
_TEST_OIN = "00000099"
"""How the numbers begin that are given out for tests only. Source: Logius, OIN-stelsel."""


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        key: of the answer, in a file of answers too.
        text: the question, with what to think of.
        shape: see `Shape`.
        assumed: what Enter gives when nothing is known; empty for nothing.
        makes_sense: whether it is asked, after these answers.
    """

    key: str
    text: str
    shape: Shape
    assumed: Callable[[Given], str] = lambda _: ""
    makes_sense: Callable[[Given], bool] = lambda _: True


def is_trial(given: Given) -> bool:
    """Whether this is a trial, with made-up data."""
    return given.get("environment") == "dev"


def has_pages(given: Given) -> bool:
    """Whether there are pages, and so people who sign in."""
    return given.get("site_url") != NONE


def _one_of(*words: str) -> Shape:
    return lambda value, _: None if value in words else f"answer {' or '.join(words)}"


def _line(value: str, _: Given) -> str | None:
    return None if value and value != NONE and value.isprintable() else "give a text on one line"


def _or_none(shape: Shape, *, only_in_trial: bool = True) -> Shape:
    """The shape of an answer that may be that there is none."""

    def fault(value: str, given: Given) -> str | None:
        if value != NONE:
            return shape(value, given)
        return (
            None if is_trial(given) or not only_in_trial else "there must be one; only a trial goes without"
        )

    return fault


def _oin(value: str, given: Given) -> str | None:
    if not re.fullmatch(r"[0-9]{20}", value, re.ASCII):
        return "an OIN is 20 digits, such as 00000001234567890000; oinregister.logius.nl has it"
    if value.startswith(_TEST_OIN) and not is_trial(given):
        return f"numbers that begin with {_TEST_OIN} are for tests only"
    return None


def _safe(require: Callable[..., None]) -> Callable[[str], Shape]:
    def named(name: str) -> Shape:
        def fault(value: str, given: Given) -> str | None:
            try:
                require(name, value, environment=given.get("environment", "production"))
            except ValueError as error:
                return str(error)
            return None

        return fault

    return named


_origin, _address = _safe(require_origin), _safe(require_safe)


def _listen(value: str, _: Given) -> str | None:
    found = _LISTEN.fullmatch(value)
    return (
        None if found and int(found[2]) <= _PORT_MAX else "give an address and a port, such as 127.0.0.1:8100"
    )


def _fingerprint(value: str, _: Given) -> str | None:
    digits = "".join(value.split()).lower()
    return None if re.fullmatch(r"[0-9a-f]{64}", digits) else "a fingerprint is 64 digits and letters a to f"


def _witness_key(value: str, _: Given) -> str | None:
    try:
        fits = Verifier.parse(value).is_cosigner
    except CryptoError:
        fits = False
    return None if fits else "copy the line that signal-index witness keys printed: name+id+base64"


def _staff_id(value: str, _: Given) -> str | None:
    return staff_id_fault(value)


def _another(value: str, given: Given) -> str | None:
    if value == given.get("first_administrator"):
        return "the second administrator is somebody else: nobody gives or takes her own roles"
    return staff_id_fault(value)


def _assumed(value: str) -> Callable[[Given], str]:
    return lambda _: value


def _none_in_trial(given: Given) -> str:
    return NONE if is_trial(given) else ""


QUESTIONS = (
    Question(
        "environment",
        "Is this for real (production), or a trial with made-up data on this machine (dev)?",
        _one_of("production", "dev"),
        _assumed("production"),
    ),
    Question("oin", "OIN of the organisation whose index this is, 20 digits", _oin),
    Question(
        "site_url",
        "Address at which people find the pages, https and a host; - in a trial without pages",
        _or_none(_origin("the address")),
        _none_in_trial,
    ),
    Question(
        "organisation",
        "Name of the municipality or region, as the pages show it",
        _line,
        makes_sense=has_pages,
    ),
    Question(
        "accessibility_contact",
        "Whom to tell about an obstacle on the pages: e-mail address or phone number",
        _line,
        makes_sense=has_pages,
    ),
    Question(
        "privacy_contact",
        "Whom residents and workers ask about privacy: e-mail address or phone number",
        _line,
        makes_sense=has_pages,
    ),
    Question(
        "identity_provider",
        "Identity provider (OpenID Connect): its issuer, word for word",
        _address("the issuer"),
        makes_sense=has_pages,
    ),
    Question(
        "client_id",
        "What this site is called at the identity provider (client id)",
        _line,
        makes_sense=has_pages,
    ),
    Question(
        "client_secret_file",
        "File with the secret of that client; - for a public client, which has PKCE alone",
        _or_none(_line, only_in_trial=False),
        _assumed("sign-in.secret"),
        has_pages,
    ),
    Question(
        "token_audience",
        "What a token for this index must name as its audience, for programs that use the API",
        _line,
        lambda given: given["site_url"] if given.get("site_url", NONE) not in {"", NONE} else "signaalindex",
    ),
    Question(
        "token_keys",
        "File with the public keys of who issues those tokens (JWK set)",
        _line,
        _assumed("issuer.public.json"),
    ),
    Question("keys", "Key file of the index", _line, _assumed("index.key")),
    Question(
        "manifest",
        "Manifest: the public keys that the index and both pseudonymisers approved together",
        _line,
        _assumed("manifest.json"),
    ),
    Question(
        "manifest_fingerprint",
        "Fingerprint of the manifest as the parties read it aloud, not as the file gives it, which proves nothing",
        _or_none(_fingerprint),
        _none_in_trial,
    ),
    Question(
        "pseudonymiser_a", "Address of pseudonymiser A", _or_none(_origin("the address")), _none_in_trial
    ),
    Question(
        "pseudonymiser_b",
        "Address of pseudonymiser B",
        _or_none(_origin("the address")),
        makes_sense=lambda given: given.get("pseudonymiser_a") != NONE,
    ),
    Question(
        "witness_key",
        "Key of the witness of the log, as it prints it; - in a trial without one",
        _or_none(_witness_key),
        _none_in_trial,
    ),
    Question(
        "witness_certificate",
        "File with the TLS certificate by which this index shows the witness who it is, if it asks for one; - for none",
        _or_none(_line, only_in_trial=False),
        _assumed(NONE),
        lambda given: given.get("witness_key") != NONE,
    ),
    Question(
        "witness_key_file",
        "File with the key of that certificate",
        _line,
        makes_sense=lambda given: given.get("witness_certificate", NONE) != NONE,
    ),
    Question(
        "witness_address",
        "Address of that witness",
        _origin("the address"),
        makes_sense=lambda given: given.get("witness_key") != NONE,
    ),
    Question(
        "database",
        "Database: a file on a disk of this machine, or postgresql://user@host/name",
        _line,
        lambda given: "index.sqlite" if is_trial(given) else "/var/lib/signal-index/index.sqlite",
    ),
    Question(
        "listen",
        "Where the index listens; a proxy with TLS stands in front of it",
        _listen,
        _assumed("127.0.0.1:8100"),
    ),
    Question(
        "first_administrator",
        "Who administers: her staff id, as the identity provider gives it",
        _staff_id,
    ),
    Question("second_administrator", "And who else: the staff id of a second person", _another),
)
"""The questions whose sense does not depend on what lies on the disk; `checks.asked` adds those that do."""

MAKE_TOKEN_KEYS = Question(
    "make_token_keys",
    "That file is not there. Make it now, with the keys that the identity provider publishes at this moment?",
    _one_of(YES, "no"),
    _assumed(YES),
)
MAKE_STAND_IN = replace(
    MAKE_TOKEN_KEYS, text="That file is not there. Make it now, with a stand-in for an identity provider?"
)
REGION = Question(
    "region",
    "There are no keys yet. Name of the region to make them for now, such as regio-noord; Ctrl-C to do it later",
    _line,
)
