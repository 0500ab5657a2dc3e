"""`python -m cloud backtest --curve` and `--mended`: what each service level costs, and one's own levels mended."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from cloud.core.forecasting import recalibration
from cloud.core.forecasting.daily import forecast_blocks
from cloud.core.planning.deals import dealt
from cloud.core.planning.demand_table import DemandTable, censored
from cloud.core.planning.efficient import Curve, Point, curve, together
from cloud.core.planning.items import Item
from cloud.core.planning.mending import mend
from cloud.core.planning.settling import Outlook
from cloud.levels_sheet import Levels
from cloud.sheets import SheetError

CURVE_HEAD = ("service", "fill", "stock value", "spent", "cost a year", "orders", "point", "lot")
CURVE_WIDTHS = (10, 8, 13, 12, 12, 8, 7, 7)
MENDED_HEAD = ("sku", "min", "max", "mended min", "mended max", "stock value")
MENDED_WIDTHS = (20, 9, 9, 11, 11, 14)


def draw(
    demand: DemandTable,
    rows: Sequence[int],
    items: Mapping[str, Item],
    levels: Levels | None,
    sku: str,
    as_json: bool,
) -> None:
    """Print the curve of all these SKUs, or of one; as JSON each one's, and last that of all (sku ""). Raises
    `SheetError` where none can be drawn."""
    if sku:
        rows = [row for row in rows if demand.skus[row] == sku]
        if not rows:
            raise SheetError(f"--sku {sku!r} is not in both files; --json prints every curve with its sku")
    drawn = list(_curves(demand, rows, items, levels))
    if as_json:
        for one in drawn:
            print(msgspec.json.encode(one).decode())
    whole = drawn[0] if sku else together(drawn)
    if not whole.points:
        raise SheetError(f"{sku or 'all SKUs'}: {whole.reason}")
    if as_json and not sku:
        print(msgspec.json.encode(whole).decode())
    if not as_json:
        _table(whole)
    planned = sum(1 for one in drawn if one.points)
    print(f"{planned} SKUs drawn, {len(drawn) - planned} without a plan", file=sys.stderr)


def _curves(
    demand: DemandTable, rows: Sequence[int], items: Mapping[str, Item], levels: Levels | None
) -> Iterator[Curve]:
    units, hidden = censored(demand.units[list(rows)])
    for part, told in forecast_blocks(units, hidden, taus=(0.5,), calibration=recalibration.untold()):
        for at, row in enumerate(rows[part]):
            sku, ahead = demand.skus[row], Outlook.of(told, at)
            item = items[sku]
            if item.breaks and item.reorder_point is None:
                item = dealt(item.free, ahead).item
            yield curve(item, ahead, levels[sku] if levels else None)


def _table(one: Curve) -> None:
    print(_columns(CURVE_HEAD, CURVE_WIDTHS))
    named = [(f"{point.level:.1%}", point) for point in one.points]
    named += [(name, point) for name, point in (("proposed", one.proposed), ("in force", one.in_force)) if point]
    for name, point in named:
        print(_columns(_cells(name, point, bool(one.sku)), CURVE_WIDTHS))


def _cells(name: str, point: Point, single: bool) -> tuple[str, ...]:
    units = (str(point.reorder_point), str(point.lot)) if single else ("-", "-")
    money = (f"{one:.2f}" for one in (point.stock_value, point.spent, point.cost))
    return (name, f"{point.fill:.2%}", *money, f"{point.orders:.1f}", *units)


def mended(
    demand: DemandTable, rows: Sequence[int], items: Mapping[str, Item], levels: Levels | None, as_json: bool
) -> None:
    """Print each SKU's Min and Max in force, and mended by all days. Raises `SheetError` where the items have none."""
    if levels is None:
        raise SheetError("--mended: the items have no columns min and max that could be mended")
    skus = [demand.skus[row] for row in rows]
    found = mend([items[sku] for sku in skus], [levels[sku] for sku in skus], demand.units[list(rows)])
    if not as_json:
        print(_columns(MENDED_HEAD, MENDED_WIDTHS))
    raised = lowered = 0
    for sku, low, high in zip(skus, found.low.tolist(), found.high.tolist(), strict=True):
        old_low, old_high = levels[sku]
        raised, lowered = raised + (high > old_high), lowered + (high < old_high)
        more = (high - old_high) * items[sku].unit_cost
        if as_json:
            said = {"sku": sku, "min": old_low, "max": old_high, "mended_min": low, "mended_max": high}
            print(msgspec.json.encode(said | {"stock_value": more}).decode())
        else:
            units = (f"{one:g}" for one in (old_low, old_high, low, high))
            print(_columns((sku, *units, f"{more:+.2f}"), MENDED_WIDTHS))
    print(f"{len(skus)} SKUs, {raised} raised, {lowered} lowered", file=sys.stderr)


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([f"{first[0]:{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)])
