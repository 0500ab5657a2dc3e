"""What a message says: every rule has its words in each language, with its figures; short, and in local time."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from cloud.alerts import rules, wording
from cloud.alerts.lifecycle import Alert
from cloud.alerts.notices import Notice
from cloud.alerts.wording import FIELD, LANGUAGES, Place, say
from cloud.alerts.words import UNSAID
from cloud.core.crews_view import Kind
from cloud.core.view import Param
from edge.core.alarms import RULES as OF_GATEWAYS

NOW_MS = 1_763_769_600_000  # 2025-11-22 01:00 in Berlin
NAMES = {"cold": "Cold room", "d1": "Thermometer 1"}
PLACE = Place("Depot", ZoneInfo("Europe/Berlin"), lambda one: NAMES.get(one, one))
WARM: dict[str, Param] = {"value": 9.04, "limit": 8.0, "unit": "Cel", "side": "high"}


def alert(
    number: int = 1, rule: str = "zone_temperature", subject: str = "cold", severity: int = 1, zone: str = "cold"
) -> Alert:
    params = WARM if rule == "zone_temperature" else {"state": "silent", "last_seen_ms": NOW_MS - 3_600_000}
    return Alert(number, rule, subject, zone, severity, "firing", NOW_MS - 12 * 60_000, NOW_MS, params)  # type: ignore[arg-type]


def said(kind: Kind, *alerts: Alert, language: str = "en", more: int = 0, step: int = 0) -> tuple[str, str]:
    known = {one.id: one for one in alerts}
    return say(Notice("ann", kind, tuple(known), more, step), known, PLACE, language, NOW_MS)


@pytest.mark.parametrize("language", [*LANGUAGES])
@pytest.mark.parametrize("rule", [*rules.rules()])
def test_every_param_of_every_rule_is_said_or_left_out_on_purpose(rule: str, language: str) -> None:
    words = LANGUAGES[language].rules.get(rule)
    assert words is not None, f"add words of {rule} to cloud/alerts/words/{language}.py"
    examples = rules.rules()[rule].examples
    params = {name for one in examples for seen in one.sees for name in seen.params}
    told = {name for template in words.figures for name in FIELD.findall(template)}
    unsaid = UNSAID[""] | UNSAID.get(rule, set())
    assert params - told - unsaid == set(), f"a figure, or UNSAID of cloud/alerts/words/__init__.py, for {rule}"


@pytest.mark.parametrize("language", [*LANGUAGES])
def test_what_gateways_raise_has_words(language: str) -> None:
    assert set(OF_GATEWAYS) - set(LANGUAGES[language].rules) == set()


def test_the_languages_say_the_same_with_the_same_figures() -> None:
    english, chinese = LANGUAGES["en"], LANGUAGES["zh"]
    assert english.rules.keys() == chinese.rules.keys()
    assert english.codes.keys() == chinese.codes.keys()
    assert english.phrases.keys() == chinese.phrases.keys()
    for rule, words in english.rules.items():
        fields = [
            {name for one in told.rules[rule].figures for name in FIELD.findall(one)} for told in (english, chinese)
        ]
        assert fields[0] == fields[1], rule
        assert dict(words.sides).keys() == dict(chinese.rules[rule].sides).keys()
    for name, phrase in english.phrases.items():
        assert set(FIELD.findall(phrase)) == set(FIELD.findall(chinese.phrases[name])), name
    assert all(re.search(r"[一-鿿]", words.title + words.advice) for words in chinese.rules.values())


@pytest.mark.parametrize("language", [*LANGUAGES])
def test_every_example_of_every_rule_can_be_said(language: str) -> None:
    for rule in rules.rules().values():
        for example in rule.examples:
            for number, seen in enumerate(example.sees):
                one = Alert(number, seen.rule, seen.subject, seen.zone, seen.severity, "firing", 0, 0, seen.params)
                title, body = said("news", one, language=language)
                assert len(title) <= wording.TITLE_MAX
                assert "{" not in title + body
                assert len(body) < 600


def test_one_alert_is_told_whole() -> None:
    assert said("critical", alert()) == (
        "URGENT: Temperature above limit - Cold room [Depot]",
        "9 °C, limit 8 °C. Severity critical.\nSince 00:48 (12 min).\nWhat to do: Close the door, see that the cooling "
        "runs, and move what must stay cold if it does not come back.",
    )
    title, body = said("critical", alert(), language="zh")
    assert title == "紧急：温度高于上限 - Cold room [Depot]"
    assert "9 °C，限值 8 °C" in body


def test_of_what_comes_and_goes_it_is_said_that_its_end_will_not_be_told() -> None:
    line = "\nIt comes and goes, so nobody is told when it is over.\n"
    assert line in said("news", replace(alert(), severity=2, reopened=1))[1]
    assert line in said("critical", replace(alert(), reopened=2))[1]
    assert line not in said("critical", replace(alert(), reopened=1))[1], "whoever is called twice can turn back twice"


def test_who_is_asked_later_is_told_why_and_what_is_over_needs_nothing() -> None:
    assert "so you are asked too" in said("critical", alert(), step=1)[1]
    assert "so you are asked too" not in said("critical", alert())[1]
    assert said("over", alert()) == (
        "Over: Temperature above limit - Cold room [Depot]",
        "It began 00:48 and is over.\nNothing is left to do. Thank you.",
    )
    breach = replace(alert(), rule="temperature_breach", params={"undecided": 2})
    assert said("over", breach)[1].endswith("Goods that were set aside wait for a signature.")


def test_many_are_told_by_what_is_wrong_and_where_the_worst_first() -> None:
    silent = [alert(number, "device_silent", f"s{number}", 3, "hall") for number in range(2, 9)]
    title, body = said("digest", *silent, alert(), more=40)
    assert title == "URGENT: Since you were told last: 48 alerts: Device is silent - s2 (hall) [Depot]"
    assert body.splitlines()[:3] == [
        "- Temperature above limit: Cold room: 9 °C, limit 8 °C, since 00:48",
        "- 7 x Device is silent: s2, s3, s4 and 4 more (hall), since 00:48",
        "- and 40 more",
    ]


def test_yesterday_is_told_with_its_day() -> None:
    one = replace(alert(), since_ms=NOW_MS - 2 * 3_600_000)
    assert "Since 2025-11-21 23:00 (2 h)" in said("again", one)[1]


def test_what_is_foretold_is_told_as_a_span_or_as_at_least() -> None:
    worn: dict[str, Param] = {"fault": "wearing", "feature": "1/vibration_mm_s", "value": 3.2, "unit": "mm/s"}
    worn |= {"normal_low": 1.7, "normal_high": 1.8, "days_low": 12.7, "days_mid": 36.1, "days_high": None}
    one = replace(alert(1, "machine_health", "d1", 2), params=worn)
    assert "wearing out, vibration 3.2 mm/s, usually 1.7 to 1.8, at least 12.7 days left." in said("news", one)[1]
    one = replace(one, params=worn | {"days_high": 60.0})
    assert "about 36.1 days left (12.7 to 60)" in said("news", one)[1]
    lost: dict[str, Param] = {"fault": "refrigerant", "duty": 0.605}
    assert "runs 60% of the time" in said("news", replace(one, rule="refrigeration_fault", params=lost))[1]


def test_a_rule_of_a_later_gateway_is_told_by_its_name() -> None:
    assert said("news", alert(1, "lid_open", "d1", 3))[0] == "lid open - Thermometer 1 (Cold room) [Depot]"
