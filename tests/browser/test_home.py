"""The gateway's own page, of a real gateway with a real link to a service: it lives on when the service is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from edge.packets import Message
from tests.browser.conftest import PHONE
from tests.browser.test_looks import SMALL_TARGETS, violations
from tests.contract.links import hasten
from tests.contract.test_asked import TOKEN, Pair
from tests.contract.test_fieldwork import feed, mass, message


class House:
    """A gateway and a service in a thread of their own."""

    _inbox: asyncio.Queue[list[Message]]

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.pair = self._run(self._start(folder))

    async def _start(self, folder: Path) -> Pair:
        pair = Pair(folder)
        pair.prepare = lambda gateway: setattr(self, "_inbox", feed(gateway))
        await pair.start()
        return pair

    def hear(self, *messages: Message) -> None:
        self._loop.call_soon_threadsafe(self._inbox.put_nowait, list(messages))

    def lose_the_service(self) -> None:
        async def lose() -> None:
            self.pair._work[0].cancel()
            await asyncio.gather(self.pair._work[0], return_exceptions=True)

        self._run(lose())

    def close(self) -> None:
        self._run(self.pair.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


@pytest.fixture
def house(built: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    hasten(monkeypatch)
    one = House(tmp_path)
    yield one
    one.close()


@pytest.fixture
def home(chromium: Browser, house: House) -> Iterator[Page]:
    context = chromium.new_context(**PHONE, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(house.pair.page)
    yield page
    context.close()


def test_who_has_not_signed_in_sees_how_it_is_without_scrolling(home: Page) -> None:
    heading = home.get_by_role("heading", name="How it is")
    expect(home.get_by_role("button", name="Sign in")).to_be_visible()

    expect(heading).to_be_in_viewport()
    head = home.locator(".home-top").bounding_box()
    assert head is not None
    assert head["height"] < 200


def test_the_page_lives_with_the_service_gone_counts_on_and_takes_in_a_new_scale(house: House, home: Page) -> None:
    complaints: list[str] = []
    home.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    expect(home.get_by_role("heading", name="Gateway gw")).to_be_visible()
    link = home.locator(".facts div").filter(has_text="Link to the service")
    expect(link.get_by_text("connected")).to_be_visible()

    house.lose_the_service()
    expect(link.get_by_text("away")).to_be_visible()
    house.hear(mass("shelf-1"), message("wh/v1/demo/shelf-1/shelf", b"{"), mass("scale-77"))
    home.get_by_role("link", name="Stock").click()
    expect(home.get_by_role("row").filter(has_text="A1").get_by_text("5", exact=True)).to_be_visible()
    home.get_by_role("link", name="Quarantine").click()
    expect(home.get_by_text("payload.not_json").first).to_be_visible()
    home.get_by_role("link", name="New devices").click()
    expect(home.get_by_text("scale-77", exact=True)).to_be_visible()
    expect(home.get_by_role("button", name="Enrol")).to_have_count(0)

    home.get_by_role("button", name="Sign in").click()
    home.get_by_label("Token of this gateway").fill("wrong")
    home.get_by_role("button", name="Sign in").click()
    expect(home.get_by_text("That is not this gateway's token")).to_be_visible()
    home.get_by_label("Token of this gateway").fill(TOKEN)
    home.get_by_role("button", name="Sign in").click()
    home.get_by_role("button", name="Enrol").click()
    home.get_by_label("At the place").select_option("shelf-1")
    home.get_by_role("button", name="Ask for approval").click()
    home.get_by_role("button", name="Approve").click()
    expect(home.get_by_text("approved by somebody at the gateway")).to_be_visible()
    home.reload()
    home.get_by_role("link", name="Devices", exact=True).click()
    card = home.locator(".device-cards > li").filter(has_text="shelf-1")
    expect(card.get_by_text("Calibration due: its scale was replaced")).to_be_visible()
    card.get_by_role("button", name="Calibrate A1").click()
    card.get_by_role("button", name="Tare").click()
    card.get_by_role("button", name="Begin").click()
    expect(card.get_by_text("The scale is not at rest")).to_be_visible()

    found = violations(home) + home.evaluate(SMALL_TARGETS)
    for tab in ("State", "Stock", "Messages"):
        home.get_by_role("link", name=tab).first.click()
        found += violations(home) + home.evaluate(SMALL_TARGETS)
    assert found == []
    home.get_by_role("button", name="中文").click()
    expect(home.get_by_role("link", name="隔离区")).to_be_visible()
    assert home.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert [one for one in complaints if "403" not in one] == []


CLIPPED = """() => [...document.querySelectorAll('.panel')].filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => one.className)"""


@pytest.mark.parametrize("width", [390, 320])
def test_on_a_phone_all_of_it_can_be_seen_while_the_service_is_gone(house: House, home: Page, width: int) -> None:
    home.set_viewport_size({"width": width, "height": 844})
    house.lose_the_service()
    link = home.locator(".facts div").filter(has_text="Link to the service")
    expect(link).to_contain_text("The service does not answer")
    expect(link.locator("[lang=en]")).to_contain_text("does not answer")

    assert home.evaluate(CLIPPED) == []
    home.get_by_role("button", name="中文").click()
    expect(home.locator(".facts div").filter(has_text="服务没有应答")).to_be_visible()
    assert home.evaluate(CLIPPED) == []


def test_a_gateway_that_does_not_answer_shows_that_its_figures_are_of_then(house: House, home: Page) -> None:
    expect(home.locator(".facts")).to_contain_text("connected")
    expect(home.locator("main.stale")).to_have_count(0)

    home.context.set_offline(True)

    expect(home.locator("main.stale")).to_contain_text("All of this is as it was at", timeout=20_000)
    expect(home.locator("main.stale .facts dd").first).to_have_css("text-decoration-line", "line-through")
    home.context.set_offline(False)
    expect(home.locator("main.stale")).to_have_count(0, timeout=20_000)


def test_a_weight_that_can_be_read_in_two_ways_is_not_guessed_and_any_other_is_said_back(
    house: House, home: Page
) -> None:
    house.hear(mass("shelf-1"))
    home.get_by_role("button", name="Sign in").click()
    home.get_by_label("Token of this gateway").fill(TOKEN)
    home.get_by_role("button", name="Sign in").click()
    home.get_by_role("link", name="Stock").click()
    home.get_by_role("button", name="A1", exact=True).click()
    home.get_by_role("button", name="Calibrate").click()
    form = home.locator(".run-form")
    form.get_by_label("Weight in g").fill("14350.3")
    expect(form.locator("output")).to_have_text("= 14,350.3 g")

    form.get_by_label("Weight in g").fill("14,350")
    form.get_by_role("button", name="Begin").click()

    expect(home.get_by_text("can be read in two ways")).to_be_visible()
