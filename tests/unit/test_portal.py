"""The gate: the order of the sides is the direction; what stands, turns round or is hardly read is no passage."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.tagging import portal
from edge.core.tagging.portal import Gate, Passage, judge, note
from firmware_sim.physics import reader
from protocols.readings import TagRead
from tests.bench.truth import gate as bench

T0 = 1_763_762_400_000
CYCLE_MS, PASS_MS = 250, 6_000


def gate() -> Gate:
    return Gate(frozenset({1}), frozenset({2}))


def carried(epc: str, inbound: bool, seed: int, rate: float = 0.8, since_ms: int = T0) -> list[TagRead]:
    """A tag of the simulator's physics on its way through."""
    rng, reads = np.random.default_rng(seed), []
    for at_ms in range(0, PASS_MS, CYCLE_MS):
        links = reader.passing(epc, rate, at_ms / PASS_MS, inbound)
        for sight in reader.cycle(links, CYCLE_MS, rng):
            reads.append(TagRead(epc, sight.antenna, since_ms + at_ms + sight.at_ms, sight.rssi_dbm))
    return reads


def standing(epc: str, seed: int, seconds: int) -> list[TagRead]:
    """A tag that stands nearer to one side and is read by both."""
    rng = np.random.default_rng(seed)
    moments = range(0, seconds * 1000, CYCLE_MS)
    return [TagRead(epc, 1 + int(rng.random() < 0.3), T0 + at, float(rng.normal(-62, 2))) for at in moments]


def play(one: Gate, reads: list[TagRead], until_ms: int = T0 + 30_000) -> list[Passage]:
    said, reads = [], sorted(reads, key=lambda read: read.at_ms)
    for now_ms in range(T0 + 500, until_ms, 500):
        note(one, [read for read in reads if now_ms - 500 <= read.at_ms < now_ms])
        said += judge(one, now_ms)
    return said


@pytest.mark.parametrize(("inbound", "way"), [(True, "in"), (False, "out")])
def test_the_side_that_hears_a_tag_first_is_where_it_came_from(inbound: bool, way: portal.Way) -> None:
    said = play(gate(), [read for n in range(20) for read in carried(f"{n:02X}", inbound, n)])

    assert [passage.way for passage in said] == [way] * 20
    assert all(T0 + 1_500 < passage.at_ms < T0 + 4_500 for passage in said)


def test_two_pallets_that_cross_in_the_gate_are_told_apart() -> None:
    reads = [read for n in range(6) for read in carried(f"A{n}", True, n) + carried(f"B{n}", False, 50 + n)]

    said = {passage.epc: passage.way for passage in play(gate(), reads)}

    assert said == {f"A{n}": "in" for n in range(6)} | {f"B{n}": "out" for n in range(6)}


def test_a_tag_that_stands_by_is_no_passage_however_long() -> None:
    one = gate()

    said = play(one, standing("AA", 3, 120), T0 + 140_000)

    assert [passage.way for passage in said] == ["none"]
    assert not one.traces


def test_tags_that_stood_for_a_minute_and_are_carried_in_then_are_told_once_and_rightly() -> None:
    """Each alone, without company; a few are missed, for the seconds before are still heard in them."""
    ways = []
    for seed in range(20):
        reads = standing("AA", seed, 60) + carried("AA", True, 40 + seed, since_ms=T0 + 60_000)
        said = play(gate(), reads, T0 + 90_000)
        ways.append([passage.way for passage in said if passage.way != "none"])

    assert ways.count(["in"]) >= 17
    assert all(way[-1:] in ([], ["in"]) for way in ways)


def test_too_few_reads_on_a_side_are_an_abstention_with_their_number() -> None:
    reads = [TagRead("AA", 1, T0 + ms, -60.0) for ms in (0, 300, 600, 900)] + [TagRead("AA", 2, T0 + 3_000, -60.0)]

    (said,) = play(gate(), reads)

    assert (said.way, said.chance, said.company) == ("none", 0.0, 0)
    assert said.reads[1] == 1


def test_a_reader_that_tells_no_signal_still_has_the_order() -> None:
    moments = [(1, ms) for ms in range(0, 2_000, 200)] + [(2, ms) for ms in range(2_500, 4_500, 200)]

    (said,) = play(gate(), [TagRead("AA", antenna, T0 + ms) for antenna, ms in moments])

    assert said.way == "in"


def test_other_antennas_of_the_reader_are_not_listened_to() -> None:
    one = gate()
    note(one, [TagRead("AA", 3, T0, -50.0)])
    assert not one.traces


def test_only_so_many_tags_are_followed_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal, "TRACES_MAX", 5)
    one = gate()

    note(one, [TagRead(f"{n:02X}", 1, T0, -60.0) for n in range(9)])

    assert len(one.traces) == 5
    assert one.refused == 4


@given(
    st.lists(st.tuples(st.sampled_from(["AA", "BB"]), st.integers(1, 2), st.integers(0, 40_000), st.floats(-95, -20))),
    st.integers(1, 40),
)
def test_any_reads_in_any_order_are_survived_and_stored(reads: list[tuple[str, int, int, float]], every: int) -> None:
    one = gate()

    for number, (epc, antenna, ms, dbm) in enumerate(reads):
        note(one, [TagRead(epc, antenna, T0 + ms, dbm)])
        if number % every == 0:
            for passage in judge(one, T0 + ms):
                assert 0.0 <= passage.chance <= 1.0
        one = msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=Gate)

    judge(one, T0 + 100_000)
    judge(one, T0 + 110_000)
    assert not one.traces


def test_real_passes_of_a_gate_are_told_by_weights_fitted_without_them() -> None:
    """Every tenth of the recorded passes is held back; the bench does it for each."""
    recorded = bench.passes()
    if not recorded:
        pytest.skip("the real data (../shared/data beside the project) is not here")
    held, rest = recorded[::10], [one for number, one in enumerate(recorded) if number % 10]
    weights, tally = bench.fitted(rest), bench.Tally()

    for one in held:
        tally = bench.score(one, bench.judged(one.reads, weights), tally)

    assert tally.through >= 20
    assert tally.rightly == tally.decided >= 0.9 * tally.through
    assert tally.falsely <= 0.1 * tally.near


def test_the_weights_that_are_shipped_are_those_of_the_recorded_passes() -> None:
    recorded = bench.passes()
    if not recorded:
        pytest.skip("the real data (../shared/data beside the project) is not here")

    found = bench.fitted(recorded)

    assert found.weights == pytest.approx(portal.WEIGHTS, abs=0.01)
    assert found.bias == pytest.approx(portal.BIAS, abs=0.01)
