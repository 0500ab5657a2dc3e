"""The gateway's own page on a phone: with trouble on it too, nothing has to be scrolled sideways."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from edge import page as gateway_page
from tests.browser.conftest import DESKTOP, PHONE

NOW_MS = 1_763_762_400_000
WIDER = """() => [document.documentElement, ...document.querySelectorAll('.wide')]
    .map((one) => one.scrollWidth - one.clientWidth)"""


def trouble() -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Status, stock and problems of a gateway that has all kinds of them, with long names."""
    lane = dict.fromkeys(("accepted", "delivered", "pending", "refused", "thinned"), 1_234_567)
    since = {"since_ms": NOW_MS - 9_000_000, "params": {"value": 9.1, "limit": 8.0}}
    order = {"sku": "batteries-aa", "quantity": 1200, "position": 340, "reorder_point": 400, "at_ms": NOW_MS - 70_000}
    seen = {"seen_ms": NOW_MS - 161_140_000, "lost": 12_345, "duplicates": 678}
    status: dict[str, Any] = {
        "gateway": "gateway-of-the-north-hall",
        "site": "hangzhou-dc-2",
        "now_ms": NOW_MS,
        "not_ready": ["broker: Connection refused"],
        "broker": {"connected": False, "why": "refused"},
        "service": {
            "connected": False,
            "why": "nobody answers at tcp://warehouse.example:7885",
            "silent_ms": 7_200_000,
        },
        "lanes": {name: {**lane, "balanced": False} for name in ("events", "telemetry")},
        "devices": [{"id": "climate-medicine-refrigerator-2", "state": "unseen", **seen}],
        "climate": [
            {"id": "medicine-refrigerator-2", "quantity": one, "value": -123.456, "at_ms": NOW_MS - 500_000}
            for one in ("temperature_c", "vibration_mm_s", "mass_change_g", "door_open")
        ],
        "alarms": [{"rule": "zone_temperature", "subject": "medicine-refrigerator-2", "state": "resolved", **since}],
        "told": [
            {
                "channel": "maintenance-crew-pager",
                "at_ms": NOW_MS - 90_000_000,
                "outcome": "again",
                "firing": 12,
                "over": 3,
                "status": 503,
                "detail": "the receiver says it is overloaded and asks to come back later",
            }
        ],
        "proposals": [{**order, "state": "open", "adopted": True}],
        "room": {"hours": 220.2, "used_bytes": 84e6, "max_bytes": 1e9, "oldest_pending_ms": 1, "full": "disk_full"},
    }
    slot = {"sku": "batteries-aa", "count": None, "low": 140, "high": 180, "booked": 160, "differs": True}
    why = {"at_ms": NOW_MS - 90_000_000, "reason": "unit_variation", "remedy": "recount"}
    problem = {"code": "unit.unknown", "device": "shelf-c02", "detail": "a unit 'kilo' is not known", "hint": "say g"}
    return status, [{"slot": "A01-01", **slot, **why}], [problem]


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_gateways_page_fits_the_screen(chromium: Browser, screen: dict[str, Any], language: str) -> None:
    context = chromium.new_context(**screen)
    page = context.new_page()

    page.set_content(gateway_page.render(*trouble(), language))

    assert max(page.evaluate(WIDER)) <= 0
    context.close()
