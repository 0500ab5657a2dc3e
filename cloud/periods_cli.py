"""`python -m cloud forecast --period week|month`: demand by the week or month, from the same plain file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from cloud.core.forecasting import periods
from cloud.core.forecasting.daily import HORIZON_DAYS, HORIZON_MAX_DAYS
from cloud.core.planning.demand_table import DemandTable
from cloud.sheets import SheetError

USUAL: Final = {"day": HORIZON_DAYS, "week": 4, "month": 3}
MOST: Final = {"day": HORIZON_MAX_DAYS, "week": 520, "month": 120}

CASES_MIN = 20
"""With fewer past totals nothing is said of how often quantiles held."""


def add(foretell: argparse.ArgumentParser) -> None:
    """The options `--period` and `--horizon`."""
    text = "sum the demand by whole weeks (from Monday) or months, and forecast those (default: %(default)s)"
    foretell.add_argument("--period", choices=[*USUAL], default="day", help=text)
    usual = ", ".join(f"{count} {one}s" for one, count in USUAL.items())
    foretell.add_argument("--horizon", type=int, metavar="PERIODS", help=f"periods ahead (default: {usual})")


def horizon(arguments: argparse.Namespace) -> int:
    """How many periods to forecast. Raises `SheetError`."""
    kind = arguments.period
    count = USUAL[kind] if arguments.horizon is None else int(arguments.horizon)
    if not 1 <= count <= MOST[kind]:
        raise SheetError(f"--horizon {count}: give whole {kind}s, 1 to {MOST[kind]}")
    return count


def forecast(demand: DemandTable, kind: periods.Span, count: int, taus: Sequence[float], as_json: bool) -> None:
    """Print the forecast of each SKU for the `count` periods after the last whole one. Raises `SheetError`."""
    summed = periods.sums(demand.units, demand.first_day, kind)
    whole = summed.units.shape[1]
    if not whole:
        raise SheetError(f"the demand covers no whole {kind}: forecast by the day, or give more of it")
    told = periods.follow(summed.units, periods.SEASONS[kind], count, taus)
    first = summed.begins[-1]
    last = periods.ends(first, count, kind)
    for at, sku in enumerate(demand.skus):
        mean, total = float(told.units[at].mean()), float(told.total[at])
        quantiles = {f"{tau:g}": float(told.quantiles[at, place]) for place, tau in enumerate(taus)}
        if as_json:
            said = {"sku": sku, "from": str(first), "to": str(last), f"mean_{kind}": mean, "total": total}
            said |= {"units": told.units[at].tolist(), "quantiles": quantiles, "method": told.method[at]}
            said |= {"seasonal": bool(told.seasonal[at]), f"{kind}s": int(told.periods[at])}
            print(msgspec.json.encode(said).decode())
        else:
            shown = "  ".join(f"{tau} {units:.0f}" for tau, units in quantiles.items())
            season = ", seasonal" if told.seasonal[at] else ""
            print(f"{sku:20}  {mean:9.2f} a {kind}  {total:9.1f} until {last}  {shown}  {told.method[at]}{season}")
    print(f"{len(demand.skus)} SKUs, {whole} whole {kind}s known; {first} to {last}", file=sys.stderr)
    if told.cases >= CASES_MIN:
        held = ", ".join(f"{tau:g}: {share:.1%}" for tau, share in zip(taus, told.came.tolist(), strict=True))
        print(f"past totals at or below their quantile, {told.cases} cases: {held}", file=sys.stderr)
    else:
        print(f"too few {kind}s to tell how sure the quantiles are: they rest on little or no past", file=sys.stderr)
