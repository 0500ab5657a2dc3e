"""What is there is said once: by the book, whatever a scale can not tell, whoever counted, whoever gets a slot.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from cloud.core.book.audit import Beside, Finding, audit
from protocols.reports import SlotLevel
from tests.contract.trade_site import Json, TradeSite, site_text
from tests.depot import DAY_MS, HOUR_MS

MINUTE_MS = 60_000


async def unknown(
    trading: TradeSite, low: int, high: int, slot: str = "A1", sku: str = "bolt", sure: float = 0.4
) -> None:
    """The scale of a slot can not tell how many are there."""
    at_ms = trading.clock.pass_ms(MINUTE_MS)
    await trading.hear(SlotLevel(slot, sku, None, low, high, sure, 400.0, at_ms, "noise", "tare"))


async def stands(trading: TradeSite, sku: str = "bolt") -> Json:
    """Where an SKU stands; what is on hand, its lots and its value are of the same units."""
    said = await trading.get(f"/api/v1/skus/{sku}/position")
    on_hand, account = said["position"]["on_hand"], trading.service.trade.book.account(sku)
    assert sum(one["units"] for one in said["lots"]) == max(0, on_hand)
    assert account.layers.units == on_hand
    worth = (await trading.get(f"/api/v1/value?at={trading.clock()}"))["skus"]
    assert [one["units"] for one in worth if one["sku"] == sku] == [on_hand]
    return said


def findings(trading: TradeSite) -> list[Finding]:
    books, trade = trading.service.ledger.books, trading.service.trade
    levels = {one.slot: one for one in trading.service.ledger.levels()}
    terms = {one.id: trade.book.terms(one.id) for one in trade.book.site.skus}
    takers = [one for one in books.entries() if one.ref.startswith("entry:")]
    beside = Beside(levels, books.reservations(held_only=True), books.orders(), (), tiers=trade.book.site.tiers)
    return [*audit((one for _, of in books.facts_by_sku() for one in of), takers, terms, beside)]


async def test_a_scale_that_can_not_tell_changes_nothing_of_what_is_there_and_promises_what_is_sure(
    trading: TradeSite,
) -> None:
    await trading.weigh("A1", 10)
    await unknown(trading, 3, 40)

    said = await stands(trading)
    assert (said["position"]["on_hand"], said["position"]["doubtful"], said["available"]) == (10, 7, 3)
    assert said["projected"] == 21, "for planning the middle of what is likely"
    assert await trading.refused("/api/v1/reservations", {"sku": "bolt", "units": 4}) == (422, "not_enough")
    await trading.post("/api/v1/reservations", {"sku": "bolt", "units": 3})
    await unknown(trading, 0, 300, sure=0.0)
    said = await stands(trading)
    assert (said["position"]["on_hand"], said["available"], said["projected"]) == (10, -3, 7)
    assert findings(trading) == []


async def test_what_a_scale_that_is_sure_says_is_there_to_be_promised(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await trading.post("/api/v1/book", {"kind": "count", "sku": "bolt", "units": 12, "place": "A1"})
    trading.clock.pass_ms(MINUTE_MS)
    await trading.weigh("A1", 9)

    said = await stands(trading)

    assert (said["position"]["on_hand"], said["position"]["doubtful"], said["available"]) == (11, 0, 11)
    assert findings(trading) == []


async def test_what_is_set_aside_is_not_in_doubt_a_second_time(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await trading.post("/api/v1/book", {"kind": "quarantine", "sku": "bolt", "units": 8})
    await unknown(trading, 1, 12)

    said = await stands(trading)

    assert (said["position"]["doubtful"], said["available"]) == (2, 0)


async def test_what_a_person_counts_where_no_scale_ever_told_is_there(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", {"kind": "count", "sku": "bolt", "units": 7, "place": "A1"})

    assert (await stands(trading))["available"] == 7
    await trading.post("/api/v1/reservations", {"sku": "bolt", "units": 7})
    await trading.restart()
    assert (await stands(trading))["position"]["on_hand"] == 7
    assert findings(trading) == []


async def test_a_persons_count_stands_while_the_scale_can_not_tell_and_is_counted_once(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await unknown(trading, 3, 12)
    for _ in range(2):
        await trading.post("/api/v1/counts", {"sku": "bolt", "counted": 8, "place": "A1"})
    said = await stands(trading)
    assert (said["position"]["on_hand"], said["available"]) == (8, 8)

    trading.clock.pass_ms(MINUTE_MS)
    await trading.weigh("A1", 8)

    assert (await stands(trading))["available"] == 8
    await trading.weigh("A1", 7)
    assert (await stands(trading))["available"] == 7
    await trading.restart()
    assert (await stands(trading))["available"] == 7
    assert findings(trading) == []


async def test_a_persons_count_that_the_scale_rules_out_is_in_doubt(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await unknown(trading, 3, 12)
    await trading.post("/api/v1/book", {"kind": "count", "sku": "bolt", "units": 8, "place": "A1"})

    await unknown(trading, 0, 5)
    said = await stands(trading)

    assert (said["position"]["on_hand"], said["available"], said["projected"]) == (8, 0, 2)


async def test_a_count_against_a_scale_that_is_back_at_its_word_is_looked_at_again(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await unknown(trading, 3, 12)
    await trading.post("/api/v1/book", {"kind": "count", "sku": "bolt", "units": 8, "place": "A1"})
    at_ms = trading.clock.pass_ms(MINUTE_MS)
    await trading.hear(SlotLevel("A1", "bolt", 10, 10, 10, 0.99, 500.0, at_ms))

    assert (await stands(trading))["available"] == 8
    [task] = [one for one in (await trading.get("/api/v1/counts"))["today"] if one["place"] == "A1"]
    assert task["reason"] == "differs"
    assert [(one.check, one.subject, one.breach) for one in findings(trading)] == [("shelf", "A1", False)]


async def test_a_slot_given_to_another_sku_leaves_what_lay_there_off_the_shelves_of_the_first(
    trading: TradeSite,
) -> None:
    await trading.weigh("A1", 10)
    await trading.weigh("A2", 3)
    before_ms = trading.clock.pass_ms(MINUTE_MS)
    trading.text = site_text().replace(
        'id = "A1"\nzone = "hall"\nsku = "bolt"', 'id = "A1"\nzone = "hall"\nsku = "nut"'
    )
    assert trading.text != site_text()

    await trading.restart()
    assert (await stands(trading))["position"]["on_hand"] == 13, "also before anything else is done"
    await trading.tick(2)
    assert (await stands(trading))["position"]["on_hand"] == 13
    assert findings(trading) == []
    [entry] = (await trading.get("/api/v1/book?sku=bolt"))["entries"]
    assert (entry["kind"], entry["ref"], entry["place"], entry["units"]) == ("transfer", "slot:A1", "A1", -10)
    at_ms = trading.clock.pass_ms(MINUTE_MS)
    await trading.hear(SlotLevel("A1", "nut", None, 0, 300, 0.0, 0.0, at_ms))
    assert findings(trading) == []

    await trading.post("/api/v1/book", {"kind": "loss", "sku": "bolt", "units": -4})
    await trading.post("/api/v1/book", {"kind": "count", "sku": "bolt", "units": 5})
    assert (await stands(trading))["position"]["on_hand"] == 3 + 5
    await trading.restart()
    await trading.tick(2)
    assert (await stands(trading))["position"]["on_hand"] == 3 + 5
    assert len((await trading.get("/api/v1/book?sku=bolt"))["entries"]) == 3, "it is told once"
    assert trading.service.trade.book.account("bolt").off == 5
    worth = (await trading.get(f"/api/v1/value?at={before_ms}"))["skus"]
    assert [one["units"] for one in worth if one["sku"] == "bolt"] == [13], "what was, was"
    assert await trading.refused("/api/v1/book", {"kind": "put", "sku": "bolt", "units": 1, "ref": "slot:A1"}) == (
        422,
        "ref",
    )


async def test_what_is_told_ahead_by_a_clock_that_is_fast_happened_now(trading: TradeSite) -> None:
    ahead = {"kind": "receipt", "sku": "milk", "units": 10, "happened_ms": trading.clock() + 2 * MINUTE_MS}

    told = await trading.post("/api/v1/book", ahead, key="k")

    assert told["happened_ms"] == trading.clock()
    assert (await stands(trading, "milk"))["available"] == 10
    trading.clock.pass_ms(1000)
    assert (await trading.post("/api/v1/book", ahead, key="k"))["id"] == told["id"]
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -10})


async def test_a_loss_at_a_slot_that_no_scale_saw_is_to_be_counted_after_a_day(trading: TradeSite) -> None:
    await trading.weigh("A1", 10)
    await trading.post("/api/v1/book", {"kind": "loss", "sku": "bolt", "units": -3, "place": "A1"})
    [waiting] = (await stands(trading))["unseen"]
    assert (waiting["slot"], waiting["kind"], waiting["units"], waiting["entry"]) == ("A1", "loss", 3, 1)

    await trading.hours(25)

    def task(told: Json) -> Json:
        return next(one for one in told["today"] if one["place"] == "A1")

    assert task(await trading.get("/api/v1/counts"))["reason"] == "differs"
    await trading.post("/api/v1/book", {"kind": "count", "sku": "bolt", "units": 7, "place": "A1"})
    assert (await stands(trading))["unseen"] == []
    assert all(one["place"] != "A1" for one in (await trading.get("/api/v1/counts"))["today"])


async def test_the_value_of_a_past_moment_is_by_the_costing_of_then(trading: TradeSite) -> None:
    for cost in (1.0, 2.0):
        await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 10, "unit_cost": cost})
        trading.clock.pass_ms(DAY_MS)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -12})
    then_ms = trading.clock.pass_ms(DAY_MS)

    async def worth(at_ms: int) -> tuple[float, str]:
        [row] = [one for one in (await trading.get(f"/api/v1/value?at={at_ms}"))["skus"] if one["sku"] == "milk"]
        return row["value"], row["costing"]

    assert await worth(then_ms) == (16.0, "fifo")
    trading.text = site_text().replace('id = "milk"\n', 'id = "milk"\ncosting = "lifo"\n')
    trading.clock.pass_ms(HOUR_MS)
    await trading.restart()
    await trading.tick(2)

    assert await worth(then_ms) == (16.0, "fifo")
    assert await worth(trading.clock()) == (8.0, "lifo")
    assert (await stands(trading, "milk"))["value"] == 8.0


async def test_what_is_set_aside_of_what_is_promised_is_told_on_the_reservations(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 10})
    for units, tier in ((4, "silver"), (4, "gold"), (2, "silver")):
        await trading.post("/api/v1/reservations", {"sku": "tape", "units": units, "tier": tier, "customer": "Lee"})

    async def covered() -> list[int]:
        return [one["covered"] for one in await trading.get("/api/v1/reservations")]

    assert await covered() == [4, 4, 2]
    trading.clock.pass_ms(1000)
    await trading.post("/api/v1/book", {"kind": "quarantine", "sku": "tape", "units": 5})
    assert await covered() == [1, 4, 0], "gold first, then who came first"
    assert [(one.check, one.subject, one.breach) for one in findings(trading)] == [("promised", "tape", False)]
    [said] = findings(trading)
    assert said.detail.endswith("not covered: 1, 3")
    await trading.post("/api/v1/book", {"kind": "quarantine", "sku": "tape", "units": -5})
    assert findings(trading) == []


async def test_a_lot_in_quarantine_or_expired_is_only_picked_by_who_insists(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 4, "lot": "Q"})
    await trading.post(
        "/api/v1/book", {"kind": "receipt", "sku": "tape", "units": 4, "lot": "X", "expiry": "2025-01-31"}
    )
    await trading.post("/api/v1/book", {"kind": "quarantine", "sku": "tape", "units": 3, "lot": "Q"})
    pick = {"kind": "pick", "sku": "tape"}

    assert await trading.refused("/api/v1/book", {**pick, "units": -2, "lot": "Q"}) == (422, "unusable")
    assert await trading.refused("/api/v1/book", {**pick, "units": -1, "lot": "X"}) == (422, "unusable")
    assert await trading.refused("/api/v1/book", {**pick, "units": -1, "expiry": "2025-01-31", "lot": "X"}) == (
        422,
        "unusable",
    )
    away = {"kind": "transfer", "sku": "tape", "units": -1, "lot": "X", "other": "acme"}
    assert await trading.refused("/api/v1/book", away) == (422, "unusable")
    await trading.post("/api/v1/book", {**pick, "units": -1, "lot": "Q"})
    await trading.post("/api/v1/book", {**pick, "units": -1, "lot": "X", "insist": True})
    await trading.post("/api/v1/book", {"kind": "loss", "sku": "tape", "units": -3, "lot": "X"})

    assert (await stands(trading, "tape"))["position"]["on_hand"] == 3


async def test_a_lot_has_one_date(trading: TradeSite) -> None:
    lot = {"kind": "receipt", "sku": "tape", "units": 5, "lot": "A"}
    await trading.post("/api/v1/book", {**lot, "expiry": "2026-01-01"})

    assert await trading.refused("/api/v1/book", {**lot, "expiry": "2027-01-01"}) == (422, "expiry")
    await trading.post("/api/v1/book", lot)
    await trading.post("/api/v1/book", {**lot, "lot": "B", "expiry": "2027-01-01"})

    said = {one["lot"]: (one["units"], one["expiry"]) for one in (await stands(trading, "tape"))["lots"]}
    assert said == {"A": (10, "2026-01-01"), "B": (5, "2027-01-01")}


async def test_what_is_protected_is_released_however_stock_came_and_a_return_locks_itself_alone(
    trading: TradeSite,
) -> None:
    for body in ({"kind": "transfer", "units": 6, "other": "acme"}, {"kind": "count", "units": 8}):
        await trading.post("/api/v1/book", {"sku": "milk", **body})
    wish = {"sku": "milk", "units": 8, "tier": "silver"}
    assert await trading.refused("/api/v1/reservations", wish) == (422, "not_enough")

    await trading.hours(60)
    made = await trading.post("/api/v1/reservations", wish)
    await trading.post(f"/api/v1/reservations/{made['id']}/release")
    await trading.post("/api/v1/book", {"kind": "put", "sku": "milk", "units": 1})

    assert await trading.refused("/api/v1/reservations", {**wish, "units": 9}) == (422, "not_enough")
    await trading.post("/api/v1/reservations", wish)
    await trading.hours(48)
    await trading.post("/api/v1/reservations", {**wish, "units": 1})
