"""The pages and files the service hands out, and requests answered with no server running."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from cloud.web.app import answer, make_app, serving
from cloud.web.live import Live
from cloud.web.pages import build_of
from cloud.web.sign_in import SignIn
from tests.contract.web_service import Web, error_of
from tests.desk import MemoryAccounts, MemoryDesk, desks, snapshot


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/stock", "/assets/nothing.js", "/assets/app-ABCD1234.js"])
async def test_every_answer_carries_the_security_headers(web: Web, path: str) -> None:
    client = await web.client()

    async with client.get(path) as response:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Referrer-Policy" in response.headers
        assert "Server" not in response.headers


async def test_the_page_is_asked_for_anew_and_hashed_files_are_for_good(web: Web) -> None:
    client = await web.client()

    for path in ("/?fresh", "/wall"):
        async with client.get(path) as response:
            assert "Depot" in await response.text()
            assert response.headers["Cache-Control"] == "no-cache"
    async with client.get("/assets/notes.txt") as response:
        assert response.headers["Cache-Control"] == "no-cache"
    async with client.get("/assets/app-ABCD1234.js") as response:
        assert await response.text() == "let a = 1"
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    async with client.get("/assets/gone-ABCD1234.js") as response:
        assert await error_of(response) == (404, "unknown")
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "there"),
    [("/map", "./#/map"), ("/wall/", "../wall"), ("/no/such", "../#/no/such"), ("/a%2f<x>", "./#/a%2F%3Cx%3E")],
)
async def test_a_browser_at_no_page_is_led_to_the_one_that_says_so(web: Web, path: str, there: str) -> None:
    client = await web.client()

    async with client.get(path, headers={"Accept": "text/html,*/*;q=0.8"}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, there)
        assert "Content-Security-Policy" in response.headers
    async with client.get(path, allow_redirects=False) as response:
        assert await error_of(response) == (404, "unknown")
    async with client.get(f"/api/v1{path}", headers={"Accept": "text/html"}, allow_redirects=False) as response:
        assert await error_of(response) == (404, "unknown")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/assets/../../secret.txt", "/assets/..%2fsecret.txt", "/assets/%2e%2e", "/assets/a%00.js"],
)
async def test_nothing_outside_the_folder_is_served(web: Web, path: str) -> None:
    parts = urlsplit(web.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())

    told = await asyncio.wait_for(reader.read(), 10)
    writer.close()

    assert told.split()[1] in (b"400", b"404")
    assert b"not for the web" not in told


async def test_a_dashboard_that_is_not_built_says_how_to(tmp_path: Path) -> None:
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), tmp_path / "absent")

    status, body = await answer(app, "/")

    assert status == 503
    assert b"python hatch_build.py" in body
    assert build_of(tmp_path / "absent") == ""


def test_the_build_names_itself(static: Path) -> None:
    assert build_of(static) == "1f2e"


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/stock", 200), ("/metrics", 200), ("/api/v1/slots/nowhere", 404)]
)
async def test_one_request_can_be_answered_with_no_server_running(static: Path, path: str, status: int) -> None:
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), static)

    told = await answer(app, path)

    assert told[0] == status
    assert told[1]


async def test_what_is_no_path_is_not_asked_for(static: Path) -> None:
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), static)

    with pytest.raises(ValueError, match="slash"):
        await answer(app, "@elsewhere.example/")


@pytest.mark.parametrize("offline", [True, False])
async def test_the_worker_is_asked_for_anew_each_time_and_can_be_taken_back(tmp_path: Path, offline: bool) -> None:
    for name in ("sw.js", "goodbye.js", "manifest.webmanifest"):
        (tmp_path / name).write_text(f"this is {name}")
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), tmp_path, offline=offline)

    async with serving(app) as url, ClientSession() as client:
        async with client.get(f"{url}/sw.js") as response:
            assert await response.text() == f"this is {'sw.js' if offline else 'goodbye.js'}"
            assert (response.content_type, response.headers["Cache-Control"]) == ("text/javascript", "no-cache")
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
        async with client.get(f"{url}/manifest.webmanifest") as response:
            assert response.content_type == "application/manifest+json"
