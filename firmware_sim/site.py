"""From a scenario's text to the site file that gateway and service read.

`expand` draws what a real shop would have measured: a SKU's unit mass in the site file is the mean of a weighed sample,
not the true mean that the world uses.
"""

from __future__ import annotations

import json

import msgspec
import numpy as np
from msgspec import Struct

from firmware_sim.physics.loadcell import unit_masses
from firmware_sim.scenario import Article, Scenario, ScenarioError
from protocols import layout, trade

TRADED = ("suppliers", "offers", "agreements", "tiers", "neighbours")
"""Tables of trading, which a scenario gives as the site file has them."""


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
    fit = {
        "leak": {one.id for one in scenario.refrigerators},
        "wear": {one.id for one in scenario.machines},
        "silent": ids,
    }
    for fault in scenario.faults:
        if fault.device not in ids:
            raise ScenarioError(f"{source}: a fault names device {fault.device!r}, which is not in the scenario")
        if fault.device not in fit[fault.kind]:
            raise ScenarioError(f"{source}: {fault.device!r} is no machine that can have a {fault.kind}")
    offered = {(offer.supplier, offer.sku) for offer in scenario.offers}
    for errand in scenario.people.errands:
        if (errand.supplier, errand.sku) not in offered:
            raise ScenarioError(
                f"{source}: an errand wants {errand.sku!r} of {errand.supplier!r}, who does not offer it"
            )
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
            shelf = layout.Device(run.device_id(i), "shelf", run.zone, name, "", run.max_mass_g, run.noise_g)
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
    devices += [layout.Device(driven.id, "machine", driven.zone, driven.name) for driven in scenario.machines]
    zones = [
        layout.Zone(zone.id, zone.name, zone.min_c, zone.max_c, storage=zone.storage, area=zone.area)
        for zone in scenario.zones
    ]
    traded = {name: getattr(scenario, name) for name in (*TRADED, "buying", "targets")}
    told = traded | {"people": scenario.crew, "teams": scenario.teams}
    site = layout.Site(scenario.site, zones, skus, slots, devices, **told)
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
        replenish=article.replenish,
        protected=article.protected,
        gtin=article.gtin,
        storage=article.storage,
    )


def spell(site: layout.Site) -> str:
    """The site as the TOML text that `protocols.layout.parse` reads."""
    lines = ["[site]", *_fields(site.site)]
    for name in ("zones", "skus", "slots", "devices", *TRADED, "people", "teams"):
        for thing in getattr(site, name):
            lines += ["", f"[[{name}]]", *_fields(thing)]
    if site.buying != trade.Buying():
        lines += ["", "[buying]", *_fields(site.buying)]
    if site.targets:
        lines += ["", "[targets]", *(f"{name} = {_value(value)}" for name, value in site.targets.items())]
    return "\n".join(lines) + "\n"


def _fields(thing: Struct) -> list[str]:
    pairs = msgspec.to_builtins(thing).items()
    return [f"{key} = {_value(value)}" for key, value in pairs if value is not None and value not in ({}, [])]


def _value(value: object) -> str:
    """As TOML: its basic strings take the escapes of JSON, numbers and booleans are spelled alike, tables stand in one
    line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
