"""Sessions outlive the service that opened them: the same promises of the ledger and of the accounts in memory.

A restart is a new `SignIn` over the same accounts. Where `WAREHOUSE_TEST_POSTGRES` names an empty database, the ledger
is tried there too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.ledger_accounts import LedgerAccounts
from cloud.stores import tables_people
from cloud.stores.ledger import Ledger
from cloud.stores.people import Session
from cloud.web.desk import Unavailable
from cloud.web.passwords import hash_password
from cloud.web.roles import Who
from cloud.web.sign_in import RENEW_MS, SESSION_MS, Account, Accounts, Kept, SignIn, hash_token
from tests.contract.ledgers import DATABASES, POSTGRES, Place
from tests.desk import HASHED, NOON_MS, PASSWORD, MemoryAccounts

HERE = "127.0.0.1"
HOUR_MS = 3_600_000
CHEAP = HASHED
BO = Account("bo", "buyer", CHEAP)


@pytest.fixture(params=["memory", *DATABASES])
def accounts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Accounts]:
    """Bo is of the crew."""
    if request.param == "memory":
        made = MemoryAccounts()
        made.people["bo"] = BO
        yield made
        return
    place = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    place.wipe()
    yield LedgerAccounts(with_bo(place))
    place.wipe()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.wipe()


def with_bo(place: Place) -> Ledger:
    ledger = place.ledger()
    ledger.people.keep_account(BO.name, BO.role, BO.password_hash)
    return ledger


@pytest.mark.parametrize("name", ["", "\0", "bo\0", "\N{BEER MUG}" * 1000])
async def test_a_name_that_nobody_can_have_is_nobodys(accounts: Accounts, name: str) -> None:
    assert await accounts.find(name) is None


async def test_a_session_outlives_the_service(accounts: Accounts) -> None:
    token, who = await SignIn(accounts).open("bo", PASSWORD, HERE, NOON_MS)

    again = SignIn(accounts)

    assert await again.session(token, NOON_MS + 1) == who == Who("bo", "buyer")
    assert await again.session("guess", NOON_MS + 1) is None


async def test_use_renews_a_session_beyond_a_restart(accounts: Accounts) -> None:
    door = SignIn(accounts)
    token, who = await door.open("bo", PASSWORD, HERE, NOON_MS)
    assert await door.session(token, NOON_MS + HOUR_MS) == who

    assert await SignIn(accounts).session(token, NOON_MS + SESSION_MS + HOUR_MS - 1) == who
    assert await SignIn(accounts).session(token, NOON_MS + 2 * SESSION_MS + HOUR_MS - 2) == who


async def test_a_session_that_was_not_used_is_over_and_gone_when_found(accounts: Accounts) -> None:
    token, _ = await SignIn(accounts).open("bo", PASSWORD, HERE, NOON_MS)

    assert await SignIn(accounts).session(token, NOON_MS + SESSION_MS) is None
    assert await accounts.find_session(hash_token(token)) is None


async def test_signing_out_is_for_good(accounts: Accounts) -> None:
    door = SignIn(accounts)
    token, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)
    other, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)

    await door.close(token)

    assert await door.session(token, NOON_MS) is None
    assert await SignIn(accounts).session(token, NOON_MS) is None
    assert await SignIn(accounts).session(other, NOON_MS) is not None


async def test_one_that_is_gone_is_not_brought_back_by_renewing(accounts: Accounts) -> None:
    await accounts.renew_session("gone", NOON_MS + SESSION_MS, NOON_MS)

    assert await accounts.find_session("gone") is None


async def test_who_signs_in_again_and_again_throws_nobody_else_out(file: Place) -> None:
    people = with_bo(file).people
    people.keep_account("mo", "admin", HASHED)
    door = SignIn(LedgerAccounts(file.ledger()), sessions_max=3)
    others, _ = await door.open("mo", PASSWORD, HERE, NOON_MS)

    tokens = [(await door.open("bo", PASSWORD, HERE, NOON_MS + number))[0] for number in range(5)]

    assert await door.session(others, NOON_MS + 5) is not None
    assert await SignIn(LedgerAccounts(file.ledger())).session(others, NOON_MS + 5) is not None
    assert [await door.session(token, NOON_MS + 5) is not None for token in tokens] == [False, False, True, True, True]


async def test_beyond_the_limit_the_oldest_leave_and_the_newest_stays(accounts: Accounts) -> None:
    door = SignIn(accounts, sessions_max=3)
    expiring = [(await door.open("bo", PASSWORD, HERE, NOON_MS + ms))[0] for ms in (5, 1, 4, 2, 0)]

    again = SignIn(accounts, sessions_max=3)

    assert [await again.session(token, NOON_MS + 5) is not None for token in expiring] == [
        True,
        False,
        True,
        False,
        True,
    ]


async def test_a_session_kept_with_an_older_password_is_over(accounts: Accounts) -> None:
    """As when the password changes while a sign-in is under way."""
    older = Account("bo", "buyer", hash_password("before"))
    await accounts.keep_session("late", Kept(older, NOON_MS + SESSION_MS), 10)
    await accounts.keep_session("nobody's", Kept(Account("zoe", "buyer", CHEAP), NOON_MS + SESSION_MS), 10)

    assert await accounts.find_session("late") is None
    assert await accounts.find_session("nobody's") is None


async def test_another_password_ends_the_sessions_and_another_role_does_not(file: Place) -> None:
    people = with_bo(file).people
    people.keep_account("ada", "viewer", CHEAP)
    door = SignIn(LedgerAccounts(file.ledger()))
    bo, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)
    ada, _ = await door.open("ada", PASSWORD, HERE, NOON_MS)

    people.keep_account("bo", "buyer", hash_password("new"))
    people.keep_account("ada", "admin", CHEAP)

    for one, now_ms in ((door, NOON_MS + RENEW_MS), (SignIn(LedgerAccounts(file.ledger())), NOON_MS)):
        assert await one.session(bo, now_ms) is None
        assert await one.session(ada, now_ms) == Who("ada", "admin")
    assert [row["name"] for row in file.rows(tables_people.session)] == ["ada"]


async def test_tokens_are_stored_as_hashes_only(file: Place) -> None:
    door = SignIn(LedgerAccounts(with_bo(file)))

    token, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)
    await door.session(token, NOON_MS + RENEW_MS)

    written = b"".join(path.read_bytes() for path in file.path.parent.glob("ledger-*"))
    assert token.encode() not in written
    assert [row["token_hash"] for row in file.rows(tables_people.session)] == [hash_token(token)]


async def test_a_ledger_from_before_sessions_were_kept_gets_their_table(file: Place) -> None:
    with with_bo(file)._engine.begin() as connection:
        tables_people.session.drop(connection)

    door = SignIn(LedgerAccounts(file.ledger()))
    token, who = await door.open("bo", PASSWORD, HERE, NOON_MS)

    assert await SignIn(LedgerAccounts(file.ledger())).session(token, NOON_MS) == who


async def test_only_the_expired_are_cleared_away(file: Place) -> None:
    people = with_bo(file).people
    for name, expires_ms in (("old", NOON_MS), ("young", NOON_MS + 1)):
        people.keep_session(Session(name, "bo", CHEAP, expires_ms), 10)

    people.forget_expired(NOON_MS)

    assert [row["token_hash"] for row in file.rows(tables_people.session)] == ["young"]


class Strained(MemoryAccounts):
    """Counts what is asked of it, takes its time over looking up, and renews nothing while `full`."""

    def __init__(self) -> None:
        super().__init__()
        self.found, self.renewed, self.full = 0, 0, False
        self.looking, self.look_on = asyncio.Event(), asyncio.Event()
        self.look_on.set()

    async def find_session(self, token_hash: str) -> Kept | None:
        self.found += 1
        kept = await super().find_session(token_hash)
        self.looking.set()
        await self.look_on.wait()
        return kept

    async def renew_session(self, token_hash: str, expires_ms: int, now_ms: int) -> None:
        self.renewed += 1
        if self.full:
            raise Unavailable("the ledger can not be written: database or disk is full")
        await super().renew_session(token_hash, expires_ms, now_ms)


async def test_a_session_is_looked_up_and_renewed_once_a_minute_however_much_it_is_used() -> None:
    accounts = Strained()
    door = SignIn(accounts)
    token, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)

    for now_ms in range(NOON_MS, NOON_MS + 3 * RENEW_MS, 1000):
        assert await door.session(token, now_ms) is not None

    assert (accounts.found, accounts.renewed) == (2, 2)


async def test_many_at_once_after_a_restart_renew_once() -> None:
    accounts = Strained()
    token, who = await SignIn(accounts).open("bo", PASSWORD, HERE, NOON_MS)
    again = SignIn(accounts)
    accounts.look_on.clear()

    asking = [asyncio.create_task(again.session(token, NOON_MS + HOUR_MS)) for _ in range(10)]
    await accounts.looking.wait()
    accounts.look_on.set()

    assert await asyncio.gather(*asking) == [who] * 10
    assert accounts.renewed == 1


async def test_a_restart_within_the_minute_writes_nothing() -> None:
    accounts = Strained()
    token, who = await SignIn(accounts).open("bo", PASSWORD, HERE, NOON_MS)

    assert await SignIn(accounts).session(token, NOON_MS + RENEW_MS - 1) == who

    assert accounts.renewed == 0


async def test_who_is_in_stays_in_while_renewals_can_not_be_written() -> None:
    accounts = Strained()
    door = SignIn(accounts)
    token, who = await door.open("bo", PASSWORD, HERE, NOON_MS)
    accounts.full = True

    assert await door.session(token, NOON_MS + HOUR_MS) == who
    assert await door.session(token, NOON_MS + HOUR_MS + 1) == who
    assert accounts.renewed == 1
    assert await door.session(token, NOON_MS + SESSION_MS) is None


async def test_signing_out_during_a_look_up_is_not_undone_by_it() -> None:
    accounts = Strained()
    token, _ = await SignIn(accounts).open("bo", PASSWORD, HERE, NOON_MS)
    again = SignIn(accounts)
    accounts.look_on.clear()

    looking = asyncio.create_task(again.session(token, NOON_MS))
    await accounts.looking.wait()
    await again.close(token)
    accounts.look_on.set()
    await looking

    assert await again.session(token, NOON_MS) is None
