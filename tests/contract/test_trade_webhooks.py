"""Webhooks of a depot that trades, against a real server that checks each signature with Standard Webhooks' library:
what is told to whom, in which order, once, whatever stops in between.

One suite for SQLite and, where `WAREHOUSE_TEST_POSTGRES` names an empty database, PostgreSQL too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from cloud.desks.telling import kept_of, renew, secrets_of
from tests.contract.depots import Linked
from tests.contract.test_trade_orders import lost
from tests.contract.trade_partners import Subscriber, begin, day, despatch, ordered, sent, subscribed
from tests.contract.trade_site import TradeSite
from tests.contract.web_service import until

NAMES = ("erp", "acme", "boltco")
LOOP = [
    "stock.below_least", "need.proposed", "order.sent", "order.changed", "order.changed", "order.changed",
    "arrival.confirmed", "order.changed",
]  # fmt: skip
"""What becomes of a shelf that empties: one event a step, in this order."""


@pytest.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    async with subscribed() as made:
        yield made


def hooks(subscriber: Subscriber, *names: str) -> str:
    """Webhooks of the site file; one that is named after a supplier is for that one."""
    return "".join(
        f'\n[[webhooks]]\nid = "{name}"\nurl = "{subscriber.url}/{name}"\n'
        + (f'supplier = "{name}"\n' if name in NAMES[1:] else "")
        for name in names
    )


@asynccontextmanager
async def posting(trading: TradeSite, subscriber: Subscriber) -> AsyncIterator[None]:
    """What the service runs beside all else, trying again soon."""
    telling, books = trading.service.trade.telling, trading.service.ledger.books
    subscriber.secrets = {one.id: secrets_of(books, one.id, 0)[0] for one in trading.service.site.webhooks}
    telling.posting._retry_s = 0.01
    task = asyncio.create_task(telling.run())
    await until(lambda: all(kept_of(books, one.id) for one in trading.service.site.webhooks) or task.done())
    try:
        yield
        await until(lambda: not any(telling.posting.waiting().values()) or task.done())
        ids = [one.id for one in trading.service.site.webhooks]
        await until(lambda: not any(kept.waiting for one in ids if (kept := kept_of(books, one))) or task.done())
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def bought(trading: TradeSite, steps: range = range(6)) -> None:
    """A shelf empties and is bought full again: need, order sent, confirmed, shipped, arrived, closed."""
    for step in steps:
        trading.clock.pass_ms(1000)
        if step == 0:
            await trading.needed("A1", 5)
            await trading.tick(1, 61_000)
        elif step == 1:
            [need] = trading.needs("bolt")
            await trading.post(f"/api/v1/needs/{need['id']}/order", {})
            await trading.post("/api/v1/orders/1/send", {})
        elif step == 2:
            due = {"lines": [{"sku": "bolt", "due_ms": trading.clock() + 86_400_000}]}
            await trading.post("/api/v1/portal/orders/1/confirm", due, "su")
        elif step == 3:
            await sent(trading, "acme", despatch("ASN-1", "PO-1", day(trading, 1), bolt=60))
        elif step == 4:
            await trading.weigh("A1", 65)
            await trading.tick()
            await trading.post("/api/v1/arrivals/1:bolt/confirm", {"units": 60})
        else:
            await trading.post("/api/v1/orders/1/close", {})


async def test_every_step_is_told_once_in_order_and_to_whom_it_concerns(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    await begin(trading, hooks(subscriber, "erp", "boltco"))

    async with posting(trading, subscriber):
        await bought(trading)

    assert sorted(subscriber.types()[:2]) == sorted(LOOP[:2])
    assert subscriber.types()[2:] == LOOP[2:]
    assert subscriber.strange == []
    assert len({one["id"] for one in subscriber.taken}) == len(LOOP)
    states = [one["data"]["state"] for one in subscriber.taken if "order" in one["type"]]
    assert states == ["sent", "confirmed", "confirmed", "received", "closed"]
    [came] = [one["data"] for one in subscriber.taken if "arrival" in one["type"]]
    assert came == {"order": "PO-1", "sku": "bolt", "units": 60, "state": "received"}


async def test_a_supplier_hears_of_its_own_and_of_nothing_else(trading: TradeSite, subscriber: Subscriber) -> None:
    await begin(trading, hooks(subscriber, "acme"))

    async with posting(trading, subscriber):
        await bought(trading)
        await ordered(trading, "boltco", tape=5)

    assert subscriber.types() == [one for one in LOOP if one != "need.proposed"]
    text = msgspec.json.encode(subscriber.taken).decode()
    assert "boltco" not in text
    assert "tape" not in text


async def test_a_restart_between_any_two_steps_loses_nothing_and_tells_nothing_twice(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    await begin(trading, hooks(subscriber, "erp"))

    for step in range(6):
        async with posting(trading, subscriber):
            await bought(trading, range(step, step + 1))
        await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick(2, 61_000)

    assert sorted(subscriber.types()[:2]) == sorted(LOOP[:2])
    assert subscriber.types()[2:] == LOOP[2:]


async def test_what_was_stored_and_not_yet_to_be_told_when_the_service_died_is_told_after_the_restart(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    """While nobody posts nothing of it is kept for webhooks: what there is, the ledger has as orders and needs."""
    await begin(trading, hooks(subscriber, "erp"))
    async with posting(trading, subscriber):
        pass
    for step in range(6):
        await bought(trading, range(step, step + 1))
        await trading.restart()
    assert subscriber.taken == []

    async with posting(trading, subscriber):
        await trading.tick()
    told = subscriber.types()
    await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick(1, 61_000)

    # The need is met and the shelf is full by now: nobody has to hear of those any more.
    assert told == LOOP[2:]
    assert subscriber.types() == told


async def test_a_need_that_nobody_was_told_of_is_told_after_the_restart(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    await begin(trading, hooks(subscriber, "erp"))
    async with posting(trading, subscriber):
        pass
    need = await trading.needed("A1", 12)

    await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick()

    assert subscriber.types() == ["need.proposed"]
    assert subscriber.taken[0]["data"] == {"need": need["id"], "sku": "bolt", "units": need["quantity"]}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_an_order_whose_write_was_in_doubt_is_told_once(
    trading: TradeSite, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    await begin(trading, hooks(subscriber, "erp"))
    order = (await trading.post("/api/v1/orders", {"supplier": "acme", "lines": [{"sku": "bolt", "units": 60}]}))["id"]
    await trading.post(f"/api/v1/orders/{order}/approve", {}, "mo")

    async with posting(trading, subscriber):
        lost(monkeypatch, trading.service.ledger.books, "keep_order", after=after)
        assert (await trading.ask("mo", "POST", f"/api/v1/orders/{order}/send", {}))[0] == 503
        await trading.tick(2)
        await trading.post(f"/api/v1/orders/{order}/send", {}, "mo")
    await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick()

    assert subscriber.types() == ["order.sent"]


async def test_while_the_ledger_is_away_telling_goes_on_and_the_service_too(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    await begin(trading, hooks(subscriber, "erp"))
    order = await ordered(trading, bolt=60)

    async with posting(trading, subscriber):
        await until(lambda: subscriber.types() == ["order.sent"])
        trading.clock.pass_ms(1000)
        subscriber.gate = asyncio.Event()
        await trading.post(f"/api/v1/orders/{order}/change", {"lines": [{"sku": "bolt", "units": 50}]})
        await until(lambda: subscriber.asked == 2)
        with trading.away():
            subscriber.gate.set()
            await until(lambda: len(subscriber.taken) == 2)
            await until(lambda: not any(trading.service.trade.telling.posting.waiting().values()))
        await trading.post(f"/api/v1/orders/{order}/change", {"lines": [{"sku": "bolt", "units": 40}]})
        await until(lambda: len(subscriber.taken) == 3)
    await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick()

    assert subscriber.types() == ["order.sent", "order.changed", "order.changed"]


async def test_a_subscriber_that_never_answers_slows_nobody(trading: TradeSite, subscriber: Subscriber) -> None:
    async with subscribed() as dead:
        dead.gate = asyncio.Event()
        await begin(trading, hooks(subscriber, "erp") + hooks(dead, "stuck"))
        waiting = trading.service.trade.telling.posting.waiting

        async with posting(trading, subscriber):
            dead.secrets = subscriber.secrets
            await bought(trading)
            await until(lambda: waiting()["erp"] == 0)
            assert (waiting()["stuck"], dead.asked, subscriber.types()[2:]) == (len(LOOP), 1, LOOP[2:])
            dead.gate.set()

    assert dead.types()[2:] == LOOP[2:]


async def test_what_comes_while_a_subscriber_is_away_is_kept_at_once(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    await begin(trading, '\n[[webhooks]]\nid = "erp"\nurl = "http://127.0.0.1:9/erp"\n')
    books = trading.service.ledger.books
    task = asyncio.create_task(trading.service.trade.telling.run())
    order = await ordered(trading, bolt=60)
    await until(lambda: any(one.outcome == "again" for one in trading.service.trade.telling.posting.log))
    await trading.post(f"/api/v1/orders/{order}/cancel", {})

    def waiting() -> int:
        kept = kept_of(books, "erp")
        return len(kept.waiting) if kept is not None else 0

    await until(lambda: waiting() == 2)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    trading.text = trading.site_file().replace("http://127.0.0.1:9/erp", f"{subscriber.url}/erp")
    await trading.restart()
    async with posting(trading, subscriber):
        pass

    assert subscriber.types() == ["order.sent", "order.changed"]


async def test_a_shelf_below_its_least_is_told_once_until_it_is_not(trading: TradeSite, subscriber: Subscriber) -> None:
    await begin(trading)
    await ordered(trading, bolt=60)
    trading.clock.pass_ms(1000)
    trading.text = trading.site_file() + hooks(subscriber, "acme")
    await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick(1, 61_000)  # nothing is known of the shelves yet
        for slot, count in (("A1", 100), ("A2", 0), ("A1", 9), ("A1", 8)):
            await trading.weigh(slot, count)
            await trading.tick(1, 61_000)
    await trading.restart()
    async with posting(trading, subscriber):
        for count in (7, 50, 9):
            await trading.weigh("A1", count)
            await trading.tick(1, 61_000)

    assert subscriber.types() == ["stock.below_least"] * 2
    assert [one["data"]["available"] for one in subscriber.taken] == [9, 9]
    assert [one["data"]["projected"] for one in subscriber.taken] == [69, 69]
    assert subscriber.taken[0]["data"]["least"] == 10


async def test_a_new_webhook_hears_of_what_happens_from_then_on(trading: TradeSite, subscriber: Subscriber) -> None:
    await begin(trading)
    order = await ordered(trading, "boltco", tape=60)
    await trading.needed("A1", 12)
    trading.clock.pass_ms(1000)
    trading.text = trading.site_file() + hooks(subscriber, "erp")
    await trading.restart()

    async with posting(trading, subscriber):
        await trading.tick()
        await trading.post(f"/api/v1/orders/{order}/cancel", {})

    assert [(one["type"], one["data"]["state"]) for one in subscriber.taken] == [
        ("warehouse.order.changed", "cancelled")
    ]


async def test_a_secret_that_is_renewed_signs_from_the_next_event_on_beside_the_one_before(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    await begin(trading, hooks(subscriber, "erp"))
    async with posting(trading, subscriber):
        renew(trading.service.ledger.books, "erp", trading.clock())
        await bought(trading, range(2))
    before = len(subscriber.taken)
    async with posting(trading, subscriber):  # by now the receiver knows the new one alone
        await bought(trading, range(2, 6))
    assert 0 < before < len(subscriber.taken)
    assert subscriber.strange == []


async def test_who_buys_sees_what_was_delivered_and_what_waits_and_no_secret(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    at = subscriber.url.replace("http://", "http://depot:s3same@")
    stuck = '\n[[webhooks]]\nid = "stuck"\nurl = "http://127.0.0.1:9/stuck"\nevents = ["warehouse.order.sent"]\n'
    await begin(trading, f'\n[[webhooks]]\nid = "erp"\nurl = "{at}/erp?key=s3same"\n{stuck}')
    subscriber.answers = [500]
    telling = trading.service.trade.telling

    subscriber.secrets = {"erp": secrets_of(trading.service.ledger.books, "erp", 0)[0]}
    telling.posting._retry_s = 0.01
    task = asyncio.create_task(telling.run())
    order = await ordered(trading, bolt=60)
    await trading.post(f"/api/v1/orders/{order}/cancel", {})
    await until(lambda: len(subscriber.taken) == 2 and any(one.webhook == "stuck" for one in telling.posting.log))
    status, told = await trading.ask("bo", "GET", "/api/v1/webhooks")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert status == 200
    erp, away = told
    assert (erp["id"], erp["url"], erp["waiting"], erp["oldest_ms"]) == ("erp", f"{subscriber.url}/erp", 0, None)
    assert [(one["type"], one["status"], one["outcome"]) for one in erp["log"]] == [
        ("warehouse.order.sent", 500, "again"),
        ("warehouse.order.sent", 204, "delivered"),
        ("warehouse.order.changed", 204, "delivered"),
    ]
    assert (away["waiting"], away["events"], away["oldest_ms"] > 0) == (1, ["warehouse.order.sent"], True)
    assert away["log"][0]["detail"]
    text = msgspec.json.encode(told).decode()
    assert "whsec_" not in text
    assert "s3same" not in text
    for name in ("ada", "op", "mei", "su"):
        assert (await trading.ask(name, "GET", "/api/v1/webhooks"))[0] == 403


@pytest.mark.parametrize("url", ["http://[::bad/x", "http://a..b/x", "http://127.0.0.1:99999/x", "http://ü.example/x"])
async def test_an_address_that_is_none_is_tried_and_logged_and_stops_nobody(trading: TradeSite, url: str) -> None:
    await begin(trading, f'\n[[webhooks]]\nid = "erp"\nurl = "{url}"\n')
    telling = trading.service.trade.telling
    task = asyncio.create_task(telling.run())
    await ordered(trading, bolt=60)

    await until(lambda: bool(telling.posting.log) or task.done())

    assert not task.done(), task.exception()
    assert (telling.posting.log[0].outcome, telling.posting.log[0].detail != "") == ("again", True)
    assert (await trading.ask("mo", "GET", "/api/v1/webhooks"))[0] == 200
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_alerts_are_told_to_who_asks_for_them_that_they_fired_and_that_they_are_over(
    trading: TradeSite, subscriber: Subscriber
) -> None:
    asks = '\nevents = ["warehouse.alert.fired", "warehouse.alert.resolved"]\n'
    await begin(trading, hooks(subscriber, "erp") + asks)

    async with posting(trading, subscriber):
        await trading.weigh("A1", 5)
        await trading.tick(3, 61_000)  # the gateway is not connected
        await until(lambda: len(subscriber.taken) == 1)
    await trading.restart()
    async with posting(trading, subscriber):
        await trading.tick(3, 61_000)
        trading.service.uplink = Linked()  # type: ignore[assignment]
        await trading.tick(3, 61_000)
        await until(lambda: len(subscriber.taken) == 2)

    told = [(one["type"], one["data"]["rule"], one["data"]["subject"]) for one in subscriber.taken]
    fired, over = (f"warehouse.alert.{what}" for what in ("fired", "resolved"))
    assert told == [(fired, "gateway_silent", "g1"), (over, "gateway_silent", "g1")]
    assert len({one["id"] for one in subscriber.taken}) == 2
