"""The simulated machine: it works by turns, and a bearing that wears is told by its vibration first."""

import msgspec
import numpy as np
import pytest

from cloud.core.maintenance.machines import Channels
from firmware_sim.devices.climate import Meter
from firmware_sim.feed import Remembered
from firmware_sim.physics.machine import DAY_MS, Drive, Machine, Wear, advance, power_w, temperature_c, vibration_mm_s
from firmware_sim.scenario import Scenario
from firmware_sim.stage import load
from firmware_sim.warehouse import Warehouse
from protocols.devices import decode
from protocols.readings import Context, Reading
from tests.unit.test_sim_world import START_MS, small

MINUTE_MS = 60_000


def lived(wear: Wear | None, days: int) -> tuple[list[float], list[float], list[float]]:
    """Vibration, temperature and power of each minute in which it works, of the last day."""
    machine = Machine(Drive(), 20.0, 0, wear=wear)
    told: tuple[list[float], list[float], list[float]] = ([], [], [])
    for minute in range(days * 1440):
        advance(machine, minute * MINUTE_MS)
        if machine.running and minute >= (days - 1) * 1440:
            for values, of in zip(told, (vibration_mm_s, temperature_c, power_w), strict=True):
                values.append(of(machine))
    return told


def test_it_works_and_rests_by_turns_and_cools_down_meanwhile() -> None:
    machine = Machine(Drive(), 20.0, 0)
    running, warm = [], []
    for minute in range(1440):
        advance(machine, minute * MINUTE_MS)
        running.append(machine.running)
        warm.append(temperature_c(machine))

    assert np.mean(running) == pytest.approx(2 / 3, abs=0.01)
    assert max(warm) - 20.0 < 30.0
    assert min(warm[120:]) < max(warm[120:]) - 5.0


def test_a_bearing_that_wears_shakes_first_and_costs_little_power() -> None:
    new, worn = lived(None, 11), lived(Wear(0, 0.05), 11)

    assert np.mean(worn[0]) > 1.8 * np.mean(new[0])
    assert np.mean(worn[1]) > np.mean(new[1]) + 3.0
    assert 1.02 < np.mean(worn[2]) / np.mean(new[2]) < 1.08


def test_it_is_the_same_however_the_time_is_cut() -> None:
    one, other = (Machine(Drive(), 20.0, 0, wear=Wear(DAY_MS, 0.1)) for _ in range(2))

    advance(one, 3 * DAY_MS)
    for hour in range(73):
        advance(other, hour * 3_600_000)

    assert temperature_c(one) == pytest.approx(temperature_c(other))


def test_what_a_machine_says_is_understood() -> None:
    told = {"id": "fan", "zone": small().zones[0].id, "name": "Fan"}
    wear = {"kind": "wear", "device": "fan", "percent_per_day": 5}
    scenario = msgspec.convert(msgspec.to_builtins(small()) | {"machines": [told], "faults": [wear]}, Scenario)
    warehouse = Warehouse(scenario, 1, START_MS)

    messages = warehouse.begin(Remembered(lived=True)) + warehouse.advance(START_MS + MINUTE_MS)

    said = [one for one in messages if one.device == "fan" and one.topic.endswith("machine")]
    read = [one for message in said for one in decode(message.topic, message.payload, Context(message.at_ms))]
    assert all(isinstance(one, Reading) for one in read)
    told_of = {one.quantity for one in read if isinstance(one, Reading)}
    assert told_of == {"power_w", "current_a", "vibration_mm_s", "temperature_c"}
    assert warehouse.faults()[0]["fault"] == "wear"


def test_the_demos_fan_is_told_to_wear_by_the_end_of_its_history() -> None:
    scenario = load("demo")[1]
    assert scenario is not None
    [fault] = [one for one in scenario.faults if one.kind == "wear"]
    fan = Warehouse(scenario, 1, START_MS).devices[fault.device]
    assert isinstance(fan, Meter)
    fan.batch, fan.period_ms, fan.next_ms = scenario.history.batch, scenario.history.period_s * 1000, START_MS
    end_ms = START_MS + int(scenario.history.days * DAY_MS)
    messages = []
    while fan.next_ms < end_ms:
        messages += fan.tick(fan.next_ms)
    messages += fan.go_live(end_ms)

    read = [one for told in messages for one in decode(told.topic, told.payload, Context(told.at_ms))]
    samples = [
        (one.at_ms + at * one.step_ms, f"{one.channel}/{one.quantity}", value)
        for one in read
        if isinstance(one, Reading)
        for at, value in enumerate(one.values)
    ]
    channels = Channels()
    for at_ms, name, value in sorted(samples):
        channels.step(name, at_ms, value)

    [wear] = channels.kept.wears.values()
    assert wear.since_ms > START_MS + fault.from_day * DAY_MS
    assert wear.left is not None
    worn_out_days = 1 / (fault.percent_per_day / 100) - (scenario.history.days - fault.from_day)
    assert wear.left[0] < worn_out_days < wear.left[2]
