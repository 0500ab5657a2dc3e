"""A small simulated refrigerator, many at once: air and goods, thermostat, defrosts, doors, weather. Test data only."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
STEP_S = 20


def simulate(seed: int, count: int, days: int, fault_day: float = 1e9, loss_a_day: float = 0.0) -> tuple[Array, Array]:
    """Measured air and outside temperature a minute, shape (minutes, count). Capacity shrinks by `loss_a_day` of
    what is left, each day from `fault_day` on (the fault of all devices)."""
    rng = np.random.default_rng(seed)

    def between(low: float, high: float) -> Array:
        return rng.uniform(low, high, count)

    set_c, band_c = between(2.5, 5.0), between(1.2, 3.0)
    leak_h, duty = between(0.15, 0.4), between(0.3, 0.55)  # air's heat gain, 1/h a K; duty at lift 18
    capacity_h = leak_h * 18 / duty
    goods_h, goods_share = between(0.2, 0.8), between(0.02, 0.08)
    derating, noise_c, lag_s = between(0.0, 0.015), between(0.02, 0.08), between(30, 240)
    defrost_every_s, defrost_s, doors_h = between(6, 12) * 3600, between(600, 1500), between(0.2, 2.0)
    swing_c, weather_c, phase = between(0.5, 3.0), rng.normal(0, 1, count), between(0, 1)
    air, goods, sensor, on = set_c.copy(), set_c.copy(), set_c.copy(), np.zeros(count, dtype=bool)
    measured, outside = np.empty((days * 1440, count)), np.empty((days * 1440, count))
    open_until_s = np.zeros(count)
    hours = STEP_S / 3600
    for i in range(days * 86400 // STEP_S):
        now_s = i * STEP_S
        if now_s % 3600 == 0:
            weather_c += -0.01 * weather_c + 0.3 * rng.normal(0, 1, count)
            hour = now_s // 3600 % 24
            shop_open = 7 <= hour < 20
            opened = rng.random((180, count)) < (doors_h * hours if shop_open else doors_h * hours * 0.05)
            ambient = 21 + weather_c + swing_c * np.sin(2 * np.pi * (hour - 9) / 24)
            left = (1 - loss_a_day) ** max(0.0, now_s / 86400 - fault_day)
            pull = capacity_h * left * (1 - derating * (ambient - 21))
        open_until_s = np.where(opened[i % 180], now_s + rng.exponential(25, count), open_until_s)
        defrosting = (now_s + phase * defrost_every_s) % defrost_every_s < defrost_s
        on = ~defrosting & np.where(on, air > set_c - band_c / 2, air > set_c + band_c / 2)
        gain = leak_h * (ambient - air) + goods_h * (goods - air) + np.where(now_s < open_until_s, 25, 0)
        air = air + hours * (gain - pull * on + 12 * defrosting)
        goods = goods + hours * goods_h * goods_share * (air - goods)
        sensor = sensor + (air - sensor) * (1 - np.exp(-STEP_S / lag_s))
        if now_s % 60 == 0:
            measured[now_s // 60] = np.round((sensor + rng.normal(0, 1, count) * noise_c) / 0.0625) * 0.0625
            outside[now_s // 60] = ambient + rng.normal(0, 0.2, count)
    return measured, outside
