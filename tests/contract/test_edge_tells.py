"""The dead-man's switch between gateway and service: what is critical while the service is away is told by the gateway,
over real sockets and its real store; the service that is back has it as one alert."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from cloud import keys as service_keys
from edge import channels, memory
from edge import gateway as module
from edge.api import make_app, serving
from edge.cli import main
from edge.core import telling
from edge.gateway import Gateway, Options
from edge.mqtt import BrokerUrl
from edge.saying import UsageError
from edge.store import Group
from edge.uplink import Uplink
from protocols import layout
from protocols.alarms import TOLD
from protocols.readings import Reading
from protocols.reports import Alarm, Report, Series, decode
from tests.contract.brokers import free_port
from tests.contract.depots import MINUTE_MS, NOW_MS, Depot, decide_over
from tests.contract.test_gateway_api import TOKEN, Running, soon
from tests.contract.trade_partners import Subscriber, subscribed
from tests.depot import batches
from tests.unit.test_inference import SITE_TEXT

SITE = layout.parse(SITE_TEXT.replace('name = "Hall"', 'name = "Hall"\nmax_c = 8.0', 1))
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ALL = (-1, 1 << 60, 1 << 30, 1 << 60)
HEAD = f"""[channels.pager]\nwebhook = "{{url}}/pager"\nsecret = "{SECRET}"\n"""


class Wheel:
    """A gateway's time: three seconds a look; and how long its service was not heard, by that time."""

    def __init__(self, gateway: Gateway, patch: pytest.MonkeyPatch) -> None:
        self.gateway, self.now_ms, self.away = gateway, gateway.clock.now_ms(), True
        self._heard_ms = self.now_ms
        patch.setattr(gateway.clock, "now_ms", self._next_ms)
        patch.setattr(gateway.channels, "_now_ms", self._next_ms)
        patch.setattr(Uplink, "silent_ms", property(lambda _: self.silent_ms()))
        patch.setattr(Uplink, "reached", property(lambda _: not self.away, lambda _, said: None), raising=False)

    def _next_ms(self) -> int:
        self.now_ms += 3_000
        return self.now_ms

    def silent_ms(self) -> int:
        self._heard_ms = self._heard_ms if self.away else self.now_ms
        return self.now_ms - self._heard_ms

    def measure(self, celsius: float) -> None:
        self.gateway.inference.fold([Reading("cold-1", "1", "temperature_c", self.now_ms, [celsius])], self.now_ms)


