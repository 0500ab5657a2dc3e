"""What is somebody's own over HTTP: the sessions they have open, and their API tokens. An admin sees everybody's."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.access import COOKIE, NOTE, WHO
from cloud.web.desk import NotFound
from cloud.web.queries import Text
from cloud.web.replies import Refusal
from cloud.web.roles import Scope, Who
from cloud.web.routing import Given, Route, delete, get, post
from cloud.web.sign_in import SignIn, id_of

DAYS_MAX = 365
TOKENS_MAX = 20
"""Of one account."""
ALL = Text("all", "`yes`: everybody's, for admins.", "", ("yes", "no"))


class SessionView(Struct, frozen=True):
    """A session that is open: since when, when it was last used (to the minute), until when where it is not used any
    more, and from which address and browser it was opened. `current`: it is the one that asks."""

    id: str
    user: str
    since_ms: int
    used_ms: int
    expires_ms: int
    address: str
    browser: str
    current: bool


class TokenView(Struct, frozen=True):
    """An API token: what it was made for, and what it may now, as its owner may no more. `expires_ms`: null for one of
    before tokens had an end; `used_ms`: to the minute, null where it never was."""

    id: str
    owner: str
    name: str
    scopes: list[Scope]
    rights: list[Scope]
    made_ms: int
    expires_ms: int | None
    used_ms: int | None


class NewToken(Struct, frozen=True, forbid_unknown_fields=True):
    """What a token is to be called, what it may do, and for how many days."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=7)]
    days: Annotated[int, Meta(ge=1, le=DAYS_MAX)] = 90


class TokenMade(Struct, frozen=True):
    """A new token, and its secret, which is told this once."""

    token: TokenView
    secret: str


class Desk(typing.Protocol):
    """Who knows sessions and tokens. Raises `DeskError`s."""

    async def sessions(self, name: str, current: str) -> list[SessionView]:
        """The open sessions of somebody, of all for ""; `current` is the id of the one that asks."""

    async def tokens(self, owner: str) -> list[TokenView]:
        """The tokens of somebody, of all for ""."""

    async def make_token(self, owner: Who, wanted: NewToken) -> TokenMade:
        """A token for somebody, in the place of the one of that name. Raises `Refused` for what they may not."""

    async def drop_token(self, token: str, owner: str) -> str:
        """Take back the token of this id, if it is somebody's ("" for anybody's); whose it was, "" for none."""


class Own:
    """The routes of sessions and tokens."""

    def __init__(self, desk: Desk, sign_in: SignIn, now_ms: Callable[[], int]) -> None:
        self._desk, self._sign_in, self._now_ms = desk, sign_in, now_ms

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/sessions", self.sessions, "self", list[SessionView], ALL),
            delete("/api/v1/sessions/{id}", self.end, "self"),
            get("/api/v1/tokens", self.tokens, "self", list[TokenView], ALL),
            post(
                "/api/v1/tokens",
                self.make,
                "self",
                NewToken,
                TokenMade,
                refusals=("bad_name", "scopes", "too_many_tokens"),
            ),
            delete("/api/v1/tokens/{id}", self.drop, "self"),
        ]

    async def sessions(self, request: web.Request) -> object:
        """The sessions that one has open, the newest first."""
        return await self._desk.sessions(_whose(request), id_of(request.cookies.get(COOKIE, "")))

    async def end(self, request: web.Request, _: None, by: Given) -> object:
        """End a session: who has it is signed out at once."""
        whose = await self._sign_in.end(request.match_info["id"], "" if by.who.may("govern") else by.who.name)
        if not whose:
            raise NotFound("there is no such session of yours", "look at /api/v1/sessions")
        request[NOTE] = whose
        return None

    async def tokens(self, request: web.Request) -> object:
        """The tokens that one has; no secrets."""
        return await self._desk.tokens(_whose(request))

    async def make(self, request: web.Request, wanted: NewToken, by: Given) -> object:
        """Make a token. It may what its owner may, as far as its scopes go, until its last day."""
        request[NOTE] = f"{wanted.name.strip()}: {' '.join(wanted.scopes)}"
        return await self._desk.make_token(by.who, wanted)

    async def drop(self, request: web.Request, _: None, by: Given) -> object:
        """Take a token back: it opens nothing any more."""
        whose = await self._desk.drop_token(request.match_info["id"], "" if by.who.may("govern") else by.who.name)
        if not whose:
            raise NotFound("there is no such token of yours", "look at /api/v1/tokens")
        request[NOTE] = whose
        self._sign_in.forget(whose)
        return None


def _whose(request: web.Request) -> str:
    """Of whom is asked: "" for everybody. Raises `Refusal`."""
    who = request[WHO]
    if ALL.of(request) != "yes":
        return who.name
    if not who.may("govern"):
        raise Refusal(403, "forbidden", "only an admin sees those of others", "leave `all` out")
    return ""
