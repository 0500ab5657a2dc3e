"""A gateway whose service never ran has no key of it yet: it starts, says so, and finds the key when it comes."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from edge.keys import service_key
from edge.uplink import Uplink
from tests.contract.links import Ends, event, hasten, open_ends, until


@pytest.fixture
async def ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ends]:
    hasten(monkeypatch)
    async with open_ends(tmp_path) as both:
        yield both


async def test_a_key_that_is_not_there_yet_is_said_and_looked_for_at_each_try(ends: Ends, tmp_path: Path) -> None:
    service = ends.service()
    side = ends.side(service)
    copied = tmp_path / "service.key"
    side.link = Uplink(service.address, partial(service_key, copied), side.keys, "gw", "demo", side)
    service.start()
    side.tell(event(0))
    side.start()

    await until(lambda: "is missing" in side.link.why, "word of the missing key")
    assert side.link.why.startswith("not connected: the service's public key")
    assert side.link.keyless
    copied.write_text("half a key")
    await until(lambda: "can not be read" in side.link.why, "word of the broken key")

    shutil.copy(service.public_key, copied)
    await until(side.settled, "a receipt, once the key is there")
    assert (side.link.connected, side.link.why, side.link.keyless) == (True, "", False)
