"""The gateway's page in both languages: every word is there, and nothing a device says is markup."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from edge import decided
from edge.core import alarms, reorder, telling
from edge.core.alarms import Open
from edge.core.alone import Alone
from edge.core.reorder import Case
from edge.core.slots.belief import REMEDIES
from edge.page import QUANTITIES, language, render
from edge.words import WORDS
from protocols.alarms import CAUSES, WATCHED
from protocols.layout import About, Site, Sku, Zone
from protocols.readings import Quantity
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
        "service": {"connected": False, "why": "<i>why</i>", "silent_ms": 720_000},
        "lanes": {"events": {**lane, "balanced": True}},
        "devices": [],
        "climate": [],
        "alarms": [],
        "proposals": [],
        "told": [],
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


def test_a_service_that_is_away_is_told_with_since_when_and_whom_the_gateway_told() -> None:
    board = telling.Board()
    telling.done(board, telling.Notice("pager", [Alarm("broker_away", "gw", "", "firing", 1, 1)], []), 204, "", 2)
    telling.done(board, telling.Notice("<b>", [], []), 503, "<i>busy</i>", 1_763_762_400_000)
    alone = Alone(Site(About("s1", "Site"), []))
    alone.told = board

    for lang, words in WORDS.items():
        html = render(status_with(told=decided.told(alone)), [], [], lang)

        assert f"{words['service_heard']} {words['min'].format(n=12)}" in html
        assert words["told"] in html
        assert words["try_told"] in html
        assert f"{words['try_again']}</td>" in html
        assert "503 &lt;i&gt;busy&lt;/i&gt;" in html


def test_every_rule_and_every_figure_a_gateway_tells_has_words() -> None:
    figures = "capacity projected reorder_point units free_mb hours silent_s told_ms celsius peak_c limit_c outside_min"
    figures += " per_day error_per_day days usual_hours usual ratio now pct days_left share usual_share loads size by"
    for words in WORDS.values():
        assert WATCHED.keys() <= words.keys()
        assert set(figures.split()) <= words.keys()
        assert {f"why_{number}" for number in CAUSES.values()} <= words.keys()


def test_the_room_is_told_in_days_and_hours_with_what_goes_first() -> None:
    room = {"hours": 220.2, "used_bytes": 84_300_000, "max_bytes": 1_000_000_000, "full": "disk_full"}
    status = status_with()
    status["room"] = {**room, "oldest_pending_ms": status["now_ms"] - 90_000}

    html = render(status, [], [], "en")

    assert "9 d 4 h (84.3 / 1000 MB) · oldest waiting: 90 s ago · the disk is full: when full" in html
    assert "never stock movements" in html
    assert "绝不丢弃库存变动" in render(status, [], [], "zh")


DASHBOARD = Path("cloud/web/dashboard/src/words")
SAME = ("device", "alert", "remedy", "reason")
"""The dashboard's families of codes that the gateway words as well; where two have a code, the first counts."""


def dashboard(lang: str) -> dict[str, str]:
    """The words of the dashboard by key."""
    text = (DASHBOARD / f"{lang}.ts").read_text(encoding="utf-8")
    return dict(re.findall(r'^  "([\w.]+)": "(.*)",$', text, re.MULTILINE))


def test_gateway_and_dashboard_use_the_same_chinese_words() -> None:
    ours, theirs = WORDS["zh"], dashboard("zh")
    own = {"booked", "counted"}  # of a count's sources here, of an alert's figures there

    shared = {
        code: theirs[key]
        for code in ours.keys() - own
        if (key := next((f"{family}.{code}" for family in SAME if f"{family}.{code}" in theirs), ""))
    }
    named = {"slot": "库位", "article": theirs["stock.item"], "seen": theirs["devices.last_seen"]}

    assert len(shared) > 20
    assert {code: ours[code] for code in shared | named} == {
        code: text.rstrip("。") for code, text in (shared | named).items()
    }
    assert not [text for text in [*ours.values(), *theirs.values()] if "货位" in text or "物料" in text]


