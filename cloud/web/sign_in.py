"""Who is asking: accounts, passwords, sessions and the limits on trying. Time comes in as an argument; no aiohttp.

Passwords are kept as scrypt hashes (RFC 7914; N = 2^14, r = 8, p = 5: 16 MB and about 0.2 s, as OWASP's cheat sheet
on password storage has it), session and machine tokens only as SHA-256 of 256 random bits. Nothing here logs.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import typing
from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from cloud.web.desk import Unavailable

Role = Literal["viewer", "crew", "manager", "supplier"]
Right = Literal["look", "respond", "handle", "maintain", "buy", "govern", "portal", "anyone"]
"""What a route asks for."""
ROLES: tuple[Role, ...] = ("viewer", "crew", "manager")
"""Ours, from least to most. A supplier is none of them: it sees its portal, and nothing else."""
RIGHTS: Mapping[Role, frozenset[Right]] = {
    "viewer": frozenset(("look", "anyone")),
    "crew": frozenset(("look", "respond", "handle", "maintain", "buy", "anyone")),
    "manager": frozenset(("look", "respond", "handle", "maintain", "buy", "govern", "anyone")),
    "supplier": frozenset(("portal", "anyone")),
}
"""What each role may; `anyone` is whoever is signed in."""

LOG2_N, R, P = 14, 8, 5
SESSION_MS = 12 * 3600 * 1000
SESSIONS_MAX = 1000
RENEW_MS = 60_000
WINDOW_MS = 5 * 60_000
TRIES_MAX = 5
"""Wrong passwords for one name from one address within `WINDOW_MS`."""
ADDRESS_TRIES_MAX = 50
"""Wrong passwords from one address, whatever the names."""
CHECKS_MAX = 8
"""Passwords being checked at once; each costs 16 MB."""
QUEUE_MAX = 8
"""Sign-ins of one name from one address that may be under way at once; they are checked one after the other."""


class Account(Struct, frozen=True):
    """A person, or a machine with a token. `password_hash` is "" for one that has no password."""

    name: str
    role: Role
    password_hash: str
    supplier: str = ""
    """The supplier of the site file that it acts for, of a supplier's account."""


class Kept(Struct, frozen=True):
    """A session as it is kept: whose it is, by the account as it is now, and until when."""

    account: Account
    expires_ms: int


class Accounts(typing.Protocol):
    """The port to where accounts and their sessions are kept. Raises `desk.Unavailable` when it can not answer."""

    async def find(self, name: str) -> Account | None:
        """The account of that name."""

    async def find_token(self, token_hash: str) -> Account | None:
        """The machine's account whose token has this hash (see `hash_token`)."""

    async def find_session(self, token_hash: str) -> Kept | None:
        """The session; None when it is unknown, or its account is gone or has another password since."""

    async def keep_session(self, token_hash: str, session: Kept, sessions_max: int) -> None:
        """Keep a new session, of at most `sessions_max`: those that would expire first leave."""

    async def renew_session(self, token_hash: str, expires_ms: int) -> None:
        """Let a session expire later; one that is gone stays gone."""

    async def forget_session(self, token_hash: str) -> None:
        """Forget the session, if there is one."""


class Who(Struct, frozen=True):
    """Who is asking; `supplier`: for whom, in the portal."""

    name: str
    role: Role
    supplier: str = ""

    def may(self, right: Right) -> bool:
        """Whether this role has that right."""
        return right in RIGHTS[self.role]


class WrongPassword(Exception):
    """The name and the password do not belong together."""


