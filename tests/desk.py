"""The service behind the web, kept in memory: a small site, its desk and its accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from cloud.core import lanes
from cloud.core.completeness import Completeness, Marks, prove
from cloud.core.tiles import Tiles, TilesView
from cloud.core.trends import TrendView
from cloud.core.view import AlertView, Kpi, NeedView, SiteView, SkuView, SlotChange, SlotView, Snapshot
from cloud.metrics import Counts
from cloud.web.app import Desks
from cloud.web.deeds import DeedView
from cloud.web.desk import Conflict, NotFound
from cloud.web.live import Live
from cloud.web.passwords import hash_password
from cloud.web.roles import Role
from cloud.web.sign_in import ID_LENGTH, Account, Kept, KeptToken, hash_token

NOON_MS = 1_763_762_400_000
PASSWORD = "correct horse"
TOKEN = "machine-token"
HASHED = hash_password(PASSWORD)


def slot(number: int, count: int | None = 5) -> SlotView:
    return SlotView(
        id=f"A{number:02}", zone="hall", sku="bolt", capacity=10, count=count, low=4, high=6, confidence=0.9,
        mass_g=50.0, at_ms=NOON_MS, status="ok", reason="", remedy="", device="shelf-1",
    )  # fmt: skip


def alert(number: int = 7, state: str = "firing") -> AlertView:
    return AlertView(
        id=number, rule="stock_low", subject="bolt", zone="hall", severity=2,
        state=state,  # type: ignore[arg-type]
        since_ms=NOON_MS, changed_ms=NOON_MS, params={"value": 5}, acknowledged_by="", acknowledged_ms=0, note="",
    )  # fmt: skip


def snapshot(slots: int = 3) -> Snapshot:
    return Snapshot(
        v="build-1", epoch="epoch-1", q=0, t=NOON_MS,
        site=SiteView("depot", "Depot", "Europe/Berlin", "EUR"),
        kpi=Kpi(50.0, 100.0, 0, 0, 0, 1, 0),
        slots=[slot(number) for number in range(slots)],
        skus=[SkuView("bolt", "Bolt M8", 15, 0, 0, None, None, None, None, "ok")],
        needs=[], alerts=[alert(7), alert(8, "resolved")], zones=[], devices=[], gateways=[],
    )  # fmt: skip


def recount(before: Snapshot, number: int, count: int, later_ms: int = 100) -> Snapshot:
    """The same site after one slot's count changed."""
    slots = [slot(number, count) if one.id == f"A{number:02}" else one for one in before.slots]
    return msgspec.structs.replace(before, slots=slots, t=before.t + later_ms)


class MemoryFront:
    """A front desk that remembers nothing."""

    def tiles(self) -> TilesView:
        return Tiles().view(NOON_MS)

    async def trends(self) -> list[TrendView]:
        return []


