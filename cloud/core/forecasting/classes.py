"""Classes of demand: how it comes (Syntetos & Boylan), what it is worth (ABC), how much it varies (XYZ)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cloud.core.forecasting.history import Array, Counts, Flags, History

CLASSES = ("none", "new", "dying", "smooth", "erratic", "intermittent", "lumpy")
"""What `Pattern.kind` counts: no demand yet; too young to tell; selling less and less; and by ADI and CV^2."""
NONE, NEW, DYING, SMOOTH, ERRATIC, INTERMITTENT, LUMPY = range(len(CLASSES))
ADI_LIMIT = 1.32
CV2_LIMIT = 0.49
"""Syntetos, Boylan & Croston 2005."""
NEW_DAYS = 56
"""With fewer known days an SKU is new."""
DYING_WINDOWS_DAYS = (28, 56, 112)
DYING_Z = -3.0
DYING_RATIO = 0.5
"""Dying: in one of these last windows demand came on fewer days than before, so that many standard errors, and sold
less than this share of what it did."""
ABC_SHARES = (0.80, 0.95)
XYZ_LIMITS = (0.5, 1.0)
XYZ_DAYS = 7
"""XYZ goes by the demand of weeks: nearly every SKU's single days vary more than the limits."""
WEEK_KNOWN_DAYS = 4


class Pattern(NamedTuple):
    """Of each row: the index in `CLASSES`, the average inter-demand interval (known days a day with demand; inf without
    any), the squared coefficient of variation of the days with demand, and how far the last days fall short (z)."""

    kind: Counts
    adi: Array
    cv2: Array
    falling: Array


def patterns(history: History) -> Pattern:
    """How the demand of each row comes. Days not known count neither as demand nor as none."""
    units, known, days = history
    sold = units > 0
    times = sold.sum(axis=1)
    adi = np.where(times > 0, days / np.maximum(times, 1), np.inf)
    size = units.sum(axis=1) / np.maximum(times, 1)
    spread = np.maximum((units * units).sum(axis=1) / np.maximum(times, 1) - size * size, 0.0)
    cv2 = np.where(times > 0, spread / np.maximum(size * size, 1e-300), 0.0)
    falling = _falling(units, known, sold)
    often, alike = adi < ADI_LIMIT, cv2 < CV2_LIMIT
    kind = np.where(often, np.where(alike, SMOOTH, ERRATIC), np.where(alike, INTERMITTENT, LUMPY))
    kind = np.where(falling < DYING_Z, DYING, kind)
    kind = np.where(days < NEW_DAYS, NEW, kind)
    return Pattern(np.where(times == 0, NONE, kind), adi, cv2, falling)


def _falling(units: Array, known: Flags, sold: Flags) -> Array:
    """The lowest z of the days with demand in a last window against all before it, where demand fell by the ratio."""
    lowest = np.zeros(len(units))
    columns = units.shape[1]
    for window in DYING_WINDOWS_DAYS:
        if columns <= window:
            break
        cut = columns - window
        now, then = known[:, cut:].sum(axis=1), known[:, :cut].sum(axis=1)
        chance = (sold[:, :cut].sum(axis=1) + 0.5) / (then + 1.0)
        error = np.sqrt(now * chance * (1 - chance) * (1 + now / np.maximum(then, 1)))
        z = (sold[:, cut:].sum(axis=1) - now * chance) / np.maximum(error, 1e-9)
        rate_now = units[:, cut:].sum(axis=1) / np.maximum(now, 1)
        rate_then = units[:, :cut].sum(axis=1) / np.maximum(then, 1)
        fell = (then >= window) & (now > 0) & (rate_now < DYING_RATIO * rate_then)
        lowest = np.where(fell, np.minimum(lowest, z), lowest)
    return lowest


def abc(values: Array | Sequence[float]) -> list[str]:
    """A, B or C of each SKU by its yearly value: from the dearest down, A until 80 % of the whole, B until 95 %.

    The SKU that crosses a limit still belongs to the class above it; without any value all are C.
    """
    values = np.asarray(values, dtype=np.float64)
    whole = float(values.sum())
    if whole <= 0:
        return ["C"] * len(values)
    order = np.argsort(-values, kind="stable")
    before = np.cumsum(values[order]) - values[order]
    classes = np.empty(len(values), dtype="<U1")
    classes[order] = np.where(before < ABC_SHARES[0] * whole, "A", np.where(before < ABC_SHARES[1] * whole, "B", "C"))
    classes[values <= 0] = "C"
    return [str(one) for one in classes]


def xyz(history: History) -> list[str]:
    """X, Y or Z of each SKU: its weeks' demand varies (sd over mean) by less than 0.5, less than 1, more.

    A week of which some days are not known is taken for as many days as are; of less than 4, not at all. Z is also
    what has sold nothing, or is known for fewer than 2 weeks.
    """
    units, known, _ = history
    rows, columns = units.shape
    weeks = columns // XYZ_DAYS
    cut = columns - weeks * XYZ_DAYS
    days = known[:, cut:].reshape(rows, weeks, XYZ_DAYS).sum(axis=2)
    there = days >= WEEK_KNOWN_DAYS
    sums = units[:, cut:].reshape(rows, weeks, XYZ_DAYS).sum(axis=2) * XYZ_DAYS / np.maximum(days, 1)
    count = there.sum(axis=1)
    mean = (sums * there).sum(axis=1) / np.maximum(count, 1)
    variance = (np.square(sums - mean[:, None]) * there).sum(axis=1) / np.maximum(count - 1, 1)
    varies = np.where((mean > 0) & (count > 1), np.sqrt(variance) / np.maximum(mean, 1e-300), np.inf)
    return ["X" if one < XYZ_LIMITS[0] else "Y" if one < XYZ_LIMITS[1] else "Z" for one in varies]
