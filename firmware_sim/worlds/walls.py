"""Tags of a zone and tags behind its wall, as one reader with several antennas hears them: reads and signal strengths.

Physics: a passive tag answers when the power that reaches it wakes its chip (about -17 dBm); what comes back has gone
the way twice, so that a wall costs twice its loss. Log-distance loss about 866 MHz (31 dB at 1 m), a loss by how the
tag is turned, shadows that differ by antenna, and fading over time that is stronger behind a wall, where people walk
through the path. Layouts differ in size, antennas, power and wall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

TUNING_LAYOUTS = range(100, 220)
REPORT_LAYOUTS = range(9500, 9560)

WALLS_DB = {"plasterboard": 3.0, "wood": 5.0, "brick": 8.0, "concrete": 12.0}
"""Loss of one way through, in dB (ITU-R P.2040 gives 2 to 4 for board, 4 to 7 for wood, 6 to 12 for brick)."""
EIRP_DBM = (29.0, 36.0)
CHIP_DBM = (-23.0, -15.0)
LOSS_1M_DB = 31.0
BACK_DB = 6.0
"""Lost in the tag's answer beside the way."""
GAIN_DB = 6.0
ABOVE_M = 1.2
"""How far above the tags the antennas hang, over the middle of the zone."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One place: antennas over a zone, a wall, and goods behind it. Lengths in metres."""

    wall_db: float
    width_m: float
    depth_m: float
    antennas: int
    behind_m: float
    """How far from the wall the goods behind it begin."""
    exponent: float
    eirp_dbm: float
    chip_dbm: float


@dataclass(frozen=True, slots=True)
class Fading:
    """How signals waver: spread in dB one way, here and behind the wall; how much is left after an epoch."""

    here_db: float = 1.0
    behind_db: float = 1.8
    memory: float = 0.8


BUSY, QUIET = Fading(), Fading(behind_db=1.0, memory=0.0)
"""People walk behind the wall; and a wall behind which nothing moves, so that only the place tells."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard of each tag: `own[i]` is whether it stands in the zone; `rssi_dbm[t, i]` is the strongest read of
    epoch t, NaN where there was none."""

    own: NDArray[np.bool_]
    rssi_dbm: NDArray[np.float64]


def layout(rng: Generator, wall_db: float | None = None) -> Layout:
    """A place drawn at random; with a wall of any kind when none is given."""
    if wall_db is None:
        wall_db = float(rng.choice(list(WALLS_DB.values())))
    return Layout(
        wall_db + float(rng.normal(0.0, 0.7)),
        float(rng.uniform(3.0, 6.0)),
        float(rng.uniform(2.5, 5.0)),
        int(rng.integers(1, 5)),
        float(rng.uniform(0.2, 2.0)),
        float(rng.uniform(2.0, 2.5)),
        float(rng.uniform(*EIRP_DBM)),
        float(rng.uniform(*CHIP_DBM)),
    )


def hear(
    place: Layout, own: int, strays: int, epochs: int, rng: Generator, standing: float = 0.0, fading: Fading = BUSY
) -> Hearing:
    """`own` tags that are carried into the zone and `strays` behind its wall, over `epochs` epochs.

    A tag is carried for 4 to 12 epochs, turning as it goes, and stands then; half of the strays, and `standing` of the
    tags of the zone, stood there all along.
    """
    size = own + strays
    kinds = np.arange(size) < own
    begins = np.where(kinds, 0.0, place.depth_m + place.behind_m)
    deep = np.where(kinds, place.depth_m, 4.0)
    carried = np.where(rng.random(size) < np.where(kinds, 1.0 - standing, 0.5), rng.integers(4, 13, size), 0)
    steps = np.clip(np.arange(epochs)[:, None] / np.maximum(carried, 1), 0.0, 1.0)
    steps[:, carried == 0] = 1.0
    x = _way(rng.uniform(0.0, place.width_m, (2, size)), steps)
    y = _way(begins + deep * rng.uniform(0.0, 1.0, (2, size)), steps)
    turned = np.minimum(rng.exponential(2.5, (epochs, size)), 15.0)
    turned = np.where(steps < 1.0, turned, np.minimum(rng.exponential(2.5, size), 15.0))
    strongest = np.full((epochs, size), np.nan)
    for antenna in range(place.antennas):
        at = (antenna + 0.5) / place.antennas * place.width_m
        away = np.sqrt((x - at) ** 2 + (y - 0.5 * place.depth_m) ** 2 + ABOVE_M**2)
        oneway = 10.0 * place.exponent * np.log10(np.maximum(away, 0.5)) + LOSS_1M_DB + rng.normal(0.0, 2.0, size)
        oneway += turned + np.where(kinds, 0.0, place.wall_db)
        fade = _fading(epochs, np.where(kinds, fading.here_db, fading.behind_db), fading.memory, rng)
        reaching = place.eirp_dbm - oneway + fade
        answers = rng.random(reaching.shape) < 0.95 / (1.0 + np.exp(-(reaching - place.chip_dbm) / 0.8))
        back = reaching - BACK_DB - oneway + fade + GAIN_DB + rng.normal(0.0, 0.8, reaching.shape)
        strongest = np.fmax(strongest, np.where(answers, np.round(back * 2) / 2, np.nan))
    return Hearing(kinds, strongest)


def _way(ends: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    way: NDArray[np.float64] = ends[0] + (ends[1] - ends[0]) * steps
    return way


def _fading(epochs: int, sd_db: NDArray[np.float64], memory: float, rng: Generator) -> NDArray[np.float64]:
    """Slow fading: a first-order process."""
    fade = np.zeros((epochs, len(sd_db)))
    now = rng.normal(0.0, sd_db)
    for epoch in range(epochs):
        now = memory * now + (1.0 - memory**2) ** 0.5 * rng.normal(0.0, sd_db)
        fade[epoch] = now
    return fade
