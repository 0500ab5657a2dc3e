"""What the arithmetic refuses: each check raises a ValueError that says which figure is wrong and what to do."""

from __future__ import annotations

from math import isfinite

HINTS = {
    "order_cost": "give what one order costs, 0 if nothing",
    "holding_cost": "give a unit cost and a holding rate above zero",
    "backorder_cost": "give a backorder cost or a service level",
    "demand": "there is nothing to order without demand; leave it out of the plan",
    "level": "give a service level between 0 and 1, such as 0.95",
    "lot": "give a lot of at least one unit",
    "pack": "give the units in a pack, 1 if sold singly",
    "moq": "give the least units an order may have, 1 if any",
}
"""What to do about a figure, where its name does not say it."""


def positive(**figures: float) -> None:
    """Each figure is a finite number above zero."""
    for name, figure in figures.items():
        if not (isfinite(figure) and figure > 0):
            raise ValueError(_refusal(name, figure, "it must be a number above zero"))


def not_negative(**figures: float) -> None:
    """Each figure is a finite number, zero or more."""
    for name, figure in figures.items():
        if not (isfinite(figure) and figure >= 0):
            raise ValueError(_refusal(name, figure, "it must be a number not below zero"))


def finite(**figures: float) -> None:
    """Each figure is a finite number."""
    for name, figure in figures.items():
        if not isfinite(figure):
            raise ValueError(_refusal(name, figure, "it must be a number"))


def share(**figures: float) -> None:
    """Each figure lies between 0 and 1, neither of them included."""
    for name, figure in figures.items():
        if not 0 < figure < 1:
            raise ValueError(_refusal(name, figure, "it must lie between 0 and 1"))


def _refusal(name: str, figure: float, wanted: str) -> str:
    hint = HINTS.get(name, "correct it")
    return f"{name} is {figure:.6g}: {wanted}; {hint}"
