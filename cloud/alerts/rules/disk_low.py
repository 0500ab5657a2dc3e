"""The service's disk is nearly full: soon nothing can be stored, and gateways must hold what they have."""

from __future__ import annotations

from cloud.alerts.facts import DiskNow, Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from protocols.layout import About, Site

RULE = "disk_low"
HOLD_MS = 60_000
CLEAR_MS = 10 * 60_000
LOW, CALM, FULL = 0.10, 0.12, 0.03
LOW_BYTES = 1 << 30
"""Shares that are free: told, over, worst; so much is enough whatever the share, but a small disk's half."""
SUBJECT = "service"


def evaluate(facts: Facts) -> list[Condition]:
    """One condition at most."""
    disk = facts.disk
    if disk is None or not disk.all_bytes:
        return []
    share = disk.free_bytes / disk.all_bytes
    tight = disk.free_bytes < min(10 * LOW_BYTES, disk.all_bytes / 2)
    if share > CALM or not tight:
        return []
    params = {"used_pct": round(100 * (1 - share), 1), "free_mb": disk.free_bytes >> 20}
    return [Condition(RULE, SUBJECT, "", 1 if share < FULL else 2, {**params}, sustain=share > LOW)]


_SITE = Site(About("s1", "Site"), [])


def _at(free_gb: float) -> Facts:
    return Facts(_SITE, 0, disk=DiskNow(round(free_gb * (1 << 30)), 50 << 30))


_WRONG = _at(4)
_RIGHT = _at(20)
EXAMPLES = [
    Example("four of fifty left", _WRONG, [Condition(RULE, SUBJECT, "", 2, {"used_pct": 92.0, "free_mb": 4096})]),
    Example("one left", _at(1), [Condition(RULE, SUBJECT, "", 1, {"used_pct": 98.0, "free_mb": 1024})]),
    Example(
        "some was deleted",
        _at(5.5),
        [Condition(RULE, SUBJECT, "", 2, {"used_pct": 89.0, "free_mb": 5632}, sustain=True)],
    ),
    Example("twenty of fifty left", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "service",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (1, True, "firing"), (2, False, "firing"), (12, False, "resolved")],
    ),
]
