"""Tables as files, over the web and on the command line: all of them, as the ledger is, and no part for the whole."""

from __future__ import annotations

import asyncio
import csv
import io
import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientError, ClientPayloadError
from arro3.io import read_parquet

from cloud.alerts.lifecycle import Alert, Stage, Transition
from cloud.core.book.entries import Entry
from cloud.core.exporting.tables import TABLES
from cloud.stores import exports
from cloud.stores.database import LedgerUnavailable
from cloud.stores.history import Samples
from cloud.table_csv import iso
from protocols.reports import Series
from tests.contract.trade_site import TradeSite
from tests.depot import HOUR_MS, NOON_MS


async def rows(trading: TradeSite, path: str, name: str = "mo") -> list[dict[str, str]]:
    status, headers, body = await trading.request(name, "GET", f"/api/v1/exports/{path}", None, {})
    assert status == 200, body
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    return [*csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))]


async def trade(trading: TradeSite) -> None:
    """Something in most tables."""
    await trading.needed("A1", 0)
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 9, "lot": "L1", "note": "=1+1"})
    await trading.post("/api/v1/reservations", {"sku": "milk", "units": 2, "tier": "gold"})
    await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "milk", "units": 5}]})
    await trading.post("/api/v1/counts", {"sku": "milk", "place": "", "counted": 9})
    await trading.hear(Series("shelf-A1", "scale", "temperature", "hall", NOON_MS, [0, 60_000], [4.5, 4.75]))


async def test_every_table_is_listed_and_is_the_same_as_either_file(trading: TradeSite) -> None:
    await trade(trading)
    listed = await trading.get("/api/v1/exports")
    assert [one["name"] for one in listed] == [*TABLES]
    filled = set()

    for table in listed:
        query = "&series=shelf-A1/scale/temperature" if table["wants"] else ""
        found = await rows(trading, f"{table['name']}?format=csv{query}")
        path = f"/api/v1/exports/{table['name']}?format=parquet{query}"
        status, headers, body = await trading.request("mo", "GET", path, None, {})
        parquet = read_parquet(io.BytesIO(body)).read_all()

        assert (status, headers["Content-Type"]) == (200, "application/vnd.apache.parquet")
        assert parquet.column_names == [one["name"] for one in table["columns"]]
        assert parquet.num_rows == len(found)
        if found:
            assert [*found[0]] == parquet.column_names
            filled.add(table["name"])
    assert filled >= {
        "stock", "slots", "lots", "book", "movements", "counts", "reservations", "needs", "orders", "order_lines",
        "kpis", "assets", "devices", "gateways", "zones", "history",
    }  # fmt: skip


async def test_the_book_is_told_as_it_was_written_and_harms_no_spreadsheet(trading: TradeSite) -> None:
    await trade(trading)

    [told, *_] = await rows(trading, "book")

    assert told["happened_utc"] == iso(trading.clock())
    assert (told["kind"], told["sku"], told["units"], told["lot"]) == ("receipt", "milk", "9", "L1")
    assert (told["note"], told["by"], told["unit_cost_eur"]) == ("'=1+1", "bo", "")


async def test_a_span_has_its_beginning_and_not_its_end_so_that_spans_make_a_whole(trading: TradeSite) -> None:
    for hour in range(3):
        happened = {"happened_ms": NOON_MS - (3 - hour) * HOUR_MS}
        await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": hour + 1, **happened})
    middle = NOON_MS - 2 * HOUR_MS

    before = await rows(trading, f"book?to={middle}")
    since = await rows(trading, f"book?from={middle}")

    assert ([one["units"] for one in before], [one["units"] for one in since]) == (["1"], ["2", "3"])


async def test_alerts_are_told_from_when_they_fired_open_ones_and_those_that_are_over(trading: TradeSite) -> None:
    states: tuple[Stage, ...] = ("pending", "firing", "resolved", "lapsed")
    made = [Alert(n, "stock_low", "=milk", "hall", 2, state, n, n, {}) for n, state in enumerate(states, 1)]
    trading.service.ledger.keep_alerts([Transition(None, one) for one in made])

    found = [(one["id"], one["subject"], one["state"]) for one in await rows(trading, "alerts?to=10")]

    assert found == [("2", "'=milk", "firing"), ("3", "'=milk", "resolved")]


