"""What the service remembers: which samples it keeps of the reports, and how it knows again at the next start."""

from __future__ import annotations

from collections.abc import Iterable

from cloud.core.inventory import Inventory
from cloud.stores.history import History, Samples
from cloud.stores.ledger import Ledger
from protocols.reports import Report, Series, SlotLevel


def samples(reports: Iterable[Report]) -> list[Samples]:
    """What the history keeps: every series, and the counts of the slots as `<slot>/slot/count`, with 1 in
    `<slot>/slot/unknown` where one can not be told from then on."""
    kept = []
    for report in reports:
        if type(report) is Series:
            name = f"{report.device}/{report.channel}/{report.quantity}"
            kept.append(Samples(name, [report.at_ms + offset for offset in report.offsets_ms], report.values))
        elif type(report) is SlotLevel:
            told = "unknown" if report.count is None else "count"
            units = 1.0 if report.count is None else float(report.count)
            kept.append(Samples(f"{report.slot}/slot/{told}", [report.at_ms], [units]))
    return kept


def from_ledger(inventory: Inventory, ledger: Ledger) -> None:
    """Movements, levels, devices."""
    for slot, sku, delta, count, at_ms, source in ledger.movements():
        inventory.move(slot, sku, delta, count, at_ms, source)
    inventory.apply(ledger.levels())
    inventory.apply(ledger.devices())


def from_history(inventory: Inventory, history: History) -> None:
    """The newest value of every series. Raises `HistoryUnavailable`."""
    for name, (at_ms, value) in history.latest().items():
        device, channel, quantity = name.split("/")
        known = inventory.site.device_by_id.get(device)
        if known is not None:
            inventory.remember(Series(device, channel, quantity, known.zone, at_ms, [0], [value]))
