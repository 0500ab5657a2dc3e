"""The ledger: what it has signed for is there once, whatever happened on the way.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database (an SQLAlchemy URL), PostgreSQL too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud.alerts.lifecycle import Alert, Transition
from cloud.core.replenishment import Need
from cloud.stores import tables
from cloud.stores.ledger import Received
from cloud.stores.people import Person, Token
from protocols.reports import (
    LANE_OF,
    DeviceHealth,
    Lane,
    Report,
    Series,
    SlotLevel,
    StockEvent,
    TagMove,
    Thinned,
    encode,
)
from tests import depot
from tests.contract.ledgers import DATABASES, POSTGRES, Place, apply, people_of_before
from tests.depot import NOON_MS, batch, health, level, stock


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, POSTGRES if request.param == "postgresql" else "")
    made.wipe()
    yield made
    made.wipe()


gateways = st.dictionaries(st.sampled_from(["g1", "g2"]), st.lists(depot.reports, max_size=12), min_size=1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=gateways, data=st.data())
def test_each_report_counts_once_however_often_and_in_whatever_order_it_comes(
    place: Place, sent: dict[str, list[Report]], data: st.DataObject
) -> None:
    place.wipe()
    ledger = place.ledger()
    every = [(gateway, one) for gateway, reports in sent.items() for one in depot.batches(reports, 0, gateway)]
    numbered = [(whole, i) for _, whole in every for i in range(len(whole.seqs))]
    deliveries = data.draw(st.lists(st.lists(st.sampled_from(numbered), max_size=6), max_size=8)) if numbered else []
    deliveries += [[one] for one in data.draw(st.permutations(numbered))]
    groups = [
        [Received(whole.gateway, whole.lane, [whole.seqs[i]], [whole.reports[i]]) for whole, i in delivery]
        for delivery in deliveries
    ]

    applied = [taken for group in groups for taken in apply(ledger, *group, now_ms=NOON_MS + 4 * 86_400_000)]

    def events() -> Iterator[tuple[str, int, StockEvent]]:
        for gateway, reports in sent.items():
            in_lane = [one for one in reports if LANE_OF[type(one)] == "events"]
            yield from ((gateway, seq, one) for seq, one in enumerate(in_lane) if isinstance(one, StockEvent))

    rows = place.rows(tables.movement)
    assert {(row["gateway"], row["seq"]) for row in rows} == {(gateway, seq) for gateway, seq, _ in events()}
    assert len(rows) == len(list(events()))
    by_number = {(row["gateway"], row["seq"]): row for row in rows}
    for gateway, seq, one in events():
        row = by_number[gateway, seq]
        kept = (row["slot"], row["sku"], row["delta"], row["count"], row["happened_ms"], row["source"])
        assert kept == (one.slot, one.sku, one.delta, one.count, one.at_ms, one.source)
    assert sum(len(one.numbered) for one in applied) == len(numbered)
    assert sum(one.duplicates for one in applied) == sum(map(len, groups)) - len(numbered)
    for (gateway, lane), state in ledger.lanes().items():
        assert state.applied == len([one for one in sent[gateway] if LANE_OF[type(one)] == lane])
        assert state.held.ranges == [[0, state.applied - 1]]
    for of_slot in ledger.levels():
        levels = [[one for one in reports if isinstance(one, SlotLevel)] for reports in sent.values()]
        said = [of_one for of_one in ([one for one in ones if one.slot == of_slot.slot] for ones in levels) if of_one]
        assert any(of_slot in of_one for of_one in said)
        assert len(said) > 1 or of_slot == said[0][-1], "of what one gateway says the last counts"


def test_a_batch_that_could_not_be_kept_elsewhere_is_not_applied_and_can_come_again(place: Place) -> None:
    ledger = place.ledger()
    one = batch([stock("A1", -1, 4), health("shelf-1")])

    def refuse(_: list[Report]) -> None:
        raise OSError("the other store is away")

    with pytest.raises(OSError, match="away"):
        ledger.apply([one], NOON_MS, refuse)
    assert ledger.lanes() == {}
    assert [place.rows(table) for table in (tables.movement, tables.device, tables.lane)] == [[], [], []]

    [taken] = apply(ledger, one)
    assert (len(taken.numbered), taken.duplicates) == (2, 0)
    assert len(place.rows(tables.movement)) == 1


def test_what_is_new_is_given_to_be_kept_elsewhere_before_anything_is_committed(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([stock("A1", 5, 5, source="first")]))
    seen: list[tuple[list[Report], int]] = []

    def keep(reports: list[Report]) -> None:
        seen.append((reports, len(place.rows(tables.movement))))

    new: list[Report] = [stock("A1", -1, 4), health("shelf-1")]
    ledger.apply([batch([stock("A1", 5, 5, source="first"), *new]), batch([level("A1", 4)], lane="telemetry")], 1, keep)

    assert seen == [([*new, level("A1", 4)], 1)]


def test_a_refused_report_is_kept_with_its_reason_and_its_number_is_held(place: Place) -> None:
    ledger = place.ledger()
    good = encode(stock("A1", -1, 4))
    one = Received("g1", "events", [0, 1, 2], [good, b"\xc1 no report", good])

    [taken] = apply(ledger, one)
    [again] = apply(ledger, one)

    assert [refused.seq for refused in taken.refused] == [1]
    assert "not a report" in taken.refused[0].reason
    assert [seq for seq, _ in taken.numbered] == [0, 2]
    assert (again.numbered, again.duplicates) == ([], 3)
    assert again.refused == taken.refused, "the receipt may have been lost"
    assert ledger.lanes()["g1", "events"].refused == 1
    [row] = place.rows(tables.refused)
    assert (row["gateway"], row["lane"], row["seq"], row["report"]) == ("g1", "events", 1, b"\xc1 no report")
    assert row["reason"] == taken.refused[0].reason
    state = ledger.lanes()["g1", "events"]
    assert (state.held.ranges, state.applied, state.refused) == ([[0, 2]], 2, 1)


NAN = float("nan")
POISON: dict[str, tuple[Lane, bytes]] = {
    "of a kind nobody knows": ("events", msgspec.msgpack.encode(["elephant", 1])),
    "with a field missing": ("events", msgspec.msgpack.encode(["stock", "A1", "bolt", -1])),
    "nested without end": (
        "events",
        encode(stock("A1", -1, 4)).replace(b"\x98", b"\x99", 1) + b"\x91" * 50_000 + b"\x01",
    ),
    "in the wrong lane": ("telemetry", encode(stock("A1", -1, 4))),
    "with a number that is none": ("events", encode(StockEvent("A1", "bolt", -1, 4, NOON_MS, NAN))),
    "with a mass that is none": ("telemetry", encode(SlotLevel("A1", "bolt", 4, 4, 4, 0.99, NAN, NOON_MS))),
    "with a count no column holds": ("events", encode(StockEvent("A1", "bolt", -1, 2**63, NOON_MS, 0.99))),
    "with an endless time": ("events", encode(StockEvent("A1", "bolt", -1, 4, 2**62, 0.99))),
    "from before 1970": ("events", encode(StockEvent("A1", "bolt", -1, 4, -1, 0.99))),
    "with a zero byte in a name": ("events", encode(StockEvent("A\0", "bolt", -1, 4, NOON_MS, 0.99))),
    "with an infinite battery": ("events", encode(DeviceHealth("d", "ok", 1, 1, 1, 0, 0, 0, float("inf")))),
    "without a sample": ("telemetry", encode(Series("t", "1", "temperature_c", "cold", NOON_MS, [], []))),
    "with a sample too many": (
        "telemetry",
        encode(Series("t", "1", "temperature_c", "cold", NOON_MS, [0], [1.0, 2.0])),
    ),
    "with a sample that is none": ("telemetry", encode(Series("t", "1", "temperature_c", "cold", NOON_MS, [0], [NAN]))),
    "with a sample before 1970": ("telemetry", encode(Series("t", "1", "temperature_c", "cold", 5, [-6], [1.0]))),
    "with a sample after all times": ("telemetry", encode(Series("t", "1", "power_w", "x", NOON_MS, [2**52], [1.0]))),
    "of a series that can have no name": ("telemetry", encode(Series("t/1", "1", "power_w", "x", NOON_MS, [0], [1.0]))),
}


@pytest.mark.parametrize("poison", POISON)
def test_one_report_that_no_store_could_keep_is_refused_by_itself(place: Place, poison: str) -> None:
    """Else it would come again and again, and hold its lane for ever."""
    ledger = place.ledger()
    lane, blob = POISON[poison]
    good = encode(stock("A1", -1, 4) if lane == "events" else level("A1", 4))

    [taken] = apply(ledger, Received("g1", lane, [0, 1, 2], [good, blob, good]))

    assert [seq for seq, _ in taken.numbered] == [0, 2]
    assert [one.seq for one in taken.refused] == [1]
    assert len(place.rows(tables.refused)) == 1


@pytest.mark.parametrize("together", [True, False], ids=["in one transaction", "one after the other"])
def test_what_is_older_overwrites_nothing_newer(place: Place, together: bool) -> None:
    ledger = place.ledger()
    tag = TagMove("E1", "hall", "departed", NOON_MS + 5, "gate-1")
    new: list[Report] = [health("shelf-1", "silent", NOON_MS + 5), tag]
    old: list[Report] = [health("shelf-1", "ok", NOON_MS), msgspec.structs.replace(tag, move="arrived", at_ms=NOON_MS)]
    arriving = [
        batch(new, 2),
        batch([level("A1", 7, NOON_MS + 5)], 1, lane="telemetry"),
        batch(old),
        batch([level("A1", 9, NOON_MS)], lane="telemetry"),
    ]

    for group in [arriving] if together else [[one] for one in arriving]:
        apply(ledger, *group)

    assert ledger.levels() == [level("A1", 7, NOON_MS + 5)]
    assert ledger.devices() == [health("shelf-1", "silent", NOON_MS + 5)]
    assert [(row["move"], row["at_ms"]) for row in place.rows(tables.tag)] == [("departed", NOON_MS + 5)]


def test_the_later_word_on_a_tag_counts_whatever_its_time_says(place: Place) -> None:
    ledger = place.ledger()
    came = TagMove("E1", "hall", "arrived", NOON_MS + 5, "gate-1")

    left = msgspec.structs.replace(came, move="departed", at_ms=NOON_MS)
    apply(ledger, batch([left], 51))
    apply(ledger, batch([came], 50))
    assert [row["move"] for row in place.rows(tables.tag)] == ["departed"]

    apply(ledger, batch([came], 3, gateway="g2"))
    assert [(row["move"], row["gateway"]) for row in place.rows(tables.tag)] == [("arrived", "g2")]


def test_the_later_word_on_a_slot_or_a_device_counts_whatever_its_time_says(place: Place) -> None:
    """A gateway's clock was hours ahead; then its store was lost, or put back from a backup, and with it that time."""
    ledger, ahead_ms = place.ledger(), NOON_MS + 3 * 3_600_000
    apply(ledger, *depot.batches([level("A1", 9, ahead_ms), health("shelf-1", "ok", ahead_ms)]))

    again = place.ledger()
    word: list[Report] = [level("A1", 7), health("shelf-1", "silent")]
    late: list[Report] = [level("A1", 8, ahead_ms + 1), health("shelf-1", "offline", ahead_ms + 1)]
    [_, told] = apply(again, *depot.batches(word, 1000))
    [_, old] = apply(again, *depot.batches(late, 1))

    assert (again.levels(), again.devices()) == ([level("A1", 7)], [health("shelf-1", "silent")])
    assert (len(told.reports), len(old.numbered), old.reports) == (1, 1, [])


