"""The ledger's people: accounts, sessions and API tokens. Only hashes of passwords and tokens get here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, true, update

from cloud.stores import tables
from cloud.stores.tables_people import account, session, token

Reading = Callable[[], AbstractContextManager[Connection]]


class LastAdmin(ValueError):
    """Nobody would be left who may let others in."""


class Person(NamedTuple):
    """An account as it is kept."""

    name: str
    role: str
    password_hash: str
    supplier: str = ""
    once: bool = False
    disabled: bool = False
    subject: str = ""
    changed_ms: int = 0
    changed_by: str = ""
    signed_in_ms: int = 0


class Session(NamedTuple):
    """A session as it is kept."""

    token_hash: str
    name: str
    password_hash: str
    expires_ms: int
    since_ms: int = 0
    used_ms: int = 0
    address: str = ""
    browser: str = ""


class Token(NamedTuple):
    """An API token as it is kept."""

    token_hash: str
    owner: str
    name: str
    scopes: str
    made_ms: int = 0
    expires_ms: int = 0
    used_ms: int = 0


class People:
    """Accounts, sessions and tokens. Each call is a transaction of its own and may come from any thread; what goes
    wrong raises `LedgerUnavailable`."""

    def __init__(self, reading: Reading, writing: Reading) -> None:
        self._reading = reading
        self._writing = writing

    def account(self, name: str) -> Person | None:
        """The account of a name."""
        return self._person(account.c.name == name)

    def account_of(self, subject: str) -> Person | None:
        """The account of whom another service vouches for."""
        return self._person(account.c.subject == subject) if subject else None

    def accounts(self) -> list[Person]:
        """All accounts, by name."""
        with self._reading() as connection:
            return [Person(*row) for row in connection.execute(select(account).order_by(account.c.name))]

    def any(self) -> bool:
        """Whether there is an account."""
        with self._reading() as connection:
            return connection.scalar(select(account.c.name).limit(1)) is not None

    def keep_account(
        self,
        name: str,
        role: str,
        password_hash: str,
        supplier: str = "",
        *,
        once: bool = False,
        subject: str = "",
        changed_ms: int = 0,
        changed_by: str = "",
    ) -> None:
        """Store an account, whole. Sessions opened with another password are over."""
        one = Person(name, role, password_hash, supplier, once, False, subject, changed_ms, changed_by)
        with self._writing() as connection:
            connection.execute(tables.upsert(connection.dialect.name, account, ["name"], None), [one._asdict()])
            _end(connection, name, session.c.password_hash != password_hash)

    def add_account(self, one: Person) -> bool:
        """Store an account of a name that nobody has; whether that was so."""
        with self._writing() as connection:
            if connection.scalar(select(account.c.name).where(account.c.name == one.name)) is not None:
                return False
            connection.execute(insert(account).values(one._asdict()))
        return True

    def change_account(self, name: str, **values: Any) -> Person | None:
        """Change some of an account; as it is then, None where there is none. Sessions opened with another password are
        over, of who is disabled all. Raises `LastAdmin`."""
        with self._writing() as connection:
            mine = account.c.name == name
            was = connection.scalar(select(account.c.role).where(mine))
            connection.execute(update(account).where(mine).values(values))
            row = connection.execute(select(account).where(mine)).first()
            if row is None:
                return None
            after = Person(*row)
            _end(connection, name, true() if after.disabled else session.c.password_hash != after.password_hash)
            if was == "admin" and (after.role != "admin" or after.disabled):
                _another_admin(connection, name)
        return after

    def change_password(self, name: str, before: str, after: str, now_ms: int, staying: str | None) -> bool:
        """Another hash in the place of `before`, if that is still the account's; whether it was. `staying`: a new
        password, after which the session of that hash goes on alone; None: the same password, and all go on."""
        values: dict[str, Any] = {"password_hash": after}
        if staying is not None:
            values |= {"once": False, "changed_ms": now_ms, "changed_by": name}
        mine = (account.c.name == name) & (account.c.password_hash == before)
        with self._writing() as connection:
            if not connection.execute(update(account).where(mine).values(values)).rowcount:
                return False
            theirs = (session.c.name == name) & (session.c.password_hash == before)
            if staying is not None:
                theirs &= session.c.token_hash == staying
            connection.execute(update(session).where(theirs).values(password_hash=after))
            _end(connection, name, session.c.password_hash != after)
        return True

    def remove_account(self, name: str) -> str:
        """Delete an account, whose sessions and tokens are over; its role, "" where there is none. Raises
        `LastAdmin`."""
        with self._writing() as connection:
            role = connection.scalar(select(account.c.role).where(account.c.name == name)) or ""
            connection.execute(delete(account).where(account.c.name == name))
            if role == "admin":
                _another_admin(connection, name)
            connection.execute(delete(session).where(session.c.name == name))
            connection.execute(delete(token).where(token.c.owner == name))
        return role

    def session(self, token_hash: str) -> tuple[Person, Session] | None:
        """A session and whose it is; None where it is none, or its account is disabled or has another password."""
        # The password is compared too: a sign-in under way while it changed may be stored after the change.
        same = (account.c.name == session.c.name) & (account.c.password_hash == session.c.password_hash)
        wanted = select(account, session).join_from(session, account, same)
        with self._reading() as connection:
            row = connection.execute(
                wanted.where(session.c.token_hash == token_hash, account.c.disabled.is_(False))
            ).first()
        return None if row is None else (Person(*row[: len(Person._fields)]), Session(*row[len(Person._fields) :]))

    def sessions(self, name: str, now_ms: int) -> list[Session]:
        """The open sessions of somebody, of all for "", the last opened first."""
        same = (account.c.name == session.c.name) & (account.c.password_hash == session.c.password_hash)
        wanted = select(session).join_from(session, account, same).where(session.c.expires_ms > now_ms)
        wanted = wanted.where(account.c.disabled.is_(False))
        wanted = wanted.where(session.c.name == name) if name else wanted
        with self._reading() as connection:
            found = connection.execute(wanted.order_by(session.c.since_ms.desc(), session.c.token_hash))
            return [Session(*row) for row in found]

    def keep_session(self, one: Session, sessions_max: int) -> bool:
        """Store a new session; beyond `sessions_max` of its account those that would expire first leave. Whether one
        left. What others have open is never touched: else whoever signs in often enough would sign everybody out."""
        columns, theirs = session.c, session.c.name == one.name
        staying = select(columns.token_hash).where(theirs).order_by(columns.expires_ms.desc()).limit(sessions_max - 1)
        with self._writing() as connection:
            left = connection.execute(delete(session).where(theirs, columns.token_hash.not_in(staying))).rowcount > 0
            connection.execute(insert(session).values(one._asdict()))
            connection.execute(update(account).where(account.c.name == one.name).values(signed_in_ms=one.since_ms))
        return left

    def renew_session(self, token_hash: str, expires_ms: int, now_ms: int) -> None:
        """Let a session that is used expire at another time; one that is gone stays gone."""
        with self._writing() as connection:
            mine = session.c.token_hash == token_hash
            connection.execute(update(session).where(mine).values(expires_ms=expires_ms, used_ms=now_ms))

    def forget_session(self, token_hash: str) -> None:
        """Delete a session, if it is there."""
        with self._writing() as connection:
            connection.execute(delete(session).where(session.c.token_hash == token_hash))

    def forget_session_of(self, begins: str, name: str) -> str:
        """Delete the session whose hash begins so, if it is `name`'s ("" for anybody's); whose it was, else ""."""
        mine = _begins(session.c.token_hash, begins)
        mine = mine & (session.c.name == name) if name else mine
        with self._writing() as connection:
            whose = connection.scalar(select(session.c.name).where(mine)) or ""
            connection.execute(delete(session).where(mine))
        return whose

    def forget_expired(self, now_ms: int) -> None:
        """Delete the sessions that have expired."""
        with self._writing() as connection:
            connection.execute(delete(session).where(session.c.expires_ms <= now_ms))

    def token(self, token_hash: str) -> tuple[Person, Token] | None:
        """A token and whose it is; None where it is none, or its owner is disabled."""
        wanted = select(account, token).join_from(token, account, account.c.name == token.c.owner)
        with self._reading() as connection:
            row = connection.execute(
                wanted.where(token.c.token_hash == token_hash, account.c.disabled.is_(False))
            ).first()
        return None if row is None else (Person(*row[: len(Person._fields)]), Token(*row[len(Person._fields) :]))

    def tokens(self, owner: str) -> list[Token]:
        """The tokens of somebody, of all for "", by owner and name."""
        wanted = select(token).order_by(token.c.owner, token.c.name)
        with self._reading() as connection:
            return [
                Token(*row) for row in connection.execute(wanted.where(token.c.owner == owner) if owner else wanted)
            ]

    def keep_token(self, one: Token) -> None:
        """Store a token, in the place of the one of that owner and name."""
        with self._writing() as connection:
            connection.execute(delete(token).where(token.c.owner == one.owner, token.c.name == one.name))
            connection.execute(insert(token).values(one._asdict()))

    def use_token(self, token_hash: str, now_ms: int) -> None:
        """Note that a token was used."""
        with self._writing() as connection:
            connection.execute(update(token).where(token.c.token_hash == token_hash).values(used_ms=now_ms))

    def forget_token(self, begins: str, owner: str) -> str:
        """Delete the token whose hash begins so, if it is `owner`'s ("" for anybody's); whose it was, else ""."""
        mine = _begins(token.c.token_hash, begins)
        mine = mine & (token.c.owner == owner) if owner else mine
        with self._writing() as connection:
            whose = connection.scalar(select(token.c.owner).where(mine)) or ""
            connection.execute(delete(token).where(mine))
        return whose

    def _person(self, where: ColumnElement[bool]) -> Person | None:
        with self._reading() as connection:
            row = connection.execute(select(account).where(where)).first()
        return None if row is None else Person(*row)


def _begins(column: Any, begins: str) -> Any:
    return func.substr(column, 1, len(begins)) == begins


def _end(connection: Connection, name: str, which: ColumnElement[bool]) -> None:
    connection.execute(delete(session).where(session.c.name == name, which))


def _another_admin(connection: Connection, name: str) -> None:
    """Nothing; raises `LastAdmin`, which undoes the transaction, where this was the last who may let others in."""
    others = (account.c.role == "admin") & account.c.disabled.is_(False) & (account.c.name != name)
    if not connection.scalar(select(account.c.name).where(others).limit(1)):
        raise LastAdmin(f"{name!r} is the only admin: make another one first")
