"""A reader, or one of its antennas, hears less than it did: tags will seem to be gone."""

from __future__ import annotations

from cloud.alerts.facts import Facts
from cloud.alerts.lifecycle import Condition
from cloud.alerts.rules import Example, course
from cloud.alerts.wearing import figures
from cloud.core.maintenance.assets import AssetNow, Fault
from cloud.core.view import Param
from protocols.layout import About, Device, Site, Zone

RULE = "reader_read_rate"
HOLD_MS = 0
"""The model has waited until it was sure."""
CLEAR_MS = 3_600_000
KNOWN_BY = "device"
CODES = ("read_rate", "antenna_dead")


def evaluate(facts: Facts) -> list[Condition]:
    """One condition a reader or antenna; of a reader that hears less its antennas are not told too."""
    faulty: dict[str, tuple[AssetNow, Fault]] = {}
    for asset in facts.assets:
        for fault in asset.faults:
            if fault.code in CODES:
                faulty.setdefault(asset.id, (asset, fault))
    return [
        Condition(RULE, name, asset.zone, fault.severity, figures(asset, fault))
        for name, (asset, fault) in faulty.items()
        if "." not in name or name.partition(".")[0] not in faulty
    ]


_SITE = Site(About("s1", "Site"), [Zone("a", "Aisle A")], devices=[Device("r1", "rfid", "a")])
_LESS = Fault("read_rate", 3, 5, {"reads_min": 40.0, "usual_reads_min": 160.0})
_DEAD = AssetNow("r1.2", "antenna", "a", 0.0, None, [Fault("antenna_dead", 3, 5)])
_PARAMS: dict[str, Param] = {"since_ms": 5}
_WRONG = Facts(_SITE, 0, assets=[AssetNow("r1", "reader", "a", 1.0), _DEAD])
_RIGHT = Facts(_SITE, 0, assets=[AssetNow("r1", "reader", "a", 0.3, None, [_LESS]), _DEAD])
EXAMPLES = [
    Example(
        "an antenna is dead",
        _WRONG,
        [Condition(RULE, "r1.2", "a", 3, {"fault": "antenna_dead", "health_pct": 0, **_PARAMS})],
    ),
    Example(
        "all of the reader hears less",
        _RIGHT,
        [
            Condition(
                RULE,
                "r1",
                "a",
                3,
                {"fault": "read_rate", "health_pct": 30, **_PARAMS, "reads_min": 40.0, "usual_reads_min": 160.0},
            )
        ],
    ),
    Example("as ever", Facts(_SITE, 0, assets=[AssetNow("r1", "reader", "a", 1.0)]), []),
    course(
        "comes, lasts and goes",
        "r1.2",
        _WRONG,
        _RIGHT,
        [(0, True, "firing"), (1, False, "firing"), (61, False, "resolved")],
    ),
]
