"""What a gateway knows of itself that the doctor wants to know: asked of a running one (`GET /api/v1/doctor`), or read
from the store of one that is off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

from edge import memory
from edge.clock import Clock
from edge.core.care import health
from edge.core.habits import Habit, Habits
from edge.core.inference import Inference
from edge.mqtt import Mqtt
from edge.store import Outlook, Store
from edge.uplink import Uplink
from protocols.uplink import VERSION

HOUR_MS = 3_600_000
PROBLEMS = 1000
"""The latest entries of the quarantine that are looked at."""
USED = frozenset({"value.coarse", "epc.looks_like_hex"})
"""Problems of messages that were used all the same."""
DOUBTED, RECEIPT = "clock.not_believable", "the time of receipt is used"
"""The problem of a time that was not believed, and what its detail says where only that time was not used. (Of what a
device kept back, nothing is left without its time.)"""


class OfDevice(Struct):
    """One device. `habit`: None where the gateway has not heard it since it began. `offset_s`: its clock is off by so
    much; None when it is not, or has none."""

    id: str
    seen_ms: int
    numbered: bool
    lost: int
    offset_s: float | None = None
    habit: Habit | None = None


class OfBroker(Struct):
    """The connection to the broker: whether it is up, how long ago the last ones were made, how often our session was
    gone."""

    connected: bool
    why: str
    connects_ago_ms: list[int]
    sessions_lost: int


class OfService(Struct):
    """The link to the service; None for what it has not said."""

    connected: bool
    why: str
    version: int | None
    clock_offset_ms: int | None


class OfProblem(Struct):
    """One kind of message that something was wrong with: how many came in the last hour (of the latest `PROBLEMS`).
    `used`: what it measured was taken all the same, and nothing is lost."""

    code: str
    count: int
    hint: str
    used: bool = False


class Facts(Struct):
    """What is known. `clock`: what is wrong with this machine's clock. `trouble`: what the store can not do now.
    `broker`, `service`: None where the gateway is off, or has none."""

    site: str
    running: bool
    clock: str = ""
    version: int = VERSION
    devices: list[OfDevice] = field(default_factory=list)
    problems: list[OfProblem] = field(default_factory=list)
    broker: OfBroker | None = None
    service: OfService | None = None
    trouble: str = ""
    outlook: Outlook | None = None


class InStore(NamedTuple):
    """What a running gateway's store has to say; it is asked in the store's own thread."""

    recorded_ms: int
    problems: list[dict[str, object]]
    outlook: Outlook


def ask_store(store: Store, now_ms: int) -> InStore:
    """Ask a store that is in use."""
    return InStore(store.recorded_ms, store.problems(PROBLEMS)[1], store.outlook(now_ms))


def of_store(store: Store, now_ms: int) -> Facts:
    """What the store of a gateway that is off holds; raises `StoreError`."""
    inference, told = memory.reopen(store.restore()), ask_store(store, now_ms)
    return Facts(
        inference.site.site.id,
        False,
        Clock(told.recorded_ms).why,
        devices=_devices(inference, {}),
        problems=_problems(told.problems, now_ms),
        outlook=told.outlook,
    )


def of_gateway(
    inference: Inference,
    habits: Habits,
    mqtt: Mqtt,
    uplink: Uplink | None,
    in_store: InStore,
    trouble: str,
    clock: Clock,
) -> Facts:
    """What a running gateway knows."""
    now_ms = clock.now_ms()
    wall_ms = now_ms - clock.ahead_ms()
    service = None
    if uplink is not None:
        service = OfService(uplink.connected, uplink.why, uplink.service_version, uplink.clock_offset_ms)
    return Facts(
        inference.site.site.id,
        True,
        clock.why,
        devices=_devices(inference, habits.of),
        problems=_problems(in_store.problems, now_ms),
        broker=OfBroker(mqtt.connected, mqtt.why, [wall_ms - at_ms for at_ms in mqtt.connects_ms], mqtt.sessions_lost),
        service=service,
        trouble=trouble,
        outlook=in_store.outlook,
    )


def _devices(inference: Inference, habits: Mapping[str, Habit]) -> list[OfDevice]:
    told = []
    for device in inference.site.devices:
        state = inference.devices.get(device.id)
        if state is not None and state.pulse.seen_ms:
            pulse, off = state.pulse, state.clock.open
            offset_s = off.evidence.get("offset_s") if off is not None else None
            told.append(
                OfDevice(
                    device.id, pulse.seen_ms, bool(pulse.boots), health.lost(pulse), offset_s, habits.get(device.id)
                )
            )
    return told


def _problems(latest: Iterable[Mapping[str, Any]], now_ms: int) -> list[OfProblem]:
    found: dict[tuple[str, bool], OfProblem] = {}
    for one in latest:
        if now_ms - one["at_ms"] <= HOUR_MS:
            code = one["code"]
            used = code in USED or (code == DOUBTED and RECEIPT in one["detail"])
            found.setdefault((code, used), OfProblem(code, 0, one["hint"], used)).count += 1
    return sorted(found.values(), key=lambda one: -one.count)
