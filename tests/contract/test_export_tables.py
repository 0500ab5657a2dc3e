"""Whatever the API lists can be had as a file: each list has its table, or a reason why there is none."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

import msgspec

from cloud.core.coldchain.dossier import Signature
from cloud.core.exporting.source import Span
from cloud.core.exporting.tables import TABLES
from cloud.core.maintenance.verdicts import Verdict
from cloud.stores.people import Person, Token
from cloud.web.passwords import hash_password
from cloud.web.posting import Delivery
from tests.contract.test_exports import rows
from tests.contract.test_web_session import routes
from tests.contract.trade_site import TradeSite
from tests.desk import PASSWORD

AS_TABLE = {
    "/api/v1/stock": "stock", "/api/v1/slots": "slots", "/api/v1/alerts": "alerts", "/api/v1/alerts/ended": "alerts",
    "/api/v1/alerts/{id}/verdict": "verdicts", "/api/v1/needs": "needs", "/api/v1/devices": "devices",
    "/api/v1/zones": "zones", "/api/v1/gateways": "gateways", "/api/v1/picks": "movements",
    "/api/v1/completeness": "lanes heard", "/api/v1/book": "book", "/api/v1/skus/{id}/position": "lots layers",
    "/api/v1/value": "worth", "/api/v1/reservations": "reservations", "/api/v1/orders": "orders order_lines",
    "/api/v1/orders/ended": "orders order_lines", "/api/v1/arrivals": "arrivals",
    "/api/v1/suppliers": "suppliers scores",
    "/api/v1/webhooks": "deliveries", "/api/v1/measures": "kpis", "/api/v1/cold/rooms": "rooms",
    "/api/v1/cold/excursions": "excursions", "/api/v1/cold/excursions/{id}": "decisions signatures",
    "/api/v1/cold/exposures": "exposures", "/api/v1/roster": "roster", "/api/v1/notices": "notices",
    "/api/v1/noisiest": "alert_changes", "/api/v1/works": "works", "/api/v1/works/ended": "works",
    "/api/v1/precision": "precision", "/api/v1/assets": "assets", "/api/v1/sessions": "sessions",
    "/api/v1/tokens": "tokens", "/api/v1/users": "users", "/api/v1/audit": "audit", "/api/v1/history": "history",
    "/api/v1/counts": "counts", "/api/v1/counts/differences": "counts", "/api/v1/replenishment": "needs",
}  # fmt: skip
"""In which tables the rows of a list are."""
NO_TABLE = {
    "/api/v1/session": "who asks",
    "/api/v1/snapshot": "all lists at once", "/api/v1/exports": "the list of tables",
    "/api/v1/skus/{id}": "one SKU", "/api/v1/skus/{id}/picks": "what to pick for one wish",
    "/api/v1/skus/{id}/curve": "reckoned for one SKU", "/api/v1/measures/{name}": "what one figure rests on",
    "/api/v1/needs/{id}": "versions of one need", "/api/v1/needs/{id}/offers": "reckoned for one need",
    "/api/v1/orders/{id}": "versions of one order; the audit has who did what",
    "/api/v1/works/{id}": "versions of one order; the audit has who did what", "/api/v1/arrivals/{id}": "one arrival",
    "/api/v1/assets/{id}": "one machine", "/api/v1/oncall": "of this moment; the roster has all turns",
    "/api/v1/public/{link}": "for customers", "/api/v1/portal": "for suppliers",
    "/api/v1/slots/{id}/explained": "asked of its gateway", "/api/v1/gateways/{id}/status": "asked of the gateway",
    "/api/v1/gateways/{id}/problems": "asked of the gateway", "/api/v1/gateways/{id}/strangers": "asked of the gateway",
    "/api/v1/gateways/{id}/devices": "asked of the gateway", "/api/v1/gateways/{id}/field": "asked of the gateway",
    "/api/v1/gateways/{id}/tail": "asked of the gateway", "/api/v1/gateways/{id}/quarantine": "asked of the gateway",
    "/api/v1/replenishment/{id}": "reckoned for one SKU", "/api/v1/skus/{id}/course": "reckoned for one SKU",
    "/api/v1/backtest": "reckoned when it is asked", "/api/v1/tiles": "how a few figures went; kpis has them",
    "/api/v1/trends": "of this moment; history has all series", "/api/v1/site": "the site file itself",
    "/api/v1/site/{table}": "a CSV of its own, which can be imported again",
    "/api/v1/channels": "secrets of one file", "/api/v1/channels/{name}": "secrets of one file",
}  # fmt: skip


def lists(answer: Any) -> bool:
    """Whether there are lists in an answer."""
    if typing.get_origin(answer) is list:
        return True
    if not (isinstance(answer, type) and issubclass(answer, msgspec.Struct)):
        return False
    return any(typing.get_origin(one.type) in (list, Sequence) for one in msgspec.structs.fields(answer))


def test_each_list_of_the_api_has_its_table_or_a_reason_why_there_is_none() -> None:
    """A new list: add its table (docs/exports.md) and name it above, or say why it has none."""
    api = [one for one in routes() if one.method == "GET" and one.path.startswith("/api/")]
    listed = {one.path for one in api if lists(one.answer)}

    assert listed - AS_TABLE.keys() - NO_TABLE.keys() == set()
    assert (AS_TABLE.keys() | NO_TABLE.keys()) - listed == set()
    named = {name for names in AS_TABLE.values() for name in names.split()}
    assert named == set(TABLES)


async def test_what_people_said_signed_and_were_told_of_is_in_its_columns() -> None:
    at_ms = 1_763_762_400_000
    verdict = Verdict("stock_low", "A1", 7, 0, "wrong", 2, at_ms, at_ms + 1, "bo", "a box stood there")
    tried = Delivery("erp", "depot-need-1-5", "warehouse.need.proposed", at_ms, 2, 500, "again", "")
    signed = Signature("mo", "admin", at_ms, "scrap", "too warm", [1, 3])
    case = SimpleNamespace(id=4, zone="hall", began_ms=at_ms - 1, signatures=[signed])

    async def excursions(_: Span) -> list[SimpleNamespace]:
        return [case]

    source: Any = SimpleNamespace(verdicts=lambda _: [verdict], deliveries=lambda: [tried], excursions=excursions)

    async def only(name: str) -> dict[str, Any]:
        found: Any = TABLES[name].rows(source, Span(0, at_ms + 1))
        [[row]] = TABLES[name].blocks(await found if isawaitable(found) else found)
        return dict(zip((one.name for one in TABLES[name].columns), row, strict=True))

    assert await only("verdicts") == {
        "rule": "stock_low", "asset": "A1", "alert": 7, "work": None, "said": "wrong", "severity": 2, "at_utc": at_ms,
        "known_utc": at_ms + 1, "by": "bo", "note": "a box stood there", "outcome": False,
    }  # fmt: skip
    assert await only("deliveries") == {
        "webhook": "erp", "event": "depot-need-1-5", "type": "warehouse.need.proposed", "at_utc": at_ms, "tries": 2,
        "status": 500, "outcome": "again", "detail": "",
    }  # fmt: skip
    assert await only("signatures") == {
        "excursion": 4, "zone": "hall", "began_utc": at_ms - 1, "at_utc": at_ms, "by": "mo", "role": "admin",
        "decision": "scrap", "comment": "too warm", "numbers": "1 3",
    }  # fmt: skip


async def test_accounts_tokens_and_the_audit_are_for_who_governs_and_tell_no_secret(
    trading: TradeSite,
) -> None:
    people, now_ms = trading.service.ledger.people, trading.clock()
    people.add_account(Person("=ida", "viewer", hash_password(PASSWORD), changed_ms=now_ms, changed_by="mo"))
    people.keep_token(Token("f00d" * 16, "=ida", "wall", "look", now_ms, now_ms + 1000))
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 2}, "bo")

    [user] = await rows(trading, "users")
    [token] = await rows(trading, "tokens")
    deeds = await rows(trading, "audit")

    assert (user["user"], user["role"], user["tokens"], user["signed_in_utc"]) == ("'=ida", "viewer", "1", "")
    assert (token["owner"], token["name"], token["rights"]) == ("'=ida", "wall", "look")
    assert [(one["who"], one["what"], one["status"]) for one in deeds] == [("bo", "post_book", "200")]
    text = str([user, token, deeds])
    assert "f00d" * 16 not in text
    assert "argon2" not in text
    for table in ("users", "sessions", "tokens", "audit"):
        for name in ("ada", "op", "mei", "bo"):
            assert (await trading.ask(name, "GET", f"/api/v1/exports/{table}"))[0] == 403
