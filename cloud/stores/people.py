"""The ledger's people: accounts, and the sessions they have open. Only hashes of passwords and tokens get here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, delete, func, insert, select, update

from cloud.stores import tables


class People:
    """Accounts and sessions. Each call is a transaction of its own and may come from any thread; what goes wrong
    raises `LedgerUnavailable`."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def account(self, name: str = "", token_hash: str = "") -> tuple[str, str, str] | None:
        """Name, role and password hash of the account of a name, or of a token's hash."""
        columns = tables.account.c
        where = columns.name == name if name else columns.token_hash == token_hash
        with self._reading() as connection:
            row = connection.execute(select(columns.name, columns.role, columns.password_hash).where(where)).first()
        return None if row is None else (row.name, row.role, row.password_hash)

    def accounts(self) -> int:
        """How many accounts there are."""
        with self._reading() as connection:
            return connection.scalar(select(func.count()).select_from(tables.account)) or 0

    def supplier(self, name: str) -> str:
        """Of which supplier's people the account of that name is one; "" of our own, and where there is none."""
        columns = tables.account.c
        with self._reading() as connection:
            return connection.scalar(select(columns.supplier).where(columns.name == name)) or ""

    def keep_account(self, name: str, role: str, password_hash: str, token_hash: str = "", supplier: str = "") -> None:
        """Store an account, whole. Sessions opened with another password are over."""
        row = {"name": name, "role": role, "password_hash": password_hash, "token_hash": token_hash}
        row["supplier"] = supplier
        columns = tables.session.c
        with self._writing() as connection:
            connection.execute(tables.upsert(connection.dialect.name, tables.account, ["name"], None), [row])
            other = (columns.name == name) & (columns.password_hash != password_hash)
            connection.execute(delete(tables.session).where(other))

    def remove_account(self, name: str) -> str:
        """Delete an account, whose sessions are over; its role, "" where there is none. Raises `ValueError` for the
        only manager."""
        account, session = tables.account.c, tables.session.c
        with self._writing() as connection:
            role = connection.scalar(select(account.role).where(account.name == name)) or ""
            others = (account.role == "manager") & (account.name != name)
            if role == "manager" and not connection.scalar(select(account.name).where(others).limit(1)):
                raise ValueError(f"{name!r} is the only manager: make another one first")
            connection.execute(delete(tables.account).where(account.name == name))
            connection.execute(delete(tables.session).where(session.name == name))
        return role

    def session(self, token_hash: str) -> tuple[str, str, str, int] | None:
        """Name, role and password hash of the account whose session this is, and when the session expires."""
        account, session = tables.account.c, tables.session.c
        # The password is compared too: a sign-in under way while it changed may be stored after the change.
        same = (account.name == session.name) & (account.password_hash == session.password_hash)
        wanted = select(account.name, account.role, account.password_hash, session.expires_ms)
        with self._reading() as connection:
            row = connection.execute(
                wanted.join_from(tables.session, tables.account, same).where(session.token_hash == token_hash)
            ).first()
        return None if row is None else (row.name, row.role, row.password_hash, row.expires_ms)

    def keep_session(self, token_hash: str, name: str, password_hash: str, expires_ms: int, sessions_max: int) -> None:
        """Store a new session; beyond `sessions_max` those that would expire first leave."""
        row = {"token_hash": token_hash, "name": name, "password_hash": password_hash, "expires_ms": expires_ms}
        columns = tables.session.c
        staying = select(columns.token_hash).order_by(columns.expires_ms.desc()).limit(sessions_max - 1)
        with self._writing() as connection:
            connection.execute(delete(tables.session).where(columns.token_hash.not_in(staying)))
            connection.execute(insert(tables.session).values(row))

    def renew_session(self, token_hash: str, expires_ms: int) -> None:
        """Let a session expire at another time; one that is gone stays gone."""
        with self._writing() as connection:
            connection.execute(
                update(tables.session).where(tables.session.c.token_hash == token_hash).values(expires_ms=expires_ms)
            )

    def forget_session(self, token_hash: str) -> None:
        """Delete a session, if it is there."""
        with self._writing() as connection:
            connection.execute(delete(tables.session).where(tables.session.c.token_hash == token_hash))

    def forget_expired(self, now_ms: int) -> None:
        """Delete the sessions that have expired."""
        with self._writing() as connection:
            connection.execute(delete(tables.session).where(tables.session.c.expires_ms <= now_ms))
