"""What every RFID reader's format needs: EPCs, antennas and signals checked, the reads of a message put together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from protocols.parsing.moments import Moment
from protocols.parsing.payloads import VALUES_MAX, capped, doubt, name_of, number_of
from protocols.readings import RANGES, Decoded, Flag, Problem, TagRead, TagReads

ANTENNA_MAX = 255
WORDS_MAX = 200
_HEX = re.compile(r"[0-9A-F]{4,124}\Z")
_GAPS = re.compile(r"[ \-]")
_LOW_DBM, _HIGH_DBM = RANGES["rssi_dbm"]
_PRESENCE = {b"online": True, b"connected": True, b"offline": False, b"disconnected": False}


def hex_of(value: object) -> str:
    """An EPC or TID of 16 to 496 bits as upper-case hex, also from one with gaps; "" for what is none."""
    if not isinstance(value, str):
        return ""
    text = value.upper()
    if _HEX.match(text):
        return text
    text = _GAPS.sub("", text[:256]).removeprefix("0X")
    return text if _HEX.match(text) else ""


def antenna_of(value: object) -> int:
    """The number of an antenna; 1 where the reader has just one and does not tell."""
    number = value if type(value) is int else number_of(value)
    return int(number) if number is not None and 0 <= number <= ANTENNA_MAX else 1


def rssi_of(value: object, factor: float = 1.0) -> float | None:
    """A signal in dBm; None where it was not told or can not be."""
    number = number_of(value)
    if number is None:
        return None
    number *= factor
    return number if _LOW_DBM <= number <= _HIGH_DBM else None


def seen_of(value: object) -> int:
    """How many reads stand behind one; 1 when it was not told."""
    number = number_of(value)
    return int(number) if number is not None and 1 <= number <= 1e9 else 1


def words_of(fields: Mapping[str, Any]) -> str:
    """The plain values of a JSON object as words, in its order: "antenna 3 state connected"."""
    told = [f"{name} {value}" for name, value in fields.items() if isinstance(value, str | int | float)]
    return " ".join(name_of(one) for one in told)[:WORDS_MAX]


def presence_of(payload: bytes) -> bool | None:
    """Whether a bare word, a birth or last will as users set them on readers, says online; None for all else."""
    return _PRESENCE.get(payload.strip(b' "\r\n').lower()) if len(payload) <= 16 else None


def no_epc(value: object, device: str) -> Problem:
    """The problem of a read whose EPC can not be read."""
    detail = f"{str(value)[:60]!r} is no EPC of 16 to 496 bits"
    return Problem("epc.invalid", detail, "check the reader's EPC format and the option `epc` of the source", device)


class Sights:
    """Reads of one message, device by device, and what else came up."""

    def __init__(self) -> None:
        self.found: list[Decoded] = []
        self._reads: dict[str, list[TagRead]] = {}
        self._flags: dict[str, dict[Flag, None]] = {}
        self._count = 0

    def add(self, device: str, read: TagRead, at: Moment, stamp: object) -> None:
        """One read more, at a time that was told as `stamp`."""
        self._count += 1
        if self._count > VALUES_MAX:
            return
        if device not in self._reads:
            self._reads[device] = []
            self._flags[device] = {}
        flags = self._flags[device]
        if at.flags:
            if "clock" not in flags:
                self.found += doubt(at, stamp, device)
            flags.update(dict.fromkeys(at.flags))
        self._reads[device].append(read)

    def told(self) -> list[Decoded]:
        """One `TagReads` a device, then the rest; of more than `VALUES_MAX` reads the first ones, and a problem."""
        seen: list[Decoded] = [
            TagReads(device, min(read.at_ms for read in reads), reads, flags=tuple(self._flags[device]))
            for device, reads in self._reads.items()
        ]
        if self._count > VALUES_MAX:
            detail = f"{self._count} reads in one message, {VALUES_MAX} were taken"
            self.found.append(Problem("payload.too_big", detail, "have the reader send smaller messages"))
        return capped([*seen, *self.found])
