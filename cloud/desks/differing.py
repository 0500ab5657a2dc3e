"""What becomes of counts that differ: they are looked at, approved, or asked for once more; and of places left out."""

from __future__ import annotations

from msgspec.structs import replace

from cloud.core.book.entries import Entry
from cloud.core.counting import findings
from cloud.core.counting.findings import Finding
from cloud.core.stock_view import CountDifference, CountDifferences, CountMade, CountSkipped, CountTold
from cloud.desks.counts import DAY_MS, Counts
from cloud.web.desk import Refused
from cloud.web.differences import CountPlace, CountSkip

SHOWN_MS = 7 * DAY_MS
SHOWN_MAX = 200


class Differing:
    """The differences of one site."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def differences(self, all_of_them: bool) -> CountDifferences:
        """See `differences.Desk`."""
        counts, since_ms = self._counts, self._counts.now_ms() - SHOWN_MS
        stood = [one for one in counts.stood if one.finding.at_ms >= since_ms]
        last = {(one.finding.sku, one.finding.slot): one for one in stood}
        again = counts.again
        found = [
            self._found(one.finding, one.entry, where in again)
            for where, one in last.items()
            if one.finding.verdict == "differs" and where not in counts.waiting
        ]
        waiting = [self._found(one, 0, True) for one in counts.waiting.values()] if all_of_them else []
        found.sort(key=lambda one: (-abs(one.value), -abs(one.difference), one.sku, one.place))
        return CountDifferences([*waiting, *found][:SHOWN_MAX], len(stood))

    async def approve(self, named: CountPlace, by: str, key: str) -> CountTold:
        """See `differences.Desk`."""
        counts = self._counts
        sku = counts.lies(named.sku, named.place)
        async with counts.book.turn(sku.id):
            key_ = key and f"approve:{key}"
            first = counts.waiting.get((sku.id, named.place))
            booked = await counts.book.known_by(key_)
            if booked is not None:
                done = next((one.finding for one in counts.stood if one.entry == booked.id), None)
                if done is not None and (done.sku, done.slot) == (sku.id, named.place):
                    return _told(done, booked.id)
            if first is None:
                hint = "look at the differences again; somebody may have counted or approved it"
                raise Refused("not_waiting", f"no count of {sku.id!r} at {named.place!r} waits for another", hint)
            if by in {one.by for one in first.counts}:
                raise Refused("own_count", "who counted does not approve it", "ask somebody else, or count once more")
            _as_seen(first, named)
            now_ms, stands = counts.now_ms(), replace(first, verdict="differs")
            entry = findings.entry(stands, now_ms, "count", note=f"approved by {by}", key=key_)
            assert isinstance(entry, Entry)
            await counts.book.fit(entry)
            number = (await counts.book.store([entry]))[0].id
            counts.stand(stands, number)
            await counts.keep()
        return _told(stands, number)

    async def again(self, named: CountPlace) -> None:
        """See `differences.Desk`."""
        counts = self._counts
        where = (counts.lies(named.sku, named.place).id, named.place)
        stood = (one.finding for one in reversed(counts.stood) if (one.finding.sku, one.finding.slot) == where)
        last = counts.waiting.get(where) or next(stood, None)
        if last is not None:
            _as_seen(last, named)
        if where not in counts.waiting and where not in counts.again:
            if last is None:
                hint = "count it first"
                raise Refused("not_counted_yet", f"{named.sku!r} was not counted at {named.place!r} lately", hint)
            counts.again[where] = counts.now_ms()
            await counts.keep()

    async def skip(self, skip: CountSkip, by: str) -> None:
        """See `differences.Desk`."""
        counts = self._counts
        where = (counts.lies(skip.sku, skip.place).id, skip.place)
        counts.skipped[where] = CountSkipped(skip.reason, by, counts.now_ms())
        await counts.keep()

    def _found(self, finding: Finding, entry: int, again: bool) -> CountDifference:
        made = [CountMade(one.units, one.at_ms, one.by) for one in finding.counts]
        return CountDifference(
            finding.slot, finding.sku, entry == 0, made, finding.counted, finding.expected,
            finding.difference, round(finding.value, 2), finding.at_ms, entry, again,
        )  # fmt: skip


def _as_seen(found: Finding, named: CountPlace) -> None:
    """Nothing; raises `Refused` where whoever decides has seen another finding of the place than there is by now."""
    if named.seen is None or (named.seen.counted, named.seen.expected) == (found.counted, found.expected):
        return
    last = max(found.counts, key=lambda one: one.at_ms)
    said = f"{found.counted} were counted of {found.sku} by now, and {found.expected} expected"
    more: dict[str, object] = {"changed_ms": last.at_ms} | ({"by": last.by} if last.by else {})
    raise Refused("changed", said, "look at it again, then decide", more)


def _told(found: Finding, entry: int) -> CountTold:
    figures = (found.counted, found.expected, found.difference, found.value)
    return CountTold(found.sku, found.slot, "differs", *figures, [], entry)
