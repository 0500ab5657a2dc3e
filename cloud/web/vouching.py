"""Signing in by another service over HTTP: which there is, the way there, and the way back."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable

from aiohttp import web
from msgspec import Struct

from cloud.web.access import NOTE, ONESELF, is_secure
from cloud.web.browsers import browser
from cloud.web.desk import NotFound, Unavailable
from cloud.web.oidc import Oidc, Refused
from cloud.web.queries import Text
from cloud.web.routing import Route, get
from cloud.web.session import set_cookie, slow
from cloud.web.sign_in import SignIn
from cloud.web.tries import Tries

log = logging.getLogger(__name__)

COOKIE = "warehouse_oidc"
HERE = "/api/v1/session/oidc"
"""Where the cookie of the way is sent to; nothing else sees it."""
TRIES_MAX = 60
"""Steps of the way there and back from one address, within five minutes."""
MANY = ("too_many_tries",)
CODE = Text("code", "What the other service gave the browser.", length_max=4096)
STATE = Text("state", "Which way this is.", length_max=128)
ISSUER = Text("iss", "Who the other service is.", length_max=400)


class Ways(Struct, frozen=True):
    """How one may sign in beside name and password: the name of another service, "" where there is none."""

    oidc: str


class Vouching:
    """The routes of it."""

    def __init__(self, oidc: Oidc | None, sign_in: SignIn, now_ms: Callable[[], int]) -> None:
        self._oidc, self._sign_in, self._now_ms = oidc, sign_in, now_ms
        self._tries = Tries(TRIES_MAX)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/session/ways", self.ways, None, Ways),
            get(f"{HERE}/begin", self.begin, None, None, refusals=MANY, also={302: None}),
            get(f"{HERE}/done", self.done, None, None, CODE, STATE, ISSUER, refusals=MANY, also={302: None}),
        ]

    async def ways(self, _: web.Request) -> object:
        """How one may sign in."""
        return Ways(self._oidc.config.name if self._oidc else "")

    async def begin(self, request: web.Request) -> web.Response:
        """Go to the other service."""
        oidc = self._there(request)
        try:
            address, state = await oidc.begin(self._now_ms())
        except Refused as error:
            return _refused(error)
        response = web.Response(status=302, headers={"Location": address})
        # Lax: the other service sends the browser back, and it has to come with this.
        response.set_cookie(
            COOKIE, state, path=HERE, httponly=True, samesite="Lax", secure=is_secure(request), max_age=600
        )
        return response

    async def done(self, request: web.Request) -> web.Response:
        """Come back from there, and be signed in."""
        oidc, state, now_ms = self._there(request), STATE.of(request), self._now_ms()
        try:
            if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), state.encode()) or not state:
                raise Refused("oidc_late", "another browser began this")
            vouched = await oidc.end(CODE.of(request), state, ISSUER.of(request), now_ms)
            agent = browser(request.headers.get("User-Agent", ""))
            opened = await self._sign_in.vouched(*vouched, request.remote or "", now_ms, agent)
            if opened is None:
                raise Refused("oidc_taken", f"{vouched.name!r} is somebody else here, or disabled")
        except Refused as error:
            request[NOTE] = error.code
            return _refused(error)
        except Unavailable:
            return _refused(Refused("oidc_away", "the ledger is away"))
        token, who = opened
        request[ONESELF] = who.name
        response = web.Response(status=302, headers={"Location": "/"})
        response.del_cookie(COOKIE, path=HERE)
        set_cookie(request, response, token)
        return response

    def _there(self, request: web.Request) -> Oidc:
        if self._oidc is None:
            raise NotFound("no other service signs people in here", "sign in with name and password")
        mine, now_ms = (request.remote or "",), self._now_ms()
        if wait_ms := self._tries.wait_ms(mine, now_ms):
            raise slow(wait_ms)
        self._tries.add(mine, now_ms)
        return self._oidc


def _refused(error: Refused) -> web.Response:
    log.warning("signing in by another service failed: %s", error)
    return web.Response(status=302, headers={"Location": f"/?refused={error.code}"})
