"""HTTPS by a certificate of one's own: what can be used, what can not and why, and a newer one while it runs."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import ssl
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from cloud import tls
from cloud.web.app import make_app, serving
from cloud.web.live import Live
from cloud.web.sign_in import SignIn
from tests.desk import PASSWORD, MemoryAccounts, MemoryDesk, desks, snapshot

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def made(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    names = ("-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    command = ("openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *names, "-keyout", key, "-out", cert)
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


async def test_the_dashboard_speaks_https_and_takes_up_a_newer_certificate(tmp_path: Path) -> None:
    cert, key = made(tmp_path, "first")
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), tmp_path)
    given = argparse.Namespace(tls_cert=cert, tls_key=key)
    async with tls.certified(given, look_s=0.01) as certified, serving(app, tls=certified) as url:
        assert url.startswith("https://")
        ours = {"X-Requested-With": "warehouse", "Origin": url}
        trusting = ssl.create_default_context(cafile=cert)
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
            who = {"user": "bo", "password": PASSWORD}
            async with client.post(f"{url}/api/v1/session", json=who, headers=ours, ssl=trusting) as answer:
                assert answer.status == 200
                assert "Secure" in answer.headers["Set-Cookie"]

        newer, its_key = made(tmp_path, "second")
        its_key.replace(key)
        newer.replace(cert)
        trusting = ssl.create_default_context(cafile=cert)
        async with asyncio.timeout(10):
            while True:
                try:
                    async with ClientSession() as client, client.get(f"{url}/healthz", ssl=trusting) as answer:
                        assert answer.status == 200
                        return
                except OSError:
                    await asyncio.sleep(0.01)


def test_what_can_not_be_a_certificate_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (one, key), (_, other) = made(tmp_path, "one"), made(tmp_path, "other")

    with pytest.raises(ValueError, match=r"can not be used together .+ its own key"):
        tls.context(one, other)
    key.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        tls.context(one, key)
    locked = tmp_path / "locked.key"
    command = ("openssl", "pkey", "-in", other, "-aes128", "-passout", "pass:secret", "-out", locked)
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(ValueError, match="needs a password"):
        tls.context(one, locked)


async def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="both --tls-cert and --tls-key"):
        async with tls.certified(argparse.Namespace(tls_cert=tmp_path / "c.pem", tls_key=None)):
            pass


async def test_who_says_nothing_before_the_handshake_takes_no_more_places_than_others(tmp_path: Path) -> None:
    """Connections count from when they are accepted: of one address three stay of six, the newest."""
    cert, key = made(tmp_path, "own")
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), tmp_path)
    trusting = ssl.create_default_context(cafile=cert)
    async with serving(app, tls=tls.context(cert, key), connections_max=6) as url, AsyncExitStack() as inside:
        port = int(url.rpartition(":")[2])
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        for _, writer in silent:
            inside.callback(writer.close)

        for reader, _ in silent[:3]:
            assert await asyncio.wait_for(reader.read(), 5) == b""
        client = await inside.enter_async_context(ClientSession())
        async with client.get(f"{url}/healthz", ssl=trusting) as answer:
            assert answer.status == 200
        assert await asyncio.wait_for(silent[3][0].read(), 5) == b""
        async with client.get(f"{url}/metrics", ssl=trusting) as answer:
            assert "\nwarehouse_connections_refused_total 0.0\n" in await answer.text()


async def test_with_tls_who_is_turned_away_is_counted(tmp_path: Path) -> None:
    cert, key = made(tmp_path, "own")
    live = Live(snapshot())
    app = make_app(desks(MemoryDesk(live)), live, SignIn(MemoryAccounts()), tmp_path)
    trusting = ssl.create_default_context(cafile=cert)
    ours = {"X-Requested-With": "warehouse", "Expect": "100-continue"}
    async with serving(app, tls=tls.context(cert, key), connections_max=2) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]), ssl=trusting)
        head = [f"{name}: {text}" for name, text in {**ours, "Host": "depot", "Content-Length": "9"}.items()]
        writer.write("\r\n".join(["POST /api/v1/session HTTP/1.1", *head, "Origin: https://depot", "", ""]).encode())
        assert await asyncio.wait_for(reader.readline(), 5) == b"HTTP/1.1 100 Continue\r\n"

        late, its = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        assert await asyncio.wait_for(late.read(), 5) == b""

        its.close()
        writer.write(b"123456789GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        said = await asyncio.wait_for(reader.readuntil(b"\nwarehouse_connections_refused_total 1.0\n"), 5)
        assert b"HTTP/1.1 400" in said
        writer.close()