def test_of_two_gateways_words_on_a_slot_or_a_device_the_newer_counts(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, *depot.batches([level("A1", 7), health("shelf-1", "silent")], 5, "g1"))

    apply(ledger, *depot.batches([level("A1", 9, NOON_MS - 1), health("shelf-1", "ok", NOON_MS - 1)], 9, "g2"))
    assert (ledger.levels(), ledger.devices()) == ([level("A1", 7)], [health("shelf-1", "silent")])

    newer: list[Report] = [level("A1", 6, NOON_MS + 1), health("shelf-1", "ok", NOON_MS + 1)]
    apply(ledger, *depot.batches(newer, 0, "g3"))
    assert [*ledger.levels(), *ledger.devices()] == newer


def test_what_a_gateway_that_lost_its_store_had_said_of_tags_is_void(place: Place) -> None:
    """It does not know any more what it said, and says it again of every tag that is there."""
    ledger = place.ledger()
    came = TagMove("E1", "hall", "arrived", NOON_MS, "gate-1")
    other = msgspec.structs.replace(came, epc="E2")
    apply(ledger, batch([came, other]), batch([came], gateway="g2"))

    again = place.ledger()
    apply(again, batch([other, Thinned(2, 999, 0, NOON_MS, "damaged", "events")], 1000))
    apply(place.ledger(), batch([came], 500))

    rows = sorted((row["epc"], row["gateway"], row["seq"]) for row in place.rows(tables.tag))
    assert rows == [("E1", "g2", 0), ("E2", "g1", 1000)]


