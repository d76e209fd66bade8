"""What lies outside: the site as people reach it, the identity provider, and the mail server.

Each is asked what the product itself will ask of it, and no more; nobody signs in and nothing is mailed.
"""

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from authlib.oidc.discovery import get_well_known_url  # type: ignore[import-untyped]

from signal_index.cli.mail import TIMEOUT_SECONDS as MAIL_SECONDS
from signal_index.cli.mail import mailbox
from signal_index.errors import SetupFault
from signal_index.settings import Settings, SignInSettings, SiteSettings
from signal_index.web.identity import SECOND_FACTOR_ACR
from signal_index.web.provider import ALGORITHMS, TIMEOUT_SECONDS

from .findings import Findings, Yielding, mend, note, ok

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

_OTHERS = 0o077
_SHOWN_MAX = 200

Waiting = Callable[[str], None]
"""Is told what a slow check waits for, and for how long at most."""


def site(stated: SiteSettings | None) -> Findings:
    """The pages: where they are, and the style sheet of the municipality."""
    if stated is None:
        yield note("site", "no [site] and [sign_in] in the settings: there are no pages, only the API")
        return
    yield from _is_known(stated.url)
    theme = stated.theme
    if theme is not None and not _is_readable(theme):
        yield mend("theme", f"cannot read {theme}", "put the style sheet there, or correct site.theme")
    elif theme is not None:
        yield ok("theme", str(theme))


def _is_known(url: str) -> Findings:
    """The name people type leads to an address; what stands there is seen once the index serves."""
    host = urlsplit(url).hostname or ""
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        yield mend(
            "site", f"{url}: no address is known for {host}", "have the name put in the DNS, or correct it"
        )
        return
    yield ok("site", url)


def _is_readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def sign_in(stated: SignInSettings | None, waiting: Waiting) -> Findings:
    """The identity provider: there, who we think it is, and able to do what signing in takes."""
    if stated is None:
        return
    yield from client_secret(stated.client_secret_file)
    yield from provider(stated, waiting)


def provider(stated: SignInSettings, waiting: Waiting) -> Yielding[Mapping[str, Any] | None]:
    """What the provider says of itself, point by point; its discovery document, if it can be had."""
    said = yield from _discovered(stated, waiting)
    if said is not None:
        yield from _can_sign_in(said)
        yield from _second_factor(said, stated)
        yield from _signing_keys(said, waiting)
    return said


def _second_factor(said: Mapping[str, Any], stated: SignInSettings) -> Findings:
    """Whether it can vouch for one, as far as it tells; and what only a sign-in can show."""
    point, levels, claims = (
        "second factor",
        _texts(said, "acr_values_supported"),
        _texts(said, "claims_supported"),
    )
    known = sorted((SECOND_FACTOR_ACR | set(stated.second_factor_acr)) & levels)
    if known:
        yield ok(point, f"the provider knows {', '.join(known)}")
    elif {"acr", "amr"} & claims:
        yield note(
            point,
            "the provider can say how somebody signed in; sign in once to see that it names two factors",
        )
    else:
        yield note(point, "the provider does not tell whether it names one; sign in once to see that it does")
    yield note("not checked", "the client id, its secret and the two addresses to come back to: sign in once")


def _texts(said: Mapping[str, Any], member: str) -> set[str]:
    """The texts in a list of the document; none when it has no such list."""
    stated = said.get(member)
    return {each for each in stated if isinstance(each, str)} if isinstance(stated, list | tuple) else set()


def client_secret(path: Path | None) -> Findings:
    """The secret of the client: there, and for its owner only; or none at all."""
    point = "client secret"
    if path is None:
        yield ok(point, "none: a public client, for which PKCE alone stands")
        return
    try:
        is_empty, is_open = not path.read_bytes().strip(), bool(path.stat().st_mode & _OTHERS)
    except OSError as error:
        yield mend(point, f"cannot read {path}: {error.strerror}", "ask the identity provider for the secret")
        return
    if is_empty:
        yield mend(point, f"{path} is empty", "put the secret of this client in it")
    elif is_open:
        yield mend(point, f"{path} is open to others than its owner", f"run chmod 600 {path}")
    else:
        yield ok(point, f"{path} is there, for its owner only")


def _discovered(stated: SignInSettings, waiting: Waiting) -> Yielding[Mapping[str, Any] | None]:
    """What the provider says about itself, if it is the provider the settings name."""
    url = get_well_known_url(stated.issuer, external=True)
    said = fetched(url, waiting)
    if isinstance(said, str):
        yield mend("sign-in", f"{url}: {said}", "see to the network, or correct sign_in.issuer")
        return None
    issuer = said.get("issuer")
    if issuer != stated.issuer:
        text = f"the provider calls itself {_shown(issuer)}, the settings say {stated.issuer}"
        yield mend("sign-in", text, "copy the provider's word for word into sign_in.issuer")
        return None
    yield ok("sign-in", f"{stated.issuer} answers, and is called so")
    return said


