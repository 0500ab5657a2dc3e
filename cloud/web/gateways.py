"""What people ask of a gateway from here, and have it do: its own API answers, over the link."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from cloud.web.access import WHO
from cloud.web.codes import ASKED
from cloud.web.replies import Refusal
from cloud.web.routing import Given, Route, get, post
from protocols.asked import Badness, Done, Explained, GatewayStatus, Stranger

Told = TypeVar("Told")
Figures = Annotated[dict[str, str | float], Meta(max_length=20)]


class SlotAction(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody who stands at a shelf does there: `tare` it empty, `calibrate` it by a weight of `mass_g`, `teach`
    it by `pieces` units, `forget` what it was taught. `anyway`: though what is known speaks against it."""

    do: Literal["tare", "calibrate", "teach", "forget"]
    pieces: Annotated[int, Meta(ge=0, le=100_000)] = 0
    mass_g: Annotated[float, Meta(ge=0, le=1e7)] = 0.0
    anyway: bool = False


class Light(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long a slot's lamp shows the way."""

    seconds: Annotated[int, Meta(ge=1, le=300)] = 30


class Command(Struct, frozen=True, forbid_unknown_fields=True):
    """What a device is to do: `tare`, `light` (its lamp shows the way for a while), `reboot`, or what else it knows."""

    cmd: Annotated[str, Meta(pattern="^[a-z_]{1,40}$")]
    args: Annotated[dict[str, str | int | float | bool], Meta(max_length=10)] = {}


class Desk(typing.Protocol):
    """Who can reach the gateways. Raises `DeskError`s."""

    def of_slot(self, slot: str) -> str:
        """The gateway that sees a slot."""

    def device_at(self, slot: str) -> str:
        """The device that measures a slot. Raises `NotFound`."""

    def of_device(self, device: str) -> str:
        """The gateway that hears a device."""

    async def ask(
        self, gateway: str, method: Literal["GET", "POST"], path: str, by: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Status and JSON of what a gateway's own API answers."""


class Gateways:
    """The routes that a gateway answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/slots/{id}/explained", self.explained, "look", Explained, refusals=ASKED),
            get("/api/v1/gateways/{id}/status", self.status, "look", GatewayStatus, refusals=ASKED),
            get("/api/v1/gateways/{id}/problems", self.problems, "look", Badness, refusals=ASKED),
            get("/api/v1/gateways/{id}/strangers", self.strangers, "look", list[Stranger], refusals=ASKED),
            post("/api/v1/slots/{id}/actions", self.act, "maintain", SlotAction, dict[str, Any], refusals=ASKED),
            post("/api/v1/slots/{id}/light", self.light, "respond", Light, Done, refusals=ASKED),
            post("/api/v1/devices/{id}/commands", self.command, "maintain", Command, Done, refusals=ASKED),
        ]

    async def explained(self, request: web.Request) -> object:
        """How a slot's number came about: what each source said last, and the journal."""
        slot = request.match_info["id"]
        return await self._look(request, self._desk.of_slot(slot), f"stock/{quote(slot, safe='')}", Explained)

    async def status(self, request: web.Request) -> object:
        """How a gateway is, as it says itself."""
        return await self._look(request, request.match_info["id"], "status", GatewayStatus)

    async def problems(self, request: web.Request) -> object:
        """The messages that a gateway could not read."""
        return await self._look(request, request.match_info["id"], "problems", Badness)

    async def strangers(self, request: web.Request) -> object:
        """What speaks to a gateway and is not in the site file."""
        return await self._look(request, request.match_info["id"], "strangers", list[Stranger])

    async def act(self, request: web.Request, given: SlotAction, by: Given) -> object:
        """Tare, calibrate or teach a shelf."""
        slot = request.match_info["id"]
        where, path = self._desk.of_slot(slot), f"/api/v1/slots/{quote(slot, safe='')}/actions"
        body = msgspec.json.encode(given)
        return read(*await self._desk.ask(where, "POST", path, by.who.name, body), dict[str, Any])

    async def light(self, request: web.Request, given: Light, by: Given) -> object:
        """Have a slot's lamp show the way."""
        slot = request.match_info["id"]
        where, path = self._desk.of_slot(slot), f"/api/v1/devices/{quote(self._desk.device_at(slot), safe='')}/cmd"
        body = msgspec.json.encode(Command("light", {"slot": slot, "seconds": given.seconds}))
        return read(*await self._desk.ask(where, "POST", path, by.who.name, body), Done)

    async def command(self, request: web.Request, given: Command, by: Given) -> object:
        """Have a device do something."""
        device = request.match_info["id"]
        where, path = self._desk.of_device(device), f"/api/v1/devices/{quote(device, safe='')}/cmd"
        body = msgspec.json.encode(given)
        return read(*await self._desk.ask(where, "POST", path, by.who.name, body), Done)

    async def _look(self, request: web.Request, gateway: str, path: str, kind: type[Told]) -> Told:
        return read(*await self._desk.ask(gateway, "GET", f"/api/v1/{path}", request[WHO].name), kind)


def read(status: int, body: bytes, kind: type[Told]) -> Told:
    """What a gateway answered. Its refusals are passed on; what can not be read is refused (`strange_answer`)."""
    try:
        if status < 300:
            return msgspec.json.decode(body, type=kind)
        said: Mapping[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        code = said.get("code", "")
    except msgspec.DecodeError:
        said, code = {}, ""
    if code not in ASKED and code not in ("bad_request", "unknown", "unavailable"):
        hint = "update the gateway and the service to the same version"
        raise Refusal(502, "strange_answer", f"the gateway answered {status} in a way that is not known here", hint)
    detail, hint = str(said.get("detail", ""))[:500], str(said.get("hint", ""))[:200]
    raise Refusal(status, str(code), f"The gateway says: {detail}", hint, more=_told(said.get("told")))


def _told(given: object) -> dict[str, object]:
    """The figures and names in what a gateway found, as a problem has them."""
    try:
        return {"told": msgspec.convert(given, Figures)} if given else {}
    except msgspec.ValidationError:
        return {}