def test_a_thinning_is_on_record(place: Place) -> None:
    apply(place.ledger(), batch([Thinned(3, 9, 5, NOON_MS, "outbox_full")]))

    [row] = place.rows(tables.thinned)
    assert (row["gateway"], row["first"], row["last"], row["count"], row["why"]) == ("g1", 3, 9, 5, "outbox_full")


def test_a_ledger_opened_again_goes_on(place: Place) -> None:
    first = place.ledger()
    apply(first, batch([stock("A1", 5, 5, source="first"), stock("A1", -1, 4, NOON_MS + 1)]))
    apply(first, batch([level("A1", 4)], lane="telemetry"))
    lanes = first.lanes()
    first.close()

    second = place.ledger()

    assert second.lanes() == lanes
    assert list(second.movements()) == [
        ("A1", "bolt", 5, 5, NOON_MS, "first"),
        ("A1", "bolt", -1, 4, NOON_MS + 1, "weight"),
    ]
    [taken] = apply(second, batch([stock("A1", -1, 4, NOON_MS + 1), stock("A1", -1, 3, NOON_MS + 2)], 1))
    assert [seq for seq, _ in taken.numbered] == [2]


def test_movements_come_in_the_order_they_happened(place: Place) -> None:
    ledger = place.ledger()
    apply(ledger, batch([stock("A1", -1, 3, NOON_MS + 2), stock("A1", -1, 4, NOON_MS + 1)]))

    assert [at_ms for *_, at_ms, _ in ledger.movements()] == [NOON_MS + 1, NOON_MS + 2]


