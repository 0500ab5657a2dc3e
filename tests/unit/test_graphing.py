"""What Grafana may ask of the history: which metrics there are, which of them a query means, values at even steps."""

from __future__ import annotations

import time

import pytest

from cloud.core.graphing.metrics import NAME, NAMES, about, metrics, name_of
from cloud.core.graphing.selectors import SelectorError, parse, scalar
from cloud.core.graphing.steps import GAP_MS_MIN, holds_ms, stepped
from protocols.readings import RANGES
from tests import depot

LABELS = {NAME: "temperature_celsius", "zone": "cold", "device": "probe-1", "channel": "1"}


def test_a_series_is_a_metric_with_its_unit_in_the_name_and_labels_of_the_site() -> None:
    found = {
        one.series: one.labels
        for one in metrics(
            ["A1/slot/count", "shelf-A1/1/mass_g", "gone/2/temperature_c", "X9/slot/count"], depot.site()
        )
    }
    a1 = depot.site().slots[0]

    assert found["A1/slot/count"] == {
        NAME: "stock_units",
        "site": "depot",
        "slot": "A1",
        "sku": a1.sku,
        "zone": a1.zone,
    }
    assert found["gone/2/temperature_c"] == {
        NAME: "temperature_celsius", "site": "depot", "device": "gone", "channel": "2",
    }  # fmt: skip
    assert found["X9/slot/count"] == {NAME: "stock_units", "site": "depot", "slot": "X9"}


def test_every_quantity_has_a_name_that_prometheus_takes() -> None:
    names = [name_of(one) for one in RANGES]

    assert set(NAMES) == set(RANGES)
    assert len({*names, "stock_units"}) == len(names) + 1
    assert all(name.replace("_", "a").isalnum() for name in names)
    assert name_of("7up µm") == "_7up__m"
    assert about(["power_watts"]) == {"power_watts": [{"type": "gauge", "help": "Power.", "unit": ""}]}


@pytest.mark.parametrize(
    "query",
    [
        "temperature_celsius",
        " temperature_celsius { } ",
        'temperature_celsius{zone="cold"}',
        "temperature_celsius{zone='cold', device!=`probe-2`,}",
        '{__name__="temperature_celsius",sku=""}',
        'temperature_celsius{device=~"probe-.+"}',
        'temperature_celsius{device=~"(probe-2|probe-1)"}',
        'temperature_celsius{device=~"^(?:x|probe-.)$"}',
        'temperature_celsius{zone!~"hall|dock"}',
        'temperature_celsius{device=~"p.*e.*1"}',
        'temperature_celsius{sku=~".*"}',
        'temperature_celsius{device=~"probe\\\\-1"}',
    ],
)
def test_a_query_takes_what_it_names(query: str) -> None:
    assert parse(query).takes(LABELS)


@pytest.mark.parametrize(
    "query",
    [
        "temperature",
        'temperature_celsius{zone!="cold"}',
        'temperature_celsius{device=~"probe"}',
        'temperature_celsius{device=~"probe-.+x"}',
        'temperature_celsius{device=~".*2"}',
        'temperature_celsius{device!~"p.*"}',
        'temperature_celsius{sku=~".+"}',
    ],
)
def test_a_query_leaves_the_others(query: str) -> None:
    assert not parse(query).takes(LABELS)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("rate(temperature_celsius[5m])", "only selectors are known here"),
        ("sum by (zone) (stock_units)", "only selectors are known here"),
        ("stock_units > 5", "only selectors are known here"),
        ("stock_units offset 1d", "only selectors are known here"),
        ("stock_units[5m]", "only selectors are known here"),
        ("", "every metric"),
        ("{}", "every metric"),
        ('{zone=~".*"}', "every metric"),
        ("stock_units{zone}", "can not be understood"),
        ('stock_units{zone="a" sku="b"}', "can not be understood"),
        ('stock_units{zone="a"', "can not be understood"),
        ("stock_units{zone=cold}", "a text in quotes"),
        ('stock_units{__name__="x"}', "given twice"),
        ('stock_units{zone=~"(a+)+b"}', "alternatives of text"),
        ('stock_units{zone=~"[a-z]*"}', "alternatives of text"),
        ('stock_units{zone=~"\\\\d+"}', "alternatives of text"),
        (f"a{'b' * 10_000}", "10001 characters"),
    ],
)
def test_all_else_of_the_language_is_refused_in_words(query: str, why: str) -> None:
    with pytest.raises(SelectorError, match=why):
        parse(query)


def test_no_expression_takes_long() -> None:
    """One that costs others hours: it would double with each character of the text."""
    hostile = parse(f'{{device=~"{".*a" * 60}.*b|{".*a.+" * 60}b"}}')
    started = time.process_time()

    assert not hostile.takes({"device": "a" * 300})
    assert time.process_time() - started < 5


def test_the_sum_by_which_grafana_sees_whether_somebody_answers_is_known() -> None:
    assert (scalar("1+1"), scalar(" 6 / 4 "), scalar("7"), scalar("2*-3")) == (2, 1.5, 7, -6)
    assert (scalar("up"), scalar("1+1+1"), scalar("1" * 200)) == (None, None, None)


MINUTE = 60_000


def test_at_each_step_stands_the_last_value_before_it() -> None:
    times, values = [0, MINUTE, 2 * MINUTE], [1.0, 2.0, 3.0]

    assert stepped(times, values, 30_000, 150_000, MINUTE) == [(30_000, 1.0), (90_000, 2.0), (150_000, 3.0)]
    assert stepped(times, values, MINUTE, MINUTE, 1) == [(MINUTE, 2.0)]
    assert stepped([], [], 0, MINUTE, 1000) == []


def test_a_gap_stays_a_gap() -> None:
    times = [0, MINUTE, 2 * MINUTE, 60 * MINUTE]

    told = stepped(times, [1.0] * 4, 0, 70 * MINUTE, MINUTE)

    assert [at // MINUTE for at, _ in told] == [*range(0, 2 + 6), *range(60, 66)]


def test_what_is_told_every_hour_holds_two_hours_and_a_half_and_nothing_less_than_five_minutes() -> None:
    assert holds_ms([0, 60 * MINUTE, 120 * MINUTE]) == 150 * MINUTE
    assert (holds_ms([0]), holds_ms([0, 1000, 2000])) == (GAP_MS_MIN, 300_000)
