"""Goods that were set aside and wait for somebody's signed word, by zone: what people are told of them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from cloud.core.coldchain.dossier import Case


class Aside(Struct, frozen=True):
    """What waits of one zone: units, of how many lots, and when the first of them was set aside."""

    zone: str
    units: int
    lots: int
    since_ms: int


def aside(cases: Iterable[Case]) -> list[Aside]:
    """All that waits, a zone each; also where a room was left, or is well again."""
    found: dict[str, Aside] = {}
    lots: dict[str, set[tuple[str, str]]] = {}
    for case in cases:
        for line in case.lines:
            if line.decision:
                continue
            before = found.get(case.zone, Aside(case.zone, 0, 0, line.at_ms))
            mine = lots.setdefault(case.zone, set())
            mine.add((line.sku, line.lot))
            found[case.zone] = Aside(case.zone, before.units + line.units, len(mine), min(before.since_ms, line.at_ms))
    return [*found.values()]
