"""A gateway that pages ask: it explains every slot, takes what is done at a shelf, and could not read two messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cloud.web.desk import Unavailable
from protocols.asked import Backlog, Badness, Done, Explained, GatewayStatus, Lane, LastWord, Link, Own, Side, Waiting
from protocols.fieldwork import (
    DeviceCard,
    DeviceCards,
    Enrolment,
    Field,
    Kept,
    LastRun,
    Met,
    Quarantine,
    Replayed,
    Run,
    Tail,
    TailLine,
    Unread,
)


class FakeGate:
    """See `cloud.web.gateways.Desk`."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.away = False
        self.not_ready: list[str] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.enrolments: list[Enrolment] = []
        self.refused: list[Met] = []
        self.run: Run | None = None
        """The last run at any slot."""
        self.replayed_ms = 0

    def of_slot(self, _: str) -> str:
        return "gateway-1"

    def device_at(self, _: str) -> str:
        return "shelf-09"

    def of_device(self, _: str) -> str:
        return "gateway-1"

    async def ask(self, gateway: str, method: str, path: str, by: str, body: bytes = b"") -> tuple[int, bytes]:
        if self.away:
            raise Unavailable(f"gateway {gateway} is not connected", "see its link on the page of devices")
        given = msgspec.json.decode(body) if body else {}
        if method == "POST":
            self.asked.append((path, by, given))
        return 200, msgspec.json.encode(self._told(path.removeprefix("/api/v1/"), by, given))

    def _told(self, path: str, by: str, given: dict[str, Any]) -> object:
        t = self._now_ms()
        path, _, asked = path.partition("?")
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
                room = Backlog(12_000_000, 500_000_000, 61.5, t - 5_400_000, {"events": 0, "telemetry": 14}, "")
                return GatewayStatus(
                    "gateway-1",
                    2,
                    t,
                    self.not_ready,
                    Side(True, ""),
                    Own(12, ""),
                    103.4,
                    1_200_000,
                    1_600_000,
                    14,
                    {},
                    room,
                    version="0.1.0",
                    service=Link(True, "", 400),
                    changed_ms=t - 90_000,
                    lanes={"events": Lane(1240, 1240, 0, 0, 0, True), "telemetry": Lane(9300, 9286, 14, 0, 0, True)},
                )
            case ["problems"]:
                return Badness({}, [])
            case ["devices"]:
                return DeviceCards(_cards(t, self.enrolments), "")
            case ["field"]:
                self._do(given, by, t)
                gone = {one.address for one in self.enrolments if one.approved_ms}
                gone |= {one.address for one in self.refused}
                met = [one for one in _strangers(t) if one.address not in gone]
                return Field(met, self.refused, self.enrolments, 1000, 1000, 200)
            case ["tail"]:
                return _tail(t, "after=0" in asked)
            case ["quarantine"]:
                return _quarantine(t, self.replayed_ms)
            case ["quarantine", "replay"]:
                self.replayed_ms = t
                return Replayed(12, 34, 2, 3, [Unread(3, "payload.not_json", "byte 14: not JSON")])
            case [*_, slot, "run"]:
                if given:
                    self.run = Run(slot, given["do"], by, "calm", t, t, t + 60_000)
                return self.run if given else LastRun(self.run)
            case [*_, "run", "cancel"]:
                return LastRun(self.run)
            case _:
                return Done(True)

    def _do(self, given: dict[str, Any], by: str, t: int) -> None:
        device, address = given.get("device", ""), given.get("address", "")
        match given.get("do"):
            case "enrol":
                said = ("", device)
                self.enrolments = [Enrolment(device, given.get("source", ""), address, t, by, said, "scale-old")]
            case "approve":
                self.enrolments = [
                    msgspec.structs.replace(one, approved_ms=t, approved_by=by) for one in self.enrolments
                ]
            case "refuse":
                one = next(one for one in _strangers(t) if one.address == address)
                one.refused_ms, one.refused_by, one.why = t, by, given.get("why", "")
                self.refused = [one]


def _strangers(t: int) -> list[Met]:
    return [
        Met("", "scale-77", t - 900_000, t - 4000, 431, "shelf", {"mass_g": 1350.4}, ["1", "2"], fits=["shelf"]),
        Met(
            "zigbee", "0x00158d0001f2a3b4", t - 90_000, t - 12_000, 8, "climate", {"temperature_c": 4.5}, ["1"],
            fits=["climate"],
        ),
    ]  # fmt: skip


def _cards(t: int, enrolments: list[Enrolment]) -> list[DeviceCard]:
    approved = {one.device: one for one in enrolments if one.approved_ms}
    shelf = DeviceCard(
        "shelf-1", "Shelf by the door", "shelf", "hall", ["A1", "A2"], "",
        approved["shelf-1"].address if "shelf-1" in approved else "shelf-1",
        "ok", t - 2000, t - 5_400_000, 3, 0.2, 0, 1, 87.0, -61.0, "1.2.0", 40, [], t - 40 * 86_400_000,
        "replaced" if "shelf-1" in approved else "", approved.get("shelf-1"),
    )  # fmt: skip
    cold = DeviceCard(
        "cold-1", "", "climate", "cold", [], "", "cold-1", "silent", t - 3_600_000, t - 3_700_000, 40, 6.1, 2, 0, 9.0,
        -88.0, "", -25_000, ["battery_low", "clock_off"],
    )  # fmt: skip
    planned = DeviceCard(
        "shelf-9", "", "shelf", "hall", ["C1"], "", "shelf-9", "unseen", 0, 0, 0, None, 0, 0, None, None, "", 0, [],
    )  # fmt: skip
    return [cold, shelf, planned]


def _tail(t: int, first: bool) -> Tail:
    lines = [
        TailLine(1, t - 800, "wh/v1/demo/shelf-1/shelf", '{"unit": "g", "value": 1450.2}', 30, ["shelf-1"]),
        TailLine(2, t - 300, "wh/v1/demo/shelf-9/shelf", '{"password": •••, "value"', 41, [], "payload.not_json"),
    ]
    return Tail(lines if first else [], 2, 4 if first else 0, 0, 200, 25)


def _quarantine(t: int, replayed_ms: int) -> Quarantine:
    kept = [
        Kept(3, t - 600_000, "payload.not_json", "shelf-9", "wh/v1/demo/shelf-9/shelf", "byte 14: not JSON",
             "send one JSON object", '{"unit": "g", "val', True, 0),
        Kept(2, t - 700_000, "unit.unknown", "shelf-1", "wh/v1/demo/shelf-1/shelf", "unit 'KG' on a shelf topic",
             "use one of: g kg lb oz", '{"unit": "KG", "value": 4.8}', True, replayed_ms),
        Kept(1, t - 900_000, "clock.not_believable", "cold-1", "wh/v1/demo/cold-1/climate", "1970 is too long ago",
             "set the clock", '{"ts": 1, "unit": "Cel", "value": 4.5}', False, 0),
    ]  # fmt: skip
    counts = {"payload.not_json": 5, "unit.unknown": 12, "clock.not_believable": 40}
    can = {"payload.not_json": 5} | ({} if replayed_ms else {"unit.unknown": 12})
    return Quarantine(kept, 0, counts, can, {**counts, "clock.not_believable": 1240}, 10_000, 4096)
