"""What waits in the service is near its limit; beyond it gateways keep their reports, and theirs is bounded too."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.facts import BacklogNow, Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from protocols.layout import About, Site

RULE = "backlog"
HOLD_MS = 60_000
CLEAR_MS = 10 * 60_000
NEAR, CALM, FULL = 0.8, 0.7, 0.95
"""Shares of the limit: told, over, worst."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a store. A gateway's own is told by itself (`outbox_full`)."""
    seen = []
    for name, held in facts.backlogs.items():
        share = held.waiting / held.most if held.most else 0.0
        if share > CALM:
            params = {"used_pct": round(100 * share, 1), "waiting": held.waiting, "most": held.most}
            seen.append(Condition(RULE, name, "", 1 if share >= FULL else 2, {**params}, sustain=share < NEAR))
    return seen


_SITE = Site(About("s1", "Site"), [])


def _at(waiting: int) -> Facts:
    return Facts(_SITE, 0, backlogs={"history": BacklogNow(waiting, 1000)})


EXAMPLES = [
    Example("filling", _at(840), [Condition(RULE, "history", "", 2, {"used_pct": 84.0, "waiting": 840, "most": 1000})]),
    Example("full", _at(999), [Condition(RULE, "history", "", 1, {"used_pct": 99.9, "waiting": 999, "most": 1000})]),
    Example(
        "draining",
        _at(750),
        [Condition(RULE, "history", "", 2, {"used_pct": 75.0, "waiting": 750, "most": 1000}, sustain=True)],
    ),
    Example("an hour's outage", _at(20), []),
    Timeline(
        "drains to just below what is told, and then for good",
        "history",
        [
            (_at(840), "pending"),
            (replace(_at(840), now_ms=60_000), "firing"),
            (replace(_at(750), now_ms=120_000), "firing"),
            (replace(_at(750), now_ms=3_600_000), "firing"),
            (replace(_at(20), now_ms=3_660_000), "firing"),
            (replace(_at(20), now_ms=4_260_000), "resolved"),
        ],
    ),
]
