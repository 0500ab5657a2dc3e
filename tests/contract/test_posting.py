"""Webhooks against a real server: signed, in order, tried again until taken, and not lost by a restart."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Judge

from cloud.core.purchasing.news import need_proposed
from cloud.web import posting
from cloud.web.posting import Posting, Waiting
from protocols.documents.papers import Envelope
from protocols.trade import Webhook
from tests.contract.web_service import until

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOON_MS = 1_763_762_400_000
Kept = dict[str, list[Waiting]]


class Subscriber:
    """A server that takes what is posted, once it is told to."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.taken: list[str] = []
        self.asked = 0
        self.heard: Callable[[], None] = lambda: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.asked += 1
        self.heard()
        await self.gate.wait()
        status = self.answers.pop(0) if self.answers else 204
        told = Judge(SECRET).verify(await request.text(), dict(request.headers))
        if status < 300:
            self.taken.append(told["id"])
        return web.Response(status=status)


@pytest.fixture
async def subscriber() -> AsyncIterator[Subscriber]:
    made, app = Subscriber(), web.Application()
    app.router.add_post("/hook", made.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


def keeping(kept: Kept) -> Callable[[str, list[Waiting]], Awaitable[bool]]:
    async def keep(name: str, waiting: list[Waiting]) -> bool:
        kept[name] = copy.deepcopy(waiting)
        return True

    return keep


def posts_to(url: str, kept: Kept, **terms: object) -> Posting:
    hook = Webhook("erp", url, **terms)  # type: ignore[arg-type]
    return Posting([hook], {"erp": [SECRET]}, kept, keeping(kept), retry_s=0.01)


@asynccontextmanager
async def running(one: Posting) -> AsyncIterator[None]:
    task = asyncio.create_task(one.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def need(number: int) -> Envelope:
    return need_proposed("depot", number, "bolt", 5, NOON_MS)


async def test_events_come_signed_once_and_in_their_order(subscriber: Subscriber) -> None:
    made = posts_to(subscriber.url, {})

    async with running(made):
        for number in (1, 2, 2, 3):
            made.offer(need(number))
        await until(lambda: len(made.log) == 3)

    assert subscriber.taken == [need(number).id for number in (1, 2, 3)]
    assert [one.outcome for one in made.log] == ["delivered"] * 3
    assert made.waiting() == {"erp": 0}


async def test_what_is_not_taken_is_tried_again_and_keeps_its_place(subscriber: Subscriber) -> None:
    subscriber.answers = [500, 302, 429]
    made = posts_to(subscriber.url, {})

    async with running(made):
        made.offer(need(1))
        made.offer(need(2))
        await until(lambda: len(subscriber.taken) == 2)

    assert subscriber.taken == [need(1).id, need(2).id]
    assert [(one.status, one.outcome) for one in made.log][:3] == [(500, "again"), (302, "again"), (429, "again")]


async def test_nobody_is_told_what_is_not_kept_yet_though_it_comes_while_something_is_kept(
    subscriber: Subscriber,
) -> None:
    """Else who dies just then tells it anew after the restart, perhaps under another id."""
    disk, kept, begun = asyncio.Event(), Kept(), asyncio.Event()

    async def keep(name: str, waiting: list[Waiting]) -> bool:
        kept[name] = copy.deepcopy(waiting)
        begun.set()
        await disk.wait()
        return True

    made = Posting([Webhook("erp", subscriber.url)], {"erp": [SECRET]}, {}, keep)
    told_of: list[list[str]] = []
    subscriber.heard = lambda: told_of.append([one.event.id for one in kept["erp"]])
    async with running(made):
        await begun.wait()  # it keeps what there is at the start: nothing
        made.offer(need(1))
        disk.set()
        await until(lambda: subscriber.taken == [need(1).id])
        await until(lambda: kept["erp"] == [])

    assert told_of == [[need(1).id]]


async def test_what_could_not_be_kept_is_kept_soon_though_nothing_else_happens(subscriber: Subscriber) -> None:
    tries: list[list[str]] = []

    async def keep(_: str, waiting: list[Waiting]) -> bool:
        tries.append([one.event.id for one in waiting])
        return len(tries) != 3  # the third is of what is delivered by now

    made = Posting([Webhook("erp", subscriber.url)], {"erp": [SECRET]}, {}, keep, retry_s=0.01)
    async with running(made):
        await until(lambda: len(tries) == 1)
        made.offer(need(1))
        await until(lambda: len(tries) == 4)

    assert tries == [[], [need(1).id], [], []]
    assert subscriber.taken == [need(1).id]


async def test_a_restart_goes_on_with_what_waited(subscriber: Subscriber) -> None:
    kept: Kept = {}
    away = posts_to("http://127.0.0.1:9/hook", kept)
    async with running(away):
        away.offer(need(1))
        await until(lambda: any(one.outcome == "again" for one in away.log))

    async with running(posts_to(subscriber.url, kept)):
        await until(lambda: subscriber.taken == [need(1).id])


async def test_a_subscriber_that_wants_no_more_of_it_gets_the_next(subscriber: Subscriber) -> None:
    subscriber.answers = [410]
    made = posts_to(subscriber.url, {})

    async with running(made):
        made.offer(need(1))
        made.offer(need(2))
        await until(lambda: subscriber.taken == [need(2).id])

    assert made.log[0].outcome == "gone"


async def test_only_the_kinds_and_the_supplier_that_were_asked_for_are_sent(subscriber: Subscriber) -> None:
    orders = posts_to(subscriber.url, {}, events=["warehouse.order.sent"])
    acme = posts_to(subscriber.url, {}, supplier="acme")

    for made in (orders, acme):
        made.offer(need(1))
    acme.offer(need(2), "other")
    acme.offer(need(3), "acme")

    assert (orders.waiting(), acme.waiting()) == ({"erp": 0}, {"erp": 1})


async def test_at_the_limit_the_oldest_is_given_up_and_the_log_says_so(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "WAITING_MAX", 2)
    made = posts_to(subscriber.url, {})

    for number in (1, 2, 3):
        made.offer(need(number))

    assert made.waiting() == {"erp": 2}
    assert [(one.event, one.outcome) for one in made.log] == [(need(1).id, "given_up")]


async def test_what_is_given_up_while_it_is_posted_takes_nothing_else_along(
    subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "WAITING_MAX", 2)
    subscriber.gate.clear()
    made = posts_to(subscriber.url, {})

    async with running(made):
        made.offer(need(1))
        await until(lambda: subscriber.asked == 1)
        for number in (2, 3):
            made.offer(need(number))
        subscriber.gate.set()
        await until(lambda: made.waiting() == {"erp": 0})

    assert subscriber.taken == [need(1).id, need(2).id, need(3).id]
