"""The municipality's sign-in as the demonstration has it: whoever opens it chooses who she is, without a password.

It is `oidc-provider-mock` with a page that names the people, and it asks nothing of any other host. It listens on this
machine only, without TLS, which the index refuses outside `environment = "dev"`.

Whoever can reach it can be any member of staff; that is what it is for.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flask
import uvicorn
from jinja2 import FileSystemLoader
from oidc_provider_mock import User, app  # type: ignore[import-untyped]

HERE = Path(__file__).parent
LANGUAGES = ("nl", "en")

Person = Mapping[str, Any]
"""One person in the file of accounts: `claims` for the ID token, and `role` and, per language, `note` for the page."""


def build(people: Sequence[Person]) -> flask.Flask:
    """The provider for these people.

    Args:
        people: in the order of the page; the first ones, which have a note, stand apart.
    """
    users = [User(sub=each["claims"]["sub"], claims=_without_sub(each["claims"])) for each in people]
    provider: flask.Flask = app(user_claims=users)
    provider.jinja_loader = FileSystemLoader(HERE / "templates")
    provider.context_processor(
        lambda: {"people": people, "lang": flask.request.accept_languages.best_match(LANGUAGES, LANGUAGES[0])}
    )
    return provider


def _without_sub(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name != "sub"}


def main(words: Sequence[str]) -> None:
    """Serve on the port that is the first argument, for the people in the file that is the second."""
    port, accounts = int(words[0]), Path(words[1])
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain HTTP, which never leaves this machine
    provider = build(json.loads(accounts.read_text(encoding="utf-8")))
    uvicorn.run(provider, interface="wsgi", host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1:])
