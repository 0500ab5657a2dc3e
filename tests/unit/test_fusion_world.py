"""The world of slots: a seed is a world, evidence comes in order, and the book goes wrong as it was told to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware_sim.worlds.slots import CYCLES, DAY_MS, START_MS, TAGS_A_SLOT, Booked, Looked, Regime, Slots, Weighed

SMALL = Regime("small", slots=12, days=30)


def lived(regime: Regime, seed: int, counted: int | None = None) -> tuple[Slots, list[object]]:
    """A world after its days, and all it told; the slot `counted` is counted every day."""
    world, told = Slots(regime, seed), list[object]()
    for _ in range(regime.days):
        told += world.pass_day()
        if counted is not None:
            world.recount(counted)
    return world, told


def test_the_same_seed_is_the_same_world_and_another_seed_another() -> None:
    first, again, other = (lived(SMALL, seed) for seed in (7, 7, 8))

    assert first[1] == again[1]
    assert first[0].counts == again[0].counts
    assert first[1] != other[1]


def test_counting_a_slot_changes_nothing_in_the_others() -> None:
    alone, counted = (lived(SMALL, 7, slot)[1] for slot in (None, 3))

    def others(told: list[object]) -> list[object]:
        return [one for one in told if isinstance(one, Weighed | Booked | Looked) and one.slot != 3]

    assert others(alone) == others(counted)
    assert alone != counted


def test_evidence_comes_in_order_and_none_is_lost_at_midnight() -> None:
    world, told = lived(SMALL, 7)
    times = [one.at_ms for one in told if isinstance(one, Weighed | Booked | Looked)]
    moved = [0] * SMALL.slots
    for one in told:
        if isinstance(one, Booked):
            moved[one.slot] += one.delta

    fresh = Slots(SMALL, 7).books
    assert times == sorted(times)
    assert max(times) < START_MS + SMALL.days * DAY_MS
    # What is booked after the last midnight is not told yet.
    assert sum(abs(a + b - c) for a, b, c in zip(fresh, moved, world.books, strict=True)) <= 3


def test_without_mistakes_the_book_is_right_and_with_them_it_goes_wrong() -> None:
    clean = replace(SMALL, theft=0.0, found=0.0, wrong=0.0)
    worlds = [lived(regime, 7)[0] for regime in (clean, replace(SMALL, theft=0.05, wrong=0.1))]

    assert worlds[0].books == worlds[0].counts
    assert np.mean([a == b for a, b in zip(worlds[1].books, worlds[1].counts, strict=True)]) < 0.5


def test_an_emptied_shelf_weighs_its_drift_and_a_full_one_its_units() -> None:
    world, told = lived(replace(SMALL, picks=0.0, theft=0.0, found=0.0), 7)
    last = {one.slot: one.mass_g for one in told if isinstance(one, Weighed)}

    for slot, mass_g in last.items():
        assert mass_g / world.told_g[slot] == pytest.approx(world.counts[slot], abs=0.02 * world.counts[slot] + 0.3)


def test_a_dead_tag_is_never_read_and_tags_know_their_slot() -> None:
    _, told = lived(replace(SMALL, dead=1.0), 7)
    _, alive = lived(SMALL, 7)

    assert all(one.reads == {} for one in told if isinstance(one, Looked))
    for one in alive:
        if isinstance(one, Looked):
            assert all(tag // TAGS_A_SLOT == one.slot and 0 < bits < 2**CYCLES for tag, bits in one.reads.items())
