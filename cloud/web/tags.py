"""By what a thing that people change is known to be as it was: its ETag, and who made it so.

A tag names the state that people decide about, not the bytes: figures that move by themselves (how late an order is,
the peak of an excursion that goes on, what is proposed of a need) do not change it, or nobody could ever act on what
they looked at.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web

from cloud.core.cold_view import ExcursionView
from cloud.core.office_view import OrderDetail
from cloud.core.promising.reservations import Reservation
from cloud.core.sku_view import Suggestion
from cloud.core.stock_view import ReservationView
from cloud.core.trade_view import ArrivalView, OrderView
from cloud.core.view import AlertView
from cloud.core.work_view import WorkDetail, WorkView
from cloud.web.channels import ChannelsView, ChannelView
from cloud.web.replies import Refusal
from cloud.web.site_editor import SiteState, SiteThing
from cloud.web.users import UserView


class Tag(NamedTuple):
    """An ETag without its quotes, and who made the thing so, when ("" and 0: it is not known)."""

    value: str
    by: str = ""
    at_ms: int = 0


def tag_of(value: object) -> Tag | None:
    """The tag of a thing that people change; None of anything else."""
    made = _OF.get(type(value))
    return None if made is None else made(value)


def check(request: web.Request, tag: Tag | None) -> None:
    """Nothing; raises `Refusal` where the request says which state it is about (If-Match), and it is another by now."""
    if tag is None or "If-Match" not in request.headers:
        return
    wanted = request.if_match or ()  # what is no tag is that of no state
    if any(one.value in ("*", tag.value) and not one.is_weak for one in wanted):
        return
    whose = f" by {tag.by}" if tag.by else ""
    more = ({"by": tag.by} if tag.by else {}) | ({"changed_ms": tag.at_ms} if tag.at_ms else {})
    said, hint = f"it was changed{whose} meanwhile", "look at it again, then decide"
    raise Refusal(412, "changed", said, hint, {"ETag": f'"{tag.value}"'}, more)


def _version(value: OrderView | WorkView) -> Tag:
    return Tag(f"{value.id}-{value.version}", value.by, value.changed_ms)


def _held(value: Reservation | ReservationView) -> Tag:
    return Tag(f"{value.id}-{value.state}-{value.units}-{value.changed_ms}", value.by, value.changed_ms)


def _seen(value: ArrivalView) -> Tag:
    return Tag(_short(value.units, value.difference, value.taken, value.slots))


def _case(value: ExcursionView) -> Tag:
    made = _short(value.state, [(one.number, one.units, one.decision) for one in value.lines])
    last = value.signatures[-1] if value.signatures else None
    return Tag(made) if last is None else Tag(made, last.by, last.at_ms)


def _alert(value: AlertView) -> Tag:
    made = _short(value.state, value.note, value.assigned_to, value.shelved_until_ms, value.reopened)
    return Tag(made, value.acted_by, value.acted_ms)


def _need(value: Suggestion) -> Tag:
    made = _short(value.id, value.state, value.order, value.snoozed_until_ms, value.note)
    return Tag(made, value.snoozed_by, value.changed_ms)


def _user(value: UserView) -> Tag:
    said = _short(value.role, value.supplier, value.disabled, value.pending, value.changed_ms)
    return Tag(said, value.changed_by, value.changed_ms)


def _short(*said: object) -> str:
    return f"{zlib.crc32(repr(said).encode()):08x}"


_OF: dict[type, Callable[[Any], Tag]] = {
    OrderView: _version,
    OrderDetail: lambda one: _version(one.order),
    WorkView: _version,
    WorkDetail: lambda one: _version(one.work),
    Reservation: _held,
    ReservationView: _held,
    ArrivalView: _seen,
    ExcursionView: _case,
    AlertView: _alert,
    Suggestion: _need,
    UserView: _user,
    SiteThing: lambda one: Tag(one.tag, one.by, one.at_ms),
    SiteState: lambda one: Tag(f"{one.revision}-{one.used}", one.by, one.at_ms),
    ChannelView: lambda one: Tag(one.tag, one.by, one.at_ms),
    ChannelsView: lambda one: Tag(one.tag),
}
TAGGED = frozenset(_OF)
"""What has a tag."""
