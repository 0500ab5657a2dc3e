"""What Grafana's Prometheus data source asks, and gets: answers and errors as Prometheus' HTTP API documents them."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.desks import graphing
from cloud.stores.history import HistoryUnavailable
from protocols.reports import Series
from tests.contract.trade_site import Json, TradeSite
from tests.depot import NOON_MS

AT = "/grafana/api/v1"
NOON_S = NOON_MS // 1000


async def measured(trading: TradeSite) -> None:
    """Ten minutes of one thermometer, three of another, and a slot that was counted."""
    minutes = [n * 60_000 for n in range(10)]
    await trading.hear(
        Series("shelf-A1", "1", "temperature_c", "hall", NOON_MS, minutes, [4.0 + n for n in range(10)]),
        Series("shelf-A2", "1", "temperature_c", "hall", NOON_MS, minutes[:3], [5.5, 6.0, 6.5]),
    )
    await trading.weigh("A1", 7, NOON_MS)


async def ask(trading: TradeSite, path: str, body: str = "", status: int = 200, name: str = "ada") -> Any:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    answered, headers, told = await trading.request(
        name, "POST" if body else "GET", f"{AT}/{path}", body.encode() if body else None, form
    )
    assert (answered, headers["Content-Type"].partition(";")[0]) == (status, "application/json"), told
    if status != 200:
        assert set(told) == {"status", "errorType", "error"}
        assert told["status"] == "error"
        return told["errorType"], told["error"]
    assert (set(told), told["status"]) == ({"status", "data"}, "success")
    return told["data"]


async def test_the_check_and_the_build_that_grafana_asks_for_first_are_answered(trading: TradeSite) -> None:
    checked = await ask(trading, "query", f"query=1%2B1&time={NOON_S}")
    build = await ask(trading, "status/buildinfo")

    assert checked == {"resultType": "scalar", "result": [NOON_S, "2"]}
    assert build["version"] == "2.55.0"


async def test_metrics_are_found_by_name_and_label(trading: TradeSite) -> None:
    await measured(trading)

    assert await ask(trading, "label/__name__/values") == ["stock_units", "temperature_celsius"]
    assert await ask(trading, "labels") == ["__name__", "channel", "device", "site", "sku", "slot", "zone"]
    assert await ask(trading, "labels?match[]=stock_units") == ["__name__", "site", "sku", "slot", "zone"]
    assert await ask(trading, 'label/device/values?match[]={zone="hall"}') == ["shelf-A1", "shelf-A2"]
    assert await ask(trading, "label/no_such/values") == []
    assert await ask(trading, "series", "match[]=stock_units&match[]=nothing") == [
        {"__name__": "stock_units", "site": "depot", "slot": "A1", "sku": "bolt", "zone": "hall"}
    ]
    assert (await ask(trading, "metadata?metric=stock_units")).keys() == {"stock_units"}


async def test_a_range_is_a_matrix_at_even_steps_with_its_gaps_as_gaps(trading: TradeSite) -> None:
    await measured(trading)

    told = await ask(
        trading,
        "query_range",
        f'query=temperature_celsius{{zone="hall"}}&start={NOON_S}&end={NOON_S + 1200}&step=5m',
    )

    assert told["resultType"] == "matrix"
    assert {one["metric"]["device"]: one["values"] for one in told["result"]} == {
        "shelf-A1": [[NOON_S, "4"], [NOON_S + 300, "9"], [NOON_S + 600, "13"]],
        "shelf-A2": [[NOON_S, "5.5"], [NOON_S + 300, "6.5"]],
    }


async def test_a_moment_is_a_vector(trading: TradeSite) -> None:
    await measured(trading)

    told = await ask(trading, f'query?query=stock_units{{sku=~"bolt|nut"}}&time={NOON_S + 1}.5')
    later = await ask(trading, "query?query=stock_units&time=2025-12-24T12:00:00Z")

    assert told == {
        "resultType": "vector",
        "result": [
            {
                "metric": {"__name__": "stock_units", "site": "depot", "slot": "A1", "sku": "bolt", "zone": "hall"},
                "value": [NOON_S + 1.5, "7"],
            }
        ],
    }
    assert later["result"] == []


SPAN = f"start={NOON_S}&end={NOON_S + 60}&step=1"


@pytest.mark.parametrize(
    ("path", "kind", "why"),
    [
        (f"query_range?query=rate(stock_units[5m])&{SPAN}", "bad_data", "only selectors are known"),
        (f"query_range?{SPAN}", "bad_data", "the parameter query is missing"),
        ("query_range?query=stock_units&start=soon&end=2&step=1", "bad_data", "start: 'soon' is no time"),
        ("query_range?query=stock_units&start=2&end=1&step=1", "bad_data", "end is before start"),
        ("query_range?query=stock_units&start=1&end=2&step=0", "bad_data", "step: '0' has to be longer"),
        ("query_range?query=stock_units&start=1&end=2&step=1x", "bad_data", "step: '1x' is no duration"),
        ("query_range?query=stock_units&start=0&end=11000&step=1", "bad_data", "more than 11000 steps"),
        ("query_range?query=stock_units&start=NaN&end=2&step=1", "bad_data", "lies before 1970"),
        ("series", "bad_data", "no match"),
        ("labels?match[]={", "bad_data", "can not be understood"),
    ],
)
async def test_what_is_not_answered_is_said_as_prometheus_says_it(
    trading: TradeSite, path: str, kind: str, why: str
) -> None:
    found, said = await ask(trading, path, status=400)

    assert found == kind
    assert why in said


async def test_limits_and_a_history_that_is_away_are_said_too(
    trading: TradeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Json:
        raise HistoryUnavailable("the disk is gone")

    await measured(trading)
    for name, limit in (("SERIES_MAX", 1), ("POINTS_MAX", 100)):
        with monkeypatch.context() as patched:
            patched.setattr(graphing, name, limit)
            kind, said = await ask(trading, f"query_range?query=temperature_celsius&{SPAN}", status=422)
            assert (kind, f"{limit} are given at once" in said) == ("execution", True)
    monkeypatch.setattr(trading.service.history_store, "series", away)
    assert (await ask(trading, "labels", status=503))[0] == "unavailable"


async def test_who_may_not_look_may_not_look_here(trading: TradeSite) -> None:
    assert (await trading.ask("", "GET", f"{AT}/labels"))[0] == 401
    assert (await trading.ask("su", "GET", f"{AT}/labels"))[0] == 403


async def test_what_grafana_asks_by_a_form_is_told_of_and_is_no_write(trading: TradeSite) -> None:
    await measured(trading)
    operations = (await trading.get("/api/v1/openapi.json"))["paths"][f"{AT}/query_range"]

    await ask(trading, "query_range", f"query=stock_units&{SPAN}")
    kind, said = await ask(trading, "query", f"query={'x' * 4001}", status=400)

    form = operations["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert [*form["properties"]] == ["query", "start", "end", "step"]
    assert [one["name"] for one in operations["get"]["parameters"] if one.get("required")] == [*form["properties"]]
    assert (kind, said) == ("bad_data", "query comes at most 1 times, with up to 4000 characters")
    assert (await trading.get("/api/v1/audit"))["items"] == []
