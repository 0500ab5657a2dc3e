"""Who is asking: accounts, sessions, tokens and the limits on trying. Time comes in as an argument; no aiohttp.

Session and API tokens are kept only as SHA-256 of 256 random bits, passwords as passwords.py has it. What names a
session or a token to people is the beginning of that hash. Nothing here logs.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import typing

from msgspec import Struct
from msgspec.structs import replace

from cloud.web.desk import Refused, Unavailable
from cloud.web.passwords import flaw, hash_password, is_worn, nobodys, verify_password
from cloud.web.roles import Role, Scope, Who
from cloud.web.tries import Tries

SESSION_MS = 12 * 3600 * 1000
SESSIONS_MAX = 100
"""Of one account: a wall of screens may share one."""
KNOWN_MAX = 1000
"""Sessions that are known without looking them up."""
RENEW_MS = 60_000
TRIES_MAX = 5
"""Wrong passwords for one name from one address within five minutes."""
ADDRESS_TRIES_MAX = 50
"""Wrong passwords from one address, whatever the names."""
CHECKS_MAX = 8
"""Passwords being checked at once; each costs 19 MB."""
QUEUE_MAX = 8
"""Sign-ins of one name from one address that may be under way at once; they are checked one after the other."""
ID_LENGTH = 16
"""Characters of a token's hash that name it: 64 bits, of which nothing can be made."""


class Account(Struct, frozen=True):
    """A person, or a machine with a token. `password_hash` is "" for one that has no password."""

    name: str
    role: Role
    password_hash: str
    supplier: str = ""
    """The supplier of the site file that it acts for, of a supplier's account."""
    once: bool = False
    """The password is a one-time one, which is to be changed first of all."""
    disabled: bool = False


class Kept(Struct, frozen=True):
    """A session as it is kept: whose it is, by the account as it is now, until when; since when, from which address,
    and by which browser."""

    account: Account
    expires_ms: int
    since_ms: int = 0
    address: str = ""
    browser: str = ""


class KeptToken(Struct, frozen=True):
    """An API token as it is kept; `expires_ms`: 0 where it has no end, `used_ms`: 0 where it never was."""

    account: Account
    name: str
    scopes: frozenset[Scope]
    expires_ms: int = 0
    used_ms: int = 0


class Accounts(typing.Protocol):
    """The port to where accounts, their sessions and their tokens are kept. Raises `desk.Unavailable` when it can not
    answer."""

    async def find(self, name: str) -> Account | None:
        """The account of that name."""

    async def find_token(self, token_hash: str) -> KeptToken | None:
        """The API token that has this hash (see `hash_token`)."""

    async def use_token(self, token_hash: str, now_ms: int) -> None:
        """Note that a token was used."""

    async def find_session(self, token_hash: str) -> Kept | None:
        """The session; None when it is unknown, or its account is gone, disabled, or has another password since."""

    async def keep_session(self, token_hash: str, session: Kept, sessions_max: int) -> bool:
        """Keep a new session, of at most `sessions_max` of its account: those that would expire first leave. Whether
        one left."""

    async def renew_session(self, token_hash: str, expires_ms: int, now_ms: int) -> None:
        """Let a session expire later, as it is used now; one that is gone stays gone."""

    async def forget_session(self, token_hash: str) -> None:
        """Forget the session, if there is one."""

    async def forget_session_of(self, session: str, name: str) -> str:
        """Forget the session of this id, if it is `name`'s ("" for anybody's); whose it was, "" where there is none."""

    async def replace_hash(self, account: Account, password_hash: str) -> bool:
        """Keep another hash of the same password, unless the account has another password by now; whether it was done.
        Its sessions stay."""

    async def change_password(self, account: Account, password_hash: str, staying: str, now_ms: int) -> bool:
        """Keep a new password, which is no one-time one, unless the account has another one by now; whether it was
        done. All its sessions but the one with the hash `staying` are over."""

    async def vouch(self, subject: str, name: str, role: Role, now_ms: int) -> Account | None:
        """The account of whom another service vouches for, with that role from now on; made where there is none. None
        where the name is somebody else's, or nobody would be left who is an admin."""


class WrongPassword(Exception):
    """The name and the password do not belong together."""


class TooManyTries(Exception):
    """Too many wrong passwords, or too many people at the door at once."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"try again in {wait_ms} ms")
        self.wait_ms = wait_ms


def hash_token(token: str) -> str:
    """What is kept of a token. One round will do: it is 256 random bits, not a word someone thought of."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def id_of(token: str) -> str:
    """What names a session or a token to people."""
    return hash_token(token)[:ID_LENGTH]


