"""Carries a plan of faults out, in time, and counts what it did."""

from __future__ import annotations

import heapq
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import cast

from tests.chaos.fleet import Fleet
from tests.chaos.plan import Fault
from tests.chaos.plant import LONELY, Plant
from tests.chaos.wire import Mode

TELL_S = 5.0
DISK_OF = {"gateway": "edge", "service": "cloud", "broker": ""}
RESTART_S = 1.0
AIM_S = 6.0
"""So long a kill waits for its moment."""
LOOK_S = 0.02
LOOK_FULL_S = 0.5
LONELY_S, LONELY_MAX_S = 63.0, 120.0
"""A gateway that is alone decides after a minute."""
LATE_S = 5.0
"""A process that found its disk full may take so long to end."""


class Director:
    """One run of one plan."""

    def __init__(self, plant: Plant, fleet: Fleet) -> None:
        self.plant, self.fleet = plant, fleet
        self.done: Counter[str] = Counter()
        """Faults by kind, and kills by part (`kill gateway`)."""
        self._down: set[str] = set()
        """Parts that are dead until they are started again."""
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def run(self, faults: list[Fault], progress: bool = True) -> None:
        """All faults; when this returns the last is over and every part has been started again."""
        began_s = told_s = time.monotonic()
        for fault in faults:
            self._at(began_s + fault.at_s, partial(self._strike, fault))
        if self.plant.parts[LONELY].alive:
            self._at(began_s + LONELY_S, partial(self._meet, began_s + LONELY_MAX_S))
        while self._agenda:
            at_s, _, act = self._agenda[0]
            now_s = time.monotonic()
            if progress and now_s - told_s >= TELL_S:
                told_s = now_s
                self._tell(now_s - began_s)
            self._supervise(now_s)
            if at_s > now_s:
                time.sleep(min(at_s - now_s, 0.05))
                continue
            heapq.heappop(self._agenda)
            act()

    def heal(self) -> None:
        """No fault any more: wires open, disks have room, whoever died is started."""
        plant = self.plant
        for disk in plant.disks:
            plant.drain(disk)
        for wires in plant.wires.values():
            for wire in wires:
                wire.turn("open")
        for name in ("broker", "service", "gateway"):
            plant.thaw(name)
            if not plant.parts[name].alive:
                plant.revive(name)

    def _at(self, at_s: float, act: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (at_s, self._number, act))

    def _strike(self, fault: Fault) -> None:
        plant, what = self.plant, fault.what
        if fault.kind == "kill" and what in self._down:
            self._at(time.monotonic() + RESTART_S, lambda: self._strike(fault))
            return
        self.done[fault.kind] += 1
        match fault.kind:
            case "kill":
                self.done[f"kill {what}"] += 1
                self._down.add(what)
                self._aim(fault) if fault.aim else self._kill(fault)
            case "freeze":
                plant.freeze(what)
                self._later(fault, lambda: plant.thaw(what))
            case "full":
                if what == "edge":
                    self._look(time.monotonic() + fault.for_s + LATE_S)
                plant.fill(what)
                self._later(fault, lambda: plant.drain(what))
            case _:
                self._turn(what, cast(Mode, fault.kind))
                self._later(fault, lambda: self._turn(what, "open"))

    def _look(self, end_s: float) -> None:
        """What the gateway lets go on a full disk is seen before it does."""
        self.plant.numbered.look()
        if time.monotonic() < end_s:
            self._at(time.monotonic() + LOOK_FULL_S, partial(self._look, end_s))

    def _meet(self, end_s: float) -> None:
        """The gateway that was alone is killed when it has decided, and when it is back it gets its link."""
        if not self.plant.alone.decided():
            assert time.monotonic() < end_s, f"the {LONELY} gateway decides nothing:\n{self.plant.parts[LONELY].said()}"
            self._at(time.monotonic() + RESTART_S, partial(self._meet, end_s))
            return
        self.plant.parts[LONELY].kill()
        self.plant.parts[LONELY].start()
        self.plant.wires[LONELY][0].turn("open")

    def _aim(self, fault: Fault) -> None:
        link, way = fault.aim.split()
        shot = self.plant.aim(fault.what, link, way)
        end_s = time.monotonic() + AIM_S

        def look() -> None:
            now_s = time.monotonic()
            if not shot.is_set() and now_s < end_s:
                self._at(now_s + LOOK_S, look)
                return
            self.plant.wires[link][0].traps.pop(way, None)
            self.done["kill at a chosen moment"] += shot.is_set()
            self._kill(fault)

        look()

    def _kill(self, fault: Fault) -> None:
        self.plant.strike(fault.what)
        self._later(fault, lambda: self._revive(fault.what))

    def _supervise(self, now_s: float) -> None:
        """As systemd or Docker would: start again what ended by itself. Only a full disk is a reason for that here."""
        plant = self.plant
        for name, disk in DISK_OF.items():
            if name in self._down or plant.parts[name].alive:
                continue
            if now_s - plant.full_s.get(disk, 0.0) > LATE_S:
                raise AssertionError(f"the {name} ended by itself:\n{plant.parts[name].said()}")
            self.done[f"ended {name} on a full disk"] += 1
            self._down.add(name)
            self._at(now_s + RESTART_S, partial(self._revive, name))

    def _revive(self, name: str) -> None:
        if name in self._down:
            self._down.discard(name)
            self.plant.revive(name)

    def _later(self, fault: Fault, act: Callable[[], None]) -> None:
        self._at(time.monotonic() + fault.for_s, act)

    def _turn(self, link: str, mode: Mode) -> None:
        for wire in self.plant.wires[link]:
            wire.turn(mode)

    def _tell(self, passed_s: float) -> None:
        kills = self.done["kill"]
        print(
            f"{passed_s:5.0f} s  {kills} kills, {self.fleet.signed} messages acknowledged", file=sys.stderr, flush=True
        )