async def test_what_can_not_be_had_is_refused_in_words(trading: TradeSite) -> None:
    async def refused(path: str, name: str = "mo") -> tuple[int, str]:
        status, told = await trading.ask(name, "GET", f"/api/v1/exports/{path}")
        return status, told["code"]

    assert await refused("stocks") == (404, "unknown")
    assert await refused("stock?format=xlsx") == (400, "bad_request")
    assert await refused("stock?from=1") == (400, "bad_request")
    assert await refused("book?from=2&to=1") == (400, "bad_request")
    assert await refused("book?series=a/b/c") == (400, "bad_request")
    assert await refused("history") == (400, "bad_request")
    assert await refused("history?series=a/b/c") == (404, "unknown")
    assert await refused("scores", "op") == (403, "forbidden")
    assert await refused("book", "su") == (403, "forbidden")
    assert await refused("book", "") == (401, "signed_out")


async def test_a_long_table_is_read_page_by_page_and_what_comes_meanwhile_is_left_out(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    books = trading.service.ledger.books
    books.post([Entry("receipt", "milk", n, NOON_MS, NOON_MS) for n in range(1, 6)])

    found = trading.service.ledger.exports.entries(0, NOON_MS + 1)
    first = next(found)
    books.post([Entry("receipt", "milk", 6, NOON_MS, NOON_MS)])

    assert [first.units, *(one.units for one in found)] == [1, 2, 3, 4, 5]


def endless(trading: TradeSite, monkeypatch: pytest.MonkeyPatch, fails_at: int = 0) -> list[int]:
    """The book has no end, or can not be read on; how far it was read."""
    at, noise = [0], random.Random(1)  # what can not be packed fills what lies between soon

    def entries(*_: Any) -> Iterator[Entry]:
        while True:
            at[0] += 1
            if at[0] == fails_at:
                raise LedgerUnavailable("the ledger can not be read: the disk is gone")
            yield Entry("receipt", f"sku-{at[0]}", at[0], NOON_MS, NOON_MS, note=noise.randbytes(500).hex())

    monkeypatch.setattr(trading.service.ledger.exports, "entries", entries)
    return at


@pytest.mark.parametrize("form", ["csv", "parquet"])
async def test_who_leaves_stops_the_reading_and_makes_room(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    at = endless(trading, monkeypatch)
    monkeypatch.setattr(trading.service.exporting, "_room", threading.Semaphore(1))
    async with trading.stream("mo", f"/api/v1/exports/book?format={form}") as response:
        assert (await response.content.readany())[:3] in (b"\xef\xbb\xbf", b"PAR")
        status, told = await trading.ask("mo", "GET", "/api/v1/exports/stock")
        assert (status, told["code"]) == (503, "unavailable")
        response.close()
    async with asyncio.timeout(10):
        while (await trading.ask("mo", "GET", "/api/v1/exports/stock"))[0] != 200:
            await asyncio.sleep(0.01)
    for worker in [one for one in threading.enumerate() if one.name.startswith(("export", "parquet"))]:
        await asyncio.to_thread(worker.join, 10)
    stopped = at[0]
    await trading.get("/api/v1/exports")

    assert at[0] == stopped


@pytest.mark.parametrize("form", ["csv", "parquet"])
async def test_a_file_that_can_not_be_read_to_its_end_is_cut_off_so_that_nobody_takes_it_for_whole(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    endless(trading, monkeypatch, fails_at=10_000)

    with pytest.raises((ClientPayloadError, ClientError)):
        async with trading.stream("mo", f"/api/v1/exports/book?format={form}") as response:
            await response.read()


async def test_a_table_that_can_not_be_read_at_all_is_a_problem(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless(trading, monkeypatch, fails_at=1)

    status, told = await trading.ask("mo", "GET", "/api/v1/exports/book?format=parquet")

    assert (status, told["code"]) == (503, "unavailable")


async def test_who_asks_for_the_head_alone_gets_no_rows(trading: TradeSite) -> None:
    status, headers, body = await trading.request("mo", "HEAD", "/api/v1/exports/book", None, {})

    assert (status, headers["Content-Type"], body) == (200, "text/csv; charset=utf-8", b"")


async def test_a_long_series_is_read_window_by_window_however_dense_it_is(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = trading.service.history_store
    dense = [NOON_MS + n * 1000 for n in range(600)]
    sparse = [NOON_MS - n * 86_400_000 * 30 for n in range(20, 0, -1)]
    store.append([Samples("a/b/c", [*sparse, *dense], [1.0] * 620)])
    read, asked = store.read, list[int]()

    def short(series: str, from_ms: int, to_ms: int, points: int | None = None) -> Any:
        times, values = read(series, from_ms, to_ms, points)
        asked.append(len(times))
        if len(times) > 100:
            raise ValueError("more than it gives at once")
        return times, values

    monkeypatch.setattr(store, "read", short)
    found = await rows(trading, f"history?series=a/b/c&from={NOON_MS - 900 * 86_400_000}")

    assert [one["at_utc"] for one in found] == [iso(at) for at in (*sparse, *dense)]
    assert len(asked) < 100
