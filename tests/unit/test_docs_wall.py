"""docs/wall.md says what is so: how long things are remembered, how many are shown, how large the wall's digits are."""

from __future__ import annotations

import re
from pathlib import Path

from cloud.core.tiles import FIGURES, HOUR_MS, HOURS, HOURS_MIN, STEP_MS, STEPS, TAIL
from cloud.core.trends import SLOTS_MAX
from cloud.desks.front import FRESH_MS, TRENDS_MAX

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "wall.md").read_text(encoding="utf-8")
SCREENS = (ROOT / "cloud" / "web" / "dashboard" / "src" / "style" / "screens.css").read_text(encoding="utf-8")
TILES = (ROOT / "cloud" / "web" / "dashboard" / "src" / "ui" / "tiles.tsx").read_text(encoding="utf-8")
ALIKE = (ROOT / "cloud" / "web" / "dashboard" / "src" / "core" / "alike.ts").read_text(encoding="utf-8")
DIGIT_OF_EM = 0.727
"""Inter's digits are so high, in parts of the letter size."""
DISTANCE_IN_HEIGHTS = 7


def test_what_is_remembered_and_shown_is_as_the_page_says() -> None:
    assert STEPS * STEP_MS == 6 * HOUR_MS
    assert (STEP_MS, HOURS, HOURS_MIN, 1 - 2 * TAIL) == (3 * 60_000, 7 * 24, 12, 0.8)
    assert (TRENDS_MAX, SLOTS_MAX, FRESH_MS) == (6, 2, 30_000)
    assert "export const ALIKE_MIN = 4;" in ALIKE
    for said in ("the last week", "half a day", "six hours", "three minutes", "six courses", "two slots", "every 30 s"):
        assert said in PAGE


def test_the_digits_of_a_wall_are_a_two_hundredth_of_the_distance() -> None:
    found = re.search(r"\.wall \.tile \.value b \{ font-size: ([\d.]+)vh", SCREENS)
    assert found is not None
    share = float(found[1]) / 100 * DIGIT_OF_EM

    assert share >= DISTANCE_IN_HEIGHTS / 200
    assert f"{100 * share:.1f} % of its height" in PAGE


def test_every_tile_is_a_figure_that_is_remembered() -> None:
    names = re.findall(r'name: "(\w+)"', TILES)

    assert len(names) == 7
    assert set(names) <= set(FIGURES)
