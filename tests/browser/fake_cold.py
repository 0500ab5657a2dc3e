"""The cold rooms of the fake service, in memory: one warms, one had a breach this morning that waits for a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cloud.core.cold_view import ExcursionView, RoomView
from cloud.web.desk import NotFound, Refused

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BREACH_MS = (9 * HOUR_MS, 7 * HOUR_MS + 40 * MINUTE_MS)
"""So long ago the breach of the cold room began and ended."""
COMMENT_MIN = 3
Row = dict[str, Any]


def bump(series: str, t: int, now: int) -> float:
    """How much warmer the cold room was during its breach, and a little during a defrost."""
    if "cool" not in series:
        return 0.0
    ago = now - t
    began, ended = BREACH_MS
    if ended <= ago <= began:
        return 8.6 * (1 - abs((began + ended) / 2 - ago) / ((began - ended) / 2))
    return 2.2 if 3 * HOUR_MS <= ago <= 3 * HOUR_MS + 25 * MINUTE_MS else 0.0


class FakeCold:
    """Rooms, excursions, exposures. `quiet`: all is within its limits and was so for long."""

    def __init__(self, now_ms: Callable[[], int], celsius: Callable[[str], float], *, quiet: bool) -> None:
        self._now_ms, self._celsius, self._quiet = now_ms, celsius, quiet
        self.told: list[tuple[str, Any]] = []
        """Every decision, in order."""
        self._excursions = [] if quiet else excursions(now_ms())

    def shown(self) -> list[Row]:
        """Every room as it is now."""
        t, quiet = self._now_ms(), self._quiet
        undecided = sum(not line["decision"] for one in self._excursions for line in one["lines"])
        cool = {"low_c": 2.0, "high_c": 8.0, "outer_low_c": 0.0, "outer_high_c": 15.0, "kinetic_limit_c": 8.0}
        frozen = {"low_c": -25.0, "high_c": -18.0, "outer_low_c": -40.0, "outer_high_c": -12.0}
        out: Row = {
            "kind": "excursion", "why": "", "side": 1, "since_ms": t - 26 * MINUTE_MS, "peak_c": -16.2,
            "outside_ms": 26 * MINUTE_MS, "limit_c": -12.0, "to_limit_min": 48.5, "excursion": 3,
        }  # fmt: skip
        series = "climate-cool/1/temperature_c"
        return [
            room("freeze", "frozen", self._celsius("freeze"), t, frozen | ({} if quiet else out), lots=7,
                 series=["climate-freeze/1/temperature_c"]),
            room("cool", "2-8", self._celsius("cool"), t, cool | {"kinetic_c": 5.2}, lots=12, undecided=undecided,
                 series=[series, "climate-cool/2/temperature_c"]),
            room("cool", "vaccine", self._celsius("cool"), t,
                 cool | {"kinetic_c": 5.2 if quiet else 8.3, "outer_high_c": None, "high_c": 6.0}, lots=2,
                 series=[series]),
        ]  # fmt: skip

    def rooms(self) -> list[RoomView]:
        """The same as they are published."""
        return msgspec.convert(self.shown(), list[RoomView])

    async def excursions(self, zone: str, from_ms: int, to_ms: int) -> list[ExcursionView]:
        """Newest first."""
        found = [one for one in self._excursions if zone in ("", one["zone"]) and from_ms <= one["began_ms"] <= to_ms]
        return msgspec.convert(sorted(found, key=lambda one: -int(one["began_ms"])), list[ExcursionView])

    async def excursion(self, number: int) -> Row:
        """One of them."""
        found = next((one for one in self._excursions if one["id"] == number), None)
        if found is None:
            raise NotFound(f"there is no excursion {number}")
        return found

    def exposures(self, sku: str) -> list[Row]:
        """What each lot went through."""
        return [one for one in exposures(self._now_ms(), quiet=self._quiet) if sku in ("", one["sku"])]

    async def decide(self, number: int, release: bool, lines: list[int], who: Any, comment: str) -> Row:
        """A person signs."""
        at, one = next(((at, one) for at, one in enumerate(self._excursions) if one["id"] == number), (0, None))
        if one is None:
            raise NotFound(f"there is no excursion {number}")
        if len(comment.strip()) < COMMENT_MIN:
            raise Refused("comment", "Nobody would know why.", "Say in a few words why.")
        waiting = [line["number"] for line in one["lines"] if not line["decision"]]
        chosen = lines or waiting
        if not set(chosen) <= set(waiting):
            raise Refused("decided", f"mara has decided about {chosen} already.", "Look at it again.")
        t, said = self._now_ms(), "release" if release else "scrap"
        after = [
            {**line, "decision": said, "by": who.name, "decided_ms": t} if line["number"] in chosen else line
            for line in one["lines"]
        ]
        signed = {
            "by": who.name, "role": who.role, "at_ms": t, "decision": said, "comment": comment, "lines": chosen,
        }  # fmt: skip
        state = "open" if any(not line["decision"] for line in after) else "decided"
        decided = {**one, "lines": after, "signatures": [*one["signatures"], signed], "state": state}
        self._excursions[at] = decided
        self.told.append((said, (number, chosen, comment)))
        return decided

    async def report(self, asked: object) -> tuple[bytes, str, str]:
        """Bytes, media type, name."""
        given = msgspec.to_builtins(asked)
        self.told.append(("report", given))
        form = given["format"]
        return b"time,celsius\n", "text/csv" if form == "csv" else "application/pdf", f"report.{form}"


def room(zone: str, storage: str, celsius: float, t: int, more: Row, *, lots: int, series: list[str],
         undecided: int = 0) -> Row:  # fmt: skip
    """A room, within its limits where nothing else is said."""
    plain: Row = {
        "kind": "", "why": "", "side": 0, "since_ms": 0, "peak_c": 0.0, "outside_ms": 0, "limit_c": None,
        "to_limit_min": None, "excursion": 0, "kinetic_c": None, "kinetic_limit_c": None, "kinetic_hours": 24.0,
    }  # fmt: skip
    head = {"id": f"{zone}/{storage}", "zone": zone, "storage": storage, "celsius": round(celsius, 2), "at_ms": t}
    return (
        head
        | plain
        | more
        | {
            "lots": lots,
            "series": series,
            "undecided": undecided,
            "doors": ["door-cool/1/door_open"] * (zone == "cool"),
        }
    )


def line(number: int, sku: str, lot: str, units: int, t: int, gone: int = 0) -> Row:
    """Units that a breach set aside."""
    return {
        "number": number, "sku": sku, "lot": lot, "units": units, "gone": gone, "at_ms": t, "entry": 400 + number,
        "decision": "", "by": "", "decided_ms": 0,
    }  # fmt: skip


def excursions(t: int) -> list[Row]:
    """A defrost, a breach that waits, an excursion under way, and an old breach that was decided."""
    began, ended = BREACH_MS

    def one(id_: int, zone: str, storage: str, kind: str, from_ms: int, to_ms: int, peak_c: float, **more: Any) -> Row:
        plain: Row = {
            "why": "", "side": 1, "breach_ms": 0, "state": "", "lines": [], "signatures": [], "sku": "", "lot": "",
            "outside_ms": (to_ms or t) - from_ms,
        }  # fmt: skip
        head = {"id": id_, "zone": zone, "storage": storage, "kind": kind, "began_ms": from_ms, "ended_ms": to_ms}
        return head | {"peak_c": peak_c} | plain | more

    old = {
        **line(1, "SKU-1014", "S-88", 40, t - 20 * DAY_MS), "decision": "scrap", "by": "mara",
        "decided_ms": t - 19 * DAY_MS,
    }  # fmt: skip
    signed = {
        "by": "mara", "role": "admin", "at_ms": t - 19 * DAY_MS, "decision": "scrap", "lines": [1],
        "comment": "Thawed through, by the probe in the box.",
    }  # fmt: skip
    lines = [
        line(1, "SKU-1001", "L-2291", 24, t - began, gone=3), line(2, "SKU-1011", "B-17", 120, t - began),
        line(3, "SKU-1012", "", 60, t - began),
    ]  # fmt: skip
    return [
        one(1, "freeze", "frozen", "breach", t - 20 * DAY_MS, t - 20 * DAY_MS + 3 * HOUR_MS, -6.1, why="too_long",
            breach_ms=t - 20 * DAY_MS + HOUR_MS, state="decided", lines=[old], signatures=[signed]),
        one(2, "cool", "2-8", "breach", t - began, t - ended, 13.4, why="budget", breach_ms=t - began + 20 * MINUTE_MS,
            state="open", lines=lines),
        one(3, "freeze", "frozen", "excursion", t - 26 * MINUTE_MS, 0, -16.2),
        one(4, "cool", "2-8", "defrost", t - 3 * HOUR_MS - 25 * MINUTE_MS, t - 3 * HOUR_MS, 8.6),
    ]  # fmt: skip


def exposures(t: int, *, quiet: bool) -> list[Row]:
    """Sixteen lots; of the first a budget is used up, the second ages faster than its label says."""

    def budget(above_c: float, minutes: float, left: float) -> Row:
        return {"above_c": above_c, "below_c": None, "minutes": minutes, "left_minutes": left}

    made = []
    for n in range(16):
        first, second = n == 0 and not quiet, n == 1 and not quiet
        left = -35.0 if first else 320.0 if second else 1440.0 - 40 * n
        made.append({
            "id": f"SKU-{1001 + n}/L-{2291 + n}/cool", "sku": f"SKU-{1001 + n}", "lot": f"L-{2291 + n}",
            "units": 24 + n, "zone": "cool", "storage": "2-8", "since_ms": t - (30 + n) * DAY_MS,
            "known": 0.93 if second else 0.999, "outside_ms": 95 * MINUTE_MS if n < 2 and not quiet else 0,
            "budgets": [budget(8.0, 1440.0, left)],
            "aged_days": 61.0 if second else 30.0 + n, "expiry": "2027-03-31",
            "effective_expiry": "2027-02-11" if second else "2027-03-31", "days_left": 81.0 if second else 129.0,
            "used_up": first,
        })  # fmt: skip
    return made
