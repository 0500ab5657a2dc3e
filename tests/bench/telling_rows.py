"""How long it takes from an alert that fires to a notice handed over: a real service that ticks by itself, its real
ledger, a real HTTP receiver on loopback; in calm, and while 500 devices are lost at once.

Run: python -m tests.bench.telling_rows. The service's clock is set forward between alerts, so that what has to hold for
minutes need not be waited for; what is measured passes in true time. From the moment that an alert bears as that at
which it fired, to the receiver having read the signed message. Beside it: as many messages as a service sends that
tells each alert by itself.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cloud import service as shell
from protocols.layout import Device
from protocols.reports import Alarm, DeviceHealth
from tests.bench.table import Figure, show
from tests.contract.crews_site import SITE, Crewed, Receiver, receiving

CALM, STORM = 20, 500
CRITICAL = "not_acknowledging"
STEP_MS = 3 * 60_000
DEADLINE_S = 30.0


class Clock:
    """True time, set forward at will."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


class Run:
    """A running service and who hears of it."""

    def __init__(self, place: Crewed, receiver: Receiver, clock: Clock) -> None:
        self.place, self.receiver, self.clock = place, receiver, clock

    async def fired(self, rule: str, count: int = 1, subject: str = "") -> int:
        """When the last of so many alerts of a rule (and subject) fired."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                there = [one for one in self.place.service.alerting.book.open.values() if one.rule == rule]
                there = [one for one in there if one.state == "firing" and subject in ("", one.subject)]
                if len(there) >= count:
                    return max(one.changed_ms for one in there)
                await asyncio.sleep(0.005)

    async def heard(self, subject: str) -> float:
        """When the receiver was first told of a subject, in ms of the service's clock."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for _, at_s, told in self.receiver.taken:
                    if any(one["labels"]["subject"] == subject for one in told["alerts"]):
                        return at_s * 1000 + self.clock.ahead_ms
                await asyncio.sleep(0.005)

    async def alarm(self, subject: str) -> float:
        """A gateway raises something critical: ms from firing to handed over."""
        now_ms = self.clock()
        await self.place.hear(Alarm(CRITICAL, subject, "", "firing", now_ms, now_ms, {}))
        self.clock.ahead_ms += STEP_MS
        fired_ms = await self.fired(CRITICAL, subject=subject)
        return await self.heard(subject) - fired_ms


async def measure() -> dict[str, Any]:
    """Both measurements."""
    clock, before = Clock(), shell._now_ms
    devices = [Device(f"d{number:03}", "climate", "hall") for number in range(STORM)]
    with tempfile.TemporaryDirectory() as folder:
        place = Crewed(Path(folder), replace(SITE, devices=[*SITE.devices, *devices]))
        shell._now_ms = clock
        try:
            async with receiving() as receiver:
                receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
                await place.start(clock)
                ticking = asyncio.create_task(place.service._ticking())
                run = Run(place, receiver, clock)
                calm = [await run.alarm(f"calm-{number}") for number in range(CALM)]
                run.receiver.taken.clear()
                now_ms = clock()
                lost = [DeviceHealth(one.id, "offline", now_ms, now_ms, 5000, 0, 0, 0) for one in devices]
                await place.hear(*lost)
                while sum(rule == "device_silent" for rule, _ in place.service.alerting.book.open) < STORM:
                    await asyncio.sleep(0.01)  # they are pending
                storm = await run.alarm("in-the-storm")
                together_ms = await run.fired("device_silent", STORM)
                together_ms -= await run.fired(CRITICAL, subject="in-the-storm")
                for _ in range(10):  # ten minutes of it
                    clock.ahead_ms += 60_000
                    await asyncio.sleep(1.5 * shell.TICK_S)
                told = [told for _, _, told in receiver.taken if _of(told, "device_silent")]
                named = [one["labels"]["subject"] for body in told for one in body["alerts"]]
                named = [one for one in named if one.startswith("d")]
                more = sum(body["truncatedAlerts"] for body in told)
                ticking.cancel()
                with suppress(asyncio.CancelledError):
                    await ticking
                await place.stop()
        finally:
            shell._now_ms = before
    return {"calm": calm, "storm": storm, "notices": len(told), "of": len(named) + more, "together": together_ms}


def _of(told: dict[str, Any], rule: str) -> bool:
    return any(one["labels"]["alertname"] == rule for one in told["alerts"])


def rows() -> list[Figure]:
    """The figures of telling people."""
    found = asyncio.run(measure())
    calm = sorted(found["calm"])
    median, worst = calm[len(calm) // 2] / 1000, calm[-1] / 1000
    return [
        Figure("fired to handed over, calm", "<= 2", worst, 2.0, "s", f"the worst of {CALM}; median {median:.2f} s"),
        Figure(
            "fired to handed over, storm of 500", "<= 2", found["storm"] / 1000, 2.0, "s",
            f"of what is critical; all fired within {found['together']} ms",
        ),
        Figure(
            "notices of 500 devices lost at once", "<= 3", found["notices"], 3, "", f"one an alert: {STORM}; "
            f"{found['of']} named or counted in them",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(show("telling", rows()))