def test_needs_alerts_and_accounts_are_as_they_were_stored(place: Place) -> None:
    ledger = place.ledger()
    need = ledger.keep_need(Need("bolt", 50, "proposed", 1, 1, {"reorder_point": 7, "formula": "x", "eoq": 1.5}))
    other = ledger.keep_need(Need("milk", 5, "proposed", 2, 2, {"reorder_point": None}))
    done = ledger.keep_need(msgspec.structs.replace(need, state="fulfilled", changed_ms=3))
    alert = Alert(1, "warm", "cold", "cold", 1, "firing", 1, 2, {"value": 9.5})
    ledger.keep_alerts([Transition("pending", alert)])
    taken = msgspec.structs.replace(
        alert, state="acknowledged", acknowledged_by="ada", acknowledged_ms=4, note="on my way", changed_ms=4
    )
    ledger.keep_alerts([Transition("firing", taken)])
    ledger.people.keep_account("ada", "buyer", "hash")
    ledger.people.keep_account("erp", "viewer", "")
    ledger.people.keep_token(Token("token", "erp", "plain", "look"))
    ledger.people.keep_account("ada", "admin", "hash-2")
    ledger.close()

    again = place.ledger()

    assert [need.id, other.id] == [1, 2]
    assert again.needs() == [done, other]
    assert again.alerts() == [taken]
    steps = [(row["before"], row["state"], row["by"], row["note"]) for row in place.rows(tables.transition)]
    assert steps == [("pending", "firing", "", ""), ("firing", "acknowledged", "ada", "on my way")]
    assert again.people.account("ada") == Person("ada", "admin", "hash-2")
    assert again.people.token("token") == (Person("erp", "viewer", ""), Token("token", "erp", "plain", "look"))
    assert again.people.account("nobody") is None
    assert [one.name for one in again.people.accounts()] == ["ada", "erp"]


