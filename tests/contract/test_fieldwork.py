"""Devices in the field, at a gateway's own API and from the service's pages: enrolled, calibrated, listened to; and
messages of the quarantine that are used once, when they can be read by then."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, CookieJar

from edge import own_page
from edge.api import make_app, serving
from edge.gateway import Gateway, Options
from edge.mqtt import BrokerUrl
from edge.packets import Message
from edge.store import Store
from edge.storing import groups
from protocols import layout
from protocols.readings import Problem
from tests.contract.brokers import free_port
from tests.contract.test_asked import Pair, pair
from tests.contract.test_gateway_api import BEARER, TOKEN
from tests.contract.web_service import until
from tests.unit.test_inference import SITE

__all__ = ["pair"]
NOBODY = BrokerUrl("127.0.0.1", 9, False, "", "")
RUN = "slots/A1/run"


def now_ms() -> int:
    return time.time_ns() // 10**6


def mass(device: str, grams: float = 1350.0, leaf: str = "shelf", **more: Any) -> Message:
    body = {"unit": "g", "step_ms": 100, "values": [grams + random.Random(7).gauss(0, 0.5) for _ in range(15)], **more}
    return message(f"wh/v1/demo/{device}/{leaf}", msgspec.json.encode(body))


def message(topic: str, payload: bytes) -> Message:
    return Message(topic, payload, now_ms(), 1, 1, 1)


class Fed:
    """A running gateway that is handed its messages."""

    def __init__(self, folder: Path, site: layout.Site = SITE) -> None:
        self.gateway = Gateway(Options(site, folder, NOBODY, "gw"))
        self.inbox = feed(self.gateway)

    async def start(self) -> None:
        self._work = asyncio.create_task(self.gateway.run())
        self._page = serving(make_app(self.gateway, TOKEN), "127.0.0.1", free_port())
        self.url = await self._page.__aenter__()
        self._client = ClientSession(headers=BEARER)

    async def stop(self) -> None:
        await self._client.close()
        await self._page.__aexit__(None, None, None)
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)

    async def hear(self, *messages: Message) -> None:
        """All of it is worked off then."""
        count = self.gateway.messages
        self.inbox.put_nowait(list(messages))
        await until(lambda: self.gateway.messages == count + len(messages))

    async def ask(self, path: str, body: object = None) -> tuple[int, Any]:
        method = "GET" if body is None else "POST"
        async with self._client.request(method, f"{self.url}/api/v1/{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def got(self, path: str, body: object = None) -> Any:
        status, told = await self.ask(path, body)
        assert status == 200, told
        return told


def feed(gateway: Gateway) -> asyncio.Queue[list[Message]]:
    """Its messages come from this queue, in place of a broker."""
    inbox: asyncio.Queue[list[Message]] = asyncio.Queue()

    async def group(size_max: int, apart_s: float) -> list[Message]:
        return await inbox.get()

    gateway.mqtt.group = group  # type: ignore[method-assign]
    gateway.mqtt.acknowledge = lambda group: None  # type: ignore[method-assign]
    return inbox


@pytest.fixture
async def fed(tmp_path: Path) -> AsyncIterator[Fed]:
    one = Fed(tmp_path)
    await one.start()
    yield one
    await one.stop()


async def test_a_stranger_is_met_enrolled_approved_and_stands_there_after_a_restart(fed: Fed, tmp_path: Path) -> None:
    await fed.hear(mass("scale-77"))
    field = await fed.got("field")
    assert [(one["address"], one["kind"]) for one in field["strangers"]] == [("scale-77", "shelf")]
    assert (field["strangers_max"], field["refused_max"]) == (1000, 1000)

    field = await fed.got("field", {"do": "enrol", "address": "scale-77", "device": "shelf-1"})
    assert [(one["device"], one["approved_ms"]) for one in field["enrolments"]] == [("shelf-1", 0)]
    field = await fed.got("field", {"do": "approve", "device": "shelf-1"})
    assert (field["strangers"], field["enrolments"][0]["approved_ms"] > 0) == ([], True)
    await fed.hear(mass("scale-77"))
    assert fed.gateway.inference.shelves.slots["A1"].estimate.count == 5
    (line,) = await fed.got("journal?about=shelf-1")
    assert (line["what"], line["address"]) == ("enrolled", "scale-77")
    card = next(one for one in (await fed.got("devices"))["items"] if one["id"] == "shelf-1")
    assert (card["address"], card["state"], card["slots"]) == ("scale-77", "ok", ["A1", "A2"])
    await fed.stop()

    again = Fed(tmp_path)
    await again.start()
    assert again.gateway.decoder.places.at("", "scale-77") == "shelf-1"
    await again.stop()
    await fed.start()


async def test_what_is_wrong_with_an_enrolment_is_said_and_nothing_changes(fed: Fed) -> None:
    status, told = await fed.ask("field", {"do": "enrol", "address": "scale-77", "device": "shelf-1"})
    assert (status, told["code"]) == (400, "bad_request")
    assert "has spoken without a place" in told["detail"]
    assert told["told"] == {"why": "nobody", "address": "scale-77"}
    assert (await fed.ask("field", {"do": "adopt"}))[0] == 400
    assert (await fed.ask("devices?limit=x"))[0] == 400
    assert (await fed.got("field"))["enrolments"] == []


async def test_a_command_goes_to_who_stands_at_the_place(fed: Fed, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def publish(topic: str, *_: object) -> bool:
        sent.append(topic)
        return False

    monkeypatch.setattr(fed.gateway.mqtt, "publish", publish)
    await fed.hear(mass("scale-77"))
    await fed.got("field", {"do": "enrol", "address": "scale-77", "device": "shelf-1"})
    await fed.got("field", {"do": "approve", "device": "shelf-1"})

    await fed.ask("devices/shelf-1/cmd", {"cmd": "reboot"})

    assert sent == ["wh/v1/demo/scale-77/cmd"]


async def test_a_tare_is_asked_for_waits_and_is_stored_wherever_one_looks_from(fed: Fed) -> None:
    assert await fed.got(RUN) == {"run": None}
    begun = await fed.got(RUN, {"do": "tare", "anyway": True})
    assert (begun["step"], begun["shown_g"]) == ("calm", None)
    run = fed.gateway.fieldwork.runs.of["A1"]
    run.begun_ms -= 10_000  # it was asked for a while ago
    await fed.hear(mass("shelf-1", 12.0))
    await until(lambda: run.step != "calm")
    await until(lambda: run.step == "stored")

    told = (await fed.got(RUN))["run"]
    assert (told["step"], round(told["result"]["tare_g"])) == ("stored", 12)
    assert (await fed.ask("slots/nowhere/run"))[0] == 404
    assert (await fed.ask(RUN, {"do": "book", "by": 1}))[0] == 400
    await fed.got(RUN, {"do": "teach", "pieces": 3})
    assert (await fed.got(f"{RUN}/cancel", {}))["run"]["why"] == "cancelled"


async def test_a_run_that_can_not_be_done_says_why(fed: Fed) -> None:
    await fed.got(RUN, {"do": "calibrate", "mass_g": 5000})
    run = fed.gateway.fieldwork.runs.of["A1"]
    run.begun_ms -= 10_000
    await fed.hear(mass("shelf-1", 350.0))
    await until(lambda: run.step == "refused")
    assert "off by a factor" in run.why
    assert run.told["why"] == "far_off"


async def test_messages_are_shown_as_they_come_while_somebody_looks(fed: Fed) -> None:
    first = await fed.got("tail?device=shelf-1")
    assert (first["lines"], first["lines_max"], first["rate_max"]) == ([], 200, 25)
    await fed.hear(mass("shelf-1"), message("wh/v1/demo/shelf-1/shelf", b'{"password": "hush"'), mass("other"))

    lines = (await fed.got(f"tail?device=shelf-1&after={first['next']}"))["lines"]

    assert [one["bad"] for one in lines] == ["", "payload.not_json"]
    assert lines[1]["text"] == '{"password": •••'


GRAMS = message("wh/v1/demo/shelf-9/shelf", msgspec.json.encode({"unit": "g", "values": [600.0] * 12, "step_ms": 100}))


async def test_a_message_that_can_be_read_by_now_is_used_once(fed: Fed, tmp_path: Path) -> None:
    await fed.hear(GRAMS, message("wh/v1/demo/shelf-1/shelf", b"{"))
    held = await fed.got("quarantine")
    assert [(one["code"], one["whole"], one["text"][:2]) for one in held["items"]] == [
        ("device.unknown", True, '{"'),
        ("payload.not_json", True, "{"),
    ]
    assert (held["held_max"], held["bytes_max"]) == (groups.QUARANTINE_ROWS_MAX, groups.QUARANTINE_PAYLOAD_MAX)
    told = await fed.got("quarantine/replay", {"code": "device.unknown"})
    assert (told["used"], [one["code"] for one in told["stays"]], told["left"]) == (0, ["device.unknown"], 1)

    await fed.got("field", {"do": "enrol", "address": "shelf-9", "device": "shelf-1"})
    await fed.got("field", {"do": "approve", "device": "shelf-1"})
    told = await fed.got("quarantine/replay", {"code": "device.unknown"})

    assert (told["used"], told["readings"], told["left"]) == (1, 12, 0)
    assert fed.gateway.inference.shelves.slots["A1"].estimate.count == 2
    number = held["items"][0]["id"]
    told = await fed.got("quarantine/replay", {"ids": [number, 999]})
    assert [(one["id"], one["code"]) for one in told["stays"]] == [(999, "gone"), (number, "replayed")]
    assert (await fed.got("quarantine?code=device.unknown"))["items"][0]["replayed_ms"] > 0
    assert [line["what"] for line in await fed.got("journal?about=gateway")] == ["replayed"]
    assert (await fed.ask("quarantine/replay", {}))[0] == 400


async def test_what_was_partly_used_or_not_kept_whole_is_never_replayed(fed: Fed) -> None:
    late = mass("shelf-1", ts=86_400_000)  # used, with the time of receipt
    long = mass("shelf-8", note="x" * 5000)
    await fed.hear(late, long)

    told = await fed.got("quarantine")
    assert {(one["code"], one["whole"]) for one in told["items"]} == {
        ("clock.not_believable", False),
        ("device.unknown", False),
    }
    ids = [one["id"] for one in told["items"]]
    told = await fed.got("quarantine/replay", {"ids": ids})
    assert (told["used"], {one["code"] for one in told["stays"]}) == (0, {"not_whole"})


def test_the_quarantine_keeps_what_it_says_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "QUARANTINE_ROWS_MAX", 3)
    with closing(Store(tmp_path / "edge.db")) as store:
        for number in range(5):
            bad = groups.Quarantined(Problem("payload.invalid", str(number)), "t", b"x", True)
            store.commit(groups.Group(number, problems=[bad]))
        told = store.quarantine()
        assert [one.detail for one in told.items] == ["4", "3", "2"]
        assert (told.held, told.replayable, told.ever) == (
            {"payload.invalid": 3},
            {"payload.invalid": 3},
            {"payload.invalid": 5},
        )


async def test_from_the_services_pages_a_device_is_enrolled_by_who_may_and_the_gateway_knows_who(pair: Pair) -> None:
    pair.gateway.decoder.decode(GRAMS.topic, GRAMS.payload, now_ms())
    deed = {"do": "enrol", "address": "shelf-9", "device": "shelf-1"}
    assert (await pair.ask("gateways/gw/field", deed, "operator"))[0] == 403
    status, field = await pair.ask("gateways/gw/field", deed, "maintenance")
    assert (status, field["enrolments"][0]["asked_by"]) == (200, "ann")
    status, cards = await pair.ask("gateways/gw/devices", role="viewer")
    assert (status, [one["id"] for one in cards["items"]]) == (200, ["cold-1", "dock", "shelf-1"])
    assert (await pair.ask("gateways/gw/quarantine", role="viewer"))[1]["items"] == []
    assert (await pair.ask("gateways/gw/tail", role="viewer"))[0] == 403
    assert (await pair.ask("gateways/gw/tail?device=shelf-1"))[1]["lines"] == []
    assert (await pair.ask(f"gateways/gw/tail?device={'%E4%B8%AD' * 190}"))[0] == 400, "no question is too long to read"
    assert await pair.ask("slots/A1/run", role="viewer") == (200, {"run": None})
    status, run = await pair.ask("slots/A1/run", {"do": "tare"})
    assert (status, run["step"], run["by"]) == (200, "calm", "ann")
    status, told = await pair.ask("gateways/gw/quarantine/replay", {"code": "device.unknown"})
    assert (status, told["used"]) == (200, 0)


async def test_whoever_gives_the_token_at_the_page_has_a_session_of_its_own_page_alone(fed: Fed) -> None:
    page = fed.url
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:

        async def post(path: str, body: object, origin: str = page) -> tuple[int, Any]:
            headers = {"Origin": origin, "X-Requested-With": "warehouse"}
            async with browser.post(f"{page}/api/v1/{path}", json=body, headers=headers) as answer:
                assert "WWW-Authenticate" not in answer.headers
                return answer.status, await answer.json()

        enrol = {"do": "enrol", "address": "x", "device": "shelf-1"}
        assert (await post("field", enrol))[0] == 401
        assert (await post("session", {"token": "wrong"}))[1]["code"] == "wrong_token"
        assert (await post("session", {"token": TOKEN}, "https://evil.example"))[0] == 403
        assert await post("session", {"token": TOKEN}) == (200, {"looks": True, "acts": True})
        (cookie,) = browser.cookie_jar
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        assert (await post("field", enrol))[0] == 400, "it may, and nobody is called so"
        assert (await post("field", enrol, "https://evil.example"))[0] == 403
        await post("session/end", {})
        assert (await post("field", enrol))[0] == 401
        for _ in range(own_page.WRONG_MAX):
            await post("session", {"token": "wrong"})
        assert (await post("session", {"token": TOKEN}))[0] == 429


async def test_who_looks_from_elsewhere_is_told_to_sign_in_by_a_page_that_holds_nothing(fed: Fed) -> None:
    there = {"Host": "gateway.example"}
    async with ClientSession(headers=there) as browser, browser.get(f"{fed.url}/api/v1/session") as answer:
        assert await answer.json() == {"looks": False, "acts": False}
    async with ClientSession() as browser, browser.get(f"{fed.url}/api/v1/tail") as answer:
        assert answer.status == 401, "raw messages are for who may act"
    async with ClientSession(headers=there) as browser:
        for name in ("..%2f..%2fapi.py", "secret.txt", "app.js"):
            async with browser.get(f"{fed.url}/assets/{name}") as answer:
                assert answer.status == 404


def test_sessions_end_by_themselves_and_are_few() -> None:
    t = [0.0]
    sessions = own_page.Sessions("token", lambda: t[0])
    first = sessions.begin("token")
    assert first is not None
    t[0] = 1.0
    more = [sessions.begin("token") for _ in range(own_page.SESSIONS_MAX)]
    assert (sessions.holds(first), sessions.holds(more[-1] or "")) == (False, True)
    t[0] += own_page.SESSION_S
    assert not sessions.holds(more[-1] or "")
    assert not sessions.holds("")
