"""From the service's pages people ask a gateway what only it knows, and have it do things: over its own link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from cloud.desks.gateways import Gateways
from cloud.keys import allow
from cloud.keys import own_keys as service_keys
from cloud.service import Options as ServiceOptions
from cloud.service import Service
from cloud.uplink import Uplink
from cloud.web.access import COOKIE
from cloud.web.app import make_app, serving
from cloud.web.desk import NotFound, Refused
from cloud.web.gateways import read
from cloud.web.replies import Refusal
from cloud.web.roles import Role, Who
from cloud.web.sign_in import SignIn
from edge.answering import answering
from edge.api import make_app as gateway_app
from edge.api import serving as gateway_serving
from edge.gateway import Gateway, Options
from edge.keys import own_keys
from edge.mqtt import BrokerUrl
from protocols.asked import Done
from protocols.reports import DeviceHealth
from protocols.uplink import ANSWER_BYTES_MAX, ASK_BYTES_MAX, FRAME_BYTES_MAX, Answer, Ask, encode
from tests.contract.brokers import free_port
from tests.contract.links import hasten
from tests.contract.web_service import until
from tests.desk import MemoryAccounts
from tests.unit.test_inference import SITE, T0

TOKEN = "gateway-token"
NOBODY = BrokerUrl("127.0.0.1", 9, False, "", "")


class Pair:
    """A running service and a running gateway, each with its web, and the link between them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._stack = folder, AsyncExitStack()
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.service = Service(
            ServiceOptions(SITE, folder / "service", f"sqlite:///{folder}/h.db", f"sqlite:///{folder}/l.db")
        )
        self.sign_in = SignIn(MemoryAccounts())
        self.prepare: Callable[[Gateway], object] = lambda _: None
        """Called before the gateway runs."""

    async def start(self) -> None:
        enter, ledger, state = self._stack.enter_async_context, self.service.ledger, self.folder / "service"
        service_keys(state)
        allow(state, "gw", own_keys(self.folder / "edge", "gw").public.decode())
        self.uplink = Uplink(self.address, state, "demo", self.service.apply, ledger.tops, ledger.missing)
        desks = self.service.desks()
        self.url = await enter(serving(make_app(desks, self.service.live, self.sign_in, self.folder)))
        key = state / "keys" / "service.key"
        self.gateway = Gateway(Options(SITE, self.folder / "edge", NOBODY, "gw", self.address, key))
        self.page = page = await enter(gateway_serving(gateway_app(self.gateway, TOKEN), "127.0.0.1", free_port()))
        assert self.gateway.uplink is not None
        self.gateway.uplink.answers = await enter(answering(page, TOKEN))
        self.client = await enter(
            ClientSession(self.url, headers={"X-Requested-With": "warehouse", "Origin": self.url})
        )
        self.prepare(self.gateway)
        self._work = [asyncio.create_task(self.service.run(self.uplink)), asyncio.create_task(self.gateway.run())]
        await until(lambda: self.gateway.uplink is not None and self.gateway.uplink.connected)

    async def stop(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self._stack.aclose()
        self.service.close()

    async def ask(self, path: str, body: object = None, role: Role = "admin") -> tuple[int, Any]:
        cookie = {"Cookie": f"{COOKIE}={self.sign_in.grant(Who('ann', role), time.time_ns() // 10**6)}"}
        method = "GET" if body is None else "POST"
        async with self.client.request(method, f"/api/v1/{path}", json=body, headers=cookie) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    hasten(monkeypatch)
    one = Pair(tmp_path)
    await one.start()
    yield one
    await one.stop()


async def test_what_only_the_gateway_knows_of_a_slot_is_shown_and_a_shelf_is_tared_from_afar(pair: Pair) -> None:
    status, told = await pair.ask("slots/A1/explained", role="viewer")
    assert (status, told["slot"], told["count"], told["words"], told["journal"]) == (200, "A1", None, [], [])

    assert (await pair.ask("slots/A1/actions", {"do": "forget"}, "viewer"))[0] == 403
    status, done = await pair.ask("slots/A1/actions", {"do": "forget"})
    assert (status, done["slot"]) == (200, "A1"), done
    _, told = await pair.ask("slots/A1/explained")
    assert [line["what"] for line in told["journal"]] == ["forget"]

    status, said = await pair.ask("slots/A1/actions", {"do": "teach", "pieces": 3})
    assert (status, said["code"]) == (400, "bad_request")
    assert said["detail"].startswith("The gateway says: ")
    assert (await pair.ask("slots/A1/actions", {"do": "explode"}))[0] == 400
    assert (await pair.ask("slots/nowhere/explained"))[0] == 404


async def test_the_gateway_says_how_it_is_what_it_could_not_read_and_who_is_no_device_of_the_site(pair: Pair) -> None:
    status, told = await pair.ask("gateways/gw/status", role="viewer")
    assert (status, told["gateway"], told["broker"]["connected"]) == (200, "gw", False)
    assert told["room"]["pending"] == {"events": 0, "telemetry": 0}
    assert await pair.ask("gateways/gw/problems", role="viewer") == (200, {"counts": {}, "latest": []})
    assert await pair.ask("gateways/gw/strangers", role="viewer") == (200, [])
    assert (await pair.ask("gateways/gone/status"))[0] == 404


async def test_who_works_there_has_a_slot_lit_and_who_only_looks_does_not(pair: Pair) -> None:
    status, said = await pair.ask("slots/A1/light", {}, "operator")
    assert (status, said["code"]) == (400, "bad_request")
    assert "the broker is away" in said["detail"]  # it was asked
    assert (await pair.ask("slots/A1/light", {}, "viewer"))[0] == 403
    assert (await pair.ask("slots/A1/light", {"seconds": 0}))[0] == 400
    assert (await pair.ask("slots/nowhere/light", {}))[0] == 404


async def test_a_device_that_can_not_be_reached_is_told_as_such(pair: Pair) -> None:
    status, said = await pair.ask("devices/shelf-1/commands", {"cmd": "light", "args": {"seconds": 10}})
    assert (status, said["code"]) == (400, "bad_request")
    assert "the broker is away" in said["detail"]
    assert (await pair.ask("devices/nobody/commands", {"cmd": "light"}))[0] == 404


async def test_nobody_waits_for_a_gateway_that_is_away(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Uplink, "connected", lambda *_: False)
    status, said = await pair.ask("slots/A1/explained")
    assert (status, said["code"]) == (503, "unavailable")
    assert "gateway gw is not connected" in said["detail"]


async def test_a_gateway_that_does_not_answer_in_time_is_not_waited_for_and_its_late_answer_harms_nobody(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.asking.WITHIN_S", 0.05)
    asked: list[Ask] = []

    async def never(ask: Ask) -> Answer:
        asked.append(ask)
        await asyncio.sleep(0.2)
        return Answer(ask.id, 200, b"{}")

    assert pair.gateway.uplink is not None
    pair.gateway.uplink.answers = never
    status, said = await pair.ask("gateways/gw/status")
    assert (status, said["code"]) == (503, "unavailable")
    assert "did not answer" in said["detail"]
    await until(lambda: pair.gateway.uplink is not None and not pair.gateway.uplink._asked)
    assert [(one.method, one.path, one.by) for one in asked] == [("GET", "/api/v1/status", "ann")]
    assert pair.gateway.uplink.connected


async def test_it_is_known_which_gateway_sees_a_device() -> None:
    class One:
        def __init__(self, id: str) -> None:
            self.id = id

    there = [One("north"), One("south")]
    gateways = Gateways(SITE, lambda: there)  # type: ignore[arg-type,return-value]
    with pytest.raises(Refused, match="no gateway has told of shelf-1"):
        gateways.of_slot("A1")
    gateways.hear("south", [DeviceHealth("shelf-1", "ok", T0, T0, 1000, 0, 0, 0)])
    assert (gateways.of_slot("A1"), gateways.of_device("shelf-1")) == ("south", "south")
    del there[1:]
    assert gateways.of_device("cold-1") == "north"
    with pytest.raises(NotFound):
        gateways.of_device("nobody")


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"{"), (200, b'{"ok": 1}'), (500, b"<html>"), (418, b'{"code": "tea"}')]
)
def test_what_is_no_answer_of_a_gateway_is_refused(status: int, body: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        read(status, body, Done)
    assert refusal.value.code == "strange_answer"


@pytest.mark.parametrize(
    ("told", "passed"),
    [
        ({"why": "restless", "slot": "A1"}, {"told": {"why": "restless", "slot": "A1"}}),
        ({"why": ["restless"]}, {}),
        ({str(n): n for n in range(21)}, {}),
        (None, {}),
    ],
)
def test_what_a_gateway_can_not_do_is_passed_on_with_its_figures_where_they_can_be_read(
    told: object, passed: dict[str, object]
) -> None:
    body = msgspec.json.encode({"code": "bad_request", "detail": "not at rest", "told": told})

    with pytest.raises(Refusal) as refusal:
        read(400, body, Done)

    assert (refusal.value.code, refusal.value.detail) == ("bad_request", "The gateway says: not at rest")
    assert refusal.value.more == passed


def test_no_question_is_longer_than_a_frame_may_be() -> None:
    assert len(encode(Ask(1, "POST", "/api/v1/" + "x" * 490, b"x" * ASK_BYTES_MAX, "n" * 100))) < FRAME_BYTES_MAX
    assert ANSWER_BYTES_MAX < FRAME_BYTES_MAX
