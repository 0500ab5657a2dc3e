"""A depot whose suppliers' machines and subscribers are real clients and servers, and the papers that these send."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import msgspec
from aiohttp import ClientSession, web
from standardwebhooks import Webhook as Judge

from cloud.web.sign_in import Account, KeptToken, hash_token
from tests.contract.trade_site import Json, TradeSite, site_text
from tests.depot import DAY_MS

MACHINES = {"acme": "acme-token", "boltco": "boltco-token"}
MAILBOXES = {"acme": 'mailbox = "ACME"\nour_mailbox = "DEPOT"', "boltco": 'mailbox = "BOLTCO"\nour_mailbox = "DEPOT"'}
AGREED = """
[[agreements]]
supplier = "boltco"
skus = ["tape"]

[[neighbours]]
id = "north"
name = "North"
days = 1
fixed_cost = 1
"""


def text(more: str = "") -> str:
    """The site file: Acme speaks X12, Bolt & Co EDIFACT."""
    told = site_text() + AGREED + more
    told = told.replace('name = "Acme"\n', f'name = "Acme"\n{MAILBOXES["acme"]}\n')
    return told.replace('name = "Bolt & Co"\n', f'name = "Bolt & Co"\nstandard = "edifact"\n{MAILBOXES["boltco"]}\n')


async def begin(trading: TradeSite, more: str = "") -> None:
    """Start the depot with partners; the machine of each supplier has a token, and so has one of ours."""
    trading.text = text(more)
    for supplier, token in MACHINES.items():
        trading.accounts.machines[hash_token(token)] = KeptToken(
            Account(f"{supplier}-erp", "supplier", "", supplier), "edi", frozenset(("portal",))
        )
    await trading.restart()


async def machine(
    trading: TradeSite, supplier: str, method: str, path: str, data: bytes | str | None = None
) -> tuple[int, str, bytes]:
    """Status, content type and body that a supplier's machine is answered. It sends its token and nothing else."""
    headers = {"Authorization": f"Bearer {MACHINES.get(supplier, supplier)}"}
    async with (
        ClientSession(trading.url, headers=headers) as client,
        client.request(method, path, data=data.encode() if isinstance(data, str) else data) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


async def fetched(trading: TradeSite, supplier: str, path: str) -> bytes:
    """A paper that a supplier's machine fetched."""
    status, _, body = await machine(trading, supplier, "GET", path)
    assert status == 200, (path, status, body)
    return body


async def sent(trading: TradeSite, supplier: str, paper: bytes | str) -> Json:
    """What came of a paper that a supplier's machine sent: an error too where nothing of it was done."""
    status, _, body = await machine(trading, supplier, "POST", "/api/v1/portal/papers", paper)
    told = msgspec.json.decode(body)
    done = [one for one in told["done"] if "order" in one]
    assert (status == 200) == bool(done), (status, body)
    assert done or (status in (409, 422) and told["code"] == told["done"][0]["reason"]), (status, body)
    return told


async def ordered(trading: TradeSite, supplier: str = "acme", **units: int) -> int:
    """The number of an order that was sent."""
    lines = [{"sku": sku, "units": count} for sku, count in units.items()]
    made = await trading.post("/api/v1/orders", {"supplier": supplier, "lines": lines})
    for action in ("approve", "send"):
        await trading.post(f"/api/v1/orders/{made['id']}/{action}", {}, "mo")
    return int(made["id"])


async def received(trading: TradeSite, order: int, **units: int) -> None:
    """Goods of an order came, and were booked."""
    lines = [{"sku": sku, "received": count} for sku, count in units.items()]
    await trading.post(f"/api/v1/orders/{order}/receive", {"key": f"note-{units}", "lines": lines})


def day(trading: TradeSite, days: int) -> str:
    """A day from now on, as X12 and EDIFACT write it."""
    at = datetime.fromtimestamp(trading.clock() / 1000, UTC) + timedelta(days=days)
    return f"{at:%Y%m%d}"


def days_off(trading: TradeSite, at_ms: int) -> int:
    """In how many days that is."""
    return at_ms // DAY_MS - trading.clock() // DAY_MS


def x12(code: str, group: str, *segments: str, sender: str = "ACME", receiver: str = "DEPOT", usage: str = "P") -> str:
    """An interchange of one set; an X12 paper from Acme, if nobody says otherwise. Another one has another number."""
    number = f"{crc32(repr((code, segments)).encode()) % 10**9:09}"
    head = (
        f"ISA*00*          *00*          *ZZ*{sender:<15}*ZZ*{receiver:<15}*251122*1000*U*00401*{number}*0*{usage}*>~"
    )
    whole = [f"ST*{code}*0001", *segments, f"SE*{len(segments) + 2}*0001"]
    start = f"GS*{group}*{sender}*{receiver}*20251122*1000*1*X*004010~"
    return head + start + "".join(f"{one}~" for one in whole) + f"GE*1*1~IEA*1*{number}~"


def renumbered(paper: str) -> str:
    """An X12 interchange under another number, that of what is in it now."""
    number = paper.split("*")[13]
    return paper.replace(number, f"{crc32(paper.encode()) % 10**9:09}")


def answered(order: int, *lines: str, verdict: str = "AC") -> str:
    """An 855."""
    return x12("855", "PR", f"BAK*00*{verdict}*PO-{order}*20251122", *lines)


def despatch(number: str, order: str, expected: str, **units: int) -> str:
    """An 856 of one order."""
    goods = [
        line
        for at, (sku, count) in enumerate(units.items(), 3)
        for line in (f"HL*{at}*2*I", f"LIN**BP*{sku}", f"SN1**{count}*EA")
    ]
    head = [f"BSN*00*{number}*20251122*1200", f"DTM*017*{expected}", "HL*1**S", "HL*2*1*O", f"PRF*{order}"]
    return x12("856", "SH", *head, *goods, "CTT*1")


def edifact(kind: str, *segments: str, sender: str = "BOLTCO", receiver: str = "DEPOT") -> str:
    """An interchange of one message from Bolt & Co. Another one has another number."""
    number = crc32(repr((kind, segments)).encode())
    whole = [f"UNH+1+{kind}:D:96A:UN", *segments, f"UNT+{len(segments) + 2}+1"]
    head = f"UNB+UNOC:3+{sender}:ZZ+{receiver}:ZZ+251122:0800+{number}'"
    return head + "".join(f"{one}'" for one in whole) + f"UNZ+1+{number}'"


class Subscriber:
    """A server that takes what is posted; `answers` are its next ones, else it takes all. `gate`, where there is one,
    has to be opened before it answers."""

    def __init__(self) -> None:
        self.secrets: Mapping[str, str] = {}
        self.answers: list[int] = []
        self.taken: list[dict[str, Any]] = []
        self.strange: list[str] = []
        """What was not signed as it should be."""
        self.asked = 0
        self.gate: Any = None
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        """Take one, as Standard Webhooks' own library checks it."""
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        body, status = await request.text(), self.answers.pop(0) if self.answers else 204
        try:
            told = Judge(self.secrets[request.match_info["name"]]).verify(body, dict(request.headers))
        except Exception as error:
            self.strange.append(repr(error))
            return web.Response(status=401)
        if status < 300:
            self.taken.append(told)
        return web.Response(status=status)

    def types(self) -> list[str]:
        """The kinds of what was taken, in its order."""
        return [one["type"].removeprefix("warehouse.") for one in self.taken]


@asynccontextmanager
async def subscribed() -> AsyncIterator[Subscriber]:
    """A running server, at `url`/NAME."""
    made, app = Subscriber(), web.Application()
    app.router.add_post("/{name}", made.hear)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
