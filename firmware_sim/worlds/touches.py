"""A scale under people's hands, sample by sample: leaning, ringing, footsteps, touches that change nothing.

For judging when a mass counts as steady. Ten samples a second, as an HX711 gives them, told in messages of one second.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from firmware_sim.physics.loadcell import LoadCell, Touch, load_at, read

TUNING_SEEDS = (1, 2, 3)
REPORT_SEEDS = (9201, 9202, 9203, 9204)
SAMPLE_MS = 100
RING_MS = 500
"""A load that was let go rings so long (to a hundredth of the change); only then it is at rest."""
STEPS_G = (-750.0, -250.0, -250.0, -60.0, -30.0, 0.0, 0.0, 0.0, 30.0, 60.0, 250.0, 250.0, 750.0)
"""What a touch changes: nothing, now and then."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What the cell told, and what was so."""

    first_ms: int
    samples: NDArray[np.float64]
    """g, `SAMPLE_MS` apart."""
    noise_g: float
    before_g: float
    touches: list[Touch]
    shaken: list[tuple[int, int]]
    """When the floor shook, from and to."""

    def load_g(self, at_ms: int) -> float:
        """The load that lies there, hands aside."""
        done = [touch.after_g for touch in self.touches if touch.end_ms <= at_ms]
        return done[-1] if done else self.before_g

    def rests(self) -> list[tuple[int, int]]:
        """After every touch: since when the load is at rest, and until when. Rests under 2.5 s are none."""
        ends = [(touch.start_ms, touch.end_ms + RING_MS) for touch in self.touches]
        found = []
        for (_, since_ms), (until_ms, _) in pairwise([*ends, (self.first_ms + len(self.samples) * SAMPLE_MS, 0)]):
            for shaken_ms, calm_ms in self.shaken:
                if shaken_ms < since_ms + 2_500 and calm_ms > since_ms:
                    since_ms = calm_ms
            if until_ms - since_ms >= 2_500:
                found.append((since_ms, until_ms))
        return found


def handle(touches: int, rng: Generator, noise_g: float = 1.0) -> Handling:
    """So many touches, 1-4 s each with a bump of 0.3-3 kg, some in quick succession; footsteps shake the floor between.

    The load is heavy enough never to run out.
    """
    first_ms, load_g = 1_000_000, 6_000.0
    at_ms, told, shaken = first_ms + 5_000, [], []
    for _ in range(touches):
        pause_ms = rng.choice((800, 2_500, 8_000, 20_000), p=(0.1, 0.2, 0.4, 0.3)) * rng.uniform(0.8, 1.5)
        if pause_ms > 6_000 and rng.random() < 0.4:
            from_ms = int(at_ms + rng.uniform(0, 0.5) * pause_ms)
            shaken.append((from_ms, from_ms + int(rng.uniform(800, 3_000))))
        start_ms = int(at_ms + pause_ms)
        end_ms = start_ms + int(rng.uniform(1_000, 4_000))
        after_g = max(1_000.0, load_g + float(rng.choice(STEPS_G)))
        told.append(Touch(start_ms, end_ms, float(rng.choice((-1, 1)) * rng.uniform(300, 3_000)), load_g, after_g))
        at_ms, load_g = end_ms, after_g
    times_ms = np.arange(first_ms, at_ms + 8_000, SAMPLE_MS, dtype=np.float64)
    cell = LoadCell(noise_g=noise_g)
    samples = read(cell, _loads(times_ms, told, rng), False, 20.0, rng)
    for from_ms, to_ms in shaken:
        held = (times_ms >= from_ms) & (times_ms < to_ms)
        hertz, size_g = rng.uniform(2.0, 4.0), rng.uniform(3.0, 30.0)
        samples[held] += size_g * np.sin(2 * np.pi * hertz * (times_ms[held] - from_ms) / 1000.0)
    return Handling(first_ms, samples, noise_g, 6_000.0, told, shaken)


def _loads(times_ms: NDArray[np.float64], touches: list[Touch], rng: Generator) -> NDArray[np.float64]:
    """`load_at`, touch by touch: each sees the samples from its start to the next one's."""
    edges = [times_ms[0], *(touch.start_ms for touch in touches[1:]), np.inf]
    loads = [
        load_at(times_ms[(times_ms >= low) & (times_ms < high)], touch.before_g, [touch], rng)
        for touch, (low, high) in zip(touches, pairwise(edges), strict=True)
    ]
    return np.concatenate(loads)
