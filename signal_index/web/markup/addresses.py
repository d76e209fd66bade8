"""Where each page is, by name; and which addresses somebody may be sent back to after signing in.

Invariant: a way back is one of our own pages, spelled by us; nothing of what was asked for survives in it but
identifiers and, for the deep link, its ticket.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode
from uuid import UUID

from starlette.routing import compile_path

_TICKET = re.compile(r"[A-Za-z0-9_.-]{1,2000}", re.ASCII)


@dataclass(frozen=True)
class Address:
    """One page's place.

    Args:
        template: path with Starlette's parameters, such as `/caseload/{relation:uuid}`.
        returnable: whether a sign-in, or a change of language, may lead back here.
        ticket: name of the one query parameter that survives on the way back.
    """

    template: str
    returnable: bool = False
    ticket: str | None = None


class Addresses:
    """All pages' places.

    Args:
        by_name: name of the page to its place.
    """

    def __init__(self, by_name: Mapping[str, Address]) -> None:
        self._compiled = {
            name: (address, *compile_path(address.template)) for name, address in by_name.items()
        }

    def __contains__(self, name: object) -> bool:
        """Whether there is a page of this name here."""
        return name in self._compiled

    def url(self, name: str, **params: Any) -> str:  # noqa: ANN401 - 16 bytes, UUID, text or number
        """The path of a page.

        Args:
            name: of the page.
            **params: those of its path, UUIDs as 16 bytes too; others become the query, None is left out.

        Raises:
            KeyError: no such page, or a parameter of its path is missing; a programming error.
        """
        _, _, path_format, convertors = self._compiled[name]
        in_path = {key: quote(_text(params[key]), safe="") for key in convertors}
        query = {k: _text(v) for k, v in params.items() if k not in convertors and v is not None}
        return path_format.format(**in_path) + (f"?{urlencode(query)}" if query else "")

    def way_back(self, wanted: str | None) -> str | None:
        """The own page this text leads to; None when it leads to none that may be returned to.

        Args:
            wanted: what somebody sent, perhaps hostile.
        """
        if wanted is None or len(wanted) > 4096:
            return None
        path, _, query = wanted.partition("?")
        for name, (address, pattern, _, convertors) in self._compiled.items():
            match = pattern.fullmatch(path) if address.returnable else None
            if match:
                params = {key: convertors[key].convert(text) for key, text in match.groupdict().items()}
                return self.url(name, **params, **_surviving(address, query))
        return None


def _surviving(address: Address, query: str) -> dict[str, str]:
    if address.ticket is None:
        return {}
    values = parse_qs(query).get(address.ticket, [])
    return {address.ticket: values[0]} if len(values) == 1 and _TICKET.fullmatch(values[0]) else {}


def _text(value: object) -> str:
    return str(UUID(bytes=value)) if isinstance(value, bytes) else str(value)
