"""From the simulated devices to the page and back: one shop, all parts as real processes."""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.system.hands import Hands, site_with_hands
from tests.system.parts import SMALL, System, Visitor, eventually, run, running, scenario

DAY_MS = 86_400_000
PAST = {"days": 5, "pace": {"picks_per_hour": 12, "doors_per_hour": 1, "restock_delay_s": [600, 1800]}}
BUSY = {"picks_per_hour": 2400, "hands_per_hour": 60, "tags_per_hour": 120, "restock_delay_s": [2, 5]}
WHY = {
    "on_hand", "on_order", "position", "daily_demand", "demand_sd", "demand_days", "lead_time_days", "service_level",
    "lead_time_sd_days", "lead_time_demand", "safety_stock", "reorder_point", "eoq", "order_cost", "quantity", "moq",
    "holding_cost_unit_year", "pack", "capacity", "formula", "reserved", "quarantined", "in_transit", "replenish",
    "doubtful", "likely", "perishing", "decided_ms",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The small shop with five days of past. Its deliveries take so long that it always has to order."""
    folder = tmp_path_factory.mktemp("shop")
    skus = [sku | {"lead_time_days": 20, "order_cost": 0.01} for sku in tomllib.loads(SMALL.read_text())["skus"]]
    busy = scenario(folder, "busy", history=PAST, pace=BUSY, skus=skus)
    scenario(folder, "quiet", history=PAST, pace={}, skus=skus)
    with running(folder, site_with_hands(busy), "broker", "service", "gateway") as system:
        system.start_fleet(busy)
        yield system


@pytest.fixture(scope="module")
def hands(shop: System) -> Iterator[Hands]:
    """All four boxes of screws are gone: an SKU that has run out."""
    one = Hands(shop)
    for channel in (1, 2, 3, 4):
        one.put(channel, 0)
    yield one
    one.leave()


@pytest.fixture(scope="module")
def admin(shop: System, hands: Hands) -> Visitor:
    return shop.admin()


def test_an_order_is_proposed_with_its_complete_why(admin: Visitor) -> None:
    needs = eventually(
        lambda: admin.get("/api/v1/needs").value,
        lambda rows: {"gloves-m", "tape"} <= {row["sku"] for row in rows},
        "needs",
    )

    for need in needs:
        why = need["why"]
        assert set(why) == WHY
        assert need["quantity"] == why["quantity"] > 0
        assert need["quantity"] % why["pack"] == 0
        assert why["demand_days"] >= 3
        assert why["daily_demand"] > 0
        there = why["on_hand"] - why["doubtful"] + why["likely"]
        assert why["position"] == there + why["on_order"] <= why["reorder_point"]
        assert why["lead_time_demand"] == pytest.approx(why["daily_demand"] * 20, rel=1e-3)
        card = need["card"]
        assert (card["projected"], card["reorder_point"]) == (why["position"], why["reorder_point"])
        assert card["rejected"]
        assert why["safety_stock"] == pytest.approx(why["reorder_point"] - why["lead_time_demand"])


def test_the_past_of_the_cold_room_can_be_read(admin: Visitor) -> None:
    zones = {zone["id"]: zone for zone in admin.get("/api/v1/zones").value}
    now_ms = time.time_ns() // 1_000_000
    series = zones["cold"]["series"]

    found = admin.get(f"/api/v1/history?series={series}&from={now_ms - 5 * DAY_MS}&to={now_ms}&points=1000").value

    assert len(found["times"]) == len(found["values"]) > 400
    assert found["times"] == sorted(found["times"])
    assert found["times"][-1] - found["times"][0] > 4 * DAY_MS
    assert all(-5 < value < 20 for value in found["values"] if value is not None)


def test_gateway_service_and_warehouse_agree_at_closing_time(shop: System, hands: Hands) -> None:
    eventually(shop.truth, bool, "the past is handed in")
    shop.parts["fleet"].stop()
    shop.start_fleet(shop.folder / "quiet.toml")
    truth = shop.truth() | hands.truth
    admin = shop.admin()

    eventually(shop.counts, lambda counts: counts == truth, f"the gateway counts {truth}")
    eventually(lambda: _service_counts(admin), lambda counts: counts == truth, f"the service counts {truth}")
    shop.parts["fleet"].stop()

    lanes = shop.gateway.get("/api/v1/status").value["lanes"]
    for lane in lanes.values():
        assert lane["balanced"]
        assert lane["accepted"] == lane["delivered"] + lane["pending"] + lane["refused"] + lane["thinned"]
        assert lane["delivered"] > 0
        assert lane["refused"] == lane["thinned"] == 0
    eventually(shop.books, lambda books: all(book.complete for book in books.values()), "every report once")
    assert shop.moved() == truth


def test_an_acknowledged_alert_stays_acknowledged_when_the_service_is_killed(
    shop: System, hands: Hands, admin: Visitor
) -> None:
    crew = _account(shop, "kim", "operator")
    viewer = _account(shop, "vera", "viewer")
    alert = eventually(
        lambda: [one for one in admin.get("/api/v1/alerts").value if one["rule"] == "stock_out"],
        bool,
        "screws are out",
        60,
    )[0]
    assert (alert["subject"], alert["state"]) == ("screws", "firing")

    refused = viewer.post(f"/api/v1/alerts/{alert['id']}/ack", {"note": "me"})
    done = crew.post(f"/api/v1/alerts/{alert['id']}/ack", {"note": "ordered by phone"})
    shop.parts["service"].kill()
    shop.start("service")

    assert (refused.status, refused.value["code"]) == (403, "forbidden")
    assert (done.status, done.value["state"]) == (200, "acknowledged")
    after = shop.admin().get(f"/api/v1/alerts/{alert['id']}").value
    assert after == done.value
    assert (after["acknowledged_by"], after["note"]) == ("kim", "ordered by phone")


async def test_the_live_stream_tells_of_a_pick(shop: System, hands: Hands) -> None:
    admin = shop.admin()
    cookie = "; ".join(f"{one.name}={one.value}" for one in admin.cookies)
    headers = {"Cookie": cookie, "Origin": admin.url}
    async with aiohttp.ClientSession(headers=headers) as client, client.ws_connect(f"{admin.url}/ws") as stream:
        first = json.loads((await stream.receive(20)).data)
        hands.put(2, 7)
        at, count = first["q"], None
        while count != 7:
            frame = json.loads((await stream.receive(20)).data)
            assert (frame["k"], frame["q"]) == ("d", at + 1)
            at = frame["q"]
            count = next((slot.get("count") for slot in frame.get("slots", []) if slot["id"] == "H01-02"), None)

    assert first["k"] == "s"
    assert next(slot["count"] for slot in first["slots"] if slot["id"] == "H01-02") == 0


def _service_counts(admin: Visitor) -> dict[str, int | None]:
    rows: list[dict[str, Any]] = admin.get("/api/v1/slots").value
    return {row["id"]: row["count"] for row in rows}


def _account(shop: System, name: str, role: str) -> Visitor:
    made = run("cloud", "account", name, "--role", role, "--state", str(shop.cloud))
    said = re.fullmatch(rf"{name} \({role}\): (\S+)\n", made.stdout)
    assert said, made
    return Visitor(shop.ports["service"]).sign_in(name, said[1])
