// The units of what a gateway measures. Pure.

const UNITS: Record<string, string> = {
  temperature_c: "Cel", humidity_pct: "%", mass_g: "g", mass_change_g: "g", pressure_hpa: "hPa", power_w: "W", energy_wh: "Wh", voltage_v: "V", current_a: "A",
  frequency_hz: "Hz", vibration_g: "g₀", vibration_mm_s: "mm/s", battery_pct: "%", rssi_dbm: "dBm", tags_dbm: "dBm",
};

/** "" where it has none. */
export const unitOf = (quantity: string): string => UNITS[quantity] ?? "";
