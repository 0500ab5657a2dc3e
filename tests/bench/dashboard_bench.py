"""The dashboard's figures, in real Chromium: what it weighs, how soon it stands and follows the shelves, what it costs
to look on, barriers, and what happens to a cut link. Beside each what a first version would give in the same run.

Run: python -m tests.bench.dashboard_bench [--only NAME,...] with the names of PARTS. Some ten minutes on two cores; a
machine that does other things meanwhile is measured along with it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from math import inf
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

import hatch_build
from tests.bench import dashboard_barriers as barriers
from tests.bench import dashboard_chain as chain
from tests.bench import dashboard_lighthouse as lighthouse
from tests.bench import dashboard_live as live
from tests.bench import dashboard_page as pages
from tests.bench import dashboard_slots as slots
from tests.bench.dashboard_chain import Place, percentile
from tests.bench.dashboard_fleet import ROOMS, SLOTS
from tests.bench.table import Figure, show
from tests.browser.conftest import ARGS, CHROMIUM
from tests.house import ROOT

OPEN_S = 60
POINTS = 28


class Bench:
    """One system that runs, one browser, a folder."""

    def __init__(self, stack: ExitStack, browser: Browser) -> None:
        self._stack, self.browser = stack, browser
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dashboard-bench-")))
        self._at: Place | None = None

    @property
    def at(self) -> Place:
        """The system, every slot of it weighed."""
        if self._at is None:
            self._at = self._stack.enter_context(chain.place(self.folder))
            chain.fill(self._at, 4)
        return self._at


def first_load(bench: Bench) -> list[Figure]:
    """Bytes, and ms until the overview stands."""
    rooms = len(ROOMS)
    desktop, phone = pages.loads(bench.browser, bench.at, rooms)
    size = min(one.size for one in desktop) / 1000  # a slow one has begun to fetch what may be wanted later
    plain = pages.plain_size(bench.browser, bench.at) / 1000
    foreign = [url for one in [*desktop, *phone] for url in one.asked if not url.startswith((bench.at.url, "data:"))]
    fast, slow = (pages.median([one.stands_ms for one in of]) / 1000 for of in (desktop, phone))
    site = f"{SLOTS} slots"
    spread = [f"best {_best(of)}, worst {_worst(of)}" for of in (desktop, phone)]
    return [
        Figure(f"first load, {site}", "<= 150 KB", size, 150, "KB", f"not compressed {plain:.0f} KB"),
        Figure("overview stands, desktop", "<= 1 s", fast, 1.0, "s", spread[0]),
        Figure("overview stands, phone profile", "<= 3 s", slow, 3.0, "s", spread[1]),
        Figure("addresses asked outside of the host", "0", len(set(foreign)), 0, "", "-"),
    ]


def _best(of: list[pages.Load]) -> str:
    return f"{min(one.stands_ms for one in of) / 1000:.2f} s"


def _worst(of: list[pages.Load]) -> str:
    return f"{max(one.stands_ms for one in of) / 1000:.2f} s"


def shelf_to_pixels(bench: Bench) -> list[Figure]:
    """From a scale's message to the map."""
    page = pages.enter(bench.browser, bench.at, pages.DESKTOP)
    times = chain.chain(bench.at, page)
    page.context.close()
    p99 = percentile(times.shown, 0.99)
    shares = [percentile(of, 0.5) for of in (times.committed, times.told, times.shown)]
    print(
        f"shelf to pixels, p50: the gateway's commit after {shares[0]:.0f} ms, a delta at a client after"
        f" {shares[1]:.0f} ms, the pixel after {shares[2]:.0f} ms; of {len(times.shown)} changes {times.lost} were lost"
    )
    asked = percentile(times.asked, 0.99)
    name = f"shelf to pixels, p99 at {chain.PER_S:,} readings/s"
    return [Figure(name, "<= 500 ms", p99, 500, "ms", f"asking for everything each second {asked:.0f} ms")]


def all_slots(bench: Bench) -> list[Figure]:
    """Every slot changes."""
    told = slots.turned(bench.browser)
    anchor = f"an element a slot, without a message {told.elements_ms:.0f} ms"
    name = f"{slots.SLOTS:,} slots changed, message to pixels, CPU/4"
    return [Figure(name, "<= 100 ms", pages.median(told.shown_ms), 100, "ms", anchor)]


def open_page(bench: Bench) -> list[Figure]:
    """A page that is looked at while the site lives as a demonstration does."""
    page = pages.enter(bench.browser, bench.at, pages.DESKTOP)
    page.wait_for_timeout(8000)
    fleet = [sys.executable, "-m", "tests.bench.dashboard_fleet", str(bench.at.broker_port), "20", str(OPEN_S + 3)]
    moving = subprocess.Popen([*fleet, *map(str, range(0, SLOTS, 7))], stdout=subprocess.DEVNULL)
    told = pages.cost(page, OPEN_S)
    moving.wait(30)
    page.context.close()
    grown = f"{told.first_mb:.1f} MB at first"
    return [
        Figure("a live page", "<= 5 % of a core", 100 * told.share, 5, "%", "20 readings/s"),
        Figure("its heap", "<= 50 MB", told.last_mb, 50, "MB", grown),
        Figure(f"its heap grows in {OPEN_S} s", "<= 1 MB", told.last_mb - told.first_mb, 1, "MB", "-"),
    ]


