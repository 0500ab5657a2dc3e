"""The dashboard's files, as `hatch_build.py` wrote them: one page at `/` and at `/wall`, and under `/assets/` what it
loads.

All the page's views are behind the `#` of its one address. Files with a hash in their name never change under it.
"""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from cloud.web.routing import Media, Route, get

HASHED = re.compile(r".+-[0-9A-Z]{8}\.[a-z0-9]+")
OTHERS = ("api/", "grafana/", "assets/", "public/")
"""What no page is below."""
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Dashboard not built</title>
<h1>The dashboard is not built</h1>
<p>The service runs, but its pages were not found. Build them in the project's folder with
<code>python hatch_build.py</code>, then load this page again.
Meanwhile the API answers: <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a></p>
</html>
"""


def build_of(static: Path) -> str:
    """The name of the build in this folder, for `Snapshot.v`: open pages of another build load themselves anew."""
    try:
        return (static / "version.txt").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def led(request: web.Request) -> web.Response | None:
    """Where a browser goes that was sent to an address of no page: below the `#` of the one there is, which has that
    page or says that there is none. None for programs, and below the addresses that are theirs."""
    path = request.rel_url.raw_path.strip("/")
    if request.method != "GET" or path.startswith(OTHERS) or "text/html" not in request.headers.get("Accept", ""):
        return None
    up = "../" * (request.rel_url.raw_path.count("/") - 1) or "./"
    return web.Response(status=303, headers={"Location": f"{up}wall" if path == "wall" else f"{up}#/{path}"})


class Pages:
    """The page and its files. aiohttp sends NAME.gz instead of NAME where it is there and welcome."""

    def __init__(self, static: Path, *, offline: bool = True) -> None:
        self._offline = offline
        self._static = static.resolve()
        self._assets = self._static / "assets"

    def routes(self) -> list[Route]:
        """All of them."""
        page = Media(("text/html",))
        return [
            get("/", self.index, None, page),
            get("/wall", self.wall, None, page),
            get("/public/{link}", self.public, None, page),
            get("/sw.js", self.worker, None, Media(("text/javascript",))),
            get("/manifest.webmanifest", self.manifest, None, Media(("application/manifest+json",))),
            get("/assets/{name}", self.file, None, Media(("*/*",))),
        ]

    async def index(self, _: web.Request) -> web.StreamResponse:
        """The page."""
        return self._page("index.html")

    async def wall(self, _: web.Request) -> web.StreamResponse:
        """The page as it hangs on a wall: the overview alone, for who can not touch it."""
        return self._page("index.html")

    async def public(self, _: web.Request) -> web.StreamResponse:
        """The small page of a group of customers; which group, its link says."""
        return self._page("public.html")

    async def worker(self, _: web.Request) -> web.StreamResponse:
        """What starts the page without a network in a browser; or what takes that back."""
        return self._whole("sw.js" if self._offline else "goodbye.js", "text/javascript")

    async def manifest(self, _: web.Request) -> web.StreamResponse:
        """What a phone needs to know to keep the page like an app."""
        return self._whole("manifest.webmanifest", "application/manifest+json")

    async def file(self, request: web.Request) -> web.StreamResponse:
        """One of its files; the folder is flat, so a name with a slash (or a zero) in it is none of them."""
        name = request.match_info["name"]
        if "/" in name or "\\" in name or "\0" in name or len(name) > 200:
            raise web.HTTPNotFound
        path = (self._assets / name).resolve()
        if path.parent != self._assets or not path.is_file():
            raise web.HTTPNotFound
        return _sent(path, "public, max-age=31536000, immutable" if HASHED.fullmatch(name) else "no-cache")

    def _page(self, name: str) -> web.StreamResponse:
        page = self._static / name
        if not page.is_file():
            return web.Response(status=503, text=NOT_BUILT, content_type="text/html")
        return _sent(page, "no-cache")

    def _whole(self, name: str, kind: str) -> web.StreamResponse:
        path = self._static / name
        if not path.is_file():
            raise web.HTTPNotFound
        headers = {"Cache-Control": "no-cache"}
        return web.Response(body=path.read_bytes(), content_type=kind, headers=headers)


def _sent(path: Path, caching: str) -> web.FileResponse:
    return web.FileResponse(path, headers={"Cache-Control": caching, "Vary": "Accept-Encoding"})