ADDED = {
    "level": ("booked", "differs_ms", "gateway", "seq"),
    "device": ("findings", "heard", "noticed", "unheard", "gateway", "seq"),
    "lane": ("duplicates", "holes", "next_seq", "unsigned_from"),
    "movement": ("heard_ms",),
    "tag": ("heard_ms", "gateway", "seq"),
    "thinned": ("lane", "known_ms"),
    "account": ("supplier",),
    "alert": ("shelved_until_ms", "reopened", "assigned_to"),
}
"""Columns that earlier schemas did not have."""
SINCE = {
    ("level", "booked"): "2",
    ("level", "differs_ms"): "2",
    ("device", "findings"): "2",
    ("device", "unheard"): "4",
    ("tag", "gateway"): "4",
    ("tag", "seq"): "4",
    ("level", "gateway"): "5",
    ("level", "seq"): "5",
    ("device", "gateway"): "5",
    ("device", "seq"): "5",
    ("account", "supplier"): "6",
    ("alert", "shelved_until_ms"): "8",
    ("alert", "reopened"): "8",
    ("alert", "assigned_to"): "9",
}
"""The schema that brought each of them, where it was not the third."""
TRADE = ("entry", "purchase", "purchase_version", "ordered_need", "reservation", "score", "kept", "spare")
"""Tables that came with the sixth."""


@pytest.mark.parametrize("schema", ["1", "2", "3", "4", "5"])
def test_a_ledger_of_an_earlier_schema_is_taken_over_with_all_it_holds(place: Place, schema: str) -> None:
    ledger = place.ledger()
    gone = Thinned(5, 6, 2, NOON_MS, "outbox_full")
    apply(ledger, *depot.batches([stock("A1", 7, 7), health("d1"), gone, level("A1", 7)]))
    apply(ledger, batch([level("A1", 7, NOON_MS + 1)], 7, lane="telemetry"))
    with ledger._writing() as connection:
        people_of_before(connection)
        for table in ("proposal", "local_alarm", "repeated") if schema < "3" else ():
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for table in ("booked",) if schema < "4" else ():
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DROP INDEX movement_sku")
        for table in TRADE:
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for table, column in ((table, column) for table, columns in ADDED.items() for column in columns):
            if schema < SINCE.get((table, column), "3"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute(tables.about.update().values(value=schema))

    again = place.ledger()

    assert again.levels() == [level("A1", 7, NOON_MS + 1)]
    assert again.devices() == [health("d1")]
    assert [(row[0], row[3]) for row in again.movements()] == [("A1", 7)]
    telemetry = again.lanes()["g1", "telemetry"]
    assert (telemetry.held.ranges, telemetry.given_up) == ([[0, 0], [7, 7]], ((5, 6),))
    [taken] = apply(again, batch([TagMove("E1", "hall", "arrived", NOON_MS, "gate-1", NOON_MS + 1)], 3))
    assert len(taken.numbered) == 1
    assert place.ledger().levels() == [level("A1", 7, NOON_MS + 1)], "once is enough"
