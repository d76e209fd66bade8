"""Renders pages: Jinja2 with autoescape and strict names, one environment per language.

Invariants:
1. Every value is escaped for HTML unless a template itself says it is markup; no template does so with a value.
2. A name a template does not know is an error, never an empty place.
3. What a page shows besides signals depends on role, purpose and day; this module adds nothing about a resident.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from babel.core import negotiate_locale
from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crypto.encoding import Month
from policy.catalogue import PurposeRule, SignalType
from policy.telling.wording import Language
from signal_index.model import DUTCH_TIME
from signal_index.web.markup.addresses import Addresses
from signal_index.web.markup.assets import Assets

from .menu import HELP, MENUS, ROLE_LABELS
from .words import DUTCH, ENGLISH, LANGUAGES, Words


@dataclass(frozen=True)
class About:
    """What templates may know of this site, as `site`.

    Args:
        name: of the product as shown.
        organisation: whose index it is.
        accessibility_contact: e-mail address or phone number for who meets an obstacle.
        privacy_contact: the same for questions about privacy.
        demonstration: whether every page says that nothing here is real.
        theme: address of the theme file a municipality mounts; None when it mounts none.
    """

    name: str
    organisation: str
    accessibility_contact: str
    privacy_contact: str
    demonstration: bool
    theme: str | None


@dataclass(frozen=True)
class Signed:
    """Who is signed in, as far as the frame of a page shows it, as `visit`.

    Args:
        name: hers.
        role: the role that is active; None when she has none.
        held: all her roles; those that are not active are offered, as `visit.roles`.
        idle_seconds: until the session ends without another request.
        warning_seconds: how long before that to warn.
        waiting: how much waits for her, by the name of the page in her menu where it does.
    """

    name: str
    team: str
    role: str | None
    held: Sequence[str]
    csrf: str
    idle_seconds: int
    warning_seconds: int
    waiting: Mapping[str, int]


class NavItem(NamedTuple):
    """One entry of the main menu.

    Args:
        is_current: whether it is the page that is shown, or the one that page belongs to.
        badge: a number to show beside it; 0 for none.
    """

    url: str
    label: str
    is_current: bool
    badge: int


class _Labelled(Protocol):
    @property
    def label_nl(self) -> str:
        """In Dutch."""

    @property
    def label_en(self) -> str:
        """In English."""


class Renderer:
    """Renders the templates of one folder.

    Args:
        folder: with the templates.
        about: of this site.
        words: by language.
        addresses: of all pages, for links in templates.
        assets: for static files.
    """

    def __init__(
        self, folder: Path, about: About, words: Mapping[str, Words], *, addresses: Addresses, assets: Assets
    ) -> None:
        self._about = about
        self._words = words
        self._environments = {lang: _environment(folder, lang, words[lang]) for lang in LANGUAGES}
        for environment in self._environments.values():
            environment.globals.update(url=addresses.url, asset=assets.url, site=about)

    def language(self, chosen: str | None, accepted: str | None) -> Language:
        """The language for a request: what she chose, else what her browser asks for, else Dutch.

        Args:
            chosen: value of the language cookie, perhaps anything.
            accepted: the Accept-Language header, perhaps anything.
        """
        known = chosen in LANGUAGES
        found = chosen if known else negotiate_locale(_preferred(accepted or ""), LANGUAGES, sep="-")
        return "en" if found == ENGLISH else "nl"

    def text(self, lang: str, dutch: str) -> str:
        """A Dutch text in this language; unchanged when there is no translation."""
        return self._words[lang].gettext(dutch) if dutch else ""

    def render(
        self,
        template: str,
        lang: str,
        *,
        signed: Signed | None,
        here: str,
        section: str | None,
        addresses: Addresses,
        context: Mapping[str, Any],
    ) -> str:
        """One page as HTML.

        Args:
            template: file name.
            lang: of `LANGUAGES`.
            signed: who is signed in.
            here: path of this page, for links that come back to it.
            section: name of the page in the main menu that is shown as current; None for none.
            addresses: of the pages there are on this surface; the menu holds no others.
            context: what the handler adds; texts in `errors` are translated.
        """
        errors = [(field, self.text(lang, text)) for field, text in context.get("errors", ())]
        frame = {
            "lang": lang,
            "here": here,
            "visit": self._shown(lang, signed),
            "nav": self._nav(lang, signed, section, addresses),
            "errors": errors,
        }
        return self._environments[lang].get_template(template).render({**context, **frame})

    def _shown(self, lang: str, signed: Signed | None) -> dict[str, Any] | None:
        if signed is None:
            return None
        return {
            "name": signed.name,
            "team": signed.team,
            "role": signed.role,
            "role_label": self._role_label(lang, signed.role) if signed.role else "",
            "roles": [(role, self._role_label(lang, role)) for role in signed.held if role != signed.role],
            "csrf": signed.csrf,
            "idle_seconds": signed.idle_seconds,
            "warning_seconds": signed.warning_seconds,
        }

    def _role_label(self, lang: str, role: str) -> str:
        return self.text(lang, ROLE_LABELS.get(role, role))

    def _nav(
        self, lang: str, signed: Signed | None, section: str | None, addresses: Addresses
    ) -> list[NavItem]:
        if signed is None:
            return []
        items = []
        for name, text in MENUS.get(signed.role or "", (HELP,)):
            if name not in addresses:
                continue
            url = addresses.url(name)
            items.append(NavItem(url, self.text(lang, text), name == section, signed.waiting.get(name, 0)))
        return items


def _preferred(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, most wanted first; what cannot be read comes last or not at all."""
    weighed = []
    for part in accepted.split(",", 20)[:20]:
        language, _, parameter = part.partition(";")
        weight = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameter, re.ASCII)
        weighed.append((float(weight[1]) if weight else float(not parameter), language.strip()))
    weighed.sort(key=lambda each: -each[0])
    return [language for weight, language in weighed if weight]


