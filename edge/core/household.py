"""What Home Assistant is told, in the shapes of its MQTT discovery: stock by SKU and slot, rooms, whether all is well.

One device stands for the gateway, with a sensor an SKU and one for alarms, and one for each zone, with its temperature
and its slots (which nobody sees until somebody enables them there). A device's configuration is one retained message;
what it names tells how it is by retained messages of its own. Pure: reports in, messages out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from edge.core.slots.shelves import level
from protocols.layout import Site
from protocols.readings import Publish
from protocols.reports import Alarm, Report, Series, SlotLevel, StockEvent
from protocols.topics import LEVEL, discovery, household

if TYPE_CHECKING:
    from edge.core.inference import Inference

PREFIX = "homeassistant"
ONLINE, OFFLINE = b"online", b"offline"
COMPONENTS_MAX = 2_000
"""Of one device: its configuration is one message, and a broker takes no more than a megabyte."""
ALARMS_MAX = 50
"""Alarms that are named; all are counted."""
EXPIRES_S = 3_600
"""A temperature of which nothing was heard for so long is none."""
ORIGIN = {"name": "open-smart-warehouse"}
Component = dict[str, Any]


class Household:
    """One gateway of one site. Raises `ValueError` for a name or a prefix that can be no topic."""

    def __init__(self, site: Site, gateway: str, prefix: str = PREFIX) -> None:
        if not all(map(LEVEL.match, prefix.split("/"))):
            raise ValueError(f"{prefix!r} can not be a discovery prefix: use levels of A-Z a-z 0-9 _ -")
        self._site, self._gateway, self.prefix = site, gateway, prefix
        self._id = f"wh_{site.site.id}_{gateway}"
        self.birth = _kept(self._topic("status"), ONLINE)
        self.will = _kept(self._topic("status"), OFFLINE)
        self.marker = Publish(self._topic("begin"), b"", 1)
        """Comes back behind all that the broker had retained of us."""
        self.filters = [discovery(prefix, "+"), self.marker.topic, f"{prefix}/status"]
        self._levels: dict[str, tuple[int | None, int]] = {}
        """Slot -> its count, and how many there are at least."""
        self._celsius: dict[str, tuple[int, float]] = {}
        self._alarms: dict[tuple[str, str], Alarm] = {}
        self._slots: dict[str, list[str]] = {}
        for slot in site.slots:
            self._slots.setdefault(slot.sku, []).append(slot.id)
        self.left_out = 0
        """Components that there is no room for."""
        self._configs = {one: _encoded(config) for one, config in self._configured()}
        self._before: dict[str, bytes] = {}
        self._told: dict[str, bytes] = {}

    def heard(self, topic: str, payload: bytes) -> list[Publish]:
        """What the broker has of us from before, or Home Assistant's own word; what is to be said then."""
        if topic == self.marker.topic:
            return self._begin()
        if topic == f"{self.prefix}/status":
            return self._everything() if payload == ONLINE and self._told else []
        device = topic.removeprefix(f"{self.prefix}/device/").removesuffix("/config")
        if payload and (device == self._id or device.startswith(f"{self._id}-")):
            self._before[topic] = payload
        return []

    def lost(self) -> None:
        """The connection is gone, or what was said did not go out: all of it is said again."""
        self._before.clear()
        self._told.clear()

    def tell(self, reports: Iterable[Report]) -> list[Publish]:
        """What reports change, once the beginning was made."""
        began = bool(self._told)
        skus: dict[str, None] = {}
        told: list[Publish] = []
        for report in reports:
            if type(report) is SlotLevel or type(report) is StockEvent:
                known = self._site.slot_by_id.get(report.slot)
                if known is None or known.sku != report.sku:
                    continue
                low = report.low if type(report) is SlotLevel else report.count
                self._levels[report.slot] = report.count, low or 0
                told.append(self._slot(report.slot))
                skus[known.sku] = None
            elif type(report) is Series and self._is_of_a_room(report):
                newest = max(range(len(report.values)), key=report.offsets_ms.__getitem__)
                at_ms = report.at_ms + report.offsets_ms[newest]
                if at_ms >= self._celsius.get(report.zone, (0, 0.0))[0]:
                    self._celsius[report.zone] = at_ms, report.values[newest]
                    told.append(self._zone(report.zone))
            elif type(report) is Alarm:
                self._alarms.pop((report.rule, report.subject), None)
                if report.state == "firing":
                    self._alarms[report.rule, report.subject] = report
                told.append(self._problem())
        return self._changed([*told, *map(self._sku, skus)]) if began else []

    def _begin(self) -> list[Publish]:
        """First what is not there any more goes: its configuration by a message that names it without one, as Home
        Assistant wants it, and what was retained of it. Then all that there is."""
        gone: list[Publish] = []
        for topic, payload in self._before.items():
            before = _components(payload)
            now = _components(self._configs.get(topic, b""))
            lost = {name: one for name, one in before.items() if name not in now}
            if topic not in self._configs:
                gone.append(_kept(topic, b""))
            elif lost:
                config = msgspec.json.decode(self._configs[topic])
                config["components"] |= {
                    name: {"platform": one.get("platform", "sensor")} for name, one in lost.items()
                }
                gone.append(_kept(topic, _encoded(config)))
            mine = self._topic("x").removesuffix("x")
            gone += [
                _kept(one["state_topic"], b"")
                for one in lost.values()
                if str(one.get("state_topic", "")).startswith(mine)
            ]
        self._before.clear()
        return [*gone, *self._everything()]

    def _everything(self) -> list[Publish]:
        self._told.clear()
        configs = [_kept(topic, config) for topic, config in self._configs.items()]
        states = [self._problem()]
        states += [self._sku(one.id) for one in self._site.skus]
        states += [self._slot(one.id) for one in self._site.slots]
        states += [self._zone(one.id) for one in self._site.zones if one.id in self._celsius]
        return [*configs, *self._changed(states)]

    def _changed(self, told: Iterable[Publish]) -> list[Publish]:
        found = []
        for one in {one.topic: one for one in told}.values():
            if self._told.get(one.topic) != one.payload:
                self._told[one.topic] = one.payload
                found.append(one)
        return found

    def _is_of_a_room(self, report: Series) -> bool:
        device = self._site.device_by_id.get(report.device)
        warmth = report.quantity == "temperature_c" and bool(report.values)
        return warmth and device is not None and device.kind == "climate" and report.zone in self._site.zone_by_id

    def _sku(self, sku: str) -> Publish:
        known = [(slot, *self._levels.get(slot, (None, 0))) for slot in self._slots.get(sku, [])]
        unknown = [slot for slot, count, _ in known if count is None]
        units = None if unknown else sum(count or 0 for _, count, _ in known)
        return self._state("sku", sku, {"units": units, "at_least": sum(low for *_, low in known), "unknown": unknown})

    def _slot(self, slot: str) -> Publish:
        count, low = self._levels.get(slot, (None, 0))
        return self._state("slot", slot, {"units": count, "at_least": low})

    def _zone(self, zone: str) -> Publish:
        return self._state("zone", zone, {"celsius": self._celsius[zone][1]})

    def _problem(self) -> Publish:
        named = [f"{rule} {subject}" for rule, subject in sorted(self._alarms)]
        state = {"state": "ON" if named else "OFF", "count": len(named), "alarms": named[:ALARMS_MAX]}
        return _kept(self._topic("alarms"), _encoded(state))

    def _state(self, kind: str, name: str, state: dict[str, object]) -> Publish:
        return _kept(self._topic(kind, name), _encoded(state))

    def _topic(self, *levels: str) -> str:
        return household(self._site.site.id, self._gateway, *levels)

    def _configured(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each device's configuration by its topic."""
        site, zones = self._site, self._site.zones
        stock = [("alarms", self._alarms_component())]
        stock += [(f"sku_{one.id}", self._units("sku", one.id, one.name or one.id)) for one in site.skus]
        yield self._device(self._id, {"name": site.site.name, "model": "gateway"}, stock)
        for zone in zones:
            parts: list[tuple[str, Component]] = []
            if any(one.kind == "climate" and one.zone == zone.id for one in site.devices):
                parts.append(("temperature", self._temperature(zone.id)))
            slots = [one for one in site.slots if one.zone == zone.id]
            parts += [(f"slot_{one.id}", self._units("slot", one.id, one.id)) for one in slots]
            if parts:
                about = {"name": zone.name, "model": "zone", "suggested_area": zone.name, "via_device": self._id}
                yield self._device(f"{self._id}-{zone.id}", about, parts)

    def _device(
        self, name: str, about: dict[str, str], parts: list[tuple[str, Component]]
    ) -> tuple[str, dict[str, Any]]:
        self.left_out += len(parts[COMPONENTS_MAX:])
        return discovery(self.prefix, name), {
            "device": {"identifiers": [name], "manufacturer": ORIGIN["name"], **about},
            "origin": ORIGIN,
            "availability_topic": self.will.topic,
            "qos": 1,
            "components": dict(parts[:COMPONENTS_MAX]),
        }

    def _units(self, kind: str, name: str, said: str) -> Component:
        topic = self._topic(kind, name)
        shown: Component = {} if kind == "sku" else {"enabled_by_default": False}
        return {
            "platform": "sensor", "unique_id": f"{self._id}_{kind}_{name}", "name": said, "state_topic": topic,
            "value_template": "{{ value_json.units }}", "json_attributes_topic": topic,
            "unit_of_measurement": "units", "state_class": "measurement", "icon": "mdi:package-variant-closed",
            **shown,
        }  # fmt: skip

    def _temperature(self, zone: str) -> Component:
        return {
            "platform": "sensor", "unique_id": f"{self._id}_zone_{zone}_temperature", "name": "Temperature",
            "state_topic": self._topic("zone", zone), "value_template": "{{ value_json.celsius }}",
            "device_class": "temperature", "unit_of_measurement": "°C", "state_class": "measurement",
            "suggested_display_precision": 1, "expire_after": EXPIRES_S,
        }  # fmt: skip

    def _alarms_component(self) -> Component:
        topic = self._topic("alarms")
        return {
            "platform": "binary_sensor", "unique_id": f"{self._id}_alarms", "name": "Alarms", "state_topic": topic,
            "value_template": "{{ value_json.state }}", "json_attributes_topic": topic, "device_class": "problem",
        }  # fmt: skip


def known(inference: Inference) -> Iterator[Report]:
    """What a gateway knows when it begins, as reports: its slots, what thermometers said last, alarms that fire."""
    site = inference.site
    for name, state in inference.shelves.slots.items():
        if name in site.slot_by_id:
            yield level(site.slot_by_id[name], state)
    for name, device in inference.devices.items():
        if name in site.device_by_id and (said := device.now.get("temperature_c")) is not None:
            at_ms, value = said
            yield Series(name, "1", "temperature_c", site.device_by_id[name].zone, at_ms, [0], [value])
    for one in inference.alone.alarms.open.values():
        if one.state == "firing":
            yield Alarm(one.rule, one.subject, one.zone, "firing", one.since_ms, one.since_ms, one.params)


def _components(payload: bytes) -> dict[str, Component]:
    """The components that a configuration names; none where it can not be read."""
    try:
        found = msgspec.json.decode(payload)["components"] if payload else {}
        return {str(name): dict(one) for name, one in found.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _kept(topic: str, payload: bytes) -> Publish:
    return Publish(topic, payload, 1, True)


def _encoded(value: object) -> bytes:
    return msgspec.json.encode(value)
