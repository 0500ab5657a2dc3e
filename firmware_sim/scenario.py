"""A scenario: a small TOML text that names seed, site, devices, pace and faults, and expands to a whole site.

`expand` draws what a real shop would have measured: a SKU's unit mass in the site file is the mean of a weighed sample,
not the true mean that the world uses.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from firmware_sim.physics.loadcell import unit_masses
from firmware_sim.physics.refrigerator import Build
from protocols import layout
from protocols.layout import Id, NotNegative, Positive, Share

Count = Annotated[int, Meta(ge=1)]


class ScenarioError(ValueError):
    """The scenario can not be used; the message says where, why and what to do."""


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """A zone of the site; `ambient_c` is the mean temperature around it."""

    id: Id
    name: str
    min_c: float | None = None
    max_c: float | None = None
    ambient_c: float = 20.0


class Article(Struct, frozen=True, forbid_unknown_fields=True):
    """A SKU as it truly is, how it is picked, and what the site file says of ordering it.

    `weight` is its part of all picks; `daily` scales it day by day, over and over; `near_reorder` lets the history
    end close above its reorder point.
    """

    id: Id
    name: str
    unit_mass_g: Positive
    unit_cv: Share = 0.01
    sample: Count = 50
    capacity: Count = 40
    weight: Positive = 1.0
    pick_units: Annotated[float, Meta(ge=1)] = 1.4
    daily: list[float] = []
    near_reorder: bool = False
    unit_cost: NotNegative = 5.0
    order_cost: NotNegative = 12.0
    holding_rate: NotNegative = 0.25
    lead_time_days: NotNegative = 1.0
    lead_time_sd_days: NotNegative = 0.25
    service_level: Annotated[float, Meta(gt=0, lt=1)] = 0.95
    moq: Count = 1
    pack: Count = 1


class Series(Struct, frozen=True, forbid_unknown_fields=True):
    """Many articles at once, for load: masses spread evenly over the logarithm."""

    count: Count
    prefix: Id = "SKU"
    mass_g: tuple[Positive, Positive] = (50.0, 600.0)
    unit_cv: Share = 0.01
    capacity: Count = 40


class Shelves(Struct, frozen=True, forbid_unknown_fields=True):
    """A run of like shelf devices: device i watches slots `<prefix><i>-<channel>`, filled with `skus` in turn."""

    zone: Id
    prefix: Id
    devices: Count
    channels: Count
    skus: list[Id] = []
    noise_g: Positive = 0.6
    max_mass_g: Positive = 30_000.0
    tare_g: float = 0.0


class Reader(Struct, frozen=True, forbid_unknown_fields=True):
    """A tag reader. A portal sees tags pass; any other sees tags stand in its zone."""

    id: Id
    zone: Id
    name: str = ""
    portal: bool = False
    cycle_ms: Count = 2_000
    stray_rate: Share = 0.02
    """How often a cycle hears a tag of another zone through the wall."""
    dead_share: Share = 0.05


class Climate(Struct, frozen=True, forbid_unknown_fields=True):
    """A thermometer and hygrometer, with a door contact where the zone is refrigerated."""

    id: Id
    zone: Id
    name: str = ""


class Refrigerator(Struct, frozen=True, forbid_unknown_fields=True):
    """A machine that keeps a zone cold, and tells what power it draws."""

    id: Id
    zone: Id
    build: Build
    name: str = ""


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. `silent`: the device says nothing for `for_s`, from `after_s` after going live, again every
    `every_s` (0: once). `leak`: the machine loses `percent_per_day` of its capacity from `from_day` of the history."""

    kind: Literal["silent", "leak"]
    device: Id
    after_s: NotNegative = 0.0
    for_s: NotNegative = 60.0
    every_s: NotNegative = 0.0
    from_day: NotNegative = 0.0
    percent_per_day: NotNegative = 0.0


class Pace(Struct, frozen=True, forbid_unknown_fields=True):
    """How busy it is. `hours`: 24 weights over the day (UTC), mean 1, or none for always the same."""

    picks_per_hour: NotNegative = 0.0
    hands_per_hour: NotNegative = 0.0
    doors_per_hour: NotNegative = 0.0
    tags_per_hour: NotNegative = 0.0
    hours: list[NotNegative] = []
    restock_at: Share = 0.15
    restock_delay_s: tuple[NotNegative, NotNegative] = (60.0, 180.0)


class History(Struct, frozen=True, forbid_unknown_fields=True):
    """The past the devices had buffered when they are first heard."""

    days: Annotated[int, Meta(ge=0, le=390)] = 0
    pace: Pace = Pace()
    period_s: Count = 60
    batch: Annotated[int, Meta(ge=1, le=1000)] = 1000


