"""The desk of the assets: what their samples taught is kept now and then, and learnt again where a stretch was missed.

The folds go forward only. Where a backlog comes behind newer samples, as after an outage, or the service starts after
what was kept last, the history has it all: a cooler or a machine is learnt anew from there, one series at a time and
in a thread of its own, for some weeks of samples take a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain

import msgspec

from cloud.core.maintenance.assets import AssetDetail, AssetNow, AssetView
from cloud.core.maintenance.fleet import Fleet, kind_of
from cloud.core.maintenance.keeping import Asset, Kept
from cloud.core.view import GatewayView
from cloud.desks.refusing import OnDisk
from cloud.stores.books import Books
from cloud.stores.history import TIME_MAX_MS, History, HistoryUnavailable
from cloud.stores.ledger import LedgerUnavailable
from cloud.web.desk import NotFound
from protocols.layout import Site
from protocols.reports import DeviceHealth, Report, Series

log = logging.getLogger(__name__)

KEY = "asset:"
KEPT_EVERY_MS = 900_000
"""What changed is kept so often; what was found wrong, at once."""
KEPT_AT_ONCE = 20
"""Assets kept in one tick: many would hold up the ledger."""
CALM_MS = 3_000
"""A backlog has ended when nothing of it came for so long."""
LEARN_AGAIN_MS = 30 * 86_400_000
OF_OLD_MS = 2 * 86_400_000
"""Sensors are told of so much of the history at most: they learn within hours."""
STEP_MS = 7 * 86_400_000
"""Read at once: a sample a second stays below what a read may return."""
LOAD_SAMPLES_MAX = 200_000
"""Samples folded at a start, some seconds' worth; what is further behind is learnt again while the service runs."""
CHUNK = 500
SLICE_MS = 4 * 60_000
"""The channels of a machine are judged together, and wait for each other no longer than this."""