def file_of(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "channels.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def options(state: Path, channels_file: Path) -> Options:
    url = BrokerUrl("127.0.0.1", free_port(), False, "", "")
    service_keys.own_keys(state / "cloud")
    key = state / "cloud" / "keys" / "service.key"
    address = f"tcp://127.0.0.1:{free_port()}"
    return Options(SITE, state, url, "gw", address, key, channels=channels_file)


@asynccontextmanager
async def running(made: Options) -> AsyncIterator[Running]:
    gateway = Gateway(made)
    work = asyncio.create_task(gateway.run())
    async with serving(make_app(gateway, TOKEN), "127.0.0.1", free_port()) as page, ClientSession() as browser:
        yield Running(gateway, page, browser, made.state)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


@pytest.fixture
async def pager() -> AsyncIterator[Subscriber]:
    async with subscribed() as server:
        server.secrets = {"pager": SECRET}
        yield server


@pytest.fixture(autouse=True)
def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_S", 0.02)
    monkeypatch.setattr(channels, "LOOK_S", 0.02)


def said(pager: Subscriber) -> list[tuple[str, str]]:
    """(rule, status) of all that was told; but that a slow disk of the testing machine holds up the store."""
    return [
        (alert["labels"]["alertname"], alert["status"])
        for one in pager.taken
        for alert in one["alerts"]
        if alert["labels"]["alertname"] != "not_acknowledging"
    ]


def has(pager: Subscriber, *rules: str) -> Callable[[], bool]:
    return lambda: {rule for rule, _ in said(pager)} >= set(rules)


async def warm_for(wheel: Wheel, holds: Callable[[], bool], celsius: float) -> None:
    """The room stays as warm until something holds."""

    def look() -> bool:
        wheel.measure(celsius)
        return holds()

    await soon(look, "what a warm room brings")


async def test_a_warm_room_while_the_service_is_away_is_told_once_over_a_restart_and_its_end_too(
    tmp_path: Path, pager: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = options(tmp_path, file_of(tmp_path, HEAD.format(url=pager.url)))
    pager.answers = [503, 500]
    async with running(made) as one:
        wheel = Wheel(one.gateway, monkeypatch)
        await warm_for(wheel, has(pager, "service_away", "zone_temperature"), 31.0)
        reported = lambda: told(one.gateway)[-1:] == [("firing", True)]  # noqa: E731
        await warm_for(wheel, reported, 31.0)
        assert "Told by the gateway itself" in (await one.get("/plain"))[1]
        assert "网关自行发出的通知" in (await one.get("/plain", headers={"Accept-Language": "zh-CN"}))[1]
        tries = (await one.get("/api/v1/told"))[1]
        assert '"outcome":"again"' in tries
        last_ms = wheel.now_ms

    async with running(made) as again:
        wheel = Wheel(again.gateway, monkeypatch)
        wheel.now_ms = wheel._heard_ms = last_ms
        before = said(pager)
        began_ms = wheel.now_ms
        await warm_for(wheel, lambda: wheel.now_ms - began_ms > 900_000, 31.0)
        assert said(pager) == before, "it was told already"

        wheel.away = False  # the service is back, and the room cold
        over = lambda: sum(status == "resolved" for _, status in said(pager)) == 2  # noqa: E731
        await warm_for(wheel, over, 4.0)

    begun = [rule for rule, status in said(pager) if status == "firing"]
    assert sorted(begun) == ["service_away", "zone_temperature"]
    assert pager.strange == []


async def test_a_storm_at_the_gateway_is_one_notice(
    tmp_path: Path, pager: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = options(tmp_path, file_of(tmp_path, HEAD.format(url=pager.url)))
    async with running(made) as one:
        wheel = Wheel(one.gateway, monkeypatch)
        await soon(has(pager, "service_away"), "the service's absence")
        for number in range(telling.NOTICE_MAX):
            known = one.gateway.inference.alone.alarms.open
            name = f"temperature_breach/room{number}"
            known[name] = known["service_away/gw"].__class__(
                "temperature_breach", f"room{number}", "", "firing", wheel.now_ms, 0, {}, wheel.now_ms, wheel.now_ms
            )
        await soon(has(pager, "temperature_breach"), "the storm")
    storm = [len(one["alerts"]) for one in pager.taken if "temperature_breach" in str(one)]
    assert storm == [telling.NOTICE_MAX]


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (HEAD.format(url="https://x.example"), 0o644, "chmod 600"),
        ('[channels.pager]\nwebhook = "ftp://x"\nsecret = "whsec_x"\n', 0o600, "webhook"),
        ('[channels.pager]\nwebhook = "https://x"\nsecret = "secret"\n', 0o600, "whsec_"),
        ('heartbeat = "https://x"\n[channels.mail]\nurl = "mailto://x"\n', 0o600, "list 1 to"),
        ("channels = \n", 0o600, "[channels.NAME]"),
    ],
)
def test_a_file_of_channels_that_can_not_be_used_is_refused_with_what_to_do(
    tmp_path: Path, text: str, mode: int, why: str
) -> None:
    with pytest.raises(UsageError, match=why.replace("[", r"\[")):
        channels.read(file_of(tmp_path, text, mode))
    with pytest.raises(UsageError, match="can not be read"):
        channels.read(tmp_path / "none.toml")


def test_the_last_notices_are_listed_with_the_gateway_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = Gateway(Options(SITE, tmp_path, BrokerUrl("127.0.0.1", 1, False, "", "")))
    alone = gateway.inference.alone
    telling.done(alone.told, telling.Notice("pager", [], []), 503, "busy", NOW_MS)
    gateway.store.commit(
        Group(NOW_MS, snapshots={**memory.settled(gateway.inference), **memory.decided(gateway.inference)})
    )
    gateway.store.close()

    assert main(["told", "--state", str(tmp_path)]) == 0
    assert "pager: 0 new, 0 over: not taken, will be tried again (503 busy)" in capsys.readouterr().out


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Depot]:
    made = Depot(tmp_path)
    yield made
    made.close()


async def test_what_the_gateway_told_is_one_alert_in_the_service_that_is_back_and_says_that_people_know(
    place: Depot,
) -> None:
    """The service was away for an hour in which a room became warm, and stays so: it gets the backlog."""
    service, began_ms = place.start(), NOW_MS
    figures = {"value": 9.0, "limit": 8.0}
    fired_ms = began_ms + 10 * MINUTE_MS
    backlog: list[Report] = [
        Series("thermo-1", "1", "temperature_c", "cold", began_ms + minute * MINUTE_MS, [0], [9.0])
        for minute in range(60)
    ]
    backlog += [
        Alarm("zone_temperature", "cold", "cold", "firing", began_ms, fired_ms, figures),
        Alarm("service_away", "g1", "", "firing", began_ms, began_ms + 5 * MINUTE_MS, {"silent_s": 300.0}),
        Alarm("zone_temperature", "cold", "cold", "firing", began_ms, fired_ms, {**figures, TOLD: float(fired_ms)}),
        Alarm("service_away", "g1", "", "resolved", began_ms, began_ms + 60 * MINUTE_MS, {"silent_s": 300.0}),
    ]
    await service.apply(batches(backlog))
    seq = 60
    for minute in range(60, 100):
        now_ms = began_ms + minute * MINUTE_MS
        await service.apply(batches([Series("thermo-1", "1", "temperature_c", "cold", now_ms, [0], [9.0])], seq))
        seq += 1
        await decide_over(service, now_ms, now_ms + MINUTE_MS - 1, 10_000)

    alerts = [one for one in service.ledger.alerts() if one.state != "lapsed"]
    assert [(one.rule, one.subject, one.state, one.reopened) for one in alerts] == [
        ("zone_temperature", "cold", "firing", 0)
    ]
    [shown] = service.live.current.alerts
    assert shown.params[TOLD] == float(fired_ms)


def told(gateway: Gateway) -> list[tuple[str, bool]]:
    """The reports of the warm room in the outbox: state, and whether people were told."""
    found: list[Any] = [decode(blob) for _, blob in gateway.store.waiting("events", *ALL)]
    return [
        (one.state, TOLD in one.params) for one in found if isinstance(one, Alarm) and one.rule == "zone_temperature"
    ]
