"""The doctor on real brokers, good and bad ones, and on real gateways, running and off: it finds what loses data, finds
nothing where all is well, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge import memory, running
from edge.api import make_app, own_token, serving
from edge.asking import AskError, ask, tell_url, url_of
from edge.cli import main
from edge.core.care.health import Pulse
from edge.core.inference import DeviceState, Inference
from edge.doctor.probe import own_addresses, visit
from edge.gateway import Gateway, Options
from edge.keys import own_keys
from edge.mqtt import BrokerUrl, Mqtt
from edge.store import Group, Quarantined, Store
from protocols.readings import Problem
from protocols.sequences import Sequence
from protocols.topics import spell, whole_site
from tests.contract.brokers import Broker, MosquittoBroker, Peer, free_port, make_broker
from tests.contract.test_mqtt import soon
from tests.unit.test_inference import SITE, SITE_TEXT

T0 = 1_763_762_400_000
SHELF = spell("demo", "shelf-1", "shelf")
UNNAMED = (
    "whether the broker keeps its queue over a restart",
    "who may read the broker's passwords",
    "who may read the channels' secrets",
    "who may write the site file",
)
"""What is not looked at where only the state is named."""


class CarelessBroker(MosquittoBroker):
    """Mosquitto as many have it: a port, no passwords, its own defaults for all else."""

    name = "careless"

    def prepare(self) -> None:
        super().prepare()
        folder = self.state / "broker"
        user = "user root\n" if "user root" in (folder / "mosquitto.conf").read_text() else ""
        self.config = folder / "careless.conf"
        self.config.write_text(f"listener {self.port}\nallow_anonymous true\nsys_interval 1\n{user}")
        self.argv = [self.argv[0], "-c", str(self.config)]


@pytest.fixture(scope="module", params=["box", "mosquitto"])
def good(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    one = make_broker(request.param, tmp_path_factory.mktemp(request.param))
    yield one
    one.stop()


@pytest.fixture
def careless(tmp_path: Path) -> Iterator[CarelessBroker]:
    one = CarelessBroker(tmp_path)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state of a gateway that is off."""
    folder = tmp_path / "edge"
    store = Store(folder / "edge.db")
    store.commit(Group(T0, snapshots=memory.settled(Inference(SITE))))
    store.close()
    own_keys(folder, "gateway")
    own_token(folder)
    return folder


