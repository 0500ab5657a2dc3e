"""Every published answer of ordering theory that lies beside the project, each to 1e-6 or to the digits printed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from cloud.core import planning
from cloud.core.planning import dynamic, joint, levels, losses, lots, newsvendor, points, supply, textbook
from cloud.core.planning.amounts import poisson
from cloud.core.planning.losses import Costs

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "inventory"
HERE = pytest.mark.skipif(
    not DATA.exists(), reason="the published answers (../shared/data beside the project) are absent"
)


def costs(given: dict[str, Any]) -> Costs:
    return Costs(given.get("fixed_cost", 0), given["holding_cost"], given["stockout_cost"])


def normal(given: dict[str, Any]) -> textbook.NormalDemand:
    return textbook.NormalDemand.of(given["demand_mean"], given["demand_sd"], given["lead_time"])


def eoq(given: dict[str, Any]) -> tuple[float, float, float]:
    return given["fixed_cost"], given["demand_rate"], given["holding_cost"]


def breaks(given: dict[str, Any]) -> tuple[Any, ...]:
    costed = given["fixed_cost"], given["demand_rate"], given["holding_cost_rate"]
    return *costed, given["breakpoints"], given["unit_costs"]


def with_backorders(given: dict[str, Any]) -> tuple[float, float, float]:
    lot, owed = lots.eoq_with_backorders(*eoq(given), given["stockout_cost"])
    return lot.units, owed, lot.cost


def joined(given: dict[str, Any]) -> tuple[Any, ...]:
    own = given["individual_fixed_costs"], given["holding_costs"], given["demand_rates"]
    found = joint.silver_cycle(given["shared_fixed_cost"], *own)
    return found.lots, found.periods, found.multiples, found.cost


def eil(given: dict[str, Any]) -> tuple[float, ...]:
    return textbook.expected_inventory_level(normal(given), given["stockout_cost"], costs(given))


def poisson_point(given: dict[str, Any]) -> tuple[float, ...]:
    return points.best(given["demand_mean"], poisson(given["demand_mean"] * given["lead_time"]), costs(given))


def poisson_levels(given: dict[str, Any]) -> tuple[float, ...]:
    period = poisson(given["demand_mean"])
    return levels.exact(period, period, costs(given))


def wagner_whitin(given: dict[str, Any]) -> tuple[Any, ...]:
    found = dynamic.wagner_whitin(given["demand"], given["fixed_cost"], given["holding_cost"])
    return [0, *found.units], found.cost  # the published orders begin with period 1


def profit(given: dict[str, Any]) -> tuple[float, ...]:
    money = given["revenue"], given["purchase_cost"], given["salvage_value"]
    return newsvendor.expected_profit(*money, given["demand_mean"], given["demand_sd"])


ANSWERED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "economic_order_quantity": lambda given: lots.eoq(*eoq(given)),
    "economic_order_quantity_with_backorders": with_backorders,
    "economic_order_quantity_with_all_units_discounts": lambda given: lots.all_units_breaks(*breaks(given)),
    "economic_order_quantity_with_incremental_discounts": lambda given: lots.incremental_breaks(*breaks(given)),
    "eoq_with_disruptions": lambda given: supply.with_disruptions(
        *eoq(given), given["stockout_cost"], given["disruption_rate"], given["recovery_rate"]
    ),
    "eoq_with_additive_yield_uncertainty": lambda given: supply.with_added_yield(
        *eoq(given), given["yield_mean"], given["yield_sd"]
    ),
    "eoq_with_multiplicative_yield_uncertainty": lambda given: supply.with_scaled_yield(
        *eoq(given), given["yield_mean"], given["yield_sd"]
    ),
    "joint_replenishment_problem_silver_heuristic": joined,
    "newsvendor_normal": lambda given: newsvendor.of_normal(costs(given), given["demand_mean"], given["demand_sd"]),
    "newsvendor_normal_explicit": profit,
    "newsvendor_poisson": lambda given: newsvendor.of_poisson(costs(given), given["demand_mean"]),
    "s_s_discrete_exact": poisson_levels,
    "s_s_power_approximation": lambda given: levels.power_approximation(
        given["demand_mean"], given["demand_sd"], costs(given)
    ),
    "r_q_eil_approximation": eil,
    "r_q_eoqb_approximation": lambda given: textbook.eoq_with_backorders_point(normal(given), costs(given)),
    "r_q_eoqss_approximation": lambda given: textbook.eoq_with_safety_stock(normal(given), costs(given)),
    "r_q_loss_function_approximation": lambda given: textbook.loss_functions(normal(given), costs(given)),
    "r_q_poisson_exact": poisson_point,
    "r_q_optimal_r_for_q": lambda given: textbook.best_point(given["order_quantity"], normal(given), costs(given)),
    "r_q_cost": lambda given: textbook.cost(
        given["reorder_point"], given["order_quantity"], normal(given), costs(given)
    ),
    "wagner_whitin": wagner_whitin,
    "standard_normal_loss": lambda given: (
        losses.standard_normal_loss(given["z"]),
        losses.standard_normal_loss(-given["z"]),
    ),
    "poisson_loss": lambda given: losses.poisson_loss(given["x"], given["mean"]),
}
"""The published name of a function -> ours."""


def flat(answer: Any) -> list[float]:
    """All the numbers of an answer, in their order."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, Iterable):
        return [number for part in answer for number in flat(part)]
    return [float(answer)]


