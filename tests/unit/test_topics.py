"""MQTT topics are spelled and matched in one place, and what is spelled can be parsed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.topics import LEAVES, Topic, matches, parse, spell, whole_site

LEVELS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(LEVELS, LEVELS, st.sampled_from(LEAVES))
def test_what_is_spelled_can_be_parsed(site: str, device: str, leaf: str) -> None:
    assert parse(spell(site, device, leaf)) == Topic(site, device, leaf)


@given(st.text(max_size=80))
def test_any_text_is_a_topic_or_none(text: str) -> None:
    parsed = parse(text)

    assert parsed is None or spell(*parsed) == text


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "wh",
        "wh/v1/demo/shelf-1",
        "wh/v1/demo/shelf-1/shelf/more",
        "wh/v2/demo/shelf-1/shelf",
        "wh/v1/demo/shelf-1/nothing",
        "wh/v1//shelf-1/shelf",
        "wh/v1/demo/+/shelf",
        "wh/v1/demo/a b/shelf",
        "wh/v1/demo/shelf-1\n/shelf",
        "wh/v1/demo/" + "x" * 65 + "/shelf",
    ],
)
def test_a_topic_that_is_not_native_is_none(topic: str) -> None:
    assert parse(topic) is None


@pytest.mark.parametrize(("site", "device", "leaf"), [("a/b", "d", "shelf"), ("a", "", "shelf"), ("a", "d", "+")])
def test_a_topic_that_can_not_be_spelled_says_why(site: str, device: str, leaf: str) -> None:
    with pytest.raises(ValueError, match=r"can not be a topic level|is not one of"):
        spell(site, device, leaf)


@pytest.mark.parametrize(
    ("pattern", "topic", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("+/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/uptime", False),
        ("+/uptime", "$SYS/uptime", False),
        ("$SYS/#", "$SYS/uptime", True),
        ("a/b/#", "a/c", False),
    ],
)
def test_filters_match_as_the_standard_says(pattern: str, topic: str, covered: bool) -> None:
    assert matches(pattern, topic) is covered


def test_a_gateway_hears_everything_of_its_site_and_nothing_of_another() -> None:
    for topic in (*(spell("demo", "d", leaf) for leaf in LEAVES), "wh/v1/demo/d/weight", "wh/v1/demo/d/shelf/extra"):
        assert matches(whole_site("demo"), topic)
    assert not matches(whole_site("demo"), spell("other", "d", "shelf"))
