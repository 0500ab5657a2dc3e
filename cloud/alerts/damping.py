"""How restless an alert is: a penalty each time it comes, which halves with time, as routes of the internet are damped.

RFC 2439: above one limit it counts as flapping, until it has fallen below a lower one. Flapping is no reason to say
nothing; it is one alert that stays until there is calm, instead of many.
"""

from __future__ import annotations

from collections.abc import Mapping

PENALTY, HALVED_MS = 1_000.0, 15 * 60_000
FLAPPING, CALM = 2_000.0, 750.0
CEILING = 12_000.0
"""A penalty is no larger: after an hour of calm nothing is restless any more, however long it was."""
KEPT = 100.0
"""A smaller penalty is forgotten."""

Flaps = dict[tuple[str, str], tuple[float, int, bool]]
"""By (rule, subject): the penalty, as of when, and whether it counted as flapping then."""


def kept(flaps: Mapping[tuple[str, str], tuple[float, int, bool]], now_ms: int) -> Flaps:
    """A copy; what has long been calm is forgotten. Once a step, however many come in it."""
    return {one: seen for one, seen in flaps.items() if _now(seen, now_ms) >= KEPT}


def came(flaps: Flaps, key: tuple[str, str], now_ms: int) -> None:
    """It came once more: noted in `flaps`."""
    penalty = min(CEILING, _now(flaps[key], now_ms) + PENALTY) if key in flaps else PENALTY
    flaps[key] = (penalty, now_ms, penalty >= FLAPPING or is_restless(flaps, key, now_ms))


def is_restless(flaps: Mapping[tuple[str, str], tuple[float, int, bool]], key: tuple[str, str], now_ms: int) -> bool:
    """Whether it comes and goes, and is not over before it was calm for a while."""
    seen = flaps.get(key)
    return seen is not None and seen[2] and _now(seen, now_ms) >= CALM


def _now(seen: tuple[float, int, bool], now_ms: int) -> float:
    penalty, at_ms, _ = seen
    return float(penalty * 0.5 ** (max(0, now_ms - at_ms) / HALVED_MS))
