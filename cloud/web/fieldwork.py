"""Devices in the field over the web: who was met, who stands where, messages as they come, messages that could not be
used, calibrations on their way. A gateway answers, over its link.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.access import WHO
from cloud.web.codes import ASKED
from cloud.web.gateways import Desk, SlotAction, Told, read
from cloud.web.queries import Text, Whole
from cloud.web.replies import Refusal
from cloud.web.routing import Given, Route, delete, get, post
from protocols.fieldwork import DeviceCards, Field, LastRun, Quarantine, Replay, Replayed, Run, Tail

AFTER_ID = Text("after", "the devices behind this one, by id")
DEVICE = Text("device", "of this device alone; left out: of all")
AFTER = Whole("after", "what came behind this line", 0)
BEFORE = Whole("before", "messages older than the one of this number; 0: the latest", 0)
CODE = Text("code", "of this problem alone")
PATH_MAX = 480
"""A gateway takes no longer ones (`protocols.uplink.Ask`)."""
Name = Annotated[str, Meta(max_length=200)]


class FieldDeed(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is done about who was met: `enrol` the one of this `source` ("" for our own format) and `address` at the
    place `device` of the site file, where it waits; `approve` it there; `release` the place, so that the site file
    holds again; `refuse` one that is none of ours, with `why`; `admit` it after all."""

    do: Literal["enrol", "approve", "release", "refuse", "admit"]
    source: Name = ""
    address: Name = ""
    device: Name = ""
    why: Name = ""


class Fieldwork:
    """The routes that a gateway answers about its devices."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        gateway, slot = "/api/v1/gateways/{id}", "/api/v1/slots/{id}/run"
        return [
            get(f"{gateway}/devices", self.cards, "look", DeviceCards, AFTER_ID, refusals=ASKED),
            get(f"{gateway}/field", self.field, "look", Field, refusals=ASKED),
            get(f"{gateway}/tail", self.tail, "maintain", Tail, DEVICE, AFTER, refusals=ASKED),
            get(f"{gateway}/quarantine", self.quarantine, "look", Quarantine, BEFORE, CODE, refusals=ASKED),
            get(slot, self.run, "look", LastRun, refusals=ASKED),
            post(f"{gateway}/field", self.do, "maintain", FieldDeed, Field, refusals=ASKED),
            post(f"{gateway}/quarantine/replay", self.replay, "maintain", Replay, Replayed, refusals=ASKED),
            post(slot, self.begin, "maintain", SlotAction, Run, refusals=ASKED),
            delete(slot, self.cancel, "maintain", refusals=ASKED),
        ]

    async def cards(self, request: web.Request) -> object:
        """How a gateway's devices are: heard and changed, battery, signal, lost messages, calibration due."""
        return await self._look(request, f"devices?{urlencode({'after': AFTER_ID.of(request)})}", DeviceCards)

    async def field(self, request: web.Request) -> object:
        """Who speaks to a gateway and has no place, who was refused, and who is enrolled where."""
        return await self._look(request, "field", Field)

    async def tail(self, request: web.Request) -> object:
        """Messages as they come, while somebody asks every few seconds."""
        asked = {"device": DEVICE.of(request), "after": AFTER.of(request)}
        return await self._look(request, f"tail?{urlencode(asked)}", Tail)

    async def quarantine(self, request: web.Request) -> object:
        """The messages that a gateway could not use, with their first bytes."""
        asked = {"before": BEFORE.of(request), "code": CODE.of(request)}
        return await self._look(request, f"quarantine?{urlencode(asked)}", Quarantine)

    async def run(self, request: web.Request) -> object:
        """How far a tare, calibration or lesson has come at a slot."""
        slot = request.match_info["id"]
        found = await self._desk.ask(self._desk.of_slot(slot), "GET", _run(slot), request[WHO].name)
        return read(*found, LastRun)

    async def do(self, request: web.Request, given: FieldDeed, by: Given) -> object:
        """Enrol, approve, release, refuse or admit a device."""
        return await self._act(request, "field", given, by, Field)

    async def replay(self, request: web.Request, given: Replay, by: Given) -> object:
        """Read messages of the quarantine again; what can be read is used as if it had come when it came, once."""
        return await self._act(request, "quarantine/replay", given, by, Replayed)

    async def begin(self, request: web.Request, given: SlotAction, by: Given) -> object:
        """Tare, calibrate or teach a shelf as soon as its scale is at rest."""
        slot, body = request.match_info["id"], msgspec.json.encode(given)
        return read(*await self._desk.ask(self._desk.of_slot(slot), "POST", _run(slot), by.who.name, body), Run)

    async def cancel(self, request: web.Request, _: None, by: Given) -> object:
        """Wait no longer for a slot's scale."""
        slot = request.match_info["id"]
        where = self._desk.of_slot(slot)
        read(*await self._desk.ask(where, "POST", f"{_run(slot)}/cancel", by.who.name), LastRun)
        return None

    async def _look(self, request: web.Request, path: str, kind: type[Told]) -> Told:
        gateway = request.match_info["id"]
        if len(path) > PATH_MAX:
            raise Refusal(400, "bad_request", "so long a name is nobody's", "take one from what the gateway tells")
        return read(*await self._desk.ask(gateway, "GET", f"/api/v1/{path}", request[WHO].name), kind)

    async def _act(self, request: web.Request, path: str, given: Struct, by: Given, kind: type[Told]) -> Told:
        gateway, body = request.match_info["id"], msgspec.json.encode(given)
        return read(*await self._desk.ask(gateway, "POST", f"/api/v1/{path}", by.who.name, body), kind)


def _run(slot: str) -> str:
    return f"/api/v1/slots/{quote(slot, safe='')}/run"
