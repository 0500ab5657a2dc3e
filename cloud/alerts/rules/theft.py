"""Tagged goods left through a gate, and nobody picked them."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, Timeline
from cloud.core.view import Param
from cloud.core.whereabouts import Gone
from protocols.layout import About, Device, Site, Sku, Zone

RULE = "theft"
HOLD_MS = 15 * 60_000
"""A pick is told a little later than it is made, and a fork-lift may turn round."""
CLEAR_MS = 0
KNOWN_BY = "gate"
AT_ONCE = 3
"""So many within a minute are no slip: the worst."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU and gate; it ends when the units are picked, come back, or a day is over."""
    seen = []
    for one in facts.gone:
        kept = facts.site.sku_by_id.get(one.sku)
        params: dict[str, Param] = {"name": kept.name if kept is not None else one.sku, "sku": one.sku}
        params |= {"units": one.units, "gate": one.gate, "left_ms": one.last_ms, "picked": one.picked}
        params["since_ms"] = one.first_ms
        severity = 1 if one.together >= AT_ONCE else 2
        seen.append(Condition(RULE, f"{one.sku}.{one.gate}", one.zone, severity, params))
    return seen


_SITE = Site(
    About("s1", "Site"),
    [Zone("dock", "Dock")],
    [Sku("drill", "Drill", 900.0, gtin="09506000134352")],
    devices=[Device("gate1", "rfid", "dock", outer=[1], inner=[2])],
)


def _at(minute: int, *gone: Gone) -> Facts:
    return Facts(_SITE, minute * 60_000, gone=[*gone])


_ONE = Gone("drill", "gate1", "dock", 0, 0, 1, 1, 2)
_PARAMS: dict[str, Param] = {"name": "Drill", "sku": "drill", "units": 1, "gate": "gate1", "left_ms": 0, "picked": 2}
EXAMPLES = [
    Example(
        "one more than was picked",
        _at(0, _ONE),
        [Condition(RULE, "drill.gate1", "dock", 2, _PARAMS | {"since_ms": 0})],
    ),
    Example(
        "a whole pallet at once",
        _at(0, Gone("drill", "gate1", "dock", 0, 0, 12, 12, 0)),
        [Condition(RULE, "drill.gate1", "dock", 1, {**_PARAMS, "units": 12, "picked": 0, "since_ms": 0})],
    ),
    Example("as many as were picked", _at(0), []),
    Timeline("the pick was told ten minutes later", "drill.gate1", [(_at(0, _ONE), "pending"), (_at(10), "lapsed")]),
    Timeline(
        "nobody tells of one",
        "drill.gate1",
        [(_at(0, _ONE), "pending"), (_at(15, _ONE), "firing"), (_at(90), "resolved")],
    ),
]
