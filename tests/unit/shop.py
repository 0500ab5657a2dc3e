"""The shop of the docs, open: the service over the site file that the pages show, asked what their tables ask."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cloud import service as shell
from cloud.web.roles import Who
from protocols.layout import Site, parse
from tests.contract import trade_site
from tests.contract.trade_site import Clock, TradeSite
from tests.unit.pages import DOCS, blocks, tables

PAGES = ("site", "trading", "book")
PEOPLE = {"viewer": "ada", "operator": "op", "maintenance": "mei", "buyer": "bo", "supplier": "su", "admin": "mo"}


def page(name: str) -> str:
    """One of the docs."""
    return (DOCS / f"{name}.md").read_text()


def site_text() -> str:
    """The site file that the examples of all pages make together."""
    return "".join(blocks(page(name), "toml")[0][1] for name in PAGES)


def site() -> Site:
    """The shop."""
    return parse(site_text())


@asynccontextmanager
async def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TradeSite]:
    """The shop's service with its web; a supplier's account acts for the docs' supplier."""
    clock = Clock()
    monkeypatch.setattr(shell, "_now_ms", clock)
    monkeypatch.setitem(trade_site.WHO, "su", Who("su", "supplier", "medline"))
    shop = TradeSite(folder, clock, text=site_text())
    await shop.start()
    try:
        yield shop
    finally:
        await shop.close()


def requests(text: str) -> list[list[str]]:
    """The requests that a page shows with what is answered: role, request, body, answer."""
    return [row for table in tables(text, "role") for row in table]


async def asked(shop: TradeSite, row: list[str]) -> None:
    """What a row says is so."""
    role, request, body, answer = row
    method, _, path = request.partition(" ")
    shop.clock.pass_ms(60_000)
    status, said = await shop.ask(PEOPLE[role], method, path, None if body == "–" else json.loads(body), "")
    if answer[:3].isdigit():
        assert f"{status} {said['code']}" == answer, (request, said)
        return
    assert status == 200, (request, said)
    assert within(json.loads(answer), said), (request, answer, said)


def within(part: Any, whole: Any) -> bool:
    """Whether all that a part says is in the whole: objects may have more in them, and lists where it ends in dots."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and within(one, whole[key]) for key, one in part.items())
    if isinstance(part, list):
        if part and part[-1] == "...":
            part, whole = part[:-1], whole[: len(part) - 1]
        return isinstance(whole, list) and len(part) == len(whole) and all(map(within, part, whole))
    return bool(part == whole)
