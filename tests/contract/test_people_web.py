"""Users, sessions, tokens, passwords, and who did what: over the web, kept by a real ledger."""

from __future__ import annotations

import asyncio
import base64
import hashlib

import pytest
from aiohttp import ClientWebSocketResponse

from cloud.stores.people import Token
from cloud.web.sign_in import RENEW_MS, SESSION_MS, hash_token
from tests.contract.people_house import DAY_MS, House, ask
from tests.desk import HASHED, NOON_MS, PASSWORD


async def test_a_new_user_changes_the_one_time_password_before_anything_else(house: House) -> None:
    mo = await house.client("mo")
    status, made = await ask(mo, "POST", "/api/v1/users", {"name": "kim", "role": "operator"})
    assert (status, made["user"]["pending"], made["user"]["role"]) == (200, True, "operator")

    kim = await house.client("kim", made["password"])
    told = await ask(kim, "GET", "/api/v1/session")
    assert told == (200, {"user": "kim", "role": "operator", "rights": ["anyone"], "pending": True})
    for method, path in (
        ("GET", "/api/v1/stock"),
        ("GET", "/api/v1/sessions"),
        ("POST", "/api/v1/book"),
        ("GET", "/ws"),
    ):
        assert await ask(kim, method, path) == (403, "change_password")
    for new, code in (
        ("short", "weak_password"),
        ("x" * 129, "weak_password"),
        ("aaaaaaaaaaaaaaa", "weak_password"),
        (made["password"], "same_password"),
    ):
        change = {"old": made["password"], "new": new}
        assert await ask(kim, "POST", "/api/v1/session/password", change) == (422, code)
    change = {"old": made["password"], "new": "four words in a row"}
    status, told = await ask(kim, "POST", "/api/v1/session/password", change)

    assert (status, told["pending"], "handle" in told["rights"]) == (200, False, True)
    assert (await ask(kim, "GET", "/api/v1/stock"))[0] == 200
    await house.client("kim", "four words in a row")


async def test_a_password_is_more_than_its_owners_name_and_no_few_characters_again_and_again(house: House) -> None:
    mo = await house.client("mo")
    await ask(mo, "POST", "/api/v1/users", {"name": "Kim the operator", "role": "operator"})
    made = (await ask(mo, "POST", "/api/v1/users/Kim%20the%20operator/password", {}))[1]
    kim = await house.client("Kim the operator", made["password"])

    for new in ("kim the OPERATOR", "Kim the operatorkim the operator", "kim the operator123", "ab12ab12ab12ab12"):
        change = {"old": made["password"], "new": new}
        assert await ask(kim, "POST", "/api/v1/session/password", change) == (422, "weak_password")


async def test_another_password_ends_the_other_sessions_and_leaves_this_one(house: House) -> None:
    one, other = await house.client("bo"), await house.client("bo")

    change = {"old": PASSWORD, "new": "four words in a row"}
    assert (await ask(one, "POST", "/api/v1/session/password", change))[0] == 200

    assert (await ask(one, "GET", "/api/v1/stock"))[0] == 200
    assert await ask(other, "GET", "/api/v1/stock") == (401, "signed_out")
    house.now_ms += RENEW_MS
    assert (await ask(one, "GET", "/api/v1/stock"))[0] == 200


async def test_who_guesses_the_old_password_runs_into_the_limit(house: House) -> None:
    bo = await house.client("bo")
    change = {"old": "a guess", "new": "four words in a row"}

    came = [await ask(bo, "POST", "/api/v1/session/password", change) for _ in range(6)]

    assert came == [(422, "old_password")] * 5 + [(429, "too_many_tries")]


async def test_a_password_hash_of_before_is_replaced_at_sign_in_and_sessions_stay(house: House) -> None:
    house.ledger.people.keep_account("bo", "buyer", _scrypt(PASSWORD))

    first, second = await house.client("bo"), await house.client("bo")

    kept = house.ledger.people.account("bo")
    assert kept is not None
    assert kept.password_hash.startswith("$argon2id$")
    for one in (first, second):
        assert (await ask(one, "GET", "/api/v1/stock"))[0] == 200


