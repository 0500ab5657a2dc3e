"""A month of forecasts of an SKU was wrong in the same way: look what changed, before stock follows it."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.forecasting.watched import Strayed
from cloud.core.view import Param
from protocols.layout import About, Site, Sku

RULE = "forecast_off"
HOLD_MS = 0
"""It rests on a month."""
CLEAR_MS = 24 * 3_600_000
MANY, MANY_SHARE = 10, 0.02
"""More than so many, and more than so large a share of what was judged, have one reason: a holiday, a lost customer."""


def evaluate(facts: Facts) -> list[Condition]:
    """One condition an SKU, or one for the site where very many are off at once."""
    sure = [one for one in facts.strayed if one.sure]
    at_once = len(sure) > max(MANY, MANY_SHARE * facts.judged)
    seen = [_condition(facts, one, sustain=at_once or not one.sure) for one in facts.strayed]
    if at_once:
        told, came = sum(one.told for one in sure), sum(one.came for one in sure)
        params: dict[str, Param] = {"skus": len(sure), "told": round(told, 1), "came": round(came, 1)}
        params |= {"off_pct": _off(told, came), "days": max(one.days for one in sure)}
        seen.append(Condition(RULE, facts.site.site.id, "", 3, params))
    return seen


def _condition(facts: Facts, one: Strayed, sustain: bool) -> Condition:
    kept = facts.site.sku_by_id.get(one.sku)
    params: dict[str, Param] = {"name": kept.name if kept is not None else one.sku, "told": one.told, "came": one.came}
    params |= {"off_pct": _off(one.told, one.came), "days": one.days}
    return Condition(RULE, one.sku, facts.zones_of.get(one.sku, ""), 3, params, sustain=sustain)


def _off(told: float, came: float) -> int:
    """By how much of what came it was too high (below 0: too low)."""
    return round(100 * (told - came) / max(came, 1.0))


_SITE = Site(About("s1", "Site"), [], [Sku("bolt", "Bolt", 5.0)])
_OFF = Strayed("bolt", 280.0, 140.0, 28, True)
_PARAMS: dict[str, Param] = {"name": "Bolt", "told": 280.0, "came": 140.0, "off_pct": 100, "days": 28}
_WRONG = Facts(_SITE, 0, strayed=[_OFF], judged=100)
_RIGHT = Facts(_SITE, 0, judged=100)
EXAMPLES = [
    Example("twice what came", _WRONG, [Condition(RULE, "bolt", "", 3, _PARAMS)]),
    Example(
        "better by now",
        Facts(_SITE, 0, strayed=[_OFF._replace(sure=False)], judged=100),
        [Condition(RULE, "bolt", "", 3, _PARAMS, sustain=True)],
    ),
    Example(
        "the shop was shut for a week",
        Facts(_SITE, 0, strayed=[_OFF] * 30, judged=100),
        [
            *[Condition(RULE, "bolt", "", 3, _PARAMS, sustain=True)] * 30,
            Condition(RULE, "s1", "", 3, {"skus": 30, "told": 8400.0, "came": 4200.0, "off_pct": 100, "days": 28}),
        ],
    ),
    Example("right on average", _RIGHT, []),
    course(
        "comes, lasts and goes",
        "bolt",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (1441, False, "resolved")],
    ),
]
