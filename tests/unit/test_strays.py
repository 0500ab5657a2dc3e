"""What is heard through a wall is told from what stands in the zone, at readers and walls never seen before."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from edge.core.tagging import strays, tags
from edge.core.tagging.strays import Signals, chances, hear, join
from firmware_sim.physics import reader
from firmware_sim.worlds import walls
from protocols.readings import TagRead
from tests.bench.truth.strays import listen


def heard(*groups: tuple[int, float, float], epochs: int = 60, seed: int = 1) -> tuple[Signals, list[slice]]:
    """Signals of groups of (tags, mean dBm, read rate), and where each group's rows are."""
    rng, signals = np.random.default_rng(seed), Signals()
    means = np.concatenate([np.full(size, dbm) for size, dbm, _ in groups]) + 0.0
    rates = np.concatenate([np.full(size, rate) for size, _, rate in groups])
    means += rng.normal(0, 2, len(means))
    for _ in means:
        join(signals)
    for _ in range(epochs):
        rows = np.flatnonzero(rng.random(len(means)) < rates)
        hear(signals, rows, means[rows] + rng.normal(0, 1.5, len(rows)))
    edges = np.cumsum([0, *(size for size, _, _ in groups)]).tolist()
    return signals, [slice(a, b) for a, b in pairwise(edges)]


@pytest.mark.parametrize("offset_db", [-10.0, 0.0, 10.0])
def test_what_is_weak_and_seldom_is_a_stray_at_any_reader(offset_db: float) -> None:
    signals, (own, behind) = heard((20, -50 + offset_db, 0.9), (10, -75 + offset_db, 0.3))

    said = chances(signals, np.array([0.9] * 20 + [0.3] * 10))

    assert said[own].max() < strays.TAKEN
    assert said[behind].min() > strays.TAKEN
    assert np.median(said[behind]) > 0.5


def test_where_all_tags_sound_alike_nothing_is_a_stray() -> None:
    signals, _ = heard((10, -66.0, 0.7))
    assert chances(signals, np.full(10, 0.7)).max() < strays.TAKEN


def test_a_lone_tag_is_no_stray_however_weak() -> None:
    signals, _ = heard((1, -78.0, 0.3))
    assert chances(signals, np.array([0.3]))[0] < strays.TAKEN


def test_a_reader_that_tells_no_signal_or_none_in_dbm_judges_nothing() -> None:
    signals = Signals()
    join(signals)
    join(signals)

    hear(signals, np.array([0, 1]), np.array([np.nan, 2500.0]))

    assert chances(signals, np.array([0.5, 0.5])).tolist() == [0.0, 0.0]


def test_what_was_heard_too_seldom_waits() -> None:
    signals, _ = heard((10, -50.0, 0.9), (5, -75.0, 0.5))
    join(signals)
    hear(signals, np.array([15]), np.array([-55.0]))

    assert chances(signals, np.full(16, 0.9))[15] == 0.5


def test_a_new_stay_is_judged_anew() -> None:
    signals, (_, behind) = heard((20, -50.0, 0.9), (1, -75.0, 0.5))
    ended = np.zeros(21, np.bool_)
    ended[behind] = True

    strays.end(signals, ended)
    for _ in range(6):
        hear(signals, np.array([20]), np.array([-49.0]))

    assert chances(signals, np.full(21, 0.9))[20] < strays.TAKEN


def test_strays_are_rejected_and_moves_kept_in_places_never_tuned_on() -> None:
    """A few of the layouts of the bench `tests.bench.truth.strays`, which has all of them."""
    rejected = strays_heard = lost = moves = 0
    for seed in (9301, 9302, 9303, 9304):
        rng = np.random.default_rng(seed)
        one = listen(walls.hear(walls.layout(rng, 8.0), 40, 40, 60, rng), 0.0)
        rejected, strays_heard = rejected + one.rejected, strays_heard + one.strays
        lost, moves = lost + one.lost, moves + one.moves

    assert strays_heard > 20
    assert rejected / strays_heard >= 0.95
    assert lost / moves <= 0.02


def test_tags_that_stood_there_before_the_reader_started_are_told_within_minutes() -> None:
    lost = moves = rejected = strays_heard = 0
    for seed in (9301, 9302, 9303):
        rng = np.random.default_rng(seed)
        one = listen(walls.hear(walls.layout(rng), 40, 40, 600, rng, standing=1.0), 0.0)
        lost, moves = lost + one.lost, moves + one.moves
        rejected, strays_heard = rejected + one.rejected, strays_heard + one.strays

    assert lost / moves <= 0.02
    assert rejected / strays_heard >= 0.9


def test_signals_that_an_older_version_stored_are_refused_and_not_misread() -> None:
    """They began with the stays, four numbers a tag; the gateway learns such a field anew."""
    older = msgspec.msgpack.encode([bytes(4 * 4 * 10), [0.0] * 100, 0.3])

    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(older, type=Signals)


def test_strays_that_are_hardly_ever_heard_among_many_tags_are_strays_all_the_same() -> None:
    """The simulator's reader: a hundred tags read well, thirty behind the wall in one cycle of fifty."""
    rng, field, told = np.random.default_rng(6), tags.Field(), set()
    links = [reader.Link(f"A{n}", 1, reader.still_rate(rng, 0.05), -67 + 11 * rng.random()) for n in range(100)]
    links += [reader.Link(f"F{n}", 1, 0.02, reader.FAR_DBM - 2) for n in range(30)]

    for at_ms in range(1_000_000_000, 1_000_300_000, 2000):
        sights = reader.cycle(links, 2000, rng)
        reads = [TagRead(one.epc, one.antenna, at_ms + one.at_ms, one.rssi_dbm) for one in sights]
        moves = tags.see(field, reads, "zone", "reader") + tags.pass_time(field, at_ms + 2000, "zone", "reader")
        told |= {move.epc for move in moves if move.move == "arrived"}

    assert sum(epc.startswith("F") for epc in told) <= 2
    assert {link.epc for link in links if link.rate >= 0.5} <= told
