"""Every alert rule, by its own examples."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import msgspec
import pytest

import cloud.alerts.rules as folder
from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Book, step
from cloud.alerts.rules import Example, Rule, Timeline, delays, evaluate, rules
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Sku, Slot, Zone
from protocols.reports import DeviceHealth, SlotLevel

EXAMPLES = [
    pytest.param(rule, one, id=f"{name}: {one.title}") for name, rule in rules().items() for one in rule.examples
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_a_rule_sees_what_its_example_says(rule: Rule, example: Example) -> None:
    assert rule.evaluate(example.facts) == example.sees


def test_what_rules_say_is_read_by_who_takes_the_types_at_their_word() -> None:
    said = [one.params for rule in rules().values() for example in rule.examples for one in evaluate(example.facts)]

    assert any("nodata" in one for one in said)
    for one in said:
        assert msgspec.json.decode(msgspec.json.encode(one), type=dict[str, Param]) == one


TIMELINES = [
    pytest.param(rule, one, id=f"{name}: {one.title}") for name, rule in rules().items() for one in rule.timelines
]


@pytest.mark.parametrize(("rule", "timeline"), TIMELINES)
def test_an_alert_goes_the_way_its_timeline_says(rule: Rule, timeline: Timeline) -> None:
    book, said = Book(), []
    for facts, _ in timeline.moments:
        book, transitions = step(book, rule.evaluate(facts), {rule.name: rule.delays}, facts.now_ms)
        over = [one.alert.state for one in transitions if one.alert.subject == timeline.subject]
        there = book.open.get((rule.name, timeline.subject))
        said.append(there.state if there is not None else over[-1] if over else "")

    assert said == [state for _, state in timeline.moments]


@pytest.mark.parametrize("name", rules())
def test_a_rule_has_an_example_that_fires_and_one_that_is_quiet(name: str) -> None:
    examples = rules()[name].examples

    assert any(one.sees and not all(seen.sustain for seen in one.sees) for one in examples)
    assert any(not one.sees for one in examples)
    assert all(seen.rule == name and 1 <= seen.severity <= 3 for one in examples for seen in one.sees)


@pytest.mark.parametrize("name", rules())
def test_a_rule_imports_no_sibling(name: str) -> None:
    tree = ast.parse(Path(folder.__path__[0], f"{name}.py").read_text())

    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not any(module and module.startswith("cloud.alerts.rules.") for module in imported)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("RULE = 'broken'", "broken.py is no rule"),
        (
            "RULE = 'other'\nHOLD_MS = CLEAR_MS = 0\nEXAMPLES = []\ndef evaluate(facts): return []\n",
            "name it as its file",
        ),
        (
            "RULE = 'broken'\nHOLD_MS = CLEAR_MS = 0\nEXAMPLES = []\nevaluate = list\n",
            "has no timeline",
        ),
        (
            "RULE = 'broken'\nHOLD_MS = CLEAR_MS = 0\nEXAMPLES = []\nKNOWN_BY = 'smell'\nevaluate = list\n",
            "'smell' is none of device, slot",
        ),
        ("import no_such_module", "no_such_module"),
    ],
)
def test_a_broken_file_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, complaint: str
) -> None:
    (tmp_path / "broken.py").write_text(text)
    monkeypatch.setattr(folder, "__path__", [str(tmp_path)])
    importlib.invalidate_caches()
    rules.cache_clear()
    try:
        with pytest.raises(ImportError, match=complaint):
            rules()
    finally:
        sys.modules.pop("cloud.alerts.rules.broken", None)
        monkeypatch.undo()
        rules.cache_clear()


def test_a_gateway_outage_is_one_alert_and_not_hundreds() -> None:
    ids = [f"d{i}" for i in range(500)]
    site = Site(
        About("s1", "Site"),
        [Zone("a", "A")],
        [Sku("bolt", "Bolt", 5.0)],
        [Slot(f"s-{one}", "a", "bolt", one) for one in ids],
        [Device(one, "shelf", "a") for one in ids],
    )
    facts = Facts(
        site,
        100_000,
        levels={f"s-{one}": SlotLevel(f"s-{one}", "bolt", None, 0, 9, 0.0, 0.0, 0, "stale", "wait") for one in ids},
        devices={one: DeviceHealth(one, "silent", 1, 1, 1000, 0, 0, 0) for one in ids},
        gateways={"g1": GatewayLink(False, 1)},
    )

    raised = [seen for seen in evaluate(facts) if not seen.sustain]

    assert [(seen.rule, seen.subject) for seen in raised] == [("gateway_silent", "g1")]
    assert set(delays()) == set(rules())
