"""aiohttp: what people ask and do of devices in the field, at the gateway's own API (see edge/api.py for who may)."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import unquote

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from edge.answers import BY, cannot_answer, json_answer, problem_answer
from edge.core.cannot import CannotError
from edge.core.slots import actions
from edge.core.slots.actions import NoSuchSlotError
from edge.fieldwork import CARDS_MAX, Fieldwork
from protocols.fieldwork import FieldAction, LastRun, Replay

ROLES: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/devices"): "read",
    ("GET", "/api/v1/field"): "read",
    ("POST", "/api/v1/field"): "act",
    ("GET", "/api/v1/tail"): "act",
    ("GET", "/api/v1/quarantine"): "read",
    ("POST", "/api/v1/quarantine/replay"): "act",
    ("GET", "/api/v1/slots/{slot}/run"): "read",
    ("POST", "/api/v1/slots/{slot}/run"): "act",
    ("POST", "/api/v1/slots/{slot}/run/cancel"): "act",
}
NUMBER_MAX = 2**53
ACTION: msgspec.json.Decoder[FieldAction] = msgspec.json.Decoder(FieldAction)
WISH = msgspec.json.Decoder(Replay)
Body = TypeVar("Body")


class AskedWrong(ValueError):
    """What was asked can not be read; the message says why."""


def add(app: web.Application, work: Fieldwork) -> None:
    """Their routes."""

    async def cards(request: web.Request) -> web.Response:
        most = _number(request, "limit", CARDS_MAX)
        return json_answer(work.cards(request.query.get("after", ""), max(1, min(most, CARDS_MAX))))

    async def field(_: web.Request) -> web.Response:
        return json_answer(work.field())

    async def do(request: web.Request) -> web.Response:
        return json_answer(await work.do(_read(await request.read(), ACTION), _by(request)))

    async def tail(request: web.Request) -> web.Response:
        found = work.tail(request.query.get("device", ""), _number(request, "after", 0))
        if found is None:
            hint = "close one of the other tails, or wait 15 s"
            return problem_answer(request, 503, "unavailable", "too many look at messages of other devices", hint)
        return json_answer(found)

    async def quarantine(request: web.Request) -> web.Response:
        return json_answer(await work.quarantine(_number(request, "before", 0), request.query.get("code", "")))

    async def replay(request: web.Request) -> web.Response:
        wish = _read(await request.read(), WISH)
        if bool(wish.ids) == bool(wish.code):
            raise AskedWrong("say which messages, by their ids or by one code")
        return json_answer(await work.replay(wish, _by(request)))

    async def run(request: web.Request) -> web.Response:
        return json_answer(LastRun(work.run(request.match_info["slot"])))

    async def begin(request: web.Request) -> web.Response:
        action = actions.parse(await request.read())
        return json_answer(work.begin(request.match_info["slot"], action, _by(request)))

    async def cancel(request: web.Request) -> web.Response:
        return json_answer(LastRun(work.cancel(request.match_info["slot"])))

    for (method, path), handler in zip(
        ROLES, (cards, field, do, tail, quarantine, replay, run, begin, cancel), strict=True
    ):
        (app.router.add_get if method == "GET" else app.router.add_post)(path, _told(handler))


def _told(handler: Handler) -> Handler:
    """What can not be done is answered as a problem."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NoSuchSlotError as error:
            return problem_answer(request, 404, "unknown", str(error))
        except AskedWrong as error:
            return problem_answer(request, 400, "bad_request", str(error))
        except CannotError as error:
            return cannot_answer(request, error)

    return answer


def _by(request: web.Request) -> str:
    return unquote(request.headers.get(BY, ""))[:100]


def _number(request: web.Request, name: str, default: int) -> int:
    given = request.query.get(name)
    if given is None:
        return default
    if not given.isdecimal() or int(given) > NUMBER_MAX:
        raise AskedWrong(f"{name} is a whole number, not {given[:40]!r}")
    return int(given)


def _read(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AskedWrong(str(error)) from None
