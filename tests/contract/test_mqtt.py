"""The gateway's MQTT side on real brokers: what was not committed comes back, what was does not."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from edge import mqtt as module
from edge.mqtt import BrokerUrl, Mqtt, parse_url
from edge.packets import Message
from edge.store import Store
from protocols.topics import spell, whole_site
from tests.contract.brokers import DEADLINE_S, PROJECT, Broker, Peer, free_port, make_broker, mosquitto_argv, until
from tests.unit.test_inference import SITE_TEXT

SHELF = spell("demo", "shelf-1", "shelf")
Listen = Callable[..., Awaitable[Mqtt]]


@pytest.fixture(scope="module", params=["box", "mosquitto"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one = make_broker(request.param, tmp_path_factory.mktemp(request.param))
    yield one
    one.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Broker]:
    """A broker that a test may kill."""
    one = make_broker("box", tmp_path / "broker")
    yield one
    one.stop()


@pytest.fixture
async def listen(request: pytest.FixtureRequest) -> AsyncIterator[Listen]:
    """Connected gateways' ends; a client is named after its test, so that no session outlives it."""
    tasks: list[asyncio.Task[None]] = []

    async def start(to: Broker, *, user: str = "gateway", password: str | None = None, wait: bool = True) -> Mqtt:
        secret = to.users[user] if password is None else password
        url = BrokerUrl("127.0.0.1", to.port, False, user, secret)
        one = Mqtt(url, request.node.originalname[-60:], [whole_site("demo")])
        tasks.append(asyncio.create_task(one.run()))
        if wait:
            await soon(lambda: one.connected, "the connection")
        return one

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def soon(condition: Callable[[], bool], what: str) -> None:
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.01)


async def collect(gateway: Mqtt, count: int, ack: bool) -> list[Message]:
    got: list[Message] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(got) < count:
            group = await gateway.group(500, 0.0)
            if ack:
                gateway.acknowledge(group)
            got += group
    return got


def publish(to: Broker, *payloads: bytes, topic: str = SHELF) -> None:
    device = Peer(to, "shelf", "test-mqtt-device")
    try:
        device.publish(topic, *payloads)
    finally:
        device.leave()


async def cut(gateway: Mqtt) -> None:
    """The connection breaks; back when it is up again."""
    before = gateway.connection
    gateway._socket.shutdown(socket.SHUT_RDWR)
    await soon(lambda: gateway.connected and gateway.connection > before, "the next connection")


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


async def test_messages_come_in_groups_in_their_order(running: Broker, listen: Listen) -> None:
    gateway = await listen(running)

    await asyncio.to_thread(publish, running, *numbered(300))
    got = await collect(gateway, 300, ack=True)

    assert [message.payload for message in got] == numbered(300)
    assert {message.topic for message in got} == {SHELF}


async def test_what_was_not_acknowledged_comes_back_and_what_was_does_not(running: Broker, listen: Listen) -> None:
    gateway = await listen(running)
    await asyncio.to_thread(publish, running, b"committed")
    await collect(gateway, 1, ack=True)
    await asyncio.to_thread(publish, running, *numbered(3))
    await collect(gateway, 3, ack=False)

    await cut(gateway)

    assert [message.payload for message in await collect(gateway, 3, ack=True)] == numbered(3)
    gateway.publish(spell("elsewhere", "shelf-1", "cmd"), b"{}")
    await soon(lambda: not gateway._client._out_messages, "the broker's answer to what followed the acknowledgements")
    await cut(gateway)
    await asyncio.to_thread(publish, running, b"last")
    assert [message.payload for message in await collect(gateway, 1, ack=True)] == [b"last"]


async def test_messages_of_an_earlier_connection_are_not_acknowledged_on_the_next(
    running: Broker, listen: Listen
) -> None:
    gateway = await listen(running)
    await asyncio.to_thread(publish, running, *numbered(3))
    first = await collect(gateway, 3, ack=False)
    await cut(gateway)
    await collect(gateway, 3, ack=False)

    gateway.acknowledge(first)  # a commit that took longer than the connection lasted
    await cut(gateway)

    assert [message.payload for message in await collect(gateway, 3, ack=True)] == numbered(3)


async def test_nothing_is_acknowledged_between_two_connections(own: Broker, listen: Listen) -> None:
    gateway = await listen(own)
    await asyncio.to_thread(publish, own, *numbered(3))
    group = await collect(gateway, 3, ack=False)
    own.kill()
    await soon(lambda: not gateway.connected, "the loss to be noticed")

    gateway.acknowledge(group)

    assert not gateway._client._out_packet, "paho would send it to whoever answers next"
    await asyncio.to_thread(own.start)
    back: set[bytes] = set()
    async with asyncio.timeout(DEADLINE_S):
        while back < set(numbered(3)):  # a broker may send one twice
            back |= {message.payload for message in await collect(gateway, 1, ack=True)}


