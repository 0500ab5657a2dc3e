"""The steps of an order, one a function: what it says becomes of the lines and the state, or why it cannot be so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cloud.core.purchasing.keys import digest, noted
from cloud.core.purchasing.orders import AskedLine, Line, Order, State
from cloud.core.refusals import Refusal

AHEAD_MS: Final = 86_400_000
"""Clocks and time zones differ so much at most."""
OVER_SHARE: Final = 0.05
"""So much more than was ordered of a line is taken in without asking, rounded down to whole units."""
KEYS_MAX: Final = 1_000
"""Deliveries and dispatches of one order; at the limit further ones are refused."""


class What(Struct, frozen=True):
    """What a step says, by SKU. `units`: agreed, wanted instead (0 strikes the line), shipped now or good ones that
    came now; `rejected` ones came and are not kept, `note` saying why; `lots`: (lot, expiry) of what came,
    `came_ms` when, 0 where nobody says. `anyway`: though too much came, or the goods are on their way."""

    units: Mapping[str, int] = {}
    rejected: Mapping[str, int] = {}
    dues: Mapping[str, int] = {}
    prices: Mapping[str, float] = {}
    note: str = ""
    key: str = ""
    anyway: bool = False
    lots: Mapping[str, tuple[str, str]] = {}
    came_ms: int = 0
    theirs: bool = False
    """The supplier says it."""

    @property
    def said(self) -> str:
        """What it says, as a digest. That somebody means it anyway says nothing of the goods."""
        units, rejected = ({sku: n for sku, n in of.items() if n} for of in (self.units, self.rejected))
        lots = {sku: lot for sku, lot in self.lots.items() if any(lot)}
        return digest(units, rejected, self.dues, lots, self.note, self.came_ms)


def approve(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """Somebody decided to spend so much; who may is not asked here. Of an order that was sent: what its supplier asks
    for is agreed to."""
    return agreed_to(order, now_ms) if order.asking else replace(order, state="approved")


def send(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """The supplier has it."""
    return replace(order, state="sent", sent_ms=now_ms)


def confirm(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """The supplier agrees: with these units (no more than ordered), dates and prices, else with those of the order."""
    for line in order.lines:
        units = what.units.get(line.sku, line.units)
        if units > line.units:
            said = f"{line.units} of {line.sku} are ordered, {units} were confirmed."
            hint = "Change the order first, or confirm what was ordered."
            return Refusal("more_than_ordered", said, hint, {"sku": line.sku, "ordered": line.units, "units": units})
        if line.sku in what.units and units < line.received + line.in_transit:
            return _below(line, units)
    lines = [_line(one, what) for one in order.lines]
    if not any(line.units for line in lines):
        return Refusal("nothing_left", "Nothing of the order was confirmed.", "Cancel it, and order elsewhere.")
    after = _with_note(replace(order, asking=[]), what)
    if lines == order.lines and order.confirmed_ms and after == order:
        return order
    return settled(replace(after, lines=lines, confirmed_ms=now_ms))


def ask(order: Order, confirmed: Order, what: What) -> Order:
    """The supplier's answer, `confirmed`, is dearer than what was approved: it is kept, and nothing is agreed to."""
    lines = [(now, order.line(now.sku)) for now in confirmed.lines]
    asking = [AskedLine(now.sku, now.units, now.unit_price, now.due_ms) for now, was in lines if now != was]
    return _with_note(replace(order, asking=asking), what)


def agreed_to(order: Order, now_ms: int) -> Order | Refusal:
    """The order, confirmed as its supplier asks."""
    units, dues = {one.sku: one.units for one in order.asking}, {one.sku: one.due_ms for one in order.asking}
    prices = {one.sku: one.unit_price for one in order.asking}
    return confirm(order, What(units, dues=dues, prices=prices), now_ms)


