"""The trade of the fake service, in memory: orders that really live by the rules, arrivals, counts, suppliers, a portal."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cloud.core.purchasing import acting
from cloud.core.purchasing.orders import Line, Order, draft, value
from cloud.core.refusals import Refusal
from cloud.web.desk import NotFound, Refused
from cloud.web.office import Came, NewOrder, Score, Step
from cloud.web.sign_in import Who
from cloud.web.stockroom import Counted
from protocols.trade import Buying
from tests.browser import fake_plan
from tests.browser.fake_views import ArrivalView, OrderView, Snapshot

DAY_MS = fake_plan.DAY_MS
LIMITS = Buying(approved_to=0, crew_limit=2_000, manager_limit=50_000)
NAMES = {"acme": "Acme Medical", "nord": "Nordfrisk", "lido": "Lido Packaging"}
PRICE = 12.5
LINK = "gold.k3xq"


class FakeTrade:
    """`Desks` of trade. `show` publishes; all in the service's own loop."""

    def __init__(self, now_ms: Callable[[], int], site: Callable[[], Snapshot], show: Callable[..., Any]) -> None:
        self._now_ms, self._site, self._show = now_ms, site, show
        self.told: list[tuple[str, object]] = []
        """Every write that was done, in order."""
        self._counted: dict[str, list[int]] = {}
        self._scores: dict[tuple[str, str], tuple[float, str, int]] = {("acme", "service"): (82.0, "mara", now_ms() - 9 * DAY_MS)}
        self._versions: dict[int, list[dict[str, Any]]] = {}
        self._orders: dict[int, Order] = {}
        for number, order in enumerate(_first(now_ms()), 1):
            self._keep(replace(order, id=number), "draft", show=False)
        t = now_ms()
        self._arrivals = [
            ArrivalView("3:SKU-1004", 3, "SKU-1004", 34, t - 900_000, t - 600_000, ["A01-04"], {"weight": 34, "tags": 30}, 0.97, -2)
        ]  # fmt: skip

    # ---- orders ----

    def views(self) -> list[OrderView]:
        """All orders as they are shown to the site."""
        return [self._view(one, ("crew", "manager")) for one in self._orders.values()]

    def arrivals(self) -> list[ArrivalView]:
        """What came and was not confirmed."""
        return self._arrivals

    def orders(self) -> object:
        """See `office.Desk`."""
        return self.views()

    async def order(self, number: int) -> object:
        """See `office.Desk`."""
        shown = {name: getattr(self._view(self._found(number), ("crew",)), name) for name in OrderView.__struct_fields__}
        return shown | {"versions": self._versions[number]}

    async def draft(self, wanted: NewOrder, by: str) -> object:
        """See `office.Desk`."""
        if wanted.supplier == "lido":
            raise Refused("suspended", "Lido Packaging is suspended.", "Order from another supplier, or end it.")
        lines = [Line(one.sku, one.units, PRICE, due_ms=self._now_ms() + 3 * DAY_MS) for one in wanted.lines]
        made = draft(wanted.supplier, lines, by, self._now_ms(), note=wanted.note)
        return self._keep(self._numbered(_agreed(made)), "draft")

    async def order_need(self, need: int, supplier: str, who: Who) -> object:
        """See `office.Desk`."""
        found = next((one for one in self._site().needs if one.id == need), None)
        if found is None:
            raise NotFound(f"there is no need {need}")
        held = [one for one in self._orders.values() if need in one.needs]
        if not held:
            line = Line(found.sku, found.quantity, PRICE, due_ms=self._now_ms() + 3 * DAY_MS)
            made = _agreed(draft(supplier or "acme", [line], who.name, self._now_ms(), needs=[need]))
            self._keep(self._numbered(made), "draft")
            held = [one for one in self._orders.values() if need in one.needs]
        self.told.append(("order_need", need))
        return {"orders": [self._view(one, (who.role,)) for one in held]}

    async def step(self, number: int, action: acting.Action, step: Step, who: Who, key: str) -> object:
        """See `office.Desk`."""
        order = self._found(number)
        if who.role == "supplier" and order.supplier != who.supplier:
            raise NotFound(f"there is no order {number}")
        if step.version and step.version != order.version:
            raise Refused("changed", f"Order {number} is at version {order.version} by now.", "Look at it again.")
        given = {one.sku: one for one in step.lines}
        units = {sku: n for sku, one in given.items() if (n := one.received if action == "receive" else one.units) is not None}
        after = _agreed(
            acting.act(
                order, action, who.name, who.role, self._now_ms(), LIMITS, units=units,
                rejected={sku: one.rejected for sku, one in given.items() if one.rejected},
                dues={sku: one.due_ms for sku, one in given.items() if one.due_ms is not None},
                prices={sku: one.unit_price for sku, one in given.items() if one.unit_price is not None},
                note=step.note, key=step.key or key, anyway=step.anyway,
            )
        )  # fmt: skip
        if after is not order:
            self.told.append((action, step))
            self._keep(after, action)
        return self._view(after, (who.role,))

    async def confirm(self, arrival: str, came: Came, who: Who, key: str) -> object:
        """See `office.Desk`."""
        found = next((one for one in self._arrivals if one.id == arrival), None)
        if found is None:
            raise NotFound(f"there is no arrival {arrival}")
        order = self._found(found.order)
        rejected = {found.sku: came.rejected} if came.rejected else None
        after = _agreed(
            acting.act(
                order, "receive", who.name, who.role, self._now_ms(), LIMITS, units={found.sku: came.units},
                rejected=rejected, note=came.note, key=key,
            )
        )  # fmt: skip
        self.told.append(("confirm", came))
        self._arrivals.remove(found)
        self._show(arrivals=[replace(found, units=0)])
        self._keep(after, "receive")
        self._show(arrivals=self._arrivals)
        return self._view(after, (who.role,))

    def _found(self, number: int) -> Order:
        if number not in self._orders:
            raise NotFound(f"there is no order {number}")
        return self._orders[number]

    def _numbered(self, order: Order) -> Order:
        return replace(order, id=max(self._orders, default=0) + 1)

    def _keep(self, order: Order, action: str, *, show: bool = True) -> OrderView:
        self._orders[order.id] = order
        version = {"version": order.version, "at_ms": order.changed_ms, "by": order.by, "action": action, "order": order}
        self._versions.setdefault(order.id, []).append(version)
        if show:
            self._show(orders=self.views())
        return self._view(order, ("crew", "manager"))

    def _view(self, order: Order, roles: tuple[str, ...]) -> OrderView:
        late = order.sent_ms > 0 and any(line.rest and 0 < line.due_ms < self._now_ms() for line in order.lines)
        return OrderView(
            order.id, order.supplier, NAMES.get(order.supplier, order.supplier), order.state, value(order), order.lines,
            order.created_ms, order.changed_ms, order.by, order.sent_ms, order.needs, order.note, order.version,
            late and order.state not in ("closed", "cancelled"),
            [one for one in acting.POSSIBLE[order.state] if "supplier" not in roles or one in ("confirm", "ship")],
        )  # fmt: skip

    # ---- suppliers ----

    def suppliers(self) -> object:
        """See `office.Desk`."""
        return [
            self._card("nord", 71, (97, 88.0), (12, 64.5), (12, 55.0), (5.2, 2.6), (0.78, 0.91), 31_020.0),
            self._card("acme", 88, (41, 99.1), (41, 80.0), (41, 92.5), (3.1, 0.6), (0.94, 0.97), 88_410.5),
            self._card("lido", None, (0, None), (0, None), (0, None), None, (None, None), 0.0),
        ]

    def _card(self, id_: str, score: int | None, *rest: Any) -> dict[str, Any]:
        quality, cost, delivery, lead, (on_time, in_full), a_year = rest
        parts = []
        for name, weight, seen in (("quality", 30, quality), ("cost", 25, cost), ("delivery", 20, delivery),
                                   ("service", 15, None), ("innovation", 10, None)):  # fmt: skip
            given = self._scores.get((id_, name))
            n, known = seen or ((1, given[0]) if given else (0, None))
            by, at_ms = (given[1], given[2]) if given else ("", 0)
            parts.append({"id": name, "value": known, "n": n, "weight": weight, "by": by, "at_ms": at_ms})
        return {
            "id": id_, "name": NAMES[id_], "suspended": id_ == "lido", "score": score, "weights": {}, "parts": parts,
            "lead_time_days": lead and lead[0], "lead_time_sd_days": lead and lead[1], "on_time": on_time,
            "in_full": in_full, "open_orders": sum(o.supplier == id_ and not o.closed_ms for o in self._orders.values()),
            "value_year": a_year,
        }  # fmt: skip

    async def mark(self, supplier: str, score: Score, by: str) -> object:
        """See `office.Desk`."""
        self._scores[supplier, score.criterion] = (score.value, by, self._now_ms())
        self.told.append(("score", score))
        return {"criterion": score.criterion, "value": score.value}

    # ---- counts, positions, figures ----

    def round(self) -> object:
        """See `stockroom.CountDesk`."""
        wanted = [(0, ["unknown"]), (21, ["due"]), (42, ["doubt", "unexplained"]), (5, ["never"])]
        done = {place for place, counts in self._counted.items() if len(counts) > 1 or counts == [-1]}
        slots = self._site().slots
        today = [
            {"place": slots[n].id, "sku": slots[n].sku, "reasons": reasons, "score": 1.0, "last_ms": 0 if reasons == ["never"] else self._now_ms() - 40 * DAY_MS}
            for n, reasons in wanted
            if slots[n].id not in done
        ]  # fmt: skip
        return {"today": today, "backlog_days": 2.5, "accuracy": 0.986}

    async def count(self, counted: Counted, by: str, key: str) -> object:
        """See `stockroom.CountDesk`."""
        slot = next(one for one in self._site().slots if one.id == counted.place)
        difference = counted.counted - (slot.count or 0)
        before = self._counted.setdefault(counted.place, [])
        before.append(counted.counted if difference else -1)
        self.told.append(("count", counted))
        verdict = "agrees" if not difference else "recount" if len(before) < 2 else "differs"
        causes = [
            {"code": "receipt_not_booked", "units": difference, "evidence": {"put_units": difference, "slot": slot.id, "at_ms": 1}},
            {"code": "unit_slip", "units": difference, "evidence": {"pack": 12, "packs": 1}},
        ]  # fmt: skip
        return {"verdict": verdict, "difference": difference, "causes": causes if difference else []}

    def standing(self, sku: str) -> object:
        """See `stockroom.PromiseDesk`."""
        one = self._sku(sku)
        position = {name: getattr(one, name) for name in ("on_hand", "reserved", "quarantined", "available", "on_order", "in_transit", "projected")}
        debts = [{"units": 3, "cause": "reservation:4", "since_ms": self._now_ms() - DAY_MS}] if sku == "SKU-1001" else []
        lots = [{"lot": "L-2291", "units": one.on_hand // 2, "expiry": "2027-02-28"}, {"lot": "", "units": one.on_hand - one.on_hand // 2, "expiry": ""}]
        return {"position": position, "debts": debts, "lots": lots if one.on_hand > 1 else [], "layers": [], "value": one.on_hand * PRICE, "unexplained": []}  # fmt: skip

    async def curve(self, sku: str) -> object:
        """See `figures.Desk`."""
        return fake_plan.curve(self._sku(sku))

    def measure(self, name: str) -> object:
        """See `figures.Desk`."""
        if name == "dead_stock":
            rows: list[tuple[str, int, float, int | None, str, float | None]] = [
                ("SKU-1010", 410, 5_125.0, 244, "return", 1_281.25), ("SKU-1020", 263, 3_287.5, 191, "discount", 821.9),
            ]  # fmt: skip
        else:
            rows = [("SKU-1015", 900, 11_250.0, 212, "transfer", 2_812.5), ("SKU-1018", 80, 9_827.0, None, "stop", None)]
        return {"rows": [dict(zip(("sku", "units", "value", "days", "action", "saves"), row, strict=True)) for row in rows]}

    def _sku(self, id_: str) -> Any:
        return next(one for one in self._site().skus if one.id == id_)

    # ---- the portal and the public page ----

    def portal(self, supplier: str) -> object:
        """See `office.Desk`."""
        site = self._site()
        shelves = []
        for n, sku in enumerate(site.skus[1:7]):
            least, day = sku.reorder_point or 0, sku.daily_demand or 0.0
            ahead = {"low": round(day * 22), "mean": round(day * 28), "high": round(day * 35)}
            shelves.append({
                "sku": sku.id, "name": sku.name, "on_hand": sku.on_hand, "least": least, "most": None if n == 4 else least * 2,
                "projected": sku.projected, "forecast_day": day, "forecast_28": None if n == 5 else ahead,
                "trusted_ms": self._now_ms() - 40_000,
            })  # fmt: skip
        mine = [self._view(one, ("supplier",)) for one in self._orders.values() if one.supplier == supplier and one.sent_ms]
        name = {"id": supplier, "name": NAMES[supplier]}
        return {"supplier": name, "site": site.site, "shelves": shelves, "orders": [replace(one, note="") for one in mine], "agreements": []}  # fmt: skip

    def paper(self, kind: str, supplier: str, order: int) -> tuple[str, str]:
        """See `office.Desk`."""
        return "text/plain", f"{kind} {supplier} {order}\n"

    def public(self, link: str) -> object:
        """See `stockroom.PromiseDesk`."""
        if link != LINK:
            raise NotFound("there is no such page")
        skus = [
            {"sku": one.id, "name": one.name, "available": max(0, one.available), "expected": "2026-11-28" if one.id == "SKU-1001" else None}
            for one in self._site().skus
        ]  # fmt: skip
        return {"site": self._site().site.name, "tier": "Gold", "at_ms": self._now_ms(), "skus": skus}

    if not typing.TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What no page asks for."""

            def nothing(*_: object) -> object:
                raise NotFound(f"nothing is held here: {name}")

            return nothing


def _agreed(made: Order | Refusal) -> Order:
    if isinstance(made, Refusal):
        raise Refused(made.reason, made.detail, made.hint)
    return made


def _first(t: int) -> list[Order]:
    """An order in each state that is worth a look."""
    h = 3_600_000

    def line(n: int, units: int, due: float, **more: int) -> Line:
        return Line(f"SKU-{1000 + n}", units, PRICE, due_ms=int(t + due * DAY_MS), **more)

    return [
        Order("nord", [line(7, 96, -3, received=96, shipped=96)], "received", t - 9 * DAY_MS, t - 3 * DAY_MS, "anna", t - 8 * DAY_MS, t - 8 * DAY_MS),
        Order("acme", [line(9, 48, -2)], "sent", t - 6 * DAY_MS, t - 5 * DAY_MS, "anna", t - 5 * DAY_MS),
        Order("acme", [line(4, 36, 0.2, shipped=36)], "confirmed", t - 3 * DAY_MS, t - 2 * DAY_MS, "vera", t - 2 * DAY_MS, t - 2 * DAY_MS),
        Order("nord", [line(10, 4_000, 5), line(11, 24, 5), line(12, 240, 5)], "draft", t - 2 * h, t - 2 * h, "service", note="Joined with two others of Nordfrisk."),
        Order("acme", [line(13, 12, 4)], "approved", t - h, t - h // 2, "otto"),
        Order("nord", [line(14, 60, 1, received=24, shipped=24), line(8, 12, 1)], "partly_received", t - 4 * DAY_MS, t - 4 * h, "anna", t - 4 * DAY_MS, t - 3 * DAY_MS),
        Order("acme", [line(20, 10, -20)], "cancelled", t - 30 * DAY_MS, t - 29 * DAY_MS, "anna", 0, 0, t - 29 * DAY_MS, note="Not needed any more."),
    ]  # fmt: skip
