"""Two or three articles on one scale: what was taken is told where weight tells it, and else it is not claimed."""

from __future__ import annotations

from math import inf, nan

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.slots import mixed
from edge.core.slots.counting import CLAIM, Estimate, Unit
from edge.core.slots.mixed import Shared, begin, clashes, estimate, weigh


def said_of(shared: Shared) -> list[Estimate]:
    return estimate(shared, [60] * shared.kinds)


def article(mass_g: float, cv: float = 0.01) -> Unit:
    return Unit(mass_g, cv, 10, 1.0, 20_000.0)


BOLT, NUT, TIN = article(250.0), article(90.0), article(612.0)


def test_articles_of_one_mass_clash_and_so_do_multiples() -> None:
    clash = clashes([BOLT, article(251.0)])[0]
    assert (clash.one, clash.other) == (0, 1)
    assert clash.units == clash.others

    assert {(one.units, one.others) for one in clashes([BOLT, article(125.0)])} == {(1, 2), (2, 4)}


def test_articles_that_weight_tells_apart_may_share_a_scale() -> None:
    assert clashes([BOLT, NUT, TIN]) == []


def test_units_that_differ_more_clash_more() -> None:
    few = [article(250.0, 0.01), article(310.0, 0.01)]
    many = [article(250.0, 0.06), article(310.0, 0.06)]

    assert len(clashes(few)) < len(clashes(many))


def test_each_change_is_told_by_its_mass() -> None:
    units = [BOLT, NUT, TIN]
    shared = begin(units, [0, 0, 0])
    told = [
        weigh(shared, mass_g, at_ms, units, 8)
        for at_ms, mass_g in enumerate([750.0, 750 + 720.0, 500 + 720.0, 500 + 720 + 612.0, 500 + 540 + 612.0])
    ]

    assert [change.units if change else None for change in told] == [
        (3, 0, 0),
        (0, 8, 0),
        (-1, 0, 0),
        (0, 0, 1),
        (0, -2, 0),
    ]
    assert [said.count for said in said_of(shared)] == [2, 6, 1]


def test_one_of_each_taken_at_once_is_told_too() -> None:
    units = [BOLT, NUT]
    shared = begin(units, [10, 10])
    weigh(shared, 3_400.0, 0, units, 8)

    change = weigh(shared, 3_400.0 - 340.0, 1, units, 8)

    assert change is not None
    assert change.units == (-1, -1)


def test_what_weight_can_not_tell_apart_is_not_claimed() -> None:
    units = [BOLT, article(251.0)]
    shared = begin(units, [10, 10])

    assert weigh(shared, 5_010.0 - 250.5, 0, units, 8) is None

    for said in said_of(shared):
        assert (said.count, said.reason, said.remedy) == (None, "unit_variation", "recount")
        assert said.low <= 9
        assert said.high >= 10


def test_a_foreign_object_is_unknown_until_it_goes() -> None:
    units = [BOLT, TIN]
    shared = begin(units, [4, 4])
    weigh(shared, 3_448.0, 0, units, 8)

    assert weigh(shared, 3_448.0 + 31.0, 1, units, 8) is None
    assert [said.reason for said in said_of(shared)] == ["not_integer"] * 2

    change = weigh(shared, 3_448.0 - 612.0, 2, units, 8)
    assert change is not None
    assert change.units == (0, -1)


@pytest.mark.parametrize("mass_g", [20_000.0, inf, nan])
def test_a_mass_at_the_cells_limit_is_never_a_change(mass_g: float) -> None:
    units = [BOLT, TIN]
    shared = begin(units, [4, 4])

    assert weigh(shared, mass_g, 0, units) is None
    assert said_of(shared)[0].reason == "saturated"


@pytest.mark.parametrize(("kinds", "cv", "least"), [(2, 0.01, 0.85), (3, 0.01, 0.7), (2, 0.03, 0.5)])
def test_claims_are_right_of_articles_that_may_share_a_scale(kinds: int, cv: float, least: float) -> None:
    """Random articles, taught from ten pieces each; any one, now and then two, changed by a touch."""
    rng = np.random.default_rng(7)
    claimed = right = counted = count_right = told = 0
    for _ in range(8):
        true_g, units = _shop(kinds, cv, rng)
        shared = begin(units, [0] * kinds)
        there = [np.empty(0) for _ in range(kinds)]
        for touch in range(30):
            change = [0] * kinds
            for kind in rng.permutation(kinds)[: 1 + (rng.random() < 0.03)]:
                few = len(there[kind]) == 0 or rng.random() < 0.2
                change[kind] = int(rng.integers(1, 4)) if few else -min(3, len(there[kind]), int(rng.geometric(0.6)))
                more = rng.normal(true_g[kind], cv * true_g[kind], max(0, change[kind]))
                there[kind] = np.concatenate((rng.permutation(there[kind])[max(0, -change[kind]) :], more))
            shown_g = sum(float(one.sum()) for one in there) + rng.normal(0, 0.4)
            said = weigh(shared, shown_g, touch * 600_000, units, 8)
            counts = [one.count for one in said_of(shared)]
            told += 1
            claimed += said is not None
            right += said is not None and said.units == tuple(change)
            counted += sum(one is not None for one in counts)
            count_right += sum(one == len(lying) for one, lying in zip(counts, there, strict=True))

    assert right >= 0.985 * claimed
    assert count_right >= 0.985 * counted
    assert claimed >= least * told


def _shop(kinds: int, cv: float, rng: np.random.Generator) -> tuple[list[float], list[Unit]]:
    while True:
        true_g = np.exp(rng.uniform(np.log(50), np.log(1500), kinds)).tolist()
        units = [article(float(rng.normal(one, cv * one, 10).mean()), cv) for one in true_g]
        if not clashes(units):
            return true_g, units


def test_a_shared_scale_comes_back_from_the_store_as_it_was() -> None:
    units = [BOLT, NUT]
    shared = begin(units, [3, 3])
    weigh(shared, 1_019.0, 5, units)

    back = msgspec.msgpack.decode(msgspec.msgpack.encode(shared), type=Shared)

    assert back == shared
    assert weigh(back, 770.0, 6, units) == weigh(shared, 770.0, 6, units)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-500, 19_000), max_size=12), st.integers(1, 3), st.sampled_from([0.0, 0.02, 0.3]))
def test_any_masses_leave_sound_counts(masses: list[float], kinds: int, cv: float) -> None:
    units = [article(mass_g, cv) for mass_g in (250.0, 90.0, 612.0)[:kinds]]
    shared = begin(units, [5] * kinds)

    for at, mass_g in enumerate(masses):
        change = weigh(shared, mass_g, at * 1_000, units)

        assert change is None or change.p >= CLAIM
        assert len(shared.log_p) <= 8 * mixed.COMBINATIONS_MAX
        assert np.isfinite(np.frombuffer(shared.cov)).all()
        for said in said_of(shared):
            assert 0 <= said.low <= said.high
            assert said.count is None or said.low <= said.count <= said.high
