"""The public page of a customer group: what is available to them, when more is expected, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
from msgspec.structs import replace

from cloud.core.book.positions import Position
from cloud.core.promising.public import Shown, is_listed, shown
from cloud.core.promising.reservations import Reservation
from cloud.core.purchasing.orders import Line, Order, State
from protocols.layout import Sku
from protocols.trade import Tier

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW = round(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp() * 1000)
TIERS = [Tier("gold", "Gold"), Tier("silver", "Silver")]
BOLT = Sku("bolt", "Bolt", 5.0)


def order(days: float, units: int = 10, state: State = "confirmed", received: int = 0, sku: str = "bolt") -> Order:
    line = Line(sku, units, 1.5, received=received, due_ms=round(NOW + days * DAY_MS) if days else 0)
    return Order("acme", [line], state, NOW, NOW, "anna")


def page(on_hand: int, *orders: Order, sku: Sku = BOLT, tier: str = "", came_ms: int = NOW, zone: str = "UTC") -> Shown:
    came = [(came_ms, on_hand)] if on_hand > 0 else []
    return shown(Position(on_hand), sku, TIERS, [], tier, came, NOW, orders, zone)


def test_a_customer_is_told_what_is_available_and_the_rest_stays_inside() -> None:
    held = [Reservation("bolt", 4, "gold", "anna", NOW, note="for the ward")]
    row = shown(Position(9, reserved=4), BOLT, TIERS, held, "", [(NOW, 9)], NOW, [order(3)], "UTC")
    assert msgspec.json.encode(row) == b'{"sku":"bolt","name":"Bolt","available":5,"expected":null}'


def test_when_nothing_is_there_the_first_open_order_with_a_known_day_is_told() -> None:
    assert page(0, order(5), order(2), order(0)).expected == date(2026, 3, 4)
    assert page(0).expected is None
    assert page(1, order(2)) == Shown("bolt", "Bolt", 1, None)


def test_what_is_discontinued_is_listed_as_long_as_some_is_there_or_to_come() -> None:
    old = replace(BOLT, discontinued=True)
    assert [is_listed(row, old) for row in (page(3), page(0, order(2)), page(0))] == [True, True, False]
    assert is_listed(page(0), BOLT)


def test_drafts_and_orders_that_are_over_or_for_other_skus_promise_nothing() -> None:
    for state in ("draft", "approved", "received", "closed", "cancelled"):
        assert page(0, order(2, state=state)).expected is None, state
    assert page(0, order(2, sku="nut"), order(2, received=10, state="partly_received")).expected is None


def test_a_day_that_has_passed_without_goods_is_no_expectation() -> None:
    assert page(0, order(-1)).expected is None
    assert page(0, order(-1), order(6)).expected == date(2026, 3, 8)
    assert page(0, order(-0.2)).expected == date(2026, 3, 2)


def test_the_day_is_the_sites_own() -> None:
    evening = order(13.5 / 24)  # 23:30 UTC
    assert page(0, evening).expected == date(2026, 3, 2)
    assert page(0, evening, zone="Asia/Shanghai").expected == date(2026, 3, 3)


def test_goods_that_are_owed_already_are_not_expected_by_anybody_else() -> None:
    assert page(-15, order(2), order(4)).expected == date(2026, 3, 6)
    assert page(-25, order(2), order(4)).expected is None


def test_a_later_tier_expects_goods_when_what_is_protected_of_them_is_released() -> None:
    sku = replace(BOLT, protected={"gold": 10}, release_hours=48.0)
    assert page(0, order(2), sku=sku, tier="gold").expected == date(2026, 3, 4)
    assert page(0, order(2), sku=sku, tier="silver").expected == date(2026, 3, 6)
    assert page(0, order(2, units=11), sku=sku, tier="silver").expected == date(2026, 3, 4)
    assert page(10, sku=sku, tier="silver") == Shown("bolt", "Bolt", 0, date(2026, 3, 4))
    assert page(0, order(2), sku=replace(sku, release_hours=0.0), tier="silver").expected is None


def test_a_line_that_has_come_whole_puts_no_release_off() -> None:
    sku = replace(BOLT, protected={"gold": 10}, release_hours=48.0)
    whole = order(1, received=10, state="partly_received")
    assert page(10, whole, sku=sku, tier="silver").expected == date(2026, 3, 4)


def test_who_is_no_member_is_told_nothing_of_a_members_only_sku() -> None:
    sku = replace(BOLT, members_only="gold")
    assert page(9, order(2), sku=sku, tier="gold").available == 9
    assert page(9, order(2), sku=sku, tier="silver") == Shown("bolt", "Bolt", 0, None)
    assert page(0, order(2), sku=sku, tier="silver") == Shown("bolt", "Bolt", 0, None)