Doctor = Callable[..., tuple[int, dict[str, dict[str, Any]], dict[str, Any]]]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Call the doctor: its exit status, its findings by code, and its last line."""

    def call(*argv: str) -> tuple[int, dict[str, dict[str, Any]], dict[str, Any]]:
        try:
            status = main(["doctor", *argv, "--json"])
        except SystemExit as end:
            status = int(str(end.code))
        told = capsys.readouterr()
        lines = [json.loads(line) for line in told.out.splitlines()]
        assert lines, told.err
        leaks = {line["code"]: line for line in lines if line["type"] == "leak"}
        return status, leaks, {**lines[-1], "unchecked": [one for one in lines if one["type"] == "unchecked"]}

    return call


def passwords(broker: Broker) -> str:
    return str(broker.state / "broker" / "credentials.toml")


def test_where_all_is_well_nothing_is_found(good: Broker, state: Path, doctor: Doctor) -> None:
    status, leaks, summary = doctor("--state", str(state), "--credentials", passwords(good))

    assert (status, leaks) == (0, {})
    assert "its queue: 1200 of 1200 messages were kept for a reader that was away" in summary["checked"]


def test_the_probe_disturbs_nobody_and_leaves_nothing_behind(good: Broker) -> None:
    gateway = Peer(good, "gateway", "listener").subscribe(whole_site("demo"), "wh/probe/#")
    url = BrokerUrl("127.0.0.1", good.port, False, "gateway", good.users["gateway"])

    seen = visit(url, "tidy", messages=50)

    back = Peer(good, "gateway", "tidy-probe", lasting=True)
    back.publish(spell("demo", "shelf-1", "cmd"), b"{}")  # what is sent before it has been delivered to the listener
    gateway.hears(1 + 1 + 50)
    assert seen.came == 50
    assert {one.topic for one in gateway.got[:-1]} == {"wh/probe/tidy"}
    assert back.got == []
    back.leave()
    gateway.leave()


def test_a_mosquitto_with_its_own_defaults_loses_what_its_queue_does_not_hold(
    careless: CarelessBroker, state: Path, doctor: Doctor
) -> None:
    status, leaks, summary = doctor("--state", str(state), "--broker", f"mqtt://127.0.0.1:{careless.port}")

    assert status == 1
    assert [one["what"] for one in summary["unchecked"] if one["what"] in UNNAMED] == [*UNNAMED]
    assert leaks["queue_small"]["what"] == (
        "of 1200 messages for a reader that was away it kept 1000, and acknowledged all"
    )


def test_what_its_configuration_loses_is_told_before_it_happens(
    careless: CarelessBroker, state: Path, doctor: Doctor
) -> None:
    status, leaks, _ = doctor("--state", str(state), "--broker-config", str(careless.config))

    assert (status, sorted(leaks)) == (
        1,
        ["broker_open", "broker_plain", "persistence_off", "queue_small", "window_small"],
    )


def test_messages_that_mosquitto_has_dropped_are_found(careless: CarelessBroker, state: Path, doctor: Doctor) -> None:
    asleep = Peer(careless, "", "asleep", lasting=True).subscribe(SHELF)
    asleep.leave()
    Peer(careless, "", "shelf").publish(SHELF, *(b"%d" % n for n in range(1500)))
    told = Peer(careless, "", "watcher").subscribe("$SYS/broker/publish/messages/dropped")
    told.hears(2)  # at once what it was, then the next figure: Mosquitto counts every second here
    told.leave()

    _, leaks, _ = doctor("--state", str(state), "--broker", f"mqtt://127.0.0.1:{careless.port}", "--messages", "1")

    assert (
        "it has dropped 5" in leaks["broker_dropped"]["what"] or "it has dropped 4" in leaks["broker_dropped"]["what"]
    )
    assert "queue_small" not in leaks  # one message proves nothing of it


@pytest.mark.skipif(not own_addresses(), reason="this machine has no address that others reach it by")
def test_a_broker_open_to_the_network_is_found_by_visiting_it(
    careless: CarelessBroker, state: Path, doctor: Doctor
) -> None:
    _, leaks, _ = doctor("--state", str(state), "--broker", f"mqtt://127.0.0.1:{careless.port}", "--messages", "1")

    assert own_addresses()[0] in leaks["broker_plain"]["what"]
    assert "password" in leaks["broker_open"]["what"]


def test_a_gateways_user_without_the_right_to_probe_is_told_so(state: Path, doctor: Doctor, tmp_path: Path) -> None:
    broker = MosquittoBroker(tmp_path)
    rights = tmp_path / "broker" / "acl"
    rights.write_text(rights.read_text().replace("topic write wh/probe/+\n", ""))
    broker.start()
    try:
        status, leaks, summary = doctor("--state", str(state), "--credentials", passwords(broker))
    finally:
        broker.stop()

    assert (status, leaks) == (0, {})
    assert any("wh/probe/+" in one["why"] for one in summary["unchecked"])


def test_a_broker_that_is_away_or_refuses_us_is_found(
    good: Broker, state: Path, doctor: Doctor, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(f'url = "mqtt://127.0.0.1:{good.port}"\n[users]\ngateway = "wrong"\n')
    wrong.chmod(0o600)

    away = doctor("--state", str(state), "--broker", f"mqtt://127.0.0.1:{free_port()}")
    refused = doctor("--state", str(state), "--credentials", str(wrong))

    assert (away[0], [*away[1]]) == (1, ["broker_away"])
    assert (refused[0], [*refused[1]]) == (1, ["broker_refuses"])
    assert "wrong" not in json.dumps(refused[1]["broker_refuses"]).replace("wrong.toml", "")


async def test_a_broker_that_forgets_the_gateways_session_is_noticed(careless: CarelessBroker) -> None:
    one = Mqtt(BrokerUrl("127.0.0.1", careless.port, False, "", ""), "forgotten", [whole_site("demo")])
    work = asyncio.create_task(one.run())
    try:
        await soon(lambda: one.connected, "the first connection")
        first = one.sessions_lost
        careless.stop()
        await soon(lambda: not one.connected, "the end of it")
        careless.start()
        await soon(lambda: one.connected, "the second")
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    assert (first, one.sessions_lost) == (0, 1)


class Running:
    """A gateway with its page, as `python -m edge run` has it."""

    def __init__(self, gateway: Gateway, state: Path) -> None:
        self.gateway, self.state = gateway, state


@pytest.fixture
async def alive(good: Broker, tmp_path: Path) -> AsyncIterator[Running]:
    state = tmp_path / "edge"
    url = BrokerUrl("127.0.0.1", good.port, False, "gateway", good.users["gateway"])
    with running.alone(state):
        gateway = Gateway(Options(SITE, state, url, f"gw-{tmp_path.name}"[:40]))
        work = asyncio.create_task(gateway.run())
        async with serving(make_app(gateway, own_token(state)), "127.0.0.1", free_port()) as page:
            tell_url(state, page)
            await soon(lambda: gateway.mqtt.connected, "the broker")
            yield Running(gateway, state)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def weight(number: int, numbered: bool = True) -> bytes:
    seq = f'"boot":3,"seq":{number},' if numbered else ""
    return f'{{{seq}"unit":"g","channel":"1","step_ms":100,"values":[100.5,100.0]}}'.encode()


async def test_devices_that_send_at_qos_0_or_without_numbers_are_named(
    alive: Running, good: Broker, doctor: Doctor
) -> None:
    own_keys(alive.state, "gateway")
    device = await asyncio.to_thread(Peer, good, "shelf", "loose")
    for number in range(12):
        device.client.publish(SHELF, weight(number, numbered=False), qos=0).wait_for_publish(5)
    await soon(lambda: alive.gateway.messages >= 12, "the messages")
    device.leave()

    status, leaks, summary = await asyncio.to_thread(doctor, "--state", str(alive.state))

    assert (status, sorted(leaks)) == (1, ["no_numbers", "qos_0"])
    assert leaks["qos_0"]["where"] == leaks["no_numbers"]["where"] == "shelf-1"
    assert [one["what"] for one in summary["unchecked"]] == ["the broker", *UNNAMED]
    accepted = await asyncio.to_thread(
        doctor, "--state", str(alive.state), "--accept", "qos_0", "--accept", "no_numbers"
    )
    assert accepted[0] == 0
    assert accepted[1]["qos_0"]["accepted"] is True


async def test_only_a_time_can_be_asked_for_again(alive: Running) -> None:
    for body in ({}, {"from_ms": 5, "to_ms": 4}, {"from_ms": 0, "to_ms": 1, "lanes": ["other"]}, {"from_ms": -1}):
        with pytest.raises(AskError):
            await asyncio.to_thread(ask, url_of(alive.state), alive.state, "/api/v1/resync", body)

    done = await asyncio.to_thread(ask, url_of(alive.state), alive.state, "/api/v1/resync", {"from_ms": 0, "to_ms": 1})
    assert [one["reports"] for one in done] == [0, 0]


async def test_numbers_that_never_came_are_counted(alive: Running, good: Broker, doctor: Doctor) -> None:
    device = await asyncio.to_thread(Peer, good, "shelf", "gappy")
    await asyncio.to_thread(device.publish, SHELF, weight(0), weight(5))
    await soon(lambda: alive.gateway.messages >= 2, "the messages")
    device.leave()

    _, leaks, _ = await asyncio.to_thread(doctor, "--state", str(alive.state))

    assert leaks["numbers_missing"]["what"] == "4 messages were numbered and never came"


@pytest.mark.parametrize("good", ["mosquitto"], indirect=True)  # nats-server makes them wait longer for one another
async def test_a_second_gateway_of_the_same_name_is_found(
    alive: Running, good: Broker, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes the session over from the other, and the messages with it."""
    monkeypatch.setattr("edge.mqtt.BACKOFF_MAX_S", 0.2)
    one = alive.gateway.mqtt
    double = Mqtt(one.url, one._client._client_id.decode(), [whole_site("demo")])
    work = asyncio.create_task(double.run())
    try:
        await soon(lambda: len(one.connects_ms) > 6, "the quarrel")
        _, leaks, _ = await asyncio.to_thread(doctor, "--state", str(alive.state))
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    assert "second gateway of the same name" in leaks["taken_over"]["why"]


