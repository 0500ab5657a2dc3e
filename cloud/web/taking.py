"""The page behind a message's link: one tap takes its alerts on, without signing in, in the person's language.

Looking at it changes nothing, as mail scanners look, too; only the tap does. The page needs no script and nothing else
of ours, and its link opens nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import typing
from collections.abc import Callable, Sequence

from aiohttp import web

from cloud.alerts import wording
from cloud.web.access import ONESELF
from cloud.web.desk import DeskError
from cloud.web.routing import Media, Route, get
from cloud.web.tries import Tries

WRONG_MAX = 20
"""Links that are none of ours, from one address, within five minutes."""
TAPS_MAX = 30
"""Taps on one link within five minutes."""
STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:1.5rem;background:#fff;color:#111}"
    "h1{font-size:1.4rem}li{margin:.4rem 0}small{color:#555;display:block}"
    "button{font:inherit;font-weight:600;width:100%;min-height:60px;border:0;border-radius:8px;background:#0b57d0;"
    "color:#fff}@media(prefers-color-scheme:dark){body{background:#121212;color:#eee}small{color:#bbb}"
    "button{background:#a8c7fa;color:#062e6f}}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


class Asked(typing.Protocol):
    """What the page shows."""

    @property
    def language(self) -> str:
        """ "" where nobody is known: then the browser's."""

    @property
    def said(self) -> str:
        """What it says: a sentence, or (without a language) a phrase's name."""

    @property
    def lines(self) -> Sequence[tuple[str, str]]:
        """The alerts: title, figures."""

    @property
    def may(self) -> str:
        """Who may tap, "" where nothing is left to do."""

    @property
    def by(self) -> str:
        """Who just did."""


class Desk(typing.Protocol):
    """Who knows what a link is for. Raises `DeskError`s."""

    async def look(self, token: str) -> Asked:
        """What the page shows; nothing changes."""

    async def take(self, token: str) -> Asked:
        """Somebody tapped."""


class Taking:
    """The two routes of a link."""

    def __init__(self, desk: Desk | None, now_ms: Callable[[], int]) -> None:
        self._desk, self._now_ms = desk, now_ms
        self._wrong, self._taps = Tries(WRONG_MAX), Tries(TAPS_MAX)

    def routes(self) -> list[Route]:
        """Both."""
        page = Media(("text/html",))
        also = {404: page, 429: page, 503: page}
        asked = get("/a/{token}", self.look, None, page, also=also)
        return [asked, asked._replace(method="POST", read=self.take, summary="The tap.")]

    async def look(self, request: web.Request) -> web.Response:
        """Ask for the tap."""
        return await self._page(request, tap=False)

    async def take(self, request: web.Request) -> web.Response:
        """The tap."""
        return await self._page(request, tap=True)

    async def _page(self, request: web.Request, tap: bool) -> web.Response:
        token, now_ms = request.match_info["token"], self._now_ms()
        mine, link = (request.remote or "",), (token[:64],)
        accepted = _browsers(request)
        if tap and self._taps.wait_ms(link, now_ms):
            return _shown(accepted, wording.plain(accepted, "page.many"), [], "", 429)
        if tap:
            self._taps.add(link, now_ms)
        if self._desk is None:
            return _shown(accepted, wording.plain(accepted, "page.later"), [], "", 503)
        try:
            asked = await (self._desk.take(token) if tap else self._desk.look(token))
        except DeskError:
            return _shown(accepted, wording.plain(accepted, "page.later"), [], "", 503)
        if asked.by:
            request[ONESELF] = asked.by
        if not asked.language:  # a right link is answered whatever came before: whole sites share one address
            if self._wrong.wait_ms(mine, now_ms):
                return _shown(accepted, wording.plain(accepted, "page.many"), [], "", 429)
            self._wrong.add(mine, now_ms)
            return _shown(accepted, wording.plain(accepted, asked.said), [], "", 404)
        return _shown(asked.language, asked.said, asked.lines, asked.may, 200)


def _browsers(request: web.Request) -> str:
    return "zh" if request.headers.get("Accept-Language", "").lower().startswith("zh") else "en"


def _shown(language: str, said: str, lines: Sequence[tuple[str, str]], may: str, status: int) -> web.Response:
    def plain(phrase: str) -> str:
        return html.escape(wording.plain(language, phrase))

    listed = "".join(f"<li>{html.escape(title)}<small>{html.escape(told)}</small></li>" for title, told in lines)
    form = (
        f'<form method="post"><button>{plain("page.button")}</button></form><p>{plain("page.hint")}</p>' if may else ""
    )
    text = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{plain('page.title')}</title><style>{STYLE}</style>"
        f"<main><h1>{html.escape(said)}</h1>{f'<ul>{listed}</ul>' if listed else ''}{form}</main></html>"
    )
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
