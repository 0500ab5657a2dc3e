"""The orders that the fake service begins with, and what becomes of some, by the real rules."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.core.purchasing import acting
from cloud.core.purchasing.orders import Line, Order, draft
from cloud.core.refusals import Refusal
from cloud.web.desk import Refused
from tests.browser.fake_partners import LIMITS
from tests.browser.fake_plan import DAY_MS

PRICE = 12.5


def agreed(made: Order | Refusal) -> Order:
    """An order that there is; else the web is told why not."""
    if isinstance(made, Refusal):
        raise Refused(made.reason, made.detail, made.hint)
    return made


def asked(order: Order, now_ms: int) -> Order:
    """The order when its supplier asks for fewer units and a dearer price, and says why."""
    [line, *_] = order.lines
    after = acting.act(
        order, "confirm", "vera", "supplier", now_ms, LIMITS, units={line.sku: 40}, prices={line.sku: 0.9},
        note="The pulp is dearer.",
    )  # fmt: skip
    return replace(agreed(after), note="Asked for by phone too.")


def proposed(supplier: str, now_ms: int) -> Order:
    """A plan that the site has to decide about."""
    lines = [Line("SKU-1004", 24, PRICE, due_ms=now_ms + 4 * DAY_MS)]
    return replace(agreed(draft(supplier, lines, "vera", now_ms)), proposed=lines)


def first(t: int) -> list[Order]:
    """An order in each state that is worth a look."""
    h, d = 3_600_000, DAY_MS

    def line(n: int, units: int, due: float, **more: int) -> Line:
        return Line(f"SKU-{1000 + n}", units, PRICE, due_ms=int(t + due * d), **more)

    came, coming, part = line(7, 96, -3, received=96, shipped=96), line(4, 36, 0.2, shipped=36), line(8, 12, 1)
    large, first = [line(10, 4_000, 5), line(11, 24, 5), line(12, 240, 5)], line(14, 60, 1, received=24, shipped=24)
    joined, unwanted = "Joined with two others of Nordfrisk.", "Not needed any more."
    return [
        Order("nord", [came], "received", t - 9 * d, t - 3 * d, "anna", t - 8 * d, t - 8 * d),
        Order("acme", [replace(line(9, 48, -2), unit_price=11 / 15)], "sent", t - 6 * d, t - 5 * d, "anna", t - 5 * d),
        Order("acme", [coming], "confirmed", t - 3 * d, t - 2 * d, "vera", t - 2 * d, t - 2 * d),
        Order("nord", large, "draft", t - 2 * h, t - 2 * h, "service", note=joined),
        Order("acme", [line(13, 12, 4)], "approved", t - h, t - h // 2, "otto"),
        Order("nord", [first, part], "partly_received", t - 4 * d, t - 4 * h, "anna", t - 4 * d, t - 3 * d),
        Order(
            "acme", [line(20, 10, -20)], "cancelled", t - 30 * d, t - 29 * d, "anna", 0, 0, t - 29 * d, note=unwanted
        ),
    ]