def test_of_a_gateway_that_is_off_the_store_is_asked(state: Path, doctor: Doctor) -> None:
    store = Store(state / "edge.db")
    silent = DeviceState(Pulse(T0, boots={1: Sequence([[0, 3], [9, 9]])}))
    foreign = DeviceState(Pulse(T0))
    states = {"shelf-1": msgspec.msgpack.encode(silent), "cold-1": msgspec.msgpack.encode(foreign)}
    store.commit(Group(T0, states, problems=[Quarantined(Problem("payload.not_json", "no", "send JSON"), SHELF, b"{")]))
    store.close()

    status, leaks, summary = doctor("--state", str(state))

    assert (status, sorted(leaks)) == (1, ["no_numbers", "numbers_missing"])  # the bad message came long ago
    assert (leaks["numbers_missing"]["where"], leaks["no_numbers"]["where"]) == ("shelf-1", "cold-1")
    assert "the gateway is off" in [one["why"] for one in summary["unchecked"]]


@pytest.mark.parametrize(("secret", "mode"), [("keys/gateway.key_secret", 0o644), ("channels.toml", 0o640)])
def test_who_else_may_read_the_secrets_is_found(state: Path, doctor: Doctor, secret: str, mode: int) -> None:
    site, channels = state / "site.toml", state / "channels.toml"
    site.write_text(SITE_TEXT)
    site.chmod(0o666)
    channels.touch(0o600)
    (state / secret).chmod(mode)

    status, leaks, summary = doctor("--state", str(state), "--site", str(site), "--channels", str(channels))

    assert (status, sorted(leaks)) == (1, ["secret_open", "writable"])
    assert (leaks["secret_open"]["where"], leaks["writable"]["where"]) == (str(state / secret), str(site))
    assert "channels" not in str(summary["unchecked"])


