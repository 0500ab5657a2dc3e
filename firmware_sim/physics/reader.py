"""A Gen2 reader: tags answer with a rate of their own, some hardly ever, and some are heard through the wall.

Sources: 60-70 % read rates are usual in the field (SMURF, VLDB 2006); read rates of still tags differ much
(dead zones); a portal's signal rises and falls as a tag passes its antennas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from numpy.random import Generator

NEAR_DBM = -52.0
FAR_DBM = -74.0
RSSI_SD_DB = 2.5
SENSITIVITY_DBM = -80.0


@dataclass(frozen=True, slots=True)
class Link:
    """How one tag is heard by one antenna in one cycle: the probability of a read, and the signal it would have."""

    epc: str
    antenna: int
    rate: float
    rssi_dbm: float


@dataclass(frozen=True, slots=True)
class Sight:
    """One read: `at_ms` after the cycle's start."""

    epc: str
    antenna: int
    rssi_dbm: float
    at_ms: int


def still_rate(rng: Generator, dead_share: float) -> float:
    """The read rate per cycle of a tag that stands still: 0.5 to 0.95, or 0.03 in a dead zone."""
    if rng.random() < dead_share:
        return 0.03
    return float(0.5 + 0.45 * rng.random())


def passing(epc: str, rate: float, share: float, inbound: bool) -> list[Link]:
    """A tag that walks through a portal with two antennas, `share` (0..1) of its way done.

    Inbound it peaks at antenna 1 first, outbound at antenna 2.
    """
    links = []
    for antenna, peak in ((1, 0.35), (2, 0.65)) if inbound else ((1, 0.65), (2, 0.35)):
        nearness = exp(-(((share - peak) / 0.22) ** 2))
        links.append(Link(epc, antenna, min(0.98, rate * 1.3) * nearness, FAR_DBM + (NEAR_DBM - FAR_DBM) * nearness))
    return links


def cycle(links: Sequence[Link], length_ms: int, rng: Generator) -> list[Sight]:
    """The reads of one inventory cycle, in order of time."""
    if not links:
        return []
    luck = rng.random(len(links))
    fade = rng.standard_normal(len(links)) * RSSI_SD_DB
    moment = rng.integers(0, length_ms, len(links))
    sights = [
        Sight(link.epc, link.antenna, round(link.rssi_dbm + float(fade[i]), 1), int(moment[i]))
        for i, link in enumerate(links)
        if luck[i] < link.rate and link.rssi_dbm + fade[i] > SENSITIVITY_DBM
    ]
    return sorted(sights, key=lambda sight: (sight.at_ms, sight.epc, sight.antenna))
