"""A whole warehouse at once: 2,000 slots at a reading a second and 20 readers at 500 reads a second, on one gateway.

The anchor of the same run is what the same gateway takes for the slots alone. Some slots change all the time, as in a
warehouse at work: one in a hundred a second.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

import paho.mqtt.client as paho

from tests.bench.gateway_bench import UNIT_G, broker, client, site_text, start_gateway, wait_for
from tests.bench.table import Figure, show

SLOTS = 2000
READERS = 20
READS_PER_S = 500
TAGS = 200
MESSAGES_PER_S = 4
WARM_S, MEASURE_S = 15, 20


def main() -> int:
    """Measure and print; 0 when all goals are met."""
    return show("a whole warehouse", figures())


def figures() -> list[Figure]:
    """The share of one core that the gateway takes, and its memory under that load."""
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as port:
        alone, _ = _load(Path(folder), port, 0)
        both, resident_mb = _load(Path(folder), port, READERS)
    told = f"slots alone {alone:.2f}"
    return [
        Figure("2,000 slots at 1/s + 20 readers at 500 reads/s", "<= 0.5 core", both, 0.5, "core", told),
        Figure("gateway resident under that load", "<= 120 MB", resident_mb, 120.0, "MB", "-"),
    ]


def _load(folder: Path, port: int, readers: int) -> tuple[float, float]:
    site = folder / f"load{readers}.toml"
    lines = [f'[[devices]]\nid = "reader-{at}"\nkind = "rfid"\nzone = "hall"' for at in range(readers)]
    site.write_text(site_text(SLOTS) + "\n" + "\n".join(lines))
    state = folder / f"load{readers}"
    process = start_gateway(port, f"load{readers}", state, site)
    try:
        wait_for(lambda: (state / "edge.db").exists(), 20)
        time.sleep(2)
        sender = client("sender", port)
        crowd = Crowd(readers)
        started_s = time.monotonic()
        spent = 0.0
        for tick in range((WARM_S + MEASURE_S) * MESSAGES_PER_S):
            crowd.speak(sender, tick)
            time.sleep(max(0.0, started_s + (tick + 1) / MESSAGES_PER_S - time.monotonic()))
            if tick == WARM_S * MESSAGES_PER_S:
                spent, since_s = _cpu_s(process), time.monotonic()
        share = (_cpu_s(process) - spent) / (time.monotonic() - since_s)
        sender.disconnect()
        sender.loop_stop()
        resident_mb = _resident_mb(process)
        with closing(sqlite3.connect(f"file:{state / 'edge.db'}?mode=ro", uri=True)) as watch:
            slots, tags = (watch.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("slot", "tag"))
        if slots != SLOTS or tags < 0.9 * readers * TAGS:
            raise RuntimeError(f"the gateway did not do its work: {slots} slots, {tags} tags")
        return share, resident_mb
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


class Crowd:
    """Everything that speaks: a quarter of the slots at a time, and all readers, with a quarter of their reads."""

    def __init__(self, readers: int) -> None:
        self.readers = readers
        self.rng = random.Random(5)
        self.units = [self.rng.randrange(5, 40) for _ in range(SLOTS)]

    def speak(self, sender: paho.Client, tick: int) -> None:
        """One quarter of a second."""
        rng, now_ms = self.rng, int(time.time() * 1000)
        for slot in range(tick % MESSAGES_PER_S, SLOTS, MESSAGES_PER_S):
            if rng.random() < 0.01:
                self.units[slot] = max(0, self.units[slot] + rng.choice((-1, -1, -2, 3)))
            grams = round(self.units[slot] * UNIT_G + rng.gauss(0, 1), 1)
            body = {"boot": 1, "seq": tick // MESSAGES_PER_S, "ts": now_ms, "unit": "g", "value": grams}
            sender.publish(f"wh/v1/bench/shelf-{slot}/shelf", json.dumps(body), qos=1)
        for reader in range(self.readers):
            count = READS_PER_S // MESSAGES_PER_S
            reads = [
                {
                    "epc": f"30340000{reader:04X}{rng.randrange(TAGS):012X}",
                    "antenna": 1,
                    "rssi": round(rng.gauss(-58, 3), 1),
                    "at": rng.randrange(1000 // MESSAGES_PER_S),
                }
                for _ in range(count)
            ]
            body = {"boot": 1, "seq": tick, "ts": now_ms - 1000 // MESSAGES_PER_S, "reads": reads}
            sender.publish(f"wh/v1/bench/reader-{reader}/rfid", json.dumps(body), qos=1)


def _cpu_s(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(process: subprocess.Popen[bytes]) -> float:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