async def test_sessions_are_listed_and_ended_by_their_owner_or_an_admin(house: House) -> None:
    bo, phone, mo = await house.client("bo"), await house.client("bo"), await house.client("mo")
    house.now_ms += RENEW_MS
    await ask(phone, "GET", "/api/v1/stock")

    mine = (await ask(bo, "GET", "/api/v1/sessions"))[1]
    assert [one["user"] for one in mine] == ["bo", "bo"]
    [here] = [one for one in mine if one["current"]]
    [there] = [one for one in mine if not one["current"]]
    assert (there["since_ms"], there["used_ms"], there["browser"]) == (NOON_MS, house.now_ms, "Firefox on Linux")
    assert there["expires_ms"] == house.now_ms + SESSION_MS
    assert there["address"] == "127.0.0.1"
    assert await ask(bo, "GET", "/api/v1/sessions?all=yes") == (403, "forbidden")
    every = (await ask(mo, "GET", "/api/v1/sessions?all=yes"))[1]
    assert sorted(one["user"] for one in every) == ["bo", "bo", "mo"]
    [admins] = [one["id"] for one in every if one["user"] == "mo"]

    assert await ask(bo, "DELETE", f"/api/v1/sessions/{admins}") == (404, "unknown")
    assert (await ask(bo, "DELETE", f"/api/v1/sessions/{there['id']}"))[0] == 204
    assert await ask(phone, "GET", "/api/v1/stock") == (401, "signed_out")
    assert (await ask(mo, "DELETE", f"/api/v1/sessions/{here['id']}"))[0] == 204
    assert await ask(bo, "GET", "/api/v1/stock") == (401, "signed_out")
    assert await ask(mo, "DELETE", f"/api/v1/sessions/{here['id']}") == (404, "unknown")


async def closed(house: House, stream: ClientWebSocketResponse) -> None:
    """A frame or two may still come."""
    house.live.tick(NOON_MS + 5000)
    for _ in range(3):
        if stream.close_code is None:
            await stream.receive(timeout=10)


async def test_an_ended_session_hears_no_more_of_the_live_stream(house: House) -> None:
    bo, mo = await house.client("bo"), await house.client("mo")
    async with bo.ws_connect("/ws") as stream:
        await stream.receive(timeout=10)
        [mine] = (await ask(bo, "GET", "/api/v1/sessions"))[1]
        await ask(mo, "DELETE", f"/api/v1/sessions/{mine['id']}")
        await closed(house, stream)

    assert stream.close_code == 4401


@pytest.mark.parametrize("change", [{"role": "admin"}, {"role": "viewer"}, {"role": "supplier", "supplier": "acme"}])
async def test_another_role_ends_the_live_stream_so_that_the_page_asks_who_it_is(
    house: House, change: dict[str, str]
) -> None:
    bo, mo = await house.client("bo"), await house.client("mo")
    async with bo.ws_connect("/ws") as stream:
        await stream.receive(timeout=10)
        assert (await ask(mo, "POST", "/api/v1/users/bo", change))[0] == 200
        await closed(house, stream)

    assert stream.close_code == 4401
    assert (await ask(bo, "GET", "/api/v1/session"))[1]["role"] == change["role"]


async def test_a_token_may_what_its_scopes_and_its_owners_role_both_say(house: House) -> None:
    bo, mo = await house.client("bo"), await house.client("mo")
    wanted = {"name": "erp", "scopes": ["buy", "look"], "days": 30}
    status, made = await ask(bo, "POST", "/api/v1/tokens", wanted)
    erp = await house.client(Authorization=f"Bearer {made['secret']}")

    token = made["token"]
    assert (status, token["owner"], token["scopes"]) == (200, "bo", ["look", "buy"])
    assert (token["expires_ms"], token["used_ms"]) == (house.now_ms + 30 * DAY_MS, None)
    assert (await ask(erp, "GET", "/api/v1/stock"))[0] == 200
    assert (await ask(erp, "GET", "/api/v1/value"))[0] == 404  # nothing is held here, but it may ask
    assert await ask(erp, "POST", "/api/v1/book", {}) == (403, "forbidden")
    assert await ask(erp, "GET", "/api/v1/tokens") == (403, "forbidden")
    assert await ask(erp, "POST", "/api/v1/tokens", wanted) == (403, "forbidden")
    [listed] = (await ask(bo, "GET", "/api/v1/tokens"))[1]
    assert listed == {**token, "used_ms": house.now_ms}

    assert (await ask(mo, "POST", "/api/v1/users/bo", {"role": "viewer"}))[0] == 200
    assert await ask(erp, "GET", "/api/v1/value") == (403, "forbidden")
    [listed] = (await ask(bo, "GET", "/api/v1/tokens"))[1]
    assert listed["rights"] == ["look"]
    house.now_ms += 30 * DAY_MS
    assert await ask(erp, "GET", "/api/v1/stock") == (401, "signed_out")


