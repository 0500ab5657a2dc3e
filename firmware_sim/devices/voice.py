"""How a native device speaks: boot number, message counter, and messages stamped with both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from protocols.topics import spell

FIRMWARE = "1.2.0"


class Message(NamedTuple):
    """One MQTT message: when the device sends it, and what."""

    at_ms: int
    device: str
    topic: str
    payload: bytes
    retain: bool = False


@dataclass(slots=True)
class Voice:
    """One device's identity on the wire. `seq` counts its data messages since `boot`."""

    site: str
    device: str
    kind: str
    boot: int = 1
    seq: int = 0
    battery_pct: float | None = None

    def data(self, at_ms: int, ts_ms: int, body: dict[str, object]) -> Message:
        """A data message sent at `at_ms`; its first sample is from `ts_ms`."""
        head: dict[str, object] = {"boot": self.boot, "seq": self.seq, "ts": ts_ms}
        self.seq += 1
        payload = msgspec.json.encode(head | body)
        return Message(at_ms, self.device, spell(self.site, self.device, self.kind), payload)

    def status(self, at_ms: int, online: bool = True) -> Message:
        """The retained word that the device is there, or goes."""
        body: dict[str, object] = {"boot": self.boot, "online": online}
        if online:
            body |= {"ts": at_ms, "firmware": FIRMWARE}
            if self.battery_pct is not None:
                body["battery"] = round(self.battery_pct)
        payload = msgspec.json.encode(body)
        return Message(at_ms, self.device, spell(self.site, self.device, "status"), payload, retain=True)

    def ack(self, at_ms: int, id: str, error: str = "") -> Message:
        """The answer to a command."""
        body = {"id": id, "ok": False, "error": error} if error else {"id": id, "ok": True}
        return Message(at_ms, self.device, spell(self.site, self.device, "ack"), msgspec.json.encode(body))


class Device(Protocol):
    """What the warehouse asks of any device."""

    voice: Voice
    next_ms: int

    def tick(self, now_ms: int) -> list[Message]:
        """What the device says at `next_ms`; plans the next time."""

    def go_live(self, now_ms: int) -> list[Message]:
        """The buffered past ends here: hand in what is left of it, then speak as things happen."""

    def obey(self, command: str, args: dict[str, object], now_ms: int) -> str:
        """Do as told; "" or what was wrong."""
