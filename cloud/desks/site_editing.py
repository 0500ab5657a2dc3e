"""The site file as people edit it: each change is checked whole, kept with the text of before, and written at once.

The service goes on with the file that it started by until somebody puts the new one to use; then it starts anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from cloud import site_file, site_sheet
from cloud.core.site_edit import fields
from cloud.core.site_edit.document import Unwritable, rewritten
from cloud.core.site_edit.editing import Edit, Revised, load, revise, things
from cloud.core.site_edit.fields import NOUNS, Table
from cloud.core.site_edit.holding import holds
from cloud.core.site_edit.previewing import Previewed, preview
from cloud.core.view import Snapshot
from cloud.desks import site_versions
from cloud.desks.refusing import OnDisk, storing
from cloud.desks.site_sharing import SiteSharing
from cloud.desks.site_versions import Version
from cloud.stores.books import Books
from cloud.web.desk import NotFound, Refused, Unavailable
from cloud.web.site_editor import TABLES, SitePreview, SiteState, SiteTable, SiteThing, SiteWanted, Unfit
from protocols.layout import LayoutError
from protocols.layout_checks import SiteFlaw
from protocols.revision import revision

PREVIEWS_MAX = 8
"""Sheets that were looked at and may still be applied; the oldest is forgotten."""
AGAIN = "look at /api/v1/site"


class SiteEditing:
    """The desk of the site file at `path`. `used`: the revision by which the service works; `shown`: what it sees now;
    `restart` has it start anew."""

    def __init__(
        self,
        path: Path,
        used: str,
        books: Books,
        on_disk: OnDisk,
        shown: Callable[[], Snapshot],
        sharing: SiteSharing,
        now_ms: Callable[[], int],
    ) -> None:
        self.restart: Callable[[], None] = lambda: None
        self._path, self._used, self._books, self._on_disk = path, used, books, on_disk
        self._shown, self._sharing, self._now_ms = shown, sharing, now_ms
        self._turn = asyncio.Lock()
        self._previews: OrderedDict[str, tuple[Table, str, Previewed]] = OrderedDict()
        self._read: tuple[str, Revised] | None = None

    async def state(self) -> SiteState:
        """The file as a whole."""
        versions, problem, text = await self._versions(), "", ""
        found, counts, sources = "", dict[str, int](), list[str]()
        try:
            text, now = await self._now()
            found = revision(text)
            counts = {table: len(things(now.raw, table)) for table in TABLES}
            sources = [one.id for one in now.site.sources]
        except Refused as error:
            problem = error.detail
        last = versions[-1] if versions else None
        mine = last is not None and bool(text) and last.after == site_versions.digest(text)
        return SiteState(
            found, self._used, problem, last.by if last and mine else "", last.at_ms if last and mine else 0, mine,
            counts, sources, [one.view() for one in reversed(versions)], site_versions.KEPT, self._sharing.told(),
        )  # fmt: skip

    async def table(self, table: Table) -> SiteTable:
        """All of a kind."""
        text, now = await self._now()
        changed = _changed(await self._versions())
        items = [_thing(table, fields.as_values(one), changed) for one in getattr(now.site, table)]
        return SiteTable(table, revision(text), [*fields.fields(table)], items)

    async def thing(self, table: Table, name: str) -> SiteThing:
        """One."""
        _, now = await self._now()
        found = next((one for one in getattr(now.site, table) if one.id == name), None)
        if found is None:
            raise NotFound(f"there is no {NOUNS[table]} {name[:64]!r}", f"look at /api/v1/site/{table}")
        return _thing(table, fields.as_values(found), _changed(await self._versions()))

    async def put(self, table: Table, name: str, wanted: SiteWanted, by: str, *, new: bool) -> SiteThing:
        """Add or change one."""
        async with self._turn:
            await self._revise([Edit(table, name, wanted.values, new)], by, "edit", insist=wanted.insist)
        return await self.thing(table, name)

    async def remove(self, table: Table, name: str, by: str, *, insist: bool) -> SiteState:
        """Take one away."""
        async with self._turn:
            await self._revise([Edit(table, name, None)], by, "edit", insist=insist)
        return await self.state()

    async def sheet(self, table: Table) -> bytes:
        """All of a kind as CSV."""
        _, now = await self._now()
        return await asyncio.to_thread(site_sheet.written, now, table)

    async def parquet(self, table: Table) -> bytes:
        """The same as Parquet."""
        _, now = await self._now()
        return await asyncio.to_thread(site_sheet.parquet, now, table)

    async def preview(self, table: Table, body: bytes) -> SitePreview:
        """What a sheet would do."""
        text, now = await self._now()

        def look() -> Previewed:
            rows, bad = site_sheet.rows(body, now, table)
            return preview(now, table, rows, bad)

        found, base = await asyncio.to_thread(look), revision(text)
        still = [] if found.after is None else self._holds(now, found.after)
        name = ""
        if found.after is not None and found.edits:
            name = hashlib.sha256(b"\n".join([base.encode(), table.encode(), body])).hexdigest()[:32]
            self._previews[name] = table, site_versions.digest(text), found
            self._previews.move_to_end(name)
            while len(self._previews) > PREVIEWS_MAX:
                self._previews.popitem(last=False)
        return SitePreview(
            name, table, base, found.rows, found.added, found.changed, found.unchanged, found.changes,
            found.problems, found.n_problems, still,
        )  # fmt: skip

    async def apply(self, digest: str, by: str, *, insist: bool) -> SiteState:
        """Do what was previewed."""
        known = self._previews.get(digest)
        if known is None:
            raise Refused("no_preview", "this sheet was not previewed, or long ago", "preview it again, then apply it")
        _, base, found = known
        async with self._turn:
            text, _ = await self._now()
            if site_versions.digest(text) != base:
                raise Refused("changed", "the site was changed since the preview", "preview the sheet again")
            await self._revise(found.edits, by, "import", insist=insist)
        del self._previews[digest]
        return await self.state()

    async def undo(self, by: str) -> SiteState:
        """Take back the last change."""
        async with self._turn:
            versions, text = await self._versions(), await self._text()
            if not versions or versions[-1].after != site_versions.digest(text):
                said = "the file was changed by hand since" if versions else "nothing was changed here yet"
                raise Refused("nothing_to_undo", said, "edit what is to be another")
            before = versions[-1].text
            await self._keep(text, before, versions[-1].things, by, "undo", versions)
        return await self.state()

    async def use(self, by: str) -> SiteState:
        """Start anew by the file."""
        await self._now()  # a file that can not be used is refused here, not at the start
        state = await self.state()
        if state.revision != state.used:
            self.restart()
        return state

    async def give(self, gateway: str, by: str) -> SiteState:
        """A gateway gets the file that is used."""
        text, _ = await self._now()
        if revision(text) != self._used:
            raise Refused("not_used", "the file was changed and is not used yet", "put it to use first")
        await self._sharing.give(gateway, text, by)
        return await self.state()

    async def _revise(self, edits: Sequence[Edit], by: str, what: Literal["edit", "import"], *, insist: bool) -> None:
        text, now = await self._now()
        found = await asyncio.to_thread(revise, now, edits)
        if isinstance(found, list):
            one = edits[0]
            if len(edits) == 1 and not one.new and one.id not in {it["id"] for it in things(now.raw, one.table)}:
                raise NotFound(f"there is no {NOUNS[one.table]} {one.id[:64]!r}", f"look at /api/v1/site/{one.table}")
            raise Unfit([_alone(flaw) for flaw in found] if len(edits) == 1 else found)
        if found.raw == now.raw:
            return
        still = self._holds(now, found)
        if still and not insist:
            raise Unfit(still, "still_holds")
        try:
            after = await asyncio.to_thread(rewritten, text, edits, found.raw)
        except Unwritable as error:
            raise Refused("not_writable", str(error), "edit it by hand") from error
        await self._keep(text, after, [f"{one.table}/{one.id}" for one in edits], by, what, await self._versions())

    async def _keep(
        self,
        before: str,
        after: str,
        about: list[str],
        by: str,
        what: Literal["edit", "import", "undo"],
        versions: list[Version],
    ) -> None:
        """The version first, so that nothing is written of which nobody knows; without the file it is taken back."""
        number = versions[-1].number + 1 if versions else 1
        made = Version(
            number, self._now_ms(), by, what, about, site_versions.packed(before), revision(before),
            site_versions.digest(after),
        )  # fmt: skip
        with storing():
            await self._on_disk(site_versions.keep, self._books, [*versions, made])
        try:
            await asyncio.to_thread(site_file.replace, self._path, after)
        except OSError as error:
            with storing():
                await self._on_disk(site_versions.keep, self._books, versions)
            said = f"the site file {self._path.name} can not be written: {error.strerror}"
            raise Refused(
                "not_writable", said, "have its folder writable for the service, or edit it by hand"
            ) from error

    def _holds(self, before: Revised, after: Revised) -> list[SiteFlaw]:
        now = self._shown()
        return holds(before.site, after.site, now.slots, now.skus, now.orders)

    async def _text(self) -> str:
        try:
            return await asyncio.to_thread(self._path.read_text, "utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable("the site file can not be read", "see whether it is there") from error

    async def _now(self) -> tuple[str, Revised]:
        """The file as it is, by whoever it was changed. Raises `Refused` where it is none."""
        text = await self._text()
        if self._read is None or self._read[0] != text:
            try:
                self._read = text, await asyncio.to_thread(load, text, self._path.name)
            except LayoutError as error:
                hint = "mend the file by hand"
                raise Refused("site_broken", str(error), hint) from error
        return self._read

    async def _versions(self) -> list[Version]:
        with storing():
            found: list[Version] = await self._on_disk(site_versions.read, self._books)
        return found


def _changed(versions: Sequence[Version]) -> dict[str, Version]:
    """Who changed each thing last."""
    return {name: one for one in versions for name in one.things}


def _thing(table: Table, values: dict[str, object], changed: dict[str, Version]) -> SiteThing:
    last = changed.get(f"{table}/{values['id']}")
    tag = f"{zlib.crc32(msgspec.json.encode(values, order='sorted')):08x}"
    return SiteThing(str(values["id"]), values, tag, last.by if last else "", last.at_ms if last else 0)


def _alone(flaw: SiteFlaw) -> SiteFlaw:
    """A flaw of the only edit, by the field alone."""
    return SiteFlaw(flaw.pointer.removeprefix("/0"), flaw.code, flaw.detail, flaw.told)
