"""The gateway's own page and API, with a real broker behind it and no service: who may do what, and what it shows."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession, web

from edge import commands
from edge import gateway as module
from edge.api import ROLES, make_app, own_token, serving
from edge.gateway import Gateway, Options
from edge.mqtt import BrokerUrl
from edge.words import WORDS
from protocols import layout
from protocols.topics import spell
from tests.contract.brokers import DEADLINE_S, Broker, Peer, free_port, make_broker
from tests.unit.test_inference import SITE_TEXT

SITE = layout.parse(SITE_TEXT)
TOKEN = "the-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
COMMAND = "/api/v1/devices/shelf-1/cmd"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one = make_broker("box", tmp_path_factory.mktemp("box"))
    yield one
    one.stop()


class Running(NamedTuple):
    """A gateway with its page."""

    gateway: Gateway
    url: str
    browser: ClientSession
    state: Path

    async def get(self, path: str, **how: Any) -> tuple[int, str]:
        async with self.browser.get(self.url + path, **how) as answer:
            return answer.status, await answer.text()

    async def post(self, body: object, headers: dict[str, str], path: str = COMMAND) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.browser.post(self.url + path, data=data, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def running(broker: Broker, tmp_path: Path) -> AsyncIterator[Running]:
    url = BrokerUrl("127.0.0.1", broker.port, False, "gateway", broker.users["gateway"])
    async for one in _run(url, tmp_path):
        await soon(partial(_is_ready, one.gateway), "a gateway that is ready")
        yield one


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway whose broker is away."""
    async for one in _run(BrokerUrl("127.0.0.1", free_port(), False, "", ""), tmp_path):
        yield one


async def _run(url: BrokerUrl, folder: Path) -> AsyncIterator[Running]:
    gateway = Gateway(Options(SITE, folder, url, f"gw-{folder.name}"[:40]))
    work = asyncio.create_task(gateway.run())
    async with serving(make_app(gateway, TOKEN), "127.0.0.1", free_port()) as page, ClientSession() as browser:
        yield Running(gateway, page, browser, folder)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


def _is_ready(gateway: Gateway) -> bool:
    return gateway.not_ready() == []


async def soon(condition: Callable[[], bool], what: str) -> None:
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


def publish(broker: Broker, topic: str, *payloads: bytes) -> None:
    device = Peer(broker, "shelf", "test-api-device")
    try:
        device.publish(topic, *payloads)
    finally:
        device.leave()


def test_every_route_has_its_role(tmp_path: Path) -> None:
    gateway = Gateway(Options(SITE, tmp_path, BrokerUrl("127.0.0.1", 1, False, "", "")))
    app = make_app(gateway, TOKEN)

    routes = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource is not None}

    assert {one for one in routes if one[0] != "HEAD"} == set(ROLES)
    session = {("POST", "/api/v1/session"), ("POST", "/api/v1/session/end")}
    assert {role for key, role in ROLES.items() if key[0] != "GET" and key not in session} == {"act"}
    gateway.store.close()


READ = [path for (method, path), role in ROLES.items() if method == "GET" and role == "read"]
READABLE = sorted(path.format(slot="A1") for path in READ)


@pytest.mark.parametrize("path", READABLE)
async def test_what_is_for_readers_is_for_this_machine_or_with_the_token(alone: Running, path: str) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"anyone:{TOKEN}".encode()).decode()}
    refused: list[dict[str, str]] = [
        {"Host": "evil.example"},  # a foreign name pointed at this machine
        {"Host": f"evil.example:{alone.url.rpartition(':')[2]}"},
        {"Host": "127.0.0.1.evil.example"},
        {"X-Forwarded-For": "10.0.0.9"},
        {"Host": "evil.example", "Authorization": "Bearer wrong"},
        {"Host": "evil.example", "Authorization": "Bearer"},
        {"Host": "evil.example", "Authorization": "Basic \u00ff"},
    ]

    assert (await alone.get(path))[0] == 200
    for headers in (BEARER, basic):
        assert (await alone.get(path, headers={"Host": "evil.example", **headers}))[0] == 200
    for headers in refused:
        status, body = await alone.get(path, headers=headers)
        assert status == 401
        assert json.loads(body)["code"] == "not_allowed"
        assert "api-token" in json.loads(body)["hint"]


