"""How the figures of the overview's tiles went: every few minutes of the last hours, and what is usual of them.

Pure: the time is handed in. Bounded: six hours of steps and a week of full hours, of eight figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from cloud.core.view import Kpi

STEP_MS: Final = 3 * 60_000
STEPS: Final = 120
HOUR_MS: Final = 3_600_000
HOURS: Final = 7 * 24
HOURS_MIN: Final = 12
"""Of fewer hours nobody can say what is usual."""
TAIL: Final = 0.1
"""The share of the hours that lies below what is usual, and that above it."""
FIGURES: Final = tuple(Kpi.__struct_fields__)


class TileCourse(Struct, frozen=True):
    """The course of one figure: `values[i]` as it was last in step i, None where the service did not run. Eight of ten
    full hours of the last week lay from `low` to `high`; None until enough of them are known."""

    name: str
    values: list[float | None]
    low: float | None
    high: float | None


class TilesView(Struct, frozen=True):
    """Steps of `step_ms` from `from_ms` on, the last of them goes on; and the course of each figure."""

    from_ms: int
    step_ms: int
    tiles: list[TileCourse]


class Tiles(Struct):
    """What is remembered: figures by step and by hour since 1970, in the order of `names`. Changed in place."""

    names: list[str] = field(default_factory=lambda: [*FIGURES])
    steps: dict[int, list[float]] = field(default_factory=dict)
    hours: dict[int, list[float]] = field(default_factory=dict)

    def take(self, kpi: Kpi, now_ms: int) -> bool:
        """The figures as they are; whether a step began. What was remembered of a later time, before the clock was set
        back, is forgotten."""
        now = [float(getattr(kpi, name)) for name in self.names]
        began = now_ms // STEP_MS not in self.steps
        for kept, span, most in ((self.steps, STEP_MS, STEPS), (self.hours, HOUR_MS, HOURS)):
            at = now_ms // span
            for old in [one for one in kept if not at - most < one <= at]:
                del kept[old]
            if kept is self.steps:
                kept[at] = now
            else:
                kept.setdefault(at, now)
        return began

    def view(self, now_ms: int) -> TilesView:
        """As it is shown."""
        last = now_ms // STEP_MS
        steps = range(last - STEPS + 1, last + 1)
        return TilesView(
            steps.start * STEP_MS, STEP_MS, [self._course(at, name, steps) for at, name in enumerate(self.names)]
        )

    def _course(self, at: int, name: str, steps: Sequence[int]) -> TileCourse:
        values = [self.steps[one][at] if one in self.steps else None for one in steps]
        hours = sorted(one[at] for one in self.hours.values())
        if len(hours) < HOURS_MIN:
            return TileCourse(name, values, None, None)
        return TileCourse(name, values, hours[int(TAIL * (len(hours) - 1))], hours[-1 - int(TAIL * (len(hours) - 1))])
