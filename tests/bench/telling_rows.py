"""How long it takes from an alert that fires to a notice handed over: a real service that ticks by itself, its real
ledger, a real HTTP receiver on loopback; in calm, while 500 devices are lost at one moment, and while 500 that were
lost one by one are found so at once, which no common cause explains: 500 alerts.

Run: python -m tests.bench.telling_rows. The service's clock is set forward between alerts, so that what has to hold for
minutes need not be waited for; what is measured passes in true time. From the moment that an alert bears as that at
which it fired, to the receiver having read the signed message. Beside it: as many messages as a service sends that
tells each alert by itself.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from cloud import service as shell
from cloud.alerts.lifecycle import Alert
from protocols.layout import Device
from protocols.reports import Alarm, DeviceHealth
from tests.bench.table import Figure, show
from tests.contract.crews_site import SITE, Crewed, Receiver, receiving

CALM, STORM = 20, 500
CRITICAL = "not_acknowledging"
STEP_MS = 3 * 60_000
DEADLINE_S = 30.0
APART_MS = 3 * 60_000
"""Devices that are lost so far apart were not lost together."""


class Clock:
    """True time, set forward at will."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms


class Late(Exception):
    """Something did not come in its time."""


class Run:
    """A running service and who hears of it."""

    def __init__(self, place: Crewed, receiver: Receiver, clock: Clock) -> None:
        self.place, self.receiver, self.clock = place, receiver, clock
        self.ticking = asyncio.create_task(place.service._ticking())

    async def until(self, what: str, found: Callable[[], float | None]) -> float:
        """What is found as soon as it is. Raises `Late`, with what is there instead."""
        end_s = time.monotonic() + DEADLINE_S
        while (seen := found()) is None:
            if self.ticking.done():
                self.ticking.result()  # raises what ended it
            if time.monotonic() > end_s:
                there = Counter((one.rule, one.state) for one in self.place.service.alerting.book.open.values())
                named = [one["labels"]["alertname"] for _, _, body in self.receiver.taken for one in body["alerts"]]
                raise Late(
                    f"{what}: not within {DEADLINE_S:.0f} s; open are {dict(there)}, told {dict(Counter(named))}"
                )
            await asyncio.sleep(0.005)
        return seen

    def of(self, rule: str, subject: str = "") -> list[Alert]:
        """The alerts of a rule (and subject) that are not over."""
        there = self.place.service.alerting.book.open.values()
        return [one for one in there if one.rule == rule and subject in ("", one.subject)]

    async def pending(self, rule: str, count: int = 1) -> None:
        """So many of a rule are to fire soon."""
        await self.until(f"{count} x {rule} pending", lambda: 0.0 if len(self.of(rule)) >= count else None)

    async def fired(self, rule: str, count: int = 1, subject: str = "") -> float:
        """When the last of so many alerts of a rule (and subject) fired."""

        def found() -> float | None:
            there = [one.changed_ms for one in self.of(rule, subject) if one.state == "firing"]
            return max(there) if len(there) >= count else None

        return await self.until(f"{count} x {rule} {subject} firing", found)

    async def heard(self, subject: str) -> float:
        """When the receiver was first told of a subject, in ms of the service's clock."""

        def found() -> float | None:
            for _, at_s, told in self.receiver.taken:
                if any(one["labels"]["subject"] == subject for one in told["alerts"]):
                    return at_s * 1000 + self.clock.ahead_ms
            return None

        return await self.until(f"{subject} told", found)

    async def alarm(self, subject: str) -> float:
        """A gateway raises something critical: ms from firing to handed over."""
        now_ms = self.clock()
        await self.place.hear(Alarm(CRITICAL, subject, "", "firing", now_ms, now_ms, {}))
        self.clock.ahead_ms += STEP_MS
        fired_ms = await self.fired(CRITICAL, subject=subject)
        return await self.heard(subject) - fired_ms

    async def storm(self, subject: str, rule: str, count: int, lost: list[DeviceHealth]) -> Storm:
        """Devices are lost, and become so many alerts of a rule, while something critical fires; ten minutes of it."""
        self.receiver.taken.clear()
        await self.place.hear(*lost)
        await self.pending(rule, count)
        late_ms = await self.alarm(subject)
        together_ms = await self.fired(rule, count) - await self.fired(CRITICAL, subject=subject)
        for _ in range(10):
            self.clock.ahead_ms += 60_000
            await asyncio.sleep(1.5 * shell.TICK_S)
        about = [told for _, _, told in self.receiver.taken if _of(told, rule)]
        named = sum(one["labels"]["alertname"] == rule for told in about for one in told["alerts"])
        return Storm(late_ms, together_ms, len(about), named + sum(told["truncatedAlerts"] for told in about))


