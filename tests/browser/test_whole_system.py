"""The real system as a newcomer starts it, seen through its page: broker, service, gateway and simulated warehouse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP
from tests.contract.brokers import free_port

ROOT = Path(__file__).parents[2]
START_S = 60.0
LIFE_S = 90.0
STOP_S = 30.0
STALE_MS = 5000
BACK_MS = 40_000
REFRIGERATION = "Something is wrong with a cooler"

Found = TypeVar("Found")


class Running(NamedTuple):
    """A system that was started: its process, its folder, its pages, and who may sign in."""

    process: subprocess.Popen[bytes]
    state: Path
    page: str
    gateway: str
    name: str
    password: str

    def processes(self) -> dict[int, str]:
        """The command lines of all processes that work in its folder, by process id."""
        listed = subprocess.run(["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 1) for line in listed.splitlines() if str(self.state) in line]
        return {int(pid): args for pid, args in rows}

    def lanes(self) -> dict[str, Any]:
        """How the gateway's reports stand, by lane."""
        with urllib.request.urlopen(self.gateway + "api/v1/status", timeout=5) as answer:
            lanes: dict[str, Any] = msgspec.json.decode(answer.read())["lanes"]
        return lanes


@pytest.fixture
def system(built: None, tmp_path: Path) -> Iterator[Running]:
    """The demonstration on free ports, with nothing learnt yet."""
    state, told = tmp_path / "state", tmp_path / "told.txt"
    base = free_port(in_a_row=5)
    command = [sys.executable, str(ROOT / "run.py"), "demo", "--state", str(state), "--port-base", str(base)]
    with told.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
    running = Running(process, state, f"http://127.0.0.1:{base + 3}/", f"http://127.0.0.1:{base + 2}/", "", "")

    def said() -> list[str]:
        assert process.poll() is None, told.read_text()
        return [line for line in told.read_text().splitlines() if line.startswith("Open ") and " with " in line]

    try:
        name, _, password = soon(said, START_S, "run.py to say who may sign in")[0].split()[-3:]
        yield running._replace(name=name, password=password)
    finally:
        for pid in running.processes():
            os.kill(pid, signal.SIGKILL)
        process.wait(STOP_S)


def soon(look: Callable[[], Found], within_s: float, what: str) -> Found:
    """What `look` finds as soon as it finds something."""
    deadline_s = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline_s, f"waited {within_s:.0f} s for {what}"
        time.sleep(0.25)
    return found


def asked(page: Page, system: Running, path: str) -> Any:
    """What the service's interface answers to who is signed in on the page."""
    answer = page.request.get(system.page + path)
    assert answer.ok, f"{path}: {answer.status}"
    return answer.json()


def test_a_newcomer_sees_it_live_acknowledges_and_loses_nothing_when_the_service_is_killed(
    system: Running, chromium: Browser
) -> None:
    context = chromium.new_context(**DESKTOP, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    page.goto(system.page)
    sign_in(page, system)
    counts_change(page, system)
    a_proposal_tells_its_why(page, system)
    the_refrigeration_alert_is_acknowledged(page, system)
    the_service_is_killed_and_comes_back(page, system)
    assert errors == []
    context.close()

    system.process.send_signal(signal.SIGINT)
    assert system.process.wait(STOP_S) == 0
    assert system.processes() == {}


def sign_in(page: Page, system: Running) -> None:
    page.get_by_label("Name").fill(system.name)
    page.get_by_label("Password").fill(system.password)
    page.keyboard.press("Enter")
    expect(page.locator(".link.live")).to_be_visible()


def counts_change(page: Page, system: Running) -> None:
    """People pick: a known count becomes another known count, and the slot's own page shows it."""
    held: dict[str, int] = {}

    def changed() -> str:
        for slot in asked(page, system, "api/v1/slots"):
            now = slot["count"]
            if now is not None and held.setdefault(slot["id"], now) != now:
                return str(slot["id"])
        return ""

    slot = soon(changed, LIFE_S, "a count to change")
    page.goto(f"{system.page}#/slot/{slot}")
    expect(page.get_by_role("dialog").locator(".headline b")).to_have_text(
        str(asked(page, system, f"api/v1/slots/{slot}")["count"])
    )


def a_proposal_tells_its_why(page: Page, system: Running) -> None:
    """Some article is at its reorder point; its proposal, done with or not, unfolds to the figures it was made from."""
    need = soon(lambda: asked(page, system, "api/v1/needs"), LIFE_S, "a proposal")[0]
    article = asked(page, system, f"api/v1/skus/{need['sku']}")["name"]

    page.goto(f"{system.page}#/replenishment")
    page.get_by_label(f"Why: {article}").first.click()

    card = page.locator(".why").first
    for name, figure in (("Reorder point", "reorder_point"), ("Quantity to order", "quantity")):
        row = card.locator(".halves dl > div").filter(has=page.get_by_text(name, exact=True))
        expect(row.locator("dd")).to_have_text(f"{need['why'][figure]:,}")
    expect(card.locator(".terms .projected dd")).to_have_text(f"= {need['why']['position']:,}")
    expect(card.locator(".formula")).to_contain_text("Reorder point: ")


def the_refrigeration_alert_is_acknowledged(page: Page, system: Running) -> None:
    """With a note; a reload still shows who did it and what was said."""
    page.goto(f"{system.page}#/alerts")
    row = page.locator(".alerts li", has_text=REFRIGERATION)
    expect(row).to_be_visible(timeout=LIFE_S * 1000)

    row.get_by_label(f"Add a note: {REFRIGERATION}").click()
    page.keyboard.type("The cooling firm comes tomorrow")
    page.keyboard.press("Enter")

    expect(row).to_contain_text(f"Acknowledged by {system.name}")
    page.goto(f"{system.page}#/alerts/acknowledged")
    page.reload()
    stands_acknowledged(page, system)


def stands_acknowledged(page: Page, system: Running) -> None:
    row = page.locator(".alerts li.acknowledged", has_text=REFRIGERATION)
    expect(row).to_contain_text(f"Acknowledged by {system.name}")
    expect(row).to_contain_text("The cooling firm comes tomorrow")


def the_service_is_killed_and_comes_back(page: Page, system: Running) -> None:
    """Without the service the page says that it is stale; with it again, all goes on and every report has arrived.
    Whoever starts it again is held for so long, as it would be too quick for anyone to see."""
    service = next(pid for pid, args in system.processes().items() if " -m cloud serve " in args)
    system.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(service, signal.SIGKILL)
        expect(page.locator(".banner")).to_contain_text("No news since", timeout=STALE_MS)
    finally:
        system.process.send_signal(signal.SIGCONT)

    expect(page.locator(".link.live")).to_be_visible(timeout=BACK_MS)  # by itself: whoever was signed in still is
    expect(page.locator(".banner")).to_have_count(0)
    stands_acknowledged(page, system)

    def all_delivered() -> bool:
        lanes = system.lanes().values()
        assert all(lane["balanced"] for lane in lanes), lanes
        return sum(int(lane["pending"]) for lane in lanes) <= 5

    soon(all_delivered, 20, "the gateway's backlog to arrive")
    lanes, (gateway,) = system.lanes(), asked(page, system, "api/v1/gateways")
    assert gateway["refused"] == 0
    assert lanes["events"]["refused"] == lanes["events"]["thinned"] == 0