class MemoryDesk:
    """A `Desk` over a `Live` and nothing else."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.front = MemoryFront()
        self.acknowledged = 0
        self.reasons: list[str] = []

    async def acknowledge(self, alert_id: int, user: str, note: str) -> AlertView:
        now = self.live.current
        found = next((one for one in now.alerts if one.id == alert_id), None)
        if found is None:
            raise NotFound(f"there is no alert {alert_id}", "look at /api/v1/alerts")
        if found.state == "resolved":
            raise Conflict(f"alert {alert_id} is resolved already", "nothing is left to do")
        self.acknowledged += 1
        if found.state == "firing":
            found = msgspec.structs.replace(
                found,
                state="acknowledged",
                acknowledged_by=user,
                note=note,
                acknowledged_ms=now.t,
                acted_by=user,
                acted_ms=now.t,
            )
            alerts = [found if one.id == alert_id else one for one in now.alerts]
            self.live.publish(msgspec.structs.replace(now, alerts=alerts))
        return found

    def picks(self, from_ms: int) -> dict[str, int]:
        return {one.id: number for number, one in enumerate(self.live.current.slots)} if from_ms < NOON_MS else {}

    async def alert(self, alert_id: int) -> AlertView:
        raise NotFound(f"there is no alert {alert_id}", "look at /api/v1/alerts")

    async def history(
        self, series: str, from_ms: int, to_ms: int, points: int
    ) -> tuple[Sequence[int], Sequence[float | None]]:
        if series != "hall.temperature":
            raise NotFound(f"there is no series {series!r}", "look at /api/v1/zones")
        step_ms = max(1, (to_ms - from_ms) // points)
        times = list(range(from_ms, to_ms, step_ms))[:points]
        return times, [None if number == 1 else 4.5 for number in range(len(times))]

    async def completeness(self, since_ms: int) -> Completeness:
        return prove({("g1", "events"): lanes.nothing()}, Marks(), [], since_ms)

    async def need_versions(self, need: int) -> list[NeedView]:
        found = [one for one in self.live.current.needs if one.id == need]
        if not found:
            raise NotFound(f"there is no need {need}", "the list shows the latest")
        return found

    def ready(self) -> list[str]:
        return self.reasons

    def counts(self) -> Counts:
        return Counts(batches=3, reports_applied=40, reports_refused=2, gateways_connected=1, history_backlog=9)


class MemoryAccounts:
    """`Accounts` in dicts: ada looks, op handles, mei maintains, bo buys, mo governs, su supplies; one password. A
    machine's token."""

    def __init__(self) -> None:
        self.people = {
            "ada": Account("ada", "viewer", HASHED),
            "op": Account("op", "operator", HASHED),
            "mei": Account("mei", "maintenance", HASHED),
            "bo": Account("bo", "buyer", HASHED),
            "mo": Account("mo", "admin", HASHED),
            "su": Account("su", "supplier", HASHED, "acme"),
        }
        erp = Account("erp", "operator", "")
        self.machines = {hash_token(TOKEN): KeptToken(erp, "erp", frozenset(("look",)))}
        self.sessions: dict[str, Kept] = {}

    async def find(self, name: str) -> Account | None:
        return self.people.get(name)

    async def find_token(self, token_hash: str) -> KeptToken | None:
        return self.machines.get(token_hash)

    async def use_token(self, token_hash: str, now_ms: int) -> None:
        if kept := self.machines.get(token_hash):
            self.machines[token_hash] = replace(kept, used_ms=now_ms)

    async def find_session(self, token_hash: str) -> Kept | None:
        kept = self.sessions.get(token_hash)
        account = self.people.get(kept.account.name) if kept else None
        if kept is None or account is None or account.disabled:
            return None
        return replace(kept, account=account) if account.password_hash == kept.account.password_hash else None

    async def keep_session(self, token_hash: str, session: Kept, sessions_max: int) -> bool:
        mine = [key for key, one in self.sessions.items() if one.account.name == session.account.name]
        leaving = sorted(mine, key=lambda key: -self.sessions[key].expires_ms)[sessions_max - 1 :]
        for key in leaving:
            del self.sessions[key]
        self.sessions[token_hash] = session
        return bool(leaving)

    async def renew_session(self, token_hash: str, expires_ms: int, now_ms: int) -> None:
        if kept := self.sessions.get(token_hash):
            self.sessions[token_hash] = replace(kept, expires_ms=expires_ms)

    async def forget_session(self, token_hash: str) -> None:
        self.sessions.pop(token_hash, None)

    async def forget_session_of(self, session: str, name: str) -> str:
        mine = [
            key for key, one in self.sessions.items() if key[:ID_LENGTH] == session and name in ("", one.account.name)
        ]
        return self.sessions.pop(mine[0]).account.name if mine else ""

    async def replace_hash(self, account: Account, password_hash: str) -> bool:
        return self._changed(account, replace(account, password_hash=password_hash), None)

    async def change_password(self, account: Account, password_hash: str, staying: str, now_ms: int) -> bool:
        return self._changed(account, replace(account, password_hash=password_hash, once=False), staying)

    async def vouch(self, subject: str, name: str, role: Role, now_ms: int) -> Account | None:
        raise AssertionError("nobody vouches here")

    def _changed(self, before: Account, after: Account, staying: str | None) -> bool:
        if self.people.get(before.name) != before:
            return False
        self.people[before.name] = after
        for key, one in [*self.sessions.items()]:
            if one.account.name == before.name and staying in (None, key):
                self.sessions[key] = replace(one, account=after)
        return True


class MemoryTrade:
    """A stockroom, an office and figures that hold nothing: whatever is asked for is not there."""

    def __getattr__(self, name: str) -> Any:
        def nothing(*_: object) -> object:
            raise NotFound(f"nothing is held here: {name}")

        return nothing


class MemoryPeople(MemoryTrade):
    """Who did what, in a list, the oldest first; of accounts and tokens it knows nothing."""

    def __init__(self) -> None:
        self.told: list[DeedView] = []

    async def keep_deeds(self, deeds: Sequence[DeedView]) -> None:
        self.told += deeds


def desks(desk: MemoryDesk) -> Desks:
    """This desk, and empty ones beside it."""
    trade: Any = MemoryTrade()
    return Desks(desk, *[trade] * (len(Desks._fields) - 1))._replace(people=MemoryPeople())


def amended(held: list[SlotView], changes: list[SlotChange]) -> list[SlotView]:
    """What a page shows of slots after a delta: of each what is new over what was, new ones at the end."""
    slots = {one.id: one for one in held}
    for change in changes:
        told = {name: now for name in SlotChange.__struct_fields__ if (now := getattr(change, name)) is not UNSET}
        slots[change.id] = replace(slots[change.id], **told) if change.id in slots else SlotView(**told)
    return list(slots.values())
