"""The link under load: a real service process, real CURVE sockets, ledger and history on SQLite, durable.

Reports are those of service_bench, for 2,000 slots. A rate is reports that have receipts per second of CPU that the
service's process took, all its threads and its tick together: what it does on one core. Three loads: one gateway that
hands over all it has; 200 gateways, each with its key, at once; and the gateway's own store and uplink with a backlog
behind a live stream. Anchors of the same run: one report a batch, each waited for; and a gateway that sends in the
order in which things happened.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import zmq
import zmq.asyncio
import zmq.auth

from cloud.keys import allow
from cloud.stores.ledger import Received
from edge.core.forwarding import Forwarder, Wanted
from edge.keys import Keys, service_key
from edge.store import Group, Store
from edge.uplink import Uplink
from protocols.layout import parse
from protocols.reports import LANES, Lane, Report, decode
from protocols.uplink import VERSION, Batch, Hello, Policy, Receipt, Refused, Welcome, decode_from_service, encode
from tests.bench.gateway_bench import wait_for
from tests.bench.service_bench import Made, site_text
from tests.bench.system_bench import _free_port
from tests.bench.table import Figure, show

WINDOW = 8
ONE_BATCHES, BATCH = 120, 1000
GATEWAYS, THEIR_BATCHES, THEIR_BATCH = 200, 4, 125
SINGLE = 300
BACKLOG, LIVE_PER_S, LIVE_FOR_S = 120_000, 200, 20.0
FIFO_BACKLOG = 40_000
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What a load cost: reports a second of the service's CPU, and a second of the clock."""

    per_cpu_s: float
    per_s: float


class Drained(NamedTuple):
    """A backlog handed over behind a live stream: how many times the live rate, and the ms within which 99 of 100 live
    reports had their receipt."""

    times: float
    live_p99_ms: float


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("the link", figures())


def figures() -> list[Figure]:
    """Reports taken a second of CPU, and how fast a backlog leaves without holding up what is new."""
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder)) as bench:
        single = asyncio.run(bench.flood(1, SINGLE, 1, window=1))
        one = asyncio.run(bench.flood(1, ONE_BATCHES, BATCH))
        many = asyncio.run(bench.flood(GATEWAYS, THEIR_BATCHES, THEIR_BATCH))
        fifo = asyncio.run(bench.drain(FIFO_BACKLOG, InOrder()))
        drained = asyncio.run(bench.drain(BACKLOG, Forwarder()))
    singly = f"singly {single.per_cpu_s:,.0f}/s"
    return [
        _rate("one gateway", one, 20_000, singly),
        _rate(f"{GATEWAYS} gateways at once", many, 10_000, singly),
        Figure(
            f"a backlog of {BACKLOG:,} drains, times the live rate",
            ">= 10",
            drained.times,
            10,
            "x",
            f"in order {fifo.times:.0f} x, {FIFO_BACKLOG:,}",
            floor=True,
        ),
        Figure(
            "live meanwhile, p99 until the receipt",
            "<= 1 s",
            drained.live_p99_ms / 1e3,
            1.0,
            "s",
            f"in order {fifo.live_p99_ms / 1e3:.1f} s, {FIFO_BACKLOG:,}",
        ),
    ]


def _rate(who: str, load: Load, goal: int, singly: str) -> Figure:
    name = f"reports a CPU second, {who}"
    return Figure(
        name, f">= {goal:,}", load.per_cpu_s, goal, f"/s ({load.per_s:,.0f} by the clock)", singly, floor=True
    )


