"""What Home Assistant takes: its own schema of device discovery, and the documented options of its platforms."""

from __future__ import annotations

import re
from typing import Any

ROOT = {
    "device", "components", "origin", "state_topic", "command_topic", "qos", "encoding", "availability",
    "availability_mode", "availability_template", "availability_topic", "payload_available", "payload_not_available",
}  # fmt: skip
DEVICE = {
    "identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version", "serial_number",
    "sw_version", "via_device", "suggested_area", "configuration_url",
}  # fmt: skip
ORIGIN = {"name", "sw_version", "support_url"}
ENTITY = {
    "platform", "name", "unique_id", "icon", "entity_category", "enabled_by_default", "default_entity_id",
    "json_attributes_topic", "json_attributes_template", "state_topic", "value_template", "expire_after",
    "force_update", "device_class", "qos", "encoding", "availability_topic",
}  # fmt: skip
PLATFORMS = {
    "sensor": ENTITY | {"state_class", "unit_of_measurement", "suggested_display_precision", "options"},
    "binary_sensor": ENTITY | {"payload_on", "payload_off", "off_delay"},
}
CLASSES: dict[str, dict[str, set[str | None]]] = {
    "sensor": {"temperature": {"°C", "°F", "K"}},
    "binary_sensor": {"problem": {None}},
}
STATE_CLASSES = {"measurement", "measurement_angle", "total", "total_increasing"}
TOPIC = re.compile(r"[^+#\0]{1,65535}\Z")
DISCOVERY = re.compile(r"(?:[\w-]+/)+device/[a-zA-Z0-9_-]+/config\Z")


def flaws(topic: str, config: dict[str, Any]) -> list[str]:
    """What Home Assistant would refuse of a device's configuration; nothing where it would take it."""
    found = [] if DISCOVERY.match(topic) else [f"{topic} is no discovery topic of a device"]
    found += [f"the device has no option {one}" for one in config.keys() - ROOT]
    found += [f"{one} is missing" for one in {"device", "components", "origin"} - config.keys()]
    found += [f"device has no {one}" for one in config["device"].keys() - DEVICE]
    found += [] if config["device"].get("identifiers") or config["device"].get("connections") else ["no identifier"]
    found += [f"origin has no {one}" for one in config["origin"].keys() - ORIGIN]
    found += [] if config["origin"].get("name") else ["the origin has no name"]
    for name, one in config["components"].items():
        found += [f"{name}: {said}" for said in _flaws(one)]
    return found


def _flaws(one: dict[str, Any]) -> list[str]:
    platform = one.get("platform", "")
    if platform not in PLATFORMS:
        return [f"no platform {platform!r}"]
    if one.keys() == {"platform"}:
        return []  # this takes it away
    found = [f"a {platform} has no option {key}" for key in one.keys() - PLATFORMS[platform]]
    found += [f"it has no {key}" for key in {"unique_id", "state_topic"} - one.keys()]
    found += [f"{one[key]} is no topic" for key in one if key.endswith("_topic") and not TOPIC.match(one[key])]
    if (said := one.get("device_class")) is not None:
        units = CLASSES[platform].get(said)
        found += [f"no class {said}"] if units is None else []
        found += [] if units is None or one.get("unit_of_measurement") in units else ["a unit that the class has not"]
    if one.get("state_class", "measurement") not in STATE_CLASSES:
        found.append(f"no state class {one['state_class']}")
    return found
