"""What was on hand of an SKU, moment by moment, as a chart shows it: steps, and gaps where a slot was not counted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence


def uncounted(unknown: Sequence[int], known: Sequence[int], now_ms: int) -> list[tuple[int, int]]:
    """From when to when a slot's count could not be told: from each time it was `unknown` until it was next `known`, or
    until now."""
    known = sorted(known)
    found: list[tuple[int, int]] = []
    for at_ms in sorted(unknown):
        if found and at_ms < found[-1][1]:
            continue
        after = bisect_right(known, at_ms)
        found.append((at_ms, known[after] if after < len(known) else now_ms))
    return found


def together(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch are one; in order."""
    found: list[tuple[int, int]] = []
    for from_ms, to_ms in sorted(spans):
        if found and from_ms <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], to_ms))
        elif to_ms > from_ms:
            found.append((from_ms, to_ms))
    return found


def course(
    steps: Sequence[tuple[int, int]], gaps: Sequence[tuple[int, int]], from_ms: int, to_ms: int, points: int
) -> tuple[list[int], list[int | None]]:
    """Times and units from each on, within [from_ms, to_ms]; None from the begin of a gap to its end. Of more than
    `points` steps the least, the greatest and the last of each of `points // 3` equal stretches are kept, at their own
    times."""
    inside = [*{at_ms: (at_ms, units) for at_ms, units in steps if from_ms < at_ms <= to_ms}.values()]
    before = [units for at_ms, units in steps if at_ms <= from_ms]
    kept: list[tuple[int, int | None]] = [(from_ms, before[-1])] if before else []
    kept += inside if len(inside) <= points else _thinned(inside, from_ms, to_ms, max(1, points // 3))
    if kept and kept[-1][1] is not None:
        kept.append((to_ms, kept[-1][1]))
    for begins, ends in gaps:
        begins, ends = max(begins, from_ms), min(ends, to_ms)
        if begins < ends:
            kept = _broken(kept, begins, ends, to_ms)
    return [at_ms for at_ms, _ in kept], [units for _, units in kept]


def _broken(kept: Sequence[tuple[int, int | None]], begins: int, ends: int, to_ms: int) -> list[tuple[int, int | None]]:
    """Without what lies in a gap; behind it the course goes on from what was known at its end."""
    until = [one for one in kept if one[0] < begins]
    upto = [units for at_ms, units in kept if at_ms <= ends and units is not None]
    after: list[tuple[int, int | None]] = [one for one in kept if one[0] > ends]
    resumed: list[tuple[int, int | None]] = [(ends, upto[-1])] if upto and ends < to_ms else []
    return [*until, (begins, None), *resumed, *after]


def _thinned(steps: Sequence[tuple[int, int]], from_ms: int, to_ms: int, stretches: int) -> list[tuple[int, int]]:
    groups: dict[int, list[tuple[int, int]]] = {}
    for one in steps:
        groups.setdefault((one[0] - from_ms) * stretches // max(1, to_ms - from_ms + 1), []).append(one)
    kept: list[tuple[int, int]] = []
    for of in groups.values():
        units = [one[1] for one in of]
        chosen = {units.index(min(units)), units.index(max(units)), len(of) - 1}
        kept += [of[at] for at in sorted(chosen)]
    return kept
