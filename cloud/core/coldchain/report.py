"""What a room, or a lot in its rooms, went through over a period: figures, curve, gaps, excursions, signatures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from cloud.core.cold_view import ExcursionView, ExposureView
from cloud.core.coldchain.kinetic import DAY_MS, HOUR_MS, Kinetic
from cloud.core.coldchain.thermometers import Thermometers
from protocols.cold import Storage
from protocols.excursions import GAP_MS, worst

FORMATS = ("json", "csv", "pdf")
LANGUAGES = ("en", "zh")
POINTS = 480
"""Of the curve: the coldest and the warmest of each of so many equal parts."""
GAPS_MAX = 500
"""Gaps that are listed; all are counted."""
DAYS_MAX = 400
KINETIC_STEP_MS = 300_000


class Asked(Struct, frozen=True):
    """What report is asked for: of a zone (and one storage in it), or of a lot of an SKU; 0: from its beginning, up to
    now."""

    zone: str = ""
    storage: str = ""
    sku: str = ""
    lot: str = ""
    from_ms: int = 0
    to_ms: int = 0
    format: str = "json"
    lang: str = "en"


class Point(Struct, frozen=True, array_like=True):
    """A part of the curve: when it begins, the coldest and the warmest in it."""

    at_ms: int
    low_c: float
    high_c: float


class Gap(Struct, frozen=True):
    """Nothing was heard in between."""

    from_ms: int
    to_ms: int


class Part(Struct):
    """One room over a period, for goods kept so. `known_ms` of it are known, `outside_ms` of these were outside the
    limits; `kinetic_c` is the kinetic mean of all that is known, `kinetic_worst_c` the highest of any window (`hours`)
    of which half is known."""

    zone: str
    zone_name: str
    storage: str
    low_c: float | None
    high_c: float | None
    from_ms: int
    to_ms: int
    hours: float
    kinetic_limit_c: float | None
    units: int = 0
    samples: int = 0
    known_ms: int = 0
    outside_ms: int = 0
    min_c: float | None = None
    min_ms: int = 0
    max_c: float | None = None
    max_ms: int = 0
    mean_c: float | None = None
    kinetic_c: float | None = None
    kinetic_worst_c: float | None = None
    gap_count: int = 0
    gaps: list[Gap] = field(default_factory=list)
    curve: list[Point] = field(default_factory=list)
    defrosts: list[ExcursionView] = field(default_factory=list)
    excursions: list[ExcursionView] = field(default_factory=list)


class Report(Struct):
    """A report: of a zone, or of a lot (`kind`); each of its parts is a room over a period."""

    kind: Literal["zone", "lot"]
    site: str
    site_name: str
    timezone: str
    made_ms: int
    from_ms: int
    to_ms: int
    sku: str = ""
    sku_name: str = ""
    lot: str = ""
    exposures: list[ExposureView] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


def measured(part: Part, kept: Storage, samples: Iterable[tuple[int, str, float]]) -> Part:
    """The part with what its thermometers told (time, series, degC), in the order of time. Until the next sample comes,
    the one before holds, as long as its thermometer is waited for."""
    there, from_ms, to_ms = Thermometers(), part.from_ms, part.to_ms
    whole, window = Kinetic(max(1, to_ms - from_ms)), Kinetic(round(kept.kinetic_hours * HOUR_MS))
    width = max(1, -(-(to_ms - from_ms) // POINTS))
    last_ms, total, looked_ms = from_ms, 0.0, 0
    last_c: float | None = None
    buckets: dict[int, tuple[float, float]] = {}
    spans = (span for at_ms, series, celsius in samples for span in there.place(at_ms, series, celsius))
    for at_ms, low, high, gap_ms in spans:
        held_from, until = max(last_ms, from_ms), min(at_ms, to_ms)
        if last_c is not None and at_ms - last_ms <= gap_ms and until > held_from:
            part.known_ms += until - held_from
            part.outside_ms += until - held_from if kept.side(last_c) else 0
            total += last_c * (until - held_from)
            whole.add(held_from, until, last_c)
            window.add(held_from, until, last_c)
            if until - looked_ms >= KINETIC_STEP_MS and window.ms >= window.window_ms / 2:
                looked_ms, mean = until, window.celsius()
                assert mean is not None, "half of the window is known"
                part.kinetic_worst_c = max(mean, part.kinetic_worst_c if part.kinetic_worst_c is not None else mean)
        elif until - held_from > GAP_MS:
            _gap(part, held_from, until)
        last_ms, last_c = at_ms, worst(low, high, kept)
        if at_ms >= to_ms:
            break
        if at_ms < from_ms:
            continue
        part.samples += 1
        if part.min_c is None or low < part.min_c:
            part.min_c, part.min_ms = low, at_ms
        if part.max_c is None or high > part.max_c:
            part.max_c, part.max_ms = high, at_ms
        place = (at_ms - from_ms) // width
        was = buckets.get(place, (low, high))
        buckets[place] = (min(was[0], low), max(was[1], high))
    if to_ms - max(last_ms, from_ms) > max((there.held_ms(one) for one in there.last), default=GAP_MS):
        _gap(part, max(last_ms, from_ms), to_ms)
    part.mean_c = total / part.known_ms if part.known_ms else None
    part.kinetic_c = whole.celsius()
    part.curve = [Point(from_ms + place * width, *span) for place, span in sorted(buckets.items())]
    return part


def happened(part: Part, excursions: Sequence[ExcursionView], sku: str = "", lot: str = "") -> Part:
    """The part with what is in the dossier of its time; of a lot, without what is another lot's alone."""
    for one in sorted(excursions, key=lambda each: each.began_ms):
        ended = one.ended_ms or part.to_ms
        if (one.zone, one.storage) != (part.zone, part.storage) or one.began_ms >= part.to_ms or ended < part.from_ms:
            continue
        if sku and one.sku and (one.sku, one.lot) != (sku, lot):
            continue
        (part.defrosts if one.kind == "defrost" else part.excursions).append(_of_lot(one, sku, lot) if sku else one)
    return part


def _of_lot(one: ExcursionView, sku: str, lot: str) -> ExcursionView:
    """An excursion as one lot's paper tells it: its lines and signatures alone, and those of units of which nobody
    knows the lot."""
    lines = [line for line in one.lines if line.sku == sku and line.lot in ("", lot)]
    mine = {line.number for line in lines}
    signed = [replace(sign, lines=[n for n in sign.lines if n in mine]) for sign in one.signatures]
    state: Literal["", "open", "decided"] = "open" if any(not line.decision for line in lines) else "decided"
    return replace(one, lines=lines, signatures=[sign for sign in signed if sign.lines], state=state if lines else "")


def period(asked: Asked, first_ms: int, now_ms: int) -> tuple[int, int]:
    """From when until when; `first_ms` is where it begins if nobody says so. Raises `ValueError`."""
    to_ms = asked.to_ms or now_ms
    from_ms = asked.from_ms or min(first_ms, to_ms - 1)
    if from_ms >= to_ms:
        raise ValueError("a report's period ends after it begins")
    if to_ms - from_ms > DAYS_MAX * DAY_MS:
        raise ValueError(f"a report is of {DAYS_MAX} days at most")
    return from_ms, to_ms


def _gap(part: Part, from_ms: int, to_ms: int) -> None:
    part.gap_count += 1
    if len(part.gaps) < GAPS_MAX:
        part.gaps.append(Gap(from_ms, to_ms))
