"""Which faults come when: drawn from a seed, so that a run's plan can be had again. (When a process dies within its own
work is the machine's affair: no two runs are the same in that.)
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["kill", "freeze", "cut", "half_open", "slow", "full"]

PARTS = ("gateway", "service", "broker")
LINKS = ("air", "link", "uplink")
"""Devices to broker, broker to gateway, gateway to service."""
DISKS = ("edge", "cloud")
MEAN_S = {"gateway": 6.0, "service": 8.0, "broker": 8.0, "air": 25.0, "link": 20.0, "uplink": 20.0}
"""Between one fault of a part or link and the next, beside the time the fault takes."""
DISK_S = {"edge": 400.0, "cloud": 100.0}
"""The gateway's is full once or twice in a run: what it gives up then can be told apart by its time only."""
YOUNG = 0.15
"""So many kills meet a process that has only just been started."""
FREEZES = 0.2
AIMED = 0.75
"""So many kills wait for a moment when something is on its way: that is when they hurt."""
AIMS = {
    "gateway": ("link up", "link up", "link up", "link down", "uplink up", "uplink down"),
    "service": ("uplink up", "uplink down", "uplink down"),
    "broker": ("air up", "air down", "link down"),
}
"""Part -> link and direction: `link up`, the gateway has just written an acknowledgement to the broker."""


class Fault(NamedTuple):
    """At `at_s` seconds `what` (a part, a link, a disk) suffers for `for_s` seconds: dead, frozen, cut, full. With an
    `aim` a kill waits for the next bytes that go this way."""

    at_s: float
    kind: Kind
    what: str
    for_s: float
    aim: str = ""


def plan(seed: int, kills: int, disks: bool = True) -> list[Fault]:
    """The faults of a run in order of time, up to and with the last of so many kills."""
    streams = [_part(name, random.Random(f"{seed}/{name}")) for name in PARTS]
    streams += [_link(name, random.Random(f"{seed}/{name}")) for name in LINKS]
    if disks:
        streams += [_disk(name, random.Random(f"{seed}/{name}")) for name in DISKS]
    ahead = [next(stream) for stream in streams]
    faults = []
    while kills:
        at = min(range(len(ahead)), key=lambda one: ahead[one].at_s)
        faults.append(ahead[at])
        kills -= ahead[at].kind == "kill"
        ahead[at] = next(streams[at])
    return faults


def _part(name: str, rng: random.Random) -> Iterator[Fault]:
    """A part is killed at any moment, also while it starts; it stays dead for no time, some seconds, or long."""
    at_s = rng.uniform(1.0, 4.0)
    while True:
        if rng.random() < FREEZES:
            fault = Fault(at_s, "freeze", name, rng.uniform(0.5, 8.0))
        else:
            down_s = rng.choices((0.0, rng.uniform(0.2, 3.0), rng.uniform(3.0, 9.0)), (6, 3, 1))[0]
            aim = rng.choice(AIMS[name]) if rng.random() < AIMED else ""
            fault = Fault(at_s, "kill", name, down_s, aim)
        yield fault
        at_s += fault.for_s
        at_s += rng.uniform(0.05, 1.5) if rng.random() < YOUNG else 2.0 + rng.expovariate(1 / (MEAN_S[name] - 2.0))


def _link(name: str, rng: random.Random) -> Iterator[Fault]:
    kinds: tuple[Kind, ...] = ("cut", "cut", "half_open", "slow")
    at_s = rng.uniform(3.0, 9.0)
    while True:
        fault = Fault(at_s, rng.choice(kinds), name, rng.choice((0.1, rng.uniform(0.5, 3.0), rng.uniform(3.0, 15.0))))
        yield fault
        at_s += fault.for_s + 1.0 + rng.expovariate(1 / MEAN_S[name])


def _disk(name: str, rng: random.Random) -> Iterator[Fault]:
    at_s = rng.uniform(10.0, 30.0)
    while True:
        fault = Fault(at_s, "full", name, rng.uniform(4.0, 12.0))
        yield fault
        at_s += fault.for_s + DISK_S[name] * rng.uniform(0.5, 1.5)
