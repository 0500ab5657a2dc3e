"""The live stream: what those who look on cost, also when they do not read; a cut link, silence, and two screens."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import IO, NamedTuple, cast

from playwright.sync_api import Browser

from tests.bench.dashboard_chain import Place, snapshot
from tests.bench.dashboard_page import DESKTOP, context_of, enter
from tests.bench.gateway_bench import rss_mb

VIEWERS, MUTE = 200, 50
LOOKED_S, MUTE_S, NAIVE_S = 6.0, 60.0, 10.0
TURNS = 10
"""So often they come and go: what else the process does changes by more than they cost, but slowly."""
CUT_S = 8.0
ALERT_S = 150
"""Scales that say nothing any more are an alert within so long."""
CLOCK_TICK = os.sysconf("SC_CLK_TCK")
FIRES = """(which) => [...document.querySelectorAll('.alerts li.firing a.title')]
    .some((one) => one.getAttribute('href') === which)"""


class Looked(NamedTuple):
    """Share of a core that viewers cost, and frames a second that each was given."""

    share: float
    frames_per_s: float


class Back(NamedTuple):
    """After a cut: s until the page said so, s until it was live again, deltas that came, snapshots that were needed;
    bytes of these deltas, and of a snapshot."""

    stale_s: float
    live_s: float
    deltas: int
    snapshots: int
    delta_bytes: int
    snapshot_bytes: int


@contextmanager
def helper(module: str, *given: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of this folder, and the first line it said; it ends with its input."""
    argv = [sys.executable, "-m", f"tests.bench.{module}", *given]
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process, said(process)
    finally:
        cast(IO[str], process.stdin).close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def said(process: subprocess.Popen[str]) -> str:
    """The next line of a helper."""
    line = cast(IO[str], process.stdout).readline().strip()
    assert line, "a helper ended before it said anything"
    return line


def tell(process: subprocess.Popen[str], word: str) -> str:
    """Tell a helper a word, and hear its answer."""
    cast(IO[str], process.stdin).write(word + "\n")
    cast(IO[str], process.stdin).flush()
    return cast(IO[str], process.stdout).readline().strip()


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICK


def share(pid: int, seconds: float) -> float:
    """The share of a core that a process takes."""
    begun_s, before_s = time.perf_counter(), cpu_s(pid)
    time.sleep(seconds)
    return (cpu_s(pid) - before_s) / (time.perf_counter() - begun_s)


def viewers(url: str, cookie: str, pid: int, turns: int = TURNS) -> Looked:
    """What 200 viewers cost the process that serves them: with them minus without them, by turns."""
    spent, frames = 0.0, 0.0
    for _ in range(turns):
        without = share(pid, LOOKED_S)
        with helper("dashboard_viewers", url, cookie, str(VIEWERS)) as (process, _):
            begun_s = time.perf_counter()
            spent += share(pid, LOOKED_S) - without
            took_s = time.perf_counter() - begun_s
            cast(IO[str], process.stdin).close()
            frames += int(said(process)) / took_s
        time.sleep(1)
    return Looked(spent / turns, frames / VIEWERS / turns)


def mute(url: str, cookie: str, pid: int, seconds: float) -> tuple[float, float]:
    """MB of the serving process a few seconds after 50 who never read came, and at the end."""
    with helper("dashboard_viewers", url, cookie, str(MUTE), "mute"):
        time.sleep(5)
        first_mb = rss_mb(pid)
        time.sleep(seconds - 5)
        return first_mb, rss_mb(pid)


class Cable(threading.Thread):
    """A link to a service that can be cut: TCP on a port of its own, passed on byte by byte."""

    def __init__(self, to_port: int) -> None:
        super().__init__(daemon=True)
        self.port = 0
        self._to_port, self._is_cut = to_port, False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.start()
        self._ready.wait(10)

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._pass_on, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    def cut(self, is_cut: bool) -> None:
        """Cut it: what is connected hangs without a word, and nobody comes through; or mend it: what hung is over."""
        self._loop.call_soon_threadsafe(self._cut, is_cut)

    def stop(self) -> None:
        """No more."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.join(10)
        self._loop.close()

    async def _end(self) -> None:
        mine = asyncio.current_task()
        passing = [task for task in asyncio.all_tasks() if task is not mine]
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    def _cut(self, is_cut: bool) -> None:
        self._is_cut = is_cut
        if not is_cut:
            for one in self._writers:
                one.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        while self._is_cut:
            await asyncio.sleep(0.05)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(back)
        with suppress(asyncio.CancelledError):  # the end of the cable
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer), return_exceptions=True)
        self._writers -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            while self._is_cut:
                await asyncio.sleep(0.02)
            writer.write(data)
            await writer.drain()
        writer.close()


def cut(browser: Browser, at: Place) -> Back:
    """A page whose link is cut for eight seconds, without anybody telling it."""
    cable = Cable(int(at.url.rpartition(":")[2]))
    try:
        context = context_of(browser, at, DESKTOP)
        name, _, value = at.cookie.partition("=")
        url = f"http://127.0.0.1:{cable.port}"
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page = context.new_page()
        asked, frames = list[str](), list[str]()
        page.on("websocket", lambda one: one.on("framereceived", lambda told: frames.append(str(told))))
        page.goto(url)
        page.wait_for_selector(".link.live")
        page.wait_for_timeout(2000)
        page.on("request", lambda request: asked.append(request.url))
        begun_s = time.perf_counter()
        cable.cut(True)
        page.wait_for_selector(".link.stale", timeout=10_000)
        stale_s = time.perf_counter() - begun_s
        page.wait_for_timeout(max(0, (CUT_S - stale_s) * 1000))
        frames.clear()
        begun_s = time.perf_counter()
        cable.cut(False)
        page.wait_for_selector(".link.live", timeout=20_000)
        live_s = time.perf_counter() - begun_s
        page.wait_for_timeout(300)
        snapshots = sum("snapshot" in one for one in asked) + sum('"k":"s"' in one[:12] for one in frames)
        context.close()
        size = sum(map(len, frames))
        return Back(stale_s, live_s, len(frames), snapshots, size, len(snapshot(at)))
    finally:
        cable.stop()


def silence(browser: Browser, at: Place) -> float:
    """s until a page shows that the service, which stands still with its sockets open, is not heard."""
    page = enter(browser, at, DESKTOP)
    page.wait_for_timeout(1500)
    at.service.send_signal(signal.SIGSTOP)
    begun_s = time.perf_counter()
    try:
        page.wait_for_selector(".banner", timeout=10_000)
        return time.perf_counter() - begun_s
    finally:
        at.service.send_signal(signal.SIGCONT)
        page.wait_for_selector(".link.live", timeout=20_000)
        page.context.close()


def acknowledged(browser: Browser, at: Place) -> float:
    """s from a press on one screen until a second one shows who acknowledged."""
    first, second = (enter(browser, at, DESKTOP, "#/alerts") for _ in range(2))
    try:
        for page in (first, second):
            page.wait_for_selector(".alerts li.firing", timeout=ALERT_S * 1000)
        row = first.locator(".alerts li.firing").first
        which = row.locator("a.title").get_attribute("href")
        assert which is not None, "an alert has its address"
        row.get_by_role("button", name=re.compile("^Acknowledge(?!d)")).click()
        begun_s = time.perf_counter()
        while time.perf_counter() - begun_s < 10:
            if not second.evaluate(FIRES, which):
                return time.perf_counter() - begun_s
            time.sleep(0.01)
        return inf
    finally:
        for page in (first, second):
            page.context.close()
