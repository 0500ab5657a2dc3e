"""Of a room where goods must be kept at a temperature nothing was heard for long: nobody sees whether it stays so."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.core.coldchain.rooms import RoomNow
from cloud.core.view import Param
from protocols.excursions import PATIENCE
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth

RULE = "room_unwatched"
HOLD_MS = 5 * 60_000
"""What was on its way while the service was away comes by then."""
CLEAR_MS = 60_000
KNOWN_BY = "zone"
BLIND_MS = 30 * 60_000
"""As with a gateway that is away; where thermometers tell seldom, so many of their intervals (`PATIENCE`)."""
URGENT_MS = 4 * 3_600_000


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone that holds lots, worse after hours. Where its gateway is away, that is the alert."""
    lots: dict[str, int] = {}
    heard: dict[str, int] = {}
    for room in facts.rooms:
        lots[room.zone] = lots.get(room.zone, 0) + room.lots
        heard[room.zone] = max(heard.get(room.zone, 0), room.at_ms)
    seen = []
    for zone, at_ms in heard.items():
        until_ms = max(at_ms + _patience(facts, zone), facts.watched.get(zone, 0))
        if not lots[zone] or facts.now_ms < until_ms:
            continue
        params: dict[str, Param] = {"lots": lots[zone], "heard_ms": at_ms or None}
        severity = 1 if at_ms and facts.now_ms - at_ms >= URGENT_MS else 2
        seen.append(Condition(RULE, zone, zone, severity, params))
    return seen


def _patience(facts: Facts, zone: str) -> int:
    """How long a room may be without a word, by how often its devices speak (ms)."""
    known = [facts.devices[one].period_ms for one in facts.devices_in.get(zone, ()) if one in facts.devices]
    return round(max(BLIND_MS, PATIENCE * min(known, default=0)))


_SITE = Site(About("s1", "Site"), [Zone("cold", "Cold room")], devices=[Device("t1", "climate", "cold")])


def _at(minute: int, heard: int, lots: int = 3) -> Facts:
    room = RoomNow("cold", "2-8", celsius=5.0, at_ms=heard * 60_000, limit_c=8.0, lots=lots)
    return Facts(_SITE, minute * 60_000, rooms=[room, replace(room, storage="vaccine", lots=0)])


_LOGGER = DeviceHealth("t1", "ok", 0, 0, 3_600_000, 0, 0, 0)
_WRONG = _at(100, 65)
_PARAMS: dict[str, Param] = {"lots": 3, "heard_ms": 65 * 60_000}
EXAMPLES = [
    Example("nothing for thirty-five minutes", _WRONG, [Condition(RULE, "cold", "cold", 2, _PARAMS)]),
    Example("nothing for four hours", _at(305, 65), [Condition(RULE, "cold", "cold", 1, _PARAMS)]),
    Example("never a word", _at(305, 0), [Condition(RULE, "cold", "cold", 2, {"lots": 3, "heard_ms": None})]),
    Example("a logger that tells once an hour", replace(_at(210, 65), devices={"t1": _LOGGER}), []),
    Example("one that told seldom until now", replace(_at(210, 65), watched={"cold": 215 * 60_000}), []),
    Example("no lots lie there", _at(305, 65, lots=0), []),
    course(
        "until it is heard again",
        "cold",
        _WRONG,
        _at(100, 99),
        [(0, True, "pending"), (5, True, "firing"), (6, False, "firing"), (7, False, "resolved")],
    ),
]
