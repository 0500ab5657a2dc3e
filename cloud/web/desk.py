"""The port to the rest of the service: what the web may ask, and the ways it can be told no.

What a person sees comes from `Live`, to which the service publishes; the desk takes the questions that go deeper and
the one thing a person can do. Details and hints reach people as they are: no secrets, no URLs with passwords in them.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence

from cloud.core.completeness import Completeness
from cloud.core.tiles import TilesView
from cloud.core.trends import TrendView
from cloud.core.view import AlertView, NeedView
from cloud.metrics import Counts


class DeskError(Exception):
    """The desk says no: why, in a sentence, and what to do next."""

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint

    @property
    def said(self) -> str:
        """Detail and hint as two sentences, for a command's answer."""
        return f"{self.detail.removesuffix('.')}. {self.hint[0].upper()}{self.hint[1:]}" if self.hint else self.detail


class NotFound(DeskError):
    """There is no such thing."""


class Conflict(DeskError):
    """It is there, but not in a state that allows this."""


class Refused(DeskError):
    """What was asked for can not be done; `code` says why for programs, `more` what else the body tells (see
    `replies.ProblemDetails`)."""

    def __init__(self, code: str, detail: str, hint: str, more: typing.Mapping[str, object] | None = None) -> None:
        super().__init__(detail, hint)
        self.code = code
        self.more = dict(more or {})


class Unavailable(DeskError):
    """The store behind the answer can not be reached now; asking again later may help."""


class FrontDesk(typing.Protocol):
    """Who knows how things went."""

    def tiles(self) -> TilesView:
        """How the tiles' figures went."""

    async def trends(self) -> list[TrendView]:
        """The worst courses, worst first. Raises `Unavailable`."""


class Desk(typing.Protocol):
    """The service, as the web sees it."""

    async def acknowledge(self, alert_id: int, user: str, note: str) -> AlertView:
        """Acknowledge a firing alert. Doing it again changes nothing and returns the alert as it is. When this returns,
        the change is stored and published. Raises `NotFound`, `Conflict` (already resolved), `Unavailable`."""

    @property
    def front(self) -> FrontDesk:
        """How things went: what the overview asks beside the snapshot."""

    def picks(self, from_ms: int) -> dict[str, int]:
        """Units taken since then, by slot."""

    async def alert(self, alert_id: int) -> AlertView:
        """An alert that fired once, however long ago. Raises `NotFound`, `Unavailable`."""

    async def history(
        self, series: str, from_ms: int, to_ms: int, points: int
    ) -> tuple[Sequence[int], Sequence[float | None]]:
        """Times (ms) and values of a series within [from_ms, to_ms], thinned to at most `points`; a gap is None.
        Raises `NotFound` for a series never heard of, `Unavailable`."""

    async def completeness(self, since_ms: int) -> Completeness:
        """What of all that gateways numbered is here and what is not, limited to what became known since `since_ms`.
        Raises `Unavailable`."""

    async def need_versions(self, need: int) -> list[NeedView]:
        """A need as it was first, as it was each time it was revised, and as it is.
        Raises `NotFound`, `Unavailable`."""

    def ready(self) -> list[str]:
        """Why the service is not ready to work, a sentence each; empty when it is."""

    def counts(self) -> Counts:
        """What the service has done since it started, for `/metrics`."""
