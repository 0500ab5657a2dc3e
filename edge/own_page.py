"""aiohttp: the gateway's own page, built from the dashboard's parts, and who is signed in at it. It needs no service.

The page itself holds nothing: its files are open, what it asks is answered by the API (edge/api.py). Whoever gives the
gateway's token at it has a session: a cookie that no script can read and no other page can use.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from aiohttp import web
from msgspec import Struct

from edge.answers import json_answer, problem_answer

STATIC = Path(__file__).parent / "static"
COOKIE = "gateway_session"
SESSIONS_MAX = 20
"""Beyond it the oldest ends."""
SESSION_S = 12 * 3600
WRONG_MAX, WRONG_S = 10, 60.0
"""So many wrong tokens in a minute are looked at; then nobody can sign in for as long."""
HASHED = re.compile(r"[\w.-]+-[0-9A-Z]{8}\.(js|css|woff2)(\.gz)?|licences\.txt")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Page not built</title>
<h1>The gateway's page is not built</h1>
<p>The gateway works. Build its page in the project's folder with <code>python hatch_build.py</code>, then load this
again. Meanwhile the <a href="/plain">plain page</a> tells the same.</p></html>
"""
ROLES: dict[tuple[str, str], str] = {
    ("GET", "/"): "open",
    ("GET", "/assets/{name}"): "open",
    ("GET", "/api/v1/session"): "open",
    ("POST", "/api/v1/session"): "open",
    ("POST", "/api/v1/session/end"): "open",
}
LOOKS = web.RequestKey("looks", bool)
ACTS = web.RequestKey("acts", bool)
"""Whether whoever asks may look, and act."""


class SignIn(Struct, forbid_unknown_fields=True):
    """The gateway's token, from <state>/keys/api-token."""

    token: str


class Standing(Struct, frozen=True):
    """What whoever asks may."""

    looks: bool
    acts: bool


class Sessions:
    """Who is signed in, until the gateway ends."""

    def __init__(self, token: str, now_s: Callable[[], float] = time.monotonic) -> None:
        self._token, self._now_s = token, now_s
        self._until: dict[str, float] = {}
        self._wrong: list[float] = []

    def begin(self, given: str) -> str | None:
        """A new session's secret; None where the token is wrong."""
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._token.encode()):
            self._wrong.append(self._now_s())
            return None
        if len(self._until) >= SESSIONS_MAX:
            del self._until[min(self._until, key=lambda one: self._until[one])]
        secret = secrets.token_urlsafe(24)
        self._until[secret] = self._now_s() + SESSION_S
        return secret

    @property
    def too_many(self) -> bool:
        """Whether too many wrong tokens were given lately."""
        self._wrong = [at for at in self._wrong if self._now_s() - at < WRONG_S]
        return len(self._wrong) >= WRONG_MAX

    def holds(self, secret: str) -> bool:
        """Whether that is a session's."""
        return self._until.get(secret, 0.0) > self._now_s()

    def end(self, secret: str) -> None:
        """It is over."""
        self._until.pop(secret, None)


def add(app: web.Application, sessions: Sessions, static: Path = STATIC) -> None:
    """Its routes."""

    async def index(_: web.Request) -> web.StreamResponse:
        page = static / "gateway.html"
        if not page.is_file():
            return web.Response(status=503, text=NOT_BUILT, content_type="text/html")
        return web.FileResponse(page, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = static / "assets" / name
        if not HASHED.fullmatch(name) or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})

    async def standing(request: web.Request) -> web.Response:
        return json_answer(Standing(request[LOOKS], request[ACTS]))

    async def sign_in(request: web.Request) -> web.Response:
        if sessions.too_many:
            return problem_answer(request, 429, "too_many_tries", "too many wrong tokens were given", "wait a minute")
        try:
            given = msgspec.json.decode(await request.read(), type=SignIn)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return problem_answer(request, 400, "bad_request", str(error), "send the token")
        secret = sessions.begin(given.token.strip())
        if secret is None:
            hint = "it is in <state>/keys/api-token on the gateway"
            return problem_answer(request, 403, "wrong_token", "this is not the gateway's token", hint)
        answer = json_answer(Standing(True, True))
        answer.set_cookie(COOKIE, secret, max_age=SESSION_S, httponly=True, samesite="Strict", path="/")
        return answer

    async def sign_out(request: web.Request) -> web.Response:
        sessions.end(request.cookies.get(COOKIE, ""))
        answer = json_answer(Standing(request[LOOKS], False))
        answer.del_cookie(COOKIE, path="/")
        return answer

    for (method, path), handler in zip(ROLES, (index, file, standing, sign_in, sign_out), strict=True):
        (app.router.add_get if method == "GET" else app.router.add_post)(path, handler)
