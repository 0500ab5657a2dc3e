"""The one table every bench prints: figure, goal, measured, naive anchor of the same run, met."""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    """One measured figure; it is met when it is at most `limit` (at least, where `floor` is set)."""

    name: str
    goal: str
    measured: float
    limit: float
    unit: str
    anchor: str
    floor: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.measured >= self.limit if self.floor else self.measured <= self.limit


def show(title: str, figures: list[Figure]) -> int:
    """Print the table and `met N of M`; 0 when all are met."""
    rows = [
        (one.name, one.goal, f"{one.measured:.3g} {one.unit}", one.anchor, "yes" if one.met else "NO")
        for one in figures
    ]
    heads = (title, "goal", "measured", "anchor, same run", "met")
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(5)]
    for row in [heads, tuple("-" * width for width in widths), *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    met = sum(one.met for one in figures)
    print(f"met {met} of {len(figures)}")
    return 0 if met == len(figures) else 1
