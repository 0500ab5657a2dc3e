"""Units as devices write them -> our quantity, and the factor and offset to its unit."""

from __future__ import annotations

from typing import get_args

from protocols.readings import Quantity

Conversion = tuple[Quantity, float, float]

UNITS: dict[str, Conversion] = {
    **{quantity: (quantity, 1.0, 0.0) for quantity in get_args(Quantity)},
    "kg": ("mass_g", 1000.0, 0.0),
    "g": ("mass_g", 1.0, 0.0),
    "mg": ("mass_g", 0.001, 0.0),
    "t": ("mass_g", 1e6, 0.0),
    "lb": ("mass_g", 453.59237, 0.0),
    "oz": ("mass_g", 28.349523125, 0.0),
    "Cel": ("temperature_c", 1.0, 0.0),
    "degF": ("temperature_c", 5.0 / 9.0, -160.0 / 9.0),
    "K": ("temperature_c", 1.0, -273.15),
    "%RH": ("humidity_pct", 1.0, 0.0),
    "hPa": ("pressure_hpa", 1.0, 0.0),
    "Pa": ("pressure_hpa", 0.01, 0.0),
    "kPa": ("pressure_hpa", 10.0, 0.0),
    "bar": ("pressure_hpa", 1000.0, 0.0),
    "mmHg": ("pressure_hpa", 1.333223874, 0.0),
    "psi": ("pressure_hpa", 68.94757293, 0.0),
    "inHg": ("pressure_hpa", 33.86388667, 0.0),
    "W": ("power_w", 1.0, 0.0),
    "kW": ("power_w", 1000.0, 0.0),
    "Wh": ("energy_wh", 1.0, 0.0),
    "kWh": ("energy_wh", 1000.0, 0.0),
    "mWh": ("energy_wh", 0.001, 0.0),
    "J": ("energy_wh", 1.0 / 3600.0, 0.0),
    "V": ("voltage_v", 1.0, 0.0),
    "mV": ("voltage_v", 0.001, 0.0),
    "A": ("current_a", 1.0, 0.0),
    "mA": ("current_a", 0.001, 0.0),
    "Hz": ("frequency_hz", 1.0, 0.0),
    "kHz": ("frequency_hz", 1000.0, 0.0),
    "g0": ("vibration_g", 1.0, 0.0),
    "m/s2": ("vibration_g", 1.0 / 9.80665, 0.0),
    "mm/s": ("vibration_mm_s", 1.0, 0.0),
    "in/s": ("vibration_mm_s", 25.4, 0.0),
    "%": ("battery_pct", 1.0, 0.0),
    "dBm": ("rssi_dbm", 1.0, 0.0),
    "cdBm": ("rssi_dbm", 0.01, 0.0),
}
"""unit -> (quantity, factor, offset): our value = value * factor + offset. A quantity's own name converts to itself.
`g` is a gram; acceleration in multiples of standard gravity is `g0`. `%` alone is a battery."""

SPELLINGS: dict[str, str] = {
    "%EL": "%",
    "°C": "Cel",
    "C": "Cel",
    "degC": "Cel",
    "celsius": "Cel",
    "°F": "degF",
    "F": "degF",
    "fahrenheit": "degF",
    "lbs": "lb",
    "LB": "lb",
    "LBS": "lb",
    "KG": "kg",
    "Kg": "kg",
    "G": "g",
    "OZ": "oz",
    "gram": "g",
    "grams": "g",
    "%rH": "%RH",
    "RH": "%RH",
    "mbar": "hPa",
    "mb": "hPa",
    "m/s²": "m/s2",
    "m/s^2": "m/s2",
    "kwh": "kWh",
    "KWH": "kWh",
}
"""Other ways to write the same unit."""


def conversion(unit: str) -> Conversion | None:
    """How to come from a unit, as a device writes it, to one of our quantities; None when it is not known."""
    unit = unit.strip()
    return UNITS.get(unit) or UNITS.get(SPELLINGS.get(unit, ""))
