"""The gateway's own CURVE key pair, made on first run. The public half is what the service must allow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import zmq.auth

from protocols.topics import LEVEL


class Keys(NamedTuple):
    """A CURVE key pair in Z85."""

    public: bytes
    secret: bytes


def own_keys(state: Path, gateway: str) -> Keys:
    """The gateway's keys under `state/keys`, generated (0600) when there are none; `ValueError` for a bad name."""
    if not LEVEL.match(gateway):
        raise ValueError(f"{gateway!r} can not name a gateway: use 1-64 of A-Z a-z 0-9 _ -")
    folder = state / "keys"
    secret_file = folder / f"{gateway}.key_secret"
    if not secret_file.exists():
        for private in (state, folder):  # `parents` would make the state folder one that all can read
            private.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = os.umask(0o177)
        try:
            zmq.auth.create_certificates(folder, gateway)
        finally:
            os.umask(before)
    return Keys(*_load(secret_file))


def service_key(path: Path) -> bytes:
    """The service's public key from the file it was given in; raises `ValueError` with what to do."""
    hint = "copy it from <service state>/keys/service.key"
    if not path.exists():
        raise ValueError(f"not connected: the service's public key {path} is missing: {hint}")
    try:
        return _load(path)[0]
    except (OSError, ValueError) as error:
        raise ValueError(f"not connected: the service's public key {path} can not be read ({error}): {hint}") from None


def _load(path: Path) -> tuple[bytes, bytes]:
    public, secret = zmq.auth.load_certificate(path)
    return public, secret or b""