class Bench:
    """A service process, and the keys of whoever speaks to it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "cloud"
        self.address = f"tcp://127.0.0.1:{_free_port()}"
        self.site = parse(site_text())
        self._named = 0

    def __enter__(self) -> Bench:
        path = self.folder / "site.toml"
        path.write_text(site_text())
        where = ["--state", str(self.state), "--port", "0", "--uplink", self.address]
        argv = [sys.executable, "-m", "cloud", "serve", "--site", str(path), *where]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wait_for(lambda: (self.state / "keys" / "service.key").exists(), 30)
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it says where it listens once it does
        self.public_key = service_key(self.state / "keys" / "service.key")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def cpu_s(self) -> float:
        """CPU seconds of the service so far, of all its threads."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICK

    def key(self) -> tuple[str, Keys]:
        """A new gateway that may connect."""
        self._named += 1
        keys = Keys(*zmq.curve_keypair())
        allow(self.state, f"g{self._named}", keys.public.decode())
        return f"g{self._named}", keys

    async def flood(self, gateways: int, batches: int, reports: int, window: int = WINDOW) -> Load:
        """So many gateways hand over so many batches each, as fast as receipts allow."""
        made = Made(self.site)
        keys, loads = [self.key() for _ in range(gateways)], []
        for _ in keys:
            pool = [one for _ in range(batches * reports // BATCH + 1) for one in made.batch()]
            loads.append(cut(pool, batches, reports))
        await asyncio.sleep(1.5)  # the service reads its list of keys once a second
        speakers = [Speaker(*key, self, load) for key, load in zip(keys, loads, strict=True)]
        try:
            await asyncio.gather(*(one.greet() for one in speakers))
            cpu_s, start_s = self.cpu_s(), time.perf_counter()
            await asyncio.gather(*(one.hand_over(window) for one in speakers))
            took_s, spent_s = time.perf_counter() - start_s, self.cpu_s() - cpu_s
        finally:
            for one in speakers:
                one.context.destroy(linger=0)
        count = gateways * batches * reports
        return Load(count / spent_s, count / took_s)

    async def drain(self, backlog: int, forwarder: Forwarder) -> Drained:
        """The gateway's own store and uplink, with a backlog when the link comes up and a live stream beside it."""
        name, keys = self.key()
        await asyncio.sleep(1.5)
        made = Made(self.site)
        side = Side(self.folder / f"{name}.db")
        try:
            await side.commit(reports(made, backlog))
            uplink = Uplink(self.address, self.public_key, keys, name, self.site.site.id, side)
            uplink._forwarder = forwarder
            side.first_live = dict(side.next_seq)
            running = asyncio.create_task(uplink.run())
            wait_from_s = time.perf_counter()
            while not uplink.connected:
                await asyncio.sleep(0.01)
                assert time.perf_counter() - wait_from_s < 20, uplink.why
            start_s = time.perf_counter()
            live = reports(made, int(LIVE_PER_S * LIVE_FOR_S))
            for at in range(0, len(live), LIVE_PER_S // 10):
                await side.commit(live[at : at + LIVE_PER_S // 10])
                uplink.notify()
                until_s = start_s + (at / LIVE_PER_S) + 0.1
                await asyncio.sleep(max(0.0, until_s - time.perf_counter()))
            while not side.settled():
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            drain_s = side.backlog_done_s - start_s
            waits = sorted(side.waits_ms)
            assert len(waits) == len(live), "every live report has its receipt"
            return Drained(backlog / drain_s / LIVE_PER_S, waits[int(len(waits) * 0.99)])
        finally:
            await side.close()


class Speaker:
    """A bare gateway that has its batches ready."""

    def __init__(self, name: str, keys: Keys, bench: Bench, batches: list[bytes]) -> None:
        self.context = zmq.asyncio.Context()
        self._hello = encode(Hello(VERSION, name, bench.site.site.id, dict.fromkeys(LANES, 1_000_000)))
        self._batches = batches
        self._socket: zmq.asyncio.Socket = self.context.socket(zmq.DEALER)
        self._socket.curve_serverkey = bench.public_key
        self._socket.curve_publickey, self._socket.curve_secretkey = keys
        self._socket.connect(bench.address)

    async def greet(self) -> None:
        """Be let in."""
        await self._socket.send(self._hello)
        await self._next(Welcome)

    async def hand_over(self, window: int) -> None:
        """Send everything, so many batches on their way at once."""
        waiting = self._batches[::-1]
        under_way = 0
        while waiting or under_way:
            while waiting and under_way < window:
                await self._socket.send(waiting.pop())
                under_way += 1
            receipt = await self._next(Receipt)
            assert not receipt.refused, receipt.refused[0].reason
            under_way -= 1

    async def _next(self, kind: type[Any]) -> Any:
        while True:
            heard = decode_from_service(await asyncio.wait_for(self._socket.recv(), 60))
            if isinstance(heard, kind):
                return heard


class Side:
    """The gateway's store behind its uplink, in a thread of its own as in the gateway; it notes when receipts come."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path)
        self._worker = ThreadPoolExecutor(1)
        self._told_s: dict[tuple[Lane, int], float] = {}
        self.first_live: dict[Lane, int] = {}
        self.waits_ms: list[float] = []
        self.backlog_done_s = 0.0

    @property
    def next_seq(self) -> dict[Lane, int]:
        return self._store.next_seq

    @property
    def unsigned_from(self) -> dict[Lane, int]:
        return self._store.unsigned_from

    @property
    def kept_from(self) -> dict[Lane, int]:
        return self._store.kept_from

    async def commit(self, told: list[Report]) -> None:
        """These reports are new now."""
        now_s = time.perf_counter()
        before = dict(self._store.next_seq)
        await self._on_disk(self._store.commit, Group(time.time_ns() // 1_000_000, reports=told))
        for lane in LANES:
            self._told_s |= dict.fromkeys(((lane, seq) for seq in range(before[lane], self.next_seq[lane])), now_s)

    async def waiting(self, wanted: Wanted, reports_max: int, bytes_max: int) -> list[tuple[int, bytes]]:
        lane, after, before, _ = wanted
        rows: list[tuple[int, bytes]] = await self._on_disk(
            self._store.waiting, lane, after, before, reports_max, bytes_max
        )
        return rows

    async def settle(self, lane: Lane, seqs: list[int], refused: list[Refused]) -> None:
        now_s = time.perf_counter()
        for seq in seqs:
            told_s = self._told_s.pop((lane, seq))
            if seq >= self.first_live[lane]:
                self.waits_ms.append((now_s - told_s) * 1e3)
            else:
                self.backlog_done_s = now_s
        await self._on_disk(self._store.settle, lane, seqs, [], time.time_ns() // 1_000_000)

    async def resend(self, lane: Lane, first: int, last: int) -> None:
        raise AssertionError("the service lost nothing")

    async def take_policies(self, policies: list[Policy]) -> None:
        await self._on_disk(self._store.keep_policies, policies)

    def settled(self) -> bool:
        """Whether everything has its receipt."""
        return not self._told_s

    async def close(self) -> None:
        """Let go of the store."""
        await self._on_disk(self._store.close)
        self._worker.shutdown()

    async def _on_disk(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work, *args)


class InOrder(Forwarder):
    """The anchor: first what happened first."""

    def wanted(self, next_seq: dict[Lane, int]) -> Wanted | None:
        """The backlog of each lane before what is new."""
        live_at, self.live_at = self.live_at, {lane: seq - 1 for lane, seq in next_seq.items()}
        old = super().wanted(next_seq)
        self.live_at = live_at
        return old or (None if any(self.backlog.values()) else super().wanted(next_seq))


def cut(pool: list[Received], batches: int, size: int) -> list[bytes]:
    """Batches of `size` reports each, of both lanes by turns, as frames."""
    lanes: dict[Lane, list[bytes]] = {lane: [] for lane in LANES}
    for one in pool:
        lanes[one.lane] += one.reports
    at = dict.fromkeys(LANES, 0)
    frames = []
    for number in range(batches):
        lane = LANES[number % 2]
        if at[lane] + size > len(lanes[lane]):  # of the events there are fewer
            lane = "telemetry"
        first, at[lane] = at[lane], at[lane] + size
        picked = lanes[lane][first : first + size]
        frames.append(encode(Batch(number + 1, lane, 0, False, [*range(first, first + size)], picked)))
        assert len(picked) == size, "the pool is large enough"
    return frames


def reports(made: Made, count: int) -> list[Report]:
    """So many reports, of both lanes as they come."""
    found: list[Report] = []
    while len(found) < count:
        found += [decode(blob) for batch in made.batch() for blob in batch.reports]
    return found[:count]


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
