"""The API as its document tells of it: what is written there is what is answered, refused, paged and tagged."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from cloud.stores.ledger import Ledger
from cloud.web import openapi, problems
from cloud.web.app import ROUTES, make_app
from cloud.web.app import answer as in_process
from cloud.web.live import Live
from cloud.web.queries import Text, Whole
from cloud.web.roles import RIGHTS, ROLES
from cloud.web.sign_in import SignIn
from tests.contract.site_house import edited_site, tell
from tests.contract.told import Told
from tests.contract.trade_site import TradeSite
from tests.contract.web_service import Web, code_of, error_of
from tests.desk import MemoryAccounts, MemoryDesk, desks, snapshot

Json = Any


@pytest.fixture(scope="module")
def document() -> Json:
    """The document, as it is served."""
    return msgspec.json.decode(msgspec.json.encode(openapi.document(app()[ROUTES])))


def app() -> Any:
    live = Live(snapshot())
    return make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), Path())


def refs(value: Json) -> set[str]:
    """Every type that is named anywhere."""
    found = re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', msgspec.json.encode(value).decode())
    return {*found}


def test_the_document_is_whole(document: Json) -> None:
    """Every route is in it once, every type that is named is there and is a schema, and each says what it is for."""
    operations = {f"{m.upper()} {path}": one for path, of in document["paths"].items() for m, one in of.items()}
    schemas = document["components"]["schemas"]

    told = [one for one in app()[ROUTES] if one.path.startswith(("/api/", "/grafana/"))]
    assert {*operations} == {f"{one.method} {one.path}" for one in told} | {
        "GET /healthz", "GET /readyz", "GET /metrics",
    }  # fmt: skip
    assert refs(document) == {*schemas}
    assert len({one["operationId"] for one in operations.values()}) == len(operations)
    assert [name for name, one in operations.items() if not one["summary"].endswith(".")] == []
    for one in schemas.values():
        Draft202012Validator.check_schema(one)
    writes = [one for name, one in operations.items() if re.match("POST /api/(?!v1/session)", name)]
    assert all(any(each["name"] == "Idempotency-Key" for each in one["parameters"]) for one in writes)


@pytest.mark.usefixtures("bo_mends")
async def test_every_list_and_single_thing_of_a_depot_is_as_the_document_says(
    document: Json, trading: TradeSite
) -> None:
    """What is really answered, by JSON Schema: the same document that strangers write their programs by."""
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 9})
    await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 40}]})
    await trading.post("/api/v1/reservations", {"sku": "bolt", "units": 2})
    await trading.post("/api/v1/works", {"asset": "shelf-A1", "title": "Look at it"})
    named = {
        "skus": "bolt",
        "orders": "1",
        "reservations": "1",
        "works": "1",
        "measures": "turnover",
        "problems": "short",
    }
    looked = 0

    for path, operations in document["paths"].items():
        known = re.sub(r"(\w+)/\{\w+\}", lambda one: f"{one[1]}/{named.get(one[1], '?')}", path)
        if "get" not in operations or "?" in known or path == "/api/v1/history":
            continue
        who = "su" if operations["get"].get("x-right") == "portal" else "mo"
        status, told = await trading.ask(who, "GET", known)
        answer = operations["get"]["responses"][str(status)]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if status == 200 and schema is not None:
            Draft202012Validator({**schema, "components": document["components"]}).validate(told)
            looked += 1
    assert looked > 30


async def test_a_code_says_what_it_means_to_who_is_not_signed_in(web: Web) -> None:
    stranger = await web.client()

    async with stranger.get("/api/v1/stock") as response:
        told = await response.json()
        assert response.content_type == "application/problem+json"
    async with stranger.get(told["type"]) as response:
        means = await response.json()
    async with stranger.get("/api/v1/problems/nonsense") as response:
        assert await error_of(response) == (404, "unknown")

    assert (told["code"], told["title"], told["instance"]) == ("signed_out", "Signed out", "/api/v1/stock")
    assert means == {
        "type": told["type"], "title": "Signed out", "code": "signed_out", "means": problems.MEANS["signed_out"],
    }  # fmt: skip


async def test_the_page_of_the_document_needs_no_script_and_nothing_from_elsewhere(web: Web, document: Json) -> None:
    client = await web.client("ada")

    async with client.get("/api/v1/docs") as response:
        page, policy = await response.text(), response.headers["Content-Security-Policy"]
    async with client.get("/api/v1/openapi.json") as response:
        assert await response.json() == document

    assert "<script" not in page
    assert re.findall(r'(?:src|href)="https?:', page) == []
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert all(f"{path}</code>" in page for path in document["paths"])
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            roles: list[str] = [role for role in ROLES if told.get("x-right") in RIGHTS[role]] or [
                "everybody, signed in or not"
            ]
            row = f"{method.upper()} {path}</code></a><td>{told.get('x-right', '')}<td>{', '.join(roles)}<tr>"
            assert row in page.replace("</table>", "<tr>"), row
    assert {*re.findall(r'href="#([^"]+)"', page)} <= {*re.findall(r'id="([^"]+)"', page)}


async def test_the_document_is_told_in_process_too() -> None:
    status, body = await in_process(app(), "/api/v1/openapi.json")

    assert (status, msgspec.json.decode(body)["openapi"]) == (200, "3.1.0")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 1}, {"sku": "bolt", "units": 0}]},
         "/lines/1/units"),
        ("/api/v1/book", {"kind": "receipt", "sku": "bolt"}, ""),
        ("/api/v1/counts", {"sku": "bolt", "counted": "9"}, "/counted"),
    ],
)  # fmt: skip
async def test_a_body_that_is_wrong_is_told_by_its_field(web: Web, path: str, body: Json, pointer: str) -> None:
    client = await web.client("bo")

    async with client.post(path, json=body) as response:
        told = await response.json()

    assert (response.status, [one["pointer"] for one in told["errors"]]) == (400, [pointer])
    assert all(one["detail"] and one["hint"] for one in told["errors"])


@pytest.mark.parametrize(
    ("path", "body", "code", "limit"),
    [
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 10**14}]}, "most", 1e9),
        ("/api/v1/orders", {"supplier": "acme", "lines": []}, "short", 1),
        ("/api/v1/counts", {"sku": "bolt", "counted": -1}, "least", 0),
        ("/api/v1/counts", {"sku": "bolt", "counted": "9"}, "", None),
    ],
)
async def test_a_figure_beyond_its_bound_is_told_with_the_bound(
    web: Web, path: str, body: Json, code: str, limit: float | None
) -> None:
    client = await web.client("bo")

    async with client.post(path, json=body) as response:
        told = await response.json()

    assert [(one["code"], one["limit"]) for one in told["errors"]] == [(code, limit)]


@pytest.mark.parametrize("table", ["zones", "racks", "slots", "skus", "devices"])
async def test_a_thing_of_the_site_that_lacks_a_field_is_refused_as_the_document_says(
    document: Json, tmp_path: Path, table: str
) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        async with edited_site(ledger, tmp_path) as house:
            status, told, _ = await tell(await house.client(), "POST", f"site/{table}", {"values": {}})

    answer = document["paths"]["/api/v1/site/{table}"]["post"]["responses"][str(status)]
    schema = answer["content"]["application/problem+json"]["schema"]
    Draft202012Validator({**schema, "components": document["components"]}).validate(told)
    assert (status, told["code"], told["errors"][0]["code"]) == (422, "unfit_site", "needed")
    assert {*told["errors"][0]} <= {*document["components"]["schemas"]["Flaw"]["properties"]}


async def tagged(client: ClientSession, path: str, **headers: str) -> tuple[int, str, Json]:
    """Status, ETag and body of a GET, or with headers of a POST."""
    asked = client.post(path, headers=headers) if headers else client.get(path)
    async with asked as response:
        if response.status >= 400:
            code_of(response.status, response.content_type, await response.read())
        return response.status, response.headers.get("ETag", ""), await response.json()


async def test_the_document_tells_of_tags_where_answers_have_them(web: Web, document: Json) -> None:
    for method, path, status in (
        ("get", "/api/v1/alerts/{id}", "200"), ("post", "/api/v1/alerts/{id}/ack", "200"),
        ("post", "/api/v1/alerts/{id}/ack", "412"), ("get", "/api/v1/snapshot", "200"),
        ("get", "/api/v1/snapshot", "304"),
    ):  # fmt: skip
        assert "ETag" in document["paths"][path][method]["responses"][status]["headers"], (method, path, status)
    assert "Retry-After" in document["paths"]["/api/v1/session"]["post"]["responses"]["429"]["headers"]

    bo = await web.client("bo")
    assert (await tagged(bo, "/api/v1/snapshot"))[1]
    assert (await tagged(bo, "/api/v1/alerts/7/ack", **{"If-Match": '"another"'}))[:1] == (412,)


async def test_who_looked_at_an_alert_before_somebody_else_took_it_is_told_who(web: Web) -> None:
    ada, bo, mo = await web.client("ada"), await web.client("bo"), await web.client("mo")
    _, seen, _ = await tagged(ada, "/api/v1/alerts/7")

    assert (await tagged(bo, "/api/v1/alerts/7/ack", **{"If-Match": seen}))[0] == 200
    status, now, told = await tagged(mo, "/api/v1/alerts/7/ack", **{"If-Match": seen})

    assert (status, told["code"], told["by"]) == (412, "changed", "bo")
    assert (await tagged(mo, "/api/v1/alerts/7/ack", **{"If-Match": now}))[0] == 200
    assert (await tagged(mo, "/api/v1/alerts/7/ack", **{"If-Match": "*"}))[0] == 200
    assert web.desk.acknowledged == 3


@pytest.mark.usefixtures("bo_mends")
async def test_things_that_people_change_have_tags_that_change_with_them(trading: TradeSite) -> None:
    async def tag(path: str, method: str = "GET", body: Json = None, match: str = "") -> tuple[int, str]:
        status, headers, _ = await trading.request("mo", method, path, body, {"If-Match": match} if match else {})
        return status, headers.get("ETag", "")

    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": 9})
    await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 40}]})
    await trading.post("/api/v1/reservations", {"sku": "bolt", "units": 2})
    await trading.post("/api/v1/works", {"asset": "shelf-A1", "title": "Look at it"})

    for path, action in (
        ("/api/v1/orders/1", "approve"), ("/api/v1/works/1", "start"), ("/api/v1/reservations/1", "pick"),
    ):  # fmt: skip
        _, before = await tag(path)
        status, after = await tag(f"{path}/{action}", "POST", {}, before)
        assert (status, bool(before), before == after) == (200, True, False), path
        if "reservations" not in path:
            assert await tag(path) == (200, after)
            assert await tag(f"{path}/cancel", "POST", {}, before) == (412, after)


async def test_a_long_list_comes_page_by_page_and_a_cursor_of_another_list_is_refused(trading: TradeSite) -> None:
    for units in range(1, 6):
        await trading.post("/api/v1/book", {"kind": "receipt", "sku": "bolt", "units": units})

    found, after = list[int](), ""
    while True:
        page = await trading.get(f"/api/v1/book?sku=bolt&limit=2{after}")
        found += [one["units"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    status, told = await trading.ask("ada", "GET", f"/api/v1/cold/excursions?{after}")

    assert found == [1, 2, 3, 4, 5]
    assert (status, told["code"]) == (400, "bad_request")
    assert (await trading.ask("ada", "GET", "/api/v1/book?after=5"))[0] == 400


@pytest.mark.usefixtures("bo_mends")
@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 40}]}),
        ("/api/v1/works", {"asset": "shelf-A1", "title": "Look at it"}),
    ],
)
async def test_orders_that_are_over_come_newest_first_page_by_page(trading: TradeSite, path: str, new: Json) -> None:
    for number in range(1, 5):
        await trading.post(path, new)
        if number != 2:
            await trading.post(f"{path}/{number}/cancel", {"note": "not wanted"})

    first = await trading.get(f"{path}/ended?limit=2")
    rest = await trading.get(f"{path}/ended?limit=2&after={first['next']}")

    assert [one["id"] for one in first["items"]] == [4, 3]
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([1], None)


def test_a_query_refuses_what_it_says_it_does_not_take() -> None:
    assert Whole("n", "", 5, 1, 9).schema() == {"type": "integer", "minimum": 1, "maximum": 9, "default": 5}
    assert Text("t", "", "a", ("a", "b")).schema() == {"type": "string", "enum": ["a", "b"], "default": "a"}


def test_an_answer_that_no_route_tells_of_is_found() -> None:
    told = Told(app()[ROUTES])

    told.check("GET", "/healthz", 200, "application/json", b'{"alive":true}')
    for status, content, body in (
        (200, "application/json", b'{"alive":true,"more":1}'),
        (202, "application/json", b"{}"),
        (409, "application/problem+json", b'{"code":"short"}'),
    ):
        with pytest.raises(AssertionError, match="tell"):
            told.check("GET", "/healthz", status, content, body)
