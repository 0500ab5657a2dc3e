"""Trade under attack: the ledger away, nonsense, huge figures, strange names, times of other centuries.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.contract.trade_site import TradeSite, memory
from tests.depot import DAY_MS, HOUR_MS, NOON_MS

LONG_AGO = 946_684_800_000
"""The first second of 2000."""

WRITES: dict[str, Any] = {
    "/api/v1/book": {"kind": "receipt", "sku": "milk", "units": 4},
    "/api/v1/counts": {"sku": "milk", "counted": 4},
    "/api/v1/reservations": {"sku": "milk", "units": 1, "tier": "gold"},
    "/api/v1/reservations/1/release": {},
    "/api/v1/orders": {"supplier": "acme", "lines": [{"sku": "bolt", "units": 5}]},
    "/api/v1/orders/1/approve": {"version": 1},
    "/api/v1/orders/1/cancel": {"version": 1},
    "/api/v1/suppliers/acme/scores": {"criterion": "service", "value": 50},
}
NAMES = [
    "'; DROP TABLE entry; --",
    "\u202eabc",
    "日本語 🍺",
    "a\tb\nc",
    "%s%n{0}",
    "\\",
    "x" * 400,
    "NULL",
    "\x00",
    "e\u0301",
]


@pytest.fixture
async def begun(trading: TradeSite) -> TradeSite:
    """There is an order, and a reservation."""
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 10})
    await trading.post("/api/v1/reservations", WRITES["/api/v1/reservations"])
    await trading.post("/api/v1/orders", WRITES["/api/v1/orders"])
    return trading


@pytest.mark.parametrize("path", WRITES)
async def test_without_the_ledger_nothing_is_half_done_and_later_all_works(begun: TradeSite, path: str) -> None:
    begun.clock.pass_ms(DAY_MS)
    await begun.tick(5)
    before = memory(begun.service)
    shown = begun.service.live.current

    with begun.away():
        assert await begun.refused(path, WRITES[path], "mo", "k") == (503, "unavailable")
        await begun.tick(2)
        assert begun.service.live.current.skus == shown.skus, "what is known is shown all the same"
    assert memory(begun.service) == before
    await begun.tick(2)
    assert begun.service.ready() == []

    await begun.post(path, WRITES[path], "mo", "k")
    await begun.tick(2)
    after = memory(begun.service)
    await begun.restart()
    assert memory(begun.service) == after


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"units": 1e400}', b"[" * 20_000, b'{"a":1}' * 9]
)
async def test_nonsense_is_refused_in_two_sentences_and_changes_nothing(begun: TradeSite, body: bytes) -> None:
    before = memory(begun.service)
    for path in (
        "/api/v1/book",
        "/api/v1/counts",
        "/api/v1/reservations",
        "/api/v1/orders",
        "/api/v1/suppliers/acme/scores",
    ):
        status, code = await begun.refused(path, body, "mo")
        assert (status, code) in ((400, "bad_request"), (413, "too_large")), path
    for path in ("/api/v1/orders/1/approve", "/api/v1/arrivals/1:bolt/confirm", "/api/v1/needs/1/order"):
        if body:
            assert (await begun.refused(path, body, "mo"))[0] == 400, path
    assert memory(begun.service) == before


@pytest.mark.parametrize("name", NAMES)
async def test_strange_names_are_text_like_any_other(
    begun: TradeSite, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    asked: list[tuple[str, dict[str, object]]] = [
        ("/api/v1/book", {"kind": "receipt", "sku": name[:90], "units": 4}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 4, "note": name, "lot": name, "ref": name}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 4, "place": name, "other": name}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 4, "expiry": name}),
        ("/api/v1/counts", {"sku": name[:90], "counted": 4, "place": name}),
        ("/api/v1/reservations", {"sku": "milk", "units": 1, "tier": "gold", "customer": name, "note": name}),
        ("/api/v1/reservations", {"sku": "milk", "units": 1, "tier": name}),
        ("/api/v1/orders", {"supplier": name[:90], "lines": [{"sku": "bolt", "units": 5}]}),
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": name[:90], "units": 5}]}),
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 5}], "note": name}),
        ("/api/v1/needs/1/order", {"supplier": name[:90]}),
        ("/api/v1/suppliers/acme/scores", {"criterion": "service", "value": 5, "note": name}),
    ]
    for path, body in asked:
        status, told = await begun.ask("mo", "POST", path, body)
        assert status in ((200, 404, 422) if "\0" not in name else (400,)), (path, body, told)
    for path in (
        f"/api/v1/book?sku={'%27%20OR%201=1'}",
        "/api/v1/skus/%27%3B/position",
        "/api/v1/measures/%00",
        "/api/v1/skus/%F0%9F/curve",
    ):
        assert (await begun.ask("mo", "GET", path))[0] in (200, 404), path
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]
    await begun.tick(3)
    before = memory(begun.service)
    await begun.restart()
    assert memory(begun.service) == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 10**9 + 1}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 10**40}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1.5}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": "4"}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "unit_cost": -1}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "unit_cost": 1e300}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "happened_ms": -1}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "happened_ms": 4_102_444_800_000}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "happened_ms": 2**53}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "happened_ms": NOON_MS // 1000}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "happened_ms": NOON_MS + HOUR_MS}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "ref": "entry:9223372036854775808"}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "ref": "entry:99999999999999999999999"}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "lot": "\0x"}),
        ("/api/v1/book", b'{"kind": "receipt", "sku": "milk", "units": 1, "units": 5}'),
        ("/api/v1/reservations/9223372036854775808/pick", {}),
        ("/api/v1/orders/4294967296/approve", {}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "expiry": "31.12.2026"}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": -1}),
        ("/api/v1/book", {"kind": "theft", "sku": "milk", "units": -1}),
        ("/api/v1/book", {"kind": "count", "sku": "milk", "units": -1}),
        ("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "by": "somebody else"}),
        ("/api/v1/counts", {"sku": "milk", "counted": -1}),
        ("/api/v1/counts", {"sku": "milk", "counted": 10**10}),
        ("/api/v1/counts", {"sku": "milk", "counted": 1, "at_ms": 4_102_444_800_000}),
        ("/api/v1/counts", {"sku": "milk", "counted": 1, "at_ms": NOON_MS // 1000}),
        ("/api/v1/counts", {"sku": "milk", "counted": 1, "at_ms": NOON_MS + HOUR_MS}),
        ("/api/v1/reservations", {"sku": "milk", "units": 0}),
        ("/api/v1/reservations", {"sku": "milk", "units": 10**9}),
        ("/api/v1/reservations", {"sku": "milk", "units": 1, "hours": -1}),
        ("/api/v1/reservations", {"sku": "milk", "units": 1, "hours": 1e9}),
        ("/api/v1/orders", {"supplier": "acme", "lines": []}),
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 0}]}),
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 5}] * 2}),
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 5}] * 501}),
        ("/api/v1/orders", {"supplier": "boltco", "lines": [{"sku": "bolt", "units": 5}]}),
        ("/api/v1/orders/1/change", {"lines": [{"sku": "bolt", "unit_price": -1}]}),
        ("/api/v1/orders/1/change", {"lines": [{"sku": "bolt", "due_ms": 2**53}]}),
        ("/api/v1/orders/1/change", {"lines": [{"sku": "bolt", "due_ms": 2**60}]}),
        ("/api/v1/orders/1/change", {"lines": [{"sku": "bolt", "due_ms": NOON_MS // 1000}]}),
        ("/api/v1/orders/1/receive", {"lines": [{"sku": "bolt", "received": 5}], "key": "k"}),
        ("/api/v1/orders/1/explode", {}),
        ("/api/v1/orders/999999999999999999/approve", {}),
        ("/api/v1/orders/9999999999999999999999/approve", {}),
        ("/api/v1/arrivals/1:milk/confirm", {"units": 1}),
        ("/api/v1/arrivals/%F0%9F%8D%BA/confirm", {"units": 1}),
        ("/api/v1/arrivals/99999999999999999999999:x/confirm", {"units": 1}),
        ("/api/v1/suppliers/acme/scores", {"criterion": "service", "value": 101}),
    ],
)
async def test_figures_that_can_not_be_are_refused_and_change_nothing(
    begun: TradeSite, path: str, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    before = memory(begun.service)

    status, _ = await begun.refused(path, body, "mo", "k")

    assert status in (400, 404, 422)
    assert memory(begun.service) == before
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_no_database_is_asked_for_what_it_can_not_hold(
    begun: TradeSite, caplog: pytest.LogCaptureFixture
) -> None:
    for path, status in (
        ("/api/v1/book?sku=%00", 400),
        (f"/api/v1/book?after={2**31}", 200),
        (f"/api/v1/book?after={2**53}", 200),
        (f"/api/v1/orders/{2**31}", 404),
        (f"/api/v1/orders/{2**63}", 404),
    ):
        assert (await begun.ask("mo", "GET", path))[0] == status, path
    assert (await begun.get(f"/api/v1/book?after={2**53}"))["entries"] == []
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


async def test_what_is_large_or_long_ago_and_can_be_is_held_exactly(begun: TradeSite) -> None:
    most = 10**9
    await begun.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": most, "unit_cost": 1e9})
    await begun.post(
        "/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 7, "happened_ms": LONG_AGO, "expiry": "9999-12-31"}
    )
    await begun.tick(3)

    assert begun.sku("milk")["on_hand"] == most + 17
    assert (await begun.get(f"/api/v1/value?at={2**53}"))["skus"][0]["units"] == most + 17
    assert (await begun.get(f"/api/v1/value?at={LONG_AGO}"))["skus"] == [
        {"sku": "milk", "units": 7, "value": 7.0, "costing": "fifo"}
    ]
    before = memory(begun.service)
    await begun.restart()
    assert memory(begun.service) == before


async def test_a_date_of_another_century_breaks_no_page(begun: TradeSite) -> None:
    for action in ("approve", "send"):
        await begun.post("/api/v1/orders/1/" + action)
    for due_ms in (LONG_AGO, 4_102_444_800_000, 253_370_764_800_000):
        told = await begun.post("/api/v1/orders/1/confirm", {"lines": [{"sku": "bolt", "due_ms": due_ms}]})
        assert told["lines"][0]["due_ms"] == due_ms
        await begun.hours(1)
        for path in (
            "/api/v1/orders",
            "/api/v1/suppliers",
            "/api/v1/measures",
            "/api/v1/snapshot",
            "/api/v1/skus/bolt/curve",
        ):
            await begun.get(path)
        await begun.get("/api/v1/portal", "su")
