"""The verb `site`: look at a site file before a gateway runs by it: what is in it, how far each slot can be counted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.core.decoding import Decoder
from edge.core.slots import mixed, teaching
from edge.core.slots.counting import Unit
from edge.rights import users_of
from edge.saying import existing, say
from protocols.layout import Site, Slot, parse


def add(verb: Any) -> None:
    """Add the verb to the command line."""
    one = verb("site", _site, "Check a site file: slots and how far each can be counted, sources, users of the broker.")
    one.add_argument("site", type=Path, metavar="SITE.toml")


def _site(arguments: argparse.Namespace) -> None:
    site = parse(existing(arguments.site).read_text("utf-8"), str(arguments.site))
    Decoder(site)
    for line in lines(site):
        say(arguments.json, line)


def lines(site: Site) -> list[dict[str, Any]]:
    """One line a slot, a source, and a clash of articles that share a scale."""
    found: list[dict[str, Any]] = []
    for slot in site.slots:
        sku, device = site.sku_by_id[slot.sku], site.device_by_id[slot.device]
        reach = teaching.reach(sku, device)
        line = {"slot": slot.id, "sku": slot.sku, "capacity": slot.capacity, "reach": reach}
        if reach < slot.capacity:
            line["note"] = "above its reach a count needs luck: a larger sample, a finer scale, or smaller lots help"
        found.append(line)
    for (device_id, channel), slots in site.slots_by_channel.items():
        if len(slots) > 1:
            for clash in mixed.clashes([_unit(site, slot) for slot in slots]):
                one, other = slots[clash.one].sku, slots[clash.other].sku
                told = f"{clash.units} of {one} weigh like {clash.others} of {other}"
                found.append({"scale": f"{device_id}/{channel}", "clash": told, "sigmas": round(clash.apart, 1)})
    for source in site.sources:
        claimed = sum(device.source == source.id for device in site.devices)
        found.append({"source": source.id, "format": source.format, "topics": source.topics, "devices": claimed})
    found.append({"broker_users": sorted(users_of(site))})
    return found


def _unit(site: Site, slot: Slot) -> Unit:
    sku, device = site.sku_by_id[slot.sku], site.device_by_id[slot.device]
    return Unit(sku.unit_mass_g, sku.unit_cv, sku.sample, device.noise_g, device.max_mass_g)
