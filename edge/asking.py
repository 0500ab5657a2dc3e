"""Asking a running gateway from the command line: its own API, with the token that lies in its state folder."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

TIMEOUT_S = 10.0
URL = "http://127.0.0.1:8081"
"""Where a gateway's page is by default."""


class AskError(Exception):
    """The gateway did not do it; the message says why and what to do."""


def tell_url(state: Path, url: str) -> None:
    """Leave the address of this gateway's page where its command line finds it."""
    (state / "url").write_text(reached(url) + "\n")


def reached(url: str) -> str:
    """Where this machine itself reaches a page that listens at `url`."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:")


def url_of(state: Path) -> str:
    """The address of the gateway that last ran on this state."""
    try:
        return (state / "url").read_text().strip() or URL
    except OSError:
        return URL


def ask(url: str, state: Path, path: str, body: dict[str, Any] | None = None) -> Any:
    """GET (or, with a body, POST) `path` of the gateway at `url`; the JSON it answers with."""
    token = state / "keys" / "api-token"
    if not token.exists():
        raise AskError(f"{token} does not exist; --state names the folder of the running gateway")
    if not url.startswith(("http://", "https://")):
        raise AskError(f"{url!r} is no address of a gateway; use http://host:port")
    # The token is for this gateway only: what asks for others (a proxy of the environment) does not get it.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Authorization": f"Bearer {token.read_text().strip()}", "Content-Type": "application/json"}
    data = msgspec.json.encode(body) if body is not None else None
    try:
        request = urllib.request.Request(url.rstrip("/") + path, data, headers)
        with direct.open(request, timeout=TIMEOUT_S) as answer:
            return msgspec.json.decode(answer.read())
    except urllib.error.HTTPError as error:
        if error.code == 401:
            raise AskError(f"the gateway at {url} does not know {token}; --state must name its own folder") from None
        raise AskError(_reason(error)) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        why = getattr(error, "reason", None) or error
        raise AskError(f"no gateway answers at {url} ({why}); is it running, and is --url right?") from None
    except (msgspec.DecodeError, http.client.HTTPException, ValueError):
        raise AskError(f"what answers at {url} is no gateway; is --url right?") from None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        said = msgspec.json.decode(error.read(), type=dict[str, Any])
    except (msgspec.MsgspecError, OSError):
        said = {}
    words = [str(said[one]) for one in ("detail", "hint") if said.get(one)]
    return "; ".join(words) or f"the gateway answered {error.code}"
