"""Messages of the quarantine that can be read by now: folded as if they had come when they came.

What is known by newer messages stays: an older mass, reading or look at the tags goes to the history and changes no
count. Whether a device speaks now follows from what it says now, so a replay tells nothing of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from edge.core.inference import Inference, Outcome
from protocols.layout import Site
from protocols.readings import Decoded, Flag, Problem, Reading, Said, TagReads
from protocols.reports import DeviceHealth

KNOWN: Flag = "historical"
MASSES = ("mass_g", "mass_change_g")


class Again(NamedTuple):
    """What came of it: the outcome to be stored, and how many of its messages were older than what is known."""

    outcome: Outcome
    late: int


def measured(said: Sequence[Decoded]) -> list[Reading | TagReads]:
    """What of a message is worth folding later: what was measured. That a device came or went is past."""
    return [one for one in said if isinstance(one, Reading | TagReads)]


def unfit(site: Site, found: Sequence[Decoded]) -> tuple[str, str]:
    """Why a message can not be folded now, as a code and a sentence; "" twice where it can. All of it or nothing."""
    for one in found:
        if isinstance(one, Problem):
            return one.code, one.detail
    said = measured(found)
    if not said:
        return "nothing", "it measured nothing"
    for one in said:
        if one.device not in site.device_by_id:
            return "device.unknown", f"device {one.device!r} is not in the site file"
        if (
            isinstance(one, Reading)
            and one.quantity in MASSES
            and (one.device, one.channel) not in site.slot_by_channel
        ):
            return "channel.unwatched", f"channel {one.channel!r} of {one.device!r} watches no slot"
    return "", ""


def fold_again(inference: Inference, said: Sequence[Reading | TagReads], came_ms: int, now_ms: int) -> Again:
    """Fold what came at `came_ms` and could not be used then."""
    out, late = Outcome(), 0
    taken: list[Said] = []
    for one in said:
        if not _older(inference, one, came_ms):
            taken.append(one)
            continue
        late += 1
        if isinstance(one, Reading):
            taken.append(msgspec.structs.replace(one, flags=(*one.flags, KNOWN)))
    names = {one.device for one in taken}
    pulses = {name: msgspec.structs.replace(inference.devices[name].pulse) for name in names & inference.devices.keys()}
    inference.hear(taken, came_ms, out)
    for name, pulse in pulses.items():
        inference.devices[name].pulse = pulse
    out.reports = [one for one in out.reports if not isinstance(one, DeviceHealth)]
    inference.tell_levels(out, now_ms)
    return Again(out, late)


def _older(inference: Inference, one: Reading | TagReads, came_ms: int) -> bool:
    """Whether something newer of its kind is known."""
    state = inference.devices.get(one.device)
    if state is None:
        return False
    if isinstance(one, TagReads):
        key, at_ms, known_ms = "tags", one.at_ms, 0
    elif one.quantity in MASSES:
        cell = state.cells.get(one.channel)
        key, at_ms, known_ms = "/" + one.channel, one.last_ms, cell.last_ms if cell is not None else 0
    else:
        key, at_ms, known_ms = one.quantity, one.last_ms, 0
    boot, seq, heard_ms, newest_ms = state.taken.get(key, (0, -1, 0, known_ms))
    return at_ms < max(newest_ms, known_ms) or came_ms < heard_ms or (one.boot == boot and 0 <= one.seq < seq)
