"""10,000 slots that all change at once, on a slow machine: from message to pixels; and a map made of elements."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

from playwright.sync_api import Browser

from tests.bench.dashboard_chain import FIND, WATCH
from tests.bench.dashboard_live import helper, tell
from tests.bench.dashboard_page import DESKTOP, SLOW_CPU, median

SLOTS, TURNS = 10_000, 9
HEARD = """() => {
    window.heard = [];
    const Plain = WebSocket;
    window.WebSocket = class extends Plain {
        constructor(...given) {
            super(...given);
            this.addEventListener('message', ({ data }) => {
                if (data.length > 100000) window.heard.push(performance.timeOrigin + performance.now());
            });
        }
    };
}"""
"""When a large frame came, before the page itself hears of it."""
ELEMENTS = """async (count) => {
    const style = document.createElement('style');
    style.textContent = '.cell{float:left;width:5px;height:5px;margin:1px;background:#99a}.cell.empty{background:#c00}';
    document.head.append(style);
    const cells = Array.from({ length: count }, () => document.createElement('div'));
    cells.forEach((cell) => cell.className = 'cell');
    document.body.replaceChildren(...cells);
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    const took = [];
    for (let turn = 0; turn < 9; turn++) {
        for (let n = 0; n < 20; n++) await frame();
        const begun = performance.now();
        for (const cell of cells) cell.className = turn % 2 ? 'cell' : 'cell empty';
        await frame();
        took.push(performance.now() - begun);
    }
    return took;
}"""
"""The anchor: an element a slot, and nothing but its class changes."""


class Turned(NamedTuple):
    """ms until all slots were drawn, of several times; the median of an element a slot, without any message."""

    shown_ms: list[float]
    elements_ms: float


def turned(browser: Browser) -> Turned:
    """Empty and fill a hall of 10,000 slots, with a quarter of a processor."""
    with helper("dashboard_hall", str(SLOTS)) as (hall, line):
        url, cookie = line.split()
        context = browser.new_context(**DESKTOP, reduced_motion="reduce")
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])
        context.add_init_script(f"({HEARD})()")
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(".link.live", timeout=30_000)
        page.wait_for_timeout(1500)
        assert page.evaluate(FIND, 1), "no slot was found on the map"
        page.evaluate(WATCH)
        wire = context.new_cdp_session(page)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
        shown: list[float] = []
        for turn in range(TURNS + 2):
            page.wait_for_timeout(1500)
            page.evaluate("() => { window.turned.length = 0; window.heard.length = 0; }")
            tell(hall, "turn")
            page.wait_for_timeout(1500)
            came: list[Any] = page.evaluate("() => [window.heard[0], window.turned[0]?.[2]]")
            if turn >= 2:  # the first ones are compiled yet
                shown.append(came[1] - came[0] if came[0] and came[1] else inf)
        page.goto("about:blank")
        elements = median(page.evaluate(ELEMENTS, SLOTS))
        context.close()
        return Turned(sorted(shown), elements)
