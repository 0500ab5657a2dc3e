"""The fleet on a real broker: it speaks, survives the broker's absence, and says goodbye."""

import asyncio
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from firmware_sim import state
from firmware_sim.feed import Remembered
from firmware_sim.fleet import Fleet
from firmware_sim.mqtt import Address, AddressError, Link, address
from firmware_sim.scenario import Sampling, faster
from firmware_sim.stage import load
from firmware_sim.warehouse import Warehouse
from tests.contract.brokers import free_port

PATIENCE_S = 20.0


async def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        await asyncio.sleep(0.02)


class Broker:
    """A nats-server with its MQTT listener on a free port of the loopback; may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "nats.conf"
        self._config.write_text(
            f'server_name: sim\nlisten: "127.0.0.1:-1"\njetstream {{\n store_dir: "{folder / "store"}"\n}}\n'
            f'mqtt {{\n listen: "127.0.0.1:{self.port}"\n}}\n'
        )
        program = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
        if program is None:
            pytest.skip("nats-server is not installed")
        self._program = program

    async def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        await until(self._answers, "the broker answers")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Listener:
    """Somebody who hears everything below `wh/`."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, dict[str, object]]] = []
        self.client = Client(CallbackAPIVersion.VERSION2, "listener", clean_session=False)
        self.client.on_message = lambda c, u, m: self.heard.append((m.topic, msgspec.json.decode(m.payload)))
        self.client.on_connect = lambda c, u, f, r, p: c.subscribe("wh/#", 1)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def of(self, leaf: str) -> list[dict[str, object]]:
        return [body for topic, body in list(self.heard) if topic.endswith(f"/{leaf}")]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(tmp_path)
    await broker.start()
    yield broker
    broker.stop()


def clock_ms() -> int:
    return time.time_ns() // 1_000_000


def fleet_on(port: int) -> Fleet:
    scenario = load("small")[1]
    assert scenario is not None
    chatty = msgspec.structs.replace(faster(scenario, 4.0), sampling=Sampling(rest_s=1))
    warehouse = Warehouse(chatty, 3, clock_ms())
    fleet = Fleet("small", warehouse, lambda kind: Address("127.0.0.1", port), clock_ms)
    fleet.deliver(warehouse.begin(Remembered()))
    return fleet


async def test_a_fleet_speaks_obeys_and_says_goodbye(broker: Broker) -> None:
    listener = Listener(broker.port)
    fleet = fleet_on(broker.port)
    await until(listener.client.is_connected, "the listener is connected")
    await fleet.connect()
    live = asyncio.create_task(fleet.live(lambda: None))

    await until(lambda: len(listener.of("shelf")) > 3, "shelves speak")
    await until(lambda: len(listener.of("status")) >= 5, "every device is online")
    listener.client.publish("wh/v1/small/shelf-a01/cmd", b'{"id":"c-1","cmd":"light","args":{"slot":"A01-01"}}', 1)
    await until(lambda: listener.of("ack") == [{"id": "c-1", "ok": True}], "the command is answered")
    listener.client.publish("wh/v1/small/shelf-a01/cmd", b'{"id":"c-2","cmd":"reboot"}', 1)
    gone, back = {"boot": 1, "online": False}, {"boot": 2, "online": True}
    await until(lambda: gone in listener.of("status"), "its last will comes")
    await until(lambda: any(b.items() >= back.items() for b in listener.of("status")), "it is back")
    live.cancel()
    await fleet.stop()
    await until(lambda: [b["online"] for b in listener.of("status")].count(False) == 6, "goodbyes come")
    listener.close()

    assert fleet.counters["dropped"] == fleet.counters["waiting"] == 0


async def test_what_the_broker_missed_comes_later_with_its_own_time_and_nothing_is_lost(broker: Broker) -> None:
    listener = Listener(broker.port)
    fleet = fleet_on(broker.port)
    await fleet.connect()
    live = asyncio.create_task(fleet.live(lambda: None))
    await until(lambda: len(listener.of("shelf")) > 2, "shelves speak")

    broker.stop()
    await until(lambda: not any(link.connected.is_set() for link in fleet.links.values()), "all are cut off")
    await until(lambda: fleet.waiting > 6, "messages wait")
    back_ms = clock_ms()
    await broker.start()
    await until(lambda: all(link.connected.is_set() for link in fleet.links.values()), "all are back")
    await until(lambda: any(int(str(b["ts"])) > back_ms for b in listener.of("shelf")), "new messages come")
    live.cancel()
    await fleet.stop()
    listener.close()

    seqs = {int(str(b["seq"])) for topic, b in listener.heard if topic.endswith("shelf-a01/shelf")}
    assert seqs == set(range(max(seqs) + 1))
    assert fleet.counters["dropped"] == 0


async def test_a_full_buffer_drops_the_oldest_and_counts() -> None:
    scenario = load("small")[1]
    assert scenario is not None
    voice = Warehouse(scenario, 1, 0).voices["shelf-a01"]
    link = Link(Address("127.0.0.1", free_port()), "x", [], list, lambda t, p: None, backlog_max=3)

    for at_ms in range(5):
        link.send(voice.data(at_ms, at_ms, {"unit": "g", "value": 1.0}))

    assert (link.waiting, link.dropped, link.sent) == (3, 2, 0)
    await link.stop()


def test_above_sixty_devices_the_kinds_share_connections() -> None:
    scenario = load("large")[1]
    assert scenario is not None

    async def links() -> list[str]:
        warehouse = Warehouse(scenario, 1, 0)
        return list(Fleet("large", warehouse, lambda kind: Address("127.0.0.1", 1), clock_ms).links)

    assert asyncio.run(links()) == ["group-shelf"]


def test_addresses_are_read_and_bad_ones_refused_without_the_password() -> None:
    assert address("mqtt://u:p%40@host:1884") == Address("host", 1884, False, "u", "p@")
    assert address("mqtts://host", "shelf", "s") == Address("host", 8883, True, "shelf", "s")
    assert "secret" not in repr(address("mqtt://u:secret@host"))
    for bad in ("http://u:secret@host", "mqtt://", "mqtt://u:secret@host:99999"):
        with pytest.raises(AddressError) as refusal:
            address(bad)
        assert "secret" not in str(refusal.value)


def test_memory_and_credentials_survive_the_disk_and_broken_ones_are_named(tmp_path: Path) -> None:
    kept = Remembered(boots={"a": 2}, lived=True, units={"S": [1.5, 2.0]})
    assert state.load(tmp_path, "site") == Remembered()

    state.save(tmp_path, "site", kept)

    assert state.load(tmp_path, "site") == kept
    assert (tmp_path / "site.json").stat().st_mode & 0o077 == 0
    (tmp_path / "site.json").write_text("{")
    with pytest.raises(state.StateError, match="remove it"):
        state.load(tmp_path, "site")
    file = tmp_path / "credentials.toml"
    file.write_text('url = "mqtt://10.0.0.1:1884"\n[users]\nshelf = "s"\n')
    assert state.credentials(file).address_of("shelf") == Address("10.0.0.1", 1884, False, "shelf", "s")
    assert state.credentials(file).address_of("rfid", "mqtt://h") == Address("h", 1883)
    with pytest.raises(state.StateError, match="does not exist"):
        state.credentials(tmp_path / "none.toml")