async def test_a_token_is_kept_as_a_hash_and_taken_back_by_its_owner_or_an_admin(house: House) -> None:
    bo, mo, su = await house.client("bo"), await house.client("mo"), await house.client("su")
    secrets = [
        (await ask(bo, "POST", "/api/v1/tokens", {"name": name, "scopes": ["look"]}))[1] for name in ("one", "two")
    ]
    assert await ask(su, "POST", "/api/v1/tokens", {"name": "x", "scopes": ["look"]}) == (422, "scopes")
    assert (await ask(su, "POST", "/api/v1/tokens", {"name": "x", "scopes": ["portal"]}))[0] == 200
    for days in (0, 366):
        wanted = {"name": "x", "scopes": ["look"], "days": days}
        assert await ask(bo, "POST", "/api/v1/tokens", wanted) == (400, "bad_request")
    assert await ask(bo, "POST", "/api/v1/tokens", {"name": "x", "scopes": ["self"]}) == (400, "bad_request")

    assert [one.token_hash for one in house.ledger.people.tokens("bo")] == [
        hash_token(one["secret"]) for one in secrets
    ]
    first, second = (one["token"]["id"] for one in secrets)
    assert await ask(su, "DELETE", f"/api/v1/tokens/{first}") == (404, "unknown")
    assert (await ask(bo, "DELETE", f"/api/v1/tokens/{first}"))[0] == 204
    assert (await ask(mo, "DELETE", f"/api/v1/tokens/{second}"))[0] == 204
    for one in secrets:
        erp = await house.client(Authorization=f"Bearer {one['secret']}")
        assert await ask(erp, "GET", "/api/v1/stock") == (401, "signed_out")
    assert len((await ask(mo, "GET", "/api/v1/tokens?all=yes"))[1]) == 1


async def test_nobody_has_more_tokens_than_the_limit(house: House) -> None:
    for number in range(20):
        house.ledger.people.keep_token(Token(f"hash {number}", "bo", f"n{number}", "look"))
    bo = await house.client("bo")

    assert await ask(bo, "POST", "/api/v1/tokens", {"name": "more", "scopes": ["look"]}) == (422, "too_many_tokens")
    assert (await ask(bo, "POST", "/api/v1/tokens", {"name": "n7", "scopes": ["look"]}))[0] == 200, "in its place"


async def test_users_are_changed_disabled_and_removed(house: House) -> None:
    mo, bo = await house.client("mo"), await house.client("bo")
    token = (await ask(bo, "POST", "/api/v1/tokens", {"name": "erp", "scopes": ["look"]}))[1]["secret"]
    erp = await house.client(Authorization=f"Bearer {token}")

    users = {one["name"]: one for one in (await ask(mo, "GET", "/api/v1/users"))[1]}
    assert (users["bo"]["sessions"], users["bo"]["tokens"], users["bo"]["signed_in_ms"]) == (1, 1, NOON_MS)
    assert (await ask(mo, "POST", "/api/v1/users/bo", {"disabled": True}))[1]["disabled"] is True
    for one in (bo, erp):
        assert await ask(one, "GET", "/api/v1/stock") == (401, "signed_out")
    again = {"user": "bo", "password": PASSWORD}
    assert await ask(bo, "POST", "/api/v1/session", again) == (401, "wrong_password")
    assert (await ask(mo, "POST", "/api/v1/users/bo", {"disabled": False, "role": "maintenance"}))[0] == 200
    assert await ask(bo, "GET", "/api/v1/stock") == (401, "signed_out"), "its sessions stay over"
    assert (await ask(bo, "POST", "/api/v1/session", again))[1]["role"] == "maintenance"
    assert (await ask(mo, "DELETE", "/api/v1/users/bo"))[0] == 204
    for one in (bo, erp):
        assert await ask(one, "GET", "/api/v1/stock") == (401, "signed_out")
    assert await ask(mo, "GET", "/api/v1/users/bo") == (404, "unknown")


