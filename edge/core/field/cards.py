"""How a device is, on one card: what its own traffic, its readings and its commissioning say."""

from __future__ import annotations

from typing import Literal

from edge.core.care import health
from edge.core.field.places import Places
from edge.core.inference import DeviceState, Inference
from protocols.fieldwork import DeviceCard
from protocols.layout import Slot

RETARED = frozenset(("tare", "calibrate"))


def card(inference: Inference, places: Places, device_id: str) -> DeviceCard:
    """The card of a device of the site file."""
    device = inference.site.device_by_id[device_id]
    source, address = places.who(device_id)
    state = inference.devices.get(device_id)
    pulse = state.pulse if state is not None and state.pulse.seen_ms else None
    slots = [slot for slot in inference.site.slots if slot.device == device_id]
    findings = inference.ward.findings(device_id, state.clock, pulse.state == "ok") if state and pulse else []
    calibrated_ms = _calibrated_ms(inference, slots)
    due: Literal["", "replaced", "drift"] = ""
    enrolment = inference.shelves.taught.places.enrolments.get(device_id)
    if slots and enrolment is not None and enrolment.was and calibrated_ms < enrolment.approved_ms:
        due = "replaced"
    elif any(one.remedy in RETARED for one in findings):
        due = "drift"
    return DeviceCard(
        device_id,
        device.name,
        device.kind,
        device.zone,
        [slot.id for slot in slots],
        source,
        address,
        pulse.state if pulse is not None else "unseen",
        pulse.seen_ms if pulse is not None else 0,
        state.changed_ms if state is not None else 0,
        health.lost(pulse) if pulse is not None else 0,
        health.lost_pct(pulse) if pulse is not None else None,
        pulse.duplicates if pulse is not None else 0,
        state.late if state is not None else 0,
        pulse.battery_pct if pulse is not None else None,
        _now(state, "rssi_dbm"),
        pulse.firmware if pulse is not None else "",
        round(pulse.offset_ms) if pulse is not None else 0,
        sorted({one.code for one in findings}),
        calibrated_ms,
        due,
        enrolment,
    )


def _calibrated_ms(inference: Inference, slots: list[Slot]) -> int:
    """When the slot that was tared longest ago was; 0 where one of them never was by hand."""
    taught = inference.shelves.taught.slots
    return min((taught[slot.id].at_ms if slot.id in taught else 0 for slot in slots), default=0)


def _now(state: DeviceState | None, quantity: str) -> float | None:
    known = state.now.get(quantity) if state is not None else None
    return known[1] if known is not None else None
