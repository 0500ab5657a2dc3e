"""A hall of made-up slots behind the real web, a process of its own, for what no scale could bring about: 10,000 slots
that all change at once.

Run: python -m tests.bench.dashboard_hall SLOTS. Prints its address and the cookie of somebody who is signed in; then it
obeys lines: `turn` empties all slots, or fills them again, and prints when (ms since 1970); `each S` does so every S
seconds. It ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
import time

from msgspec.structs import replace

from cloud.core.view import SlotView
from cloud.web.app import serving
from tests.bench.dashboard_chain import signed_in
from tests.browser.fake_service import PASSWORD, FakeService, now_ms

FULL = 40


class Hall(FakeService):
    """A desk whose slots all change when they are told to; nothing moves by itself, but the service is heard."""

    def __init__(self, slots: int) -> None:
        super().__init__(quiet=True)
        pattern = self._live.current.slots[0]
        zones = [one.id for one in self._live.current.zones]
        self.become(slots=[_slot(pattern, at, zones[at * len(zones) // slots]) for at in range(slots)])

    def turn(self) -> int:
        """Empty them all, or fill them; when that was told."""
        at_ms = now_ms()
        empty = self._live.current.slots[0].count != 0
        count = 0 if empty else FULL
        slots = [
            replace(
                one,
                count=count,
                low=count,
                high=count,
                status="empty" if empty else "ok",
                at_ms=at_ms,
                mass_g=count * 250.0 + n % 7,
            )
            for n, one in enumerate(self._live.current.slots)
        ]
        self.become(slots=slots)
        return at_ms

    async def beat(self) -> None:
        """Be heard."""
        while True:
            await asyncio.sleep(0.25)
            self._live.tick(now_ms())


def _slot(pattern: SlotView, at: int, zone: str) -> SlotView:
    name = f"{zone[0].upper()}{at // 20:03}-{at % 20 + 1:02}"
    return replace(pattern, id=name, zone=zone, capacity=FULL, count=FULL, low=FULL, high=FULL)


async def main() -> None:
    """Serve, and obey."""
    hall = Hall(int(sys.argv[1]))
    turning: asyncio.Task[None] | None = None

    async def each(seconds: float) -> None:
        while True:
            started_s = time.monotonic()
            hall.turn()
            await asyncio.sleep(max(0.0, started_s + seconds - time.monotonic()))

    async with serving(hall.app()) as url:
        beating = asyncio.create_task(hall.beat())
        print(url, await signed_in(url, "mara", PASSWORD), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            word, *rest = line.split()
            if turning is not None:
                turning.cancel()
                turning = None
            if word == "each":
                turning = asyncio.create_task(each(float(rest[0])))
            print(hall.turn() if word == "turn" else "", flush=True)
        beating.cancel()


if __name__ == "__main__":
    asyncio.run(main())
