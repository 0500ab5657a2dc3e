"""Signing in and out over HTTP: the session's cookie, and the own password."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from cloud.web import bodies
from cloud.web.access import COOKIE, ONESELF, WHO, is_secure
from cloud.web.browsers import browser
from cloud.web.desk import Refused
from cloud.web.replies import Refusal, reply
from cloud.web.roles import Right, Role, Who
from cloud.web.routing import Given, Route, get, post
from cloud.web.sign_in import SignIn, TooManyTries, WrongPassword


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    """What the sign-in form sends."""

    user: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=1024)]


class Passwords(Struct, frozen=True, forbid_unknown_fields=True):
    """The password that one has, and the one that one wants."""

    old: Annotated[str, Meta(min_length=1, max_length=1024)]
    new: Annotated[str, Meta(min_length=1, max_length=1024)]


class Signed(Struct, frozen=True):
    """Who is signed in, and what they may. `pending`: by a one-time password, which is to be changed first of all."""

    user: str
    role: Role
    rights: list[Right]
    pending: bool


class Session:
    """The routes under /api/v1/session."""

    def __init__(self, sign_in: SignIn, now_ms: Callable[[], int]) -> None:
        self._sign_in = sign_in
        self._now_ms = now_ms

    def routes(self) -> list[Route]:
        """All of them."""
        shown = get("/api/v1/session", self.show, "anyone", Signed)
        return [
            shown,
            shown._replace(
                method="POST", right=None, summary="Sign in; sets the cookie.", read=self.open, body=Credentials,
                refusals=("wrong_password", "too_many_tries"),
            ),
            shown._replace(
                method="DELETE", right=None, answer=None, summary="Sign out, also when nobody was signed in.",
                read=self.close,
            ),
            post(
                "/api/v1/session/password", self.change, "anyone", Passwords, Signed,
                refusals=("weak_password", "same_password", "old_password", "too_many_tries"),
            ),
        ]  # fmt: skip

    async def show(self, request: web.Request) -> object:
        """Who is signed in."""
        return _shown(request[WHO])

    async def open(self, request: web.Request) -> web.Response:
        """Sign in; sets the cookie."""
        hint = 'send {"user": NAME, "password": PASSWORD}'
        given = bodies.read_as(Credentials, await bodies.whole(request), "the sign-in", hint)
        agent = browser(request.headers.get("User-Agent", ""))
        address, now_ms = request.remote or "", self._now_ms()
        try:
            token, who = await self._sign_in.open(given.user, given.password, address, now_ms, agent)
        except (WrongPassword, TooManyTries) as error:
            if await self._sign_in.is_known(given.user):  # else it may be a password, in the wrong field
                request[ONESELF] = given.user
            if isinstance(error, TooManyTries):
                raise slow(error.wait_ms) from None
            raise Refusal(401, "wrong_password", "name and password do not match", "check both and try again") from None
        await self._forget(request)
        request[ONESELF] = who.name
        return signed_in(request, token, who)

    async def close(self, request: web.Request) -> web.Response:
        """Sign out, also when nobody was signed in."""
        await self._forget(request)
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=is_secure(request))
        return response

    async def change(self, request: web.Request, given: Passwords, by: Given) -> object:
        """Change the own password; the other sessions are over."""
        mine = "" if by.who.token else request.cookies.get(COOKIE, "")
        try:
            await self._sign_in.change(by.who, given.old, given.new, request.remote or "", self._now_ms(), mine)
        except WrongPassword:
            raise Refused("old_password", "the old password is another one", "check it and try again") from None
        except TooManyTries as error:
            raise slow(error.wait_ms) from None
        return _shown(msgspec.structs.replace(by.who, pending=False))

    async def _forget(self, request: web.Request) -> None:
        if cookie := request.cookies.get(COOKIE):
            before = await self._sign_in.session(cookie, self._now_ms())
            if before is not None and ONESELF not in request:
                request[ONESELF] = before.name
            await self._sign_in.close(cookie)


def signed_in(request: web.Request, token: str, who: Who) -> web.Response:
    """The answer to who may come in: who they are, and the cookie."""
    response = reply(_shown(who))
    set_cookie(request, response, token)
    return response


def set_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give a browser its session."""
    # No max_age: the service knows when a session ends, and the browser forgets it when it closes.
    response.set_cookie(COOKIE, token, path="/", httponly=True, samesite="Strict", secure=is_secure(request))


def slow(wait_ms: int) -> Refusal:
    """The refusal of who tries too often."""
    wait_s = str(math.ceil(wait_ms / 1000))
    hint = f"wait {wait_s} seconds and try again"
    return Refusal(429, "too_many_tries", "too many sign-ins failed", hint, {"Retry-After": wait_s})


def _shown(who: Who) -> Signed:
    return Signed(who.name, who.role, sorted(who.rights), who.pending)
