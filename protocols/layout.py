"""The site: its zones, SKUs, slots and devices, and which device channel watches which slot.

One TOML file a site, read by the gateway and by the service. `parse` takes its text and either returns a `Site` in
which every reference holds, or raises `LayoutError` with one sentence that says where and what.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cached_property
from math import ceil, isfinite
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from protocols import cold, crews, trade
from protocols.gs1 import gtin_14
from protocols.topics import LEVEL, Kind, filter_flaw
from protocols.trade import Id, NotNegative, Positive, Share
from protocols.tuning import Tuning, untunable

Grams = Annotated[float, Meta(ge=0.001)]
Channel = Annotated[str, Meta(min_length=1, max_length=64)]
Role = Literal["", "refrigerator"]

SHARING_MAX = 3
"""Slots that may share one scale."""
CURRENCY = re.compile(r"[A-Z]{3}\Z")


class LayoutError(ValueError):
    """The site file can not be used; the message says where, why and what to do."""


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """A room or aisle with its allowed temperature and relative humidity (percent), where it has them. `storage`: how
    the room itself is kept, whatever lies in it."""

    id: Id
    name: str
    min_c: float | None = None
    max_c: float | None = None
    min_pct: float | None = None
    max_pct: float | None = None
    storage: cold.MaybeId = ""


class Sku(Struct, frozen=True, forbid_unknown_fields=True):
    """An article: what a unit weighs, and what ordering and keeping it costs.

    `unit_cv` is the relative standard deviation of a unit's mass; `sample` the pieces its mean was learnt from; `gtin`
    the number its tags carry.
    Money is in the site's currency; `holding_rate` is per year; times are days. `reorder_point` is a policy by hand: at
    or below so many units, `order_quantity` of them are ordered (left out: the lot of least cost). `service_level` is
    that of its class where it is left out; with a `backorder_cost` (a unit owed for a year) the least cost decides.
    `policy` "periodic" is ordered every `review_days` alone, "jit" what is promised or owed alone. What its suppliers
    offer (cost, order, lead time, lots) stands above what is said of that here.

    `replenish`: only show what it would order, propose it, or order it. `costing` values what leaves. `negative`: may
    more be picked off the shelves than is there, as a debt? `protected` units are kept for a tier and those served
    before it, for `release_hours` after stock came (0: always); `members_only` is the last tier that may have any.
    `storage` says how it is to be kept; what of it lies in no slot lies in `zone`.
    """

    id: Id
    name: str
    unit_mass_g: Grams
    unit_cv: Share = 0.01
    sample: Annotated[int, Meta(ge=1)] = 50
    unit_cost: NotNegative = 1.0
    order_cost: NotNegative = 20.0
    holding_rate: NotNegative = 0.25
    lead_time_days: NotNegative = 3.0
    lead_time_sd_days: NotNegative = 0.0
    service_level: Annotated[float, Meta(gt=0, lt=1)] | None = None
    moq: Annotated[int, Meta(ge=1)] = 1
    pack: Annotated[int, Meta(ge=1)] = 1
    gtin: Annotated[str, Meta(pattern=r"^(\d{8}|\d{12,14})?$")] = ""
    reorder_point: Annotated[int, Meta(ge=0)] | None = None
    order_quantity: Annotated[int, Meta(ge=1)] | None = None
    backorder_cost: Positive | None = None
    replenish: trade.Action = "propose"
    discontinued: bool = False
    shelf_life_days: Positive | None = None
    costing: trade.Costing = "fifo"
    negative: Literal["refuse", "allow"] = "refuse"
    protected: dict[Id, Annotated[int, Meta(ge=1)]] = {}
    release_hours: NotNegative = 0.0
    members_only: str = ""
    policy: Literal["", "periodic", "jit"] = ""
    review_days: Annotated[int, Meta(ge=1, le=366)] | None = None
    storage: cold.MaybeId = ""
    zone: cold.MaybeId = ""

    @property
    def least_lot(self) -> int:
        """The fewest units that can be ordered: whole packs, at least the MOQ."""
        return ceil(self.moq / self.pack) * self.pack


class Slot(Struct, frozen=True, forbid_unknown_fields=True):
    """A place for one SKU on a weighing shelf: the channel of a device whose mass, less tare, is its stock. Up to three
    slots of different SKUs may share a channel, where weight tells the SKUs apart. Where
    every unit carries a tag with the SKU's GTIN, `reader` is the RFID reader that hears this slot, and no other one of
    the same SKU."""

    id: Id
    zone: Id
    sku: Id
    device: Id
    channel: Channel = "1"
    capacity: Annotated[int, Meta(ge=1)] = 100
    tare_g: float = 0.0
    reader: str = ""


class Device(Struct, frozen=True, forbid_unknown_fields=True):
    """A device that may speak: its kind, and the zone it stands in. `role = "refrigerator"` marks a machine or a
    thermometer that a cold room depends on; `max_mass_g` is a load cell's limit, `thermal_g` how far its zero goes a
    degree. `antennas` of a reader that watch another zone than its own are listed by number; one without `walls` hears
    nothing from next door; one with `outer` and `inner` antennas is a gate into its zone. What speaks another format
    than ours names its `source`, and its `address`: what it calls itself there, when that is not its id.
    """

    id: Id
    kind: Kind
    zone: Id
    name: str = ""
    role: Role = ""
    max_mass_g: Positive = 30_000.0
    noise_g: Grams = 1.0
    thermal_g: NotNegative = 0.0
    antennas: dict[str, Id] = {}
    walls: bool = True
    outer: list[int] = []
    inner: list[int] = []
    source: str = ""
    address: Annotated[str, Meta(max_length=200)] = ""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where devices of another make speak: their format, the MQTT filters of their topics, and the format's settings.

    `name_level` is the level of the topic (0 the first) that names the device, where the message itself does not.
    """

    id: Id
    format: str
    topics: Annotated[list[Annotated[str, Meta(max_length=1000)]], Meta(min_length=1)]
    name_level: Annotated[int, Meta(ge=0, le=50)] | None = None
    options: dict[str, Any] = {}


