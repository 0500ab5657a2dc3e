"""What each antenna of each reader hears: reads a minute, distinct tags, their strength. So a dying one is known."""

from __future__ import annotations

from math import inf

from protocols.layout import Device
from protocols.readings import TagRead
from protocols.reports import Series

EVERY_MS = 5 * 60_000
READS, TAGS, STRENGTH = "reads_min", "tags_seen", "tags_dbm"
TAGS_MAX = 20_000
"""Tags that are told apart of one antenna in that time; further ones are counted as reads only."""
ANTENNAS_MAX = 64
"""Antennas of one reader; what others hear is left out."""


class Heard:
    """One antenna since the last telling."""

    __slots__ = ("reads", "tags")

    def __init__(self) -> None:
        self.reads = 0
        self.tags: dict[str, float] = {}
        """Each tag's strongest read (dBm), -inf where nobody told how strong."""

    def figures(self, minutes: float) -> list[tuple[str, float]]:
        """Each quantity of so many minutes; the strength first, for the others complete what is told of a moment."""
        strong = [dbm for dbm in self.tags.values() if dbm > -inf]
        mean = [(STRENGTH, sum(strong) / len(strong))] if strong else []
        return [*mean, (READS, self.reads / minutes), (TAGS, float(len(self.tags)))]


class Antennas:
    """Every antenna that was heard since the gateway started. It begins anew with it: five minutes are nothing lost."""

    def __init__(self) -> None:
        self._heard: dict[str, dict[int, Heard]] = {}
        self._told_ms: dict[str, int] = {}

    def hear(self, device: Device, reads: list[TagRead]) -> None:
        """The reads of one message."""
        antennas = self._heard.get(device.id)
        if antennas is None:
            antennas = self._heard[device.id] = {int(number): Heard() for number in device.antennas}
            antennas |= {number: Heard() for number in (*device.outer, *device.inner)}
        number, one = -1, None
        for read in reads:
            if read.antenna != number:
                number = read.antenna
                one = antennas.get(number)
                if one is None and len(antennas) < ANTENNAS_MAX:
                    one = antennas[number] = Heard()
            if one is not None:
                one.reads += read.seen
                best, dbm = one.tags.get(read.epc), read.rssi_dbm
                if best is None:
                    if len(one.tags) < TAGS_MAX:
                        one.tags[read.epc] = -inf if dbm is None else dbm
                elif dbm is not None and dbm > best:
                    one.tags[read.epc] = dbm

    def pass_time(self, device: Device, now_ms: int) -> list[Series]:
        """What each antenna of a reader that speaks heard, when it is time to say it; 0 too."""
        antennas = self._heard.get(device.id)
        began_ms = self._told_ms.setdefault(device.id, now_ms)
        if now_ms - began_ms < EVERY_MS and now_ms >= began_ms:
            return []
        self._told_ms[device.id] = now_ms
        minutes = (now_ms - began_ms) / 60_000
        told = []
        if antennas is not None and EVERY_MS / 60_000 <= minutes < 2 * EVERY_MS / 60_000:  # else: nobody listened
            for number, one in sorted(antennas.items()):
                zone = device.antennas.get(str(number), device.zone)
                for quantity, value in one.figures(minutes):
                    told.append(Series(device.id, str(number), quantity, zone, now_ms, [0], [round(value, 3)], now_ms))
        for one in (antennas or {}).values():
            one.reads, one.tags = 0, {}
        return told

    def forget(self, device: str) -> None:
        """The reader does not speak: what it heard before says nothing of the time it was away."""
        self._told_ms.pop(device, None)
        for one in self._heard.get(device, {}).values():
            one.reads, one.tags = 0, {}