def published(file: str) -> list[Any]:
    """The entries of a file, none where it is absent."""
    path = DATA / file
    return json.loads(path.read_text()) if path.exists() else []


def named(entry: Any) -> str:
    return f"{entry['function'].split('.')[-1]}-{entry.get('name', '')}"


@HERE
def test_the_published_answers_are_all_here() -> None:
    table = (DATA / "zheng_federgruen_1991.csv").read_text().splitlines()[1:]
    assert (len(published("known_answers.json")), len(published("oracles.json")), len(table)) == (20, 41, 12)


@HERE
@pytest.mark.parametrize("entry", published("known_answers.json"), ids=named)
def test_a_known_answer_of_the_textbook(entry: dict[str, Any]) -> None:
    found = ANSWERED[entry["function"]](entry["inputs"])
    answer = entry["answer"]
    if entry["function"].startswith("r_q") and "cost" not in answer:
        found = found[:2]
    assert flat(found) == pytest.approx(flat(answer), rel=1e-6, abs=1e-9)


@HERE
@pytest.mark.parametrize("entry", published("oracles.json"), ids=named)
def test_an_answer_of_the_reference_software(entry: dict[str, Any]) -> None:
    found = ANSWERED[entry["function"].split(".")[-1]](entry["args"])
    assert flat(found) == pytest.approx(flat(entry["expected"]), rel=1e-6, abs=1e-9)


def rows() -> list[dict[str, str]]:
    path = DATA / "zheng_federgruen_1991.csv"
    return list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []


@HERE
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["poisson_mean"])
def test_the_printed_table_of_best_levels(row: dict[str, str]) -> None:
    period = poisson(float(row["poisson_mean"]))
    money = Costs(float(row["fixed_cost"]), float(row["holding_cost"]), float(row["backorder_cost"]))
    point, upto, cost = levels.exact(period, period, money)
    assert (point, upto) == (int(row["s_opt"]), int(row["S_opt"]))
    assert f"{cost:.3f}" == row["cost_opt_published"]


SECOND = (2250, 182500, 0.25, (0, 1200, 2400), (1490, 1220, 1100))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lots.epq(4, 80, 0.08, 110), (171.2697677, 3.7367949)),
        (lots.all_units_breaks(*SECOND), (2400, 2, 201251093.75)),
        (lots.incremental_breaks(*SECOND), (28553.0607, 2, 208678591.6799)),
        (newsvendor.of_normal(Costs(0, 0.18, 0.7), 50, 8, lead_periods=4), (264.7668944, 4.4667810)),
        (newsvendor.of_poisson(Costs(0, 0.08, 1.25), 90), (105, 1.5450189)),
        (points.best(12, poisson(6), Costs(4, 4, 28)), (6, 7, 28.2413128)),
    ],
    ids=[
        "production",
        "all units",
        "incremental",
        "newsvendor with a lead time",
        "newsvendor, Poisson",
        "r,Q, Poisson",
    ],
)
def test_answers_printed_without_a_file(found: tuple[float, ...], expected: tuple[float, ...]) -> None:
    """As printed, of the same textbook's examples and problems."""
    assert tuple(found) == pytest.approx(expected, rel=1e-7)


def test_the_rough_policies_cost_what_is_printed_of_them() -> None:
    demand, money = textbook.NormalDemand.of(1300, 150, 1 / 12), Costs(8, 0.225, 7.5)
    level = textbook.expected_inventory_level(demand, 7.5, money)
    backorders = textbook.eoq_with_backorders_point(demand, money)
    safety = textbook.eoq_with_safety_stock(demand, money)
    loss = textbook.loss_functions(demand, money)
    found = [textbook.cost(*one[:2], demand, money) for one in (level, backorders, safety, loss)]
    assert found == pytest.approx([92.29, 78.202, 87.05, 78.071], rel=1e-4)
    assert textbook.best_point(318, demand, money) == pytest.approx(127.788, abs=1e-3)


@pytest.mark.parametrize("name", ["supply", "silver_cycle", "cycle", "expected_profit"])
def test_what_stands_here_for_its_published_answers_alone_is_named_as_such(name: str) -> None:
    room = Path(planning.__file__).parent
    called = re.compile(rf"import .*\b{name}\b|(joint|newsvendor|planning)\.{name}\b")
    callers = [
        file for file in room.parents[1].rglob("*.py") if called.search(file.read_text()) and file.parent != room
    ]

    assert callers == []
    assert f"`{name}`" in (planning.__doc__ or "") or f"`newsvendor.{name}`" in (planning.__doc__ or "")
