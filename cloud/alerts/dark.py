"""Devices that fell silent together: one cause, one alert. A power strip, a switch, a zone's fuse.

A device of period p that lost its power at T was heard last between T - p and T. So each silent device tells a span in
which it may have been lost; where spans of many meet, they were lost together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from protocols.reports import DeviceHealth

MANY = 5
"""So many are no chance; in a zone of fewer devices, all of them and at least `FEW`."""
FEW = 3
SLACK_MS = 60_000
"""Clocks, retained messages and wills: by so much a last word may be off."""
PERIODS = 1.5
GROUPS_MAX = 20
"""So many of each gateway are looked for; what is left then is told device by device."""


class Dark(NamedTuple):
    """Devices that were lost together, at `at_ms` at the latest. `subject` is their zone, or their gateway where they
    stand in several; `of` devices are known there."""

    subject: str
    zone: str
    gateway: str
    at_ms: int
    devices: frozenset[str]
    of: int


class Known(NamedTuple):
    """Where each device stands and through which gateway it is known; the name of the site."""

    zone_of: Callable[[str], str]
    gateway_of: Mapping[str, str]
    site: str


def dark(silent: Mapping[str, DeviceHealth], every: Mapping[str, DeviceHealth], known: Known) -> list[Dark]:
    """The groups among devices that are silent for no reason known, the largest of each gateway first."""
    if len(silent) < FEW:
        return []
    by_gateway: dict[str, dict[str, DeviceHealth]] = {}
    for device, health in silent.items():
        by_gateway.setdefault(known.gateway_of.get(device, ""), {})[device] = health
    in_zone = Counter(map(known.zone_of, every))
    behind = Counter(known.gateway_of.get(device, "") for device in every)
    found: dict[str, Dark] = {}
    for gateway, lost in by_gateway.items():
        ends = _ends(lost)
        for _ in range(GROUPS_MAX):
            at_ms, group = _meeting(ends)
            ends = [one for one in ends if one[2] not in group]
            zones = {known.zone_of(device) for device in group}
            zone = zones.pop() if len(zones) == 1 else ""
            of = in_zone[zone] if zone else behind[gateway]
            if len(group) >= MANY or (len(group) >= FEW and zone and len(group) == of):
                subject = zone or gateway or known.site
                before = found.get(subject)
                devices = frozenset(group) | (before.devices if before is not None else frozenset())
                found[subject] = Dark(subject, zone, gateway, before.at_ms if before else at_ms, devices, of)
            elif len(group) < FEW:
                break
    return [*found.values()]


def _ends(lost: Mapping[str, DeviceHealth]) -> list[tuple[int, int, str]]:
    """When the spans in which each may have been lost begin (0) and end (1), in the order of time."""
    ends = []
    for device, one in lost.items():
        ends.append((one.last_seen_ms - SLACK_MS, 0, device))
        ends.append((one.last_seen_ms + round(PERIODS * one.period_ms) + SLACK_MS, 1, device))
    return sorted(ends)


def _meeting(ends: Sequence[tuple[int, int, str]]) -> tuple[int, set[str]]:
    """The moment at which most may have been lost, and those."""
    meeting = most = at = 0
    for number, (_, closes, _) in enumerate(ends, 1):
        meeting += 1 - 2 * closes
        if meeting > most:
            most, at = meeting, number
    before = ends[:at]
    gone = {device for _, closes, device in before if closes}
    return (before[-1][0] if before else 0) + SLACK_MS, {device for _, _, device in before} - gone
