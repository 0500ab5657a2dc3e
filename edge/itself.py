"""How the gateway itself is: its outbox and disk, looked at now and then, its links and its clock, as they are now."""

from __future__ import annotations

import time

from edge.clock import Clock
from edge.core.alarms import Own
from edge.core.decoding import Decoder
from edge.mqtt import Mqtt
from edge.store import LaneBook, Outlook, Store
from edge.uplink import Uplink
from protocols.reports import Lane


class Itself:
    """What the gateway's own alarms rest on."""

    def __init__(
        self, name: str, store: Store, mqtt: Mqtt, uplink: Uplink | None, clock: Clock, decoder: Decoder
    ) -> None:
        self._name, self._store, self._mqtt, self._uplink = name, store, mqtt, uplink
        self._clock, self._decoder = clock, decoder
        self._share = 0.0
        self._room: Outlook | None = None

    def look(self, now_ms: int) -> dict[Lane, LaneBook]:
        """How full outbox and disk are. To be run in the store's thread."""
        book = self._store.book()
        self._share = sum(lane.bytes for lane in book.values()) / self._store.outbox_bytes_max
        self._room = self._store.outlook(now_ms)
        return book

    def own(self, stalled_ms: int) -> Own:
        """Now; `stalled_ms`: since when the store takes nothing, 0 when it does."""
        clock, uplink, room = self._clock, self._uplink, self._room
        off_s = clock.off_ms() / 1000
        linked = uplink is not None and uplink.connected
        devices_ahead_ms = self._decoder.voices.ahead_ms(clock.now_ms())
        if devices_ahead_ms is not None:
            clock.heard(clock.now_ms() + devices_ahead_ms)
        if linked and uplink is not None and uplink.clock_offset_ms is not None:
            clock.told(time.time_ns() // 1_000_000 + uplink.clock_offset_ms)
        return Own(
            self._name,
            self._mqtt.connected,
            linked,
            max(self._share, 1.0) if self._store.full else self._share,
            stalled_ms,
            off_s,
            room.hours if room is not None else None,
            (room.disk_free_bytes, room.disk_bytes) if room is not None else None,
            uplink.silent_ms if uplink is not None else None,
            uplink is None or uplink.reached,
        )
