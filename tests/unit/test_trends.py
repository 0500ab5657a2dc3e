"""Which courses are worst: by how far the last value is out of its range, whatever its unit."""

from __future__ import annotations

import pytest

from cloud.core.maintenance.assets import AssetView, Drawn
from cloud.core.trends import POINTS, Candidate, badness, in_turn, of_asset, of_series, worst

NOW_MS = 1_763_762_400_000


def asset(id_: str, state: str = "well", health: float = 1.0) -> AssetView:
    return AssetView(id_, id_, "machine", "dry", "", state, health, None, [], [], NOW_MS)  # type: ignore[arg-type]


def drawn(name: str, *values: float, low: float | None = 0.0, high: float | None = 10.0) -> Drawn:
    return Drawn(name, "%", [NOW_MS + n for n in range(len(values))], [*values], low, high)


@pytest.mark.parametrize(
    ("value", "low", "high", "bad"),
    [
        (5, 2, 8, 0), (8, 2, 8, 1), (2, 2, 8, 1), (11, 2, 8, 2),
        (5, None, None, 0), (9, None, 8, 1.5), (1, 2, None, 1.5), (0, None, 8, 0),
    ],
)  # fmt: skip
def test_the_edge_of_the_range_is_one_and_its_middle_nothing(
    value: float, low: float | None, high: float | None, bad: float
) -> None:
    assert badness(value, low, high, spread=2.0) == bad


def test_of_an_asset_its_worst_feature_is_shown_and_one_without_a_range_never() -> None:
    shown = of_asset(asset("m"), [drawn("a", 1, 5), drawn("b", 1, 14), drawn("c", 1, 99, low=None, high=None)])

    assert shown is not None
    assert (shown.name, shown.values, shown.low, shown.high) == ("b", [1, 14], 0, 10)
    assert of_asset(asset("m"), [drawn("c", 1, 99, low=None, high=None), drawn("d", 5)]) is None


def test_a_long_course_is_cut_to_its_newest_part() -> None:
    shown = of_asset(asset("m"), [drawn("a", *[1.0] * 500, 7.0)])

    assert shown is not None
    assert len(shown.values) == POINTS
    assert shown.values[-1] == 7.0


def test_the_worst_come_first_whatever_they_are_of_and_no_more_than_asked_for() -> None:
    cold = of_series(Candidate("zone", "cool", "c/1/temperature_c", 9.5, 2, 8), [NOW_MS], [9.5], NOW_MS)
    calm = of_series(Candidate("zone", "dry", "d/1/temperature_c", 20.0, None, None), [NOW_MS], [20.0], NOW_MS)
    sick = of_asset(asset("m"), [drawn("a", 1, 30)])
    assert sick is not None

    assert [one.id for one in worst([calm, cold, sick], 2)] == ["m", "cool"]


def test_the_sick_are_looked_at_before_the_well() -> None:
    every = [
        asset("well", health=0.2),
        asset("sick", "sick", 0.9),
        asset("watch", "watch", 0.5),
        asset("less", health=0.1),
    ]

    assert [one.id for one in in_turn(every)] == ["sick", "watch", "less", "well"]