def change(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """The site wants other units, dates or prices; once it was sent, the supplier has to agree again."""
    lines = []
    for line in order.lines:
        if line.sku in what.units and what.units[line.sku] < line.received + line.in_transit:
            return _below(line, what.units[line.sku])
        lines.append(_line(line, what))
    if not order.sent_ms:
        lines = [line for line in lines if line.units]
        new = [sku for sku, units in what.units.items() if units and order.line(sku) is None]
        lines += [Line(sku, what.units[sku], what.prices[sku], due_ms=what.dues.get(sku, 0)) for sku in new]
    if not any(line.units for line in lines):
        return Refusal("nothing_left", "Nothing would be left of the order.", "Cancel it instead.")
    after = _with_note(replace(order, asking=[]), what)
    if lines == order.lines:
        return after
    return settled(replace(after, lines=lines, confirmed_ms=0, revised_ms=now_ms if order.sent_ms else 0))


def ship(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """So many units more left the supplier (its ASN), to be there at these dates."""
    if refused := _needs_key(order, what, "the number of the dispatch advice"):
        return refused
    lines = []
    for line in order.lines:
        units = what.units.get(line.sku, 0)
        most = unasked(line) + line.rejected - line.shipped
        if units > max(0, most) and not what.anyway:
            said = f"{units} of {line.sku} were shipped, {line.shipped} had been, and {line.units} are ordered."
            hint = "Correct the dispatch, or say that it is meant."
            would = line.shipped + units
            return Refusal("too_many", said, hint, {"sku": line.sku, "would": would, "ordered": line.units})
        due_ms = what.dues.get(line.sku, line.due_ms)
        lines.append(replace(line, shipped=line.shipped + units, due_ms=due_ms))
    return noted(_with_note(replace(order, lines=lines), what), "ship", what.key, what.said)


def receive(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """So many good units came, and so many that are not kept."""
    if refused := _needs_key(order, what, "the number of the delivery note"):
        return refused
    if any(what.rejected.values()) and not what.note:
        return Refusal("no_reason", "Units were rejected and nobody says why.", "Say what is wrong with them.")
    if what.came_ms and not order.sent_ms <= what.came_ms <= now_ms + AHEAD_MS:
        said = "It is told to have come before the order was sent, or more than a day from now."
        return Refusal("time", said, "Give the time in ms since 1970, UTC, or leave it out: now.")
    lines = []
    for line in order.lines:
        good, bad = what.units.get(line.sku, 0), what.rejected.get(line.sku, 0)
        most = unasked(line)
        if good and line.received + good > most and not what.anyway:
            said = f"{line.received + good} of {line.sku} would be in, {line.units} were ordered."
            hint = f"At most {most} are taken in unasked: send the rest back, or say that it is to be kept anyway."
            would = line.received + good
            return Refusal("too_many", said, hint, {"sku": line.sku, "would": would, "ordered": line.units})
        received, rejected = line.received + good, line.rejected + bad
        shipped = max(line.shipped, received + rejected)
        lines.append(replace(line, received=received, rejected=rejected, shipped=shipped))
    return settled(noted(_with_note(replace(order, lines=lines), what), "receive", what.key, what.said))


def close(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """What has not come is not waited for any longer."""
    if refused := _moving(order, what, "closed"):
        return refused
    return _with_note(replace(order, state="closed", closed_ms=now_ms, asking=[]), what)


def cancel(order: Order, what: What, now_ms: int) -> Order | Refusal:
    """Given up, but for what was taken in."""
    if refused := _moving(order, what, "cancelled"):
        return refused
    state: State = "closed" if order.state == "partly_received" else "cancelled"
    return _with_note(replace(order, state=state, closed_ms=now_ms, asking=[]), what)


def _moving(order: Order, what: What, become: str) -> Refusal | None:
    moving = sum(line.in_transit for line in order.lines)
    if not moving or what.anyway:
        return None
    said = f"{moving} units of it are on their way."
    return Refusal("in_transit", said, f"Receive or reject them first, or say that it is to be {become} anyway.")


def _with_note(order: Order, what: What) -> Order:
    """Ours and the supplier's stand beside one another."""
    if what.theirs:
        return replace(order, supplier_note=what.note or order.supplier_note)
    return replace(order, note=what.note or order.note)


def settled(order: Order) -> Order:
    """The order in the state that its lines tell of; of one that is all there, nothing is left to ask for."""
    if not order.sent_ms:
        return order
    received = any(line.received for line in order.lines)
    state: State = "sent"
    if received:
        state = "partly_received" if any(line.rest for line in order.lines) else "received"
    elif order.confirmed_ms:
        state = "confirmed"
    return replace(order, state=state, asking=[] if state == "received" else order.asking)


def _line(line: Line, what: What) -> Line:
    units, due_ms = what.units.get(line.sku, line.units), what.dues.get(line.sku, line.due_ms)
    return replace(line, units=units, due_ms=due_ms, unit_price=what.prices.get(line.sku, line.unit_price))


def _below(line: Line, units: int) -> Refusal:
    said = f"{line.received} of {line.sku} are in and {line.in_transit} on their way; it can not be {units}."
    least = line.received + line.in_transit
    told: dict[str, str | float] = {"sku": line.sku, "received": line.received, "coming": line.in_transit}
    return Refusal("below_received", said, f"Give {least} or more.", {**told, "least": least, "units": units})


def unasked(line: Line) -> int:
    """Good units of a line that are taken in without asking, in all."""
    return line.units + int(line.units * OVER_SHARE)


def _needs_key(order: Order, what: What, name: str) -> Refusal | None:
    if not what.key:
        return Refusal("no_key", "It can not be told whether this was booked before.", f"Give a key: {name}.")
    if len(order.keys) >= KEYS_MAX:
        return Refusal("too_many_keys", f"There are {KEYS_MAX} deliveries in this order.", "Close it; order anew.")
    if not any((*what.units.values(), *what.rejected.values())):
        return Refusal("nothing", "It names no units.", "Name at least one SKU and how many of it.")
    return None
