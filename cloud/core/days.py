"""The days of a site: which one a moment lies in, when one begins, how it is written."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000


def local_day(timezone: str, at_ms: int) -> int:
    """The proleptic ordinal of the day a moment lies in, at the site."""
    return datetime.fromtimestamp(at_ms / 1000, _zone(timezone)).toordinal()


@lru_cache(maxsize=4096)
def day_start_ms(timezone: str, day: int) -> int:
    """When a local day begins, UTC ms."""
    return round(datetime.fromordinal(day).replace(tzinfo=_zone(timezone)).timestamp() * 1000)


def iso_day(timezone: str, at_ms: int) -> str:
    """The local day of a moment, 2026-09-24."""
    return date.fromordinal(local_day(timezone, at_ms)).isoformat()


def noon_ms(timezone: str, day: str) -> int | None:
    """Some hour in the middle of an ISO day, UTC ms: that of a promise that names but the day. None: it is no day."""
    try:
        return day_start_ms(timezone, date.fromisoformat(day).toordinal()) + 12 * HOUR_MS
    except ValueError:
        return None


def offset(timezone: str, at_ms: int) -> str:
    """How far local time is from UTC at a moment: +02:00."""
    told = datetime.fromtimestamp(at_ms / 1000, _zone(timezone)).strftime("%z")
    return f"{told[:3]}:{told[3:5]}"


@lru_cache(maxsize=64)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)
