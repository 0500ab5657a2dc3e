"""What messages say, a language a file: `en`, `zh`. A rule that can fire has its `Words` in each; a test looks."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """How alerts of one rule are worded: what is wrong, what to do, and its figures: templates with `{param}`, left out
    where one of their params is not there. `sides`: the title by the value of the param `side`."""

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
    "": {"unit", "side", "nodata", "since_ms", "gateway", "cause"},
    "device_silent": {"period_ms"},
    "device_sick": {"channel", "findings"},
    "incomplete": {"lane", "first"},
    "refrigeration_capacity": {"score"},
    "stock_out": {"name"},
    "stock_differs": {"sku"},
    "stock_unknown": {"sku"},
}
"""Params that a message leaves out, by rule ("": of all); the page shows them."""
