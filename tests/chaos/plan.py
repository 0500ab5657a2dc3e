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
KILL_S = 4.5
"""Between two kills, whomever they meet."""
MEAN_S = {"gateway": 40.0, "service": 40.0, "broker": 40.0, "air": 25.0, "link": 20.0, "uplink": 20.0}
"""Between one freeze of a part, or one fault of a link, and the next, beside the time the fault takes."""
DISK_S = {"edge": 400.0, "cloud": 100.0}
"""The gateway's is full once or twice in a run: what it gives up then is lost to the checks."""
YOUNG = 0.15
"""So many kills meet a process that has only just been started."""
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
    """The faults of a run in order of time, up to and with the last of so many kills, which every part gets a third
    of."""
    faults = _kills(kills, random.Random(f"{seed}/kills"))
    streams = [_freezes(name, random.Random(f"{seed}/{name}")) for name in PARTS]
    streams += [_link(name, random.Random(f"{seed}/{name}")) for name in LINKS]
    if disks:
        streams += [_disk(name, random.Random(f"{seed}/{name}")) for name in DISKS]
    end_s = faults[-1].at_s
    for stream in streams:
        while (fault := next(stream)).at_s < end_s:
            faults.append(fault)
    return sorted(faults)


def _kills(kills: int, rng: random.Random) -> list[Fault]:
    """Kills at any moment, also of what is just starting; who was killed stays dead for no time, some seconds, or
    long. The parts are dealt from a shuffled deck that has as many of each."""
    deck = [*PARTS] * (kills // 3) + rng.sample(PARTS, kills % 3)
    rng.shuffle(deck)
    faults: list[Fault] = []
    at_s = rng.uniform(1.0, 4.0)
    while deck:
        name = deck.pop()
        down_s = rng.choices((0.0, rng.uniform(0.2, 3.0), rng.uniform(3.0, 9.0)), (6, 3, 1))[0]
        aim = rng.choice(AIMS[name]) if rng.random() < AIMED else ""
        faults.append(Fault(at_s, "kill", name, down_s, aim))
        if name in deck and rng.random() < YOUNG:
            deck.remove(name)
            deck.append(name)
            at_s += down_s + rng.uniform(0.05, 1.5)
        else:
            at_s += rng.expovariate(1 / KILL_S)
    return faults


def _freezes(name: str, rng: random.Random) -> Iterator[Fault]:
    at_s = rng.expovariate(1 / MEAN_S[name])
    while True:
        fault = Fault(at_s, "freeze", name, rng.uniform(0.5, 8.0))
        yield fault
        at_s += fault.for_s + rng.expovariate(1 / MEAN_S[name])


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
