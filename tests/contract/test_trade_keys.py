"""Whatever carries a key is done once: again the same is answered, something else is refused, also after a restart.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cloud.desks import counts
from tests.contract.test_trade_orders import lost
from tests.contract.trade_site import TradeSite, memory
from tests.depot import HOUR_MS


async def on_order(trading: TradeSite) -> str:
    """Sixty milk are on order 1, and were sent: its address."""
    lines = [{"sku": "milk", "units": 60}, {"sku": "bolt", "units": 20}]
    made = await trading.post("/api/v1/orders", {"supplier": "acme", "lines": lines}, "mo")
    for step in ("approve", "send"):
        await trading.post(f"/api/v1/orders/{made['id']}/{step}", {}, "mo")
    return f"/api/v1/orders/{made['id']}"


def line(units: int, **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku": "milk", "received": units, **more}], "key": "DN-1"}


@pytest.mark.parametrize(
    "other",
    [
        line(61),
        line(60, rejected=1) | {"note": "torn"},
        line(60) | {"note": "in two boxes"},
        {"lines": [{"sku": "milk", "received": 60}, {"sku": "bolt", "received": 1}], "key": "DN-1"},
    ],
)
async def test_a_delivery_with_the_number_of_another_is_refused_and_changes_nothing(
    trading: TradeSite, other: dict[str, Any]
) -> None:
    path = await on_order(trading) + "/receive"
    first = await trading.post(path, line(60))
    before = memory(trading.service)

    status, said = await trading.ask("bo", "POST", path, other)

    assert (status, said["error"]) == (409, "key_used")
    assert said["detail"] == "Delivery 'DN-1' is in order 1 already, with something else."
    assert "taken back" in said["hint"]
    assert memory(trading.service) == before
    await trading.restart()
    assert await trading.refused(path, other) == (409, "key_used")
    assert await trading.post(path, line(60)) == first
    assert await trading.post(path, line(60) | {"version": 3, "anyway": True}) == first, "it was done at version 3"


async def test_a_dispatch_with_the_number_of_another_is_refused_in_the_portal(trading: TradeSite) -> None:
    path = "/api/v1/portal" + (await on_order(trading)).removeprefix("/api/v1") + "/ship"
    advice: dict[str, Any] = {"lines": [{"sku": "milk", "units": 40}], "key": "ASN-1"}
    shipped = await trading.post(path, advice, "su")

    assert await trading.post(path, advice, "su") == shipped
    more = {"lines": [{"sku": "milk", "units": 50}], "key": "ASN-1"}
    assert await trading.refused(path, more, "su") == (409, "key_used")
    assert await trading.refused(path, advice | {"note": "by boat"}, "su") == (409, "key_used")


async def test_an_arrival_that_was_confirmed_is_not_confirmed_otherwise_under_its_key(trading: TradeSite) -> None:
    await on_order(trading)
    await trading.weigh("A1", 0)
    await trading.hours(1)
    await trading.weigh("A1", 20)
    await trading.tick()
    path, came = "/api/v1/arrivals/1:bolt/confirm", {"units": 20, "lot": "L1"}
    first = await trading.post(path, came, key="k")
    await trading.restart()

    assert await trading.post(path, came, key="k") == first
    for other in ({"units": 19, "lot": "L1"}, {"units": 20, "lot": "L2"}, {"units": 20}, came | {"note": "late"}):
        await trading.restart()
        assert await trading.refused(path, other, key="k") == (409, "key_used"), other


WRITES: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]]]] = {
    "/api/v1/book": (
        "bo",
        {"kind": "receipt", "sku": "milk", "units": 4, "lot": "L1"},
        [{"units": 5}, {"lot": "L2"}, {"note": "x"}, {"unit_cost": 2.0}, {"happened_ms": 5}, {"sku": "tape"}],
    ),
    "/api/v1/counts": ("bo", {"sku": "tape", "counted": 0}, [{"counted": 1}, {"sku": "milk"}, {"at_ms": 5}]),
    "/api/v1/reservations": (
        "bo",
        {"sku": "milk", "units": 1, "tier": "gold", "customer": "Ann"},
        [{"units": 2}, {"tier": "silver"}, {"customer": "Bob"}, {"hours": 1.0}, {"note": "x"}],
    ),
    "/api/v1/orders": (
        "bo",
        {"supplier": "acme", "lines": [{"sku": "milk", "units": 5}]},
        [{"lines": [{"sku": "milk", "units": 6}]}, {"note": "x"}, {"supplier": "boltco"}],
    ),
    "/api/v1/portal/plan": (
        "su",
        {"lines": [{"sku": "bolt", "units": 50}]},
        [{"lines": [{"sku": "bolt", "units": 51}]}],
    ),
}


@pytest.mark.parametrize("path", WRITES)
async def test_a_write_under_a_key_is_done_once_also_after_a_restart(trading: TradeSite, path: str) -> None:
    name, body, others = WRITES[path]
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 9})
    first = await trading.post(path, body, name, "k")
    before = memory(trading.service)

    for other in ({}, *others):
        trading.clock.pass_ms(HOUR_MS)
        if other:
            assert await trading.refused(path, body | other, name, "k") == (409, "key_used"), other
            await trading.restart()
            assert await trading.refused(path, body | other, name, "k") == (409, "key_used"), other
        await trading.restart()
        again = await trading.post(path, body, name, "k")
        assert {**again, "late": 0} == {**first, "late": 0}
    assert memory(trading.service) == before


async def test_a_count_of_long_ago_is_still_the_one_it_was(trading: TradeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "ANSWERS_MAX", 1)
    asked = {"sku": "tape", "counted": 0}
    first = await trading.post("/api/v1/counts", asked, key="k1")
    await trading.post("/api/v1/counts", {"sku": "milk", "counted": 0}, key="k2")
    await trading.restart()

    again = await trading.post("/api/v1/counts", asked, key="k1")
    await trading.restart()
    assert again == first
    assert await trading.refused("/api/v1/counts", asked | {"counted": 1}, key="k1") == (409, "key_used")
    assert (await trading.get("/api/v1/counts"))["accuracy"]["counts"] == 2


async def test_a_count_of_which_only_the_book_knows_after_a_stop_is_the_one_that_is_there(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"sku": "tape", "counted": 0}
    await trading.tick()
    lost(monkeypatch, trading.service.ledger.books, "keep", after=False)
    assert await trading.refused("/api/v1/counts", asked, key="k") == (503, "unavailable")
    await trading.restart()

    assert await trading.refused("/api/v1/counts", asked | {"counted": 1}, key="k") == (409, "key_used")
    await trading.restart()
    assert (await trading.post("/api/v1/counts", asked, key="k"))["entry"] == 1
    assert (await trading.get("/api/v1/counts"))["accuracy"]["counts"] == 1
    assert len((await trading.get("/api/v1/book"))["entries"]) == 1


async def test_an_order_of_an_earlier_version_loads_and_its_deliveries_count_once(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was kept without what its keys said."""
    plain = msgspec.to_builtins

    def kept(order: Any) -> Any:
        return {name: one for name, one in plain(order).items() if name != "said"}

    path = await on_order(trading) + "/receive"
    with monkeypatch.context() as earlier:
        earlier.setattr("cloud.stores.purchases.msgspec.to_builtins", kept)
        await trading.post(path, line(60))
    await trading.restart()

    told = await trading.get("/api/v1/orders/1")
    assert told["versions"][-1]["order"]["said"] == {}
    assert (await trading.post(path, line(60)))["version"] == told["order"]["version"]
    [receipt] = (await trading.get("/api/v1/book?sku=milk"))["entries"]
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "ref": f"entry:{receipt['id']}"})
    assert (await trading.get("/api/v1/orders/1"))["order"]["lines"][0]["received"] == 0
