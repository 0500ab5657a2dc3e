"""The site file over HTTP: looked at by everybody, changed by admins, a thing at a time or by a sheet."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from aiohttp import web
from msgspec import Struct

from cloud.core.site_edit.fields import FieldView, Table
from cloud.core.site_edit.previewing import RowChange, SheetFlaw
from cloud.web.access import NOTE
from cloud.web.desk import DeskError, NotFound
from cloud.web.replies import Flaw, Refusal
from cloud.web.routing import Given, Media, Route, get, post
from cloud.web.users import NoFields
from protocols.layout_checks import SiteFlaw

TABLES: tuple[Table, ...] = typing.get_args(Table)
SHEET_BYTES_MAX = 8 << 20
CSV = Media(("text/csv",), SHEET_BYTES_MAX)
PARQUET = Media(("application/vnd.apache.parquet",))
SHEET = Media(("text/csv", "application/octet-stream"), SHEET_BYTES_MAX)


class SiteThing(Struct, frozen=True):
    """A zone, rack, SKU, slot or device: all its values, and its ETag. `by` and `at_ms`: who changed it last here, when
    ("" and 0: nobody that is known)."""

    id: str
    values: dict[str, Any]
    tag: str
    by: str
    at_ms: int


class SiteTable(Struct, frozen=True):
    """All of a kind, and what each field may hold."""

    table: Table
    revision: str
    fields: list[FieldView]
    items: list[SiteThing]


class SiteVersion(Struct, frozen=True):
    """What was done to the file: by whom, when, to how many things, and the first of them."""

    number: int
    at_ms: int
    by: str
    what: Literal["edit", "import", "undo"]
    n: int
    things: list[str]


class GatewaySite(Struct, frozen=True):
    """By which site file a gateway works. `same`: by ours; `older`: by one of before, and ours is on its way; `other`:
    by one that was never ours, it is for a person to decide; `refused`: it can not take it, `why` says why not;
    `unknown`: it is away, or of a version that can not tell. `at_ms`: when it told that."""

    gateway: str
    state: Literal["same", "older", "other", "refused", "unknown"]
    revision: str
    why: str
    at_ms: int


class SiteState(Struct, frozen=True):
    """The site file: the revision that is saved, the one `used` by the service, and `problem`, why it can not be used
    ("": it can). `by` and `at_ms`: who changed it last. `undo`: the last change can be taken back. `kept`: so many
    versions are kept."""

    revision: str
    used: str
    problem: str
    by: str
    at_ms: int
    undo: bool
    counts: dict[str, int]
    sources: list[str]
    versions: list[SiteVersion]
    kept: int
    gateways: list[GatewaySite]


class SiteWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """The values of fields, by name; null leaves one out from now on. `insist`: although something still holds."""

    values: dict[str, Any]
    insist: bool = False


class SiteRemoval(Struct, frozen=True, forbid_unknown_fields=True):
    """`insist`: although something still holds."""

    insist: bool = False


class SitePreview(Struct, frozen=True):
    """What a sheet would make of the site. `digest` names it: it is what is applied, or nothing. With problems there is
    none (""). `still`: what holds of the things that would change, in words."""

    digest: str
    table: Table
    revision: str
    rows: int
    added: int
    changed: int
    unchanged: int
    changes: list[RowChange]
    problems: list[SheetFlaw]
    n_problems: int
    still: list[SiteFlaw]


class Unfit(DeskError):
    """What would come of it is no site; `flaws` say why, field by field, or what still holds."""

    def __init__(self, flaws: list[SiteFlaw], code: Literal["unfit_site", "still_holds"] = "unfit_site") -> None:
        said = "; ".join(one.detail for one in flaws[:3]) + (f"; and {len(flaws) - 3} more" if len(flaws) > 3 else "")
        hints = {"unfit_site": "correct the fields that are named", "still_holds": "see to it first, or insist"}
        super().__init__(said, hints[code])
        self.flaws, self.code = flaws, code


class Desk(typing.Protocol):
    """Who keeps the file. Raises `NotFound`, `Refused`, `Unavailable`, `Unfit`."""

    async def state(self) -> SiteState:
        """The file as a whole."""

    async def table(self, table: Table) -> SiteTable:
        """All of a kind."""

    async def thing(self, table: Table, name: str) -> SiteThing:
        """One."""

    async def put(self, table: Table, name: str, wanted: SiteWanted, by: str, *, new: bool) -> SiteThing:
        """Add or change one."""

    async def remove(self, table: Table, name: str, by: str, *, insist: bool) -> SiteState:
        """Take one away."""

    async def sheet(self, table: Table) -> bytes:
        """All of a kind as CSV."""

    async def parquet(self, table: Table) -> bytes:
        """The same as Parquet."""

    async def preview(self, table: Table, body: bytes) -> SitePreview:
        """What a sheet would do."""

    async def apply(self, digest: str, by: str, *, insist: bool) -> SiteState:
        """Do it, all or nothing."""

    async def undo(self, by: str) -> SiteState:
        """Take back the last change."""

    async def use(self, by: str) -> SiteState:
        """The service works by the file as it is saved, from now on."""

    async def give(self, gateway: str, by: str) -> SiteState:
        """A gateway gets the file, whatever it works by."""


class SiteEditor:
    """The routes under /api/v1/site. Without a desk (nobody knows where the file lies) they say so."""

    def __init__(self, desk: Desk | None) -> None:
        self._given = desk

    def routes(self) -> list[Route]:
        """All of them; what has a fixed name stands before what any table's name may be."""
        site, named = "/api/v1/site", {"table": Table}
        things, thing = f"{site}/{{table}}", f"{site}/{{table}}/{{id}}"
        unfit, spoilt = ("unfit_site", "still_holds", "not_writable"), ("site_broken",)
        return [
            get(site, self.state, "look", SiteState),
            get(f"{things}.csv", self.sheet, "look", CSV, named=named, refusals=spoilt),
            get(f"{things}.parquet", self.parquet, "look", PARQUET, named=named, refusals=spoilt),
            post(f"{things}.csv", self.preview, "govern", SHEET, SitePreview, named=named, refusals=spoilt),
            post(
                f"{site}/undo", self.undo, "govern", NoFields, SiteState, thing=self.state,
                refusals=("nothing_to_undo", "not_writable"),
            ),
            post(f"{site}/use", self.use, "govern", NoFields, SiteState, thing=self.state, refusals=spoilt),
            post(
                f"{site}/previews/{{digest}}", self.apply, "govern", SiteRemoval, SiteState,
                refusals=(*unfit, *spoilt, "no_preview", "changed"),
            ),
            post(
                f"{site}/gateways/{{id}}", self.give, "govern", NoFields, SiteState, refusals=(*spoilt, "not_taken"),
            ),
            get(things, self.table, "look", SiteTable, named=named, refusals=spoilt),
            post(things, self.add, "govern", SiteWanted, SiteThing, named=named, refusals=(*unfit, *spoilt)),
            get(thing, self.thing, "look", SiteThing, named=named, refusals=spoilt),
            post(
                thing, self.change, "govern", SiteWanted, SiteThing, named=named, refusals=(*unfit, *spoilt),
                thing=self.thing_again,
            ),
            post(
                f"{thing}/removal", self.remove, "govern", SiteRemoval, SiteState, named=named,
                refusals=(*unfit, *spoilt), thing=self.thing_again,
            ),
        ]  # fmt: skip

    @property
    def _desk(self) -> Desk:
        if self._given is None:
            raise NotFound("this service does not know where its site file lies", "start it with --site FILE")
        return self._given

    async def state(self, _: web.Request) -> object:
        """The site file: what is saved, what is used, the last changes, and which gateway works by which."""
        return await self._desk.state()

    async def table(self, request: web.Request) -> object:
        """All zones, racks, SKUs, slots or devices of the file, and what their fields may hold."""
        return await self._desk.table(_table(request))

    async def thing(self, request: web.Request) -> object:
        """One of them."""
        return await self._desk.thing(_table(request), request.match_info["id"])

    async def thing_again(self, request: web.Request) -> object:
        """The same, for who changes it."""
        return await self.thing(request)

    async def add(self, request: web.Request, wanted: SiteWanted, by: Given) -> object:
        """Add one; its id is among its values. It is saved, and used with the next `use`."""
        name = wanted.values.get("id")
        name = name if isinstance(name, str) else ""
        request[NOTE] = name[:64]
        with telling():
            return await self._desk.put(_table(request), name, wanted, by.who.name, new=True)

    async def change(self, request: web.Request, wanted: SiteWanted, by: Given) -> object:
        """Change one: the fields that are named, all others stay."""
        request[NOTE] = ", ".join(f"{name}: {_said(value)}" for name, value in wanted.values.items())
        with telling():
            return await self._desk.put(_table(request), request.match_info["id"], wanted, by.who.name, new=False)

    async def remove(self, request: web.Request, wanted: SiteRemoval, by: Given) -> object:
        """Remove one. What names it has to go before; what still lies there is told, unless you insist."""
        with telling():
            return await self._desk.remove(_table(request), request.match_info["id"], by.who.name, insist=wanted.insist)

    async def sheet(self, request: web.Request) -> web.Response:
        """All of a kind as CSV, which can be imported again."""
        table = _table(request)
        headers = {"Content-Disposition": f'attachment; filename="{table}.csv"'}
        return web.Response(
            body=await self._desk.sheet(table), content_type="text/csv", charset="utf-8", headers=headers
        )

    async def parquet(self, request: web.Request) -> web.Response:
        """The same as Parquet: numbers as numbers."""
        table = _table(request)
        headers = {"Content-Disposition": f'attachment; filename="{table}.parquet"'}
        return web.Response(body=await self._desk.parquet(table), content_type=PARQUET.types[0], headers=headers)

    async def preview(self, request: web.Request, body: bytes, _: Given) -> object:
        """What a sheet would do, line by line, with every problem. Nothing is changed."""
        return await self._desk.preview(_table(request), body)

    async def apply(self, request: web.Request, wanted: SiteRemoval, by: Given) -> object:
        """Do what was previewed, all of it or nothing."""
        with telling():
            made = await self._desk.apply(request.match_info["digest"], by.who.name, insist=wanted.insist)
        request[NOTE] = _changed(made)
        return made

    async def undo(self, request: web.Request, _: NoFields, by: Given) -> object:
        """Take back the last change of the file; doing it again brings it back."""
        made = await self._desk.undo(by.who.name)
        request[NOTE] = _changed(made)
        return made

    async def use(self, request: web.Request, _: NoFields, by: Given) -> object:
        """Put the file to work: the service starts anew by it within a second, and gives it to the gateways."""
        made = await self._desk.use(by.who.name)
        request[NOTE] = made.revision
        return made

    async def give(self, request: web.Request, _: NoFields, by: Given) -> object:
        """Give a gateway the file that the service uses, whatever it works by."""
        return await self._desk.give(request.match_info["id"], by.who.name)


@contextmanager
def telling() -> Iterator[None]:
    """Flaws are told field by field: raises `Refusal` in the place of `Unfit`."""
    try:
        yield
    except Unfit as error:
        flaws = [Flaw(one.pointer, one.detail, error.hint, one.code, told={**one.told}) for one in error.flaws]
        status = 422 if error.code == "unfit_site" else 409
        raise Refusal(status, error.code, error.detail, error.hint, more={"errors": flaws}) from error


def _said(value: object) -> str:
    """A value as a note tells it; "–" for one that is left out from now on."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _changed(made: SiteState) -> str:
    """What the last change was about, by how many things and the first of them: `2: slots/A-1, slots/A-2`."""
    if not made.versions:
        return ""
    last = made.versions[0]
    return f"{last.n}: {', '.join(last.things)}"


def _table(request: web.Request) -> Table:
    name = request.match_info["table"]
    for one in TABLES:
        if name == one:
            return one
    raise NotFound(f"there is no table {name[:64]!r}", f"take one of {', '.join(TABLES)}")
