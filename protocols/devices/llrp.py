"""LLRP readers behind the bridge llrpkit (0.3): `<base>/tags` and `<base>/status`, base `llrpkit/<reader>` by default.

The bridge's last will carries the time at which it connected, so for "offline" the time of receipt is taken. What it
says on `<base>/events` (arrived, departed) is worked out here from the reads themselves, and not read.
"""

from __future__ import annotations

from typing import Any

from protocols.devices import Example
from protocols.parsing.moments import moment
from protocols.parsing.payloads import doubt, name_of, object_of, unexpected
from protocols.parsing.sights import Sights, antenna_of, hex_of, no_epc, rssi_of
from protocols.readings import Context, Decoded, DeviceStatus, Notice, Problem, TagRead, TagReads

FORMAT = "llrp"
FILTERS = ("llrpkit/+/tags", "llrpkit/+/status")


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """What the bridge says: one read, or its own status."""
    if not payload:
        return []
    base, _, leaf = topic.rpartition("/")
    name = context.name or base.removeprefix("llrpkit/")
    said = object_of(payload, name_of(name))
    if isinstance(said, Problem):
        return [said]
    device = name_of(said.get("reader") or name)
    if "status" in said:
        return _status(said, device, context)
    if "epc" not in said:
        return [unexpected("neither a tag nor a status of llrpkit", device)]
    if leaf == "events" or "event" in said:
        return []
    epc = hex_of(said["epc"])
    if not epc:
        return [no_epc(said["epc"], device)]
    at = moment(said.get("at"), context)
    signal, tid = rssi_of(said.get("rssi_dbm")), hex_of(said.get("tid"))
    sights = Sights()
    sights.add(device, TagRead(epc, antenna_of(said.get("antenna")), at.at_ms, signal, tid=tid), at, said.get("at"))
    return sights.told()


def _status(said: dict[str, Any], device: str, context: Context) -> list[Decoded]:
    status = name_of(said["status"]).lower()
    if status == "offline":
        return [DeviceStatus(device, False, context.received_ms)]
    at = moment(said.get("at"), context)
    if status == "online":
        return [DeviceStatus(device, True, at.at_ms), *doubt(at, said.get("at"), device)]
    return [Notice(device, "reader", status or "unknown", at.at_ms, at.flags), *doubt(at, said.get("at"), device)]


_NOW = 1_763_762_400_000
EXAMPLES = (
    Example(
        "a read",
        "llrpkit/10.0.0.5/tags",
        b'{"reader":"10.0.0.5:5084","epc":"3034257bf7194e4000001a85","antenna":2,"rssi_dbm":-61.5,"phase_deg":12.5,'
        b'"doppler_hz":null,"channel":7,"tid":"e2801160","at":1763762399.5}',
        [
            TagReads(
                "10.0.0.5:5084",
                _NOW - 500,
                [TagRead("3034257BF7194E4000001A85", 2, _NOW - 500, -61.5, tid="E2801160")],
            )
        ],
    ),
    Example(
        "the bridge is up",
        "llrpkit/10.0.0.5/status",
        b'{"status":"online","reader":"10.0.0.5:5084","topic":"llrpkit/10.0.0.5/tags","at":1763762400.0}',
        [DeviceStatus("10.0.0.5:5084", True, _NOW)],
    ),
    Example(
        "its last will, written when it connected",
        "rfid/dock/status",
        b'{"status":"offline","reader":"dock","topic":"rfid/dock/tags","at":1763700000.0}',
        [DeviceStatus("dock", False, _NOW)],
    ),
    Example(
        "a tag that came, as the bridge sees it",
        "llrpkit/10.0.0.5/events",
        b'{"event":"arrived","reader":"dock","epc":"3034257bf7194e4000001a85","reads":3,"at":1763762400.0}',
        [],
    ),
    Example("no EPC", "llrpkit/10.0.0.5/tags", b'{"reader":"r","epc":null,"at":1}', [Problem("epc.invalid", "")]),
    Example("another's message", "llrpkit/10.0.0.5/tags", b'{"x":1}', [Problem("payload.invalid", "")]),
    Example("cut off", "llrpkit/10.0.0.5/tags", b'{"reader":"10.', [Problem("payload.not_json", "")]),
)
