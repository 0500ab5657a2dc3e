"""One page in Chromium: what it weighs, how soon it stands, what it costs while it is open, and how soon 10,000 slots
that all changed are drawn."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from tests.bench.dashboard_chain import Place

DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
}  # fmt: skip
SLOW_CPU = 4
SLOW_LINK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
LOADS = 5
MEANINGFUL = """(all) => new Promise((done) => {
    const look = () => {
        const canvas = document.querySelector('.floor canvas');
        const drawn = canvas && canvas.width > 0 && document.querySelector('.tile b')
            && document.querySelectorAll('.trend canvas, .trends .spark').length >= all;
        if (!drawn) return requestAnimationFrame(look);
        requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0));
    };
    look();
})"""
"""ms from navigation to the frame in which figures, map and trends all stand."""


class Load(NamedTuple):
    """One load of the page from nothing: bytes over the wire, ms until it stands, addresses that were asked."""

    size: int
    stands_ms: float
    asked: list[str]


class Cost(NamedTuple):
    """A page that is looked at: share of a core, MB of its heap at first and at last."""

    share: float
    first_mb: float
    last_mb: float


def enter(browser: Browser, at: Place, screen: dict[str, Any], path: str = "") -> Page:
    """A live page of who is signed in, in a context of its own, which the caller closes."""
    page = context_of(browser, at, screen).new_page()
    page.goto(f"{at.url}/{path}")
    page.wait_for_selector(".link.live", timeout=30_000)
    return page


def context_of(browser: Browser, at: Place, screen: dict[str, Any]) -> BrowserContext:
    """Somebody who is signed in, with nothing in the cache."""
    context = browser.new_context(**screen, reduced_motion="reduce", locale="en-GB")
    name, _, value = at.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": at.url}])
    return context


def load(browser: Browser, at: Place, screen: dict[str, Any], trends: int, *, slow: bool) -> Load:
    """Open the overview with an empty cache; on the phone profile with a slow processor and link, too."""
    context = context_of(browser, at, screen)
    page = context.new_page()
    wire, sizes, asked = context.new_cdp_session(page), [0.0], []
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    page.on("request", lambda request: asked.append(request.url))
    if slow:
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
        wire.send("Network.emulateNetworkConditions", SLOW_LINK)
    page.goto(at.url, wait_until="commit")
    stands_ms = float(page.evaluate(MEANINGFUL, trends))
    page.wait_for_timeout(300)
    context.close()
    return Load(int(sum(sizes)), stands_ms, asked)


def loads(browser: Browser, at: Place, trends: int) -> tuple[list[Load], list[Load]]:
    """Some on a desktop, some on the phone profile."""
    desktop = [load(browser, at, DESKTOP, trends, slow=False) for _ in range(LOADS)]
    return desktop, [load(browser, at, PHONE, trends, slow=True) for _ in range(LOADS)]


def plain_size(browser: Browser, at: Place) -> int:
    """The anchor: bytes of the first load as a service sends them that compresses nothing."""
    context = context_of(browser, at, DESKTOP)
    page, sizes = context.new_page(), list[int]()
    page.on("response", lambda told: sizes.append(len(told.body())))
    page.goto(at.url)
    page.wait_for_selector(".link.live")
    page.wait_for_timeout(300)
    context.close()
    return sum(sizes)


def cost(page: Page, seconds: int) -> Cost:
    """What a page costs while it is open and the site lives."""
    wire = page.context.new_cdp_session(page)
    wire.send("Performance.enable")
    first_mb, begun = heap_mb(wire), busy_s(wire)
    begun_s = time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    share = (busy_s(wire) - begun) / (time.perf_counter() - begun_s)
    return Cost(share, first_mb, heap_mb(wire))


def busy_s(wire: CDPSession) -> float:
    """Processor time of the page's process so far."""
    return metrics(wire)["ProcessTime"]


def heap_mb(wire: CDPSession) -> float:
    """What the page's scripts hold, garbage taken out."""
    wire.send("HeapProfiler.collectGarbage")
    return metrics(wire)["JSHeapUsedSize"] / 1e6


def metrics(wire: CDPSession) -> dict[str, float]:
    """The page's figures, as Chromium counts them."""
    return {one["name"]: one["value"] for one in wire.send("Performance.getMetrics")["metrics"]}


def median(values: list[float]) -> float:
    """The middle one."""
    return sorted(values)[len(values) // 2]
