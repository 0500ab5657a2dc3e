"""What each key figure means: one sentence, its formula, its unit, over how many days, and which way is better.

Documentation quotes these and the dashboard words them by their id and its reason codes; `figures` computes them.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Better = Literal["up", "down"]
Unit = Literal["a year", "days", "share", "money", "money a year"]

YEAR_DAYS: Final = 365
STALE_DAYS: Final = 180
"""Without a movement for so long stock is dead; with more than is expected to sell in so long it is slow."""
COUNT_DAYS: Final = 90
SHORT_DAYS: Final = 90
DUE_DAYS: Final = 180
ERROR_WEEKS: Final = 13
TURNOVER_DAYS_MIN: Final = 28
"""Fewer days say nothing of a year."""
SOLD_DAYS_MIN: Final = 28
"""What was sold in fewer says nothing of what will be."""
CENSORED: Final = 0.5
"""On a day of which the SKU was out of stock for so much, what sold is not what was wanted."""


class Definition(Struct, frozen=True):
    """`days`: the time that the figure looks back over, 0 for what is so at this moment."""

    id: str
    unit: Unit
    better: Better
    days: int
    meaning: str
    formula: str


_ALL = (
    Definition(
        "turnover",
        "a year",
        "up",
        YEAR_DAYS,
        "How often the stock was sold and replaced in a year.",
        "cost of goods picked in the last 365 days / mean of the stock's value at the end of each of these days;"
        " with fewer days (28 at least) the cost is scaled to 365. Of an SKU that is owed the value is 0.",
    ),
    Definition(
        "cover_days",
        "days",
        "down",
        0,
        "How long the stock lasts at the expected demand.",
        "value of stock / cost of a day's expected demand, over the SKUs that have a forecast; what is owed has no"
        " value.",
    ),
    Definition(
        "fill_rate",
        "share",
        "up",
        SHORT_DAYS,
        "The share of demand that was met at once, in units.",
        "met / (met + lost) over the last 90 days. met: units picked less those that were owed. lost, by SKU and day:"
        " units owed and units of refused reservations and picks, or the day's forecast x the share of the day out of"
        " stock, whichever is more: who finds an empty shelf seldom leaves a note. Refused units of a day count at most"
        " as the most that was picked, or forecast, of one day in the last 400 days, and at least as 1.",
    ),
    Definition(
        "stock_out_rate",
        "share",
        "down",
        SHORT_DAYS,
        "The share of time that SKUs were out of stock.",
        "SKU-days with nothing on hand / SKU-days, over the last 90 days, part of a day counting as that part, each SKU"
        " from the day of its first movement on; discontinued SKUs are left out.",
    ),
    Definition(
        "inventory_accuracy",
        "share",
        "up",
        COUNT_DAYS,
        "The share of counts that agreed with the book, by record.",
        "counts that found what the book said at the second of counting, within the tolerance / counts, over the last"
        " 90 days.",
    ),
    Definition(
        "count_difference_rate",
        "share",
        "down",
        COUNT_DAYS,
        "How far counts were from the book, in units.",
        "sum of |counted - book| / sum of the larger of the two, over the last 90 days: 1 where nothing was found of"
        " what the book said, or the book knew nothing of what was found.",
    ),
    Definition(
        "holding_cost",
        "money a year",
        "down",
        0,
        "What keeping the present stock for a year costs.",
        "sum over SKUs of stock value x the SKU's holding rate a year; what is owed has no value.",
    ),
    Definition(
        "dead_stock",
        "money",
        "down",
        0,
        "The value of stock that has not moved for 180 days.",
        "sum of the value of SKUs on hand without a receipt, put, pick or transfer in the last 180 days.",
    ),
    Definition(
        "slow_stock",
        "money",
        "down",
        0,
        "The value of stock beyond what is expected to sell in 180 days.",
        "sum over SKUs that are not dead of value x (1 - forecast of 180 days / units on hand), where above 0; without"
        " a forecast by what was picked in the last 180 days (where fewer, but 28 at least, are known, and something"
        " was picked: scaled to 180).",
    ),
    Definition(
        "forecast_bias",
        "share",
        "down",
        7 * ERROR_WEEKS,
        "How much more was forecast than came; below 0: less. Nearer to 0 is better.",
        "(forecast - demand) / demand, summed over the last 13 whole weeks, of each day the forecast made one horizon"
        " before it; demand is picks and refused units; days out of stock for half of their time or more are left out.",
    ),
    Definition(
        "forecast_error",
        "share",
        "down",
        7 * ERROR_WEEKS,
        "How far forecasts were from what came (WAPE, by SKU and week).",
        "sum over SKUs and weeks of |forecast - demand| / sum of demand, over the last 13 whole weeks, of the same days"
        " and forecasts as the bias.",
    ),
    Definition(
        "supplier_on_time",
        "share",
        "up",
        DUE_DAYS,
        "The share of order lines that came in full and on time: at most 24 h after they were promised for, or asked"
        " for where that is earlier. Early is on time.",
        "lines of which all units asked for were there 24 h after the time promised first, or asked for where that is"
        " earlier, at the latest / lines of which that could be said in the last 180 days, since all of it was in, or"
        " 24 h were over; lines without a date are left out.",
    ),
)
DEFINITIONS: Final = {one.id: one for one in _ALL}
"""Id -> definition, in the order in which they are shown."""

REASONS: Final = {
    "no_facts": "Nothing has moved yet.",
    "too_short": "There are fewer than 28 days to tell a year by.",
    "no_stock": "There was no stock of any value.",
    "no_forecast": "Nothing is forecast yet.",
    "no_week": "No whole week is over of which there was a forecast two weeks before it.",
    "no_demand": "Nobody asked for anything.",
    "no_counts": "Nothing was counted.",
    "no_orders": "No order line with a date is in, or late.",
}
"""Why a figure can not be told yet: a code, and a sentence."""
