"""Another device takes a place: what was known of the old one goes, what is known of the slots and their history stays.

A new load cell has a zero and a span of its own, so what people taught of its slots' tare is forgotten: the site file's
holds until somebody tares. The count, the book and the units' masses are of the goods, and stay.
"""

from __future__ import annotations

from edge.core.inference import DeviceState, Inference, Outcome
from edge.core.slots.shelves import Note
from protocols.fieldwork import Enrolment


def take_place(inference: Inference, one: Enrolment, now_ms: int) -> Outcome:
    """Whoever was enrolled stands there from now on; what that changed."""
    out = Outcome()
    device = one.device
    _begin_anew(inference, device, now_ms, out)
    params = {"source": one.source, "address": one.address, "was": one.was, "by": one.approved_by}
    out.notes.append(Note("replaced" if one.was else "enrolled", device, now_ms, params))
    return out


def leave_place(inference: Inference, device: str, by: str, now_ms: int) -> Outcome:
    """Whoever the site file names stands there again."""
    out = Outcome()
    _begin_anew(inference, device, now_ms, out)
    out.notes.append(Note("released", device, now_ms, {"by": by}))
    return out


def _begin_anew(inference: Inference, device: str, now_ms: int, out: Outcome) -> None:
    before = inference.devices.get(device)
    if before is not None:
        # What waits to be sent was measured; numbers, clock and levels were the old one's.
        inference.devices[device] = DeviceState(bundles=before.bundles)
        out.devices.add(device)
    inference.ward.forget(device)
    shelves = inference.shelves
    slots = [slot for slot in inference.site.slots if slot.device == device]
    for slot in slots:
        shelves.taught.slots.pop(slot.id, None)
    shelves.learn()
    for slot in slots:
        state = shelves.slots.get(slot.id)
        if state is not None:
            state.stock = shelves.begin_anew(slot, now_ms, state)
            out.slots.add(slot.id)
