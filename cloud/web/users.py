"""Users over HTTP: who there is, with which role; for admins."""

from __future__ import annotations

import typing
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.access import NOTE
from cloud.web.desk import Refused
from cloud.web.roles import Role
from cloud.web.routing import Given, Route, delete, get, post
from cloud.web.sign_in import SignIn

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class UserView(Struct, frozen=True):
    """An account. `supplier`: for whom it acts, of a supplier's. `pending`: its password is a one-time one. `own`: it
    has a password here; `vouched`: another service signs it in. `sessions` and `tokens`: how many it has.
    `signed_in_ms`: null where nobody ever was."""

    name: str
    role: Role
    supplier: str
    disabled: bool
    pending: bool
    own: bool
    vouched: bool
    signed_in_ms: int | None
    sessions: int
    tokens: int
    changed_ms: int
    changed_by: str


class NewUser(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to be let in, as what; `supplier` for whom, with the role of the same name."""

    name: Name
    role: Role
    supplier: Annotated[str, Meta(max_length=64)] = ""


class UserChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be another with an account; what is left out stays."""

    role: Role | None = None
    supplier: Annotated[str, Meta(max_length=64)] | None = None
    disabled: bool | None = None


class NoFields(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing."""


class UserMade(Struct, frozen=True):
    """An account with a new one-time password, which is told this once."""

    user: UserView
    password: str


class Desk(typing.Protocol):
    """Who knows the accounts. Raises `NotFound`, `Refused`, `Unavailable`."""

    async def users(self) -> list[UserView]:
        """All, by name."""

    async def user(self, name: str) -> UserView:
        """One."""

    async def add_user(self, wanted: NewUser, by: str) -> UserMade:
        """Somebody new."""

    async def change_user(self, name: str, change: UserChange, by: str) -> UserView:
        """Another role, say."""

    async def new_password(self, name: str, by: str) -> UserMade:
        """A one-time password for somebody, whose sessions are over."""

    async def remove_user(self, name: str) -> None:
        """Somebody goes, with their sessions and tokens."""


class Users:
    """The routes under /api/v1/users."""

    def __init__(self, desk: Desk, sign_in: SignIn) -> None:
        self._desk, self._sign_in = desk, sign_in

    def routes(self) -> list[Route]:
        """All of them."""
        user, supplier = "/api/v1/users/{name}", ("unknown_supplier", "needs_supplier", "only_suppliers")
        return [
            get("/api/v1/users", self.users, "govern", list[UserView]),
            post(
                "/api/v1/users", self.add, "admit", NewUser, UserMade, refusals=("name_taken", "bad_name", *supplier)
            ),
            get(user, self.user, "govern", UserView),
            post(
                user, self.change, "admit", UserChange, UserView, refusals=("last_admin", *supplier),
                thing=self._thing,
            ),
            delete(user, self.remove, "admit", refusals=("last_admin",), thing=self._thing),
            post(
                f"{user}/password", self.password, "admit", NoFields, UserMade, refusals=("no_password",),
                thing=self._thing,
            ),
        ]  # fmt: skip

    async def users(self, _: web.Request) -> object:
        """Who may sign in."""
        return await self._desk.users()

    async def user(self, request: web.Request) -> object:
        """One account."""
        return await self._desk.user(request.match_info["name"])

    async def _thing(self, request: web.Request) -> object:
        """The same."""
        return await self.user(request)

    async def add(self, request: web.Request, wanted: NewUser, by: Given) -> object:
        """Let somebody in: the one-time password that is told is changed at the first sign-in."""
        request[NOTE] = f"{wanted.name}: {wanted.role}"
        return await self._desk.add_user(wanted, by.who.name)

    async def change(self, request: web.Request, change: UserChange, by: Given) -> object:
        """Change an account: its role, or disable it, which ends its sessions and stops its tokens."""
        name = request.match_info["name"]
        disabled = None if change.disabled is None else "yes" if change.disabled else "no"
        told = {"role": change.role, "supplier": change.supplier, "disabled": disabled}
        request[NOTE] = ", ".join(f"{key}: {value}" for key, value in told.items() if value is not None)
        made = await self._desk.change_user(name, change, by.who.name)
        self._sign_in.forget(name)
        return made

    async def password(self, request: web.Request, _: NoFields, by: Given) -> object:
        """A new one-time password for somebody, whose sessions are over."""
        name = request.match_info["name"]
        if name == by.who.name:
            raise Refused("no_password", "this is your own", "change it with POST /api/v1/session/password")
        made = await self._desk.new_password(name, by.who.name)
        self._sign_in.forget(name)
        return made

    async def remove(self, request: web.Request, _: None, by: Given) -> object:
        """Remove an account, with its sessions and tokens. What it did stays."""
        name = request.match_info["name"]
        await self._desk.remove_user(name)
        self._sign_in.forget(name)
        return None