@pytest.mark.parametrize(
    "lines",
    [
        b"Host: 127.0.0.1:port\r\n",
        b"Host: \xff\xfe\r\n",
        b"Host: evil.example\r\nAuthorization: Bearer \xff\xfe\r\n",
        b"Host: evil.example\r\nAuthorization: Basic \xff\xfe\r\n",
        b"Host: evil.example\r\nAuthorization: \r\n",
        b"Host: 127.0.0.1\r\nX-Forwarded-For: \r\n",
    ],
)
async def test_garbage_in_the_headers_opens_nothing_and_breaks_nothing(alone: Running, lines: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(alone.url.rpartition(":")[2]))

    writer.write(b"GET /api/v1/stock HTTP/1.1\r\nConnection: close\r\n" + lines + b"\r\n")
    answer = await reader.read()

    writer.close()
    assert answer.split()[1] in (b"400", b"401")


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "\u00ff", ""])
async def test_an_origin_that_is_none_is_foreign(alone: Running, origin: str) -> None:
    status, body = await alone.post({"cmd": "reboot"}, {**BEARER, "Origin": origin})

    assert (status, body["code"]) == (403, "cross_site")


async def test_answers_carry_the_safe_headers_and_heads_are_answered_like_gets(alone: Running) -> None:
    for path in ("/", "/healthz", "/api/v1/stock", "/nowhere"):
        async with alone.browser.get(alone.url + path) as got, alone.browser.head(alone.url + path) as head:
            assert head.status == got.status
            assert "default-src 'none'" in got.headers["Content-Security-Policy"]
            assert got.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_command_needs_the_token_even_from_this_machine(alone: Running) -> None:
    assert (await alone.post({"cmd": "reboot"}, {}))[0] == 401
    assert (await alone.post({"cmd": "reboot"}, {"Authorization": "Bearer wrong"}))[0] == 401


async def test_a_foreign_page_can_not_use_the_token_a_browser_knows(alone: Running) -> None:
    for origin in ("https://evil.example", "null", alone.url + ".evil.example", "http://localhost:1"):
        status, body = await alone.post({"cmd": "reboot"}, {**BEARER, "Origin": origin})
        assert (status, body["code"]) == (403, "cross_site")

    status, _ = await alone.post({"cmd": "reboot"}, {**BEARER, "Origin": alone.url})
    assert status == 400, "the broker is away, but the page is its own"


async def test_a_command_reaches_the_device_and_its_answer_comes_back(broker: Broker, running: Running) -> None:
    device = await asyncio.to_thread(Peer, broker, "shelf", "test-api-commanded")
    await asyncio.to_thread(device.subscribe, spell("demo", "shelf-1", "cmd"))

    async def answer(number: int, ok: bool) -> Any:
        order = json.loads((await asyncio.to_thread(device.hears, number))[number - 1])
        said = {"id": order["id"], "ok": ok} | ({} if ok else {"error": "unknown command"})
        await asyncio.to_thread(device.publish, spell("demo", "shelf-1", "ack"), json.dumps(said).encode())
        return order

    good, order = await asyncio.gather(running.post({"cmd": "tare", "args": {"channel": "1"}}, BEARER), answer(1, True))
    bad, _ = await asyncio.gather(running.post({"cmd": "dance"}, BEARER), answer(2, False))
    await asyncio.to_thread(device.leave)

    assert (order["cmd"], order["args"]) == ("tare", {"channel": "1"})
    assert good == (200, {"ok": True, "error": ""})
    assert bad == (200, {"ok": False, "error": "unknown command"})
    assert running.gateway.commands.waiting == 0


async def test_a_device_that_does_not_answer_is_no_answer(running: Running) -> None:
    assert await running.gateway.commands.ask("shelf-1", "tare", {}, within_s=0.1) is None
    assert running.gateway.commands.waiting == 0


