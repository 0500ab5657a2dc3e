"""The only place where an MQTT topic is spelled or matched.

The native format lives under `wh/v1/<site>/<device>/<leaf>`. Levels are `[A-Za-z0-9_-]+`, so that every broker,
the one in the box too, carries them unchanged.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

ROOT = "wh/v1"
HOUSEHOLD = "wh/ha"
"""What gateways tell Home Assistant lies under `wh/ha/<site>/<gateway>/`."""
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


def household(site: str, gateway: str, *levels: str) -> str:
    """Where a gateway tells Home Assistant how things are; each part must be a single level."""
    for level in (site, gateway, *levels):
        if not LEVEL.match(level) and level != "#":
            raise ValueError(f"{level!r} can not be a topic level: use 1-64 of A-Z a-z 0-9 _ -")
    return "/".join([HOUSEHOLD, site, gateway, *levels])


def discovery(prefix: str, device: str) -> str:
    """Where Home Assistant looks for what there is of a device, below its discovery prefix."""
    return f"{prefix}/device/{device}/config"


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


def filter_flaw(pattern: str) -> str:
    """What is wrong with a source's MQTT filter (MQTT 3.1.1, 4.7) and what to do; "" when nothing is. `*` and `>` are
    wildcards inside nats-server, and our own topics are for our own devices."""
    levels = pattern.split("/")
    if not pattern:
        return "is empty; write the topics of these devices"
    if any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in pattern):
        return "has a control character; remove it"
    if pattern[0] == "$":
        return "begins with $, which is for the broker itself; write the topics of these devices"
    if "*" in pattern or ">" in pattern:
        return "has a * or >, which not every broker carries; + stands for one level, # at the end for all below"
    if any("#" in level and (level != "#" or i + 1 < len(levels)) for i, level in enumerate(levels)):
        return "has a # that is not the last level by itself; write it like a/b/#"
    if any("+" in level and level != "+" for level in levels):
        return "has a + that is not a level by itself; write it like a/+/b"
    if _is_ours(levels):
        return f"covers topics of our own ({ROOT}/...); write the topics of these devices"
    return ""


def _is_ours(levels: list[str]) -> bool:
    ours = ROOT.split("/")
    if levels[0] == ours[0]:
        return True
    for level, own in zip(levels, ours, strict=False):
        if level not in ("+", own):
            return level == "#"
    return len(levels) >= len(ours)
