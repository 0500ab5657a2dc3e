"""The trade of the fake service, in memory: orders that live by the real rules, arrivals, counts, suppliers, portal."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cloud.core.office_view import Heard, OrderVersion, PaperOutcome
from cloud.core.purchasing import acting, agreements
from cloud.core.purchasing.orders import Line, Order, draft
from cloud.core.refusals import Refusal
from cloud.core.stock_view import Standing
from cloud.core.trade_view import ArrivalView, OrderView, order_view
from cloud.core.view import NeedView, Snapshot
from cloud.web.desk import NotFound, Refused
from cloud.web.office import Came, NewOrder, Score, Step
from cloud.web.portal import Plan, Stock
from cloud.web.roles import Who
from cloud.web.stockroom import Counted
from tests.browser import fake_orders, fake_partners, fake_plan, fake_stock
from tests.browser.fake_orders import PRICE, agreed
from tests.browser.fake_partners import LIMITS, NAMES

DAY_MS = fake_plan.DAY_MS
LINK = "gold.k3xq"


class FakeTrade:
    """`Desks` of trade. `show` publishes; all in the service's own loop."""

    def __init__(self, now_ms: Callable[[], int], site: Callable[[], Snapshot], show: Callable[..., Any]) -> None:
        self._now_ms, self._site, self._show = now_ms, site, show
        self.told: list[tuple[str, object]] = []
        """Every write that was done, in order."""
        self._had: dict[str, dict[str, int]] = {"acme": {"SKU-1001": 1_200}}
        self._counted: dict[str, list[int]] = {}
        self._scores: dict[tuple[str, str], tuple[float, str, int]] = {
            ("acme", "service"): (82.0, "mara", now_ms() - 9 * DAY_MS)
        }
        self.rescored: dict[str, float] = {}
        """Supplier -> its score by now."""
        self._versions: dict[int, list[OrderVersion]] = {}
        self._orders: dict[int, Order] = {}
        self._sourced: dict[int, object] = {}
        self._heard: dict[bytes, Heard] = {}
        for number, order in enumerate(fake_orders.first(now_ms()), 1):
            self._keep(replace(order, id=number), "draft", show=False)
        t = now_ms()
        self._arrivals = [
            ArrivalView(
                "3:SKU-1004", 3, "SKU-1004", 34, t - 900_000, t - 600_000, ["A01-04"], {"weight": 34, "tags": 30},
                0.97, -2, 34,
            )
        ]  # fmt: skip

    # ---- orders ----

    def views(self) -> list[OrderView]:
        """All orders as they are shown to the site."""
        return [self._view(one, ("admin",)) for one in self._orders.values()]

    def orders_of(self, supplier: str) -> list[Order]:
        """Those of one supplier, the latest last."""
        return [one for one in self._orders.values() if one.supplier == supplier]

    def arrivals(self) -> list[ArrivalView]:
        """What came and was not confirmed."""
        return self._arrivals

    def asked(self, number: int) -> None:
        """Its supplier asks for a dearer price of an order, and says why."""
        self._keep(fake_orders.asked(self._orders[number], self._now_ms()), "ask")

    def proposed(self, supplier: str) -> None:
        """A supplier hands a plan in that the site has to decide about."""
        self._keep(self._numbered(fake_orders.proposed(supplier, self._now_ms())), "plan")

    def see(self, arrival: ArrivalView) -> None:
        """The shelves saw this come, and nothing else."""
        self._arrivals = [arrival]
        self._show(arrivals=self._arrivals)

    def orders(self) -> object:
        """See `office.Desk`."""
        return self.views()

    async def order(self, number: int) -> object:
        """See `office.Desk`."""
        order = self._found(number)
        sourced = {str(need): self._sourced[need] for need in order.needs if need in self._sourced}
        return {"order": self._view(order, ("buyer",)), "versions": self._versions[number], "sourced": sourced}

    async def draft(self, wanted: NewOrder, by: str, key: str) -> object:
        """See `office.Desk`."""
        if wanted.supplier == "lido":
            raise Refused("suspended", "Lido Packaging is suspended.", "Order from another supplier, or end it.")
        lines = [Line(one.sku, one.units, PRICE, due_ms=self._now_ms() + 3 * DAY_MS) for one in wanted.lines]
        made = draft(wanted.supplier, lines, by, self._now_ms(), note=wanted.note)
        return self._keep(self._numbered(agreed(made)), "draft")

    async def offers(self, need: int) -> object:
        """See `office.Desk`. Only the first need's article is offered by one supplier alone."""
        found = self._need(need)
        return fake_partners.offers(found.quantity)[: 1 if need == 1 else 3]

    def _need(self, need: int) -> NeedView:
        found = next((one for one in self._site().needs if one.id == need), None)
        if found is None:
            raise NotFound(f"there is no need {need}")
        return found

    async def order_need(self, need: int, units: int, supplier: str, who: Who) -> object:
        """See `office.Desk`."""
        found = self._need(need)
        held = [one for one in self._orders.values() if need in one.needs]
        if not held:
            line = Line(found.sku, units or found.quantity, PRICE, due_ms=self._now_ms() + 3 * DAY_MS)
            made = agreed(draft(supplier or "acme", [line], who.name, self._now_ms(), needs=[need]))
            self._keep(self._numbered(made), "draft")
            held = [one for one in self._orders.values() if need in one.needs]
            over = replace(found, state="fulfilled", order=held[0].id, changed_ms=self._now_ms())
            self._sourced[need] = fake_partners.sourced(found.sku, found.quantity, supplier)
            self._show(needs=[over if one.id == need else one for one in self._site().needs])
        self.told.append(("order_need", (need, supplier) if supplier else need))
        return {"orders": [self._view(one, (who.role,)) for one in held]}

    def enter(self, made: Order) -> OrderView:
        """A draft that somebody else made."""
        return self._keep(self._numbered(made), "draft")

    async def step(self, number: int, action: acting.Action, step: Step, who: Who, key: str) -> object:
        """See `office.Desk`."""
        order = self._found(number)
        if who.role == "supplier" and order.supplier != who.supplier:
            raise NotFound(f"there is no order {number}")
        if step.version and step.version != order.version:
            raise Refused(
                "changed",
                f"Order {number} is at version {order.version} by now.",
                "Look at it again.",
                {"by": order.by},
            )
        given = {one.sku: one for one in step.lines}
        units = {
            sku: n
            for sku, one in given.items()
            if (n := one.received if action == "receive" else one.units) is not None
        }
        after = agreed(
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
            self._keep(after, "ask" if who.role == "supplier" and after.asking else action)
        return self._view(after, (who.role,))

    async def confirm(self, arrival: str, came: Came, who: Who, key: str) -> object:
        """See `office.Desk`."""
        found = next((one for one in self._arrivals if one.id == arrival), None)
        if found is None:
            raise NotFound(f"there is no arrival {arrival}")
        order = self._found(found.order)
        rejected = {found.sku: came.rejected} if came.rejected else None
        after = agreed(
            acting.act(
                order, "receive", who.name, who.role, self._now_ms(), LIMITS, units={found.sku: came.units},
                rejected=rejected, note=came.note, key=key, anyway=came.anyway,
            )
        )  # fmt: skip
        self.told.append(("confirm", came))
        self._arrivals = [one for one in self._arrivals if one is not found]
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
        version = OrderVersion(order, order.changed_ms, order.by, action)
        self._versions.setdefault(order.id, []).append(version)
        if show:
            self._show(orders=self.views())
        return self._view(order, ("admin",))

    def _view(self, order: Order, roles: tuple[str, ...]) -> OrderView:
        return order_view(order, NAMES.get(order.supplier, order.supplier), self._now_ms(), roles)

    # ---- suppliers ----

    def suppliers(self) -> object:
        """See `office.Desk`."""
        cards = [
            fake_partners.card(id_, self._open(id_), self._scores, self._told_of(id_))
            for id_ in ("nord", "acme", "lido")
        ]
        return [card | {"score": self.rescored.get(card["id"], card["score"])} for card in cards]

    def _open(self, supplier: str) -> int:
        return sum(one.supplier == supplier and not one.closed_ms for one in self._orders.values())

    def _told_of(self, supplier: str) -> list[dict[str, Any]]:
        """What a supplier told it has, three hours ago."""
        at_ms, had = self._now_ms() - 3 * 3_600_000, self._had.get(supplier, {})
        return [{"sku": sku, "units": units, "at_ms": at_ms} for sku, units in had.items()]

    async def mark(self, supplier: str, score: Score, by: str) -> object:
        """See `office.Desk`."""
        _, whose, at_ms = self._scores.get((supplier, score.criterion), (0.0, "", 0))
        if score.seen_ms is not None and at_ms > score.seen_ms:
            raise Refused("changed", f"{whose} gave another meanwhile.", "Look at it again.", {"by": whose})
        self._scores[supplier, score.criterion] = (score.value, by, self._now_ms())
        self.told.append(("score", score))
        return {"criterion": score.criterion, "value": score.value}

    # ---- counts, positions, figures ----

    def round(self) -> object:
        """See `stockroom.CountDesk`."""
        wanted = [(0, ["unknown"]), (21, ["due"]), (42, ["doubt", "unexplained"]), (5, ["never"])]
        slots = self._site().slots
        listed = {slots[n].id: reasons for n, reasons in wanted}
        for place, counts in self._counted.items():
            reasons = listed.pop(place, [])
            if len(counts) == 1 and counts != [-1]:
                listed[place] = ["recount", *reasons]
        today = [
            {
                "place": slot.id, "sku": slot.sku, "reasons": listed[slot.id], "score": 1.0,
                "last_ms": 0 if listed[slot.id] == ["never"] else self._now_ms() - 40 * DAY_MS,
            }
            for slot in slots
            if slot.id in listed
        ]  # fmt: skip
        return {"today": today, "backlog_days": 2.5, "accuracy": {"counts": 214, "records_agreed": 0.986}}

    async def count(self, counted: Counted, by: str, key: str) -> object:
        """See `stockroom.CountDesk`."""
        slot = next(one for one in self._site().slots if one.id == counted.place)
        difference = counted.counted - (slot.count or 0)
        before = self._counted.setdefault(counted.place, [])
        before.append(counted.counted if difference else -1)
        self.told.append(("count", counted))
        verdict = "agrees" if not difference else "recount" if len(before) < 2 else "differs"
        causes = [
            {"code": "receipt_not_booked", "units": difference, "evidence": {"put_units": difference, "slot": slot.id}},
            {"code": "unit_slip", "units": difference, "evidence": {"pack": 12, "packs": 1}},
        ]  # fmt: skip
        return {"verdict": verdict, "difference": difference, "causes": causes if difference else []}

    def standing(self, sku: str) -> Standing:
        """See `stockroom.PromiseDesk`."""
        return fake_stock.standing(self._sku(sku), self._now_ms())

    def reservations(self) -> object:
        """See `stockroom.PromiseDesk`: of one article somebody does not get all that was promised."""
        return fake_stock.reservations(self._now_ms())

    async def curve(self, sku: str) -> object:
        """See `figures.Desk`."""
        return fake_plan.curve(self._sku(sku))

    def measure(self, name: str) -> object:
        """See `figures.Desk`."""
        return fake_stock.stale(name)

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
                "sku": sku.id, "name": sku.name, "on_hand": sku.on_hand, "least": least,
                "most": None if n == 4 else least * 2, "projected": sku.projected,
                "forecast_day": day, "forecast_28": None if n == 5 else ahead,
                "trusted_ms": self._now_ms() - 40_000,
                "coming": agreements.coming([*self._orders.values()], supplier, sku.id),
            })  # fmt: skip
        keeps, asked = [str(one["sku"]) for one in shelves[:3]], [str(one["sku"]) for one in shelves[3:]]
        mine = [
            self._view(one, ("supplier",)) for one in self._orders.values() if one.supplier == supplier and one.sent_ms
        ]
        waiting = [self._view(one, ("supplier",)) for one in agreements.waiting(self._orders.values(), supplier)]
        had = self._had.get(supplier, {})
        return {
            "supplier": {"id": supplier, "name": NAMES[supplier]}, "site": site.site.name,
            "currency": "CNY", "timezone": site.site.timezone, "names": {sku.id: sku.name for sku in site.skus},
            "at_ms": self._now_ms(), "shelves": shelves,
            "orders": [replace(one, note="", by="") for one in mine], "waiting": waiting, "stock": had,
            "stock_ms": {str(one["sku"]): one["at_ms"] for one in self._told_of(supplier)},
            "agreements": [{"skus": keeps, "decides": "supplier"}, {"skus": asked, "decides": "site"}],
            "papers": ["852", "846", "EPCIS"] if supplier == "acme" else [],
        }  # fmt: skip

    async def plan(self, plan: Plan, who: Who, key: str) -> object:
        """See `portal.Desk`: the first three shelves are the supplier's to fill."""
        for one in plan.lines:
            now = agreements.coming([*self._orders.values()], who.supplier, one.sku)
            if one.coming is not None and one.coming != now:
                raise Refused("changed", f"{now} are to come by now", "Look again.", {"by": "a colleague"})
        self.told.append(("plan", plan))
        now_ms, owned = self._now_ms(), {sku.id for sku in self._site().skus[1:4]}
        made = agreed(draft(who.supplier, [Line(one.sku, one.units, PRICE, due_ms=one.due_ms) for one in plan.lines],
                             who.name, now_ms))  # fmt: skip
        if {one.sku for one in plan.lines} <= owned:
            made = replace(made, state="confirmed", sent_ms=now_ms, confirmed_ms=now_ms)
        else:
            made = replace(made, proposed=made.lines)
        return self._keep(self._numbered(made), "plan")

    async def stock(self, stock: Stock, who: Who) -> object:
        """See `portal.Desk`."""
        had = self._had.get(who.supplier, {})
        if any(had.get(sku) not in (seen, stock.skus.get(sku)) for sku, seen in stock.seen.items()):
            raise Refused("changed", "another figure was told", "Look again.", {"by": "a colleague"})
        self.told.append(("stock", stock))
        now = {**self._had.get(who.supplier, {}), **stock.skus}
        self._had[who.supplier] = {sku: units for sku, units in now.items() if units is not None}
        return {"skus": self._had[who.supplier], "not_offered": []}

    async def hear(self, data: bytes, who: Who) -> Heard:
        """See `office.PaperDesk`."""
        if data in self._heard:
            return replace(self._heard[data], again=True)
        document, steps = fake_partners.heard(data, who.supplier, [*self._orders.values()])
        done: list[PaperOutcome] = []
        for one in steps:
            if not isinstance(one, Refusal):
                after = agreed(one.taken(who.name, self._now_ms(), LIMITS))
                action = "ask" if after.asking else one.action
                done.append(PaperOutcome(action, self._keep(after, action)))
            elif not document.contents:
                agreed(one)
            else:
                done.append(PaperOutcome(reason=one.reason, detail=one.detail, hint=one.hint))
        self.told.append(("hear", data))
        heard = Heard(done, document.problems)
        if any(one.action for one in done):
            self._heard[data] = heard
        return heard

    async def paper(self, kind: str, supplier: str, order: int) -> tuple[str, bytes]:
        """See `office.PaperDesk`."""
        return "text/plain", f"{kind} {supplier} {order}\n".encode()

    def public(self, link: str) -> object:
        """See `stockroom.PromiseDesk`."""
        if link != LINK:
            raise NotFound("there is no such page")
        skus = [
            {
                "sku": one.id, "name": one.name,
                "available": 123_456 if one.id == "SKU-1002" else max(0, one.available),
                "expected": "2026-11-28" if one.id == "SKU-1001" else None,
            }
            for one in self._site().skus
        ]  # fmt: skip
        return {
            "site": self._site().site.name,
            "tier": "Gold",
            "timezone": "UTC",
            "at_ms": self._now_ms(),
            "skus": skus,
        }

    if not typing.TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What no page asks for."""

            def nothing(*_: object) -> object:
                raise NotFound(f"nothing is held here: {name}")

            return nothing
