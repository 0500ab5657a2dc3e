"""What a reading costs: the gateway beside a straight paho script, on one broker, in one run. `make bench`.

Both drain the same queued messages from a persistent session, so nothing but themselves and the broker runs. CPU is
that of the whole process, start-up (measured by a run of almost no messages) taken off.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from math import inf
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from protocols.reports import StockEvent, decode
from tests.bench.table import Figure, show

DEVICES = 200
UNIT_G = 250.0
SINGLE, BATCHED = 40_000, 16_000
BATCH = 32
RUNS = 3
PACED_PER_S, PACED_S = 1000, 10
SLOTS = 2000
HERE = Path(__file__).parent


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("gateway", figures())


def figures() -> list[Figure]:
    """CPU a reading, delay to committed stock, memory."""
    found = []
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as port:
        bench = Bench(Path(folder), port)
        script, ours = bench.pair(SINGLE, 1)
        told = f"script {script:.1f} us, gateway {ours:.1f} us"
        found.append(Figure("CPU per reading, one a message", "<= 1.2 x script", ours / script, 1.2, "x", told))
        script, ours = bench.pair(BATCHED, BATCH)
        found.append(Figure("CPU per reading, 32 a message", "<= 3 us", ours, 3.0, "us", f"script {script:.1f} us"))
        p50, p99 = bench.paced()
        found.append(
            Figure("publish to committed stock, p99 at 1,000/s", "<= 50 ms", p99, 50.0, "ms", f"p50 {p50:.1f} ms")
        )
    return found


class Bench:
    """One broker and a folder to work in."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.number = folder, port, 0
        self.site = folder / "site.toml"
        self.site.write_text(site_text(DEVICES))

    @cached_property
    def base(self) -> tuple[float, float]:
        """CPU seconds of script and gateway for as good as nothing: their start."""
        script = min(self._drain_script(10, 1) for _ in range(RUNS))
        return script, min(self._drain_gateway(10, 1) for _ in range(RUNS))

    def pair(self, messages: int, batch: int) -> tuple[float, float]:
        """us a reading of script and gateway, by turns, the best of each."""
        runs = [(self.script(messages, batch), self.gateway(messages, batch)) for _ in range(RUNS)]
        return min(script for script, _ in runs), min(ours for _, ours in runs)

    def script(self, messages: int, batch: int) -> float:
        """us a reading of the straight script."""
        return (self._drain_script(messages, batch) - self.base[0]) / (messages * batch) * 1e6

    def gateway(self, messages: int, batch: int) -> float:
        """us a reading of the gateway."""
        return (self._drain_gateway(messages, batch) - self.base[1]) / (messages * batch) * 1e6

    def _drain_script(self, messages: int, batch: int) -> float:
        self.number += 1
        client_id = f"script{self.number}"
        self._queue(client_id, messages, batch)
        database = str(self.folder / f"{client_id}.db")
        argv = [sys.executable, str(HERE / "straight_script.py"), "127.0.0.1", str(self.port), client_id, str(messages)]
        return _cpu_of(subprocess.Popen([*argv, database]))

    def _drain_gateway(self, messages: int, batch: int) -> float:
        self.number += 1
        name = f"gw{self.number}"
        self._queue(f"{name}-bench", messages, batch)
        state = self.folder / name
        process = start_gateway(self.port, name, state, self.site)
        wait_for(lambda: _readings(state, DEVICES) >= messages, 120)
        process.send_signal(signal.SIGTERM)
        return _cpu_of(process)

    def paced(self) -> tuple[float, float]:
        """p50 and p99 in ms from publish to committed, at a steady rate over 2,000 slots."""
        site = self.folder / "large.toml"
        site.write_text(site_text(SLOTS))
        state = self.folder / "paced"
        process = start_gateway(self.port, "paced", state, site)
        wait_for(lambda: (state / "edge.db").exists(), 20)
        time.sleep(1.5)
        pacer = client("pacer", self.port)
        sent: dict[tuple[str, int], float] = {}
        seen: dict[tuple[str, int], float] = {}
        watch = sqlite3.connect(f"file:{state / 'edge.db'}?mode=ro", uri=True, isolation_level=None)
        version, last = -1, -1

        def look() -> None:
            nonlocal version, last
            now_version = watch.execute("PRAGMA data_version").fetchone()[0]
            if now_version == version:
                return
            version = now_version
            rows = watch.execute("SELECT seq, report FROM outbox WHERE lane = 'events' AND seq > ?", (last,)).fetchall()
            now_s = time.monotonic()
            for seq, blob in rows:
                last = seq
                report = decode(blob)
                if isinstance(report, StockEvent):
                    seen[report.slot, report.count] = now_s

        # Every message moves its slot and settles at once: its stock event is what we wait for.
        start_s = time.monotonic()
        for number in range(PACED_PER_S * PACED_S):
            while time.monotonic() < start_s + number / PACED_PER_S:
                look()
            device, round_ = number % SLOTS, number // SLOTS
            units = 40 - round_
            sent[f"A{device}", units] = time.monotonic()
            pacer.publish(*message(device, round_, units, 3, number), qos=1)
        deadline_s = time.monotonic() + 3
        while len(seen) < len(sent) and time.monotonic() < deadline_s:
            look()
        pacer.disconnect()
        pacer.loop_stop()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        # What never showed counts as endlessly late.
        delays = sorted((seen.get(key, inf) - sent[key]) * 1000 for key in sent)
        return delays[len(delays) // 2], delays[int(len(delays) * 0.99)]

    def _queue(self, client_id: str, messages: int, batch: int) -> None:
        """Leave messages in the persistent session of `client_id`."""
        session = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
        session.connect("127.0.0.1", self.port)
        session.subscribe("wh/v1/bench/+/shelf", 1)
        session.loop_start()
        time.sleep(0.3)
        session.disconnect()
        session.loop_stop()
        filler = client("filler", self.port)
        rng = random.Random(7)
        for number in range(messages):
            device, round_ = number % DEVICES, number // DEVICES
            filler.publish(*message(device, round_, 40 - (round_ // 50) % 30, batch, number, rng), qos=1)
        while filler._out_messages:
            time.sleep(0.01)
        filler.disconnect()
        filler.loop_stop()


def start_gateway(broker_port: int, name: str, state: Path, site: Path) -> subprocess.Popen[bytes]:
    """A gateway at work on the broker."""
    argv = [sys.executable, "-m", "edge", "run", "--site", str(site), "--state", str(state), "--name", name]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv += ["--broker", f"mqtt://127.0.0.1:{broker_port}", "--port", str(port)]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def message(
    device: int, round_: int, units: int, batch: int, number: int, rng: random.Random | None = None
) -> tuple[str, bytes]:
    noise = rng or random.Random(number)
    grams = [round(units * UNIT_G + noise.gauss(0, 1), 1) for _ in range(batch)]
    now_ms = int(time.time() * 1000)
    body: dict[str, object] = {"boot": 1, "seq": round_, "ts": now_ms, "unit": "g", "channel": "1"}
    body |= {"value": grams[0]} if batch == 1 else {"step_ms": 100, "values": grams}
    payload = json.dumps(body)
    if batch == 1:
        payload = payload[:-1] + ', "firmware": "' + "x" * (200 - len(payload) - 15) + '"}'
    return f"wh/v1/bench/shelf-{device}/shelf", payload.encode()


def site_text(devices: int) -> str:
    lines = ['[site]\nid = "bench"\nname = "Bench"\n[[zones]]\nid = "hall"\nname = "Hall"']
    lines.append(f'[[skus]]\nid = "S"\nname = "S"\nunit_mass_g = {UNIT_G}')
    for at in range(devices):
        lines.append(f'[[devices]]\nid = "shelf-{at}"\nkind = "shelf"\nzone = "hall"')
        lines.append(f'[[slots]]\nid = "A{at}"\nzone = "hall"\nsku = "S"\ndevice = "shelf-{at}"')
    return "\n".join(lines)


def client(name: str, port: int) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, name)
    client.max_inflight_messages_set(200)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def _readings(state: Path, devices: int) -> int:
    """Messages the gateway has committed, by what it holds of each device's sequence."""
    import msgspec

    from edge.core.inference import DeviceState

    try:
        watch = sqlite3.connect(f"file:{state / 'edge.db'}?mode=ro", uri=True)
        rows = watch.execute("SELECT state FROM device").fetchall()
        watch.close()
    except sqlite3.Error:
        return 0
    states = [msgspec.msgpack.decode(row[0], type=DeviceState) for row in rows]
    return sum(
        last - first + 1 for state in states for held in state.pulse.boots.values() for first, last in held.ranges
    )


def wait_for(ready: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError("the bench waited in vain")
        time.sleep(0.2)


def _cpu_of(process: subprocess.Popen[bytes]) -> float:
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process.wait(60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A Mosquitto that queues without limit."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n"
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 10)
        yield port
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
