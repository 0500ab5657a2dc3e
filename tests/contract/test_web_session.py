"""Who may do what over the web: roles, machines' tokens, signing in and out."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from cloud.metrics import Metrics
from cloud.web.access import COOKIE
from cloud.web.app import routes_of
from cloud.web.deeds import Deeds
from cloud.web.live import Live
from cloud.web.roles import RIGHTS, Role
from cloud.web.routing import Route
from cloud.web.sign_in import SESSION_MS, SignIn
from tests.contract.web_service import Web, error_of
from tests.desk import PASSWORD, TOKEN, MemoryAccounts, MemoryDesk, MemoryPeople, desks, snapshot

ACK = "/api/v1/alerts/7/ack"
BO = {"user": "bo", "role": "buyer", "rights": ["anyone", "buy", "handle", "look", "respond", "self"], "pending": False}
PEOPLE: dict[Role, str] = {
    "viewer": "ada", "operator": "op", "maintenance": "mei", "buyer": "bo", "supplier": "su", "admin": "mo",
}  # fmt: skip


def routes() -> list[Route]:
    """Every route of the service."""
    live = Live(snapshot())
    return routes_of(
        desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), Path(), Metrics(), Deeds(MemoryPeople(), int)
    )


def test_the_rights_of_a_role_are_those_we_tell_of() -> None:
    """Whoever gives a role another right changes this table, in the open."""
    own = {"self", "anyone"}
    assert {role: set(may) for role, may in RIGHTS.items()} == {
        "viewer": {"look", *own},
        "operator": {"look", "respond", "handle", *own},
        "maintenance": {"look", "respond", "maintain", *own},
        "buyer": {"look", "respond", "handle", "buy", *own},
        "supplier": {"portal", *own},
        "admin": {"look", "respond", "handle", "maintain", "buy", "govern", "admit", *own},
    }


def test_only_these_are_open_to_who_is_not_signed_in() -> None:
    assert sorted(f"{one.method} {one.path}" for one in routes() if one.right is None) == [
        "DELETE /api/v1/session", "GET /", "GET /a/{token}", "GET /api/v1/problems/{code}", "GET /api/v1/public/{link}",
        "GET /api/v1/session/oidc/begin", "GET /api/v1/session/oidc/done", "GET /api/v1/session/ways",
        "GET /assets/{name}", "GET /healthz", "GET /manifest.webmanifest", "GET /public/{link}", "GET /readyz",
        "GET /sw.js", "GET /wall", "POST /a/{token}", "POST /api/v1/session",
    ]  # fmt: skip


async def test_each_role_gets_to_the_routes_it_has_the_right_for_and_to_no_others(web: Web) -> None:
    """Every route by every role, and by who is not signed in: the whole table."""
    proxied = {"X-Forwarded-For": "192.0.2.1"}  # or /metrics would take us for someone at this machine
    clients = {role: await web.client(name) for role, name in PEOPLE.items()}
    stranger, wrong = await web.client(), list[str]()
    for one in routes():
        path = re.sub(r"\{\w+\}", "7", one.path)
        if one.right is None or (one.method, one.path) == ("DELETE", "/api/v1/session"):
            continue
        async with stranger.request(one.method, path, headers=proxied) as response:
            if await error_of(response) != (401, "signed_out"):
                wrong.append(f"nobody {one.method} {path}: {response.status}")
        for role, client in clients.items():
            async with client.request(one.method, path, headers=proxied) as response:
                let_in = response.status not in (401, 403)
                if let_in != (one.right in RIGHTS[role]) or (not let_in and (await error_of(response))[0] != 403):
                    wrong.append(f"{role} {one.method} {path} ({one.right}): {response.status}")
    assert wrong == []


async def test_a_machines_token_looks_and_does_no_more(web: Web) -> None:
    machine = await web.client(Authorization=f"Bearer {TOKEN}")

    async with machine.get("/api/v1/stock") as response:
        assert (response.status, (await response.json())[0]["id"]) == (200, "bolt")
    async with machine.post(ACK) as response:
        assert await error_of(response) == (403, "forbidden")
    async with machine.get("/api/v1/stock", headers={"Authorization": "Bearer guess"}) as response:
        assert await error_of(response) == (401, "signed_out")


async def test_the_metrics_are_for_this_machine_but_not_through_a_proxy_or_a_foreign_name(web: Web) -> None:
    stranger = await web.client()

    async with stranger.get("/metrics") as response:
        page = await response.text()
        assert response.status == 200
    async with stranger.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}) as response:
        assert response.status == 401
    async with stranger.get("/metrics", headers={"Host": "rebound.example"}) as response:
        assert response.status == 401

    for line in (
        "warehouse_batches_total 3.0",
        "warehouse_reports_applied_total 40.0",
        "warehouse_reports_refused_total 2.0",
        "warehouse_gateways_connected 1.0",
        "warehouse_history_backlog 9.0",
        "warehouse_live_clients 0.0",
    ):
        assert line in page.splitlines()


async def test_metrics_name_patterns_and_never_paths(web: Web) -> None:
    person = await web.client("ada")
    for path in ("/api/v1/slots/A01", "/api/v1/slots/Z99", "/no/such/view", "/api/v1/no/such"):
        async with person.get(path):
            pass

    async with person.get("/metrics") as response:
        page = await response.text()

    assert 'warehouse_http_request_seconds_count{route="/api/v1/slots/{id}"} 2.0' in page
    assert "A01" not in page
    assert "such" not in page


async def test_signing_in_and_out(web: Web) -> None:
    client = await web.client()

    async with client.post("/api/v1/session", json={"user": "bo", "password": PASSWORD}) as response:
        assert await response.json() == BO
        cookie = response.headers["Set-Cookie"]
    async with client.get("/api/v1/session") as response:
        assert await response.json() == BO
    token = next(iter(client.cookie_jar)).value
    async with client.delete("/api/v1/session") as response:
        assert response.status == 204
    async with client.get("/api/v1/session", headers={"Cookie": f"{COOKIE}={token}"}) as response:
        assert await error_of(response) == (401, "signed_out")

    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Secure" not in cookie


async def test_the_cookie_is_secure_when_the_browser_speaks_https(web: Web) -> None:
    client = await web.client(**{"X-Forwarded-Proto": "https"})

    async with client.post("/api/v1/session", json={"user": "bo", "password": PASSWORD}) as response:
        assert "Secure" in response.headers["Set-Cookie"]


async def test_a_session_expires_and_use_renews_it(web: Web) -> None:
    idle, busy = await web.client("ada"), await web.client("bo")

    web.now_ms += SESSION_MS - 1
    async with busy.get("/api/v1/session") as response:
        assert response.status == 200
    web.now_ms += 1
    async with idle.get("/api/v1/session") as response:
        assert response.status == 401
    async with busy.get("/api/v1/session") as response:
        assert response.status == 200


async def test_wrong_passwords_run_into_the_limit_and_are_told_how_long_to_wait(web: Web) -> None:
    client = await web.client()
    wrong = {"user": "bo", "password": "wrong"}
    for _ in range(5):
        async with client.post("/api/v1/session", json=wrong) as response:
            assert await error_of(response) == (401, "wrong_password")

    async with client.post("/api/v1/session", json=wrong) as response:
        assert await error_of(response) == (429, "too_many_tries")
        assert response.headers["Retry-After"] == "300"


async def test_six_right_sign_ins_at_once_all_get_in(web: Web) -> None:
    client = await web.client()

    async def enter() -> int:
        async with client.post("/api/v1/session", json={"user": "bo", "password": PASSWORD}) as response:
            return response.status

    assert await asyncio.gather(*(enter() for _ in range(6))) == [200] * 6


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": "bo"}', b'{"user": 1, "password": "hush-hush"}'])
async def test_a_sign_in_that_can_not_be_read_is_refused_without_repeating_it(web: Web, body: bytes) -> None:
    client = await web.client()

    async with client.post("/api/v1/session", data=body) as response:
        assert await error_of(response) == (400, "bad_request")
        assert "hush" not in await response.text()


async def test_a_supplier_sees_nothing_of_ours_but_who_it_is(web: Web) -> None:
    supplier = await web.client("su")

    async with supplier.get("/api/v1/session") as response:
        assert await response.json() == {
            "user": "su",
            "role": "supplier",
            "rights": ["anyone", "portal", "self"],
            "pending": False,
        }
    for ours in ("/api/v1/snapshot", "/ws", "/api/v1/stock", "/metrics"):
        async with supplier.get(ours, headers={"X-Forwarded-For": "192.0.2.1"}) as response:
            assert await error_of(response) == (403, "forbidden")


async def test_what_one_person_wished_is_not_done_as_another_who_signed_in_meanwhile(web: Web) -> None:
    client = await web.client("bo")

    for name, status in (("mo", 409), ("%E6%9D%8E", 409), ("bo", 200)):
        async with client.post(ACK, json={}, headers={"X-User": name}) as response:
            assert response.status == status
            if status == 409:
                assert await error_of(response) == (409, "other_user")
