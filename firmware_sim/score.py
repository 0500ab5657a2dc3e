"""The scoreboard: what was estimated against what was true, beside the naive anchor of rounding the weight.

Scored is every stretch of time in which a slot's true count stood still for at least `settle_ms`, up to the next
touch that changed it: what did the system say at its end? So a figure does not depend on how often estimates were
printed. Confidence and abstentions are scored too; intervals (bootstrap, 95 %) are over slots, not over samples.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import msgspec
import numpy as np

from protocols.layout import Site

SETTLE_MS = 5_000
STEADY_NOISES = 8.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A slot's count stood at `count` from `since_ms` to `until_ms`."""

    slot: str
    count: int
    since_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was said of a slot at a time; `count` None is an abstention.

    An estimate stands until the next one. A stock event (`standing` False) speaks for the stretch it falls into: later
    silence may as well mean that the count is no longer known.
    """

    at_ms: int
    count: int | None
    low: int
    high: int
    confidence: float
    standing: bool = True


class Score(msgspec.Struct, frozen=True):
    """Shares of stretches (0..1); None where there is nothing to divide by. `exact` counts an abstention as wrong."""

    stretches: int
    answered: float | None
    claimed: float | None
    exact: float | None
    exact_low: float | None
    exact_high: float | None
    right_when_claimed: float | None
    mae: float | None
    coverage: float | None
    width: float | None
    calibration_error: float | None
    naive_exact: float | None
    naive_mae: float | None


def stretches(truth: Iterable[Mapping[str, Any]], end_ms: int, settle_ms: int = SETTLE_MS) -> list[Stretch]:
    """The settled stretches of a truth file's slot lines."""
    open_since: dict[str, tuple[int, int]] = {}
    found = []
    for row in sorted((row for row in truth if "slot" in row), key=lambda row: int(row["at_ms"])):
        slot, at_ms = str(row["slot"]), int(row["at_ms"])
        if slot in open_since:
            count, since_ms = open_since[slot]
            found.append(Stretch(slot, count, since_ms, int(row.get("touched_ms", at_ms))))
        open_since[slot] = (int(row["count"]), at_ms)
    found += [Stretch(slot, count, since_ms, end_ms) for slot, (count, since_ms) in open_since.items()]
    return [stretch for stretch in found if stretch.until_ms - stretch.since_ms >= settle_ms]


def estimates(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Estimate]]:
    """Estimates (or stock events, which claim their count) per slot, in order of time."""
    said: dict[str, list[Estimate]] = {}
    for row in rows:
        if "slot" not in row or "at_ms" not in row or "count" not in row:
            continue
        count = None if row["count"] is None else int(row["count"])
        low, high = int(row.get("low", count or 0)), int(row.get("high", count or 0))
        confidence = float(row.get("confidence", 1.0))
        one = Estimate(int(row["at_ms"]), count, low, high, confidence, "delta" not in row)
        said.setdefault(str(row["slot"]), []).append(one)
    for each in said.values():
        each.sort(key=lambda one: one.at_ms)
    return said


def naive(site: Site, messages: Iterable[tuple[int, str, bytes]]) -> dict[str, list[Estimate]]:
    """The anchor: the median of each steady shelf message, less tare, over the unit mass, rounded.

    Steady: its samples lie within 8 of the cell's noise; a message of one sample counts as steady.
    """
    said: dict[str, list[Estimate]] = {}
    for at_ms, topic, payload in messages:
        if not topic.endswith("/shelf"):
            continue
        body = msgspec.json.decode(payload)
        slot = site.slot_by_channel.get((topic.split("/")[3], str(body.get("channel", "1"))))
        if slot is None:
            continue
        values = body.get("values") or [body["value"]]
        if max(values) - min(values) > STEADY_NOISES * site.device_by_id[slot.device].noise_g:
            continue
        mass_g = median(values) - slot.tare_g
        count = max(0, round(mass_g / site.sku_by_id[slot.sku].unit_mass_g))
        said.setdefault(slot.id, []).append(Estimate(at_ms, count, count, count, 1.0))
    return said


def _answer(said: list[Estimate], stretch: Stretch) -> Estimate | None:
    """The last word before the stretch's end, if it holds for it."""
    i = bisect_left(said, stretch.until_ms, key=lambda one: one.at_ms)
    if i == 0 or not (said[i - 1].standing or said[i - 1].at_ms >= stretch.since_ms):
        return None
    return said[i - 1]


def score(
    true: list[Stretch], said: Mapping[str, list[Estimate]], anchor: Mapping[str, list[Estimate]] | None = None
) -> Score:
    """Compare. `anchor` is what naive rounding said of the same messages, where they are at hand."""
    pairs = [(stretch, _answer(said.get(stretch.slot, []), stretch)) for stretch in true]
    answers = [(stretch, one) for stretch, one in pairs if one is not None]
    claims = [(stretch, one, one.count) for stretch, one in answers if one.count is not None]
    exact: dict[str, list[bool]] = {}
    for stretch, guess in pairs:
        exact.setdefault(stretch.slot, []).append(guess is not None and guess.count == stretch.count)
    low, high = _bootstrap(list(exact.values()))
    naive_errors = []
    for stretch in true:
        guess = _answer((anchor or {}).get(stretch.slot, []), stretch)
        if guess is not None and guess.count is not None:
            naive_errors.append(abs(guess.count - stretch.count))
    return Score(
        len(true),
        _share(len(answers), len(true)),
        _share(len(claims), len(true)),
        _share(sum(sum(each) for each in exact.values()), len(true)),
        low,
        high,
        _share(sum(count == stretch.count for stretch, _, count in claims), len(claims)),
        _share(sum(abs(count - stretch.count) for stretch, _, count in claims), len(claims)),
        _share(sum(one.low <= stretch.count <= one.high for stretch, one in answers), len(answers)),
        _share(sum(one.high - one.low for _, one in answers), len(answers)),
        _calibration([(one.confidence, count == stretch.count) for stretch, one, count in claims]),
        _share(sum(error == 0 for error in naive_errors), len(naive_errors)),
        _share(sum(naive_errors), len(naive_errors)),
    )


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _bootstrap(slots: list[list[bool]], rounds: int = 500) -> tuple[float | None, float | None]:
    """The 95 % interval of the exact share when slots are drawn anew."""
    if len(slots) < 2:
        return None, None
    right = np.array([sum(each) for each in slots])
    total = np.array([len(each) for each in slots])
    drawn = np.random.default_rng(0).integers(0, len(slots), (rounds, len(slots)))
    shares = right[drawn].sum(axis=1) / total[drawn].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return round(float(low), 6), round(float(high), 6)


def _calibration(claims: list[tuple[float, bool]], bins: int = 10) -> float | None:
    """Expected calibration error: how far the mean confidence stands from the share right, over ten bins."""
    if not claims:
        return None
    boxes: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in claims:
        boxes.setdefault(min(bins - 1, int(confidence * bins)), []).append((confidence, right))
    gaps = [abs(sum(c for c, _ in box) - sum(r for _, r in box)) for box in boxes.values()]
    return round(sum(gaps) / len(claims), 6)
