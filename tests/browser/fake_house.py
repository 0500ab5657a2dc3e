"""The site file and the channels of the fake service: real desks over files of one folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cloud.channels import ChannelsFile
from cloud.core.view import Snapshot
from cloud.desks.channelling import ChannelsDesk
from cloud.desks.site_editing import SiteEditing
from cloud.desks.site_sharing import SiteSharing
from protocols import layout
from protocols.revision import revision
from tests.unit import shop
from tests.unit.pages import blocks

RACK = """
[[racks]]
id = "R1"
zone = "aisle"
bays = 3
levels = 2
area = {x_m = 2.0, y_m = 3.0, width_m = 6.0, depth_m = 1.5}
"""
PEOPLE = '\n[[people]]\nid = "ann"\nname = "Ann"\nto = ["ann-phone", "erp"]\n'
AREA = "area = {x_m = 1.0, y_m = 1.0, width_m = 12.0, depth_m = 7.0}\n"


class Kept:
    """What the ledger keeps under a key."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def keep(self, key: str, blob: bytes) -> None:
        self._blobs[key] = blob

    def kept(self, key: str) -> bytes | None:
        return self._blobs.get(key)


class FakeHouse:
    """A corner shop in a folder; no gateway works by its file."""

    def __init__(self, folder: Path, shown: Callable[[], Snapshot], now_ms: Callable[[], int]) -> None:
        named = 'name = "Aisle"\n'
        text = blocks(shop.page("site"), "toml")[0][1].replace(named, named + AREA)
        text += RACK + PEOPLE
        self.path = folder / "site.toml"
        self.path.write_text(text)
        kept: Any = Kept()
        used = revision(text)
        sharing = SiteSharing(text, used, (), _nobody, list, now_ms)
        self.site = SiteEditing(self.path, used, kept, asyncio.to_thread, shown, sharing, now_ms)
        self.channels = ChannelsDesk(ChannelsFile(folder), layout.parse(text).people, now_ms)


async def _nobody(gateway: str, method: str, path: str, by: str, body: bytes = b"") -> tuple[int, bytes]:
    raise AssertionError("there is no gateway here")
