"""The position of an SKU at a site: one formula, for the pages, the planner and the why card."""

from __future__ import annotations

from msgspec import Struct


class Position(Struct, frozen=True):
    """Units. `on_hand` may be below 0, as a debt. `on_order` is what of open orders has not been shipped yet,
    `in_transit` what has been shipped and not received: no unit is in both.

    `quarantined` is there and not to be used: set aside, or expired by the site's day (`lots.unusable`).

    `perishing` is there and can be used, but will expire before it sells, as far as is known.

    available = on_hand - reserved - quarantined: may be promised. projected = available - perishing + on_order +
    in_transit: decides about ordering.
    """

    on_hand: int
    reserved: int = 0
    quarantined: int = 0
    on_order: int = 0
    in_transit: int = 0
    perishing: int = 0

    @property
    def available(self) -> int:
        """What may be promised to somebody now; below 0 where more is promised than there is."""
        return self.on_hand - self.reserved - self.quarantined

    @property
    def projected(self) -> int:
        """What there will be to sell once all that was ordered has come."""
        return self.available - self.perishing + self.on_order + self.in_transit
