"""Accounts, sessions, tokens, and who did what: the ledger's people, as the web asks for them."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec

from cloud.ledger_accounts import unavailable
from cloud.stores.audit import Audit, Deed
from cloud.stores.people import LastAdmin, People, Person, Token
from cloud.web import names
from cloud.web.deeds import DeedView
from cloud.web.desk import NotFound, Refused
from cloud.web.own import TOKENS_MAX, NewToken, SessionView, TokenMade, TokenView
from cloud.web.passwords import hash_password, one_time
from cloud.web.roles import RIGHTS, SCOPES, Role, Scope, Who
from cloud.web.sign_in import ID_LENGTH, hash_token
from cloud.web.users import NewUser, UserChange, UserMade, UserView

DAY_MS = 86_400_000
_AGAIN = "look at /api/v1/users"


class PeopleDesk:
    """The desk of people. `suppliers`: those of the site file."""

    def __init__(self, people: People, audit: Audit, suppliers: Collection[str], now_ms: Callable[[], int]) -> None:
        self._people, self._audit, self._suppliers, self._now_ms = people, audit, suppliers, now_ms

    async def sessions(self, name: str, current: str) -> list[SessionView]:
        """The open sessions of somebody, of all for ""."""
        with unavailable():
            found = await asyncio.to_thread(self._people.sessions, name, self._now_ms())
        return [
            SessionView(
                one.token_hash[:ID_LENGTH], one.name, one.since_ms, one.used_ms, one.expires_ms, one.address,
                one.browser, one.token_hash[:ID_LENGTH] == current,
            )
            for one in found
        ]  # fmt: skip

    async def tokens(self, owner: str) -> list[TokenView]:
        """The tokens of somebody, of all for ""."""

        def look() -> list[TokenView]:
            roles = {one.name: _role(one) for one in self._people.accounts()}
            return [_token(one, roles[one.owner]) for one in self._people.tokens(owner) if one.owner in roles]

        with unavailable():
            return await asyncio.to_thread(look)

    async def make_token(self, owner: Who, wanted: NewToken) -> TokenMade:
        """A token for somebody, in the place of the one of that name."""
        name, scopes = wanted.name.strip(), [one for one in SCOPES if one in wanted.scopes]
        _readable(names.flaw(name))
        if beyond := [one for one in scopes if not owner.may(one)]:
            raise Refused("scopes", f"you may not `{beyond[0]}` yourself", "take it out, or ask an admin")
        secret, now_ms = secrets.token_urlsafe(32), self._now_ms()
        until_ms = now_ms + wanted.days * DAY_MS
        made = Token(hash_token(secret), owner.name, name, " ".join(scopes), now_ms, until_ms)

        def keep() -> None:
            if len([one for one in self._people.tokens(owner.name) if one.name != made.name]) >= TOKENS_MAX:
                raise Refused("too_many_tokens", f"you have {TOKENS_MAX} tokens", "take one back first")
            self._people.keep_token(made)

        with unavailable():
            await asyncio.to_thread(keep)
        return TokenMade(_token(made, owner.role), secret)

    async def drop_token(self, token: str, owner: str) -> str:
        """Take back the token of this id, if it is somebody's ("" for anybody's); whose it was."""
        if len(token) != ID_LENGTH:
            return ""
        with unavailable():
            return await asyncio.to_thread(self._people.forget_token, token, owner)

    async def users(self) -> list[UserView]:
        """All, by name."""

        def look() -> list[UserView]:
            sessions = Counter(one.name for one in self._people.sessions("", self._now_ms()))
            tokens = Counter(one.owner for one in self._people.tokens(""))
            return [_user(one, sessions[one.name], tokens[one.name]) for one in self._people.accounts()]

        with unavailable():
            return await asyncio.to_thread(look)

    async def user(self, name: str) -> UserView:
        """One."""
        with unavailable():
            return await asyncio.to_thread(self._look, name)

    async def add_user(self, wanted: NewUser, by: str) -> UserMade:
        """Somebody new, with a one-time password."""
        name = wanted.name
        _readable(names.account_flaw(name))
        self._check(wanted.role, wanted.supplier)
        with unavailable():
            known = [one.name for one in await asyncio.to_thread(self._people.accounts)]
        if like := names.another(name, known):
            raise Refused("name_taken", names.taken(name, like), "take another name", {"told": {"like": like}})
        password = one_time()
        hashed = await asyncio.to_thread(hash_password, password)
        one = Person(name, wanted.role, hashed, wanted.supplier, True, changed_ms=self._now_ms(), changed_by=by)
        with unavailable():
            if not await asyncio.to_thread(self._people.add_account, one):
                raise Refused("name_taken", names.taken(name, name), "take another name", {"told": {"like": name}})
        return UserMade(_user(one, 0, 0), password)

    async def change_user(self, name: str, change: UserChange, by: str) -> UserView:
        """Another role, say."""
        before = await self.user(name)
        role = change.role or before.role
        supplier = before.supplier if change.supplier is None else change.supplier
        supplier = supplier if role == "supplier" else change.supplier or ""
        if (role, supplier) != (before.role, before.supplier):  # else one whose supplier is gone could not be disabled
            self._check(role, supplier)
        values: dict[str, object] = {"role": role, "supplier": supplier}
        if change.disabled is not None:
            values["disabled"] = change.disabled
        return await self._changed(name, by, values)

    async def new_password(self, name: str, by: str) -> UserMade:
        """A one-time password for somebody, whose sessions are over."""
        before = await self.user(name)
        if before.vouched:
            raise Refused("no_password", f"`{name}` signs in by another service", "change the password there")
        password = one_time()
        hashed = await asyncio.to_thread(hash_password, password)
        return UserMade(await self._changed(name, by, {"password_hash": hashed, "once": True}), password)

    async def remove_user(self, name: str) -> None:
        """Somebody goes, with their sessions and tokens."""
        try:
            with unavailable():
                role = await asyncio.to_thread(self._people.remove_account, name)
        except LastAdmin as error:
            raise _last(error) from None
        if not role:
            raise NotFound(f"there is no user `{name}`", _AGAIN)

    async def keep_deeds(self, deeds: Sequence[DeedView]) -> None:
        """Write down what was done."""
        with unavailable():
            await asyncio.to_thread(self._audit.keep, [Deed(**msgspec.structs.asdict(one)) for one in deeds])

    async def deeds(
        self, before: int, limit: int, who: str, what: str, from_ms: int, to_ms: int
    ) -> tuple[list[DeedView], int]:
        """What was done, the newest first, and how many entries are kept at most."""

        def look() -> list[Deed]:
            return self._audit.deeds(before=before, limit=limit, who=who, what=what, from_ms=from_ms, to_ms=to_ms)

        with unavailable():
            found = await asyncio.to_thread(look)
        return [DeedView(**one._asdict()) for one in found], self._audit.kept

    def _check(self, role: Role, supplier: str) -> None:
        if supplier and role != "supplier":
            raise Refused("only_suppliers", "only the role supplier acts for a supplier", "take it, or leave that out")
        if role == "supplier" and supplier not in self._suppliers:
            known = ", ".join(self._suppliers)
            hint, told = f"name one of the site file: {known or 'there is none yet'}", {"suppliers": known or "–"}
            if not supplier:
                said = "the role supplier needs the supplier it acts for"
                raise Refused("needs_supplier", said, hint, {"told": told})
            said = f"`{supplier}` is no supplier of this site"
            raise Refused("unknown_supplier", said, hint, {"told": told | {"supplier": supplier}})

    async def _changed(self, name: str, by: str, values: dict[str, object]) -> UserView:
        def change() -> UserView:
            after = self._people.change_account(name, **values, changed_ms=self._now_ms(), changed_by=by)
            if after is None:
                raise NotFound(f"there is no user `{name}`", _AGAIN)
            return self._look(name)

        try:
            with unavailable():
                return await asyncio.to_thread(change)
        except LastAdmin as error:
            raise _last(error) from None

    def _look(self, name: str) -> UserView:
        found = None if "\0" in name else self._people.account(name)
        if found is None:
            raise NotFound(f"there is no user `{name[:100]}`", _AGAIN)
        return _user(found, len(self._people.sessions(name, self._now_ms())), len(self._people.tokens(name)))


def _readable(why: str) -> None:
    if why:
        raise Refused("bad_name", why, "take another name", {"told": {"most": names.LENGTH_MAX}})


def _role(one: Person) -> Role:
    role: Role = msgspec.convert(one.role, Role)
    return role


def _user(one: Person, sessions: int, tokens: int) -> UserView:
    return UserView(
        one.name, _role(one), one.supplier, one.disabled, one.once, bool(one.password_hash), bool(one.subject),
        one.signed_in_ms or None, sessions, tokens, one.changed_ms, one.changed_by,
    )  # fmt: skip


def _token(one: Token, role: Role) -> TokenView:
    scopes = msgspec.convert(one.scopes.split(), list[Scope])
    rights = [scope for scope in scopes if scope in RIGHTS[role]]
    ends, used = one.expires_ms or None, one.used_ms or None
    return TokenView(one.token_hash[:ID_LENGTH], one.owner, one.name, scopes, rights, one.made_ms, ends, used)


def _last(error: LastAdmin) -> Refused:
    return Refused("last_admin", str(error), "give somebody else the role admin first")
