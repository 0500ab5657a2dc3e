"""The equipment of the fake service, in memory: assets in every state, and orders that live by their rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cloud.core.maintenance.assets import AssetView
from cloud.core.work_view import WorkView
from cloud.web.desk import NotFound, Refused

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
OPEN_ENDED = 3650.0
POSSIBLE: dict[str, list[str]] = {
    "draft": ["change", "start", "cancel"],
    "planned": ["change", "start", "take", "finish", "cancel"],
    "in_work": ["change", "take", "finish", "cancel"],
    "done": [],
    "cancelled": [],
}
Row = dict[str, Any]


class FakePlant:
    """`AssetDesk` and `WorkDesk`. `show` publishes; `names` are those of SKUs; `quiet`: nothing is wrong or planned."""

    def __init__(
        self, now_ms: Callable[[], int], show: Callable[..., Any], names: dict[str, str], *, quiet: bool
    ) -> None:
        self._now_ms, self._show, self._names = now_ms, show, names
        self.told: list[tuple[str, object]] = []
        """Every write that was done, in order."""
        self.verdicts: Any = None
        """Who keeps what is said of alerts."""
        self._versions: dict[int, list[Row]] = {}
        self._works: dict[int, Row] = {}
        self._keys: dict[str, Row] = {}
        self._assets = [well(one, now_ms()) for one in assets(now_ms())] if quiet else assets(now_ms())
        for order in [] if quiet else works(now_ms()):
            self._keep(order, "propose" if order["state"] == "draft" else "open")
        self._show(assets=msgspec.convert(self._assets, list[AssetView]))

    async def judge_alert(self, number: int, told: object, by: str, key: str) -> object:
        """What is said of an alert is kept by whoever keeps the alerts."""
        return await self.verdicts.judge_alert(number, told, by, key)

    async def alert_verdicts(self, number: int) -> object:
        """What was said of one."""
        return await self.verdicts.alert_verdicts(number)

    def precision(self) -> object:
        """How each rule did."""
        return self.verdicts.precision()

    # ---- assets ----

    def listed(self) -> list[Row]:
        """Every asset."""
        return self._assets

    def detail(self, id_: str) -> Row:
        """One, with its evidence and its courses."""
        found = next((one for one in self._assets if one["id"] == id_), None)
        if found is None:
            raise NotFound(f"there is no asset {id_}")
        now = self._now_ms()
        past = [evidence(one, found["why"], now) for one in found["faults"]]
        if found["id"] == "machine-31":
            past.append(
                {
                    "code": "icing", "channel": "", "severity": 2, "since_ms": now - 42 * DAY_MS,
                    "found_ms": now - 41 * DAY_MS, "over_ms": now - 40 * DAY_MS, "first": {"capacity_lost_pct": 12.0},
                    "why": [],
                }
            )  # fmt: skip
        drawn = [course(one, now, wrong=bool(found["faults"])) for one in found["why"]]
        return {"asset": found, "evidence": past, "drawn": drawn}

    # ---- orders ----

    def orders(self) -> list[Row]:
        """Open ones and the last ended."""
        return [self._view(one) for one in self._works.values()]

    async def order(self, number: int) -> Row:
        """One, with its versions."""
        return {"work": self._view(self._found(number)), "versions": self._versions[number]}

    async def open(self, wanted: object, by: str, key: str) -> Row:
        """A new order."""
        return self._opened(told_of(wanted), by, key)

    def _opened(self, wanted: Row, by: str, key: str) -> Row:
        if key and key in self._keys:
            return self._keys[key]
        if not wanted.get("title"):
            raise Refused("untitled", "Nobody could tell what is to be done.", "Give the order a title.")
        asset = next(one for one in self._assets if one["id"] == wanted["asset"])
        fault = wanted.get("fault", "")
        made = order_of(
            max(self._works, default=0) + 1, asset["id"], asset["zone"], wanted["title"], "planned", self._now_ms(), by,
            rule="by_hand" if fault else "", fault=fault,
        )  # fmt: skip
        self.told.append(("open", wanted))
        made |= self._changed(made, wanted)
        self._keys[key] = self._keep(made, "open")
        return self._keys[key]

    async def step(self, number: int, action: str, step: object, by: str, key: str) -> Row:
        """An act on an order."""
        return self._stepped(number, action, told_of(step), by, key)

    def _stepped(self, number: int, action: str, step: Row, by: str, key: str) -> Row:
        if key and key in self._keys:
            return self._keys[key]
        order = self._found(number)
        if step.get("version") and step["version"] != order["version"]:
            raise Refused("changed", f"Order {number} is at version {order['version']} by now.", "Look at it again.")
        if action not in POSSIBLE[order["state"]]:
            raise Refused("not_now", f"Order {number} can not be told to {action}.", "Open another one.")
        now = self._now_ms()
        after = {**order, "by": by, "changed_ms": now, "version": order["version"] + 1}
        match action:
            case "change":
                after |= {"state": "planned"} if order["state"] == "draft" else {}
                after |= self._changed(order, step)
            case "start":
                after |= {"state": "in_work", "started_ms": now}
                if step.get("until_ms"):
                    after |= {"from_ms": now, "until_ms": step["until_ms"]}
            case "take":
                taken = {one["sku"]: one["units"] for one in step.get("parts", [])}
                after["parts"] = [{**one, "taken": one["taken"] + taken.get(one["sku"], 0)} for one in order["parts"]]
            case "finish":
                used = {one["sku"]: one["units"] for one in step.get("used", [])}
                outcome = {"found": step["found"], "did": step["did"], "verdict": step.get("verdict", "")}
                parts = [{**one, "used": used.get(one["sku"], 0)} for one in order["parts"]]
                after |= {"state": "done", "ended_ms": now, "outcome": outcome, "parts": parts}
                after["verdict"] = step.get("verdict", "")
            case _:
                note = {"at_ms": now, "by": by, "text": step["note"]}
                after |= {"state": "cancelled", "ended_ms": now, "notes": [*order["notes"], note]}
        self.told.append((action, step))
        self._keys[key] = self._keep(after, action)
        return self._keys[key]

    async def judge_work(self, number: int, told: object, by: str, key: str) -> Row:
        """Right, wrong or not now."""
        order, given = self._found(number), told_of(told)
        self.told.append(("verdict", given))
        self._works[number] = {**order, "verdict": given["said"]}
        self._publish()
        return {"verdict": {"said": given["said"], "by": by}, "standing": given["said"], "precision": None}

    def _changed(self, order: Row, told: Row) -> Row:
        plain = ("title", "from_ms", "until_ms", "whole_zone", "assigned_to")
        given = {name: told[name] for name in plain if told.get(name) is not None}
        if told.get("parts") is not None:
            had = {one["sku"]: one["taken"] for one in order["parts"]}
            given["parts"] = [
                {"sku": one["sku"], "units": one["units"], "taken": had.get(one["sku"], 0), "used": 0}
                for one in told["parts"]
            ]
        if told.get("note"):
            note = {"at_ms": self._now_ms(), "by": order["by"], "text": told["note"]}
            given["notes"] = [*order["notes"], note]
        return given

    def _found(self, number: int) -> Row:
        if number not in self._works:
            raise NotFound(f"there is no maintenance order {number}")
        return self._works[number]

    def _keep(self, order: Row, action: str) -> Row:
        self._works[order["id"]] = order
        version = {"order": order, "at_ms": order["changed_ms"], "by": order["by"], "action": action}
        self._versions.setdefault(order["id"], []).append(version)
        self._publish()
        return self._view(order)

    def _publish(self) -> None:
        self._show(works=msgspec.convert(self.orders(), list[WorkView]))

    def _view(self, order: Row) -> Row:
        late = ""
        if order["state"] in ("planned", "in_work") and 0 < order["until_ms"] <= self._now_ms():
            late = "overrun" if order["state"] == "in_work" else "not_started"
        parts = []
        for one in order["parts"]:
            there = 0 if one["sku"] == "SKU-1001" else 9
            left = one["units"] - one["taken"]
            short = max(0, left - there)
            coming = self._now_ms() + 3 * DAY_MS if short and one["sku"] == "SKU-1001" else None
            name = self._names.get(one["sku"], one["sku"])
            parts.append({**one, "name": name, "there": min(left, there), "short": short, "expected_ms": coming})
        return {**order, "parts": parts, "late": late, "may": POSSIBLE[order["state"]]}


def told_of(what: object) -> Row:
    """What was sent, without what was left out."""
    return {name: value for name, value in msgspec.to_builtins(what).items() if value is not None}


def fault(code: str, severity: int, since_ms: int, channel: str = "", **params: float) -> Row:
    """What is wrong."""
    return {"code": code, "severity": severity, "since_ms": since_ms, "params": params, "channel": channel}


def feature(name: str, value: float, low: float, high: float, unit: str) -> Row:
    """A feature that moved."""
    return {"name": name, "value": value, "normal_low": low, "normal_high": high, "unit": unit}


def asset(id_: str, name: str, kind: str, zone: str, state: str, health: float, t: int, **more: Any) -> Row:
    """An asset of the list."""
    plain: Row = {"part_of": "", "days": None, "faults": [], "why": [], "heard_ms": t - 4_000, "notes": {}}
    return {"id": id_, "name": name, "kind": kind, "zone": zone, "state": state, "health": health} | plain | more


def assets(t: int) -> list[Row]:
    """One of each kind, in every state."""
    duty = feature("duty", 0.61, 0.38, 0.46, "")
    falling = feature("fall", 21.4, 9.0, 14.5, "min")
    worn = feature("work.1/vibration_mm_s", 4.8, 1.1, 3.9, "mm/s")
    return [
        asset("machine-31", "Cooler 1", "refrigerator", "cool", "sick", 0.41, t, days=[9.4, 17.0, 30.6],
              faults=[fault("refrigerant", 1, t - 6 * DAY_MS, capacity_lost_pct=38.0, duty=0.61, duty_expected=0.42)],
              why=[duty, falling]),
        asset("machine-32", "Conveyor 2", "machine", "dry", "watch", 0.68, t, days=[41.0, 96.0, OPEN_ENDED],
              faults=[fault("wearing", 3, t - 2 * DAY_MS, "1/vibration_mm_s", now=4.8, limit=7.1)], why=[worn]),
        asset("rfid-26", "Gate reader", "reader", "dry", "watch", 0.74, t,
              faults=[fault("read_rate", 3, t - 9 * HOUR_MS, lost_pct=53.4)],
              why=[feature("reads_by_tag", 46.6, 78, 128, "%")]),
        asset("rfid-26.2", "", "antenna", "dry", "sick", 0.0, t, part_of="rfid-26",
              faults=[fault("antenna_dead", 2, t - 9 * HOUR_MS, usual_quiet_min=18)]),
        asset("shelf-14", "", "scale", "cool", "watch", 0.55, t, heard_ms=t - 900_000,
              faults=[fault("silent", 3, t - 900_000, last_seen_ms=t - 900_000)]),
        asset("shelf-03", "", "scale", "dry", "watch", 0.62, t,
              faults=[fault("noise", 3, t - 4 * DAY_MS, "weight", now=42.0, usual=4.0, ratio=10.5)],
              why=[feature("noise.weight/mass_g", 42.0, 0.0, 12.0, "g")]),
        asset("climate-21", "Climate 21", "thermometer", "freeze", "blind", 0.9, t, notes={"gap": 3}),
        asset("machine-33", "Dock door", "machine", "dry", "learning", 1.0, t),
        asset("rfid-30", "Rfid 30", "reader", "freeze", "unseen", 1.0, t, heard_ms=0),
        asset("gateway-1", "Gateway 1", "gateway", "dry", "well", 1.0, t),
        asset("machine-34", "Freezer 2", "refrigerator", "freeze", "well", 0.97, t, days=[220.4, 610.0, 1300.0],
              why=[feature("duty", 0.44, 0.36, 0.49, "")]),
        *(asset(f"shelf-{n:02}", "", "scale", "dry", "well", 0.98, t, days=[OPEN_ENDED] * 3) for n in (1, 2, 4, 5)),
    ]  # fmt: skip


def well(one: Row, t: int) -> Row:
    """The asset with nothing wrong."""
    return {**one, "state": "well", "health": 0.98, "days": None, "faults": [], "why": [], "heard_ms": t, "notes": {}}


def evidence(one: Row, why: list[Row], now: int) -> Row:
    """A fault as it was first seen."""
    return {
        "code": one["code"], "channel": one["channel"], "severity": one["severity"], "since_ms": one["since_ms"],
        "found_ms": min(now, one["since_ms"] + 5 * HOUR_MS), "over_ms": 0, "first": one["params"], "why": why,
    }  # fmt: skip


def course(one: Row, now: int, *, wrong: bool) -> Row:
    """Thirty days of a feature by hours; where it went wrong it did so in the last six. A day of it is missing."""
    low, high, hours = one["normal_low"], one["normal_high"], 30 * 24
    usual, spread = (low + high) / 2, (high - low) / 4
    times, values = [], []
    for n in range(hours):
        if 300 < n < 326:
            continue
        gone = max(0.0, (n - (hours - 6 * 24)) / (6 * 24)) if wrong else 0.0
        wave = spread * (((n * 37) % 29) / 29 - 0.5) + spread * 0.6 * (((n // 24) % 5) / 5 - 0.4)
        times.append(now - (hours - n) * HOUR_MS)
        values.append(round(usual + wave + gone * (one["value"] - usual), 4))
    return {
        "name": one["name"], "unit": one["unit"], "times_ms": times, "values": values, "normal_low": low,
        "normal_high": high, "limit": 7.1 if one["name"].startswith("work.") else None,
    }  # fmt: skip


def order_of(
    id_: int, asset_id: str, zone: str, title: str, state: str, t: int, by: str, *, rule: str = "", fault: str = "",
    **more: Any,
) -> Row:  # fmt: skip
    """An order."""
    cause = {"rule": rule, "fault": fault, "alert": 0, "days": [9.4, 17.0, 30.6] if rule == "life_left" else None}
    plain: Row = {
        "from_ms": 0, "until_ms": 0, "whole_zone": False, "assigned_to": "", "parts": [], "notes": [],
        "outcome": None, "created_ms": t, "changed_ms": t, "started_ms": 0, "ended_ms": 0, "version": 1, "verdict": "",
    }  # fmt: skip
    head = {"id": id_, "asset": asset_id, "zone": zone, "title": title, "state": state, "cause": cause, "by": by}
    return head | plain | more


def works(t: int) -> list[Row]:
    """One in every state; one is overrun, of one parts are missing."""
    hour = t // HOUR_MS * HOUR_MS

    def part(sku: str, units: int, taken: int = 0, used: int = 0) -> Row:
        return {"sku": sku, "units": units, "taken": taken, "used": used}

    return [
        order_of(1, "machine-31", "cool", "", "draft", t - 3 * HOUR_MS, "service", rule="life_left",
                 fault="refrigerant"),
        order_of(2, "shelf-14", "cool", "Replace the battery", "planned", t - DAY_MS, "anna", assigned_to="anna",
                 from_ms=hour + 20 * HOUR_MS, until_ms=hour + 22 * HOUR_MS, parts=[part("SKU-1020", 2)],
                 notes=[{"at_ms": t - DAY_MS, "by": "mara", "text": "The ladder stands at dock 6."}]),
        order_of(3, "rfid-26", "dry", "Look at the antenna cable", "in_work", t - 2 * DAY_MS, "otto",
                 assigned_to="bo", from_ms=t - 3 * HOUR_MS, until_ms=t - 40 * MINUTE_MS, started_ms=t - 2 * HOUR_MS,
                 rule="antenna", fault="antenna_dead", version=2),
        order_of(4, "machine-32", "dry", "New belt and bearings", "planned", t - 4 * DAY_MS, "mara", whole_zone=True,
                 from_ms=hour + 5 * DAY_MS, until_ms=hour + 7 * DAY_MS,
                 parts=[part("SKU-1001", 4), part("SKU-1010", 6)]),
        order_of(5, "machine-34", "freeze", "Clean the coil", "done", t - 9 * DAY_MS, "anna", rule="life_left",
                 fault="icing", verdict="right", started_ms=t - 8 * DAY_MS, ended_ms=t - 8 * DAY_MS + 2 * HOUR_MS,
                 from_ms=t - 8 * DAY_MS, until_ms=t - 8 * DAY_MS + 3 * HOUR_MS, parts=[part("SKU-1019", 2, 2, 1)],
                 outcome={"found": "The heater of the coil was broken.", "did": "New heater.", "verdict": "right"}),
        order_of(6, "shelf-03", "dry", "Tare it", "cancelled", t - 3 * DAY_MS, "anna", ended_ms=t - 2 * DAY_MS,
                 notes=[{"at_ms": t - 2 * DAY_MS, "by": "anna", "text": "It found its zero by itself."}]),
    ]  # fmt: skip
