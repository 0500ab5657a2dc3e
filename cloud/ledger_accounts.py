"""The ledger's accounts, sessions and tokens, as signing in wants them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import msgspec

from cloud.stores.ledger import Ledger, LedgerUnavailable
from cloud.stores.people import LastAdmin, Person, Session
from cloud.web import names
from cloud.web.desk import Unavailable
from cloud.web.roles import Role, Scope
from cloud.web.sign_in import Account, Kept, KeptToken


class LedgerAccounts:
    """`Accounts` over a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._people = ledger.people

    async def find(self, name: str) -> Account | None:
        """The account of that name."""
        with unavailable():
            found = await asyncio.to_thread(self._people.account, name) if name and "\0" not in name else None
        return found and account_of(found)

    async def find_token(self, token_hash: str) -> KeptToken | None:
        """The API token that has this hash."""
        with unavailable():
            found = await asyncio.to_thread(self._people.token, token_hash)
        if found is None:
            return None
        person, kept = found
        scopes = msgspec.convert(kept.scopes.split(), frozenset[Scope])
        return KeptToken(account_of(person), kept.name, scopes, kept.expires_ms, kept.used_ms)

    async def use_token(self, token_hash: str, now_ms: int) -> None:
        """Note that a token was used."""
        with unavailable():
            await asyncio.to_thread(self._people.use_token, token_hash, now_ms)

    async def find_session(self, token_hash: str) -> Kept | None:
        """The session, if its account still has the password it was opened with, and is not disabled."""
        with unavailable():
            found = await asyncio.to_thread(self._people.session, token_hash)
        if found is None:
            return None
        person, kept = found
        return Kept(account_of(person), kept.expires_ms, kept.since_ms, kept.address, kept.browser)

    async def keep_session(self, token_hash: str, session: Kept, sessions_max: int) -> bool:
        """Keep a new session; beyond the limit those of the same account that would expire first leave."""
        mine, since_ms = session.account, session.since_ms
        row = Session(
            token_hash, mine.name, mine.password_hash, session.expires_ms, since_ms, since_ms, session.address,
            session.browser,
        )  # fmt: skip
        with unavailable():
            return await asyncio.to_thread(self._people.keep_session, row, sessions_max)

    async def renew_session(self, token_hash: str, expires_ms: int, now_ms: int) -> None:
        """Let a session expire at another time; one that is gone stays gone."""
        with unavailable():
            await asyncio.to_thread(self._people.renew_session, token_hash, expires_ms, now_ms)

    async def forget_session(self, token_hash: str) -> None:
        """Forget the session, if there is one."""
        with unavailable():
            await asyncio.to_thread(self._people.forget_session, token_hash)

    async def forget_session_of(self, session: str, name: str) -> str:
        """Forget the session of this id, if it is `name`'s; whose it was."""
        with unavailable():
            return await asyncio.to_thread(self._people.forget_session_of, session, name)

    async def replace_hash(self, account: Account, password_hash: str) -> bool:
        """Keep another hash of the same password."""
        with unavailable():
            change = self._people.change_password
            return await asyncio.to_thread(change, account.name, account.password_hash, password_hash, 0, None)

    async def change_password(self, account: Account, password_hash: str, staying: str, now_ms: int) -> bool:
        """Keep a new password; the other sessions are over."""
        with unavailable():
            change = self._people.change_password
            return await asyncio.to_thread(change, account.name, account.password_hash, password_hash, now_ms, staying)

    async def vouch(self, subject: str, name: str, role: Role, now_ms: int) -> Account | None:
        """The account of whom another service vouches for."""

        def found() -> Person | None:
            people, before = self._people, self._people.account_of(subject)
            if before is not None:
                same = before.role == role or before.disabled
                return before if same else people.change_account(before.name, role=role, changed_ms=now_ms)
            made = Person(name, role, "", subject=subject, changed_ms=now_ms)
            if names.another(name, [one.name for one in people.accounts()]):
                return None
            return made if people.add_account(made) else None

        try:
            with unavailable():
                person = await asyncio.to_thread(found)
        except LastAdmin:
            return None
        return person and account_of(person)


def account_of(person: Person) -> Account:
    """An account as it is kept, for signing in."""
    role = msgspec.convert(person.role, Role)
    return Account(person.name, role, person.password_hash, person.supplier, person.once, person.disabled)


@contextlib.contextmanager
def unavailable() -> Iterator[None]:
    """Turns the ledger being away into the web's answer to that."""
    try:
        yield
    except LedgerUnavailable as error:
        raise Unavailable("accounts and sessions can not be reached now", "try again in a moment") from error
