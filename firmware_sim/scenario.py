"""A scenario: a small TOML text that names seed, site, devices, pace and faults. `site` expands it to a whole site."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from firmware_sim.physics.machine import Drive
from firmware_sim.physics.refrigerator import Build
from protocols import crews, layout, trade
from protocols.floor import Area
from protocols.trade import Id, NotNegative, Positive, Share

Count = Annotated[int, Meta(ge=1)]


class ScenarioError(ValueError):
    """The scenario can not be used; the message says where, why and what to do."""


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """A zone of the site; `ambient_c` is the mean temperature around it, `area` where it is on the floor plan."""

    id: Id
    name: str
    min_c: float | None = None
    max_c: float | None = None
    ambient_c: float = 20.0
    storage: str = ""
    area: Area | None = None


class Article(Struct, frozen=True, forbid_unknown_fields=True):
    """A SKU as it truly is, how it is picked, and what the site file says of ordering it.

    `weight` is its part of all picks; `daily` scales it day by day, over and over; `near_reorder` lets the history
    end close above its reorder point.
    """

    id: Id
    name: str
    unit_mass_g: Positive
    unit_cv: Share = 0.01
    lot_cv: Share = 0.0
    """Each delivery's units share a deviation of this relative sd; the site file knows nothing of it."""
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
    replenish: trade.Action = "propose"
    protected: dict[Id, Count] = {}
    gtin: str = ""
    storage: str = ""


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
    drift_g: NotNegative = 0.15
    """How far the zero wanders in an hour (standard deviation; grows with the root of time)."""
    max_mass_g: Positive = 30_000.0
    tare_g: float = 0.0

    def device_id(self, i: int) -> str:
        """The run's device i, from 1."""
        return f"shelf-{self.prefix.lower()}{i:02d}"


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


class Driven(Struct, frozen=True, forbid_unknown_fields=True):
    """A machine that works by turns and tells its power, current, vibration and temperature."""

    id: Id
    zone: Id
    name: str = ""
    drive: Drive = Drive()


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. `silent`: the device says nothing for `for_s`, from `after_s` after going live, again every
    `every_s` (0: once). `leak`: the machine loses `percent_per_day` of its capacity from `from_day` of the history;
    `wear`: a driven machine's bearing so much of its life."""

    kind: Literal["silent", "leak", "wear"]
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


class Errand(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody orders when the warehouse goes live, once; it is taken in `after_s` later (0: not by itself)."""

    supplier: Id
    sku: Id
    units: Count
    after_s: NotNegative = 0.0


class People(Struct, frozen=True, forbid_unknown_fields=True):
    """What people do in the office: a place of the day's round is counted so often (0: never), and now and then
    miscounted."""

    count_every_s: NotNegative = 0.0
    miscounts: Share = 0.0
    errands: list[Errand] = []


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
    machines: list[Driven] = []
    faults: list[Fault] = []
    pace: Pace = Pace()
    history: History = History()
    sampling: Sampling = Sampling()
    tags: Annotated[int, Meta(ge=0, le=50)] = 0
    """So many tags stand in the readers' zones at first."""
    record_minutes: Positive = 10.0
    fill: tuple[Share, Share] = (0.5, 1.0)
    """The world begins with slots filled to a share of their capacity between these two."""
    suppliers: list[trade.Supplier] = []
    offers: list[trade.Offer] = []
    agreements: list[trade.Agreement] = []
    tiers: list[trade.Tier] = []
    neighbours: list[trade.Neighbour] = []
    buying: trade.Buying = trade.Buying()
    targets: dict[str, float] = {}
    people: People = People()
    crew: list[crews.Person] = []
    teams: list[crews.Team] = []


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
