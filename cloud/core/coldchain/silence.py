"""Until when a room counts as watched by what its thermometers told last: each by its own spacing."""

from __future__ import annotations

from cloud.core.coldchain.thermometers import Thermometers
from protocols.excursions import GAP_MS, PATIENCE


def watched_ms(thermometers: Thermometers) -> int:
    """A thermometer is waited for as long as 2.5 of its intervals, and for 30 minutes at least; 0: none ever told."""
    return max(
        (
            at_ms + round(max(GAP_MS, PATIENCE * max(thermometers.paces.get(series, (0,)))))
            for series, at_ms in thermometers.newest.items()
        ),
        default=0,
    )