async def test_what_can_be_no_user_is_refused(house: House) -> None:
    mo = await house.client("mo")

    for wanted, code in (
        ({"name": "bo", "role": "viewer"}, (422, "name_taken")),
        ({"name": " bo", "role": "viewer"}, (422, "bad_name")),
        ({"name": "b/o", "role": "viewer"}, (422, "bad_name")),
        ({"name": "ol\u202eeb", "role": "viewer"}, (422, "bad_name")),
        ({"name": "eb\u200b", "role": "viewer"}, (422, "bad_name")),
        ({"name": ".", "role": "viewer"}, (422, "bad_name")),
        ({"name": "..", "role": "viewer"}, (422, "bad_name")),
        ({"name": "", "role": "viewer"}, (400, "bad_request")),
        ({"name": "ed", "role": "boss"}, (400, "bad_request")),
        ({"name": "ed", "role": "supplier"}, (422, "needs_supplier")),
        ({"name": "ed", "role": "supplier", "supplier": "acne"}, (422, "unknown_supplier")),
        ({"name": "ed", "role": "viewer", "supplier": "acme"}, (422, "only_suppliers")),
    ):
        assert await ask(mo, "POST", "/api/v1/users", wanted) == code
    assert await ask(mo, "POST", "/api/v1/users/mo/password", {}) == (422, "no_password")
    assert await ask(mo, "POST", "/api/v1/users/nobody", {}) == (404, "unknown")
    assert await ask(mo, "DELETE", "/api/v1/users/nobody") == (404, "unknown")


async def test_an_account_of_a_supplier_that_is_gone_can_still_be_disabled(house: House) -> None:
    mo, su = await house.client("mo"), await house.client("su")
    house.desk._suppliers = []

    assert (await ask(mo, "POST", "/api/v1/users/su", {"disabled": True}))[0] == 200
    assert await ask(su, "GET", "/api/v1/portal") == (401, "signed_out")


async def test_the_last_admin_stays_whoever_goes_at_once(house: House) -> None:
    mo = await house.client("mo")
    for change in ({"role": "viewer"}, {"disabled": True}):
        assert await ask(mo, "POST", "/api/v1/users/mo", change) == (422, "last_admin")
    assert await ask(mo, "DELETE", "/api/v1/users/mo") == (422, "last_admin")
    house.ledger.people.keep_account("al", "admin", HASHED)
    al = await house.client("al")

    came = await asyncio.gather(ask(mo, "DELETE", "/api/v1/users/al"), ask(al, "DELETE", "/api/v1/users/mo"))

    assert sorted(status for status, _ in came)[0] == 204
    assert len([one for one in house.ledger.people.accounts() if one.role == "admin"]) == 1


async def test_who_was_second_to_change_a_user_is_told_who_was_first(house: House) -> None:
    mo = await house.client("mo")
    async with mo.get("/api/v1/users/bo") as response:
        seen = response.headers["ETag"]
    house.now_ms += 1
    assert (await ask(mo, "POST", "/api/v1/users/bo", {"role": "operator"}, **{"If-Match": seen}))[0] == 200

    async with mo.post("/api/v1/users/bo", json={"role": "viewer"}, headers={"If-Match": seen}) as response:
        told = await response.json()
    assert (response.status, told["code"], told["by"], told["changed_ms"]) == (412, "changed", "mo", house.now_ms)
    assert await ask(mo, "DELETE", "/api/v1/users/bo", **{"If-Match": seen}) == (412, "changed")


async def test_a_new_password_is_for_the_account_as_it_was_seen(house: House) -> None:
    mo = await house.client("mo")
    await ask(mo, "POST", "/api/v1/users", {"name": "kim", "role": "viewer"})
    async with mo.get("/api/v1/users/kim") as response:
        seen = response.headers["ETag"]
    await ask(mo, "POST", "/api/v1/users/kim", {"role": "buyer"})

    path = "/api/v1/users/kim/password"
    assert await ask(mo, "POST", path, {}, **{"If-Match": seen}) == (412, "changed")
    assert (await ask(mo, "POST", path, {}))[0] == 200