async def test_only_so_many_commands_wait_at_once(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "COMMANDS_MAX", 2)
    waiting = [asyncio.create_task(running.gateway.commands.ask("shelf-1", "tare", {}, 0.5)) for _ in range(2)]
    await soon(lambda: running.gateway.commands.waiting == 2, "two commands on their way")

    status, body = await running.post({"cmd": "tare"}, BEARER)

    assert (status, "too many commands" in body["detail"]) == (400, True)
    assert await asyncio.gather(*waiting) == [None, None]


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (b"{", COMMAND, 400),
        (b"[]", COMMAND, 400),
        (b"\xff", COMMAND, 400),
        (b'{"cmd":1}', COMMAND, 400),
        (b'{"cmd":"tare","args":{"a":' + b"[" * 7000 + b"]" * 7000 + b"}}", COMMAND, 400),
        (b"{" + b" " * 20_000 + b"}", COMMAND, 413),
        (b'{"cmd":"tare"}', "/api/v1/devices/ghost/cmd", 400),
        (b'{"cmd":"tare"}', "/api/v1/devices/a%2Fb/cmd", 400),
    ],
)
async def test_a_bad_command_is_one_sentence(alone: Running, body: bytes, path: str, status: int) -> None:
    answer = await alone.post(body, BEARER, path)

    assert answer[0] == status
    assert answer[1]["detail"]


async def test_readiness_names_what_is_missing(alone: Running) -> None:
    await soon(lambda: "not yet" not in alone.gateway.mqtt.why, "the first attempt")

    status, body = await alone.get("/readyz")
    reasons = json.loads(body)["reasons"]

    assert status == 503
    assert [reason.partition(":")[0] for reason in reasons] == ["broker"]
    assert str(alone.gateway.mqtt.url.port) in reasons[0]
    assert (await alone.get("/healthz"))[0] == 200


async def test_readiness_with_a_broker_and_a_store_is_ready(running: Running) -> None:
    assert await running.get("/readyz") == (200, '{"ready":true,"reasons":[]}')


async def test_stock_and_figures_follow_from_what_devices_say(broker: Broker, running: Running) -> None:
    weights = b'{"boot":1,"seq":%d,"unit":"g","step_ms":100,"values":[1350,1350,1350]}'
    await asyncio.to_thread(publish, broker, spell("demo", "shelf-1", "shelf"), weights % 0, weights % 0)
    await soon(lambda: running.gateway.messages >= 2, "the messages")

    stock = json.loads((await running.get("/api/v1/stock"))[1])
    status = json.loads((await running.get("/api/v1/status"))[1])
    figures = (await running.get("/metrics"))[1]

    assert [(row["slot"], row["count"], row["reason"]) for row in stock] == [("A1", 5, ""), ("A2", None, "no_reading")]
    assert status["duplicates"] == 1
    assert {one["id"]: one["state"] for one in status["devices"]} == {
        "shelf-1": "ok",
        "dock": "unseen",
        "cold-1": "unseen",
    }
    assert all(lane["balanced"] for lane in status["lanes"].values())
    assert "edge_messages_total 2.0" in figures
    assert 'edge_outbox_reports{lane="events",state="pending"}' in figures


async def test_a_message_that_can_not_be_used_is_kept_with_its_topic_and_bytes(
    broker: Broker, running: Running
) -> None:
    """Also when only the site file lacks something: after it is mended the message can be replayed."""
    said = {
        spell("demo", "ghost", "shelf"): b'{"unit":"g","value":1}',
        spell("demo", "shelf-1", "shelf"): b'{"unit":"g","channel":"9","value":1}',
        spell("demo", "shelf-1", "ack"): b"{",
    }
    for topic, payload in said.items():
        await asyncio.to_thread(publish, broker, topic, payload)
    await soon(lambda: sum(running.gateway.problem_counts.values()) == 3, "three problems")

    problems = json.loads((await running.get("/api/v1/problems"))[1])
    with closing(sqlite3.connect(running.state / "edge.db")) as look:
        kept = dict(look.execute("SELECT topic, payload FROM problem").fetchall())

    assert problems["counts"] == {"device.unknown": 1, "channel.unwatched": 1, "payload.not_json": 1} or problems[
        "counts"
    ] == {"device.unknown": 1, "channel.unwatched": 1, "payload.invalid": 1}
    assert kept == said
    assert {row["topic"] for row in problems["latest"]} == set(said)


