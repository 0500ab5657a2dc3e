"""A back-test keeps to policies that are asked for by name, and to price breaks, as the plan does."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from cloud.cli import main
from cloud.core.planning import backtest_policies as policies
from cloud.core.planning.backtest import course, tally
from cloud.core.planning.items import Item

BOLT = Item("bolt", 2.0, 20.0, 0.25, 4.0, service_level=0.95)
DAYS, FIRST = 900, 500


def sold(seed: int = 2) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).poisson(6, (1, DAYS)).astype(np.float32)


def fill_and_orders(item: Item) -> tuple[float, int]:
    found = tally("proposed", [item], course([item], sold(), FIRST, policies.proposed([item])), DAYS - FIRST)
    return found.fill, found.orders


def test_a_periodic_article_orders_on_review_days_alone_and_meets_its_promise() -> None:
    weekly = replace(BOLT, policy="periodic", review_days=7.0)

    fill, orders = fill_and_orders(weekly)

    assert orders <= (DAYS - FIRST) / 7 + 1
    assert orders > (DAYS - FIRST) / 7 * 0.8, "it orders what was sold since"
    assert 0.93 < fill < 0.98
    [every] = policies.proposed([weekly])(sold()[:, :200]).every
    assert every == 7


def test_what_is_ordered_to_demand_keeps_nothing() -> None:
    fill, orders = fill_and_orders(replace(BOLT, policy="jit"))

    assert fill < 0.05
    assert orders > 300


def test_a_lot_that_reaches_its_break_is_lived_through() -> None:
    _, often = fill_and_orders(BOLT)
    _, seldom = fill_and_orders(replace(BOLT, breaks=((1000, 1.8),)))

    assert seldom <= (DAYS - FIRST) * 6 / 1000 + 2 < often


def test_what_expires_before_its_next_review_is_named_and_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "sku,unit_cost,order_cost,holding_rate,lead_time_days,shelf_life_days,policy,review_days,breaks\n"
    rows = "fish,4,5,0.25,1,3,periodic,7,\nbolt,2,5,0.25,3,,periodic,7,500:1.8\n"
    days = (date(2025, 3, 1) + timedelta(day) for day in range(100))
    (tmp_path / "i.csv").write_text(head + rows)
    (tmp_path / "d.csv").write_text("sku,date,units\n" + "".join(f"fish,{day},3\nbolt,{day},2\n" for day in days))
    files = ["--items", str(tmp_path / "i.csv"), "--demand", str(tmp_path / "d.csv")]

    assert main(["backtest", *files, "--json"]) == 0

    out, err = capsys.readouterr()
    assert "'fish' is not judged: it expires before its next review" in err
    assert {json.loads(line)["skus"] for line in out.splitlines()} == {1}
    assert main(["backtest", *files, "--curve", "--sku", "bolt"]) == 0
    assert " 500\n" in capsys.readouterr().out, "the curve keeps the lot of the break"