class TooManyTries(Exception):
    """Too many wrong passwords, or too many people at the door at once."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"try again in {wait_ms} ms")
        self.wait_ms = wait_ms


def hash_password(password: str, log2_n: int = LOG2_N) -> str:
    """A new salted scrypt hash: `scrypt$log2_n$r$p$salt$hash`, the last two in base64."""
    salt = secrets.token_bytes(16)
    return _spell(log2_n, salt, _scrypt(password, salt, log2_n, R, P))


def verify_password(password: str, password_hash: str) -> bool:
    """Whether the hash was made of that password, compared in constant time. Raises `ValueError` on a broken hash."""
    scheme, log2_n, r, p, salt, key = password_hash.split("$")
    if scheme != "scrypt":
        raise ValueError(f"password hash of unknown scheme {scheme!r}; set the password again")
    made = _scrypt(password, base64.b64decode(salt), int(log2_n), int(r), int(p))
    return hmac.compare_digest(made, base64.b64decode(key))


def hash_token(token: str) -> str:
    """What is kept of a token. One round will do: it is 256 random bits, not a word someone thought of."""
    return hashlib.sha256(token.encode()).hexdigest()


def _spell(log2_n: int, salt: bytes, key: bytes) -> str:
    return f"scrypt${log2_n}${R}${P}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def _scrypt(password: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    if not (1 <= log2_n <= 17 and 1 <= r <= 16 and 1 <= p <= 16):
        raise ValueError(f"password hash of unheard-of cost 2^{log2_n}, {r}, {p}; set the password again")
    memory = 128 * r * (2**log2_n + p + 2)
    return hashlib.scrypt(password.encode(), salt=salt, n=2**log2_n, r=r, p=p, maxmem=memory, dklen=32)


class Tries:
    """How often each key was tried in the current window. Holds `keys_max` keys; the longest untouched leaves first."""

    def __init__(self, limit: int, window_ms: int = WINDOW_MS, keys_max: int = 4096) -> None:
        self._limit = limit
        self._window_ms = window_ms
        self._keys_max = keys_max
        self._tried: OrderedDict[tuple[str, ...], tuple[int, int]] = OrderedDict()

    def wait_ms(self, key: tuple[str, ...], now_ms: int) -> int:
        """How long this key has to wait; 0 when it may try."""
        count, since_ms = self._tried.get(key, (0, now_ms))
        left_ms = since_ms + self._window_ms - now_ms
        return left_ms if count >= self._limit and 0 < left_ms <= self._window_ms else 0

    def add(self, key: tuple[str, ...], now_ms: int) -> None:
        """One more try."""
        count, since_ms = self._tried.pop(key, (0, now_ms))
        current = 0 <= now_ms - since_ms < self._window_ms
        self._tried[key] = (count + 1, since_ms) if current else (1, now_ms)
        while len(self._tried) > self._keys_max:
            self._tried.popitem(last=False)

    def forget(self, key: tuple[str, ...]) -> None:
        """Start afresh with this key."""
        self._tried.pop(key, None)

    def __len__(self) -> int:
        return len(self._tried)


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
        self._closed = 0
        self._tries = Tries(TRIES_MAX)
        self._address_tries = Tries(ADDRESS_TRIES_MAX)
        self._queues: dict[tuple[str, str], _Queue] = {}  # one check each: at most `CHECKS_MAX`
        self._nobody = _spell(LOG2_N, secrets.token_bytes(16), secrets.token_bytes(32))  # no password makes this one

    async def open(self, name: str, password: str, address: str, now_ms: int) -> tuple[str, Who]:
        """A new session's token, and who it is. Raises `WrongPassword` or `TooManyTries`."""
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
        who, expires_ms = _who(account), now_ms + self.session_ms
        token = secrets.token_urlsafe(32)
        await self._accounts.keep_session(hash_token(token), Kept(account, expires_ms), self._sessions_max)
        self._know(hash_token(token), _Known(who, expires_ms, now_ms))
        return token, who

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
        if account is None or not kept or not right:
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

    async def machine(self, token: str) -> Who | None:
        """Whose machine token this is. Our machines only look, whatever their account says; a supplier's acts."""
        account = await self._accounts.find_token(hash_token(token))
        if account is None:
            return None
        return _who(account) if account.role == "supplier" else Who(account.name, "viewer")

    async def close(self, token: str) -> None:
        """Forget the session, if there is one."""
        key = hash_token(token)
        await self._accounts.forget_session(key)
        self._known.pop(key, None)
        self._closed += 1

    async def _look_up(self, key: str, now_ms: int) -> _Known | None:
        closed = self._closed
        kept = await self._accounts.find_session(key)
        if kept is None or now_ms >= kept.expires_ms:
            self._known.pop(key, None)
            if kept is not None:
                with contextlib.suppress(Unavailable):  # it has expired, whether it can be deleted or not
                    await self._accounts.forget_session(key)
            return None
        who = _who(kept.account)
        known = _Known(who, kept.expires_ms, now_ms)
        if closed != self._closed:  # perhaps this very one was closed meanwhile: better asked again than known for long
            return known
        others = self._known.get(key)
        self._know(key, known)
        expires_ms = now_ms + self.session_ms
        if (others is not None and _is_fresh(others, now_ms)) or 0 <= expires_ms - kept.expires_ms < RENEW_MS:
            return known  # renewed within the last minute
        with contextlib.suppress(Unavailable):  # a full disk must not lock out who is in: it is tried again in a minute
            await self._accounts.renew_session(key, expires_ms)
        return known

    def _know(self, key: str, known: _Known) -> None:
        self._known.pop(key, None)
        if len(self._known) >= self._sessions_max:
            del self._known[next(iter(self._known))]
        self._known[key] = known


def _who(account: Account) -> Who:
    return Who(account.name, account.role, account.supplier)


def _is_fresh(known: _Known, now_ms: int) -> bool:
    return now_ms < known.expires_ms and 0 <= now_ms - known.checked_ms < RENEW_MS
