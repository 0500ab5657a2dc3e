"""The site of a chaos run: who stands in it, and the site file."""

from __future__ import annotations

from typing import Literal, NamedTuple

from protocols.topics import Kind

SITE = "chaos"
SHELVES, CHANNELS, THERMOMETERS = 2, 4, 3
UNIT_G = 100.0
CAPACITY = 40
GONE, FEW = "gone", "few"
"""An SKU of which nothing is there, from the start to the end, and one of which there is always too little."""
FEW_UNITS, FEW_CAPACITY = 3, 100

Habit = Literal["busy", "still", "timed", "untimed", "reader"]


class Member(NamedTuple):
    """A device, what it does, and in which rhythm."""

    device: str
    kind: Kind
    habit: Habit
    period_s: float


SCALE = Member("still", "shelf", "still", 4.0)
READER = Member("dock", "rfid", "reader", 0.5)
UNTIMED = Member("untimed", "climate", "untimed", 0.08)
"""It has no clock: its samples stand at their time of receipt. A message that is taken twice is there twice."""


def members() -> list[Member]:
    """Every device."""
    shelves = [Member(f"shelf-{number}", "shelf", "busy", 0.05) for number in range(1, SHELVES + 1)]
    climates = [Member(f"climate-{number}", "climate", "timed", 0.06) for number in range(1, THERMOMETERS + 1)]
    return [*shelves, SCALE, *climates, UNTIMED, READER]


def site() -> str:
    """The site file."""
    lines = ["[site]", f'id = "{SITE}"', 'name = "Chaos"']
    lines += ["[[zones]]", 'id = "hall"', 'name = "Hall"', "min_c = 2.0", "max_c = 8.0"]
    for sku in [*(f"sku-{number}" for number in range(1, CHANNELS + 1)), GONE, FEW]:
        lines += ["[[skus]]", f'id = "{sku}"', f'name = "Box {sku}"', f"unit_mass_g = {UNIT_G}"]
        lines += ["reorder_point = 30", "order_quantity = 40"]
    for one in members():
        lines += ["[[devices]]", f'id = "{one.device}"', f'kind = "{one.kind}"', 'zone = "hall"']
        lines += ["walls = false"] if one.kind == "rfid" else []  # all it hears stands here
        if one.habit == "busy":
            for channel in range(1, CHANNELS + 1):
                lines += _slot(one.device, channel, f"sku-{channel}", CAPACITY)
    lines += _slot(SCALE.device, 1, GONE, CAPACITY) + _slot(SCALE.device, 2, FEW, FEW_CAPACITY)
    return "\n".join([*lines, ""])


def _slot(device: str, channel: int, sku: str, capacity: int) -> list[str]:
    lines = ["[[slots]]", f'id = "{device}-{channel}"', 'zone = "hall"', f'sku = "{sku}"']
    return [*lines, f'device = "{device}"', f'channel = "{channel}"', f"capacity = {capacity}"]
