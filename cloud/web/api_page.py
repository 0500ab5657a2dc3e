"""The API's document as a page to read: plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Any

from aiohttp import web

from cloud.web.roles import RIGHTS, ROLES

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;background:#fff;color:#111}"
    "h2{margin:2.5rem 0 .5rem;border-bottom:1px solid #999}h3{margin:1.5rem 0 .25rem;font-size:1rem}"
    "code{font-family:ui-monospace,monospace}body{overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-top:1px solid #ccc}"
    "#rights+table *+td,#rights+table th{overflow-wrap:normal}"
    "p{margin:.25rem 0}small{color:#444}a{color:#0b57d0}nav a{display:inline-block;padding:.2rem .6rem .2rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#121212;color:#eee}small{color:#bbb}a{color:#a8c7fa}"
    "td,th{border-color:#444}}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
_plain = html.escape


def page(document: dict[str, Any]) -> web.Response:
    """The page of a document."""
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            by_tag.setdefault(told["tags"][0], []).append(_operation(method, path, told))
    links = "".join(f'<a href="#{_plain(tag)}">{_plain(tag)}</a>' for tag in by_tag)
    routes = "".join(f'<h2 id="{_plain(tag)}">{_plain(tag)}</h2>{"".join(of)}' for tag, of in by_tag.items())
    kinds = "".join(_kind(name, schema) for name, schema in document["components"]["schemas"].items())
    about = document["info"]
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_plain(about['title'])} API</title><style>{STYLE}</style><main>"
        f"<h1>{_plain(about['title'])} API, version {_plain(about['version'])}</h1>"
        f"<p>{_plain(about['description'])}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a></p>'
        f'<nav aria-label="Sections">{links}<a href="#rights">who may what</a><a href="#types">types</a></nav>{routes}'
        f'<h2 id="rights">who may what</h2>{_rights(document)}<h2 id="types">types</h2>{kinds}'
        "</main></html>"
    )
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": POLICY})


def _rights(document: dict[str, Any]) -> str:
    """Which right each address asks for, and which roles have it."""
    rows = "".join(
        f'<tr><td><a href="#{_plain(told["operationId"])}"><code>{method.upper()} {_plain(path)}</code></a>'
        f"<td>{_plain(told.get('x-right', ''))}<td>{', '.join(_roles(told.get('x-right')))}"
        for path, operations in document["paths"].items()
        for method, told in operations.items()
    )
    return f"<table><tr><th>address<th>right<th>roles{rows}</table>"


def _roles(right: str | None) -> list[str]:
    if right is None:
        return ["everybody, signed in or not"]
    return [role for role in ROLES if right in RIGHTS[role]]


def _operation(method: str, path: str, told: dict[str, Any]) -> str:
    needs = f"right: <code>{_plain(told['x-right'])}</code>" if "x-right" in told else "open to everybody"
    rows = "".join(
        f"<tr><td><code>{_plain(one['name'])}</code> <small>{one['in']}</small><td>{_spelled(one['schema'])}"
        f"<td>{_plain(one.get('description', ''))}"
        for one in told["parameters"]
    )
    body = "".join(_content(one) for one in told.get("requestBody", {}).get("content", {}).items())
    answers = "".join(
        f"<tr><td>{code}<td>{_refs(one['description'])}<td>"
        + ("" if int(code) >= 400 else " ".join(_content(each) for each in one.get("content", {}).items()))
        for code, one in told["responses"].items()
    )
    return (
        f'<h3 id="{_plain(told["operationId"])}"><code>{method.upper()} {_plain(path)}</code></h3>'
        f"<p>{_plain(told['summary'])} <small>({needs})</small></p>"
        + (f"<table>{rows}</table>" if rows else "")
        + (f"<p>Sends {body}</p>" if body else "")
        + f"<details><summary>Answers</summary><table>{answers}</table></details>"
    )


def _content(content: tuple[str, dict[str, Any]]) -> str:
    media, told = content
    return f"<code>{_plain(media)}</code>" if "schema" not in told else _spelled(told["schema"])


def _kind(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{_plain(field)}{'' if field in required else '?'}</code><td>{_spelled(told)}"
        for field, told in schema.get("properties", {}).items()
    )
    said = _plain(" ".join(schema.get("description", "").split()))
    return f'<h3 id="{_plain(name)}"><code>{_plain(name)}</code></h3><p>{said}</p><table>{rows}</table>'


def _spelled(schema: dict[str, Any]) -> str:
    """A schema in a few words, with links to the types it names."""
    if "$ref" in schema:
        name = _plain(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}"><code>{name}</code></a>'
    if "anyOf" in schema:
        return " or ".join(_spelled(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{_plain(str(one))}</code>" for one in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_spelled(schema.get('items') or {}) if schema.get('items') is not False else 'values'}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"by name: {_spelled(schema['additionalProperties'])}"
    bounds = [schema.get(one) for one in ("minimum", "maximum")]
    return kind + (f" {bounds[0] if bounds[0] is not None else ''}..{bounds[1] if bounds[1] is not None else ''}"
                   if any(one is not None for one in bounds) else "")  # fmt: skip


def _refs(text: str) -> str:
    """A sentence with `codes` in it."""
    parts = text.split("`")
    return "".join(
        f'<a href="problems/{_plain(one)}"><code>{_plain(one)}</code></a>' if at % 2 else _plain(one)
        for at, one in enumerate(parts)
    )
