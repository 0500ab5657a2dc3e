"""Accounts, sessions, tokens and deeds of the fake service, kept in lists."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cloud.web.deeds import DeedView
from cloud.web.desk import NotFound, Refused
from cloud.web.own import NewToken, SessionView, TokenMade, TokenView
from cloud.web.roles import Who
from cloud.web.users import NewUser, UserChange, UserMade, UserView
from tests.desk import MemoryPeople

MINUTE_MS, DAY_MS = 60_000, 86_400_000
SECRET = "dGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsLCBpdCBpcyBmYWtl"


class FakePeople(MemoryPeople):
    """A desk of people."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__()
        self._now_ms = now_ms
        t = now_ms()
        self._users = {
            name: UserView(name, role, of, False, pending, True, False, seen, opened, 0, t - 9 * DAY_MS, "mara")  # type: ignore[arg-type]
            for name, role, of, pending, seen, opened in (
                ("anna", "buyer", "", False, t - MINUTE_MS, 2),
                ("kim", "operator", "", True, None, 0),
                ("lena", "maintenance", "", False, t - DAY_MS, 0),
                ("mara", "admin", "", False, t - 5 * MINUTE_MS, 1),
                ("otto", "viewer", "", False, None, 0),
                ("vera", "supplier", "acme", False, t - 3 * DAY_MS, 0),
            )
        }
        self._sessions = [
            SessionView(
                f"{n:016}", user, t - n * 50 * MINUTE_MS, t - n * MINUTE_MS, t + DAY_MS, "192.0.2.7", how, n == 1
            )
            for n, (user, how) in enumerate(
                [("mara", "Firefox on Linux"), ("mara", "Safari on iPhone"), ("anna", "Chrome on Windows")], 1
            )
        ]
        self._tokens = [
            TokenView("a" * 16, "mara", "erp", ["buy"], ["buy"], t - DAY_MS, t + 80 * DAY_MS, t - MINUTE_MS),
            TokenView("b" * 16, "mara", "grafana", ["look"], ["look"], t - 200 * DAY_MS, None, None),
        ]  # fmt: skip
        past = (
            ("anna", "post_session", "/api/v1/session", "", 200, ""),
            ("", "post_session", "/api/v1/session", "", 401, "wrong_password"),
            ("mara", "post_users", "/api/v1/users", "kim: operator", 200, ""),
            ("otto", "post_book", "/api/v1/book", "", 403, "forbidden"),
            ("anna", "post_orders_id_action", "/api/v1/orders/12/approve", "", 200, ""),
        )
        self.told = [
            DeedView(n, t - (9 - n) * MINUTE_MS, who, "", what, on, note, "192.0.2.7", status, code)
            for n, (who, what, on, note, status, code) in enumerate(past, 1)
        ]

    async def sessions(self, name: str, current: str) -> list[SessionView]:
        return [one for one in self._sessions if name in ("", one.user)]

    async def tokens(self, owner: str) -> list[TokenView]:
        return [one for one in self._tokens if owner in ("", one.owner)]

    async def make_token(self, owner: Who, wanted: NewToken) -> TokenMade:
        until_ms = self._now_ms() + wanted.days * DAY_MS
        scopes = [*wanted.scopes]
        made = TokenView("c" * 16, owner.name, wanted.name, scopes, scopes, self._now_ms(), until_ms, None)
        self._tokens.append(made)
        return TokenMade(made, SECRET)

    async def drop_token(self, token: str, owner: str) -> str:
        self._tokens = [one for one in self._tokens if one.id != token]
        return owner or "mara"

    async def users(self) -> list[UserView]:
        return [*self._users.values()]

    async def user(self, name: str) -> UserView:
        if name not in self._users:
            raise NotFound(f"there is no user {name!r}")
        return self._users[name]

    async def add_user(self, wanted: NewUser, by: str) -> UserMade:
        if wanted.name in self._users:
            raise Refused("name_taken", f"there is a {wanted.name!r} already", "take another name")
        made = UserView(
            wanted.name, wanted.role, wanted.supplier, False, True, True, False, None, 0, 0, self._now_ms(), by
        )
        self._users[made.name] = made
        return UserMade(made, "3xQ0u1ZkR9mB2wYp")

    async def change_user(self, name: str, change: UserChange, by: str) -> UserView:
        one = self._users[name]
        disabled = one.disabled if change.disabled is None else change.disabled
        self._users[name] = replace(one, role=change.role or one.role, disabled=disabled)
        return self._users[name]

    async def new_password(self, name: str, by: str) -> UserMade:
        self._users[name] = replace(self._users[name], pending=True)
        return UserMade(self._users[name], "3xQ0u1ZkR9mB2wYp")

    async def remove_user(self, name: str) -> None:
        del self._users[name]

    async def deeds(
        self, before: int, limit: int, who: str, what: str, from_ms: int, to_ms: int
    ) -> tuple[list[DeedView], int]:
        found = [one for one in reversed(self.told) if who in ("", one.who)]
        return found[:limit], 500_000
