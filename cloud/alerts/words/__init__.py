"""What messages say, a language a file: `en`, `zh`. A rule that can fire has its `Words` in each; a test looks."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """How alerts of one rule are worded: what is wrong, what to do, and its figures: templates with `{param}`, left out
    where one of their params is not there; of several with "|" between them the first that has all of its own. `sides`:
    the title by the value of the param `side`."""

    title: str
    advice: str
    figures: tuple[str, ...] = ()
    sides: tuple[tuple[str, str], ...] = ()


class Language(NamedTuple):
    """All that a language needs: the words of the rules, of codes that stand in params, and of messages."""

    rules: dict[str, Words]
    codes: dict[str, str]
    phrases: dict[str, str]


UNSAID: dict[str, set[str]] = {
    "": {"unit", "side", "nodata", "since_ms", "gateway", "told_ms", "name", "findings", "channel"},
    "battery_low": {"remedy"},
    "clock_wrong": {"remedy"},
    "device_silent": {"period_ms"},
    "door_open": {"rise"},
    "incomplete": {"lane", "first"},
    "misplaced_item": {"sku"},
    "refrigeration_capacity": {"score", "fault", "health_pct"},
    "stock_differs": {"sku"},
    "stock_unknown": {"sku"},
    "temperature_ahead": {"storage"},
    "temperature_breach": {"storage"},
    "temperature_excursion": {"storage"},
    "theft": {"sku"},
}
"""Params that a message leaves out, by rule ("": of all); the page shows them."""
