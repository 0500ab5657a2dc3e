"""docs/homeassistant.md is true: its topics, rights and limits are those of the code."""

from __future__ import annotations

import json
import re

from edge.core.household import COMPONENTS_MAX, EXPIRES_S, Household
from edge.rights import users_of
from protocols.reports import Series
from protocols.topics import matches
from tests.unit.pages import DOCS, tables
from tests.unit.test_household import AT_MS, SLOTS, begun, level, site

TEXT = (DOCS / "homeassistant.md").read_text()


def test_the_topics_are_those_of_the_code_with_such_payloads() -> None:
    home = Household(site(**SLOTS), "gw")
    home.tell([level("A1", 3), Series("probe", "1", "temperature_c", "cold", AT_MS, [0], [4.75])])
    told = {one.topic: one.payload for one in [home.birth, *begun(home)]}
    shown = {}
    for topic, payload in tables(TEXT, "topic")[0]:
        for word, name in (("PREFIX", "homeassistant"), ("<site>", "depot"), ("<gateway>", "gw")):
            topic = topic.replace(word, name)
        shown[re.compile(re.sub("<[a-z]+>", "[A-Za-z0-9_]+", re.escape(topic)) + r"\Z")] = payload

    assert [topic for topic in told if not any(one.match(topic) for one in shown)] == []
    for of, payload in shown.items():
        found = [json.loads(one) for topic, one in told.items() if of.match(topic) and one.startswith(b"{")]
        if payload.startswith("{"):
            keys = json.loads(payload.split("}")[0].strip("`") + "}").keys()
            assert found
            assert all(one.keys() == keys for one in found)


def test_the_user_may_do_what_the_page_says() -> None:
    rights = users_of(site(**SLOTS), "homeassistant")
    home = Household(site(**SLOTS), "gw")

    assert rights["homeassistant"].publish == ("homeassistant/status",)
    for one in begun(home):
        assert any(matches(pattern, one.topic) for pattern in rights["homeassistant"].subscribe)
        assert any(matches(pattern, one.topic) for pattern in rights["gateway"].publish)
    assert "homeassistant" not in users_of(site(**SLOTS))


def test_the_limits_are_those_of_the_code() -> None:
    assert f"at most {COMPONENTS_MAX} entities" in TEXT
    assert "after an hour of silence" in TEXT
    assert EXPIRES_S == 3600
