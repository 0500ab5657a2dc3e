"""What goes wrong, and when: a plan drawn from the seed before anything begins.

Not everything goes wrong in every simulation: each seed draws the kinds it has, for faults of one kind may hide those
of another (swarm testing: Groce et al., ISSTA 2012). A kind that is left out by hand changes no other kind's times.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.simulation.timeline import dice

SHARE = 0.6
"""How many of the kinds a seed has."""


class Kind(NamedTuple):
    """One kind of fault: how often it happens at most, and for how many seconds."""

    name: str
    times: int
    least_s: float
    most_s: float


KINDS = (
    Kind("link", 4, 60, 1800),  # frames between gateway and service are lost, doubled, late
    Kind("cut", 3, 60, 3600),  # nothing passes between gateway and service
    Kind("air", 4, 60, 1800),  # the same between devices and broker
    Kind("silence", 2, 60, 1800),  # nothing passes between devices and broker
    Kind("gateway_killed", 6, 1, 600),
    Kind("service_killed", 6, 1, 900),
    Kind("broker_restarted", 3, 1, 120),
    Kind("broker_small", 1, 1800, 5400),  # a queue that holds little
    Kind("broker_forgets", 1, 1, 60),  # restarted, without the latest it had acknowledged
    Kind("device_rebooted", 4, 0, 0),
    Kind("disk_full", 2, 60, 1800),
    Kind("service_restored", 1, 60, 3000),  # put back from a backup that is so old
    Kind("gateway_restored", 1, 60, 3000),
    Kind("gateway_log_cut", 1, 1, 60),  # the end of its store's log is lost, though it was committed
    Kind("gateway_damaged", 1, 1, 60),  # pages of its store are overwritten
    Kind("gateway_clock", 2, 60, 2400),
    Kind("device_clock", 2, 60, 2400),
    Kind("thin", 2, 600, 3600),  # the link takes a frame every few seconds, so that a backlog lasts
    Kind("service_disk_full", 2, 60, 1800),
    Kind("service_log_cut", 2, 10, 900),  # what its ledger wrote in so long is lost, though it was committed
    Kind("outbox_small", 1, 0, 0),  # telemetry must be thinned, and what is asked for again may be gone
    Kind("warm", 1, 1200, 2400),  # the cold room gets warm: an alert must come and go
)


class Fault(NamedTuple):
    """One fault: from when, for how long, and a number of its own for what else it draws."""

    at_s: float
    kind: str
    for_s: float
    number: int


def plan(seed: int, until_s: float, without: frozenset[str] = frozenset()) -> list[Fault]:
    """The faults of a seed, in order of time."""
    faults = []
    for kind in KINDS:
        rng = dice(seed, f"plan {kind.name}")
        there = rng.random() < SHARE
        for number in range(rng.randint(1, kind.times)):
            at_s, for_s = rng.uniform(60.0, until_s), rng.uniform(kind.least_s, kind.most_s)
            if there and kind.name not in without:
                faults.append(Fault(at_s, kind.name, min(for_s, until_s - at_s), number))
    return sorted(faults)
