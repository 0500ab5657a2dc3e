"""Every rule has words on the page, in both languages, and they ask for figures that the rule gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cloud.alerts.rules import rules
from protocols.layout import parse
from protocols.tuning import RULES, Tuning, untunable
from tests.unit.pages import DOCS, blocks, tables
from tests.unit.test_rules_topology import NOT_HERE_YET

WORDS = Path(__file__).parents[2] / "cloud" / "web" / "dashboard" / "src" / "words"
PAGE = (DOCS / "alert_rules.md").read_text(encoding="utf-8")
LINE = re.compile(r'^  "(?P<key>[\w.]+)":\s*(?P<text>"(?:[^"\\]|\\.)*"),$', re.MULTILINE)
BLANK = re.compile(r"\{(\w+):[\w.]+\}")
OF_A_CHANNEL = {"days", "hours", "minutes"}
"""Evidence that only some findings have."""
OF_AN_ASSET = {"reads_min", "usual_reads_min"}


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (language, f"rules_{language}"):
        for one in LINE.finditer((WORDS / f"{name}.ts").read_text(encoding="utf-8")):
            assert one["key"] not in found, one["key"]
            found[one["key"]] = json.loads(one["text"])
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_there_is_has_a_title(language: str) -> None:
    known = words(language)
    wanted = RULES | rules().keys()
    assert [one for one in sorted(wanted) if f"alert.{one}" not in known] == []
    titled = {key.split(".")[1] for key in known if key.startswith(("alert.", "says.")) and key.count(".") == 1}
    said = {key.split(".")[1] for key in known if key.startswith("says.")}
    assert said <= RULES, "words of rules that there are not"
    assert titled >= said


@pytest.mark.parametrize("name", sorted(rules()))
def test_what_is_said_of_an_alert_is_what_its_rule_tells(name: str) -> None:
    text = words("en").get(f"says.{name}")
    if text is None:
        assert f"alert.{name}" in words("en") or name in NOT_HERE_YET
        return
    rule = rules()[name]
    told = {param for one in rule.examples for seen in one.sees for param in seen.params}
    asked = {*BLANK.findall(text)}
    assert asked - told <= (OF_A_CHANNEL if "finding" in told else OF_AN_ASSET), asked - told


def span(ms: int) -> str:
    minutes = ms / 60_000
    if not ms:
        return "at once"
    return f"{ms // 1000} s" if minutes < 1 else f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"


def test_the_table_of_the_docs_is_what_the_rules_are() -> None:
    told = {row[0]: row[1:] for row in tables(PAGE, "rule")[0]}
    assert [*told] == [*rules()]
    for name, (severity, fires, over, when, _) in told.items():
        rule = rules()[name]
        seen = sorted({one.severity for example in rule.examples for one in example.sees}, reverse=True)
        assert severity == ", ".join(map(str, seen)) + " (no data)" * rule.nodata, name
        assert (fires, over) == (span(rule.delays.hold_ms), span(rule.delays.clear_ms)), name
        assert len(when) > 10, name


def test_the_fields_of_tuning_are_those_of_the_code() -> None:
    assert [row[0] for row in tables(PAGE, "field")[0]] == [*Tuning.__struct_fields__]
    ((_, text),) = blocks(PAGE, "toml")
    place = parse('[site]\nid = "s"\nname = "S"\n[[zones]]\nid = "z"\nname = "Z"\n' + text)
    assert place.tuning["zone_temperature"] == Tuning(severity=2, hold_minutes=5)
    assert place.tuning["overstock"].off
    told = untunable({"zone_temprature": Tuning()})
    assert told in " ".join(PAGE.split())
