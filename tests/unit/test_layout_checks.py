"""What a site file may say of time zones, money, channels and refrigerators, and what it is told when it may not."""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import layout
from protocols.topics import KINDS, matches

SITE = """
[site]
id = "demo"
name = "Demo"
timezone = {timezone}
currency = {currency}
[[zones]]
id = "hall"
name = "Hall"
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 12.5
[[devices]]
id = "shelf-1"
kind = "shelf"
zone = "hall"
[[devices]]
id = "one"
kind = {kind}
zone = "hall"
role = {role}
[[slots]]
id = "A1"
zone = "hall"
sku = "bolt"
device = "shelf-1"
channel = {channel}
"""
GOOD = {"timezone": "UTC", "currency": "EUR", "kind": "climate", "role": "", "channel": "1"}


def parse(**change: str) -> layout.Site:
    """A good site with this one difference."""
    return layout.parse(SITE.format(**{key: quoted(value) for key, value in {**GOOD, **change}.items()}), "demo.toml")


def quoted(text: str) -> str:
    """A TOML string that holds just this text."""
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'


def refusal(**change: str) -> str:
    with pytest.raises(layout.LayoutError) as refused:
        parse(**change)
    told = str(refused.value)
    assert told.startswith("demo.toml: ")
    assert len(told.splitlines()) == 1
    return told


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5", "GMT"])
def test_a_zone_of_the_world_is_taken(name: str) -> None:
    assert parse(timezone=name).site.timezone == name


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "Berlin", "europe/berlin", "Europe", "Europe/", "CET+1", "../Europe/Berlin", "Europe/../Europe/Berlin",
        "/etc/localtime", "localtime", "posix/Europe/Berlin", "right/Europe/Berlin", "posixrules", "UTC\x00", "UTC\n",
        "A" * 5000, "柏林",
    ],
)  # fmt: skip
def test_a_zone_nobody_knows_is_refused_with_the_field_and_an_example(name: str) -> None:
    told = refusal(timezone=name)

    assert "site.timezone" in told
    assert "'Europe/Berlin'" in told


@given(st.text(max_size=40))
def test_any_name_is_a_known_zone_or_refused(name: str) -> None:
    if name in available_timezones():
        parse(timezone=name)
    else:
        refusal(timezone=name)


@given(st.from_regex(r"[A-Z]{3}", fullmatch=True))
def test_three_capital_letters_are_a_currency(code: str) -> None:
    assert parse(currency=code).site.currency == code


@pytest.mark.parametrize("code", ["", "eur", "Eur", "EURO", "€", "EU", "EUR\n", " EUR", "ÄÖÜ", "E1R"])
def test_another_currency_is_refused_with_the_field_and_an_example(code: str) -> None:
    told = refusal(currency=code)

    assert "site.currency" in told
    assert "'EUR'" in told


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_a_channel_is_of_1_to_64_characters(channel: str) -> None:
    if 1 <= len(channel) <= 64:
        assert parse(channel=channel).slot_by_channel["shelf-1", channel].id == "A1"
    else:
        assert "$.slots[0].channel" in refusal(channel=channel)


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_measures_a_temperature_can_be_a_refrigerator(kind: str) -> None:
    if kind in ("climate", "machine"):
        assert parse(kind=kind, role="refrigerator").device_by_id["one"].role == "refrigerator"
    else:
        assert f"'one' can be no refrigerator, as its kind is '{kind}'" in refusal(kind=kind, role="refrigerator")
        assert parse(kind=kind).device_by_id["one"].role == ""


def test_a_misspelt_role_does_not_pass_for_none() -> None:
    assert "'fridge'" in refusal(role="fridge")


SOURCE = """
[[sources]]
id = "make"
format = "zigbee2mqtt"
topics = [{topic}]
"""


def with_topic(topic: str) -> layout.Site:
    """A good site with one source that has this topic."""
    site = SITE.format(**{key: quoted(value) for key, value in GOOD.items()})
    return layout.parse(site + SOURCE.format(topic=quoted(topic)), "demo.toml")


@pytest.mark.parametrize(
    "topic",
    ["a", "a/#", "+/a", "/+", "a//b/", "+", "+/a/#", "+/v2/#", "north wall/1.5", "what/v1/#", "a/$b", "862"],
)
def test_a_filter_of_topics_of_another_make_is_taken(topic: str) -> None:
    assert with_topic(topic).sources[0].topics == [topic]


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("", "is empty"),
        *((topic, "# that is not the last level") for topic in ("#/a", "a/#/b", "a#", "a/#b", "##")),
        *((topic, "+ that is not a level") for topic in ("a+", "a/+b/c", "++")),
        *((topic, "control character") for topic in ("a\n", "\x00", "a/\x1f/b", "\x7f", "a\x85")),
        *((topic, "begins with $") for topic in ("$SYS/#", "$share/g/a", "$")),
        *((topic, "has a * or >") for topic in ("a/*", "a/>", "*", "a>b")),
        *(
            (topic, "topics of our own")
            for topic in (
                "#",
                "+/#",
                "+/+",
                "+/+/b/#",
                "+/v1/#",
                "+/v1",
                "+/+/+/+/shelf",
                "wh",
                "wh/#",
                "wh/v2/x",
                "wh/+/s/#",
            )
        ),
    ],
)
def test_a_filter_no_broker_could_use_or_that_is_ours_is_refused_by_name(topic: str, hint: str) -> None:
    with pytest.raises(layout.LayoutError) as refused:
        with_topic(topic)

    told = str(refused.value)
    assert told.startswith(f"demo.toml: source 'make': topic {topic!r} ")
    assert hint in told
    assert len(told.splitlines()) == 1


@given(st.text("+#/whv1ab*$", min_size=1, max_size=12))
def test_whatever_is_taken_covers_no_topic_of_ours(topic: str) -> None:
    with suppress(layout.LayoutError):
        with_topic(topic)
        for ours in ("wh/v1", "wh/v1/a/b/shelf", "wh/v1/s/d", "wh/v1/1/1/1"):
            assert not matches(topic, ours)


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ('policy = "periodic"', "belong together"),
        ("review_days = 7", "belong together"),
        ('policy = "jit"\nreview_days = 7', "belong together"),
        ('policy = "jit"\nreorder_point = 5', "leave one out"),
        ('policy = "weekly"', "policy"),
        ('policy = "periodic"\nreview_days = 400', "366"),
        ('policy = "periodic"\nreview_days = 7', ""),
        ('policy = "jit"', ""),
    ],
)
def test_a_policy_by_name_has_its_review_days_and_nothing_by_hand(more: str, hint: str) -> None:
    text = SITE.format(**{key: quoted(value) for key, value in GOOD.items()})
    text = text.replace("unit_mass_g = 12.5\n", f"unit_mass_g = 12.5\n{more}\n")

    if hint:
        with pytest.raises(layout.LayoutError, match=hint):
            layout.parse(text, "demo.toml")
    else:
        assert layout.parse(text, "demo.toml").skus[0].policy


@pytest.mark.parametrize(("old", "new"), [("crew_limit", "buyer_limit"), ("manager_limit", "admin_limit")])
def test_a_limit_by_its_name_of_before_is_refused_with_what_to_write(old: str, new: str) -> None:
    text = SITE.format(**{key: quoted(value) for key, value in GOOD.items()}) + f"[buying]\n{old} = 750\n"

    with pytest.raises(layout.LayoutError, match=rf"demo.toml: buying.{old} is called {new} now: write {new} = 750"):
        layout.parse(text, "demo.toml")