def test_a_damaged_store_is_found_and_left_as_it_is(state: Path, doctor: Doctor) -> None:
    path = state / "edge.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO problem (code, payload) VALUES ('x', ?)", [(b"x" * 4000,)] * 50)
    body = bytearray(path.read_bytes())
    for page in range(6, len(body) // 4096, 3):
        body[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    path.write_bytes(body)

    status, leaks, _ = doctor("--state", str(state))

    assert (status, [*leaks]) == (1, ["store_damaged"])
    assert path.read_bytes() == body
    assert not list(state.glob("edge.db.damaged-*"))


def test_people_are_told_in_words(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "keys" / "api-token").chmod(0o644)

    with pytest.raises(SystemExit) as end:
        main(["doctor", "--state", str(state)])

    said = capsys.readouterr().out
    assert end.value.code == 1
    assert said.startswith(
        f"MAY LOSE DATA  {state / 'keys' / 'api-token'}: others may use it (mode 0644)  [secret_open]\n"
    )
    assert "do:  chmod 600" in said
    assert "not looked at: the broker: give --broker" in said
    assert said.endswith("1 found\n")


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--broker", "http://127.0.0.1"], "is not a broker"),
        (["--credentials", "SITE"], "has no [users] gateway"),
        (["--broker-config", "none.conf"], "none.conf does not exist"),
        (["--channels", "none.toml"], "none.toml does not exist"),
        (["--state", "nowhere"], "nowhere does not exist"),
    ],
)
def test_what_the_doctor_was_told_wrongly_is_one_sentence(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], why: str
) -> None:
    site = tmp_path / "SITE"
    site.write_text('[site]\nid = "demo"\nname = "Demo"\n')

    status = main(["doctor", "--state", str(state), *(str(site) if one == "SITE" else one for one in argv)])

    assert status == 2
    assert why in capsys.readouterr().err
