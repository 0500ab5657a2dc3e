"""The crew of the fake service, in memory: two teams and their roster, what they were told, what they say of alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.crews_view import Sought
from cloud.core.view import AlertView, Param, Snapshot
from cloud.web.desk import NotFound, Refused

DAY_MS = 86_400_000
PEOPLE = {"anna": "Anna Berg", "li": "Li Wei", "otto": "Otto Kranz", "mara": "Mara Lindqvist"}
TEAMS = {
    "cold": ("Cold store", ["cool", "freeze"], ["li", "anna"]),
    "site": ("Whole site", [], ["mara", "otto", "anna"]),
}
TURN_DAYS = {"cold": 7, "site": 2}
TUNED_MS = 1_763_762_400_000
PRECISION = (
    # rule, right, wrong, not now, low, high, asks
    ("stock_unknown", 2, 9, 1, 0.05, 0.45, True),
    ("device_silent", 7, 5, 4, 0.32, 0.81, False),
    ("gateway_silent", 4, 1, 0, 0.38, 0.96, False),
    ("zone_temperature", 21, 1, 2, 0.79, 0.99, False),
    ("stock_out", 0, 0, 0, 0.0, 1.0, False),
    ("refrigeration_capacity", 0, 0, 0, 0.0, 1.0, False),
)


class Notice(Struct, frozen=True):
    """What somebody was told, as the log shows it."""

    id: int
    at_ms: int
    person: str
    name: str
    kind: str
    severity: int
    step: int
    alerts: list[int]
    more: int
    title: str
    state: str
    channel: str
    tries: int
    changed_ms: int
    detail: str
    taken_ms: int


class FakeCrew:
    """`crews.Desk`, and what `WorkDesk` knows of verdicts. `change` replaces fields of an alert and shows it."""

    def __init__(
        self, now_ms: Callable[[], int], site: Callable[[], Snapshot], change: Callable[..., AlertView]
    ) -> None:
        self._now_ms, self._site, self._change = now_ms, site, change
        self.trouble = ""
        self.empty = False
        """There are no teams, and nothing was told or judged yet."""
        self.told: list[tuple[Any, ...]] = []
        """What was done, in order."""
        self.verdicts: dict[int, list[dict[str, Any]]] = {}
        self._keys: dict[str, Any] = {}
        self._notices = [self._notice(n) for n in range(70, 0, -1)]

    # ---- who is asked ----

    def on_call(self) -> dict[str, Any]:
        """See `crews.Desk`."""
        t = self._now_ms()
        teams = [self._team(id_, t) for id_ in TEAMS]
        view = {"at_ms": t, "timezone": "Asia/Shanghai", "trouble": self.trouble, "waiting": 0, "beat_ms": t - 40_000}
        people = [{"id": one, "name": name} for one, name in PEOPLE.items()]
        return {**view, "teams": [] if self.empty else teams, "people": [] if self.empty else people}

    def _team(self, id_: str, t: int) -> dict[str, Any]:
        name, zones, people = TEAMS[id_]
        turn, *later = self._turns(id_, t, 14)
        order = [turn["person"], *(one for one in people if one != turn["person"])]
        asked = [{"person": one, "name": PEOPLE[one], "quiet": False, "away": one == order[-1]} for one in order]
        until, after = turn["until_ms"], later[0]["person"]
        return {"id": id_, "name": name, "zones": zones, "rules": [], "now": asked, "until_ms": until, "next": after}

    def roster(self, days: int) -> dict[str, Any]:
        """See `crews.Desk`."""
        t = self._now_ms()
        turns = [] if self.empty else [turn for id_ in TEAMS for turn in self._turns(id_, t, days)]
        return {"from_ms": t, "to_ms": t + days * DAY_MS, "turns": turns}

    def _turns(self, id_: str, t: int, days: int) -> list[dict[str, Any]]:
        """Handed over at midnight UTC, which is 8 in the morning there."""
        people, length = TEAMS[id_][2], TURN_DAYS[id_] * DAY_MS
        first = t // length
        return [
            {
                "team": id_, "person": (who := people[n % len(people)]), "name": PEOPLE[who],
                "from_ms": max(t, n * length), "until_ms": min((n + 1) * length, t + days * DAY_MS),
                "stands_in": n == first + 2,
            }
            for n in range(first, (t + days * DAY_MS) // length + 1)
        ]  # fmt: skip

    async def notices(self, before: int, limit: int) -> list[Notice]:
        """See `crews.Desk`."""
        return [] if self.empty else [one for one in self._notices if not before or one.id < before][:limit]

    async def noisiest(self, since_ms: int) -> dict[str, Any]:
        """See `crews.Desk`."""
        t, s = self._now_ms(), self._site()
        rows = [
            {"rule": one.rule, "subject": one.subject, "zone": one.zone, "fired": 61 - 6 * n, "reopened": 9 - n,
             "share": (61 - 6 * n) / 412, "last_ms": t - n * 3_700_000}
            for n, one in enumerate(s.alerts[:10])
        ]  # fmt: skip
        return {"since_ms": since_ms, "fired": 0 if self.empty else 412, "top": [] if self.empty else rows}

    async def ended(self, sought: Sought, limit: int, after: tuple[int, int] | None) -> list[AlertView]:
        """See `crews.Desk`. Beside what is shown as over there are 70 doors that stood open, one a day."""
        t = self._now_ms()
        first = next(one for one in self._site().alerts if one.state == "resolved")
        every = [one for one in self._site().alerts if one.state == "resolved"]
        every += [
            replace(
                first, id=1_000 + n, severity=1 + n % 3, since_ms=t - n * DAY_MS - 900_000, changed_ms=t - n * DAY_MS
            )
            for n in range(1, 71)
        ]
        fitting = [
            one
            for one in every
            if sought.rule in ("", one.rule)
            and sought.severity in (0, one.severity)
            and sought.about in one.zone
            and one.changed_ms >= sought.from_ms
            and (after is None or one.changed_ms < after[0])
        ]
        return fitting[:limit]

    async def test(self, person: str, channel: str) -> Notice:
        """See `crews.Desk`. Otto was sent one just now."""
        if person == "otto":
            raise Refused("too_soon", "Otto Kranz was sent a test just now", "wait half a minute")
        made = replace(
            self._notice(len(self._notices) + 1), person=person, name=PEOPLE[person], kind="test", state="sending",
            title="A test: all is well", alerts=[], more=0, detail="",
        )  # fmt: skip
        self._notices.insert(0, made)
        self.told.append(("test", person, channel))
        return made

    def _notice(self, n: int) -> Notice:
        t = self._now_ms()
        kind, state, title, detail = (
            ("critical", "delivered", "Freezer 2: temperature above limit, −16.4 °C, limit −18 °C", ""),
            ("news", "given_up", "Gateway gateway-1 is silent", "ntfy: answered 403; mail: no answer"),
            ("digest", "waiting", "Stock can not be counted: A09-05", ""),
            ("over", "unsure", "Over: Cold room 1, temperature above limit", "the service stopped while it was sent"),
        )[n % 4]
        person = list(PEOPLE)[n % len(PEOPLE)]
        age = (70 - n) * 1_260_000 + 45_000
        return Notice(
            id=n, at_ms=t - age, person=person, name=PEOPLE[person], kind=kind, severity=1 + n % 3,
            step=1 if kind == "critical" and n % 8 == 0 else 0, alerts=[9 if kind == "over" else 1 + n % 4],
            more=3 if kind == "digest" else 0, title=title, state=state, channel="" if state == "waiting" else "ntfy",
            tries=6 if state == "given_up" else 1, changed_ms=t - age + 2000, detail=detail,
            taken_ms=t - age + 60_000 if n % 8 == 4 else 0,
        )  # fmt: skip

    # ---- lives of alerts ----

    async def shelve(self, alert: int, by: str, minutes: int, note: str) -> AlertView:
        """See `crews.Desk`."""
        found, t = self._found(alert), self._now_ms()
        if found.state == "resolved":
            raise Refused("alert.over", f"alert {alert} is not there now; there is nothing to put aside", "look again")
        self.told.append(("shelve", alert, by, minutes, note))
        return self._change(
            alert,
            state="shelved",
            shelved_until_ms=t + minutes * 60_000,
            acknowledged_by=by,
            note=note,
            changed_ms=t,
            acted_by=by,
            acted_ms=t,
        )

    async def unshelve(self, alert: int, by: str, note: str) -> AlertView:
        """See `crews.Desk`."""
        found = self._found(alert)
        if found.state != "shelved":
            raise Refused("alert.not_shelved", f"alert {alert} is not put aside", "look at the others")
        self.told.append(("unshelve", alert, by, note))
        again = {"state": "firing", "shelved_until_ms": 0, "acknowledged_by": "", "acknowledged_ms": 0, "note": ""}
        return self._change(alert, changed_ms=self._now_ms(), acted_by=by, **again)

    async def assign(self, alert: int, by: str, to: str, note: str) -> AlertView:
        """See `crews.Desk`."""
        self._found(alert)
        if to and to not in PEOPLE:
            raise Refused("no_person", f"there is no person {to!r} in the site file", "take one of GET /api/v1/oncall")
        self.told.append(("assign", alert, by, to, note))
        return self._change(alert, assigned_to=to, changed_ms=self._now_ms(), acted_by=by)

    def _found(self, alert: int) -> AlertView:
        found = next((one for one in self._site().alerts if one.id == alert), None)
        if found is None:
            raise NotFound(f"there is no alert {alert}")
        return found

    # ---- verdicts ----

    async def judge_alert(self, number: int, told: Any, by: str, key: str) -> dict[str, Any]:
        """See `WorkDesk`. The same key again changes nothing. Of alert 9 it is too late for one."""
        key = told.key or key
        if key in self._keys:
            return dict(self._keys[key])
        self._found(number)
        if number == 9:
            raise Refused("verdict_stands", "a day has passed, and what was said stands", "say it at its order")
        self.told.append(("verdict", number, told.said, by, key))
        made = {"alert": number, "said": told.said, "at_ms": told.at_ms, "by": by, "note": told.note}
        self.verdicts.setdefault(number, []).append(made)
        if told.said == "not_now":
            await self.shelve(number, by, int(told.hours * 60), told.note)
        self._keys[key] = {"verdict": made, "standing": made, "precision": None}
        return dict(self._keys[key])

    async def alert_verdicts(self, number: int) -> dict[str, Any]:
        """See `WorkDesk`."""
        said = self.verdicts.get(number, [])
        return {"verdicts": said, "standing": said[-1] if said else None}

    def precision(self) -> list[dict[str, Any]]:
        """See `WorkDesk`."""
        return [
            {
                "rule": rule, "right": right, "wrong": wrong, "not_now": later, "low": low, "high": high, "floor": 0.5,
                "precision": right / (right + wrong) if right + wrong else None, "asks_tuning": asks,
                "tuned_ms": TUNED_MS if rule == "gateway_silent" else 0,
            }
            for rule, right, wrong, later, low, high, asks in PRECISION
            if not self.empty or not right
        ]  # fmt: skip


def many(alerts: list[AlertView], n: int, t: int) -> list[AlertView]:
    """A flood: so many more, most of them devices that fell silent together."""
    base = max((one.id for one in alerts), default=0)
    silent = AlertView(0, "device_silent", "", "", 3, "firing", t, t, {"state": "silent"}, "", 0, "", nodata=True)
    damp: dict[str, Param] = {"value": 71.0, "limit": 60.0, "unit": "%RH", "side": "high"}
    wet = replace(silent, rule="zone_humidity", severity=2, nodata=False, params=damp)
    made = [silent if k % 3 else wet for k in range(n)]
    zones = ("dry", "cool", "freeze", "")
    return [
        *alerts,
        *(
            replace(one, id=base + 1 + k, subject=f"shelf-{k % 20 + 1:02}", since_ms=t - k * 60_000, zone=zones[k % 4])
            for k, one in enumerate(made)
        ),
    ]
