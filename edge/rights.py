"""Who may publish and subscribe to what on a site's broker, whichever broker it is."""

from __future__ import annotations

from typing import NamedTuple

from protocols.devices import formats
from protocols.layout import LayoutError, Site
from protocols.topics import HOUSEHOLD, KINDS, ROOT

PROBE = "wh/probe/+"
"""What the doctor says to itself, to see whether the broker keeps it."""
BROKERS_OWN = "$SYS/broker/#"
"""What a Mosquitto tells of itself; `#` does not cover it (MQTT 3.1.1, 4.7.2)."""


class Rights(NamedTuple):
    """MQTT filters a user may publish to and subscribe to. Where a broker can name exceptions, a user with `never`
    may publish to all of `wide` but these: what nobody knows is then counted by the gateway, which says what is wrong,
    where the broker would drop it in silence."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    never: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()


def every(*leaves: str) -> tuple[str, ...]:
    """The native topics of every device with these leaves."""
    return tuple(f"{ROOT}/+/+/{leaf}" for leaf in leaves)


def _device(kind: str) -> Rights:
    """A device speaks for its own kind and hears commands only."""
    others = (one for one in KINDS if one != kind)
    return Rights(every(kind, "status", "ack"), every("cmd"), every(*others, "cmd"), every("+"))


def users_of(site: Site | None = None, homeassistant: str = "") -> dict[str, Rights]:
    """Every user of a site's broker: the gateway, which is the one trusted reader; one for each kind of native device;
    one for each source of devices of another make, which speaks on its own topics only; and with `homeassistant`, a
    discovery prefix, one for that, which reads what the gateway tells it and says no more than that it is there.

    Raises `LayoutError` for a source that has a user's name, or an unknown format.
    """
    users: dict[str, Rights] = {kind: _device(kind) for kind in KINDS}
    heard = set(every("cmd"))
    if homeassistant:
        users["homeassistant"] = Rights((f"{homeassistant}/status",), (f"{homeassistant}/#", f"{HOUSEHOLD}/#"))
        heard.update((f"{homeassistant}/device/+/config", f"{HOUSEHOLD}/#"))
    for source in site.sources if site is not None else []:
        if source.id in users or source.id == "gateway":
            raise LayoutError(f"source {source.id!r} has the name of a user of the broker; give it another id")
        family = formats().get(source.format)
        if family is None:
            users[source.id] = Rights(tuple(source.topics), ())
            continue
        said = {common(topic, spoken) for topic in source.topics for spoken in family.speaks}
        users[source.id] = Rights(tuple(sorted(said - {""})), family.listens, family.never, tuple(source.topics))
        heard.update(family.listens)
    return {"gateway": Rights((*sorted(heard), PROBE), ("#", BROKERS_OWN)), **users}


def common(one: str, other: str) -> str:
    """The MQTT filter of the topics that both filters cover; "" when there are none."""
    levels: list[str] = []
    left, right = one.split("/"), other.split("/")
    for i in range(max(len(left), len(right)) + 1):
        if left[i:] == ["#"]:
            return "/".join(levels + right[i:])
        if right[i:] == ["#"]:
            return "/".join(levels + left[i:])
        if not left[i:] or not right[i:]:
            return "/".join(levels) if left[i:] == right[i:] else ""
        if "+" not in (left[i], right[i]) and left[i] != right[i]:
            return ""
        levels.append(right[i] if left[i] == "+" else left[i])
    return "/".join(levels)


def subject(mqtt_filter: str) -> str:
    """An MQTT filter as the NATS subject it becomes inside nats-server (its docs, "MQTT topics and NATS subjects");
    for filters without spaces, which nats-server does not carry."""
    levels = (level.replace(".", "//") or "/" for level in mqtt_filter.split("/"))
    return ".".join(levels).replace("+", "*").replace("#", ">")