def viewers(bench: Bench) -> list[Figure]:
    """Those who look on, and those who only say so."""
    fleet = [sys.executable, "-m", "tests.bench.dashboard_fleet", str(bench.at.broker_port), "20", "300"]
    moving = subprocess.Popen([*fleet, *map(str, range(SLOTS))], stdout=subprocess.DEVNULL)
    ours = live.viewers(bench.at.url, bench.at.cookie, bench.at.service.pid)
    moving.kill()
    moving.wait()
    told = bench.folder / "snapshot.json"
    told.write_bytes(chain.snapshot(bench.at))
    with live.helper("dashboard_naive", str(told)) as (process, line):
        url, cookie = line.split()
        naive = live.viewers(url, cookie, process.pid, turns=1)
        _, swollen = live.mute(url, cookie, process.pid, live.NAIVE_S)
    with live.helper("dashboard_hall", str(slots.SLOTS)) as (process, line):
        live.tell(process, "each 1")
        time.sleep(20)  # the ring is full by then
        url, cookie = line.split()
        first, last = live.mute(url, cookie, process.pid, live.MUTE_S)
    each = f"its own compressed snapshot for each {100 * naive.share:.0f} %"
    queues = f"a queue for each {swollen:.0f} MB after {live.NAIVE_S:.0f} s"
    name = f"{live.VIEWERS} viewers, {ours.frames_per_s:.1f} frames/s each"
    mute = f"{live.MUTE} that never read, {slots.SLOTS:,} slots a second for {live.MUTE_S:.0f} s: grown by"
    return [
        Figure(name, "<= 2 % of a core", 100 * ours.share, 2, "%", each),
        Figure(mute, "<= 10 MB", last - first, 10, "MB", queues),
    ]


def links(bench: Bench) -> list[Figure]:
    """A cut, silence, and two screens."""
    back = live.cut(bench.browser, bench.at)
    stale = live.silence(bench.browser, bench.at)
    seen = live.acknowledged(bench.browser, bench.at)
    kb = back.delta_bytes / 1000, back.snapshot_bytes / 1000
    reload = f"{back.deltas} deltas of {kb[0]:.1f} KB came; a snapshot is {kb[1]:.0f} KB"
    word = "by the socket's own word never"
    return [
        Figure(f"live again after a cut of {live.CUT_S:.0f} s", "<= 2 s", back.live_s, 2, "s", "waits up to 8 s: 8 s"),
        Figure("snapshots fetched for it", "0", back.snapshots, 0, "", reload),
        Figure("stale is shown, link cut", "<= 5 s", back.stale_s, 5, "s", word),
        Figure("stale is shown, service stands still", "<= 5 s", stale, 5, "s", word),
        Figure("acknowledged, seen on another screen", "<= 1 s", seen, 1, "s", "asking each second: up to 1 s"),
    ]


def no_barriers(bench: Bench) -> list[Figure]:
    """Every view by axe."""
    swept = barriers.sweep(bench.browser)
    for one in swept.violations:
        print(f"barrier: {one}")
    for one in swept.wide:
        print(f"wider than {barriers.NARROW} px: {one}")
    looked = f"of {swept.looked} looks"
    return [
        Figure("barriers (axe, WCAG 2.2 AA), all pages and looks", "0", len(swept.violations), 0, "", looked),
        Figure("addresses outside of the host, all pages", "0", len(set(swept.foreign)), 0, "", looked),
        Figure(f"pages that scroll sideways at {barriers.NARROW} px", "0", len(swept.wide), 0, "", looked),
    ]


def by_lighthouse(bench: Bench) -> list[Figure]:
    """Three scores."""
    told = lighthouse.scores(bench.browser.browser_type, bench.at, bench.folder / "lighthouse")
    names = ("performance", "accessibility", "best practices")
    if isinstance(told, str):
        return [Figure("Lighthouse mobile", "95/100/100", -inf, 95, "", f"not measured: {told}", floor=True)]
    goals = (95, 100, 100)
    return [
        Figure(f"Lighthouse mobile, {name}", f">= {goal}", score, goal, "", "-", floor=True)
        for name, score, goal in zip(names, told, goals, strict=True)
    ]


def points(_: Bench) -> list[Figure]:
    """The list of what a good dashboard does: how many of its points have a test or a reason in docs/dashboard.md."""
    rows = re.findall(r"^\| \d+ \|.*\| (\S.*) \|$", (ROOT / "docs/dashboard.md").read_text(), re.MULTILINE)
    kept = sum(one.startswith("`test_") for one in rows)
    told = f"{kept} by tests, {len(rows) - kept} by a reason"
    return [Figure("points with a test or a reason", f"{POINTS}", len(rows), POINTS, "", told, floor=True)]


PARTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "load": first_load, "open": open_page, "pixels": shelf_to_pixels, "slots": all_slots, "viewers": viewers,
    "links": links, "barriers": no_barriers, "lighthouse": by_lighthouse, "points": points,
}  # fmt: skip


def main() -> int:
    """Measure, and print the one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by commas")
    given = parser.parse_args()
    hatch_build.build()
    figures: list[Figure] = []
    with ExitStack() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
        bench = Bench(stack, browser)
        for name in given.only.split(","):
            begun_s = time.monotonic()
            figures += PARTS[name](bench)
            load = os.getloadavg()[0]
            print(f"{name}: {time.monotonic() - begun_s:.0f} s, load {load:.1f} on {os.cpu_count()} cores", flush=True)
        browser.close()
    return show("the dashboard", figures)


if __name__ == "__main__":
    sys.exit(main())
