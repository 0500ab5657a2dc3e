"""What counts of the fake service found: a count that waits for another, one that stands, and what was left out."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from cloud.core.stock_view import CountDifference, CountDifferences, CountMade, CountTold
from cloud.web.desk import Refused
from cloud.web.differences import CountPlace, CountSkip

HOUR_MS = 3_600_000


class FakeCounts:
    """`told` is what was done, in order."""

    def __init__(self, now_ms: Callable[[], int], *, quiet: bool = False) -> None:
        self.told: list[tuple[str, object]] = []
        t = now_ms()
        one = CountMade(31, t - HOUR_MS, "otto")
        two = [CountMade(9, t - 3 * HOUR_MS, "anna"), CountMade(9, t - 2 * HOUR_MS, "otto")]
        self._items = [] if quiet else [
            CountDifference("A04-02", "SKU-1004", True, [one], 31, 18, 13, 162.5, t - HOUR_MS, 0, True),
            CountDifference("A02-01", "SKU-1002", False, two, 9, 12, -3, -37.5, t - 2 * HOUR_MS, 41),
        ]  # fmt: skip

    def differences(self, all_of_them: bool) -> CountDifferences:
        """See `differences.Desk`."""
        return CountDifferences([one for one in self._items if all_of_them or not one.waiting], 214)

    async def approve(self, named: CountPlace, by: str, key: str) -> CountTold:
        """See `differences.Desk`."""
        found = next((one for one in self._items if one.place == named.place and one.waiting), None)
        if found is None:
            raise Refused("not_waiting", "no count of it waits", "look again")
        _as_seen(found, named)
        self.told.append(("approve", named.place))
        self._items.remove(found)
        figures = (found.counted, found.expected, found.difference, found.value)
        return CountTold(found.sku, found.place, "differs", *figures, [], 42)

    async def again(self, named: CountPlace) -> None:
        """See `differences.Desk`."""
        for one in self._items:
            if one.place == named.place:
                _as_seen(one, named)
        self.told.append(("again", named.place))
        self._items = [replace(one, again=True) if one.place == named.place else one for one in self._items]

    def recounted(self, place: str, units: int, by: str) -> None:
        """Somebody counted the place again, and it waits for another count."""
        found = next(one for one in self._items if one.place == place)
        made = [CountMade(units, found.at_ms + 1, by)]
        off = units - found.expected
        anew = replace(found, waiting=True, counts=made, counted=units, difference=off, entry=0)
        self._items[self._items.index(found)] = anew

    async def skip(self, skip: CountSkip, by: str) -> None:
        """See `differences.Desk`."""
        self.told.append(("skip", (skip.place, skip.reason, by)))


def _as_seen(found: CountDifference, named: CountPlace) -> None:
    """As the real desk: another finding than was seen is refused."""
    if named.seen is not None and (named.seen.counted, named.seen.expected) != (found.counted, found.expected):
        raise Refused("changed", f"{found.counted} were counted", "look again", {"by": found.counts[-1].by})
