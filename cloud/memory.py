"""What the service remembers: which samples it keeps of the reports, and how it knows again at the next start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from cloud.core.inventory import Inventory
from cloud.core.maintenance import refrigeration
from cloud.stores.history import TIME_MAX_MS, History, Samples
from cloud.stores.ledger import Ledger
from protocols.reports import Report, Series, SlotLevel

LEARN_AGAIN_MS = 30 * 86_400_000
"""A cooler of which nothing was kept is learned again from so much of its history."""
STEP_MS = 7 * 86_400_000
"""Read at once: a sample a second stays below what a read may return."""


def samples(reports: Iterable[Report]) -> list[Samples]:
    """What the history keeps: every series, and the counts of the slots as `<slot>/slot/count`."""
    kept = []
    for report in reports:
        if type(report) is Series:
            name = f"{report.device}/{report.channel}/{report.quantity}"
            kept.append(Samples(name, [report.at_ms + offset for offset in report.offsets_ms], report.values))
        elif type(report) is SlotLevel and report.count is not None:
            kept.append(Samples(f"{report.slot}/slot/count", [report.at_ms], [float(report.count)]))
    return kept


def from_ledger(inventory: Inventory, ledger: Ledger) -> None:
    """Movements, levels, devices, and the coolers' states as they were last kept."""
    for slot, sku, delta, count, at_ms, source in ledger.movements():
        inventory.move(slot, sku, delta, count, at_ms, source)
    inventory.apply(ledger.levels())
    inventory.apply(ledger.devices())
    for series, blob in ledger.coolers().items():
        inventory.coolers[series] = msgspec.msgpack.decode(blob, type=refrigeration.State)


def from_history(inventory: Inventory, history: History, now_ms: int) -> None:
    """The newest value of every series, and what the coolers did since they were kept. Raises `HistoryUnavailable`."""
    for name, (at_ms, value) in history.latest().items():
        device, channel, quantity = name.split("/")
        known = inventory.site.device_by_id.get(device)
        if known is None:
            continue
        inventory.remember(Series(device, channel, quantity, known.zone, at_ms, [0], [value]))
        if inventory.is_cooler(device, quantity):
            state = inventory.coolers.setdefault(name, refrigeration.State())
            for sample_ms, sample in _since(history, name, state.last_ms + 1, now_ms):
                refrigeration.step(state, sample_ms, sample)


def learned(history: History, series: str, now_ms: int) -> refrigeration.State:
    """A cooler's state, folded anew from its history. Raises `HistoryUnavailable`."""
    state = refrigeration.State()
    for sample_ms, sample in _since(history, series, 0, now_ms):
        refrigeration.step(state, sample_ms, sample)
    return state


def _since(history: History, series: str, from_ms: int, now_ms: int) -> Iterator[tuple[int, float]]:
    from_ms = max(from_ms, now_ms - LEARN_AGAIN_MS, 0)
    while from_ms <= now_ms:
        to_ms = from_ms + STEP_MS if from_ms + STEP_MS <= now_ms else TIME_MAX_MS + 1  # some clocks run ahead
        yield from zip(*history.read(series, from_ms, to_ms), strict=True)
        from_ms = to_ms
