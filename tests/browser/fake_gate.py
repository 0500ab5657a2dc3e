"""A gateway that pages ask: it explains every slot, takes what is done at a shelf, and could not read two messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cloud.web.desk import Unavailable
from protocols.asked import (
    Backlog,
    Bad,
    Badness,
    Done,
    Explained,
    GatewayStatus,
    LastWord,
    Own,
    Side,
    Stranger,
    Waiting,
)


class FakeGate:
    """See `cloud.web.gateways.Desk`."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.away = False
        self.asked: list[tuple[str, str, Any]] = []

    def of_slot(self, _: str) -> str:
        return "gateway-1"

    def of_device(self, _: str) -> str:
        return "gateway-1"

    async def ask(self, gateway: str, method: str, path: str, by: str, body: bytes = b"") -> tuple[int, bytes]:
        if self.away:
            raise Unavailable(f"gateway {gateway} is not connected", "see its link on the page of devices")
        if method == "POST":
            self.asked.append((path, by, msgspec.json.decode(body)))
        return 200, msgspec.json.encode(self._told(path.removeprefix("/api/v1/")))

    def _told(self, path: str) -> object:
        t = self._now_ms()
        match path.split("/"):
            case ["stock", slot]:
                words = [
                    LastWord("mass", 1450.0, t - 40_000, 29, 7.2),
                    LastWord("counted", 30, t - 3_600_000, 30, -2.0, "anna"),
                ]
                journal = [{"at_ms": t - 3_600_000, "what": "count", "about": slot, "units": 30, "who": "anna"}]
                return Explained(
                    slot, 29, 29, 29, 29, 0.991, t, 40_000, words, [Waiting("step", -1, t - 40_000)], 30, 0.02, -1,
                    journal=journal,
                )  # fmt: skip
            case ["status"]:
                room = Backlog(12_000_000, 500_000_000, 61.5, None, {"events": 0, "telemetry": 14}, "")
                return GatewayStatus(
                    "gateway-1", 2, t, [], Side(True, ""), Own(12, ""), 103.4, 1_200_000, 1_600_000, 14, {}, room
                )
            case ["problems"]:
                bad = Bad(t - 600_000, "json.broken", "shelf-9", "wh/demo/shelf-9/weight", "byte 14: not JSON", "look")
                return Badness({"json.broken": 2}, [bad, bad])
            case ["strangers"]:
                return [Stranger("zigbee", "0x00158d", t - 5000, 'add it under [[devices]] with address = "0x00158d"')]
            case [*_, "actions"]:
                return {"slot": "A1", "unit_mass_g": 50.25}
            case _:
                return Done(True)