async def test_a_message_that_comes_alone_waits_for_no_company(running: Broker, listen: Listen) -> None:
    gateway = await listen(running)
    await asyncio.to_thread(publish, running, b"alone")

    async with asyncio.timeout(DEADLINE_S):
        group = await gateway.group(500, 3600.0)
    gateway.acknowledge(group)

    assert [message.payload for message in group] == [b"alone"]


async def test_what_trickles_in_soon_after_a_group_waits_to_be_several(running: Broker, listen: Listen) -> None:
    gateway = await listen(running)
    await asyncio.to_thread(publish, running, b"first")
    await collect(gateway, 1, ack=True)

    waiting = asyncio.create_task(gateway.group(4, 3600.0))
    await asyncio.to_thread(publish, running, b"second")
    await soon(lambda: gateway.waiting == 1, "the second message")
    assert not waiting.done()
    waiting.cancel()
    gateway.acknowledge(await gateway.group(500, 0.0))


async def test_a_full_inbox_stops_reading_and_loses_nothing(
    running: Broker, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 50)
    monkeypatch.setattr(module, "READ_MAX", 10)
    gateway = await listen(running)

    await asyncio.to_thread(publish, running, *numbered(600))
    await soon(lambda: gateway.waiting >= 50, "a full inbox")
    assert gateway.waiting <= 60

    got: list[Message] = []
    while len(got) < 600:
        async with asyncio.timeout(DEADLINE_S):
            group = await gateway.group(20, 0.0)
        gateway.acknowledge(group)
        got += group
        assert gateway.waiting <= 60
    assert [message.payload for message in got] == numbered(600)


async def test_what_follows_another_packet_is_read_at_once(running: Broker, listen: Listen) -> None:
    """The answer to a subscription and what it brings come in one piece: all of it is worked without a next packet."""
    gateway = await listen(running)
    status = [spell("demo", f"device-{number}", "status") for number in range(40)]
    device = await asyncio.to_thread(Peer, running, "shelf", "test-mqtt-retained")
    for topic in status:
        await asyncio.to_thread(device.publish, topic, b"{}", retain=True)
    await collect(gateway, 40, ack=True)

    gateway._client.subscribe(gateway.filters)
    async with asyncio.timeout(5):
        again = await collect(gateway, 40, ack=True)

    assert {message.topic for message in again} == set(status)
    for topic in status:
        await asyncio.to_thread(device.publish, topic, b"", retain=True)
    await asyncio.to_thread(device.leave)


async def test_a_wrong_password_is_a_clear_reason(running: Broker, listen: Listen) -> None:
    gateway = await listen(running, password="wrong", wait=False)

    await soon(lambda: "refused us" in gateway.why, "the reason")

    assert f"127.0.0.1:{running.port}" in gateway.why
    assert "check the credentials" in gateway.why
    assert "wrong" not in gateway.why
    assert not gateway.connected


async def test_a_user_who_may_not_read_is_a_clear_reason(own: Broker, listen: Listen) -> None:
    gateway = await listen(own, user="shelf", wait=False)

    await soon(lambda: "may not read" in gateway.why, "the reason")

    assert "check the broker's rights" in gateway.why
    await soon(lambda: not gateway.connected, "not being ready")


async def test_a_broker_that_is_not_there_is_a_reason_and_is_found_once_it_comes(own: Broker, listen: Listen) -> None:
    own.stop()
    gateway = await listen(own, wait=False)
    await soon(lambda: "onnect" in gateway.why and str(own.port) in gateway.why, "the reason")
    assert not gateway.publish(spell("demo", "shelf-1", "cmd"), b"{}")

    await asyncio.to_thread(own.start)

    await soon(lambda: gateway.connected, "the connection")
    assert gateway.why == ""


async def test_after_a_broker_restart_messages_come_again(own: Broker, listen: Listen) -> None:
    gateway = await listen(own)
    own.kill()
    await soon(lambda: not gateway.connected, "the loss to be noticed")
    assert "connection lost" in gateway.why or "onnect" in gateway.why

    await asyncio.to_thread(own.start)
    await soon(lambda: gateway.connected, "the connection")
    await asyncio.to_thread(publish, own, b"after")

    assert [message.payload for message in await collect(gateway, 1, ack=True)] == [b"after"]


