"""Prometheus' HTTP API over the history, under /grafana, for Grafana's own Prometheus data source.

Answers and errors have Prometheus' shape. A query is a plain selector; all else of PromQL is refused in words.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from math import isfinite
from urllib.parse import parse_qs

from aiohttp import web
from msgspec import Struct

from cloud.core.graphing.metrics import NAME, Labels, about
from cloud.core.graphing.selectors import Selector, SelectorError, parse, scalar
from cloud.web import bodies
from cloud.web import grafana_answers as answers
from cloud.web.desk import DeskError
from cloud.web.queries import Text, Texts
from cloud.web.replies import reply
from cloud.web.routing import FORM, Route

AT = "/grafana/api/v1"
STEPS_MAX = 11_000
"""Steps in one answer, as in Prometheus."""
TIME_S_MAX = 253_402_300_799
"""The year 9999."""
QUERY_LENGTH_MAX = 4_000
MATCH_LENGTH_MAX, MATCHES_MAX = 1_000, 5
"""What fits into one address, however it is escaped."""
QUERY = Text("query", "A plain selector, or a sum of numbers.", required=True, length_max=QUERY_LENGTH_MAX)
MATCH = Texts("match[]", "A plain selector: of these metrics alone.", MATCHES_MAX, MATCH_LENGTH_MAX)
OF = MATCH._replace(required=True)
_WHEN = "seconds since 1970, or as RFC 3339 has it"
TIME = Text("time", f"The moment: {_WHEN}; left out, now.", length_max=60)
START = Text("start", f"The beginning: {_WHEN}.", required=True, length_max=60)
END = Text("end", f"The end, itself among the steps: {_WHEN}.", required=True, length_max=60)
STEP = Text("step", "The step: seconds, or 15s, 5m, 1h.", required=True, length_max=60)
METRIC = Text("metric", "Of this one alone.")
_DURATION = re.compile(r"(?:(\d+)(ms|[smhdwy]))")
_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}

Asked = dict[str, list[str]]
Values = list[tuple[int, float]]
Answer = Callable[[Asked, web.Request], Awaitable[object]]


class TooMuch(DeskError):
    """More is meant than is given at once."""


class Desk(typing.Protocol):
    """Who has the metrics. Raises `TooMuch`, and other `DeskError`s."""

    async def metrics(self, selectors: Sequence[Selector]) -> list[Labels]:
        """The labels of every metric that is meant; without selectors of all."""

    async def values(
        self, selector: Selector, from_ms: int, to_ms: int, step_ms: int
    ) -> list[tuple[Labels, list[tuple[int, float]]]]:
        """Each metric that is meant and has values, with its values at each step."""


class Grafana:
    """The routes under /grafana."""

    def __init__(self, desk: Desk, now_ms: Callable[[], int]) -> None:
        self._desk, self._now_ms = desk, now_ms

    def routes(self) -> list[Route]:
        """All of them; what may be long can be sent as a form."""
        both = [
            _route("query", self.query, answers.Valued, QUERY, TIME),
            _route("query_range", self.query_range, answers.Valued, QUERY, START, END, STEP),
            _route("labels", self.labels, answers.Named, MATCH),
            _route("series", self.series, answers.Labelled, OF),
        ]
        return [
            *both,
            *(one._replace(method="POST") for one in both),
            _route("label/{name}/values", self.values, answers.Named, MATCH),
            _route("metadata", self.metadata, answers.Described, METRIC),
            _route("status/buildinfo", self.build, answers.Built),
        ]

    async def query(self, asked: Asked, _: web.Request) -> object:
        """The values of metrics at one moment."""
        at_ms, query = _time(asked, "time", self._now_ms()), _one(asked, "query")
        if (value := scalar(query)) is not None:
            return answers.Scalar(_point(at_ms, value))
        found = await self._desk.values(parse(query), at_ms, at_ms, 1)
        return answers.Vector([answers.Instant(labels, _point(*values[0])) for labels, values in found])

    async def query_range(self, asked: Asked, _: web.Request) -> object:
        """The values of metrics at even steps."""
        from_ms, to_ms, step_ms = _time(asked, "start"), _time(asked, "end"), _step(asked)
        if to_ms < from_ms:
            raise _Bad("end is before start")
        if (to_ms - from_ms) // step_ms >= STEPS_MAX:
            raise _Bad(f"more than {STEPS_MAX} steps: ask for a longer step, or for less time")
        query = _one(asked, "query")
        if (value := scalar(query)) is not None:
            every: Values = [(at_ms, value) for at_ms in range(from_ms, to_ms + 1, step_ms)]
            found: list[tuple[Labels, Values]] = [({}, every)]
        else:
            found = await self._desk.values(parse(query), from_ms, to_ms, step_ms)
        return answers.Matrix([answers.Course(labels, [_point(*one) for one in values]) for labels, values in found])

    async def labels(self, asked: Asked, _: web.Request) -> object:
        """The names of all labels."""
        return sorted({name for labels in await self._desk.metrics(_matches(asked)) for name in labels})

    async def values(self, asked: Asked, request: web.Request) -> object:
        """The values of a label."""
        name = request.match_info["name"]
        return sorted({labels[name] for labels in await self._desk.metrics(_matches(asked)) if name in labels})

    async def series(self, asked: Asked, _: web.Request) -> object:
        """The labels of metrics."""
        if not asked.get("match[]"):
            raise _Bad("no match[] parameter: say which series are meant")
        return await self._desk.metrics(_matches(asked))

    async def metadata(self, asked: Asked, _: web.Request) -> object:
        """What metrics are."""
        names = {labels[NAME] for labels in await self._desk.metrics(())}
        return about(names & {*asked["metric"]} if "metric" in asked else names)

    async def build(self, _: Asked, __: web.Request) -> object:
        """Which version of Prometheus' API this is like."""
        return answers.Build("2.55.0", "open-smart-warehouse")


