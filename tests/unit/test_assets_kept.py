"""What an earlier service kept of an asset is gone on from: evidence and days stay, the rest is learned again."""

from __future__ import annotations

import msgspec

from cloud.core.maintenance import sensors
from cloud.core.maintenance.assets import Evidence
from cloud.core.maintenance.fleet import Fleet
from cloud.core.maintenance.keeping import Course, Kept
from cloud.core.maintenance.units import Level
from tests.unit.test_assets_fold import DAY_MS, MINUTE_MS, SITE, START_MS, found, series


def test_what_was_kept_before_machines_were_judged_at_work_is_gone_on_from() -> None:
    kept = Kept("pump", START_MS, {"1/mass_g": Course(Level(), sensors.begin("mass_g"), START_MS)})
    kept.past = [Evidence("wearing", "1", 2, START_MS, START_MS, START_MS)]
    told = msgspec.to_builtins(kept)
    del told["series"]["1/mass_g"][1][-5:]
    days = [[19_000 + day, 2.0] for day in range(12)]
    told["machine"] = {
        "channels": ["1/power_w", "1/vibration_mm_s"], "fixed": True, "rows": {28_000_000: {"1/power_w": [40.0, 1]}},
        "passed": {"1/power_w": 28_000_000}, "done": 27_999_999, "odd_minutes": 30, "abnormal_ms": START_MS,
        "wears": {"1/vibration_mm_s": {"quantity": "vibration_mm_s", "days": days, "day": 19_012, "today": [2.0] * 9}},
        "work": {"1/power_w": [0.0, 40.0]}, "scores": [[START_MS, 0.9]], "calm_minutes": 0,
        "why": [["1/power_w", 1.0, 2.0, 3.0]], "packed": b"watch", "too_many": 0,
    }  # fmt: skip
    told["antennas"] = {
        "2": {"hour": 5, "reads": 9.0, "waiting_ms": 7, "waiting": [3.0, None], "hours": [[3.0, 1.0]] * 72, "late": [],
              "level": 1.0, "sigma": 0.1, "cusum": 9.0, "losing_ms": START_MS, "lost": 0.5, "days": [[5, 0.1]]}
    }  # fmt: skip

    fleet = Fleet(SITE)
    assert fleet.take(msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Kept))
    for minute in range(1, 2 * 1440):
        fleet.hear([series("pump", "vibration_mm_s", START_MS + minute * MINUTE_MS, [2.0 + minute % 2])])

    assert found(fleet, "pump", START_MS + 2 * DAY_MS) == []
    machine = fleet.assets["pump"].kept.machine
    assert machine is not None
    assert len(machine.wears["1/vibration_mm_s"].days) >= 13
    assert [one.code for one in fleet.assets["pump"].kept.past] == ["wearing"]
