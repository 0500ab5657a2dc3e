"""CURVE keys: the service's own pair, and the list of gateways allowed to connect.

`<state>/keys/service.key` is the public half that gateways need; `<state>/gateways/<name>.key` holds the public key of
the gateway of that name. The list is read at every handshake, so a new gateway needs no restart.
"""

from __future__ import annotations

import os
from pathlib import Path

import zmq.auth
from zmq.utils.z85 import Z85CHARS

from protocols.topics import LEVEL

SERVICE = "service"
KEY_CHARACTERS = 40
"""Of a CURVE key in Z85, in which nearly every character means something to a shell."""


def own_keys(state: Path) -> tuple[bytes, bytes]:
    """The service's public and secret key, generated (0600) when there are none."""
    folder = state / "keys"
    secret_file = folder / f"{SERVICE}.key_secret"
    if not secret_file.exists():
        for private in (state, folder):  # `parents` would make the state folder one that all can read
            private.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = os.umask(0o177)
        try:
            zmq.auth.create_certificates(folder, SERVICE)
        finally:
            os.umask(before)
    public, secret = zmq.auth.load_certificate(secret_file)
    assert secret is not None
    return public, secret


def public_key(given: str) -> str:
    """The key in a gateway's public key file, or `given` itself where it is no file."""
    path = Path(given)
    try:
        if not path.is_file():
            return given
        return zmq.auth.load_certificate(path)[0].decode()
    except (OSError, ValueError) as error:
        raise ValueError(f"{given} holds no public key ({error}); give <gateway state>/keys/<name>.key") from None


def allow(state: Path, gateway: str, public_key: str) -> Path:
    """Let a gateway in; raises `ValueError` for a bad name or key. The file that says so."""
    if not LEVEL.match(gateway):
        raise ValueError(f"{gateway!r} can not name a gateway: use 1-64 of A-Z a-z 0-9 _ -")
    key = public_key.strip()
    if len(key) != KEY_CHARACTERS or not set(key.encode()) <= set(Z85CHARS):
        raise ValueError("a gateway's public key is 40 characters: print it with `python -m edge key`")
    folder = state / "gateways"
    for private in (state, folder):
        private.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{gateway}.key"
    path.write_text(key + "\n")
    path.chmod(0o600)
    return path


def allowed(state: Path) -> dict[bytes, str]:
    """The gateways that may connect: public key -> name."""
    folder = state / "gateways"
    return {path.read_bytes().strip(): path.stem for path in sorted(folder.glob("*.key"))}
