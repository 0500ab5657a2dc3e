"""What the doctor makes of what it sees: which settings, habits and figures lose data, and which do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.care.patients import CLOCK_HOURS
from edge.core.habits import REMEMBERED, Habit, Habits
from edge.doctor import judging, mosquitto
from edge.doctor.facts import Facts, OfBroker, OfDevice, OfProblem, OfService
from edge.doctor.leaks import named
from edge.doctor.probe import Visit
from edge.store import Outlook
from protocols.readings import Reading, TagReads
from protocols.uplink import VERSION
from tests.house import ROOT
from tests.unit.test_inference import SITE

NOW_MS = 1_763_762_400_000
GOOD_CONF = (ROOT / "docker" / "mosquitto.conf").read_text()


def facts(*devices: OfDevice, **known: Any) -> Facts:
    """A gateway without a fault, but for what is given."""
    healthy = Facts("demo", True, devices=[*devices], broker=OfBroker(True, "", [5000], 0))
    return msgspec.structs.replace(healthy, **known)


def device(**known: Any) -> OfDevice:
    return msgspec.structs.replace(OfDevice("shelf-1", NOW_MS, True, 0, habit=Habit(100)), **known)


def codes(known: Facts) -> list[str]:
    return [leak.code for leak in judging.judge(known).leaks]


def conf(*lines: str) -> list[str]:
    text = GOOD_CONF.replace("listener 1883\n", "listener 1883 127.0.0.1\n")
    for line in lines:
        name = line.partition(" ")[0]
        text = "\n".join(old for old in text.splitlines() if not old.startswith(f"{name} ")) + f"\n{line}\n"
    return [leak.code for leak in mosquitto.examine(text, "mosquitto.conf").leaks]


def test_a_healthy_gateway_has_no_findings() -> None:
    service, week = OfService(True, "", VERSION, 12), Outlook(1, 2, 3, 168.0, None, {}, 1, "")

    assert codes(facts(device(), service=service, outlook=week)) == []


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (facts(device(habit=Habit(100, unsure=1))), "qos_0"),
        (facts(device(numbered=False)), "no_numbers"),
        (facts(device(habit=Habit(100, unnumbered=100))), "no_numbers"),  # only its status tells of a boot
        (facts(device(lost=3)), "numbers_missing"),
        (facts(device(offset_s=-40.0)), "device_clock_off"),
        (facts(device(habit=Habit(100, mistimed=100))), "device_clock_off"),
        (facts(broker=OfBroker(False, "127.0.0.1:1883: refused", [], 0)), "broker_away"),
        (facts(broker=OfBroker(True, "", [*range(0, 60_000, 6000)], 0)), "taken_over"),
        (facts(broker=OfBroker(True, "", [5000], 2)), "session_lost"),
        (facts(service=OfService(False, "does not answer", None, None)), "service_away"),
        (facts(service=OfService(True, "", VERSION - 1, 0)), "version_skew"),
        (facts(service=OfService(True, "", VERSION, -3000)), "clock_off"),
        (facts(clock="it shows 1970"), "clock_wrong"),
        (facts(outlook=Outlook(1, 2, 3, 23.5, None, {}, 1, "")), "outbox_short"),
        (facts(outlook=Outlook(1, 2, 3, 23.5, None, {}, 1, "disk_full")), "outbox_full"),
        (facts(trouble="the store can not be written: disk full"), "store_stuck"),
        (facts(problems=[OfProblem("payload.not_json", 7, "")]), "quarantine_grows"),
        (facts(problems=[OfProblem("clock.not_believable", 60, "", used=True)]), "device_clock_off"),
        (facts(problems=[OfProblem("clock.not_believable", 60, "")]), "quarantine_grows"),  # without its time no use
    ],
)
def test_what_loses_data_is_found_and_told_with_its_reason_and_remedy(known: Facts, code: str) -> None:
    look = judging.judge(known)

    assert [leak.code for leak in look.leaks] == [code]
    (leak,) = look.leaks
    assert all((leak.where, leak.what, leak.why, leak.remedy))


def test_what_was_wrong_with_messages_that_were_used_loses_nothing() -> None:
    known = facts(problems=[OfProblem("value.coarse", 60, "", used=True)])
    assert codes(known) == []

    disbelieved = OfProblem("clock.not_believable", 60, "", used=True)
    assert codes(facts(device(habit=Habit(100, mistimed=100)), problems=[disbelieved])) == ["device_clock_off"]


def test_the_doctor_says_how_long_a_clock_takes_to_be_known() -> None:
    assert any("clocks" in one and "two full hours" in one for one in judging.judge(facts()).checked)
    assert CLOCK_HOURS == 2


def test_reconnects_long_ago_are_no_quarrel_about_a_name() -> None:
    old = [judging.CONNECTS_MS + ago_ms for ago_ms in range(1, 60_000, 6000)]

    assert codes(facts(broker=OfBroker(True, "", old, 0))) == []


def test_two_messages_do_not_make_a_habit() -> None:
    assert codes(facts(device(habit=Habit(2, unsure=2)))) == []


def test_devices_that_lose_alike_are_one_finding_that_names_a_few_of_them() -> None:
    many = [OfDevice(f"cold-{number:02}", NOW_MS, True, 1) for number in range(20)]

    look = judging.judge(facts(*many))

    assert [(leak.where, leak.what) for leak in look.leaks] == [
        ("cold-00, cold-01, cold-02, cold-03, cold-04 and 15 more", "20 messages were numbered and never came")
    ]
    assert named(["b", "a"]) == "a, b"


def test_of_a_gateway_that_is_off_the_doctor_says_what_it_could_not_see() -> None:
    look = judging.judge(Facts("demo", False, devices=[device(habit=None)]))

    assert (look.leaks, [one.why for one in look.unchecked]) == ([], ["the gateway is off"])


@pytest.mark.parametrize(
    ("visit", "local", "found"),
    [
        (Visit(may_probe=True, session_kept=True, sent=1200, came=1200, system={"dropped": "0"}), True, []),
        (Visit(may_probe=True, session_kept=False, sent=1200, came=0), True, ["no_session"]),
        (Visit(may_probe=True, session_kept=True, sent=1200, came=1020), True, ["queue_small"]),
        (Visit(system={"dropped": "17", "uptime": "900 seconds"}), True, ["broker_dropped"]),
        (Visit(anonymous=True), True, []),  # who is on this machine is trusted
        (Visit(anonymous=True), False, ["broker_open", "broker_plain"]),
        (Visit(beyond=["192.0.2.7"]), True, ["broker_plain"]),
        (Visit(tls=True), False, []),
    ],
)
def test_a_visit_to_the_broker_tells_what_it_loses(visit: Visit, local: bool, found: list[str]) -> None:
    look = judging.judge_visit(visit, "127.0.0.1:1883", local)

    assert [leak.code for leak in look.leaks] == found
    assert bool(look.unchecked) is not visit.may_probe


def test_the_mosquitto_settings_that_are_shipped_lose_nothing() -> None:
    assert conf() == []
    assert conf("persistence 1") == []  # as good as true


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("persistence false", "persistence_off"),
        ("autosave_interval 1800", "autosave_slow"),
        ("autosave_interval 0", "autosave_slow"),
        ("persistent_client_expiration 6h", "session_expires"),
        ("max_queued_messages 1000", "queue_small"),
        ("max_queued_bytes 1000000", "queue_small"),
        ("max_inflight_messages 20", "window_small"),
        ("max_packet_size 10000", "messages_cut"),
        ("listener 1883", "broker_plain"),
    ],
)
def test_a_mosquitto_setting_that_loses_data_is_named(line: str, code: str) -> None:
    assert conf(line) == [code]


def test_mosquittos_defaults_lose_data_in_three_ways() -> None:
    found = mosquitto.examine("listener 1883 127.0.0.1\n", "mosquitto.conf").leaks

    assert [leak.code for leak in found] == ["persistence_off", "queue_small", "window_small"]
    assert "default" in found[1].what


def test_a_door_without_a_password_is_found_where_others_can_reach_it() -> None:
    assert conf("allow_anonymous true") == []
    assert conf("listener 1883", "allow_anonymous true") == ["broker_open", "broker_plain"]
    assert conf("listener 1883", "allow_anonymous 1") == ["broker_open", "broker_plain"]
    assert conf("listener 8883", "certfile /etc/mosquitto/tls.crt") == []
    assert mosquitto.included("include_dir /etc/mosquitto/conf.d\n#include_dir /no") == ["/etc/mosquitto/conf.d"]


@given(st.text())
def test_any_text_is_read_as_a_configuration(text: str) -> None:
    mosquitto.examine(text, "mosquitto.conf")


def test_habits_are_counted_by_device_and_of_the_sites_devices_only() -> None:
    habits = Habits(SITE)
    sure = Reading("shelf-1", "1", "mass_g", NOW_MS, [1.0], seq=7)
    loose = Reading("cold-1", "1", "temperature_c", NOW_MS, [1.0], flags=("clock",))

    habits.hear([(sure, 1), (loose, 0), (TagReads("dock", NOW_MS, [], seq=1), 1), (loose, 1)])
    habits.hear([(Reading("stranger", "1", "mass_g", NOW_MS, [1.0]), 0)])

    assert habits.of == {"shelf-1": Habit(1), "cold-1": Habit(2, 1, 2, 2), "dock": Habit(1)}


def test_a_device_that_mends_its_ways_is_believed_in_the_end() -> None:
    habits = Habits(SITE)
    reading = Reading("shelf-1", "1", "mass_g", NOW_MS, [1.0], seq=7)

    habits.hear([(reading, 0)] * 500)
    habits.hear([(reading, 1)] * 12 * REMEMBERED)

    assert habits.of["shelf-1"].unsure == 0
    assert habits.of["shelf-1"].messages < REMEMBERED


def test_the_shipped_configuration_is_the_one_that_compose_runs() -> None:
    assert "./docker/mosquitto.conf:/mosquitto/config/mosquitto.conf" in Path(ROOT / "docker-compose.yml").read_text()
