"""What people do to devices in the field, and see of it: who speaks and is not known, who stands at which place, what a
device says just now, messages that could not be used, a calibration on its way. Values of a gateway's own API that the
service passes on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.topics import Kind

Text = Annotated[str, Meta(max_length=200)]
REPLAYED_AT_ONCE = 200
Do = Literal["tare", "calibrate", "teach"]
Step = Literal["calm", "measured", "stored", "refused"]
"""`calm`: it is waited until the scale is at rest; `measured`: it was, and what it showed is being used."""


class Met(Struct):
    """Something that speaks and has no place at the site: where (`source`, "" for our own format), what it calls
    itself, since when, how often, and what it told last by quantity, so that people know it again. `kind` is what it
    looks like, "" where nothing tells; `fits`: the kinds of place it may take by what it measures, empty where nothing
    tells. Of one that was refused: when, by whom and why."""

    source: str
    address: str
    first_ms: int
    at_ms: int
    messages: int = 0
    kind: Kind | Literal[""] = ""
    says: dict[str, float] = {}
    channels: list[str] = []
    refused_ms: int = 0
    refused_by: str = ""
    why: str = ""
    fits: list[Kind] = []


class Enrolment(Struct, frozen=True):
    """Who is to stand at a place of the site file: the device that calls itself `address` at `source`. It counts from
    `approved_ms` on (0: it waits for that). `was` is who stood there before, "" for nobody; `said` what the site file
    named then (source, address): when that is edited, the newer word holds and this is dropped."""

    device: str
    source: str
    address: str
    asked_ms: int
    asked_by: str
    said: tuple[str, str]
    was: str = ""
    approved_ms: int = 0
    approved_by: str = ""


class DeviceCard(Struct, frozen=True):
    """A place of the site file and how the device is that stands there, as its gateway knows it. Times by the gateway's
    clock, 0 for never: `seen_ms` when it last spoke, `changed_ms` when what it says last changed. `lost_pct`: of the
    messages of its latest starts. `clock_ms`: how far its clock is ahead. `calibrated_ms`: when its slots were last
    tared or calibrated by hand, and why that is `due`."""

    id: str
    name: str
    kind: Kind
    zone: str
    slots: list[str]
    source: str
    address: str
    state: Literal["ok", "silent", "offline", "unseen"]
    seen_ms: int
    changed_ms: int
    lost: int
    lost_pct: float | None
    duplicates: int
    late: int
    battery_pct: float | None
    rssi_dbm: float | None
    firmware: str
    clock_ms: int
    findings: list[str]
    calibrated_ms: int = 0
    due: Literal["", "replaced", "drift"] = ""
    enrolment: Enrolment | None = None


class DeviceCards(Struct, frozen=True):
    """Some of a gateway's devices, by id; `next` is to be sent as `after` for those that follow, "" behind the last."""

    items: list[DeviceCard]
    next: str


class Field(Struct, frozen=True):
    """Who was met, latest first, who was refused, and which enrolments there are; how many of each are remembered, and
    how many are told at once."""

    strangers: list[Met]
    refused: list[Met]
    enrolments: list[Enrolment]
    strangers_max: int
    refused_max: int
    told_max: int


class Enrol(Struct, frozen=True, tag_field="do", tag="enrol", forbid_unknown_fields=True):
    """Somebody who was met is to stand at the place `device` of the site file; it waits to be approved."""

    address: Annotated[str, Meta(min_length=1, max_length=200)]
    device: Text
    source: Text = ""


class Approve(Struct, frozen=True, tag_field="do", tag="approve", forbid_unknown_fields=True):
    """From now on it stands there. Where another one did, that one is replaced."""

    device: Text


class Release(Struct, frozen=True, tag_field="do", tag="release", forbid_unknown_fields=True):
    """The enrolment of this place is dropped: the site file holds again."""

    device: Text


class Refuse(Struct, frozen=True, tag_field="do", tag="refuse", forbid_unknown_fields=True):
    """This one is none of ours: what it says is dropped and told no more."""

    address: Text
    source: Text = ""
    why: Text = ""


class Admit(Struct, frozen=True, tag_field="do", tag="admit", forbid_unknown_fields=True):
    """It was refused by mistake."""

    address: Text
    source: Text = ""


FieldAction = Enrol | Approve | Release | Refuse | Admit


class TailLine(Struct, frozen=True):
    """A message as it came: its first bytes as text (what is none as \\x..), its size, and of whom it told; secrets in
    it are blotted out. `bad`: the code why it could not be used."""

    number: int
    at_ms: int
    topic: str
    text: str
    size: int
    devices: list[str]
    bad: str = ""


class Tail(Struct, frozen=True):
    """What came since `after`: it is kept only while somebody looks. `skipped`: how many more came than are kept of a
    second; `gone`: how many were pushed out before they were asked for."""

    lines: list[TailLine]
    next: int
    skipped: int
    gone: int
    lines_max: int
    rate_max: int


class Kept(Struct, frozen=True):
    """A message in quarantine: why, and its first bytes as text. `whole`: all of it is kept and nothing of it was used,
    so that it can be replayed; `replayed_ms`: when it was, 0 for never."""

    id: int
    at_ms: int
    code: str
    device: str
    topic: str
    detail: str
    hint: str
    text: str
    whole: bool
    replayed_ms: int


class Quarantine(Struct, frozen=True):
    """Messages that could not be used, latest first: how many are kept, how many of these could be replayed and how
    often it ever occurred, by code; how many messages, and bytes of each, are kept at most. `next` is sent as `before`
    for older ones, 0 behind the oldest."""

    items: list[Kept]
    next: int
    held: dict[str, int]
    replayable: dict[str, int]
    ever: dict[str, int]
    held_max: int
    bytes_max: int


class Replay(Struct, frozen=True, forbid_unknown_fields=True):
    """Read these messages again: by their numbers, or the oldest of a `code`, as many at once."""

    ids: Annotated[list[int], Meta(max_length=REPLAYED_AT_ONCE)] = []
    code: Annotated[str, Meta(max_length=100)] = ""


class Unread(Struct, frozen=True):
    """A message that stays in quarantine, and why: the problem it has by now; `gone`, as it is not kept any more;
    `not_whole`, as some of it was used, or not all of it was kept; `replayed` before; `nothing`, as it measured
    nothing."""

    id: int
    code: str
    why: str


class Replayed(Struct, frozen=True):
    """What came of a replay: messages used and taken out of quarantine, their readings, how many of these were known
    already or older than what is known, which messages stay, and how many of the code could still be replayed."""

    used: int
    readings: int
    duplicates: int
    late: int
    stays: list[Unread]
    left: int = 0


class Run(Struct):
    """A tare, calibration or lesson on its way at a slot: what was asked for, by whom, which step it is at, since when,
    until when it waits; what the scale shows (None while it is not at rest); in the end what came of it, or why not:
    in a word or a sentence, and the same as `told` (see `edge/core/cannot.py`)."""

    slot: str
    do: Do
    by: str
    step: Step
    begun_ms: int
    step_ms: int
    until_ms: int
    shown_g: float | None = None
    measured_g: float | None = None
    result: dict[str, float] = {}
    why: str = ""
    told: dict[str, str | float] = {}


class LastRun(Struct, frozen=True):
    """The last run at a slot since its gateway's start, None where there was none."""

    run: Run | None
