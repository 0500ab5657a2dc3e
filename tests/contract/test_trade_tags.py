"""What readers heard arriving, beside the orders it fits: each tag once, and known after a restart.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import pytest

from cloud.web.desk import Unavailable
from protocols.epc import decode
from protocols.reports import TagMove
from tests.contract.trade_site import TradeSite, memory
from tests.depot import HOUR_MS


def bolt(serial: int) -> str:
    """The tag of a bolt, GTIN 4006381333931 (SGTIN-96, GS1 EPC Tag Data Standard 14.6.1: a company of 7 digits)."""
    return f"{0x30 << 88 | 1 << 85 | 5 << 82 | 4006381 << 58 | 33393 << 38 | serial:024X}"


async def sent(trading: TradeSite, units: int) -> int:
    lines = [{"sku": "bolt", "units": units}]
    number: int = (await trading.post("/api/v1/orders", {"supplier": "acme", "lines": lines}, "mo"))["id"]
    for step in ("approve", "send"):
        await trading.post(f"/api/v1/orders/{number}/{step}", name="mo")
    trading.clock.pass_ms(HOUR_MS)
    return number


async def arrivals(trading: TradeSite) -> dict[int, int]:
    """Units that seem to have come, by order."""
    return {one["order"]: one["units"] for one in await trading.get("/api/v1/arrivals")}


def test_the_tag_of_a_bolt_says_which_one_it_is() -> None:
    epc = decode(bolt(7))
    assert epc is not None
    assert (epc.gtin, epc.serial) == ("04006381333931", "7")


async def test_one_tag_is_one_unit_wherever_it_is_carried_and_however_it_flickers(trading: TradeSite) -> None:
    number = await sent(trading, 10)
    at_ms = trading.clock()
    for after_ms, zone in ((0, "dock"), (1_000, "hall"), (2_000, "hall"), (3_000, "dock"), (-1_000, "gate")):
        moved = [TagMove(bolt(1), zone, move, at_ms + after_ms, zone) for move in ("departed", "arrived")]
        await trading.hear(*moved)
    await trading.tags(bolt(2))

    assert await arrivals(trading) == {number: 2}
    [seen] = await trading.get("/api/v1/arrivals")
    assert (seen["evidence"], seen["from_ms"]) == ({"tags": 2}, at_ms - 1_000)


async def test_what_was_heard_and_what_of_it_is_booked_is_known_after_a_restart(trading: TradeSite) -> None:
    number = await sent(trading, 10)
    await trading.tags(*(bolt(n) for n in range(6)))
    await trading.tick()
    before = memory(trading.service)
    await trading.restart()
    assert memory(trading.service) == before
    assert await arrivals(trading) == {number: 6}

    await trading.post(f"/api/v1/arrivals/{number}:bolt/confirm", {"units": 4, "rejected": 1, "note": "bent"})
    await trading.restart()
    await trading.tags(*(bolt(n) for n in range(6)))
    assert await arrivals(trading) == {number: 1}
    await trading.tags(bolt(77))
    assert await arrivals(trading) == {number: 2}


async def test_to_book_what_came_of_one_order_leaves_what_came_of_another(trading: TradeSite) -> None:
    first, second = await sent(trading, 6), await sent(trading, 4)
    await trading.tags(*(bolt(n) for n in range(10)))
    assert await arrivals(trading) == {first: 6, second: 4}

    await trading.post(f"/api/v1/arrivals/{first}:bolt/confirm", {"units": 6})
    assert await arrivals(trading) == {second: 4}

    received = {"lines": [{"sku": "bolt", "received": 3}], "key": "DN-1"}
    await trading.post(f"/api/v1/orders/{second}/receive", received)
    assert await arrivals(trading) == {second: 1}


async def test_tags_that_could_not_be_stored_are_stored_later(trading: TradeSite) -> None:
    number = await sent(trading, 10)
    await trading.tags(bolt(1), bolt(2))
    with trading.away(), pytest.raises(Unavailable):
        await trading.service.trade.purchasing.tick(trading.clock())
    await trading.tick()
    await trading.restart()

    assert await arrivals(trading) == {number: 2}