class _Bad(Exception):
    """A parameter is wrong; the message says how."""


def _route(name: str, answer: Answer, kind: type[Struct], *query: Text | Texts) -> Route:
    async def read(request: web.Request) -> web.Response:
        try:
            data = await answer(await _asked(request, query), request)
        except (_Bad, SelectorError, UnicodeDecodeError) as error:
            return _failed(400, "bad_data", str(error))
        except TooMuch as error:
            return _failed(422, "execution", error.said)
        except DeskError as error:
            return _failed(503, "unavailable", error.said)
        return reply({"status": "success", "data": data})

    said, failing = " ".join((answer.__doc__ or "").split()), dict.fromkeys((400, 422, 503), answers.Failure)
    return Route("GET", f"{AT}/{name}", "look", kind, said, read, query=query, also=failing, asks=True)


def _failed(status: int, kind: str, why: str) -> web.Response:
    return reply({"status": "error", "errorType": kind, "error": why}, status=status)


async def _asked(request: web.Request, query: tuple[Text | Texts, ...]) -> Asked:
    """The parameters of the address, and of a form."""
    asked = {name: request.query.getall(name) for name in request.query}
    if request.method == "POST" and request.content_type == FORM:
        form = parse_qs((await bodies.whole(request)).decode("utf-8"), keep_blank_values=True)
        for name, values in form.items():
            asked.setdefault(name, []).extend(values)
    for known in query:
        values, most = asked.get(known.name, []), known.most if isinstance(known, Texts) else 1
        if len(values) > most or any(len(one) > known.length_max for one in values):
            raise _Bad(f"{known.name} comes at most {most} times, with up to {known.length_max} characters")
    return asked


def _one(asked: Asked, name: str) -> str:
    if not asked.get(name):
        raise _Bad(f"the parameter {name} is missing")
    return asked[name][0]


def _matches(asked: Asked) -> list[Selector]:
    return [parse(one) for one in asked.get("match[]", [])]


def _time(asked: Asked, name: str, otherwise: int | None = None) -> int:
    """A moment in ms, sent as seconds since 1970 or as RFC 3339 has it."""
    text = asked.get(name, [""])[0]
    if not text and otherwise is not None:
        return otherwise
    try:
        at_s = float(text)
    except ValueError:
        try:
            read = datetime.fromisoformat(text)
            at_s = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise _Bad(f"{name}: {text[:60]!r} is no time; send seconds since 1970, or as RFC 3339 has it") from None
    if not (isfinite(at_s) and 0 <= at_s <= TIME_S_MAX):
        raise _Bad(f"{name}: {text[:60]!r} lies before 1970 or after the year 9999")
    return round(at_s * 1000)


def _step(asked: Asked) -> int:
    """A step in ms, sent as seconds or as a duration like 5m or 1h30m."""
    text = _one(asked, "step")
    try:
        step_s = float(text)
    except ValueError:
        parts = _DURATION.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise _Bad(f"step: {text[:60]!r} is no duration; send seconds, or 15s, 5m, 1h") from None
        step_s = sum(int(number) * _UNITS_S[unit] for number, unit in parts)
    if not (isfinite(step_s) and 0.001 <= step_s <= TIME_S_MAX):
        raise _Bad(f"step: {text[:60]!r} has to be longer than 0")
    return round(step_s * 1000)


def _point(at_ms: int, value: float) -> tuple[float, str]:
    return at_ms / 1000, repr(value).removesuffix(".0") if isfinite(value) else "NaN"
