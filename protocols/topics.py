"""The only place where an MQTT topic is spelled or matched.

The native format lives under `wh/v1/<site>/<device>/<leaf>`. Levels are `[A-Za-z0-9_-]+`, so that every broker,
the one in the box too, carries them unchanged.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

ROOT = "wh/v1"
Kind = Literal["shelf", "rfid", "climate", "machine"]
KINDS: tuple[Kind, ...] = ("shelf", "rfid", "climate", "machine")
LEAVES: tuple[str, ...] = (*KINDS, "status", "ack", "cmd")
LEVEL = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class Topic(NamedTuple):
    """One native topic, taken apart."""

    site: str
    device: str
    leaf: str


@lru_cache(maxsize=8192)
def parse(topic: str) -> Topic | None:
    """The parts of a native topic, or None when it is not one."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[0] != "wh" or parts[1] != "v1" or parts[4] not in LEAVES:
        return None
    if not (LEVEL.match(parts[2]) and LEVEL.match(parts[3])):
        return None
    return Topic(parts[2], parts[3], parts[4])


def spell(site: str, device: str, leaf: str) -> str:
    """The native topic of a device's leaf; site and device must be single levels."""
    for level in (site, device):
        if not LEVEL.match(level):
            raise ValueError(f"{level!r} can not be a topic level: use 1-64 of A-Z a-z 0-9 _ -")
    if leaf not in LEAVES:
        raise ValueError(f"{leaf!r} is not one of {', '.join(LEAVES)}")
    return f"{ROOT}/{site}/{device}/{leaf}"


def filters() -> list[str]:
    """What the native format covers."""
    return [f"{ROOT}/+/+/{leaf}" for leaf in LEAVES]


def whole_site(site: str) -> str:
    """What a gateway subscribes to: all of its site, so that what nobody understands is counted too."""
    return f"{ROOT}/{site}/#"


def matches(pattern: str, topic: str) -> bool:
    """Whether an MQTT filter (with `+` and `#`) covers a topic (MQTT 3.1.1, 4.7)."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in "+#":
        return False
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or level not in ("+", levels[i]):
            return False
    return len(wanted) == len(levels)