def fetched(
    url: str,
    waiting: Waiting,
    shown: tuple[Path, Path] | None = None,
    tls_min: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
) -> Mapping[str, Any] | str:
    """The JSON object at this address, or why there is none.

    Args:
        url: where it is.
        waiting: is told what is waited for.
        shown: certificate and key by which we show who we are, for who asks for that.
        tls_min: what whoever calls there will ask for; a check that asks less would find well what does not work.
    """
    waiting(f"{url}, {TIMEOUT_SECONDS:.0f} seconds at most")
    try:
        tls = ssl.create_default_context()
        tls.minimum_version = tls_min
        if shown is not None:
            # An empty password, so that a locked key is refused; without one OpenSSL would wait at the terminal.
            tls.load_cert_chain(*shown, password="")
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, verify=tls)
    except OSError as error:
        return f"our certificate or its key cannot be used ({type(error).__name__})"
    except httpx.HTTPError as error:
        return _untrusted(error) or f"no answer ({type(error).__name__})"
    except httpx.InvalidURL:
        return "this is no address"
    if answer.status_code != httpx.codes.OK:
        return f"answers {answer.status_code}"
    try:
        document = answer.json()
    except ValueError:
        document = None
    return document if isinstance(document, dict) else "answers with something else than a JSON object"


def _untrusted(error: BaseException | None) -> str | None:
    """What is wrong with the TLS of who answered; None when nothing came as far as that."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"this machine does not trust its certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS could be agreed on ({error.reason})"
    return None


def _shown(value: object) -> str:
    """What another party said, short enough and on one line."""
    text = value if isinstance(value, str) else "nothing"
    return text if text.isprintable() and len(text) <= _SHOWN_MAX else "something that cannot be shown"


class _Ability(NamedTuple):
    """Something the provider must be able to do.

    Args:
        member: of the discovery document.
        wanted: one of these must stand in it.
        implied: what it means when the member is left out; None when that says nothing.
    """

    point: str
    member: str
    wanted: Sequence[str]
    implied: Sequence[str] | None


_ABILITIES = (
    _Ability("code flow", "response_types_supported", ("code",), ()),
    _Ability("grant", "grant_types_supported", ("authorization_code",), ("authorization_code",)),
    # Entra ID leaves this member out although it takes S256, so absence proves nothing.
    _Ability("PKCE", "code_challenge_methods_supported", ("S256",), None),
    _Ability("signatures", "id_token_signing_alg_values_supported", ALGORITHMS, ()),
)


def _can_sign_in(said: Mapping[str, Any]) -> Findings:
    for ability in _ABILITIES:
        stated = said.get(ability.member, ability.implied)
        offered = [each for each in ability.wanted if isinstance(stated, list | tuple) and each in stated]
        if stated is None:
            yield note(
                ability.point, f"the provider leaves out {ability.member}: sign in once to see that it works"
            )
        elif offered:
            yield ok(ability.point, ", ".join(offered))
        else:
            wanted = " or ".join(ability.wanted)
            text = f"{ability.member} has no {wanted}"
            yield mend(ability.point, text, "let the provider's operator switch it on")
    scheme = urlsplit(str(said.get("issuer"))).scheme
    wrong = [name for name in ENDPOINTS if urlsplit(str(said.get(name))).scheme not in {"https", scheme}]
    if wrong:
        yield mend("endpoints", f"no safe address in {', '.join(wrong)}", "tell the provider's operator")
    else:
        yield ok("endpoints", ", ".join(ENDPOINTS))


def _signing_keys(said: Mapping[str, Any], waiting: Waiting) -> Findings:
    point, url = "signing keys", str(said.get("jwks_uri"))
    found = fetched(url, waiting)
    if isinstance(found, str):
        yield mend(point, f"{url}: {found}", "tell the provider's operator")
        return
    keys = found.get("keys")
    count = len(keys) if isinstance(keys, list) else 0
    if count:
        yield ok(point, f"{count} published")
    else:
        yield mend(
            point, f"{url} holds no keys, so no sign-in can be checked", "tell the provider's operator"
        )


def mail(stated: Settings, waiting: Waiting) -> Findings:
    """The mail server of the daily digest."""
    if stated.mail is None:
        yield note("mail", "no [mail] in the settings: nobody can get the daily e-mail")
        return
    address = f"{stated.mail.host}:{stated.mail.port}"
    waiting(f"{address}, {MAIL_SECONDS} seconds at most")
    try:
        with mailbox(stated.mail, environment=stated.environment) as box:
            box.make_ready()
    except (SetupFault, OSError) as fault:
        text = fault.detail if isinstance(fault, SetupFault) else f"{address} hangs up"
        yield mend("mail", text, "see to the network and the certificate, or correct [mail]")
        return
    yield ok("mail", f"{address} answers{' over TLS' if stated.mail.starttls else ', without TLS'}")
