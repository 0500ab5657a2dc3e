"""The `History` port: time series, each named "<device>/<channel>/<quantity>", with times in ms since 1970.

Adapters are files `history_<name>.py` beside this one with a function `open_url`; the one whose name begins a URL's
scheme is opened by `open_history`, so that adding one touches no other file. They raise `ValueError` for input that is
wrong, before anything of it is written, and `HistoryUnavailable` when the world fails.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Sequence
from importlib import import_module
from math import isfinite
from typing import Protocol, cast

from msgspec import Struct

import cloud.stores

TIME_MAX_MS = 9_223_372_036_853
"""The year 2262: what InfluxDB can hold."""
POINTS_MAX = 100_000
SAMPLES_MAX = 1_000_000
"""The most samples one read returns when it is not thinned to a number of points."""

_PART = r"""[^\x00-\x1f\x7f/\\"'\ud800-\udfff]{1,100}"""
_SERIES = re.compile(rf"{_PART}/{_PART}/{_PART}")


class HistoryUnavailable(Exception):
    """The history can not be reached, read or written now: nothing is wrong with the request, try it again later."""


class Samples(Struct, frozen=True, array_like=True):
    """Samples of one series: `values[i]` was measured at `times_ms[i]`, in any order."""

    series: str
    times_ms: Sequence[int]
    values: Sequence[float]


class History(Protocol):
    """Time series. Any thread may call any method at any time."""

    def append(self, samples: Sequence[Samples]) -> None:
        """Keeps the samples; durable when it returns. A sample at a time that is known replaces the known one, so
        that the same call again changes nothing. After `HistoryUnavailable` a part may have been kept: repeat."""
        ...

    def read(self, series: str, from_ms: int, to_ms: int, points: int | None = None) -> tuple[list[int], list[float]]:
        """Times and values with from_ms <= time < to_ms, ascending; empty when there are none.

        With `points` (2 .. 100,000) at most so many: all if they are so few, else the least and the greatest sample
        of each of `points // 2` equal buckets, at their own times; a bucket without samples yields nothing. Without
        it more than 1,000,000 samples are refused with `ValueError`."""
        ...

    def latest(self, series: Sequence[str] | None = None) -> dict[str, tuple[int, float]]:
        """The last sample (time in ms, value) of each of these series that has one, or of all."""
        ...

    def series(self) -> list[str]:
        """The names of all series, sorted."""
        ...

    def close(self) -> None:
        """Ends it; no call may follow."""
        ...


def open_history(url: str) -> History:
    """The history at a URL: `sqlite:///history.db` (`sqlite:////var/lib/history.db` from the root), or
    `influxdb+http://host:8086/org/bucket`. Raises `ValueError` or `HistoryUnavailable`."""
    scheme = url.partition(":")[0]
    names = sorted(module.name for module in pkgutil.iter_modules(cloud.stores.__path__))
    for name in names:
        if name.startswith("history_") and scheme.startswith(name.removeprefix("history_")):
            adapter = import_module(f"cloud.stores.{name}")
            if hasattr(adapter, "open_url"):
                return cast(History, adapter.open_url(url))
    raise ValueError(
        f"no history store for {scheme!r}: use sqlite:///history.db or influxdb+http://host:8086/org/bucket"
    )


def check_series(series: str) -> None:
    """Raises `ValueError` unless this can name a series."""
    if not _SERIES.fullmatch(series):
        raise ValueError(
            f"{series[:320]!r} can not name a series: use device/channel/quantity, each of 1 to 100 characters"
            " without quotes, backslashes and control characters"
        )


def check(samples: Sequence[Samples]) -> None:
    """Raises `ValueError`, naming the series and the sample, unless all of these can be kept."""
    for one in samples:
        check_series(one.series)
        times, values = one.times_ms, one.values
        if len(times) != len(values):
            raise ValueError(f"{one.series}: {len(times)} times for {len(values)} values; each value needs its time")
        if not times:
            continue
        if not all(type(at) is int for at in times):
            raise ValueError(f"{one.series}: times must be whole ms since 1970")
        if min(times) < 0 or max(times) > TIME_MAX_MS:
            raise ValueError(f"{one.series}: times must lie between 1970 and 2262, in ms; {min(times)} to {max(times)}")
        try:
            wrong = None if all(map(isfinite, values)) else next(i for i, v in enumerate(values) if not isfinite(v))
        except (TypeError, OverflowError) as error:
            raise ValueError(f"{one.series}: values must be numbers: {error}") from error
        if wrong is not None:
            raise ValueError(f"{one.series}: the value at {times[wrong]} is {values[wrong]}; leave such samples out")


def check_read(series: str, from_ms: int, to_ms: int, points: int | None) -> None:
    """Raises `ValueError` unless this can be read."""
    check_series(series)
    if not 0 <= from_ms <= to_ms <= TIME_MAX_MS + 1:
        raise ValueError(f"{series}: can not read from {from_ms} to {to_ms}: give ms since 1970, the earlier first")
    if points is not None and not 2 <= points <= POINTS_MAX:
        raise ValueError(f"{series}: can not read {points} points: give 2 to {POINTS_MAX}, or none for every sample")
