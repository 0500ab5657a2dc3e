"""Which maintenance orders the service proposes by itself: of assets that may not last as long as they should.

One open order an asset and cause, and none for an asset that somebody cares for already. When an order is over, what it
did shows in the asset's figures only after a while, and who gave one up had a reason: for so long nothing is proposed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from cloud.core.maintenance.work import LIFE_LEFT, Cause, WorkOrder
from cloud.core.maintenance.working import proposed

HORIZON_DAYS: Final = 14.0
"""Where it may fail within so many days (the low end of its interval), something is to be planned."""
REST_MS: Final = 14 * 86_400_000
PROPOSED_MAX: Final = 20
"""Drafts at once; at the limit the ones that last longest wait. A whole site that looks ill is a fault of its own."""


class Fault(Protocol):
    """What is wrong with an asset."""

    @property
    def code(self) -> str:
        """Which fault."""

    @property
    def severity(self) -> int:
        """1 (worst) to 3."""


class Asset(Protocol):
    """An asset as it is now."""

    @property
    def id(self) -> str:
        """Which."""

    @property
    def zone(self) -> str:
        """Where it stands."""

    @property
    def days(self) -> tuple[float, float, float] | None:
        """How many days it will last (low, middle, high), where that is foretold."""

    @property
    def faults(self) -> Iterable[Fault]:
        """What is wrong with it."""


def propose(
    assets: Iterable[Asset], orders: Iterable[WorkOrder], now_ms: int, horizon_days: float = HORIZON_DAYS
) -> list[WorkOrder]:
    """New drafts, the most urgent first. `orders`: the open ones, and those that ended within `REST_MS`."""
    cared, drafts = set[str](), 0
    for one in orders:
        if (one.is_open and one.cause.rule) or (one.cause.rule == LIFE_LEFT and now_ms - one.ended_ms < REST_MS):
            cared.add(one.asset)
        drafts += one.state == "draft"
    ill = [(each.days, each) for each in assets if each.days is not None and each.days[0] < horizon_days]
    found: list[WorkOrder] = []
    for days, asset in sorted(ill, key=lambda each: (each[0][0], each[1].id)):
        if asset.id in cared or drafts + len(found) >= PROPOSED_MAX:
            continue
        cared.add(asset.id)
        worst = min(asset.faults, key=lambda each: each.severity, default=None)
        cause = Cause(LIFE_LEFT, worst.code if worst is not None else "", 0, days)
        found.append(proposed(asset.id, asset.zone, cause, now_ms))
    return found