class Sampling(Struct, frozen=True, forbid_unknown_fields=True):
    """How often devices speak when live. A shelf sends each second's samples while something happens, else every
    `rest_s`; `sample_ms` apart. Climate and machines send one sample each `climate_s`."""

    sample_ms: Annotated[int, Meta(ge=10, le=1000)] = 100
    rest_s: Count = 5
    climate_s: Count = 10


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole scenario file."""

    site: layout.About
    zones: Annotated[list[Zone], Meta(min_length=1)]
    seed: int = 1
    skus: list[Article] = []
    series: Series | None = None
    shelves: list[Shelves] = []
    readers: list[Reader] = []
    climates: list[Climate] = []
    refrigerators: list[Refrigerator] = []
    faults: list[Fault] = []
    pace: Pace = Pace()
    history: History = History()
    sampling: Sampling = Sampling()
    record_minutes: Positive = 10.0
    fill: tuple[Share, Share] = (0.5, 1.0)
    """The world begins with slots filled to a share of their capacity between these two."""


def parse(text: str, source: str = "scenario") -> Scenario:
    """The scenario in a TOML text; raises `ScenarioError`."""
    try:
        scenario = msgspec.toml.decode(text, type=Scenario)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ScenarioError(f"{source}: {error}") from None
    scenario = _with_series(scenario)
    try:
        ids = {device.id for device in expand(scenario, source).devices}
    except layout.LayoutError as error:
        raise ScenarioError(str(error)) from None
    for fault in scenario.faults:
        if fault.device not in ids:
            raise ScenarioError(f"{source}: a fault names device {fault.device!r}, which is not in the scenario")
    if any(pace.hours and len(pace.hours) != 24 for pace in (scenario.pace, scenario.history.pace)):
        raise ScenarioError(f"{source}: `hours` needs 24 weights, or none")
    return scenario


def _with_series(scenario: Scenario) -> Scenario:
    if scenario.series is None:
        return scenario
    series = scenario.series
    low, high = series.mass_g
    masses = np.exp(np.linspace(np.log(low), np.log(high), series.count))
    more = [
        Article(
            f"{series.prefix}-{i + 1:04d}",
            f"Article {i + 1}",
            round(float(mass), 1),
            series.unit_cv,
            50,
            series.capacity,
        )
        for i, mass in enumerate(masses)
    ]
    return msgspec.structs.replace(scenario, skus=[*scenario.skus, *more], series=None)


def faster(scenario: Scenario, speed: float) -> Scenario:
    """Everything that people do happens `speed` times as often."""
    pace = scenario.pace
    quick = Pace(
        pace.picks_per_hour * speed,
        pace.hands_per_hour * speed,
        pace.doors_per_hour * speed,
        pace.tags_per_hour * speed,
        pace.hours,
        pace.restock_at,
        (pace.restock_delay_s[0] / speed, pace.restock_delay_s[1] / speed),
    )
    return msgspec.structs.replace(scenario, pace=quick)


def expand(scenario: Scenario, source: str = "scenario") -> layout.Site:
    """The site that gateway and service read. Depends on the scenario alone, not on a run's seed."""
    rng = np.random.default_rng([scenario.seed, 7])
    skus = [_weighed(article, rng) for article in scenario.skus]
    devices: list[layout.Device] = []
    slots: list[layout.Slot] = []
    capacity = {article.id: article.capacity for article in scenario.skus}
    all_ids = list(capacity)
    turn = 0
    for run in scenario.shelves:
        wanted = run.skus or all_ids
        if not wanted:
            raise ScenarioError(f"{source}: shelves {run.prefix!r} have no SKUs to hold; list some in `skus`")
        at = turn if not run.skus else 0
        for i in range(1, run.devices + 1):
            name = f"Shelf {run.prefix}{i:02d}"
            shelf = layout.Device(
                f"shelf-{run.prefix.lower()}{i:02d}", "shelf", run.zone, name, "", run.max_mass_g, run.noise_g
            )
            devices.append(shelf)
            for channel in range(1, run.channels + 1):
                sku = wanted[at % len(wanted)]
                at += 1
                slot_id = f"{run.prefix}{i:02d}-{channel:02d}"
                room = capacity.get(sku, 1)
                slots.append(layout.Slot(slot_id, run.zone, sku, shelf.id, str(channel), room, run.tare_g))
        turn = at if not run.skus else turn
    cold = {machine.zone for machine in scenario.refrigerators}
    devices += [layout.Device(reader.id, "rfid", reader.zone, reader.name) for reader in scenario.readers]
    devices += [
        layout.Device(meter.id, "climate", meter.zone, meter.name, "refrigerator" if meter.zone in cold else "")
        for meter in scenario.climates
    ]
    devices += [
        layout.Device(machine.id, "machine", machine.zone, machine.name, "refrigerator")
        for machine in scenario.refrigerators
    ]
    zones = [layout.Zone(zone.id, zone.name, zone.min_c, zone.max_c) for zone in scenario.zones]
    site = layout.Site(scenario.site, zones, skus, slots, devices)
    return layout.parse(spell(site), source)


def _weighed(article: Article, rng: np.random.Generator) -> layout.Sku:
    sample = unit_masses(article.unit_mass_g, article.unit_cv, article.sample, rng)
    return layout.Sku(
        article.id,
        article.name,
        round(sum(sample) / len(sample), 3),
        article.unit_cv,
        article.sample,
        article.unit_cost,
        article.order_cost,
        article.holding_rate,
        article.lead_time_days,
        article.lead_time_sd_days,
        article.service_level,
        article.moq,
        article.pack,
    )


def spell(site: layout.Site) -> str:
    """The site as the TOML text that `protocols.layout.parse` reads."""
    lines = ["[site]", *_fields(site.site)]
    for name, things in (("zones", site.zones), ("skus", site.skus), ("slots", site.slots), ("devices", site.devices)):
        for thing in things:
            lines += ["", f"[[{name}]]", *_fields(thing)]
    return "\n".join(lines) + "\n"


def _fields(thing: Struct) -> list[str]:
    # TOML's basic strings take the escapes of JSON; numbers and booleans are spelled alike.
    pairs = msgspec.structs.asdict(thing).items()
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in pairs if value is not None]