async def test_a_command_reaches_a_device(running: Broker, listen: Listen) -> None:
    gateway = await listen(running)
    device = await asyncio.to_thread(Peer, running, "shelf", "test-mqtt-commanded")
    await asyncio.to_thread(device.subscribe, spell("demo", "shelf-1", "cmd"))

    assert gateway.publish(spell("demo", "shelf-1", "cmd"), b'{"id":"c-1","cmd":"tare"}')

    assert await asyncio.to_thread(device.hears, 1) == [b'{"id":"c-1","cmd":"tare"}']
    await asyncio.to_thread(device.leave)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mqtt://broker", BrokerUrl("broker", 1883, False, "", "")),
        ("mqtts://broker", BrokerUrl("broker", 8883, True, "", "")),
        ("mqtt://me:a%40b%2F@10.0.0.7:2883", BrokerUrl("10.0.0.7", 2883, False, "me", "a@b/")),
        ("mqtt://[::1]:1884", BrokerUrl("::1", 1884, False, "", "")),
    ],
)
def test_a_brokers_url_is_taken_apart(url: str, parts: BrokerUrl) -> None:
    assert parse_url(url) == parts


@pytest.mark.parametrize("url", ["", "broker:1883", "http://broker", "mqtt://", "mqtt://broker:0", "mqtt://broker:x"])
def test_what_is_no_brokers_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"mqtt://host:1883"):
        parse_url(url)


def test_a_url_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match=r"mqtt://host:1883") as refused:
        parse_url("http://me:secret@broker")

    assert "secret" not in str(refused.value)


def gateway_process(folder: Path, to: Broker, page: int) -> subprocess.Popen[bytes]:
    (folder / "site.toml").write_text(SITE_TEXT)
    argv = [sys.executable, "-m", "edge", "run", "--site", str(folder / "site.toml"), "--state", str(folder / "edge")]
    argv += ["--broker", f"mqtt://127.0.0.1:{to.port}", "--port", str(page)]
    argv += ["--credentials", str(to.state / "broker" / "credentials.toml")]
    return subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def readyz(page: int) -> list[str] | None:
    with suppress(URLError, ConnectionError):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{page}/readyz", timeout=5) as answer:
                reasons: list[str] = json.load(answer)["reasons"]
        except HTTPError as error:
            reasons = json.load(error)["reasons"]
        return reasons
    return None


def test_a_gateway_killed_before_its_commit_gets_the_message_again(own: Broker, tmp_path: Path) -> None:
    page = free_port()
    first = gateway_process(tmp_path, own, page)
    second = None
    try:
        until(lambda: readyz(page) == [], "a gateway that is ready")
        with closing(sqlite3.connect(tmp_path / "edge" / "edge.db", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            publish(own, b'{"boot":1,"seq":0,"unit":"g","step_ms":100,"values":[1350,1350,1350]}')
            until(lambda: any("store" in why for why in readyz(page) or []), "a commit that can not be")
            first.kill()
            first.wait()
        with closing(sqlite3.connect(tmp_path / "edge" / "edge.db")) as look:
            assert look.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == 0

        second = gateway_process(tmp_path, own, page)
        with closing(sqlite3.connect(tmp_path / "edge" / "edge.db")) as look:
            until(lambda: look.execute("SELECT COUNT(*) FROM slot").fetchone()[0] == 1, "the message again")
        second.send_signal(signal.SIGTERM)
        assert second.wait(10) == 0
    finally:
        for process in (first, second):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    store = Store(tmp_path / "edge" / "edge.db")
    assert store.restore().slots["A1"].known == 5
    store.close()


async def test_over_tls_a_burst_comes_whole_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What TLS has decrypted already wakes no reader: many messages in one record must not wait for the next."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    plain = make_broker("mosquitto", tmp_path)
    plain.stop()
    folder, port = tmp_path / "tls", free_port()
    folder.mkdir()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    config = Path(mosquitto_argv(tmp_path / "broker", plain.port)[2])
    tls = f"listener {port} 127.0.0.1\ncertfile {folder / 'ca.pem'}\nkeyfile {folder / 'key.pem'}\n"
    config.write_text(f"{config.read_text()}\n{tls}")
    plain.start()
    gateway = Mqtt(BrokerUrl("127.0.0.1", port, True, "gateway", plain.users["gateway"]), "tls", [whole_site("demo")])
    monkeypatch.setattr(module, "READ_MAX", 4)
    task = asyncio.create_task(gateway.run())
    try:
        await soon(lambda: gateway.connected, f"a connection over TLS: {gateway.why}")
        await asyncio.to_thread(publish, plain, *numbered(400))

        async with asyncio.timeout(5):  # a stalled reader would sit there until the next ping, 20 s later
            got = await collect(gateway, 400, ack=True)

        assert [message.payload for message in got] == numbered(400)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        plain.stop()