class Assets:
    """The assets of one site."""

    def __init__(self, site: Site, books: Books, history: History, on_disk: OnDisk, now_ms: Callable[[], int]) -> None:
        self.site = site
        self.fleet = Fleet(site)
        self._books, self._history, self._on_disk, self._now_ms = books, history, on_disk, now_ms
        self._gaps: dict[tuple[str, str], int] = {}
        """Series that are to be learnt again, and when their backlog was heard last."""
        self._kept_ms: dict[str, int] = {}

    @property
    def current(self) -> list[AssetNow]:
        """Every asset of which something was heard, as it is now: what rules judge by."""
        return self.fleet.current

    def shown(self) -> list[AssetView]:
        """Every asset, for the page."""
        return self.fleet.views

    def listed(self) -> list[AssetView]:
        """See `cloud.web.assets.AssetDesk`."""
        return self.fleet.views

    def detail(self, id: str) -> AssetDetail:
        """See `cloud.web.assets.AssetDesk`."""
        found = self.fleet.detail(id)
        if found is None:
            raise NotFound(f"there is no asset {id[:100]!r}", "the list without an id shows all there are")
        return found

    def load(self, told: Iterable[DeviceHealth] = ()) -> None:
        """All as it was kept, gateways' last words (`told`), and what the history has since. Raises
        `LedgerUnavailable`."""
        for key, blob in self._books.kept_all(KEY).items():
            try:
                kept = msgspec.msgpack.decode(blob, type=Kept)
            except (msgspec.DecodeError, ValueError) as error:
                log.warning("%s as it was kept can not be read (%s); it is learnt again from the history", key, error)
                continue
            if self.fleet.take(kept):
                self._kept_ms[kept.id] = self._now_ms()
        self.fleet.hear(told)
        try:
            self._catch_up(self._now_ms())
        except HistoryUnavailable as error:
            log.warning("history: %s; assets go on from what was kept", error)
        self.fleet.judge(self._now_ms())

    def hear(self, reports: Iterable[Report], now_ms: int) -> None:
        """Reports that are in the ledger and the history."""
        self.fleet.hear(reports)
        for series in self.fleet.late():
            self._gaps[series] = now_ms

    def gateways(self, views: Sequence[GatewayView], now_ms: int) -> None:
        """How the gateways are."""
        self.fleet.gateways([(one.id, one.connected, one.last_seen_ms) for one in views], now_ms)

    async def tick(self, now_ms: int) -> None:
        """Judge what changed, mend what can be mended, keep what is due. Raises `LedgerUnavailable`."""
        for series in [one for one, heard_ms in self._gaps.items() if now_ms - heard_ms >= CALM_MS][:1]:
            await self._mend(series, now_ms)
        self.fleet.judge(now_ms)
        due = sorted(self.fleet.urgent)
        late = [name for name in self.fleet.changed if now_ms - self._kept_ms.setdefault(name, 0) >= KEPT_EVERY_MS]
        await self._keep([*due, *(name for name in late if name not in self.fleet.urgent)][:KEPT_AT_ONCE], now_ms)

    async def keep(self) -> None:
        """Store all that has changed, as at the end. On `LedgerUnavailable` it stays marked."""
        await self._keep(sorted(self.fleet.changed | self.fleet.urgent), self._now_ms())

    async def _keep(self, names: list[str], now_ms: int) -> None:
        if not names:
            return
        assets = self.fleet.assets
        blobs = {KEY + name: msgspec.msgpack.encode(assets[name].kept) for name in names if name in assets}
        was = self.fleet.changed & set(names), self.fleet.urgent & set(names)
        self.fleet.changed -= set(names)
        self.fleet.urgent -= set(names)
        try:
            await self._on_disk(self._books.keep_all, blobs)
        except LedgerUnavailable:
            self.fleet.changed |= was[0]
            self.fleet.urgent |= was[1]
            raise
        self._kept_ms |= dict.fromkeys(names, now_ms)

    def _catch_up(self, now_ms: int) -> None:
        """Fold what came since assets were kept; of what is far behind, later."""
        budget = LOAD_SAMPLES_MAX
        latest = sorted(self._history.latest().items(), key=lambda one: kind_order(self.site, one[0]))
        for name, (at_ms, _) in latest:
            device, _, series = name.partition("/")
            if device not in self.site.device_by_id or series.count("/") != 1:
                continue
            last_ms = self._last_ms(device, series)
            if at_ms <= last_ms:
                continue
            kind = kind_of(self.site.device_by_id[device])
            judged = kind in ("refrigerator", "machine")
            from_ms = max(last_ms + 1, now_ms - (LEARN_AGAIN_MS if judged else OF_OLD_MS), 0)
            if budget <= 0 or (kind == "machine" and at_ms - from_ms > SLICE_MS):  # its channels are told together
                if judged:
                    self._gaps[device, series] = now_ms
                continue
            for report in self._since(device, series, from_ms, now_ms):
                self.fleet.feel(report)
                budget -= len(report.values)
                if budget <= -LOAD_SAMPLES_MAX:
                    break

    def _last_ms(self, device: str, series: str) -> int:
        asset = self.fleet.assets.get(device)
        course = asset.kept.series.get(series) if asset is not None else None
        return course.last_ms if course is not None else 0

    async def _mend(self, series: tuple[str, str], now_ms: int) -> None:
        heard_ms = self._gaps.pop(series)
        device = series[0]
        try:
            learnt = await asyncio.to_thread(self._learnt, device, now_ms)
        except HistoryUnavailable as error:
            log.warning("history: %s; %s is learnt again later", error, device)
            self._gaps.setdefault(series, heard_ms + CALM_MS)
            return
        for other in [one for one in self._gaps if one[0] == device]:
            del self._gaps[other]
        held = self.fleet.assets.get(device)
        if held is not None:
            kept = held.kept
            for name in ("heard_ms", "state", "state_ms", "told_ms", "unheard", "battery_pct", "findings", "notes"):
                setattr(learnt.kept, name, getattr(kept, name))
            learnt.kept.open, learnt.kept.past, learnt.kept.antennas = kept.open, kept.past, kept.antennas
            learnt.kept.door_ms = kept.door_ms
        self.fleet.replace(device, learnt)
        log.info("%s was learnt again from the history, a backlog came behind newer samples", device)

    def _learnt(self, device: str, now_ms: int) -> Asset:
        """A device as its whole history of the last weeks makes it."""
        asset = self.fleet.fresh(device)
        names = [name for name in self._history.series() if name.startswith(f"{device}/") and name.count("/") == 2]
        from_ms = max(0, now_ms - LEARN_AGAIN_MS)
        series = [self._since(device, name.partition("/")[2], from_ms, now_ms) for name in names]
        together = asset.kind == "machine"
        for one in merge(*map(sliced, series), key=_at) if together else chain.from_iterable(series):
            asset.feel(one.channel, one.quantity, one.at_ms, one.offsets_ms, one.values, self.fleet.outside)
        return asset

    def _since(self, device: str, series: str, from_ms: int, now_ms: int) -> Iterator[Series]:
        channel, _, quantity = series.partition("/")
        zone = self.site.device_by_id[device].zone
        while from_ms <= now_ms:
            to_ms = from_ms + STEP_MS if from_ms + STEP_MS <= now_ms else TIME_MAX_MS + 1  # some clocks run ahead
            times, values = self._history.read(f"{device}/{series}", from_ms, to_ms)
            for at in range(0, len(times), CHUNK):
                part = times[at : at + CHUNK]
                offsets = [time_ms - part[0] for time_ms in part]
                yield Series(device, channel, quantity, zone, part[0], offsets, list(values[at : at + CHUNK]))
            from_ms = to_ms


def sliced(series: Iterable[Series]) -> Iterator[Series]:
    """The same in parts of at most `SLICE_MS`."""
    for one in series:
        first = 0
        for at, offset in enumerate([*one.offsets_ms, None]):
            if offset is None or offset - one.offsets_ms[first] >= SLICE_MS:
                base = one.offsets_ms[first]
                offsets = [each - base for each in one.offsets_ms[first:at]]
                part = one.at_ms + base, offsets, one.values[first:at]
                yield Series(one.device, one.channel, one.quantity, one.zone, *part)
                first = at


def _at(one: Series) -> int:
    return one.at_ms


def kind_order(site: Site, name: str) -> tuple[int, str]:
    """Halls' thermometers first, for coolers are judged beside them; then what takes long to learn."""
    device = site.device_by_id.get(name.partition("/")[0])
    if device is None:
        return 9, name
    return {"thermometer": 0, "refrigerator": 1, "machine": 2}.get(kind_of(device), 3), name
