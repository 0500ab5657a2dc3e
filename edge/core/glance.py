"""What the gateway sees at this moment, as far as it decides by it: gathered from what is folded, judged elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from edge.core.care.health import Pulse
from edge.core.slots.shelves import SlotState
from protocols.layout import Device
from protocols.reports import Finding

if TYPE_CHECKING:
    from edge.core.inference import Inference

Said = tuple[str, int, float]
"""What a thermometer said last: (quantity, at_ms, value)."""


def nothing_found() -> Iterable[tuple[Device, list[Finding]]]:
    """No device suffers from anything."""
    return ()


def no_tags() -> Mapping[tuple[str, str], int]:
    """No tag is anywhere."""
    return {}


class Glance(NamedTuple):
    """Devices with their pulses; by zone what each of its thermometers said last; slots; devices whose door is open.

    What takes longer to gather is asked for: what devices that speak suffer from, and how many tags of each GTIN are in
    each zone, (GTIN, zone)."""

    pulses: list[tuple[Device, Pulse]]
    climate: dict[str, list[Said]]
    slots: Mapping[str, SlotState]
    doors: Sequence[tuple[Device, Pulse]] = ()
    findings: Callable[[], Iterable[tuple[Device, list[Finding]]]] = nothing_found
    tags: Callable[[], Mapping[tuple[str, str], int]] = no_tags


def glance(inference: Inference) -> Glance:
    """The glance at what is known now."""
    known, ward = inference.site.device_by_id, inference.ward
    states = [(known[name], state) for name, state in inference.devices.items() if name in known]
    climate: dict[str, list[Said]] = {}
    doors = []
    for device, state in states:
        if device.kind == "climate":
            said = ((quantity, at_ms, value) for quantity, (at_ms, value) in state.now.items())
            climate.setdefault(device.zone, []).extend(said)
        if state.now.get("door_open", (0, 0.0))[1]:
            doors.append((device, state.pulse))

    def findings() -> Iterable[tuple[Device, list[Finding]]]:
        for device, state in states:
            if state.pulse.state == "ok" and (found := ward.findings(device.id, state.clock)):
                yield device, found

    pulses = [(device, state.pulse) for device, state in states]
    return Glance(pulses, climate, inference.shelves.slots, doors, findings, inference.readers.by_zone)
