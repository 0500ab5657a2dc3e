"""ifm's UHF RFID gate ZZ0814: an array of passages, each with its direction.

The topic is the user's; a gate names itself by a number. It folds the reads of a passage into one and knows no antenna.
"""

from __future__ import annotations

from protocols.devices import Example
from protocols.parsing.moments import moment
from protocols.parsing.payloads import json_of, name_of, unexpected
from protocols.parsing.sights import Sights, hex_of, no_epc
from protocols.readings import Context, Decoded, Problem, TagRead, TagReads

FORMAT = "ifm_gate"
FILTERS: tuple[str, ...] = ()


def decode(topic: str, payload: bytes, context: Context) -> list[Decoded]:
    """Who passed, when, and which way."""
    if not payload:
        return []
    said = json_of(payload, context.name)
    if isinstance(said, Problem):
        return [said]
    sights = Sights()
    for one in said if isinstance(said, list) else [said]:
        if not isinstance(one, dict) or "EPC" not in one:
            sights.found.append(unexpected("a passage without an EPC", context.name))
            continue
        number = one.get("gateID")
        device = context.name if number is None else name_of(number)
        epc, stamp = hex_of(one["EPC"]), one.get("timestamp")
        if not epc:
            sights.found.append(no_epc(one["EPC"], device))
            continue
        at = moment(stamp, context)
        way = str(one.get("direction", "")).strip().lower()
        read = TagRead(epc, 1, at.at_ms, tid=hex_of(one.get("TID")), direction=way if way in ("in", "out") else "")
        sights.add(device, read, at, stamp)
    return sights.told()


_NOW = 1_763_762_400_000
_EPC = "3034257BF7194E4000001A85"
EXAMPLES = (
    Example(
        "two passages, in and out, an hour east",
        "gate/7",
        f'[{{"eventID":1,"gateID":7,"direction":"IN","EPC":"{_EPC}","TID":"E2801160","user":"",'
        f'"timestamp":"2025-11-21T23:00:00+0100"}},{{"eventID":2,"gateID":7,"direction":"OUT","EPC":"ABCD",'
        '"TID":"","user":"","timestamp":"2025-11-21T23:00:01+0100"}]'.encode(),
        [
            TagReads(
                "7",
                _NOW,
                [
                    TagRead(_EPC, 1, _NOW, tid="E2801160", direction="in"),
                    TagRead("ABCD", 1, _NOW + 1000, direction="out"),
                ],
            )
        ],
    ),
    Example(
        "one it could not tell the direction of, without its array",
        "gate/7",
        f'{{"gateID":"7","direction":"UNKNOWN","EPC":"{_EPC}","timestamp":"2025-11-21T22:00:00Z"}}'.encode(),
        [TagReads("7", _NOW, [TagRead(_EPC, 1, _NOW)])],
    ),
    Example("no tag in it", "gate/7", b'[{"gateID":7}]', [Problem("payload.invalid", "")]),
    Example("an EPC that is none", "gate/7", b'[{"gateID":7,"EPC":"-"}]', [Problem("epc.invalid", "")]),
    Example("cut off", "gate/7", b'[{"gateID":7,', [Problem("payload.not_json", "")]),
)