def test_every_quantity_is_told_in_words_with_its_unit() -> None:
    for lang, word in WORDS.items():
        climate = [{"id": "cold", "quantity": one, "value": 1.0, "at_ms": 5} for one in get_args(Quantity)]
        html = render(status_with(climate=climate), [], [], lang)

        assert QUANTITIES.keys() == set(get_args(Quantity))
        assert not [one for one in get_args(Quantity) if f"<td>{one}</td>" in html and one != "count"]
        assert f"<td>{word['door']}</td><td class=n>{word['door_on']}</td>" in html
    climate = [
        {"id": "cold", "quantity": "temperature_c", "value": -0.04, "at_ms": 5},
        {"id": "cold", "quantity": "door_open", "value": 0.0, "at_ms": 5},
        {"id": "cold", "quantity": "novel_x", "value": 2.5, "at_ms": 5},
    ]
    html = render(status_with(climate=climate), [], [], "en")
    assert "<td>temperature</td><td class=n>0.0 °C</td>" in html
    assert "<td>door</td><td class=n>shut</td>" in html
    assert "<td>novel_x</td><td class=n>2.50</td>" in html


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0, "0 s ago", "0 秒前"),
        (119, "119 s ago", "119 秒前"),
        (120, "2 min ago", "2 分钟前"),
        (7199, "119 min ago", "119 分钟前"),
        (7200, "2 h ago", "2 小时前"),
        (161_140, "44 h ago", "44 小时前"),
        (172_800, "2 d ago", "2 天前"),
    ],
)
def test_an_age_is_told_in_the_unit_that_fits(seconds: int, en: str, zh: str) -> None:
    status = status_with()
    device = {"id": "t1", "state": "ok", "seen_ms": status["now_ms"] - seconds * 1000, "lost": 0, "duplicates": 0}

    assert f"<td>{en}</td>" in render(status | {"devices": [device]}, [], [], "en")
    assert f"<td>{zh}</td>" in render(status | {"devices": [device]}, [], [], "zh")


def test_the_lanes_are_named_and_stand_beside_one_another() -> None:
    lane = dict.fromkeys(("accepted", "delivered", "refused", "thinned"), 0)
    lanes = {
        name: {**lane, "pending": pending, "balanced": True} for name, pending in (("events", 7), ("telemetry", 8))
    }

    for lang, word in WORDS.items():
        html = render(status_with(lanes=lanes), [], [], lang)

        assert f"<th class=n>{word['events']}</th><th class=n>{word['telemetry']}</th>" in html
        assert f"<td>{word['pending']}</td><td class=n>7</td><td class=n>8</td>" in html
    assert "events" not in render(status_with(lanes=lanes), [], [], "zh")


def test_no_proposal_of_its_own_is_not_said_as_nothing_to_order() -> None:
    for word in WORDS.values():
        lang = "en" if word is WORDS["en"] else "zh"
        there = render(status_with(service={"connected": True, "why": ""}), [], [], lang)
        away = render(status_with(), [], [], lang)
        alone = render(status_with(service=None), [], [], lang)

        assert word["proposals_linked"] in there
        assert word["proposals_away"] in away
        assert word["proposals_linked"] not in alone
        assert word["proposals_away"] not in alone


def test_a_count_shows_its_range_and_its_reason_only_where_it_needs_them() -> None:
    row = {"slot": "A1", "sku": "bolt", "count": 7, "low": 7, "high": 7, "booked": None, "differs": False, "at_ms": 0}
    sure = row | {"reason": "", "remedy": ""}
    torn = row | {"count": None, "high": 9, "reason": "noise", "remedy": "recount"}

    html = render(status_with(), [sure, torn], [], "en")

    assert "<td class=n>7</td>" in html
    assert "<td class=n>? (7–9)</td>" in html
    assert html.count("colspan=4") == 1
    assert f"{WORDS['en']['noise']} → {WORDS['en']['recount']}" in html
    assert WORDS["en"]["differs"] in render(status_with(), [sure | {"booked": 9, "differs": True}], [], "en")
