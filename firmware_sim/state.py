"""What the simulator keeps on disk between runs: one JSON file a site, replaced whole, readable by its owner only."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import msgspec

from firmware_sim.feed import Remembered
from firmware_sim.mqtt import Address, address


class StateError(ValueError):
    """A file of the simulator can not be used; the message says which and what to do."""


def load(folder: Path, site: str) -> Remembered:
    """What a former run kept, or a blank memory."""
    path = folder / f"{site}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Remembered)
    except FileNotFoundError:
        return Remembered()
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise StateError(f"{path} can not be read ({error}); remove it to begin anew") from None


def save(folder: Path, site: str, kept: Remembered) -> None:
    """Replace the memory."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{site}.json"
    draft = path.with_suffix(".draft")
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(msgspec.json.encode(kept))
    draft.replace(path)


class Credentials(msgspec.Struct, frozen=True):
    """The broker's credentials file."""

    url: str = "mqtt://127.0.0.1:1883"
    users: dict[str, str] = {}

    def address_of(self, kind: str, url: str = "") -> Address:
        """Where and as whom a device of a kind connects; `url` overrides the file's."""
        return address(url or self.url, kind if kind in self.users else "", self.users.get(kind, ""))


def credentials(path: Path | None) -> Credentials:
    """The credentials in a file; none without one."""
    if path is None:
        return Credentials()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Credentials)
    except FileNotFoundError:
        raise StateError(
            f"credentials file {path} does not exist; start the gateway's broker first, it writes it"
        ) from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise StateError(f"credentials file {path}: {error}") from None
