"""HTTPS for the dashboard: which certificate, and taking up a newer one while the service runs."""

from __future__ import annotations

import argparse
import asyncio
import logging
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

log = logging.getLogger(__name__)

LOOK_S = 60.0


def add(serve: argparse.ArgumentParser) -> None:
    """The options of `serve`."""
    text = "certificate (PEM, with what lies between it and the CA); the dashboard then speaks HTTPS alone"
    serve.add_argument("--tls-cert", type=Path, metavar="FILE", help=text)
    serve.add_argument("--tls-key", type=Path, metavar="FILE", help="its private key (PEM, without a password)")
    text = "have browsers forget what starts the page without a network"
    serve.add_argument("--no-offline-start", action="store_true", help=text)


def context(cert: Path, key: Path) -> ssl.SSLContext:
    """A server's TLS by these files, 1.2 or newer. Raises `ValueError` for what can not be used, `OSError` for what can
    not be read."""
    if key.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ValueError(f"{key} can be read by everybody on this machine: run `chmod 600 {key}`")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(made, cert, key)
    return made


@asynccontextmanager
async def certified(arguments: argparse.Namespace, look_s: float = LOOK_S) -> AsyncIterator[ssl.SSLContext | None]:
    """The TLS that was asked for, None for none; files that change meanwhile are taken up for new connections."""
    cert, key = arguments.tls_cert, arguments.tls_key
    if (cert is None) != (key is None):
        raise ValueError("HTTPS needs both --tls-cert and --tls-key")
    if cert is None or key is None:
        yield None
        return
    made = context(cert, key)
    work = asyncio.create_task(_renew(made, cert, key, look_s))
    try:
        yield made
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _renew(made: ssl.SSLContext, cert: Path, key: Path, look_s: float) -> None:
    seen = _marks(cert, key)
    while True:
        await asyncio.sleep(look_s)
        marks = _marks(cert, key)
        if marks == seen:
            continue
        seen = marks
        try:
            _load(made, cert, key)
            log.info("the certificate in %s was taken up", cert)
        except (OSError, ValueError) as error:
            log.warning("the certificate in %s can not be used, the one before stays: %s", cert, error)


def _load(made: ssl.SSLContext, cert: Path, key: Path) -> None:
    def ask() -> str:
        raise ValueError(f"{key} needs a password: give a key without one (openssl pkey -in {key} -out ...)")

    try:
        made.load_cert_chain(cert, key, ask)
    except ssl.SSLError as error:
        why = error.reason or "no certificate in it"
        what = f"{cert} and {key} can not be used together ({why})"
        raise ValueError(f"{what}: give a PEM certificate and its own key") from None


def _marks(*paths: Path) -> list[tuple[int, int]]:
    with suppress(OSError):
        return [(one.stat().st_mtime_ns, one.stat().st_size) for one in paths]
    return []