class About(Struct, frozen=True, forbid_unknown_fields=True):
    """The site itself; its days begin and end by `timezone` (IANA), its money is `currency` (ISO 4217). `gln` is its
    number at GS1, by which papers name it and its places."""

    id: Id
    name: str
    timezone: str = "UTC"
    currency: str = "EUR"
    gln: Annotated[str, Meta(pattern=r"^(\d{13})?$")] = ""


class Site(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A whole site file. Look-ups by id are cached on first use."""

    site: About
    zones: list[Zone]
    skus: list[Sku] = []
    slots: list[Slot] = []
    devices: list[Device] = []
    sources: list[Source] = []
    suppliers: list[trade.Supplier] = []
    offers: list[trade.Offer] = []
    agreements: list[trade.Agreement] = []
    tiers: list[trade.Tier] = []
    neighbours: list[trade.Neighbour] = []
    buying: trade.Buying = trade.Buying()
    webhooks: list[trade.Webhook] = []
    targets: dict[str, float] = {}
    storages: list[cold.Storage] = []
    people: list[crews.Person] = []
    teams: list[crews.Team] = []
    tuning: dict[str, Tuning] = {}

    @cached_property
    def zone_by_id(self) -> dict[str, Zone]:
        """Zones by id."""
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def sku_by_id(self) -> dict[str, Sku]:
        """SKUs by id."""
        return {sku.id: sku for sku in self.skus}

    @cached_property
    def storage_by_id(self) -> dict[str, cold.Storage]:
        """How goods may be kept, by name: the presets, and what is listed."""
        return cold.resolved(self.storages)

    @cached_property
    def slot_by_id(self) -> dict[str, Slot]:
        """Slots by id."""
        return {slot.id: slot for slot in self.slots}

    @cached_property
    def device_by_id(self) -> dict[str, Device]:
        """Devices by id."""
        return {device.id: device for device in self.devices}

    @cached_property
    def device_by_address(self) -> dict[tuple[str, str], Device]:
        """Devices of another make by (source, `address_key` of what they call themselves)."""
        return {(one.source, address_key(one.address or one.id)): one for one in self.devices if one.source}

    @cached_property
    def slots_by_channel(self) -> dict[tuple[str, str], list[Slot]]:
        """Slots by the (device, channel) that watches them: one, or the few that share a scale."""
        found: dict[tuple[str, str], list[Slot]] = {}
        for slot in self.slots:
            found.setdefault((slot.device, slot.channel), []).append(slot)
        return found

    @cached_property
    def slot_by_channel(self) -> dict[tuple[str, str], Slot]:
        """The slot, or the first of those that share the scale, by the (device, channel) that watches it."""
        return {key: slots[0] for key, slots in self.slots_by_channel.items()}


def address_key(address: str) -> str:
    """What makes two spellings of a device's address (A4:C1:38:.. and a4c138..) the same."""
    return address.lower().translate(_SEPARATORS)


_SEPARATORS = str.maketrans("", "", ":-_. ")


def parse(text: str, source: str = "site file") -> Site:
    """The site in a TOML text; `source` names the file in errors."""
    try:
        raw = tomllib.loads(text, parse_float=_finite)
    except tomllib.TOMLDecodeError as error:
        raise LayoutError(f"{source}: not valid TOML: {error}") from None
    if "storages" in raw:
        raw["storages"] = cold.with_likes(raw["storages"])
    if renamed := trade.renamed(raw.get("buying")):
        raise LayoutError(f"{source}: {renamed}")
    try:
        site = msgspec.convert(raw, Site)
    except msgspec.ValidationError as error:
        raise LayoutError(f"{source}: {error}; see docs/site.md for the fields") from None
    _check(site, source)
    return site


Named = TypeVar("Named", Zone, Sku, Slot, Device, Source)


def _check(site: Site, source: str) -> None:
    about = site.site
    if not _is_timezone(about.timezone):
        raise LayoutError(f"{source}: site.timezone {about.timezone!r} is not known; write one like 'Europe/Berlin'")
    if not CURRENCY.match(about.currency):
        raise LayoutError(f"{source}: site.currency {about.currency!r} is no code of three capital letters like 'EUR'")
    if about.gln and gtin_14(about.gln) is None:
        raise LayoutError(f"{source}: the check digit of site.gln {about.gln!r} is wrong; read it again")
    _unique(site.zones, "zone", source)
    _unique(site.skus, "SKU", source)
    _unique(site.slots, "slot", source)
    _unique(site.devices, "device", source)
    _unique(site.sources, "source", source)
    for one in site.sources:
        for pattern in one.topics:
            if flaw := filter_flaw(pattern):
                raise LayoutError(f"{source}: source {one.id!r}: topic {pattern!r} {flaw}")
    for sku in site.skus:
        if sku.gtin and gtin_14(sku.gtin) is None:
            raise LayoutError(f"{source}: SKU {sku.id!r}: the check digit of gtin {sku.gtin!r} is wrong; read it again")
        if sku.order_quantity is not None and sku.reorder_point is None:
            raise LayoutError(f"{source}: SKU {sku.id!r} has an order_quantity; say at which reorder_point, too")
        if sku.order_quantity is not None and (sku.order_quantity % sku.pack or sku.order_quantity < sku.moq):
            hint = f"use whole packs of {sku.pack}, at least {sku.least_lot}"
            raise LayoutError(f"{source}: SKU {sku.id!r}: {sku.order_quantity} can not be ordered; {hint}")
        if (sku.policy == "periodic") != (sku.review_days is not None):
            raise LayoutError(f"{source}: SKU {sku.id!r}: policy 'periodic' and review_days belong together")
        if sku.policy and sku.reorder_point is not None:
            raise LayoutError(f"{source}: SKU {sku.id!r} has a policy and a reorder_point by hand; leave one out")
    for zone in site.zones:
        if zone.min_c is not None and zone.max_c is not None and zone.min_c > zone.max_c:
            raise LayoutError(f"{source}: zone {zone.id!r} has min_c above max_c; swap them")
        if zone.min_pct is not None and zone.max_pct is not None and zone.min_pct > zone.max_pct:
            raise LayoutError(f"{source}: zone {zone.id!r} has min_pct above max_pct; swap them")
    if unfit := untunable(site.tuning):
        raise LayoutError(f"{source}: {unfit}")
    zones, skus, devices = site.zone_by_id, site.sku_by_id, site.device_by_id
    if unfit := trade.flaw(trade.Trade(*(getattr(site, name) for name in trade.Trade.__struct_fields__)), skus):
        raise LayoutError(f"{source}: {unfit}")
    if unfit := crews.flaw(site.people, site.teams, zones):
        raise LayoutError(f"{source}: {unfit}")
    tiers = {one.id for one in site.tiers}
    for sku in site.skus:
        if strange := sorted({*sku.protected, *filter(None, [sku.members_only])} - tiers):
            raise LayoutError(f"{source}: SKU {sku.id!r} is kept for tier {strange[0]!r}, which is not listed")
    kept = {f"SKU {one.id!r}": one.storage for one in site.skus}
    kept |= {f"zone {one.id!r}": one.storage for one in site.zones}
    if unfit := cold.flaw(site.storages, kept):
        raise LayoutError(f"{source}: {unfit}")
    for sku in site.skus:
        if sku.zone and sku.zone not in zones:
            raise LayoutError(f"{source}: SKU {sku.id!r} lies in zone {sku.zone!r}, which is not listed")
    for device in site.devices:
        if device.zone not in zones:
            raise LayoutError(f"{source}: device {device.id!r} stands in zone {device.zone!r}, which is not listed")
        if device.source and device.source not in {one.id for one in site.sources}:
            raise LayoutError(f"{source}: device {device.id!r} speaks by source {device.source!r}, which is not listed")
        if device.source and site.device_by_address[device.source, address_key(device.address or device.id)] != device:
            where = f"address {device.address or device.id!r} of source {device.source!r}"
            raise LayoutError(f"{source}: device {device.id!r} has the {where}, as another one has; give each its own")
        for number, zone_id in device.antennas.items():
            if zone_id not in zones or not number.isdecimal():
                where = f"antenna {number!r} of device {device.id!r}"
                raise LayoutError(f"{source}: {where} watches zone {zone_id!r}; use antenna numbers and listed zones")
        if bool(device.outer) != bool(device.inner) or set(device.outer) & set(device.inner):
            raise LayoutError(f"{source}: gate {device.id!r} needs `outer` and `inner` antennas, none of them in both")
        if device.role == "refrigerator" and device.kind not in ("climate", "machine"):
            raise LayoutError(f"{source}: device {device.id!r} can be no refrigerator, as its kind is {device.kind!r}")
    watched: dict[tuple[str, str], list[Slot]] = {}
    heard: dict[tuple[str, str], Slot] = {}
    for slot in site.slots:
        if slot.zone not in zones:
            raise LayoutError(f"{source}: slot {slot.id!r} lies in zone {slot.zone!r}, which is not listed")
        if slot.sku not in skus:
            raise LayoutError(f"{source}: slot {slot.id!r} holds SKU {slot.sku!r}, which is not listed")
        if slot.reader and (slot.reader not in devices or devices[slot.reader].kind != "rfid"):
            raise LayoutError(f"{source}: slot {slot.id!r} is heard by {slot.reader!r}, no listed rfid device")
        if slot.reader and not skus[slot.sku].gtin:
            raise LayoutError(
                f"{source}: slot {slot.id!r} has a reader; give its SKU {slot.sku!r} the gtin on its tags"
            )
        if slot.reader and heard.setdefault((slot.reader, slot.sku), slot) is not slot:
            names = f"{heard[slot.reader, slot.sku].id!r} and {slot.id!r}"
            hint = f"reader {slot.reader!r}, which can not tell where a tag lies; leave it out at one of them"
            raise LayoutError(f"{source}: slots {names} of SKU {slot.sku!r} are both heard by {hint}")
        shelf = devices.get(slot.device)
        if shelf is None or shelf.kind != "shelf":
            raise LayoutError(f"{source}: slot {slot.id!r} is watched by {slot.device!r}, no listed shelf device")
        others = watched.setdefault((slot.device, slot.channel), [])
        others.append(slot)
        where = f"channel {slot.channel!r} of {slot.device!r}"
        if len(others) > SHARING_MAX:
            raise LayoutError(f"{source}: more than {SHARING_MAX} slots use {where}; weight can not tell so many apart")
        if len({one.sku for one in others}) < len(others) or len({one.tare_g for one in others}) > 1:
            names = " and ".join(repr(one.id) for one in others)
            hint = "give each its own channel, or different SKUs and one tare_g"
            raise LayoutError(f"{source}: slots {names} share {where}; {hint}")


def _is_timezone(name: str) -> bool:
    # What begins with a small letter (localtime, posix/...) is a file of one machine, which no browser knows.
    try:
        return name[:1].isupper() and ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):  # not there; no name for a file; a folder, or too long
        return False


def _finite(number: str) -> float:
    value = float(number)
    if not isfinite(value):
        raise tomllib.TOMLDecodeError(f"{number} is no number to work with")
    return value


def _unique(things: Iterable[Named], noun: str, source: str) -> None:
    seen: set[str] = set()
    for thing in things:
        if not LEVEL.match(thing.id):
            raise LayoutError(f"{source}: {noun} id {thing.id!r}: use 1-64 of A-Z a-z 0-9 _ -")
        if thing.id in seen:
            raise LayoutError(f"{source}: {noun} {thing.id!r} is listed twice")
        seen.add(thing.id)