def _environment(folder: Path, lang: str, words: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    environment.filters.update(_filters(lang))
    environment.globals.update(_phrases(lang))
    return environment


def _filters(lang: str) -> dict[str, Callable[..., str]]:
    """Days and times as people read them; none is broken over two lines."""

    def day(value: date) -> str:
        return format_date(value, "d\u00a0MMMM\u00a0yyyy", locale=lang)

    def short_day(value: date) -> str:
        return format_date(value, "d\u00a0MMM\u00a0yyyy", locale=lang)

    def moment(value: datetime) -> str:
        return format_datetime(value, "d\u00a0MMMM\u00a0yyyy,\u00a0HH:mm", tzinfo=DUTCH_TIME, locale=lang)

    def clock(value: datetime) -> str:
        return format_datetime(value, "HH:mm", tzinfo=DUTCH_TIME, locale=lang)

    def month(value: Month) -> str:
        return format_date(date(value.year, value.month, 1), "MMMM\u00a0yyyy", locale=lang)

    return {"day": day, "short_day": short_day, "moment": moment, "clock": clock, "month": month}


def _phrases(lang: str) -> dict[str, Callable[[Any], str]]:
    """How objects of the catalogue are said; they carry their own words in both languages."""
    dutch = lang == DUTCH

    def label(thing: _Labelled) -> str:
        return thing.label_nl if dutch else thing.label_en

    def sentence(kind: SignalType) -> str:
        return f"Er is {kind.sentence_nl}." if dutch else f"There is {kind.sentence_en}."

    def within_sentence(kind: SignalType) -> str:
        return kind.sentence_nl if dutch else kind.sentence_en

    def worker_text(purpose: PurposeRule) -> str:
        return purpose.worker_text if dutch else purpose.worker_text_en

    def not_shown(purpose: PurposeRule) -> str:
        return purpose.not_shown_nl if dutch else purpose.not_shown_en

    return {
        "label": label,
        "sentence": sentence,
        "within_sentence": within_sentence,
        "worker_text": worker_text,
        "not_shown": not_shown,
    }
