"""The history for graphs: which metrics there are, and their values at even steps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cloud.core.graphing.metrics import Labels, Metric, metrics
from cloud.core.graphing.selectors import Selector, select
from cloud.core.graphing.steps import stepped
from cloud.stores.history import TIME_MAX_MS, History, HistoryUnavailable
from cloud.web.desk import Unavailable
from cloud.web.grafana import TooMuch
from protocols.layout import Site

SERIES_MAX = 500
"""Series in one answer."""
POINTS_MAX = 500_000
"""Values in one answer."""
SAMPLES_MAX = 20_000
"""Of a series with more samples in a span the least and greatest of so many halves of it are looked at."""
BEFORE_MS = 86_400_000
"""So far before a span its first value may lie."""


class Graphing:
    """The metrics of one service. Raises `TooMuch`, `Unavailable`."""

    def __init__(self, site: Site, history: History) -> None:
        self._site, self._history = site, history

    async def metrics(self, selectors: Sequence[Selector]) -> list[Labels]:
        """The labels of every metric that is meant; without selectors of all."""
        return [one.labels for one in await self._found(selectors)]

    async def values(
        self, selector: Selector, from_ms: int, to_ms: int, step_ms: int
    ) -> list[tuple[Labels, list[tuple[int, float]]]]:
        """Each metric that is meant and has values, with its values at each step."""
        found = await self._found([selector])
        points = ((to_ms - from_ms) // step_ms + 1) * len(found)
        if len(found) > SERIES_MAX:
            hint = "name more labels"
            raise TooMuch(f"{len(found)} series are meant, {SERIES_MAX} are given at once", hint)
        if points > POINTS_MAX:
            hint = "ask for a longer step, or for fewer series"
            raise TooMuch(f"{points} values are meant, {POINTS_MAX} are given at once", hint)
        try:
            read = await asyncio.to_thread(self._read, found, from_ms, to_ms, step_ms)
        except HistoryUnavailable as error:
            raise Unavailable("the history can not be read now", "try again in a moment") from error
        return [(one.labels, values) for one, values in zip(found, read, strict=True) if values]

    async def _found(self, selectors: Sequence[Selector]) -> list[Metric]:
        try:
            names = await asyncio.to_thread(self._history.series)
        except HistoryUnavailable as error:
            raise Unavailable("the history can not be read now", "try again in a moment") from error
        return [one for one in metrics(names, self._site) if not selectors or select(selectors, one.labels)]

    def _read(self, found: Sequence[Metric], from_ms: int, to_ms: int, step_ms: int) -> list[list[tuple[int, float]]]:
        read = []
        for one in found:
            begin, end = max(0, from_ms - BEFORE_MS), min(TIME_MAX_MS, to_ms) + 1
            times, values = self._history.read(one.series, begin, end, SAMPLES_MAX)
            read.append(stepped(times, values, from_ms, to_ms, step_ms))
        return read
