"""The site: its zones, SKUs, slots and devices, and which device channel watches which slot.

One TOML file a site, read by the gateway and by the service. `parse` takes its text and either returns a `Site` in
which every reference holds, or raises `LayoutError` with one sentence that says where and what.
"""

from __future__ import annotations

import tomllib
from functools import cached_property
from math import ceil, isfinite
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from protocols import cold, crews, trade
from protocols.floor import Area, Rack
from protocols.layout_checks import flaws
from protocols.topics import Kind
from protocols.trade import Id, NotNegative, Positive, Share
from protocols.tuning import Tuning

Grams = Annotated[float, Meta(ge=0.001)]
Channel = Annotated[str, Meta(min_length=1, max_length=64)]
Role = Literal["", "refrigerator"]


class LayoutError(ValueError):
    """The site file can not be used; the message says where, why and what to do."""


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """A room or aisle with its allowed temperature and relative humidity (percent), where it has them. `storage`: how
    the room itself is kept, whatever lies in it; `area`: where it is on the floor plan."""

    id: Id
    name: str
    min_c: float | None = None
    max_c: float | None = None
    min_pct: float | None = None
    max_pct: float | None = None
    storage: cold.MaybeId = ""
    area: Area | None = None


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
    the same SKU. On the floor plan it is in a `bay` (from the left, 1 the first) on a `level` (from the floor up) of a
    `rack`."""

    id: Id
    zone: Id
    sku: Id
    device: Id
    channel: Channel = "1"
    capacity: Annotated[int, Meta(ge=1)] = 100
    tare_g: float = 0.0
    reader: str = ""
    rack: cold.MaybeId = ""
    bay: Annotated[int, Meta(ge=1)] = 1
    level: Annotated[int, Meta(ge=1)] = 1


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
    racks: list[Rack] = []

    @cached_property
    def zone_by_id(self) -> dict[str, Zone]:
        """Zones by id."""
        return {zone.id: zone for zone in self.zones}

    @cached_property
    def rack_by_id(self) -> dict[str, Rack]:
        """Racks by id."""
        return {rack.id: rack for rack in self.racks}

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

    def addressed(self, device: Device) -> Device:
        """The device that has the source and the address of this one: itself, where each has its own."""
        return self.device_by_address[device.source, address_key(device.address or device.id)]

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
    site = of(raw, source)
    for flaw in flaws(site):
        raise LayoutError(f"{source}: {flaw.detail}")
    return site


def of(raw: dict[str, Any], source: str) -> Site:
    """The site that TOML's tables say, each field of its type; whether it fits together is `flaws`'s to say. Raises
    `LayoutError`."""
    raw = {**raw}
    if "storages" in raw:
        raw["storages"] = cold.with_likes(raw["storages"])
    if renamed := trade.renamed(raw.get("buying")):
        raise LayoutError(f"{source}: {renamed}")
    try:
        return msgspec.convert(raw, Site)
    except msgspec.ValidationError as error:
        raise LayoutError(f"{source}: {error}; see docs/site.md for the fields") from None


def _finite(number: str) -> float:
    value = float(number)
    if not isfinite(value):
        raise tomllib.TOMLDecodeError(f"{number} is no number to work with")
    return value
