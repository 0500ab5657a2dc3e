"""Many devices fell silent at once: a zone's power, a strip, a switch. One alert, and none for each of them."""

from __future__ import annotations

from cloud.alerts.facts import Facts, GatewayLink
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from protocols.layout import About, Device, Site, Zone
from protocols.reports import DeviceHealth

RULE = "zone_dark"
HOLD_MS = 30_000
CLEAR_MS = 2 * 60_000
NODATA = True


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a zone, or a gateway where they stand in several zones. It is calm: what is lost is sight."""
    return [
        Condition(
            RULE,
            one.subject,
            one.zone,
            3,
            {"devices": len(one.devices), "of": one.of, "lost_ms": one.at_ms, "through": one.gateway},
        )
        for one in facts.dark
    ]


_SITE = Site(
    About("s1", "Site"),
    [Zone("a", "Aisle A"), Zone("b", "Aisle B")],
    devices=[*(Device(f"a{i}", "shelf", "a") for i in range(4)), *(Device(f"b{i}", "shelf", "b") for i in range(4))],
)


def _at(silent: dict[str, int], gateway: bool = True) -> Facts:
    devices = {
        one.id: DeviceHealth(
            one.id, "silent" if one.id in silent else "ok", 600_000, silent.get(one.id, 599_000), 5_000, 0, 0, 0
        )
        for one in _SITE.devices
    }
    links = {"g1": GatewayLink(gateway, 600_000)}
    return Facts(_SITE, 600_000, devices=devices, gateways=links, gateway_of=dict.fromkeys(devices, "g1"))


_WRONG = _at({f"a{i}": 300_000 + i * 1000 for i in range(4)})
_RIGHT = _at({"a0": 300_000, "a1": 301_000, "a2": 302_000, "b0": 303_000, "b1": 300_500})
EXAMPLES = [
    Example(
        "all four of a zone",
        _WRONG,
        [Condition(RULE, "a", "a", 3, {"devices": 4, "of": 4, "lost_ms": 303_000, "through": "g1"})],
    ),
    Example(
        "five on one strip in two aisles",
        _RIGHT,
        [Condition(RULE, "g1", "", 3, {"devices": 5, "of": 8, "lost_ms": 303_000, "through": "g1"})],
    ),
    Example("two of four", _at({"a0": 300_000, "a1": 301_000}), []),
    Example("four, one after the other", _at({f"a{i}": 100_000 + i * 150_000 for i in range(4)}), []),
    Example("their gateway is away", _at({f"a{i}": 300_000 for i in range(4)}, gateway=False), []),
    course(
        "comes, lasts and goes",
        "a",
        _WRONG,
        _RIGHT,
        [(0, True, "pending"), (0.5, True, "firing"), (1.5, False, "firing"), (3.5, False, "resolved")],
    ),
]
