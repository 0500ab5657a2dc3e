"""The gateway's page in both languages: every word is there, and nothing a device says is markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edge import decided
from edge.core import alarms, reorder
from edge.core.alarms import Open
from edge.core.alone import Alone
from edge.core.reorder import Case
from edge.core.slots.belief import REMEDIES
from edge.page import language, render
from edge.words import WORDS
from protocols.layout import About, Site, Sku, Zone
from protocols.reports import Alarm, Proposal
from protocols.uplink import Policy


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert all(word for words in WORDS.values() for word in words.values())


@pytest.mark.parametrize(
    ("accept", "expected"),
    [("", "en"), ("zh", "zh"), ("ZH-TW,en", "zh"), ("en-US,zh;q=0.9", "en"), ("de,fr", "en"), (";;;", "en")],
)
def test_a_language_is_chosen_for_any_header(accept: str, expected: str) -> None:
    assert language(accept) == expected


def status_with(**more: Any) -> dict[str, Any]:
    """What the API says of a gateway with nothing on it, and a little more."""
    lane = dict.fromkeys(("accepted", "delivered", "pending", "refused", "thinned"), 1)
    status: dict[str, Any] = {
        "gateway": "<gw>",
        "site": "a&b",
        "now_ms": 1_763_762_400_000,
        "not_ready": [],
        "broker": {"connected": False, "why": "x"},
        "service": {"connected": False, "why": "<i>why</i>"},
        "lanes": {"events": {**lane, "balanced": True}},
        "devices": [],
        "climate": [],
        "alarms": [],
        "proposals": [],
        "room": {"hours": None, "used_bytes": 0, "max_bytes": 1 << 30, "oldest_pending_ms": None, "full": ""},
    }
    return status | more


def test_a_page_with_nothing_on_it_and_one_full_of_trouble_render() -> None:
    status = status_with(not_ready=["broker: <away>"])
    status["lanes"]["events"]["balanced"] = False

    for lang, words in WORDS.items():
        html = render(status, [], [], lang)

        assert "<i>why" not in html
        assert "&lt;gw&gt;" in html
        assert "a&amp;b" in html
        assert words["not_ready"] in html
        assert words["unbalanced"] in html


def test_every_reason_and_remedy_has_words_in_every_language() -> None:
    code = "".join(path.read_text() for path in Path("edge/core").rglob("*.py"))
    said = set(re.findall(r'Estimate\(None, [^)]*?"([a-z_]+)", "([a-z_]+)"', code))
    codes = {one for pair in said for one in pair} | {*REMEDIES, *REMEDIES.values()}

    assert len(codes) > 12
    for words in WORDS.values():
        assert codes <= words.keys()


def test_alarms_and_proposals_are_told_in_every_language() -> None:
    now_ms = 1_763_762_400_000
    site = Site(About("s1", "Site"), [Zone("cold", "Cold")], [Sku("bolt", "Bolt", 5.0)])
    alone = Alone(site)
    params = {"value": 9.1, "limit": 8.0}
    alone.alarms = alarms.Book(
        {
            "zone_temperature/cold": Open(
                "zone_temperature", "cold", "cold", "firing", now_ms - 9000, 0, params, now_ms - 5000
            ),
            "device_silent/t1": Open("device_silent", "t1", "cold", "pending", now_ms, now_ms, {}),
        },
        [Alarm("broker_away", "gw", "", "resolved", now_ms - 90_000, now_ms - 60_000)],
    )
    made = Proposal("bolt", "open", 48, 7, 10, now_ms - 3000)
    alone.orders = reorder.Book({"bolt": Case(0, made, now_ms)}, [replace(made, state="closed")])
    status = status_with(alarms=decided.alarms(alone), proposals=decided.proposals(alone))

    for lang, words in WORDS.items():
        html = render(status, [], [], lang)

        assert words["zone_temperature"] in html
        assert f"{words['value']} 9.1, {words['limit']} 8" in html
        assert words["device_silent"] not in html, "it only pends"
        assert f"<td>{words['over']}</td>" in html
        assert "<td class=n>48</td><td class=n>7</td><td class=n>10</td>" in html
        assert words["closed"] in html
    alone.take([Policy("bolt", 10, 24, True)])
    adopted = status_with(proposals=decided.proposals(alone))
    assert WORDS["en"]["adopted"] in render(adopted, [], [], "en")


def test_the_room_is_told_in_days_and_hours_with_what_goes_first() -> None:
    room = {"hours": 220.2, "used_bytes": 84_300_000, "max_bytes": 1_000_000_000, "full": "disk_full"}
    status = status_with()
    status["room"] = {**room, "oldest_pending_ms": status["now_ms"] - 90_000}

    html = render(status, [], [], "en")

    assert "9 d 4 h (84.3 / 1000 MB) · oldest waiting: 90 s ago · the disk is full: when full" in html
    assert "never stock movements" in html
    assert "绝不丢弃库存变动" in render(status, [], [], "zh")
