"""Those who speak and have no place at the site: kept with what they last told, so that people know them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from protocols.fieldwork import Met
from protocols.readings import Decoded, Quantity, Reading, TagReads
from protocols.topics import Kind

STRANGERS_MAX = 1000
"""Strangers remembered; beyond it the one that was silent longest is forgotten."""
TOLD_MS = 3_600_000
SAYS_MAX = 12
CHANNELS_MAX = 16
KINDS: Mapping[Quantity, Kind] = {
    "mass_g": "shelf",
    "mass_change_g": "shelf",
    "power_w": "machine",
    "current_a": "machine",
    "energy_wh": "machine",
    "vibration_g": "machine",
    "vibration_mm_s": "machine",
    "temperature_c": "climate",
    "humidity_pct": "climate",
    "door_open": "climate",
}
SURE: tuple[Kind, ...] = ("climate", "machine", "shelf", "rfid")
"""Which kind is believed where several would fit: machines feel warmth too."""

Key = tuple[str, str]
"""Source ("" for our own format) and address."""


class Strangers:
    """All of one gateway, since its start."""

    def __init__(self) -> None:
        self.met: dict[Key, Met] = {}
        self._told_ms: dict[Key, int] = {}

    def meet(self, source: str, address: str, said: Iterable[Decoded], now_ms: int) -> bool:
        """It spoke; whether that is to be told as a problem, which it is once an hour: a neighbour that talks all day
        would push every other problem out of the quarantine."""
        key = (source, address)
        one = self.met.pop(key, None) or Met(source, address, now_ms, now_ms)
        self.met[key] = one
        one.at_ms = now_ms
        one.messages += 1
        for part in said:
            _learn(one, part)
        if len(self.met) > STRANGERS_MAX:
            oldest = next(iter(self.met))
            del self.met[oldest]
            self._told_ms.pop(oldest, None)
        if now_ms - self._told_ms.get(key, -TOLD_MS) < TOLD_MS:
            return False
        self._told_ms[key] = now_ms
        return True

    def forget(self, source: str, address: str) -> None:
        """It has a place now."""
        self.met.pop((source, address), None)
        self._told_ms.pop((source, address), None)


def _learn(one: Met, said: Decoded) -> None:
    if isinstance(said, TagReads):
        one.kind, one.fits = "rfid", ["rfid"]
        one.says["tags"] = float(len(said.reads))
    elif isinstance(said, Reading):
        kind = KINDS.get(said.quantity)
        if kind is not None and (not one.kind or SURE.index(kind) > SURE.index(one.kind)):
            one.kind = kind
        if kind is not None and kind not in one.fits:
            one.fits = _fitting(one.kind, {*one.fits, kind})
        if said.quantity in one.says or len(one.says) < SAYS_MAX:
            one.says[said.quantity] = said.values[-1]
        if said.channel not in one.channels and len(one.channels) < CHANNELS_MAX:
            one.channels.append(said.channel)


def _fitting(kind: Kind | Literal[""], measured: set[Kind]) -> list[Kind]:
    """What measures a room and feels a shake too may stand in the room. What measures warmth alone tells nothing of a
    machine."""
    return [one for one in SURE if one == kind or (one == "climate" and kind == "machine" and one in measured)]
