"""The ledger knows what it does not hold: gaps with their times, what comes twice, what was given up, what to ask for.

One suite for both databases, as test_ledger.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cloud.core.completeness import Again, DeviceGap, Gap, GivenUp
from cloud.stores import ledger as stores
from cloud.stores import tables
from cloud.stores.ledger import Received
from protocols.reports import Alarm, DeviceHealth, Heard, Lane, Proposal, Report, Thinned, encode
from protocols.uplink import Hello
from tests.contract.ledgers import DATABASES, POSTGRES, Place, apply
from tests.depot import NOON_MS, batch, level, stock, warmth


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


def levels(first: int, last: int) -> Received:
    return batch([level("A1", 4, NOON_MS + seq) for seq in range(first, last + 1)], first, lane="telemetry")


def hello(events: tuple[int, int] = (0, 0), telemetry: tuple[int, int] = (0, 0)) -> Hello:
    """A greeting by (next number, first one without a receipt) of each lane."""
    both: dict[Lane, tuple[int, int]] = {"events": events, "telemetry": telemetry}
    return Hello(
        2, "g1", "depot", {lane: one[0] for lane, one in both.items()}, {}, {lane: one[1] for lane, one in both.items()}
    )


def heard(at_ms: int, *ranges: tuple[int, int], missing: int = 0) -> DeviceHealth:
    of_boot = [Heard(3, [[*one] for one in ranges], missing)]
    return DeviceHealth("shelf-1", "ok", at_ms, at_ms, 5_000, missing, 0, 0, heard=of_boot)


def test_a_gap_is_known_with_its_times_until_it_is_filled_and_after_a_restart_too(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, levels(0, 9), now_ms=1_000)
    apply(ledger, levels(20, 29), now_ms=5_000)
    apply(ledger, levels(10, 14), now_ms=6_000)

    again = place.ledger()
    [lane] = again.proof.look().lanes
    assert lane.gaps == [Gap(15, 19, 1_000, 5_000, "unknown")]
    assert not again.proof.look().complete
    assert again.proof.look(5_001).complete, "it was known before"

    apply(again, levels(15, 19), now_ms=7_000)
    assert again.proof.look().complete
    assert again.lanes()["g1", "telemetry"].holes == ()


def test_what_came_again_is_counted_noted_and_changes_nothing(place: Place) -> None:
    ledger = place.ledger()
    one = batch([stock("A1", -1, 4), stock("A1", -1, 3)])
    apply(ledger, one, now_ms=1_000)
    apply(ledger, one, now_ms=2_000)

    [lane] = place.ledger().proof.look().lanes

    assert (lane.complete, lane.reports, lane.duplicates) == (True, 2, 2)
    assert lane.again == [Again(0, 1, 2, 2_000)]
    assert len(place.rows(tables.movement)) == 2
    assert ledger.proof.look(2_001).lanes[0].again == []


def test_notes_of_what_came_again_have_a_limit_and_the_count_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "REPEATED_MAX", 3)
    ledger = place.ledger()
    for at_ms in range(10):
        apply(ledger, batch([stock("A1", -1, 4)]), now_ms=at_ms)

    [lane] = ledger.proof.look().lanes

    assert [one.at_ms for one in lane.again] == [7, 8, 9]
    assert lane.duplicates == 9


def test_series_and_levels_that_come_again_go_to_the_history_again_and_nothing_else_does(place: Place) -> None:
    """It may have lost them; it knows a sample by its time. A movement that came again is one movement."""
    ledger, seen = place.ledger(), list[list[Report]]()
    events = batch([stock("A1", -1, 4)])
    telemetry = batch([warmth("thermo-1", 4.5), level("A1", 4)], lane="telemetry")
    poison = Received("g1", "telemetry", [2], [b"\xc1"])

    for _ in range(2):
        applied = ledger.apply([events, telemetry, poison], NOON_MS, seen.append)

    measured: list[Report] = [warmth("thermo-1", 4.5), level("A1", 4)]
    assert seen == [[stock("A1", -1, 4), *measured], measured]
    assert [(one.numbered, len(one.refused), one.duplicates) for one in applied] == [([], 0, 1), ([], 0, 2), ([], 1, 1)]


def test_a_ledger_from_a_backup_asks_for_what_was_signed_for_since(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, levels(0, 9), now_ms=1_000)

    assert ledger.missing("g1", hello((5, 5), (60, 50))) == {"events": ((0, 4),), "telemetry": ((10, 49),)}

    [events, telemetry] = ledger.proof.look().lanes
    assert events.gaps == [Gap(0, 4, 0, 0, "asked")]
    assert telemetry.gaps == [Gap(10, 49, 1_000, 0, "asked")]
    assert telemetry.waiting == 10
    apply(ledger, levels(10, 49), batch([stock("A1", -1, 4)] * 5), now_ms=2_000)
    assert ledger.missing("g1", hello((5, 5), (60, 50))) == {}
    assert ledger.proof.look().complete


def test_what_the_gateway_said_of_its_lanes_is_kept_with_its_next_batch(place: Place) -> None:
    ledger = place.ledger()
    ledger.missing("g1", hello((0, 0), (60, 20)))
    apply(ledger, levels(0, 9), levels(30, 39), now_ms=1_000)

    [lane] = place.ledger().proof.look().lanes

    assert [(gap.first, gap.last, gap.state) for gap in lane.gaps] == [(10, 19, "asked"), (20, 29, "waiting")]
    assert lane.waiting == 20


def test_what_a_gateway_gave_up_is_complete_and_on_record(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, levels(0, 9), levels(20, 29), now_ms=1_000)
    apply(ledger, batch([Thinned(8, 19, 10, 77, "outbox_full")]), now_ms=2_000)

    for one in (ledger, place.ledger()):
        events, telemetry = one.proof.look().lanes
        assert telemetry.given_up == [GivenUp(8, 19, 10, "outbox_full", 77)]
        assert (telemetry.complete, events.complete) == (True, True)
        assert one.missing("g1", hello((1, 1), (30, 30))) == {}


def test_a_store_that_was_damaged_jumps_its_numbers_and_both_lanes_stay_provable(place: Place) -> None:
    ledger, jump = place.ledger(), NOON_MS
    apply(ledger, levels(0, 9), batch([stock("A1", -1, 4)]))
    told: list[Report] = [
        Thinned(1, jump - 1, 0, NOON_MS, "damaged", "events"),
        Thinned(10, jump - 1, 0, NOON_MS, "damaged"),
    ]

    apply(ledger, batch(told, jump), levels(jump, jump + 9))

    assert ledger.proof.look().complete
    assert ledger.tops("g1") == {"events": jump + 1, "telemetry": jump + 9}
    assert place.ledger().missing("g1", hello((jump + 2, jump + 2), (jump + 20, jump + 20))) == {
        "telemetry": ((jump + 10, jump + 19),)
    }


def test_a_range_that_was_given_up_and_comes_after_all_counts(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([Thinned(0, 9, 10, NOON_MS, "not_kept")]))

    [taken] = apply(ledger, levels(0, 9))

    assert len(taken.numbered) == 10
    assert ledger.proof.look().complete


def test_a_device_s_missing_messages_are_known_since_its_gateway_first_told(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([heard(1, (0, 9), (12, 20), missing=2)]), now_ms=1_000)
    apply(ledger, batch([heard(2, (0, 9), (12, 40), (45, 50), missing=6)], 2), now_ms=2_000)
    apply(ledger, batch([heard(1, (0, 5), (12, 20), missing=9)], 1), now_ms=3_000)  # late: an older word

    [device] = place.ledger().proof.look().devices
    assert (device.complete, device.missing) == (False, 6)
    assert device.gaps == [DeviceGap(3, 10, 11, 1_000), DeviceGap(3, 41, 44, 2_000)]

    apply(ledger, batch([heard(4, (0, 50))], 3), now_ms=4_000)
    assert ledger.proof.look().complete
    assert ledger.devices() == [heard(4, (0, 50))]


def test_gaps_of_a_gateway_whose_clock_was_ahead_are_gone_when_it_is_put_back_from_a_backup_of_before(
    place: Place,
) -> None:
    apply(place.ledger(), batch([heard(NOON_MS + 3 * 3_600_000, (0, 9), (12, 20), missing=2)]))
    ledger = place.ledger()

    apply(ledger, batch([Thinned(1, 999, 0, NOON_MS, "restored", "events"), heard(NOON_MS, (148, 150))], 1000))

    assert ledger.proof.look().complete
    assert place.ledger().proof.look().devices[0].complete


def test_the_last_word_of_a_gateway_on_proposals_and_alarms_is_kept(place: Place) -> None:
    ledger = place.ledger()
    opened = Proposal("bolt", "open", 50, 3, 10, NOON_MS)
    closed = Proposal("bolt", "closed", 48, 60, 10, NOON_MS)
    warm = Alarm("zone_temperature", "cold", "cold", "firing", NOON_MS, NOON_MS + 1, {"value": 9.5})
    over = Alarm("zone_temperature", "cold", "cold", "resolved", NOON_MS, NOON_MS + 2)

    apply(ledger, batch([closed, over], 2))
    apply(ledger, batch([opened, warm], 0))
    apply(ledger, batch([opened], 0, gateway="g2"))

    assert place.ledger().proposals() == [("g1", 2, closed), ("g2", 0, opened)]
    assert place.ledger().alarms() == [("g1", 3, over)]


def test_both_times_of_a_movement_and_a_tag_are_kept(place: Place) -> None:
    encoded = encode(msgspec.structs.replace(stock("A1", -1, 4), heard_ms=NOON_MS + 7))

    apply(place.ledger(), Received("g1", "events", [0], [encoded]), now_ms=NOON_MS + 9)

    [row] = place.rows(tables.movement)
    assert (row["happened_ms"], row["heard_ms"], row["known_ms"]) == (NOON_MS, NOON_MS + 7, NOON_MS + 9)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 0, 2, 1], [2, 2, 3, 3, 0, 1]])
def test_numbers_within_a_batch_may_come_in_any_order(place: Place, order: list[int]) -> None:
    ledger = place.ledger()
    blobs = [encode(stock("A1", -1, count)) for count in order]

    [taken] = apply(ledger, Received("g1", "events", order, blobs))

    assert sorted(seq for seq, _ in taken.numbered) == [0, 1, 2, 3]
    assert taken.duplicates == len(order) - 4
    assert ledger.lanes()["g1", "events"].held.ranges == [[0, 3]]
