"""The table of roles and routes from its other sides: heads, tokens by scope, foreign pages, the live stream, tables.

The table by role and method itself is in test_web_session.py."""

from __future__ import annotations

import re

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from cloud.core.exporting.tables import TABLES
from cloud.web.access import SIGNED
from cloud.web.roles import RIGHTS, SCOPES
from cloud.web.sign_in import Account, KeptToken, hash_token
from cloud.web.stream import CLOSE_SIGNED_OUT
from tests.contract.people_house import House, ask
from tests.contract.test_web_session import PEOPLE, routes
from tests.contract.trade_site import TradeSite
from tests.contract.web_service import Web, error_of, next_frame
from tests.desk import NOON_MS

PROXIED = {"X-Forwarded-For": "192.0.2.1"}  # or /metrics would take us for someone at this machine


def path_of(pattern: str) -> str:
    """An address of a pattern."""
    return re.sub(r"\{\w+\}", "7", pattern)


async def test_a_head_is_for_whom_its_get_is(web: Web) -> None:
    clients = {role: await web.client(name) for role, name in PEOPLE.items()}
    stranger, wrong = await web.client(), list[str]()
    for one in routes():
        if one.right is None or one.method != "GET":
            continue
        async with stranger.head(path_of(one.path), headers=PROXIED) as response:
            if response.status != 401:
                wrong.append(f"nobody {one.path}: {response.status}")
        for role, client in clients.items():
            async with client.head(path_of(one.path), headers=PROXIED) as response:
                if (response.status == 403) != (one.right not in RIGHTS[role]) or response.status == 401:
                    wrong.append(f"{role} {one.path} ({one.right}): {response.status}")
    assert wrong == []


async def test_a_token_gets_to_the_routes_of_its_scope_and_to_no_others(web: Web) -> None:
    """Every route by a token of each scope, whose owner may everything but be a supplier."""
    wrong = list[str]()
    for scope in SCOPES:
        owner = Account("all", "supplier" if scope == "portal" else "admin", "")
        web.accounts.machines[hash_token(scope)] = KeptToken(owner, scope, frozenset((scope,)))
        machine = await web.client(Authorization=f"Bearer {scope}")
        for one in routes():
            if one.right is None:
                continue
            async with machine.request(one.method, path_of(one.path), headers=PROXIED) as response:
                let_in = response.status != 403
                if let_in != (one.right in (scope, "anyone")) or response.status == 401:
                    wrong.append(f"{scope} {one.method} {one.path} ({one.right}): {response.status}")
    assert wrong == []


@pytest.mark.parametrize("headers", [{"X-Requested-With": ""}, {"Origin": ""}, {"Origin": "http://127.0.0.1:9"}])
async def test_no_foreign_page_writes_anything_for_who_is_signed_in_here(web: Web, headers: dict[str, str]) -> None:
    """Every write there is; a page on another port of this host is foreign too."""
    admin, supplier, written = await web.client("mo"), await web.client("su"), 0
    for one in routes():
        if one.method == "GET" or one.path == SIGNED:
            continue
        person = supplier if one.right == "portal" else admin
        async with person.request(one.method, path_of(one.path), headers=headers) as response:
            assert await error_of(response) == (403, "cross_site"), f"{one.method} {one.path}"
        written += 1
    assert written > 40


async def test_the_live_stream_is_for_who_may_look(web: Web) -> None:
    for role, name in PEOPLE.items():
        person = await web.client(name)
        if "look" in RIGHTS[role]:
            async with person.ws_connect("/ws") as stream:
                assert (await next_frame(stream))["k"] == "s", role
        else:
            with pytest.raises(WSServerHandshakeError) as refused:
                await person.ws_connect("/ws")
            assert refused.value.status == 403, role
    with pytest.raises(WSServerHandshakeError) as refused:
        await (await web.client()).ws_connect("/ws")
    assert refused.value.status == 401


async def test_a_foreign_page_gets_no_live_stream_by_some_other_way_to_sign_in(web: Web) -> None:
    """An address like ws://x:y@host/ws makes browsers send a header of their own beside the cookie."""
    person = await web.client("ada")

    with pytest.raises(WSServerHandshakeError) as refused:
        await person.ws_connect("/ws", headers={"Origin": "http://127.0.0.1:9", "Authorization": "Basic eDp5"})

    assert refused.value.status == 403


@pytest.mark.parametrize("change", [{"role": "supplier", "supplier": "acme"}, {"disabled": True}])
async def test_who_may_look_no_more_is_out_of_the_live_stream_at_once(house: House, change: dict[str, object]) -> None:
    bo, mo = await house.client("bo"), await house.client("mo")
    async with bo.ws_connect("/ws") as stream:
        await stream.receive(timeout=10)
        assert (await ask(mo, "POST", "/api/v1/users/bo", change))[0] == 200
        house.live.tick(NOON_MS + 5000)
        ended = await stream.receive(timeout=10)  # and no frame before it

    assert (ended.type, ended.data) == (WSMsgType.CLOSE, CLOSE_SIGNED_OUT)


async def test_each_role_gets_the_tables_it_has_the_right_for_and_no_others(trading: TradeSite) -> None:
    wrong = list[str]()
    for table in TABLES.values():
        query = "?series=a/b/c" if table.wants else ""
        for role, name in PEOPLE.items():
            status, _, _ = await trading.request(name, "GET", f"/api/v1/exports/{table.name}{query}", None, {})
            if status != (403 if table.right not in RIGHTS[role] else 404 if table.wants else 200):
                wrong.append(f"{role} {table.name} ({table.right}): {status}")
    assert wrong == []
