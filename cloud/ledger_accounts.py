"""The ledger's accounts and sessions, as signing in wants them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import msgspec

from cloud.stores.ledger import Ledger, LedgerUnavailable
from cloud.web.desk import Unavailable
from cloud.web.sign_in import Account, Kept, Role


class LedgerAccounts:
    """`Accounts` over a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._people = ledger.people

    async def find(self, name: str) -> Account | None:
        """The account of that name."""
        with _unavailable():
            return await asyncio.to_thread(self._find, name) if name and "\0" not in name else None

    async def find_token(self, token_hash: str) -> Account | None:
        """The machine's account whose token has this hash."""
        with _unavailable():
            return await asyncio.to_thread(self._find, "", token_hash) if token_hash else None

    async def find_session(self, token_hash: str) -> Kept | None:
        """The session, if its account still has the password it was opened with."""

        def look() -> Kept | None:
            row = self._people.session(token_hash)
            account = self._account(row and row[:3])
            return Kept(account, row[3]) if row and account else None

        with _unavailable():
            return await asyncio.to_thread(look)

    async def keep_session(self, token_hash: str, session: Kept, sessions_max: int) -> None:
        """Keep a new session; beyond the limit those that would expire first leave."""
        name, password_hash = session.account.name, session.account.password_hash
        keep = self._people.keep_session
        with _unavailable():
            await asyncio.to_thread(keep, token_hash, name, password_hash, session.expires_ms, sessions_max)

    async def renew_session(self, token_hash: str, expires_ms: int) -> None:
        """Let a session expire at another time; one that is gone stays gone."""
        with _unavailable():
            await asyncio.to_thread(self._people.renew_session, token_hash, expires_ms)

    async def forget_session(self, token_hash: str) -> None:
        """Forget the session, if there is one."""
        with _unavailable():
            await asyncio.to_thread(self._people.forget_session, token_hash)

    def _find(self, name: str, token_hash: str = "") -> Account | None:
        return self._account(self._people.account(name, token_hash))

    def _account(self, row: tuple[str, str, str] | None) -> Account | None:
        if row is None:
            return None
        supplier = self._people.supplier(row[0]) if row[1] == "supplier" else ""
        return Account(row[0], msgspec.convert(row[1], Role), row[2], supplier)


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except LedgerUnavailable as error:
        raise Unavailable("accounts and sessions can not be reached now", "try again in a moment") from error
