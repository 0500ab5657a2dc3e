"""What a gateway says that can not be, and what the database does not take, stops and spoils nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.core.replenishment import Need
from cloud.stores import tables
from cloud.stores.database import LedgerUnavailable
from protocols.reports import Report
from tests import depot
from tests.contract.ledgers import Place, apply, unguarded
from tests.depot import NOON_MS, batch, health, level, stock

YEAR_MS = 365 * 86_400_000
REFUSING = "BEGIN SELECT RAISE(ABORT, 'not on my watch'); END"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.wipe()


def test_a_level_of_a_year_to_come_does_not_stand_above_the_true_ones_that_follow(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, *depot.batches([level("A1", 999, NOON_MS + 10 * YEAR_MS), health("d1", "silent", NOON_MS + YEAR_MS)]))

    later: list[Report] = [level("A1", 7, NOON_MS + 60_000), health("d1", "ok", NOON_MS + 60_000)]
    apply(ledger, *depot.batches(later, 2), now_ms=NOON_MS + 60_000)

    assert [(one.count, one.at_ms) for one in ledger.levels()] == [(7, NOON_MS + 60_000)]
    assert [one.state for one in ledger.devices()] == ["ok"]


def test_a_service_whose_own_clock_stands_in_1970_judges_no_others(place: Place) -> None:
    ledger = place.ledger()

    apply(ledger, *depot.batches([level("A1", 7, NOON_MS)]), now_ms=60_000)

    assert [one.at_ms for one in ledger.levels()] == [NOON_MS]


def test_movements_that_are_there_though_their_lane_was_lost_are_signed_for_and_stay_single(place: Place) -> None:
    ledger = place.ledger()
    moves = batch([stock("A1", -1, 9), stock("A1", -1, 8)])
    apply(ledger, moves)
    with ledger._writing() as connection:
        connection.execute(tables.lane.delete())

    again = place.ledger()
    apply(again, moves, batch([stock("A1", -1, 7)], 2))

    assert [row["seq"] for row in place.rows(tables.movement)] == [0, 1, 2]
    assert place.rows(tables.booked) == [{"gateway": "g1", "movements": 3}]
    assert again.lanes()["g1", "events"].held.ranges == [[0, 2]]


def test_a_report_the_database_does_not_take_is_refused_and_all_others_are_booked(place: Place) -> None:
    ledger = place.ledger()
    with ledger._writing() as connection:
        connection.exec_driver_sql(f"CREATE TRIGGER t BEFORE INSERT ON movement WHEN new.slot = 'C1' {REFUSING}")
    told: list[Report] = [stock("A1", -1, count, NOON_MS + count) for count in range(20, 10, -1)]
    told[3:3] = [stock("C1", -1, 5)]

    other, taken = apply(ledger, batch([stock("A2", -1, 3)], gateway="g2"), batch(told))

    assert [one.seq for one in taken.refused] == [3]
    assert "not on my watch" in taken.refused[0].reason
    assert [seq for seq, _ in taken.numbered] == [0, 1, 2, *range(4, 11)]
    assert len(other.numbered) == 1
    assert len(place.rows(tables.movement)) == 11
    assert [(row["seq"], row["lane"]) for row in place.rows(tables.refused)] == [(3, "events")]


def test_a_batch_that_the_database_takes_in_no_part_comes_to_an_end(place: Place) -> None:
    ledger = place.ledger()
    with ledger._writing() as connection:
        connection.exec_driver_sql(f"CREATE TRIGGER t BEFORE INSERT ON lane {REFUSING}")

    for reports in ([], [stock("A1", -1, 4)], [stock("A1", -1, 4), stock("A1", -1, 3)]):
        with pytest.raises(LedgerUnavailable, match="not on my watch"):
            apply(ledger, batch(list[Report](reports)))
    assert place.rows(tables.movement) == []


def test_whoever_waits_for_the_ledger_waits_also_when_it_refuses_his_row(place: Place) -> None:
    """The service keeps on running, and says so: needs and alerts are kept by the next try."""
    ledger = place.ledger()
    with ledger._writing() as connection:
        connection.exec_driver_sql(f"CREATE TRIGGER t BEFORE INSERT ON need {REFUSING}")

    with pytest.raises(LedgerUnavailable, match="not on my watch"):
        ledger.keep_need(Need("bolt", 40, "proposed", NOON_MS, NOON_MS, {}))


def test_a_database_that_is_away_is_not_taken_for_one_that_refuses(place: Place) -> None:
    ledger = place.ledger()
    with ledger._writing() as connection:
        connection.exec_driver_sql("DROP TABLE level")

    with pytest.raises(LedgerUnavailable):
        apply(ledger, *depot.batches([level("A1", 7)]))


def test_movements_that_somebody_deleted_are_missed(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([stock("A1", -1, 9), stock("A1", -1, 8), stock("A1", -1, 7)]))
    apply(ledger, batch([stock("A1", -1, 6)], 3), batch([stock("A2", 5, 5)], gateway="g2"))
    assert ledger.proof.look().complete

    with ledger._writing() as connection:
        taken = tables.movement.delete().where(tables.movement.c.seq.in_([1, 2]))
        unguarded(connection, tables.movement).execute(taken)

    found = place.ledger().proof.look()
    assert not found.complete
    assert found.movements_gone == {"g1": 2}
