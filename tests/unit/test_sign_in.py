"""The door: passwords, sessions that end, and limits on trying. Time is passed in."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from cloud.web.browsers import browser
from cloud.web.passwords import hash_password, verify_password
from cloud.web.roles import RIGHTS, Who
from cloud.web.sign_in import (
    ADDRESS_TRIES_MAX,
    QUEUE_MAX,
    RENEW_MS,
    SESSION_MS,
    TRIES_MAX,
    SignIn,
    TooManyTries,
    WrongPassword,
    hash_token,
)
from cloud.web.tries import WINDOW_MS, Tries
from tests.desk import NOON_MS, PASSWORD, TOKEN, MemoryAccounts

HERE = "127.0.0.1"


def test_a_password_hash_knows_its_password_and_no_other() -> None:
    kept = hash_password(PASSWORD)

    assert verify_password(PASSWORD, kept)
    assert not verify_password(PASSWORD + " ", kept)
    assert PASSWORD not in kept
    assert kept != hash_password(PASSWORD)


def test_the_default_cost_is_the_one_promised() -> None:
    assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "broken",
    [
        "md5$1$1$1$AA==$AA==",
        "scrypt$60$8$5$AA==$AA==",
        "$argon2id$v=19$m=99999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "nonsense",
        "",
    ],
)
def test_a_broken_hash_is_an_error_and_never_a_match(broken: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        verify_password(PASSWORD, broken)


def test_a_browser_is_told_in_a_few_words() -> None:
    for agent, said in (
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.9", "curl"),
        ("x" * 999, "x" * 40),
        ("", ""),
    ):
        assert browser(agent) == said


def test_our_roles_hold_the_rights_of_those_below_and_a_supplier_none_of_them() -> None:
    assert RIGHTS["viewer"] < RIGHTS["operator"] < RIGHTS["buyer"] < RIGHTS["admin"]
    assert RIGHTS["viewer"] < RIGHTS["maintenance"] < RIGHTS["admin"]
    assert Who("su", "supplier", "acme").may("portal")
    assert RIGHTS["supplier"] & RIGHTS["admin"] == {"self", "anyone"}


async def test_the_right_password_opens_a_session_and_only_its_hash_is_kept() -> None:
    door = SignIn(MemoryAccounts())

    token, who = await door.open("bo", PASSWORD, HERE, NOON_MS)

    assert who == Who("bo", "buyer")
    assert await door.session(token, NOON_MS) == who
    assert len(token) >= 43  # 256 bits in base64
    assert token not in repr(vars(door))
    assert hash_token(token) in repr(vars(door))


@pytest.mark.parametrize(("name", "password"), [("bo", "wrong"), ("nobody", PASSWORD), ("robot", "")])
async def test_a_wrong_password_an_unknown_name_and_a_machine_are_refused_alike(name: str, password: str) -> None:
    accounts = MemoryAccounts()
    accounts.people["robot"] = msgspec.structs.replace(accounts.people["bo"], name="robot", password_hash="")
    door = SignIn(accounts)

    with pytest.raises(WrongPassword):
        await door.open(name, password, HERE, NOON_MS)

    assert door.refused == 1


async def test_after_some_wrong_passwords_even_the_right_one_has_to_wait() -> None:
    door = SignIn(MemoryAccounts())
    for _ in range(TRIES_MAX):
        with pytest.raises(WrongPassword):
            await door.open("bo", "wrong", HERE, NOON_MS)

    with pytest.raises(TooManyTries) as refused:
        await door.open("bo", PASSWORD, HERE, NOON_MS + 1000)

    assert refused.value.wait_ms == WINDOW_MS - 1000
    assert (await door.open("bo", PASSWORD, "192.0.2.1", NOON_MS + 1000))[1].name == "bo"  # from elsewhere
    assert (await door.open("ada", PASSWORD, HERE, NOON_MS + 1000))[1].name == "ada"  # someone else
    assert (await door.open("bo", PASSWORD, HERE, NOON_MS + WINDOW_MS))[1].name == "bo"  # later


async def test_many_passwords_at_once_do_not_slip_by_the_limit() -> None:
    door = SignIn(MemoryAccounts())

    tried = await asyncio.gather(
        *(door.open("bo", f"wrong {number}", HERE, NOON_MS) for number in range(30)), return_exceptions=True
    )

    assert sum(isinstance(one, WrongPassword) for one in tried) == TRIES_MAX
    assert sum(isinstance(one, TooManyTries) for one in tried) == 30 - TRIES_MAX


async def test_one_address_can_not_go_through_all_the_names() -> None:
    accounts = MemoryAccounts()
    door = SignIn(accounts)
    for number in range(ADDRESS_TRIES_MAX):
        accounts.people[f"bo{number}"] = accounts.people["bo"]
        with pytest.raises(WrongPassword):
            await door.open(f"bo{number}", "wrong", HERE, NOON_MS)

    with pytest.raises(TooManyTries):
        await door.open("mo", PASSWORD, HERE, NOON_MS)


async def test_the_right_password_does_not_count_as_a_try() -> None:
    door = SignIn(MemoryAccounts(), sessions_max=5)

    for _ in range(ADDRESS_TRIES_MAX + 1):
        await door.open("bo", PASSWORD, HERE, NOON_MS)


async def test_the_right_password_does_not_count_either_when_several_come_at_once() -> None:
    door = SignIn(MemoryAccounts())
    for _ in range(TRIES_MAX - 1):
        with pytest.raises(WrongPassword):
            await door.open("bo", "wrong", HERE, NOON_MS)

    came = await asyncio.gather(*(door.open("bo", PASSWORD, HERE, NOON_MS) for _ in range(QUEUE_MAX)))

    assert [who.name for _, who in came] == ["bo"] * QUEUE_MAX
    assert len({token for token, _ in came}) == QUEUE_MAX


async def test_who_comes_while_too_many_wait_is_let_in_a_second_later() -> None:
    door = SignIn(MemoryAccounts())

    came = await asyncio.gather(
        *(door.open("bo", PASSWORD, HERE, NOON_MS) for _ in range(QUEUE_MAX + 3)), return_exceptions=True
    )

    assert [one.wait_ms for one in came if isinstance(one, TooManyTries)] == [1000] * 3
    assert (await door.open("bo", PASSWORD, HERE, NOON_MS + 1000))[1].name == "bo"


def test_the_table_of_tries_is_bounded() -> None:
    tries = Tries(limit=1, keys_max=10)

    for number in range(100):
        tries.add((str(number),), NOON_MS)

    assert len(tries) == 10
    assert tries.wait_ms(("99",), NOON_MS) == WINDOW_MS
    assert tries.wait_ms(("99",), NOON_MS - 1) == 0  # a clock set back locks nobody out


async def test_a_session_ends_when_it_is_not_used() -> None:
    door = SignIn(MemoryAccounts())
    token, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)

    assert await door.session(token, NOON_MS + SESSION_MS) is None
    assert await door.session(token, NOON_MS) is None  # and is gone for good


async def test_a_session_in_use_goes_on() -> None:
    door = SignIn(MemoryAccounts())
    token, who = await door.open("bo", PASSWORD, HERE, NOON_MS)
    now_ms = NOON_MS

    for _ in range(5):
        now_ms += SESSION_MS - 1
        assert await door.session(token, now_ms) == who


async def test_signing_out_ends_the_session() -> None:
    door = SignIn(MemoryAccounts())
    token, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)

    await door.close(token)

    assert await door.session(token, NOON_MS) is None


async def test_a_change_of_role_or_password_reaches_open_sessions_within_a_minute() -> None:
    accounts = MemoryAccounts()
    door = SignIn(accounts)
    token, _ = await door.open("bo", PASSWORD, HERE, NOON_MS)

    accounts.people["bo"] = msgspec.structs.replace(accounts.people["bo"], role="viewer")
    assert await door.session(token, NOON_MS + RENEW_MS) == Who("bo", "viewer")
    changed = msgspec.structs.replace(accounts.people["bo"], password_hash=hash_password("another one"))
    accounts.people["bo"] = changed
    assert await door.session(token, NOON_MS + 2 * RENEW_MS) is None


async def test_the_oldest_session_leaves_at_the_limit() -> None:
    door = SignIn(MemoryAccounts(), sessions_max=2)

    tokens = [(await door.open("bo", PASSWORD, HERE, NOON_MS + number))[0] for number in range(3)]

    known = [await door.session(token, NOON_MS + 3) is not None for token in tokens]
    assert known == [False, True, True]


async def test_a_granted_session_can_not_be_renewed() -> None:
    door = SignIn(MemoryAccounts())

    token = door.grant(Who("mo", "admin"), NOON_MS)

    assert await door.session(token, NOON_MS) == Who("mo", "admin")
    assert await door.session(token, NOON_MS + RENEW_MS) is None


async def test_a_token_may_what_its_scopes_say_whatever_its_owner_may() -> None:
    door = SignIn(MemoryAccounts())

    who = await door.machine(TOKEN, NOON_MS)
    assert who == Who("erp", "operator", token="erp", scopes=frozenset(("look",)))
    assert who.rights == {"look", "anyone"}
    assert await door.machine("guess", NOON_MS) is None
