"""Sparkplug's topics: `spBv1.0/<group>/<verb>/<node>[/<device>]` and `spBv1.0/STATE/<host>`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

NAMESPACE = "spBv1.0"
STATE = "STATE"
NODE_VERBS = ("NBIRTH", "NDATA", "NDEATH", "NCMD")
DEVICE_VERBS = ("DBIRTH", "DDATA", "DDEATH", "DCMD")
_FORBIDDEN = re.compile(r"[+/#\x00]")


class Address(NamedTuple):
    """Who speaks or is spoken to. For STATE, `node` is the host application, and the group is empty."""

    verb: str
    group: str
    node: str
    device: str = ""


@lru_cache(maxsize=8192)
def parse(topic: str) -> Address | None:
    """The parts of a Sparkplug topic, `STATE/<host>` of the versions before 3.0 too; None when it is none."""
    levels = topic.split("/")
    if any(_FORBIDDEN.search(one) for one in levels):
        return None
    if len(levels) == 2 and levels[0] == STATE and levels[1]:
        return Address(STATE, "", levels[1])
    if levels[0] != NAMESPACE or not all(levels):
        return None
    if len(levels) == 3 and levels[1] == STATE:
        return Address(STATE, "", levels[2])
    if len(levels) == 4 and levels[2] in NODE_VERBS:
        return Address(levels[2], levels[1], levels[3])
    if len(levels) == 5 and levels[2] in DEVICE_VERBS:
        return Address(levels[2], levels[1], levels[3], levels[4])
    return None


def spell(verb: str, group: str, node: str, device: str = "") -> str:
    """The topic of a message; raises `ValueError` for a name that can not be a level, or a verb that is none."""
    if verb not in (DEVICE_VERBS if device else NODE_VERBS):
        raise ValueError(f"{verb!r} is no verb of a {'device' if device else 'node'}")
    levels = [NAMESPACE, level(group), verb, level(node)]
    return "/".join([*levels, level(device)] if device else levels)


def state_of(host: str) -> str:
    """The topic on which a host application says whether it is there."""
    return f"{NAMESPACE}/{STATE}/{level(host)}"


def level(name: str) -> str:
    """The name, if Sparkplug allows it as a group, node, device or host; raises `ValueError` if not."""
    if not name or _FORBIDDEN.search(name):
        raise ValueError(f"{name!r} can not be a Sparkplug name: it must not be empty or contain + / #")
    return name