class Storm(NamedTuple):
    """What was measured in one: ms from firing to handed over of what is critical, ms between that and the last of the
    storm firing, notices about the storm, alerts named or counted in them."""

    late_ms: float
    together_ms: float
    notices: int
    named: int


class Found(NamedTuple):
    """All of it; `calm` in ms."""

    calm: list[float]
    at_once: Storm
    one_by_one: Storm


async def measure() -> Found:
    """In calm and in storms."""
    clock, before = Clock(), shell._now_ms
    devices = [Device(f"d{number:03}", "climate", "hall") for number in range(STORM)]
    with tempfile.TemporaryDirectory() as folder:
        place = Crewed(Path(folder), replace(SITE, devices=[*SITE.devices, *devices]))
        shell._now_ms = clock
        try:
            async with receiving() as receiver:
                receiver.add(place.state, "ann-pager", "bob-pager", "bob-second")
                await place.start(clock)
                run = Run(place, receiver, clock)

                def lost(apart_ms: int) -> list[DeviceHealth]:
                    seen_ms = clock()
                    last = [seen_ms - apart_ms * number for number in range(STORM)]
                    return [
                        DeviceHealth(one.id, "offline", seen_ms, at_ms, 5000, 0, 0, 0)
                        for one, at_ms in zip(devices, last, strict=True)
                    ]

                try:
                    calm = [await run.alarm(f"calm-{number}") for number in range(CALM)]
                    at_once = await run.storm("in-the-storm", "zone_dark", 1, lost(0))
                    one_by_one = await run.storm("among-many", "device_silent", STORM, lost(APART_MS))
                finally:
                    run.ticking.cancel()
                    await asyncio.gather(run.ticking, return_exceptions=True)
                    await place.stop()
        finally:
            shell._now_ms = before
    return Found(calm, at_once, one_by_one)


def _of(told: dict[str, Any], rule: str) -> bool:
    return any(one["labels"]["alertname"] == rule for one in told["alerts"])


def rows() -> list[Figure]:
    """The figures of telling people."""
    found = asyncio.run(measure())
    calm, once, many = sorted(found.calm), found.at_once, found.one_by_one
    median, worst = calm[len(calm) // 2] / 1000, calm[-1] / 1000
    return [
        Figure("fired to handed over, calm", "<= 2", worst, 2.0, "s", f"the worst of {CALM}; median {median:.2f} s"),
        Figure(
            f"fired to handed over, {STORM} lost at one moment", "<= 2", once.late_ms / 1000, 2.0, "s",
            "of what is critical and not of the storm",
        ),
        Figure(
            f"notices of {STORM} lost at one moment", "<= 3", once.notices, 3, "", f"one a device: {STORM}",
        ),
        Figure(
            f"fired to handed over, {STORM} alerts fire at once", "<= 2", many.late_ms / 1000, 2.0, "s",
            f"of what is critical; all fired within {many.together_ms:.0f} ms",
        ),
        Figure(
            f"notices of {STORM} alerts that fire at once", "<= 3", many.notices, 3, "",
            f"one an alert: {STORM}; {many.named} named or counted in them",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(show("telling", rows()))