class _Queue:
    """Who waits to have a password checked for one name from one address."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.length = 0


class _Known(Struct, frozen=True):
    who: Who
    expires_ms: int
    checked_ms: int


class SignIn:
    """The door: opens sessions against passwords, knows them again, and closes them.

    Sessions are kept with the accounts and so outlive the service. Here they are known for a minute at a time, which
    spares a look-up for each request.
    """

    def __init__(self, accounts: Accounts, *, session_ms: int = SESSION_MS, sessions_max: int = SESSIONS_MAX) -> None:
        self.refused = 0
        self.session_ms = session_ms
        self._accounts = accounts
        self._sessions_max = sessions_max
        self._known: dict[str, _Known] = {}  # the longest unchecked first
        self.changes = 0
        """How often sessions were ended or accounts changed here: who serves a stream asks anew when this moved."""
        self._tries = Tries(TRIES_MAX)
        self._address_tries = Tries(ADDRESS_TRIES_MAX)
        self._queues: dict[tuple[str, str], _Queue] = {}  # one check each: at most `CHECKS_MAX`
        self._nobody = nobodys()

    async def open(self, name: str, password: str, address: str, now_ms: int, browser: str = "") -> tuple[str, Who]:
        """A new session's token, and who it is. Raises `WrongPassword` or `TooManyTries`."""
        account = await self._known_by(name, password, address, now_ms)
        if is_worn(account.password_hash):
            account = await self._renewed(account, password)
        return await self.enter(account, address, now_ms, browser)

    async def enter(self, account: Account, address: str, now_ms: int, browser: str = "") -> tuple[str, Who]:
        """The same for somebody whom others vouch for."""
        who, expires_ms = _who(account), now_ms + self.session_ms
        token = secrets.token_urlsafe(32)
        kept = Kept(account, expires_ms, now_ms, address, browser)
        if await self._accounts.keep_session(hash_token(token), kept, self._sessions_max):
            self.forget(account.name)
        self._know(hash_token(token), _Known(who, expires_ms, now_ms))
        return token, who

    async def vouched(
        self, subject: str, name: str, role: Role, address: str, now_ms: int, browser: str = ""
    ) -> tuple[str, Who] | None:
        """A new session for whom another service vouches; None where they may not come in."""
        account = await self._accounts.vouch(subject, name, role, now_ms)
        if account is None or account.disabled:
            return None
        self.forget(account.name)  # the role may be another by now
        return await self.enter(account, address, now_ms, browser)

    async def change(self, who: Who, old: str, new: str, address: str, now_ms: int, token: str = "") -> None:
        """Another password for who knows the old one; the session of `token` goes on, the others are over. Raises
        `WrongPassword`, `TooManyTries`, or `Refused` for one that can not be a password."""
        if why := flaw(who.name, new):
            raise Refused("weak_password", why, "take a few words that only you would put together")
        account = await self._known_by(who.name, old, address, now_ms)
        if old == new:
            raise Refused("same_password", "this is the password that you have", "take another one")
        made = await asyncio.to_thread(hash_password, new)
        if not await self._accounts.change_password(account, made, hash_token(token) if token else "", now_ms):
            raise WrongPassword
        self.forget(who.name)

    async def is_known(self, name: str) -> bool:
        """Whether somebody has that name."""
        return await self._accounts.find(name) is not None

    def forget(self, name: str) -> None:
        """Ask again, for each session of somebody, what it may: their account was changed."""
        self._known = {key: known for key, known in self._known.items() if known.who.name != name}
        self.changes += 1

    async def _known_by(self, name: str, password: str, address: str, now_ms: int) -> Account:
        """The account; each who waits to be checked in their turn."""
        mine = (address, name)
        self._admit(mine, now_ms)
        queue = self._queues.setdefault(mine, _Queue())
        if queue.length >= QUEUE_MAX:
            self._turn_away(1000)
        queue.length += 1
        try:
            async with queue.turn:  # so that neither a burst of guesses slips by the limit, nor the right one counts
                self._admit(mine, now_ms)
                account = await self._check(mine, password, now_ms)
        finally:
            queue.length -= 1
            if not queue.length:
                del self._queues[mine]
        return account

    async def _renewed(self, account: Account, password: str) -> Account:
        """With a hash as they are made now. Whether it can be kept or not, the password was right."""
        made = await asyncio.to_thread(hash_password, password)
        with contextlib.suppress(Unavailable):
            if await self._accounts.replace_hash(account, made):
                return replace(account, password_hash=made)
        return account

    def _admit(self, mine: tuple[str, str], now_ms: int) -> None:
        """Nothing; raises `TooManyTries` where this name or address has to wait, or there are too many at the door."""
        wait_ms = max(self._tries.wait_ms(mine, now_ms), self._address_tries.wait_ms(mine[:1], now_ms))
        if wait_ms or (mine not in self._queues and len(self._queues) >= CHECKS_MAX):
            self._turn_away(wait_ms or 1000)

    def _turn_away(self, wait_ms: int) -> typing.NoReturn:
        self.refused += 1
        raise TooManyTries(wait_ms)

    async def _check(self, mine: tuple[str, str], password: str, now_ms: int) -> Account:
        """The account; a wrong password counts, the right one lets those before it be forgotten."""
        account = await self._accounts.find(mine[1])
        kept = account.password_hash if account else ""
        # An unknown name costs the same time as a wrong password, so that names can not be guessed by the clock.
        right = await asyncio.to_thread(verify_password, password, kept or self._nobody)
        if account is None or account.disabled or not kept or not right:
            self.refused += 1
            self._tries.add(mine, now_ms)
            self._address_tries.add(mine[:1], now_ms)
            raise WrongPassword
        self._tries.forget(mine)
        return account

    def grant(self, who: Who, now_ms: int) -> str:
        """A token without a password, for the service's own use: it is kept nowhere and ends within a minute."""
        token = secrets.token_urlsafe(32)
        self._know(hash_token(token), _Known(who, now_ms + RENEW_MS, now_ms))
        return token

    async def session(self, token: str, now_ms: int) -> Who | None:
        """Whose session this is; None when it is unknown, has expired, or the account is gone or has another password.

        Use renews a session; once a minute it is looked up again, so that a change of role or password takes effect.
        """
        key = hash_token(token)
        known = self._known.get(key)
        if known is None or not _is_fresh(known, now_ms):
            known = await self._look_up(key, now_ms)
        return known.who if known else None

    async def machine(self, token: str, now_ms: int) -> Who | None:
        """Who comes with this API token: its owner, as far as its scopes go. Its use is noted once a minute."""
        key = hash_token(token)
        kept = await self._accounts.find_token(key)
        if kept is None or kept.account.disabled or 0 < kept.expires_ms <= now_ms:
            return None
        if not 0 <= now_ms - kept.used_ms < RENEW_MS:
            with contextlib.suppress(Unavailable):  # a full disk must not lock machines out
                await self._accounts.use_token(key, now_ms)
        return replace(_who(kept.account), pending=False, token=kept.name, scopes=kept.scopes)

    async def close(self, token: str) -> None:
        """Forget the session, if there is one."""
        key = hash_token(token)
        await self._accounts.forget_session(key)
        self._known.pop(key, None)
        self.changes += 1

    async def end(self, session: str, name: str = "") -> str:
        """End the session of this id, if it is `name`'s ("" for anybody's); whose it was, "" where there is none."""
        whose = await self._accounts.forget_session_of(session, name) if len(session) == ID_LENGTH else ""
        if whose:
            self.forget(whose)
        return whose

    async def _look_up(self, key: str, now_ms: int) -> _Known | None:
        changes = self.changes
        kept = await self._accounts.find_session(key)
        if kept is None or now_ms >= kept.expires_ms:
            self._known.pop(key, None)
            if kept is not None:
                with contextlib.suppress(Unavailable):  # it has expired, whether it can be deleted or not
                    await self._accounts.forget_session(key)
            return None
        who = _who(kept.account)
        known = _Known(who, kept.expires_ms, now_ms)
        if changes != self.changes:  # perhaps this very one was closed: better asked again than known for long
            return known
        others = self._known.get(key)
        self._know(key, known)
        expires_ms = now_ms + self.session_ms
        if (others is not None and _is_fresh(others, now_ms)) or 0 <= expires_ms - kept.expires_ms < RENEW_MS:
            return known  # renewed within the last minute
        with contextlib.suppress(Unavailable):  # a full disk must not lock out who is in: it is tried again in a minute
            await self._accounts.renew_session(key, expires_ms, now_ms)
        return known

    def _know(self, key: str, known: _Known) -> None:
        self._known.pop(key, None)
        if len(self._known) >= KNOWN_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = known


def _who(account: Account) -> Who:
    return Who(account.name, account.role, account.supplier, account.once)


def _is_fresh(known: _Known, now_ms: int) -> bool:
    return now_ms < known.expires_ms and 0 <= now_ms - known.checked_ms < RENEW_MS
