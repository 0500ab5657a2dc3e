"""From the shelf to the pixel: simulated scales, a real broker, gateway, service and Chromium, all of them processes.

200 scales of 2,000 slots tell 1,000 settled masses a second. Some slots on the floor map are emptied and filled again
by turns; a loop in the page looks at their pixels in each frame and notes when a cell turned red, or grey again. Two
more notes are taken on the way: when the gateway had committed the movement, and when a delta with it came to a client;
they tell whose share the time is. Delays count from the moment before a scale publishes.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import NamedTuple

import msgspec
from aiohttp import ClientSession, WSMsgType
from playwright.sync_api import Page

from cloud.web.access import COOKIE
from protocols.reports import StockEvent, decode
from tests.bench.dashboard_fleet import CHANNELS, FULL, ROOMS, SLOTS
from tests.bench.gateway_bench import broker, wait_for
from tests.bench.system_bench import _free_port, _run, _start

PER_S, SETTLE_S, MEASURED_S = 1000, 6, 40
WATCHED = 40
ZONES = ("dry", "cool", "freeze", "yard")
FIND = """async (want) => {
    const canvas = document.querySelector('.floor canvas'), box = canvas.getBoundingClientRect(), found = new Map();
    const scale = canvas.width / box.width, pen = canvas.getContext('2d');
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    const at = (x, y) => data.slice((y * canvas.width + x) * 4, (y * canvas.width + x) * 4 + 3).join();
    const reach = (x, y, dx, dy) => {
        let n = 0;
        while (n < 60 && at(x + (n + 1) * dx, y + (n + 1) * dy) === at(x, y)) n++;
        return n;
    };
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    const grid = [];
    for (let v = 30; v < box.height - 6; v += 23) for (let u = 60; u < box.width - 6; u += 61) grid.push([u, v]);
    for (const [u, v] of grid) {
        if (found.size >= want) break;
        let [x, y] = [Math.round(u * scale), Math.round(v * scale)];
        const [left, right, up, down] = [reach(x, y, -1, 0), reach(x, y, 1, 0), reach(x, y, 0, -1), reach(x, y, 0, 1)];
        if (left + right < 2 || left + right > 50 || up + down < 2 || up + down > 50) continue;
        [x, y] = [x + Math.round((right - left) / 2), y + Math.round((down - up) / 2)];
        const point = { clientX: box.x + x / scale, clientY: box.y + y / scale, bubbles: true };
        canvas.dispatchEvent(new PointerEvent('pointermove', point));
        await frame();
        const slot = document.querySelector('.floor .hint b')?.textContent;
        if (slot && !found.has(slot)) found.set(slot, [x, y]);
    }
    canvas.dispatchEvent(new PointerEvent('pointerleave'));
    window.points = [...found];
    return [...found.keys()];
}"""
"""Slots that lie under points of the map, and the middles of their cells. All are full then: a cell has one colour."""
WATCH = """() => {
    const canvas = document.querySelector('.floor canvas'), pen = canvas.getContext('2d');
    window.turned = [];
    const was = new Map();
    const look = () => {
        const seen = [];
        for (const [slot, [x, y]] of window.points) {
            const { data } = pen.getImageData(x - 1, y - 1, 3, 3);
            let red = 0;
            for (let i = 0; i < data.length; i += 4) red += data[i] - Math.max(data[i + 1], data[i + 2]) > 60 ? 1 : 0;
            const empty = red > 4;
            if (was.get(slot) !== empty) seen.push([slot, empty]);
            was.set(slot, empty);
        }
        if (seen.length) setTimeout(() => {
            for (const one of seen) window.turned.push([...one, performance.timeOrigin + performance.now()]);
        });
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
"""Look at these points in each frame; what turned counts once that frame is laid out, painted and handed over, which
the next task tells. What the page itself draws in a frame is seen one frame later."""

Key = tuple[str, bool]


class Place(NamedTuple):
    """A running system: where its page and its broker are, its processes, who may sign in, its folder."""

    url: str
    broker_port: int
    service: subprocess.Popen[bytes]
    gateway: subprocess.Popen[bytes]
    cookie: str
    folder: Path


class Times(NamedTuple):
    """ms from publishing to the gateway's commit, to a delta at a client, to the pixel; to the answer of who asks for
    everything each second; and changes that never came to the page."""

    committed: list[float]
    told: list[float]
    shown: list[float]
    asked: list[float]
    lost: int


def site_text(slots: int = SLOTS) -> str:
    """A site of four zones: ten slots a rack, and each rack has a scale and an SKU."""
    lines = ['[site]\nid = "bench"\nname = "Bench"\ntimezone = "Europe/Berlin"']
    for at, zone in enumerate(ZONES):
        limits = ("", "\nmin_c = 2.0\nmax_c = 8.0", "\nmin_c = -25.0\nmax_c = -18.0", "")[at]
        lines.append(f'[[zones]]\nid = "{zone}"\nname = "{zone.title()}"{limits}')
    for at in range(slots // 10):
        lines.append(f'[[skus]]\nid = "S{at:03}"\nname = "Article {at}"\nunit_mass_g = 250.0')
    for room in ROOMS:
        lines.append(f'[[devices]]\nid = "climate-{room}"\nkind = "climate"\nzone = "{room}"')
    for at in range(slots // CHANNELS):
        zone = ZONES[at * CHANNELS * len(ZONES) // slots]
        lines.append(f'[[devices]]\nid = "shelf-{at}"\nkind = "shelf"\nzone = "{zone}"')
    for at in range(slots):
        zone = ZONES[at * len(ZONES) // slots]
        lines.append(f'[[slots]]\nid = "{slot_name(at)}"\nzone = "{zone}"\nsku = "S{at // 10:03}"\ncapacity = {FULL}')
        lines.append(f'device = "shelf-{at // CHANNELS}"\nchannel = "{at % CHANNELS + 1}"')
    return "\n".join(lines)


def slot_name(at: int) -> str:
    """A03-07: the seventh of the third rack."""
    return f"{'ABCD'[at * 4 // SLOTS]}{at // 10:03}-{at % 10 + 1:02}"


@contextmanager
def place(folder: Path, slots: int = SLOTS) -> Iterator[Place]:
    """Broker, service and gateway, ready; one admin is signed in."""
    site, edge, cloud = folder / "site.toml", folder / "edge", folder / "cloud"
    site.write_text(site_text(slots))
    uplink, page, dashboard = _free_port(), _free_port(), _free_port()
    _run("edge", "key", "--state", str(edge))
    _run("cloud", "allow", "gateway", str(edge / "keys" / "gateway.key"), "--state", str(cloud))
    account = json.loads(_run("cloud", "account", "--json", "bench", "--role", "admin", "--state", str(cloud)))
    serve = ["serve", "--site", str(site), "--state", str(cloud), "--port", str(dashboard)]
    url = f"http://127.0.0.1:{dashboard}"
    with broker(folder) as port:
        service = _start("cloud", *serve, "--uplink", f"tcp://127.0.0.1:{uplink}")
        run = ["run", "--site", str(site), "--state", str(edge), "--broker", f"mqtt://127.0.0.1:{port}"]
        link = ["--cloud", f"tcp://127.0.0.1:{uplink}", "--cloud-key", str(cloud / "keys" / "service.key")]
        gateway = _start("edge", *run, *link, "--port", str(page))
        try:
            wait_for(lambda: _answers(f"{url}/healthz") and _answers(f"http://127.0.0.1:{page}/readyz"), 40)
            with ThreadPoolExecutor(1) as apart:  # this thread's event loop is the browser's
                cookie = apart.submit(asyncio.run, signed_in(url, "bench", account["password"])).result()
            yield Place(url, port, service, gateway, cookie, folder)
        finally:
            for process in (gateway, service):
                process.send_signal(signal.SIGTERM)
                process.wait(20)


def chain(at: Place, page: Page) -> Times:
    """Empty and fill slots that the page shows, and see when it does. The page stands at the overview, live."""
    everything = {slot_name(n): n for n in range(SLOTS)}
    fill(at, 4)
    slots: list[str] = page.evaluate(FIND, WATCHED)
    assert len(slots) >= WATCHED // 2, f"only {len(slots)} slots were found on the map"
    page.evaluate(WATCH)
    committed, told, asked = Committed(at.folder / "edge" / "edge.db"), Told(at), Asked(at)
    try:
        published = fleet(at, MEASURED_S, [everything[one] for one in slots])
        page.wait_for_timeout(3000)
    finally:
        for one in (committed, told, asked):
            one.stop()
    names = {n: name for name, n in everything.items()}
    sent = [((names[scale], empty), at_ms) for scale, empty, at_ms in published]
    sent = [one for one in sent if one[1] > sent[0][1] + SETTLE_S * 1000]
    shown = [((slot, empty), at_ms) for slot, empty, at_ms in page.evaluate("() => window.turned")]
    found = [delays(sent, seen) for seen in (committed.seen, told.seen, shown, asked.seen)]
    return Times(found[0], found[1], found[2], found[3], sum(one == inf for one in found[2]))


def snapshot(at: Place) -> bytes:
    """Everything, as JSON."""
    request = urllib.request.Request(at.url + "/api/v1/snapshot", headers={"Cookie": at.cookie})
    with urllib.request.urlopen(request, timeout=10) as answer:
        body: bytes = answer.read()
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def fleet(at: Place, seconds: int, watched: list[int]) -> list[tuple[int, bool, float]]:
    """Scales tell for so long; when which of the watched ones was published as empty or full."""
    argv = [sys.executable, "-m", "tests.bench.dashboard_fleet", str(at.broker_port), str(PER_S), str(seconds)]
    said = subprocess.run([*argv, *map(str, watched)], capture_output=True, text=True, check=True).stdout
    return msgspec.json.decode(f"[{','.join(said.splitlines())}]", type=list[tuple[int, bool, float]])


def fill(at: Place, seconds: int) -> None:
    """Every slot is weighed once and more, and the service has it."""
    fleet(at, seconds, [])
    time.sleep(1.5)


def delays(sent: list[tuple[Key, float]], seen: list[tuple[Key, float]]) -> list[float]:
    """ms from each sending to the first sight of it after that; endless where the next one of its slot came first."""
    after: dict[str, float] = {}
    by_key: dict[Key, list[float]] = {}
    for key, at_ms in seen:
        by_key.setdefault(key, []).append(at_ms)
    found = []
    for (slot, empty), at_ms in reversed(sent):
        until_ms = after.get(slot, inf)
        first_ms = next((one for one in by_key.get((slot, empty), ()) if at_ms <= one < until_ms), inf)
        found.append(first_ms - at_ms)
        after[slot] = at_ms
    return sorted(found)


def percentile(delays_ms: list[float], share: float) -> float:
    """Of sorted ones."""
    return delays_ms[min(len(delays_ms) - 1, int(len(delays_ms) * share))]


class Counted(msgspec.Struct):
    """A slot of a frame."""

    id: str
    count: int | None = None  # in a delta, None where it did not change


class Frame(msgspec.Struct):
    """What the bench wants of a snapshot or a delta."""

    slots: list[Counted] = []


class Notes(threading.Thread):
    """Takes notes beside the bench until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[Key, float]] = []
        self._over = threading.Event()
        self.start()

    def stop(self) -> None:
        """Enough."""
        self._over.set()
        self.join(10)


class Committed(Notes):
    """Movements that the gateway's store holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__()

    def run(self) -> None:
        watch = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        newest, version = "SELECT coalesce(max(seq), 0) FROM outbox WHERE lane = 'events'", -1
        last = watch.execute(newest).fetchone()[0]
        while not self._over.wait(0.005):
            now_version = watch.execute("PRAGMA data_version").fetchone()[0]
            if now_version == version:
                continue
            version, now_ms = now_version, time.time_ns() / 1e6
            rows = watch.execute("SELECT seq, report FROM outbox WHERE lane = 'events' AND seq > ?", (last,)).fetchall()
            for seq, blob in rows:
                last = max(last, seq)
                report = decode(blob)
                if isinstance(report, StockEvent):
                    self.seen.append(((report.slot, report.count == 0), now_ms))
        watch.close()


class Told(Notes):
    """Deltas as a client hears them that does nothing else."""

    def __init__(self, at: Place) -> None:
        self._at = at
        super().__init__()

    def run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        decoder, was = msgspec.json.Decoder(Frame), dict[str, bool]()
        headers = {"Cookie": self._at.cookie, "Origin": self._at.url}
        async with (
            ClientSession(headers=headers) as client,
            client.ws_connect(self._at.url + "/ws", max_msg_size=0) as ws,
        ):
            while not self._over.is_set():
                message = await ws.receive()
                if message.type is not WSMsgType.TEXT:
                    return
                now_ms = time.time_ns() / 1e6
                for slot in decoder.decode(message.data).slots:
                    if slot.count is not None and was.get(slot.id) is not (slot.count == 0):
                        was[slot.id] = slot.count == 0
                        self.seen.append(((slot.id, slot.count == 0), now_ms))


class Asked(Notes):
    """The anchor: who asks for everything each second."""

    def __init__(self, at: Place) -> None:
        self._at = at
        super().__init__()

    def run(self) -> None:
        decoder, was = msgspec.json.Decoder(Frame), dict[str, bool]()
        while not self._over.wait(1):
            slots = decoder.decode(snapshot(self._at)).slots
            now_ms = time.time_ns() / 1e6
            for slot in slots:
                if slot.count is not None and was.get(slot.id) is not (slot.count == 0):
                    was[slot.id] = slot.count == 0
                    self.seen.append(((slot.id, slot.count == 0), now_ms))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def signed_in(url: str, name: str, password: str) -> str:
    """The cookie of an account."""
    headers = {"X-Requested-With": "warehouse", "Origin": url}
    given = {"user": name, "password": password}
    async with (
        ClientSession(headers=headers) as client,
        client.post(f"{url}/api/v1/session", json=given) as said,
    ):
        assert said.status == 200, await said.text()
        return f"{COOKIE}={said.cookies[COOKIE].value}"
