"""What stands in a request's address: declared once, read by the same declaration."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from aiohttp import web
from msgspec import Meta

from cloud.web.desk import NotFound
from cloud.web.replies import Refusal

TIME_MS_MAX = 2**53
NUMBER_MAX = 2**31 - 1
"""The numbers of things end there."""
Number = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]


class Whole(NamedTuple):
    """A whole number of the query. Without a default, what is left out is the handler's to say."""

    name: str
    means: str
    default: int | None
    least: int = 0
    most: int = TIME_MS_MAX

    def of(self, request: web.Request, default: int = 0) -> int:
        """The number that was sent, else the default; raises `Refusal` for anything else."""
        text = request.query.get(self.name, "")
        if not text:
            return default if self.default is None else self.default
        if text.isascii() and text.isdigit() and len(text) <= 18 and self.least <= int(text) <= self.most:
            return int(text)
        hint = f"send one from {self.least} to {self.most}"
        raise Refusal(400, "bad_request", f"`{self.name}` is not a whole number", hint)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it."""
        told = {"type": "integer", "minimum": self.least, "maximum": self.most}
        return told if self.default is None else told | {"default": self.default}


class Text(NamedTuple):
    """A text of the query; where there are `choices`, one of them."""

    name: str
    means: str
    default: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    length_max: int = 200

    def of(self, request: web.Request) -> str:
        """The text that was sent, else the default; raises `Refusal` for what can not be meant."""
        text = request.query.get(self.name, "")
        if self.choices and text not in ("", *self.choices):
            hint = f"use {self.name}={'|'.join(self.choices)}"
            raise Refusal(400, "bad_request", f"`{self.name}` is none of what can be asked for", hint)
        if "\0" in text:
            raise Refusal(400, "bad_request", f"there is a character 0 in `{self.name}`", "send plain text")
        if len(text) > self.length_max or (self.required and not text):
            hint = f"send {1 if self.required else 0} to {self.length_max} characters"
            raise Refusal(400, "bad_request", f"`{self.name}` is {'too long' if text else 'missing'}", hint)
        return text or self.default

    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it."""
        told: dict[str, Any] = {"type": "string"}
        told |= {"enum": [*self.choices]} if self.choices else {"maxLength": self.length_max}
        return told | ({"default": self.default} if self.default else {})


class Texts(NamedTuple):
    """Texts of the query: its name comes once for each."""

    name: str
    means: str
    most: int
    length_max: int = 200
    required: bool = False

    def of(self, request: web.Request) -> list[str]:
        """The texts that were sent; raises `Refusal` for what can not be meant."""
        texts = [one for one in request.query.getall(self.name, []) if one]
        hint = f"send `{self.name}` up to {self.most} times, of up to {self.length_max} characters"
        if len(texts) > self.most or any("\0" in one or len(one) > self.length_max for one in texts):
            raise Refusal(400, "bad_request", f"`{self.name}` is too long, or too many", hint)
        if self.required and not texts:
            raise Refusal(400, "bad_request", f"`{self.name}` is missing", hint)
        return texts

    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it."""
        return {"type": "array", "items": {"type": "string", "maxLength": self.length_max}, "maxItems": self.most}


Query = Whole | Text | Texts


def number(request: web.Request, noun: str) -> int:
    """The number that names a thing in the path; raises `NotFound` for what is none."""
    text = request.match_info["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) <= NUMBER_MAX):
        raise NotFound(f"there is no {noun} {text[:100]!r}", f"{noun}s are numbered; their list shows all there are")
    return int(text)
