"""HTTPS by a certificate of one's own: what can be used, what can not and why, and a newer one while it runs."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import ssl
import subprocess
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