async def test_a_store_that_fails_is_a_reason_and_not_the_end(
    broker: Broker, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_RETRY_S", 0.05)
    connection = running.gateway.store._connection
    await running.gateway.on_disk(connection.execute, "PRAGMA query_only=ON")
    batch = b'{"unit":"Cel","values":[4.25,4.5]}'
    await asyncio.to_thread(_climate, broker, batch)
    await soon(lambda: bool(running.gateway.store_trouble), "the trouble")
    assert (await running.get("/readyz"))[0] == 503
    assert running.gateway.messages == 0, "nothing was acknowledged"

    await running.gateway.on_disk(connection.execute, "PRAGMA query_only=OFF")

    await soon(lambda: running.gateway.messages == 1, "the commit")
    assert running.gateway.not_ready() == []


def _climate(broker: Broker, payload: bytes) -> None:
    device = Peer(broker, "climate", "test-api-climate")
    device.publish(spell("demo", "cold-1", "climate"), payload)
    device.leave()


async def test_the_page_speaks_the_browsers_language_and_escapes_what_devices_say(
    broker: Broker, running: Running
) -> None:
    evil = b'{"unit":"<script>alert(1)</script>","value":1}'
    await asyncio.to_thread(publish, broker, spell("demo", "shelf-1", "shelf"), evil)
    await soon(lambda: running.gateway.problem_counts.get("unit.unknown") == 1, "the problem")

    english = (await running.get("/plain", headers={"Accept-Language": "en-GB,en;q=0.9"}))[1]
    chinese = (await running.get("/plain", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}))[1]

    assert "<html lang=en>" in english
    assert "<html lang=zh>" in chinese
    assert WORDS["zh"]["stock"] in chinese
    for html in (english, chinese):
        assert "A1" in html
        assert "&lt;script&gt;" in html
        assert "<script" not in html


def test_the_token_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    token = own_token(tmp_path)

    assert own_token(tmp_path) == token
    assert len(token) >= 24
    assert stat.S_IMODE((tmp_path / "keys" / "api-token").stat().st_mode) == 0o600


async def test_a_port_in_use_is_an_os_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="address already in use"):
            async with serving(web.Application(), "127.0.0.1", taken.getsockname()[1]):
                pass


async def test_a_gateway_stops_at_once_when_it_is_told(broker: Broker, tmp_path: Path) -> None:
    url = BrokerUrl("127.0.0.1", broker.port, False, "gateway", broker.users["gateway"])
    gateway = Gateway(Options(SITE, tmp_path, url, "stops"))
    work = asyncio.create_task(gateway.run())
    await soon(lambda: gateway.not_ready() == [], "a gateway that is ready")

    work.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(work, return_exceptions=True)

    assert work.cancelled()
    with pytest.raises(sqlite3.ProgrammingError):
        gateway.store._connection.execute("SELECT 1")


async def test_a_gateway_starts_on_a_disk_that_takes_nothing_and_says_so(broker: Broker, tmp_path: Path) -> None:
    url = BrokerUrl("127.0.0.1", broker.port, False, "gateway", broker.users["gateway"])
    gateway = Gateway(Options(SITE, tmp_path, url, "full"))
    gateway.store._connection.execute("PRAGMA query_only=ON")
    work = asyncio.create_task(gateway.run())
    await soon(lambda: bool(gateway.store_trouble), "the trouble")

    await gateway.on_disk(gateway.store._connection.execute, "PRAGMA query_only=OFF")

    await soon(lambda: gateway.not_ready() == [], "a gateway that is ready")
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
