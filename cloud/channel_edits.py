"""The file of channels, changed where it is edited and nowhere else: comments and order stay. tomlkit lives here, and
at the site file. Nothing of what stands in it gets into an error."""

from __future__ import annotations

from typing import Any

import tomlkit
from msgspec import Struct
from tomlkit.exceptions import TOMLKitError

from cloud import running
from cloud.channels import Channel, Channels, ChannelsError, ChannelsFile, read

FIELDS = ("url", "webhook", "secret", "language")


class Settings(Struct, frozen=True):
    """What of the file is about no channel; None: as it is. `heartbeat` "": none from now on."""

    heartbeat: str | None = None
    heartbeat_s: int | None = None
    test_day: str | None = None
    test_time: str | None = None


def put(file: ChannelsFile, name: str, channel: Channel | None) -> None:
    """Add or change a channel, or take it out (None). Raises `ChannelsError`, and then the file is as it was."""
    document = _document(file)
    if "channels" not in document:
        document["channels"] = tomlkit.table(is_super_table=True)
    channels: Any = document["channels"]
    if channel is None:
        channels.pop(name, None)
    else:
        if name not in channels:
            channels[name] = tomlkit.table()
        for field in FIELDS:
            if value := getattr(channel, field):
                channels[name][field] = value
            else:
                channels[name].pop(field, None)
    _write(file, document)


def settle(file: ChannelsFile, settings: Settings) -> None:
    """Change what is about no channel. Raises `ChannelsError`, and then the file is as it was."""
    document, defaults = _document(file), Channels()
    for field in settings.__struct_fields__:
        value = getattr(settings, field)
        if value is not None and value == getattr(defaults, field):
            document.pop(field, None)
        elif value is not None:
            document[field] = value
    _write(file, document)


def _document(file: ChannelsFile) -> tomlkit.TOMLDocument:
    if not file.path.exists():
        return tomlkit.document()
    read(file.path)
    try:
        return tomlkit.parse(file.path.read_text("utf-8"))
    except TOMLKitError:
        raise ChannelsError(f"{file.path} is laid out so that it can not be edited here; edit it by hand") from None


def _write(file: ChannelsFile, document: tomlkit.TOMLDocument) -> None:
    """What can not be used is not put in the place of what can."""
    fresh = file.path.with_name("channels.new.toml")
    try:
        running.write(fresh, document.as_string().encode())
        read(fresh)
        fresh.replace(file.path)
    except OSError as error:
        raise ChannelsError(f"{file.path} can not be written: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
