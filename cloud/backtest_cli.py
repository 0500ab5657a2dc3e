"""`python -m cloud backtest --items ITEMS.csv --demand DEMAND.csv`: what the proposed policy, that in force and the
textbook's would have led to on one's own history. Bad rows are named on stderr, all others are judged."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial, reduce
from itertools import starmap
from math import inf
from pathlib import Path

import msgspec

from cloud import curve_cli
from cloud.core.planning.backtest import Tally, backtest, first_judged, mended_ahead
from cloud.core.planning.backtest_course import Rules, Table
from cloud.core.planning.backtest_policies import learnt
from cloud.core.planning.demand_table import DemandTable
from cloud.core.planning.items import Item
from cloud.levels_sheet import Levels, read_levels
from cloud.planning import plans
from cloud.sheet_dates import DATES
from cloud.sheets import Problems, SheetError, read_demand, read_items

BLOCK = 500
"""SKUs judged together."""
HEAD = ("policy", "SKUs", "fill", "holding cost", "order cost", "orders", "stock-outs", "stock value")
WIDTHS = (12, 7, 7, 14, 14, 9, 10, 14)

Ahead = dict[int, Rules]


def add(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """The verb `backtest`."""
    one = verb("backtest", judge, "Judge policies on one's own history: fill, holding cost, orders, stock-outs.")
    text = "as for plan; columns min and max are the policy in force, else reorder points by hand"
    one.add_argument("--items", type=Path, metavar="ITEMS.csv", required=True, help=text)
    one.add_argument("--demand", type=Path, metavar="DEMAND.csv", required=True, help="columns sku, date, units")
    one.add_argument("--dates", choices=DATES, default="", help="how its dates are written (default: found out)")
    text = "the first day that is judged, YYYY-MM-DD (default: after 60 %% of the days)"
    one.add_argument("--from", dest="since", metavar="DATE", default="", help=text)
    one.add_argument("--lost", action="store_true", help="what is not there is lost, not owed")
    one.add_argument("--seed", type=int, default=1, help="of the lead times that are drawn (default: %(default)s)")
    other = one.add_mutually_exclusive_group()
    other.add_argument("--curve", action="store_true", help="instead: what each service level costs")
    other.add_argument(
        "--mended", action="store_true", help="instead: min and max as they would be mended, of all days"
    )
    one.add_argument("--sku", default="", help="with --curve: of this SKU alone")


def judge(arguments: argparse.Namespace) -> None:
    """Print what came of each policy. Raises `SheetError` where nothing can be judged."""
    problems = Problems()
    try:
        items = read_items(arguments.items, problems)
        levels = read_levels(arguments.items, items, problems)
        demand = read_demand(arguments.demand, problems, arguments.dates, date.today().toordinal())
    finally:
        _tell(problems)
    rows = [row for row, sku in enumerate(demand.skus) if sku in items and (levels is None or sku in levels)]
    if not rows:
        raise SheetError(f"no SKU of {arguments.demand} has a row in {arguments.items} that can be used")
    if arguments.curve:
        return curve_cli.draw(demand, rows, items, levels, arguments.sku, arguments.json)
    rows = _fit(demand, rows, items, problems, str(arguments.items))
    if arguments.mended:
        return curve_cli.mended(demand, rows, items, levels, arguments.json)
    days = demand.units.shape[1]
    first = _first(arguments.since, demand) if arguments.since else first_judged(days)
    if not 0 < first < days:
        raise SheetError(f"{arguments.demand} has {days} days, too few to learn from some and judge on others")
    shares = [rows[at : at + BLOCK] for at in range(0, len(rows), BLOCK)]
    ahead = _ahead(demand, rows, items, levels, first)
    jobs = (
        (
            _items(demand, part, items),
            demand.units[part],
            _of(demand, part, levels),
            _part(ahead, at * BLOCK),
        )
        for at, part in enumerate(shares)
    )
    work = partial(_judged, first=first, lost=arguments.lost, seed=arguments.seed)
    if len(shares) == 1:
        found = list(starmap(work, jobs))
    else:
        with ProcessPoolExecutor(min(len(shares), os.cpu_count() or 1)) as pool:
            found = [one.result() for one in [pool.submit(work, *job) for job in jobs]]
    if not arguments.json:
        print(_columns(HEAD))
    for one in (reduce(Tally.plus, each) for each in zip(*found, strict=True)):
        print(msgspec.json.encode(_said(one)).decode() if arguments.json else _columns(_cells(one)))
    begins, ends = (date.fromordinal(demand.first_day + day) for day in (first, days - 1))
    print(f"{len(rows)} SKUs, judged {begins} to {ends}; {problems.count} rows left out", file=sys.stderr)


def _fit(demand: DemandTable, rows: list[int], items: dict[str, Item], problems: Problems, file: str) -> list[int]:
    """The rows of items that `plan` would plan; the others are named. Raises `SheetError` where none is left."""
    wanted = {demand.skus[row]: items[demand.skus[row]] for row in rows}
    reasons = {made.sku: made.reason for made in plans(wanted, demand) if made.reason}
    gone = [sku for sku, item in wanted.items() if (item.shelf_life_days or inf) < (item.review_days or 0)]
    reasons |= dict.fromkeys(gone, "it expires before its next review, and here nothing does")
    for sku, reason in reasons.items():
        line, why = problems.stands[sku], f"sku {sku!r} is not judged: {reason}"
        problems.add(file, line, why)
        print(f"{file}:{line}: {why}", file=sys.stderr)
    if len(reasons) == len(rows):
        raise SheetError(f"{file} has no row that can be judged")
    return [row for row in rows if demand.skus[row] not in reasons]


def _items(demand: DemandTable, rows: list[int], items: dict[str, Item]) -> list[Item]:
    return [items[demand.skus[row]] for row in rows]


def _of(demand: DemandTable, rows: list[int], levels: Levels | None) -> list[tuple[float, float]] | None:
    return None if levels is None else [levels[demand.skus[row]] for row in rows]


def _ahead(
    demand: DemandTable, rows: list[int], items: dict[str, Item], levels: Levels | None, first: int
) -> Ahead | None:
    """The levels of all SKUs as they are mended while the days go by."""
    if levels is None:
        return None
    units = demand.units if len(rows) == len(demand.units) else demand.units[rows]
    return mended_ahead(_items(demand, rows, items), units, first, [levels[demand.skus[row]] for row in rows])


def _part(ahead: Ahead | None, first: int) -> Ahead | None:
    rows = slice(first, first + BLOCK)
    return ahead and {day: Rules(*(one[rows] for one in rules)) for day, rules in ahead.items()}


def _judged(
    items: list[Item],
    units: Table,
    levels: list[tuple[float, float]] | None,
    ahead: Ahead | None,
    *,
    first: int,
    lost: bool,
    seed: int,
) -> list[Tally]:
    return backtest(items, units, first, levels, lost, seed, learnt(ahead) if ahead else None)


def _first(text: str, demand: DemandTable) -> int:
    try:
        day = date.fromisoformat(text).toordinal()
    except ValueError:
        raise SheetError(f"--from {text!r} is no date; write it as 2025-03-31") from None
    first, last = demand.first_day, demand.first_day + demand.units.shape[1] - 1
    if not first < day <= last:
        known = f"{date.fromordinal(first)} to {date.fromordinal(last)}"
        raise SheetError(f"--from {text}: demand is known {known}; some of it must come before, to learn from")
    return day - first


def _said(one: Tally) -> dict[str, object]:
    names = ("policy", "skus", "days", "fill", "holding_cost", "ordering_cost", "orders", "stockout_days")
    return {name: getattr(one, name) for name in (*names, "stock_value", "asked", "given")}


def _cells(one: Tally) -> tuple[str, ...]:
    money = (f"{one.holding_cost:.2f}", f"{one.ordering_cost:.2f}")
    return (
        one.policy,
        str(one.skus),
        f"{one.fill:.2%}",
        *money,
        str(one.orders),
        str(one.stockout_days),
        f"{one.stock_value:.2f}",
    )


def _tell(problems: Problems) -> None:
    for line in problems.told():
        print(line, file=sys.stderr)


def _columns(cells: tuple[str, ...]) -> str:
    first, *others = zip(cells, WIDTHS, strict=True)
    return "  ".join([f"{first[0]:{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)])
