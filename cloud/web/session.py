"""Signing in and out over HTTP: the session's cookie."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.access import COOKIE, WHO, is_secure
from cloud.web.replies import Refusal, reply
from cloud.web.sign_in import SignIn, TooManyTries, Who, WrongPassword


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    """What the sign-in form sends."""

    user: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class Session:
    """The routes under /api/v1/session."""

    def __init__(self, sign_in: SignIn, now_ms: Callable[[], int]) -> None:
        self._sign_in = sign_in
        self._now_ms = now_ms

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/api/v1/session", self.show),
            web.post("/api/v1/session", self.open),
            web.delete("/api/v1/session", self.close),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """Who is signed in."""
        return _shown(request[WHO])

    async def open(self, request: web.Request) -> web.Response:
        """Sign in; sets the cookie."""
        try:
            given = msgspec.json.decode(await request.read(), type=Credentials)
        except ValueError as error:  # msgspec's: names the field, never its value
            hint = 'send {"user": NAME, "password": PASSWORD}'
            raise Refusal(400, "bad_request", f"the sign-in can not be read: {error}", hint) from None
        try:
            token, who = await self._sign_in.open(given.user, given.password, request.remote or "", self._now_ms())
        except WrongPassword:
            raise Refusal(401, "wrong_password", "name and password do not match", "check both and try again") from None
        except TooManyTries as error:
            wait_s = str(math.ceil(error.wait_ms / 1000))
            hint = f"wait {wait_s} seconds and try again"
            raise Refusal(429, "too_many_tries", "too many sign-ins failed", hint, {"Retry-After": wait_s}) from None
        await self._forget(request)
        response = _shown(who)
        # No max_age: the service knows when a session ends, and the browser forgets it when it closes.
        response.set_cookie(COOKIE, token, path="/", httponly=True, samesite="Strict", secure=is_secure(request))
        return response

    async def close(self, request: web.Request) -> web.Response:
        """Sign out, also when nobody was signed in."""
        await self._forget(request)
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=is_secure(request))
        return response

    async def _forget(self, request: web.Request) -> None:
        if cookie := request.cookies.get(COOKIE):
            await self._sign_in.close(cookie)


def _shown(who: Who) -> web.Response:
    return reply({"user": who.name, "role": who.role})
