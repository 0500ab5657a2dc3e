"""The scales of the dashboard's bench, a process of its own: each message is a settled mass, told at a steady rate.

Run: python -m tests.bench.dashboard_fleet PORT PER_S SECONDS SCALE... The scales that are named are emptied and filled
again by turns; of the others one message in twenty takes a unit away. Prints, one JSON line each, when which of the
named ones was published as empty or full: [scale, empty, ms since 1970].
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

from tests.bench.gateway_bench import client, message

FULL = 40
CHANNELS = 10
ROOMS = {"cool": 15.0, "freeze": -20.0}
"""Temperatures; one of them is wrong."""
ROOMS_EVERY_S = 2
LEAVING_S = 5
"""So long it waits for a broker that may be gone."""
SLOTS = 2000
PICK_SHARE = 0.05


def main() -> None:
    """Publish, and tell of the named ones."""
    port, per_s, seconds = (int(one) for one in sys.argv[1:4])
    watched = {int(one) for one in sys.argv[4:]}
    fleet = client(f"fleet-{time.time_ns()}", port)
    units, rounds = [FULL] * SLOTS, [0] * (SLOTS // CHANNELS)
    boot, rng = int(time.time()), random.Random(7)
    start_s = time.monotonic()
    for number in range(per_s * seconds):
        while (ahead_s := start_s + number / per_s - time.monotonic()) > 0:
            time.sleep(ahead_s)
        scale = number % SLOTS
        if scale in watched:
            units[scale] = 0 if units[scale] else FULL
        elif number // SLOTS and rng.random() < PICK_SHARE:
            units[scale] = units[scale] - 1 if units[scale] > FULL // 2 else FULL
        if number % (per_s * ROOMS_EVERY_S) == 0:
            tell_rooms(fleet, boot, number)
        device, channel = scale // CHANNELS, scale % CHANNELS + 1
        topic, payload = message(device, rounds[device], units[scale], 3, number)
        rounds[device] += 1
        payload = payload.replace(b'"boot": 1', b'"boot": %d' % boot)
        payload = payload.replace(b'"channel": "1"', b'"channel": "%d"' % channel)
        now_ms = time.time_ns() / 1e6
        fleet.publish(topic, payload, qos=1)
        if scale in watched:
            print(json.dumps([scale, not units[scale], now_ms]), flush=True)
    until_s = time.monotonic() + LEAVING_S
    while fleet._out_messages and time.monotonic() < until_s:
        time.sleep(0.01)
    fleet.disconnect()
    fleet.loop_stop()


def tell_rooms(fleet: Any, boot: int, number: int) -> None:
    """A thermometer in each cold room."""
    for room, celsius in ROOMS.items():
        told = {"boot": boot, "seq": number, "ts": int(time.time() * 1000), "unit": "Cel", "value": celsius}
        fleet.publish(f"wh/v1/bench/climate-{room}/climate", json.dumps(told), qos=1)


if __name__ == "__main__":
    main()
