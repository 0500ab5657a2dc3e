"""The API's document (OpenAPI 3.1), written from the routes themselves, and what tells people of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from cloud.web import codes, problems, tags
from cloud.web.access import USER
from cloud.web.api_page import page
from cloud.web.desk import NotFound
from cloud.web.queries import Whole
from cloud.web.replies import CONFLICTS, PROBLEM, PROBLEMS, ProblemDetails
from cloud.web.routing import FORM, Media, Route, get
from cloud.web.writes import KEY_LENGTH_MAX

VERSION = "1"
BESIDE = ("/healthz", "/readyz", "/metrics")
PREFIX = "#/components/schemas/"
ABOUT = (
    "Everything the pages show and do. Times are ms since 1970 (UTC); money is in the site's currency. Who writes "
    "sends an Idempotency-Key, so that a write that is sent again is done once."
)
STATUS = {
    "bad_request": 400, "signed_out": 401, "wrong_password": 401, "forbidden": 403, "change_password": 403,
    "cross_site": 403, "unknown": 404, "conflict": 409, "other_user": 409, "still_holds": 409,
    "too_slow": 408, "too_large": 413, "upgrade_required": 426, "too_many_tries": 429, "broken": 500,
    "unavailable": 503, "full": 503, "no_answer": 504, "strange_answer": 502,
}  # fmt: skip
"""The status of a code; of those in `CONFLICTS` it is 409, of all others 422."""
NOW = "What this thing is known by as it is now; send it as If-Match with what changes it."


class Meaning(Struct, frozen=True):
    """What a code of a problem means."""

    type: str
    title: str
    code: str
    means: str


class Documents:
    """The routes that tell of the others."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [*routes, *self.routes()]
        self._json = b""

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            get("/api/v1/openapi.json", self.document, "anyone", dict[str, Any]),
            get("/api/v1/docs", self.docs, "anyone", Media(("text/html",))),
            get("/api/v1/problems/{code}", self.problem, None, Meaning),
        ]

    async def document(self, _: web.Request) -> web.Response:
        """This document."""
        self._json = self._json or msgspec.json.encode(document(self._routes))
        response = web.Response(body=self._json, content_type="application/json")
        response.enable_compression()
        return response

    async def docs(self, _: web.Request) -> web.Response:
        """The same for people to read."""
        return page(document(self._routes))

    async def problem(self, request: web.Request) -> object:
        """What the code of a problem means."""
        code = request.match_info["code"]
        if code not in problems.MEANS:
            raise NotFound(f"there is no code {code[:100]!r}", "take the `code` of a problem")
        return Meaning(PROBLEMS + code, problems.title(code), code, problems.MEANS[code])


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The document of these routes. Pages, their files and the live stream are no part of the API."""
    told = [one for one in routes if one.path.startswith(("/api/", "/grafana/")) or one.path in BESIDE]
    kinds = _Kinds([ProblemDetails, *(kind for one in told for kind in _kinds(one))])
    paths: dict[str, dict[str, Any]] = {}
    for one in told:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, kinds)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Warehouse", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": kinds.components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "warehouse_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def statuses(route: Route) -> dict[int, list[str]]:
    """With which codes a route may refuse, by status."""
    own = [*codes.EVERY, *route.refusals]
    if route.right is not None:
        own += codes.SIGNED_IN
    if route.method != "GET":
        own += codes.WRITE if route.writes else codes.FORM
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys(own):
        found.setdefault(409 if code in CONFLICTS else STATUS.get(code, 422), []).append(code)
    if route.thing is not None:
        found[412] = ["changed"]
    return dict(sorted(found.items()))


class _Kinds:
    """The types of bodies by their place in the document."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        every = [*{repr(one): one for one in kinds}.values()]
        schemas, components = msgspec.json.schema_components(every, ref_template=PREFIX + "{name}")
        self._of: dict[str, dict[str, Any]] = {
            repr(one): _plainly(schema) for one, schema in zip(every, schemas, strict=True)
        }
        self.components = {_short(name): _plainly(schema) for name, schema in sorted(components.items())}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type."""
        return self._of[repr(kind)]


def _kinds(route: Route) -> list[Any]:
    given = [route.answer, route.body, *route.named.values(), *route.also.values()]
    return [one for one in given if one is not None and not isinstance(one, Media)]


def _short(name: str) -> str:
    """The name of a type that shares its last word with another: with that of its module before it."""
    module, dot, word = name.rpartition(".")
    return module.rpartition(".")[2].replace("_", " ").title().replace(" ", "") + word if dot else name


def _plainly(schema: Any) -> Any:
    """A schema with the names of its types made short."""
    if isinstance(schema, list):
        return [_plainly(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: PREFIX + _short(value.removeprefix(PREFIX)) if key == "$ref" else _plainly(value)
        for key, value in schema.items()
    }


def _operation(route: Route, kinds: _Kinds) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.id,
        "summary": route.summary,
        "tags": [route.path.removeprefix("/api/v1/").strip("/").partition("/")[0]],
        "parameters": _parameters(route, kinds),
        "responses": _responses(route, kinds),
        "security": [] if route.right is None else [{"session": []}, {"token": []}],
    }
    if route.right is not None:
        told["x-right"] = route.right
    if route.asks and route.method == "POST":
        form = {"type": "object", "properties": {one.name: one.schema() for one in route.query}}
        told["requestBody"] = {"required": False, "content": {FORM: {"schema": form}}}
    elif isinstance(route.body, Media):
        file = {"schema": {"type": "string", "contentEncoding": "binary"}}
        told["requestBody"] = {"required": True, "content": dict.fromkeys(route.body.types, file)}
    elif route.body is not None:
        required = any(one.required for one in msgspec.structs.fields(route.body))
        told["requestBody"] = {"required": required, "content": {"application/json": {"schema": kinds.of(route.body)}}}
    return told


def _parameters(route: Route, kinds: _Kinds) -> list[dict[str, Any]]:
    found = [
        {
            "name": name, "in": "path", "required": True,
            "schema": kinds.of(route.named[name]) if name in route.named else {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]  # fmt: skip
    for one in route.query:
        must = {"required": True} if route.method == "GET" and not isinstance(one, Whole) and one.required else {}
        found.append({"name": one.name, "in": "query", "description": one.means, **must, "schema": one.schema()})
    if route.act is not None:
        said = "Names this write: sent again under the same key it is done once, and answered the same."
        schema = {"type": "string", "maxLength": KEY_LENGTH_MAX, "pattern": "^[ -~]*$"}
        found.append({"name": "Idempotency-Key", "in": "header", "description": said, "schema": schema})
        said = "Whose wish it is, percent-encoded: where somebody else is signed in by now nothing is done (409)."
        found.append({"name": USER, "in": "header", "description": said, "schema": {"type": "string"}})
    if route.thing is not None:
        said = "The ETag of what was looked at; where it is another by now nothing is done (412)."
        schema = {"type": "string", "pattern": r'^(\*|"[!#-~]*")$'}
        found.append({"name": "If-Match", "in": "header", "description": said, "schema": schema})
    return found


def _responses(route: Route, kinds: _Kinds) -> dict[str, Any]:
    status = "204" if route.answer is None else "200"
    good: dict[str, Any] = {"description": "Done." if route.answer is None else "The answer."}
    if route.answer is not None:
        good["content"] = _content(route.answer, kinds)
    if isinstance(route.answer, type) and route.answer in tags.TAGGED:
        good["headers"] = _header("ETag", NOW)
    elif 304 in route.also:
        good["headers"] = _header("ETag", "Of this answer; send it as If-None-Match with the next question.")
    found = {status: good}
    for code, why in statuses(route).items():
        said = ", ".join(f"`{one}`" for one in why)
        content = {PROBLEM: {"schema": kinds.of(ProblemDetails)}}
        found[str(code)] = {"description": f"{HTTPStatus(code).phrase}: {said}.", "content": content} | _beside(code)
    for code, kind in route.also.items():
        known = found.setdefault(str(code), {"description": HTTPStatus(code).phrase})
        if code == 304:
            known["headers"] = good["headers"]
        if kind is not None:
            known.setdefault("content", {}).update(_content(kind, kinds))
    return found


def _beside(code: int) -> dict[str, Any]:
    """What a refusal tells in its headers."""
    if code == 412:
        return {"headers": _header("ETag", NOW)}
    if code == 429:
        return {"headers": _header("Retry-After", "In so many seconds.")}
    return {}


def _header(name: str, said: str) -> dict[str, Any]:
    return {name: {"description": said, "schema": {"type": "string"}}}


def _content(kind: Any, kinds: _Kinds) -> dict[str, Any]:
    if isinstance(kind, Media):
        return {one: {} for one in kind.types}
    return {"application/json": {"schema": kinds.of(kind)}}
