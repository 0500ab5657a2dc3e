"""The rules of the mapper as a site file writes them, checked when it is read.

A rule says where a value lies (protocols/parsing/paths.py), what it means and under which condition. Whatever can not
work raises `ValueError` with one sentence, which the site file's reader passes on with the place.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.parsing.fields import check_unit
from protocols.parsing.moments import is_zone
from protocols.parsing.paths import place_of
from protocols.parsing.payloads import Channel

RULES_MAX = 256
Text = Annotated[str, Meta(max_length=200)]


def _check(*texts: str) -> None:
    for text in texts:
        place_of(text)


class Only(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition: what lies at `path` says one of `equals` (as text, the way JSON writes it)."""

    path: Text
    equals: Annotated[list[str | bool | int | float], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Raises `ValueError` for a path that can not be read."""
        _check(self.path)


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """One value: value * factor + offset in `unit`; `words` are numbers for texts, `absent` numbers that mean none.

    The unit `text` makes a notice, `online` a status of the device (1: it is there).
    """

    path: Text
    unit: str = "raw"
    channel: Channel = "1"
    channel_path: Text = ""
    unit_path: Text = ""
    each: Text = ""
    device: Text = ""
    time: Text = ""
    only: Only | None = None
    factor: float = 1.0
    offset: float = 0.0
    words: dict[str, float] = {}
    absent: list[float] = []

    def __post_init__(self) -> None:
        """Raises `ValueError` for an unknown unit or a path that can not be read."""
        if self.unit not in ("text", "online"):
            check_unit(self.unit)
        _check(self.path, self.channel_path, self.unit_path, self.each, self.device, self.time)


class Tags(Struct, frozen=True, forbid_unknown_fields=True):
    """Tag reads: where the EPC (hex) lies, and what is known beside it. `rssi_factor`: 0.01 for hundredths of dBm."""

    epc: Text
    each: Text = ""
    antenna: Text = ""
    rssi: Text = ""
    rssi_factor: float = 1.0
    tid: Text = ""
    direction: Text = ""
    device: Text = ""
    time: Text = ""
    only: Only | None = None

    def __post_init__(self) -> None:
        """Raises `ValueError` for a path that can not be read."""
        _check(self.epc, self.each, self.antenna, self.rssi, self.tid, self.direction, self.device, self.time)


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """How messages are cut into items (`each`), whose and when they are, and the rules.

    Lines: `columns` name their parts (or `header`: the first line does), `pairs` parts name and value within each.
    Paths count from the item; from the message where they begin with `$`. `time` may be several, put together.
    """

    form: Literal["json", "lines"] = "json"
    separator: Annotated[str, Meta(pattern=r"""^[^"\x00\r\n]$""")] = ","
    columns: list[Text] = []
    header: bool = False
    pairs: Annotated[str, Meta(max_length=1)] = ""
    envelope: Literal["", "cloudevents"] = ""
    each: Text = ""
    device: Text = ""
    time: Text | list[Text] = ""
    time_format: Text = ""
    timezone: str = ""
    historical: Only | None = None
    values: Annotated[list[Value], Meta(max_length=RULES_MAX)] = []
    tags: Annotated[list[Tags], Meta(max_length=RULES_MAX)] = []

    def __post_init__(self) -> None:
        """Raises `ValueError` with one sentence for whatever can not work."""
        if not self.values and not self.tags:
            raise ValueError("the mapper needs at least one rule under values or tags")
        if self.form == "lines" and not (self.columns or self.header or self.pairs):
            raise ValueError('form = "lines" needs columns, header = true or pairs')
        _check(self.each, self.device, *([self.time] if isinstance(self.time, str) else self.time))
        if self.timezone and not is_zone(self.timezone):
            raise ValueError(f"timezone {self.timezone!r} is not known; write one like 'Europe/Berlin'")
        if self.time_format and not shaped(_SAMPLE.strftime(self.time_format), self.time_format):
            raise ValueError(f"time_format {self.time_format!r} can not be read; write one like '%d.%m.%Y %H:%M:%S'")


_SAMPLE = datetime(2025, 11, 21, 22, 14, 9)


def shaped(text: str, form: str) -> str:
    """A time written in `form` (of strptime) as ISO 8601; "" when it is none."""
    try:
        return datetime.strptime(text, form).isoformat()
    except (ValueError, re.error):
        return ""