async def test_a_key_that_came_with_another_method_is_used(house: House) -> None:
    """Nothing is told, or written down, as done that was not."""
    mo, key = await house.client("mo"), {"Idempotency-Key": "k-1"}
    assert (await ask(mo, "POST", "/api/v1/users/bo", **key))[0] == 200

    assert await ask(mo, "DELETE", "/api/v1/users/bo", **key) == (409, "key_used")
    assert (await ask(mo, "GET", "/api/v1/users/bo"))[0] == 200
    assert (await ask(mo, "DELETE", "/api/v1/users/bo", **{"Idempotency-Key": "k-2"}))[0] == 204
    assert await ask(mo, "POST", "/api/v1/users/bo", **{"Idempotency-Key": "k-2"}) == (409, "key_used")
    deeds = (await ask(mo, "GET", "/api/v1/audit?what=delete_users_name"))[1]["items"]
    assert [(one["status"], one["code"]) for one in deeds] == [(204, ""), (409, "key_used")]


def _scrypt(password: str) -> str:
    """A hash as it was made before."""
    key = hashlib.scrypt(password.encode(), salt=b"salt", n=4, r=8, p=5, dklen=32)
    return f"scrypt$2$8$5${base64.b64encode(b'salt').decode()}${base64.b64encode(key).decode()}"


async def test_a_name_that_passes_for_another_or_for_the_console_is_taken(house: House) -> None:
    mo = await house.client("mo")

    for name in ("BO", "ｂｏ", "\u0432\u043e", "console", "Console", "c0nsole"):
        assert await ask(mo, "POST", "/api/v1/users", {"name": name, "role": "viewer"}) == (422, "name_taken")
    assert (await ask(mo, "POST", "/api/v1/users", {"name": "боб", "role": "viewer"}))[0] == 200
    assert (await ask(mo, "POST", "/api/v1/users", {"name": "王芳", "role": "viewer"}))[0] == 200


async def test_a_token_has_a_name_that_can_be_seen(house: House) -> None:
    bo = await house.client("bo")

    for name in ("  ", "\u200b", "er\u202ep", "\n", "\u3164", "erp\u034f"):
        wanted = {"name": name, "scopes": ["look"]}
        assert await ask(bo, "POST", "/api/v1/tokens", wanted) == (422, "bad_name")
    assert (await ask(bo, "GET", "/api/v1/tokens"))[1] == []


async def test_a_token_lets_nobody_in_and_changes_nobody(house: House) -> None:
    """An account that it made could do more than the token's scopes say, and would stay when it ends."""
    mo = await house.client("mo")
    secret = (await ask(mo, "POST", "/api/v1/tokens", {"name": "hr", "scopes": ["govern"]}))[1]["secret"]
    hr = await house.client(Authorization=f"Bearer {secret}")

    for method, path, body in (
        ("POST", "/api/v1/users", {"name": "backdoor", "role": "admin"}),
        ("POST", "/api/v1/users/bo", {"role": "admin"}),
        ("POST", "/api/v1/users/bo/password", {}),
        ("DELETE", "/api/v1/users/bo", None),
    ):
        assert await ask(hr, method, path, body) == (403, "forbidden")
    assert [(one["name"], one["role"]) for one in (await ask(hr, "GET", "/api/v1/users"))[1]] == [
        ("bo", "buyer"), ("mo", "admin"), ("su", "supplier"),
    ]  # fmt: skip


async def test_tokens_go_on_under_another_password_until_they_are_taken_back(house: House) -> None:
    mo, bo = await house.client("mo"), await house.client("bo")
    made = (await ask(bo, "POST", "/api/v1/tokens", {"name": "erp", "scopes": ["look"]}))[1]
    erp = await house.client(Authorization=f"Bearer {made['secret']}")

    change = {"old": PASSWORD, "new": "four words in a row"}
    assert (await ask(bo, "POST", "/api/v1/session/password", change))[0] == 200
    assert (await ask(mo, "POST", "/api/v1/users/bo/password", {}))[0] == 200
    assert (await ask(erp, "GET", "/api/v1/stock"))[0] == 200

    assert (await ask(mo, "DELETE", f"/api/v1/tokens/{made['token']['id']}"))[0] == 204
    assert await ask(erp, "GET", "/api/v1/stock") == (401, "signed_out")
