"""Somebody with a browser: follows links and fills in forms as they stand on the page, over HTTP and nothing else.

Cookies are kept although they are marked `Secure`, as browsers do on their own machine.
"""

import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Self
from urllib.parse import urljoin

import httpx
from lxml import html

from deploy.demo.report import StepFailed

SECONDS_MAX = 30
REDIRECTS_MAX = 10


class Browser:
    """One browser, at one page at a time.

    Args:
        site: address of the site it begins at.
    """

    def __init__(self, site: str) -> None:
        self._http = httpx.Client(timeout=SECONDS_MAX, trust_env=False, verify=ssl.create_default_context())
        self._cookies = httpx.Cookies()
        self._cookies.jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._page: Any = None
        self.url = site
        self.way: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of every connection."""
        self._http.close()

    def open(self, address: str) -> int:
        """Go to an address, which may be a path of this site; the HTTP status.

        Returns:
            The status of the page on which the redirects end; `way` holds where they led along.
        """
        return self._show(self._http.build_request("GET", urljoin(self.url, address)))

    def follow(self, text: str) -> None:
        """Follow the first link with this text in it."""
        links = [each for each in self._page.iter("a") if text in _text(each)]
        if not links:
            raise StepFailed(f"{self.url} has no link {text!r}")
        self._require(self.open(links[0].get("href")))

    def press(self, button: str, answers: Mapping[str, str] | None = None) -> None:
        """Fill in the form this button belongs to, and press it.

        Args:
            button: text in it.
            answers: by field name; what the form holds already stays as it is.
        """
        pressed = next((each for each in self._page.iter("button") if button in _text(each)), None)
        if pressed is None:
            raise StepFailed(f"{self.url} has no button {button!r}")
        form = next(pressed.iterancestors("form"))
        own = {pressed.get("name"): pressed.get("value")} if pressed.get("name") else {}
        fields = {**dict(form.form_values()), **(answers or {}), **own}
        target = urljoin(self.url, form.get("action") or self.url)
        headers = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
        self._require(self._show(self._http.build_request("POST", target, data=fields, headers=headers)))

    def texts(self, path: str) -> list[str]:
        """The text of every element this XPath finds, in order."""
        return [_text(each) for each in self._page.xpath(path)]

    def values(self, path: str) -> list[str]:
        """The value of every attribute this XPath finds, in order."""
        return [str(each) for each in self._page.xpath(path)]

    @property
    def heading(self) -> str:
        """What the page says it is."""
        return " ".join(self.texts("//h1"))

    def _show(self, request: httpx.Request) -> int:
        """Send a request, go where it leads, and keep the page."""
        way: list[str] = []
        while len(way) < REDIRECTS_MAX:
            self._cookies.set_cookie_header(request)
            response = self._http.send(request)
            self._cookies.extract_cookies(response)
            way.append(str(request.url))
            if response.next_request is None:
                self.url, self.way, self._page = way[-1], tuple(way), html.fromstring(response.text)
                return response.status_code
            request = response.next_request
        raise StepFailed(f"{way[0]} leads nowhere")

    def _require(self, status: int) -> None:
        if status != httpx.codes.OK:
            raise StepFailed(f"{self.url} answers {status}: {self.heading}")


def _text(element: Any) -> str:  # noqa: ANN401 - lxml has no types
    return " ".join(" ".join(element.itertext()).split())
