"""Goods will not sell before their day, or are over it and could still be picked."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.book.staking import Stake
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Sku, Slot, Zone

RULE = "expiry"
HOLD_MS = CLEAR_MS = 3_600_000
"""A lot that is entered before its pick is told would be one too many for a while."""
SOON_DAYS = 30
"""What expires later may yet sell."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU: the lot that goes first, and what is at stake in all. Expired goods that are not set aside
    are worse. Of what expires later than soon nothing is said."""
    seen = []
    for sku, stake in facts.stakes.items():
        if stake.days > SOON_DAYS:
            continue
        kept = facts.site.sku_by_id.get(sku)
        params: dict[str, Param] = {"name": kept.name if kept is not None else sku, "lot": stake.lot}
        params |= {"days": stake.days, "units": stake.units, "at_stake": stake.at_stake, "expired": stake.expired}
        params |= {"lots": stake.lots, "value": round(stake.at_stake * kept.unit_cost, 2) if kept is not None else None}
        severity = 2 if stake.expired else 3
        seen.append(Condition(RULE, sku, facts.zones_of.get(sku, ""), severity, params))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A")],
    [Sku("milk", "Milk", 1000.0, unit_cost=0.5)],
    [Slot("a1", "a", "milk", "d1")],
    [Device("d1", "shelf", "a")],
)
_WRONG = Facts(_SITE, 0, stakes={"milk": Stake("L1", 4, 100, 60, 0, 1)})
_RIGHT = Facts(_SITE, 0, stakes={"milk": Stake("L1", 90, 100, 60, 0, 1)})
EXAMPLES = [
    Example(
        "sixty of a hundred will not sell in four days",
        _WRONG,
        [
            Condition(
                RULE,
                "milk",
                "a",
                3,
                {
                    "name": "Milk",
                    "lot": "L1",
                    "days": 4,
                    "units": 100,
                    "at_stake": 60,
                    "expired": 0,
                    "lots": 1,
                    "value": 30.0,
                },
            )
        ],
    ),
    Example(
        "expired, and still there to be picked",
        Facts(_SITE, 0, stakes={"milk": Stake("L1", -1, 10, 12, 10, 2)}),
        [
            Condition(
                RULE,
                "milk",
                "a",
                2,
                {
                    "name": "Milk",
                    "lot": "L1",
                    "days": -1,
                    "units": 10,
                    "at_stake": 12,
                    "expired": 10,
                    "lots": 2,
                    "value": 6.0,
                },
            )
        ],
    ),
    Example("that is months away", _RIGHT, []),
    Example("all will sell", Facts(_SITE, 0), []),
    course(
        "comes, lasts and goes",
        "milk",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (60, True, "firing"), (61, False, "firing"), (121, False, "resolved")],
    ),
]
