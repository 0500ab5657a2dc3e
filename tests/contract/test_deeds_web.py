"""Who did what: what is written down of it over the web, what is not, and who may read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cloud.stores.ledger import LedgerUnavailable
from cloud.web import deeds
from cloud.web.app import ROUTES, make_app
from cloud.web.live import Live
from cloud.web.sign_in import SignIn
from tests.contract.people_house import House, ask
from tests.contract.trade_site import TradeSite
from tests.desk import NOON_MS, PASSWORD, MemoryAccounts, MemoryDesk, desks, snapshot

WORDS = Path(__file__).parents[2] / "cloud/web/dashboard/src/words"


async def test_what_everybody_did_is_written_down_and_secrets_are_not(house: House) -> None:
    mo, bo, nobody = await house.client("mo"), await house.client("bo"), await house.client()
    await ask(nobody, "POST", "/api/v1/session", {"user": "bo", "password": "a guess"})
    await ask(nobody, "POST", "/api/v1/session", {"user": PASSWORD, "password": "bo"})
    made = (await ask(mo, "POST", "/api/v1/users", {"name": "kim", "role": "viewer"}))[1]
    await ask(bo, "POST", "/api/v1/users/kim", {"role": "admin"})
    token = (await ask(bo, "POST", "/api/v1/tokens", {"name": "erp", "scopes": ["respond"]}))[1]
    erp = await house.client(Authorization=f"Bearer {token['secret']}")
    await ask(erp, "POST", "/api/v1/alerts/7/ack", {"note": "on my way"})
    await ask(erp, "GET", "/api/v1/alerts")
    await ask(nobody, "POST", "/api/v1/alerts/7/ack", {})
    await ask(bo, "DELETE", "/api/v1/session")

    enter, users, ack = "/api/v1/session", "/api/v1/users", "/api/v1/alerts/7/ack"
    assert house.deeds() == [
        ("mo", "post_session", enter, "", 200, ""),
        ("bo", "post_session", enter, "", 200, ""),
        ("bo", "post_session", enter, "", 401, "wrong_password"),
        ("", "post_session", enter, "", 401, "wrong_password"),
        ("mo", "post_users", users, "kim: viewer", 200, ""),
        ("bo", "post_users_name", f"{users}/kim", "", 403, "forbidden"),
        ("bo", "post_tokens", "/api/v1/tokens", "erp: respond", 200, ""),
        ("bo", "post_alerts_id_ack", ack, "", 200, ""),
        ("bo", "delete_session", enter, "", 204, ""),
    ]
    assert [one.token for one in house.ledger.audit.deeds(limit=100) if one.what == "post_alerts_id_ack"] == ["erp"]
    rows = repr(house.ledger.audit.deeds(limit=100))
    assert not any(secret in rows for secret in (PASSWORD, "a guess", made["password"], token["secret"]))


async def test_of_a_count_it_is_written_down_where_it_was_and_how_many(house: House) -> None:
    bo = await house.client("bo")

    for place in ("A-1", ""):
        await ask(bo, "POST", "/api/v1/counts", {"sku": "milk", "counted": 7, "place": place})

    assert [note for _, what, _, note, *_ in house.deeds() if what == "post_counts"] == ["A-1: 7", "milk: 7"]


async def test_an_answer_that_is_given_again_is_no_new_deed(trading: TradeSite) -> None:
    """Save the first time after a restart: the service may have died before it was written down."""
    trading.keeps_answers = True
    await trading.restart()

    async def deeds_of(*keys: str) -> list[tuple[int, str]]:
        for key in keys:
            await trading.ask("bo", "POST", "/api/v1/counts", {"sku": "tape", "counted": 3}, key)
        told = (await trading.get("/api/v1/audit?what=post_counts"))["items"]
        return [(one["status"], one["note"]) for one in told]

    assert await deeds_of("k-1", "k-1", "k-1") == [(200, "tape: 3")]
    assert await deeds_of("k-2", "k-1") == [(200, "tape: 3")] * 2
    assert (await trading.ask("bo", "POST", "/api/v1/counts", {"sku": "tape", "counted": 4}, "k-1"))[0] == 409
    assert [status for status, _ in await deeds_of()] == [409, 200, 200]

    await trading.restart()
    assert len(await deeds_of("k-1", "k-1", "k-1")) == 4


async def test_the_book_of_deeds_is_for_admins_page_by_page_and_by_who_what_and_when(house: House) -> None:
    mo, bo = await house.client("mo"), await house.client("bo")
    for number in range(3):
        house.now_ms += 1000
        await ask(bo, "POST", "/api/v1/tokens", {"name": f"n{number}", "scopes": ["look"]})

    assert await ask(bo, "GET", "/api/v1/audit") == (403, "forbidden")
    status, page = await ask(mo, "GET", "/api/v1/audit?limit=2")
    assert (status, [one["note"] for one in page["items"]]) == (200, ["n2: look", "n1: look"])
    assert (page["kept"], page["waiting"], page["lost"]) == (500_000, 0, 0)
    rest = (await ask(mo, "GET", f"/api/v1/audit?limit=9&after={page['next']}"))[1]
    assert ([one["what"] for one in rest["items"]], rest["next"]) == (
        ["post_tokens", "post_session", "post_session"],
        None,
    )
    for query, found in (
        ("who=mo", 1),
        ("what=post_tokens", 3),
        (f"from={NOON_MS + 2000}", 2),
        (f"to={NOON_MS + 2000}", 3),
        (f"who=bo&what=post_tokens&from={NOON_MS + 1000}&to={NOON_MS + 2000}", 1),
        ("who=nobody", 0),
    ):
        assert len((await ask(mo, "GET", f"/api/v1/audit?{query}"))[1]["items"]) == found, query


async def test_what_can_not_be_written_down_waits_and_what_is_lost_is_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "WAITING_MAX", 2)
    mo, keep = await house.client("mo"), house.ledger.audit.keep

    def away(_: object) -> None:
        raise LedgerUnavailable("database is locked")

    monkeypatch.setattr(house.ledger.audit, "keep", away)
    for name in ("a", "b", "c"):
        assert (await ask(mo, "POST", "/api/v1/tokens", {"name": name, "scopes": ["look"]}))[0] == 200
    told = (await ask(mo, "GET", "/api/v1/audit"))[1]
    assert (told["waiting"], told["lost"]) == (2, 1)
    monkeypatch.setattr(house.ledger.audit, "keep", keep)
    await ask(mo, "POST", "/api/v1/tokens", {"name": "d", "scopes": ["look"]})

    told = (await ask(mo, "GET", "/api/v1/audit?what=post_tokens"))[1]
    assert [one["note"] for one in told["items"]] == ["d: look", "c: look"]
    assert (told["waiting"], told["lost"]) == (0, 2)


async def test_an_odd_address_is_written_down_as_plain_text(house: House) -> None:
    mo = await house.client("mo")
    await ask(mo, "DELETE", "/api/v1/tokens/" + "%00%F0%9F" + "x" * 300)

    [(_, _, subject, _, status, _)] = house.deeds(what="delete_tokens_id")
    assert (len(subject), status, subject.isprintable()) == (200, 404, True)


async def test_who_hammers_at_the_door_is_written_down_once_in_five_minutes(house: House) -> None:
    nobody = await house.client()
    for _ in range(12):
        await ask(nobody, "POST", "/api/v1/session", {"user": "bo", "password": "a guess"})

    found = house.deeds()
    assert [code for *_, code in found] == ["wrong_password"] * 5 + ["too_many_tries"]
    assert {who for who, *_ in found} == {"bo"}


def test_every_write_has_words_in_both_languages_for_the_audit() -> None:
    """The page says what somebody did, not what the operation is called."""
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), Path())
    writes = {one.id for one in app[ROUTES] if one.writes}
    for language in ("en", "zh"):
        book = (WORDS / f"people_{language}.ts").read_text(encoding="utf-8")
        assert writes - {*re.findall(r'^  "deed\.(\w+)": "[^"]+",$', book, re.MULTILINE)} == set()


async def test_what_was_made_is_named_by_its_number(trading: TradeSite) -> None:
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 9})
    held = (await trading.post("/api/v1/reservations", {"sku": "milk", "units": 1}))["id"]
    await trading.post(f"/api/v1/reservations/{held}/pick")
    lines = [{"sku": "bolt", "units": 10}]
    order = (await trading.post("/api/v1/orders", {"supplier": "acme", "lines": lines}))["id"]
    await trading.refused("/api/v1/orders", {"supplier": "nobody", "lines": lines})

    told = (await trading.get("/api/v1/audit"))["items"]
    assert [(one["what"], one["note"]) for one in reversed(told)] == [
        ("post_book", "#1"),
        ("post_reservations", f"#{held}"),
        ("post_reservations_id_pick", ""),
        ("post_orders", f"#{order}"),
        ("post_orders", ""),
    ]
