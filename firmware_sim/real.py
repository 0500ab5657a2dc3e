"""The scenario `real`: public recordings of real shelves, a gate, a freezer and a shop, spoken as native devices.

The data is not part of the project; it is looked for beside it, in `../shared/data`. Without it a recording of the
simulator's own is played. What is not in the data is made up here, and said: the units' masses of the shop's articles,
and the reference of the gate's signal strength (the reader gave relative power).
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import Counter, defaultdict
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from firmware_sim.feed import Feed, Several
from firmware_sim.physics.refrigerator import DAY_MS
from firmware_sim.playback import Item, Playback, items_of
from firmware_sim.recording import read, site_file_of
from firmware_sim.scenario import Article, History, Pace, Scenario, Shelves, Zone, faster
from firmware_sim.site import expand, spell
from firmware_sim.warehouse import Warehouse
from protocols import layout

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = Path(__file__).parent / "recordings" / "small.jsonl.gz"
SITE = "real"
NEEDED = (
    "loadcell/session_5shelves_60hz.csv.gz",
    "rfid/gate_reads.csv.gz",
    "coldchain/freezer_1min.csv.gz",
    "demand/online_retail_daily.csv.gz",
    "demand/online_retail_skus.csv.gz",
)
SHOP_SKUS = 12
SHOP_DAYS = 28
SESSION_UNITS_G = {1: 400.0, 2: 324.7, 3: 400.0, 4: 466.7, 5: 394.5}
"""What the session's true events took from a shelf; 400 g where nobody took anything."""
SESSION_PERIOD_MS = 180_000
GATE_PAUSE_MS = 20_000
GATE_MESSAGE_MS = 500
GATE_REFERENCE_DBM = -95.0
MINUTE_MS = 60_000


def find_data(project: Path = PROJECT) -> Path | None:
    """The folder of real data beside the project, if it is there and whole."""
    folder = project.parent / "shared" / "data"
    return folder if all((folder / name).is_file() for name in NEEDED) else None


def site(data: Path | None) -> layout.Site:
    """The site of the real devices, or of the shipped recording."""
    if data is None:
        own = layout.parse(site_file_of(SHIPPED).read_text("utf-8"), str(site_file_of(SHIPPED)))
        return msgspec.structs.replace(own, site=layout.About(SITE, "Recorded shop"))
    shop = expand(_shop(data))
    first_g = {shelf: float(np.mean(grams[:60])) for shelf, grams in _session(data).items()}
    skus, slots, devices = list(shop.skus), list(shop.slots), list(shop.devices)
    for shelf, unit_g in SESSION_UNITS_G.items():
        sku, device = f"session-{shelf}", f"shelf-session-{shelf}"
        count = int(first_g[shelf] // unit_g)
        tare_g = round(first_g[shelf] - count * unit_g, 1)
        skus.append(layout.Sku(sku, f"Goods of recorded shelf {shelf}", unit_g, 0.02))
        slots.append(layout.Slot(f"S{shelf}", "session", sku, device, "1", max(count, 1), tare_g))
        devices.append(layout.Device(device, "shelf", "session", f"Recorded shelf {shelf}", noise_g=2.0))
    zones = [
        *shop.zones,
        layout.Zone("session", "Recorded shelves"),
        layout.Zone("gate", "Recorded gate"),
        layout.Zone("freezer", "Recorded freezer", -25.0, -10.0),
    ]
    devices.append(layout.Device("reader-gate", "rfid", "gate", "Warehouse gate", outer=[1], inner=[2]))
    devices.append(layout.Device("climate-freezer", "climate", "freezer", "Freezer thermometer", "refrigerator"))
    return layout.parse(spell(layout.Site(shop.site, zones, skus, slots, devices)), "scenario real")


def feed(data: Path | None, seed: int, speed: float, now_ms: int, lived: bool) -> Feed:
    """The devices of the real data, or of the shipped recording."""
    if data is None:
        recorded = list(read(SHIPPED))
        kinds, items = items_of(recorded, recorded[0][0])
        return Playback(SITE, kinds, items, recorded[-1][0] - recorded[0][0] + 1000, now_ms, speed=speed)
    shop = faster(_shop(data), speed)
    past_ms = 0 if lived else int(shop.history.days * DAY_MS)
    shelves = {f"shelf-session-{shelf}": "shelf" for shelf in SESSION_UNITS_G}
    passes, passes_ms = _gate_items(data)
    past, week = _freezer_items(data)
    return Several(
        [
            Warehouse(shop, seed, now_ms - past_ms),
            Playback(SITE, shelves, _session_items(data), SESSION_PERIOD_MS, now_ms, speed=speed),
            Playback(SITE, {"reader-gate": "rfid"}, passes, passes_ms, now_ms, speed=speed),
            Playback(SITE, {"climate-freezer": "climate"}, week, len(week) // 2 * MINUTE_MS, now_ms, past),
        ]
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _session(data: Path) -> dict[int, list[float]]:
    rows = _rows(data / NEEDED[0])
    return {shelf: [float(row[f"shelf{shelf}_raw_g"]) for row in rows] for shelf in SESSION_UNITS_G}


def _session_items(data: Path) -> list[Item]:
    """60 Hz in blocks of six are 10 samples a second; after the session its last second stands."""
    items = []
    for shelf, grams in _session(data).items():
        blocks = np.array(grams[: len(grams) // 60 * 60]).reshape(-1, 10, 6).mean(axis=2).round(2).tolist()
        times_ms = [1000 * (i + 1) for i in range(len(blocks))]
        rest_ms = range(times_ms[-1] + 5000, SESSION_PERIOD_MS, 5000)
        said = [*zip(times_ms, blocks, strict=True), *((at_ms, blocks[-1]) for at_ms in rest_ms)]
        for at_ms, values in said:
            body: dict[str, object] = {"unit": "g", "step_ms": 100, "values": values}
            items.append(Item(at_ms, f"shelf-session-{shelf}", body, 900))
    return items


def _gate_items(data: Path) -> tuple[list[Item], int]:
    """The gate passes one after the other; the reads of half a second make a message."""
    items: list[Item] = []
    start_ms = 1000
    for _, group in groupby(_rows(data / NEEDED[1]), key=lambda row: row["session"]):
        sights = []
        for row in group:
            if row["code"] == "1" and row["epc"]:
                moment = datetime.strptime(row["timestamp"] + "+0000", "%Y/%m/%d %H:%M:%S.%f%z")
                rssi_dbm = round(GATE_REFERENCE_DBM + 10 * math.log10(max(float(row["rssi"]), 1.0)), 1)
                read = {"epc": row["epc"], "antenna": int(row["antenna"]) + 1, "rssi": rssi_dbm}
                sights.append((int(moment.timestamp() * 1000), read))
        if not sights:
            continue
        sights.sort(key=lambda sight: sight[0])
        zero_ms = sights[0][0]
        for window, seen in groupby(sights, key=lambda sight: (sight[0] - zero_ms) // GATE_MESSAGE_MS):
            since_ms = zero_ms + window * GATE_MESSAGE_MS
            reads = [read | {"at": at_ms - since_ms} for at_ms, read in seen]
            sent_ms = start_ms + (window + 1) * GATE_MESSAGE_MS
            items.append(Item(sent_ms, "reader-gate", {"unit": "dBm", "reads": reads}, GATE_MESSAGE_MS))
        start_ms += sights[-1][0] - zero_ms + GATE_PAUSE_MS
    return items, start_ms


def _freezer_items(data: Path) -> tuple[list[Item], list[Item]]:
    """The week as a past in batches, and again, minute by minute, from now on."""
    rows = _rows(data / NEEDED[2])
    past, week = [], []
    for unit, column in (("Cel", "temperature_c"), ("%RH", "humidity_pct")):
        values = [float(row[column]) for row in rows]
        for i in range(0, len(values), 1000):
            body: dict[str, object] = {"unit": unit, "step_ms": MINUTE_MS, "values": values[i : i + 1000]}
            past.append(Item(0, "climate-freezer", body, (len(values) - i) * MINUTE_MS))
        week += [
            Item(i * MINUTE_MS, "climate-freezer", {"unit": unit, "value": value}) for i, value in enumerate(values)
        ]
    return sorted(past, key=lambda item: -item.age_ms), week


@lru_cache(maxsize=1)
def _shop(data: Path) -> Scenario:
    """Shelves of a shop that sells what Online Retail sold: the mix of articles is real day by day, the pace ours."""
    daily: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _rows(data / NEEDED[3]):
        daily[row["sku"]][row["date"]] += max(0, int(float(row["units"])))
    dates = sorted({date for sold in daily.values() for date in sold})[-SHOP_DAYS:]
    about = {row["StockCode"]: row for row in _rows(data / NEEDED[4])}
    sold_on = {sku: sum(date in sold for date in dates) for sku, sold in daily.items() if sku in about}
    mean = {sku: sum(daily[sku][date] for date in dates) / len(dates) for sku in sold_on}
    usual = sorted((sku for sku in sold_on if 4 <= mean[sku] <= 30), key=lambda sku: (-sold_on[sku], sku))[:SHOP_SKUS]
    articles = [
        Article(
            sku.replace(" ", "_"),
            about[sku]["desc"].strip().capitalize(),
            # The data knows no masses: evenly over the logarithm, 60 to 500 g.
            unit_mass_g=round(60.0 * (500.0 / 60.0) ** (i / (SHOP_SKUS - 1)), 1),
            capacity=50,
            pick_units=3.0,
            daily=[float(daily[sku][date]) for date in dates],
            unit_cost=float(about[sku]["price"]),
        )
        for i, sku in enumerate(usual)
    ]
    picks_per_hour = sum(mean[sku] for sku in usual) / 3.0 / 24
    return Scenario(
        layout.About(SITE, "Real recordings", "UTC", "GBP"),
        [Zone("shop", "Shop shelves")],
        seed=41,
        skus=articles,
        shelves=[Shelves("shop", "R", 3, 4)],
        pace=Pace(picks_per_hour=300, hands_per_hour=10),
        history=History(14, Pace(picks_per_hour, restock_at=0.3, restock_delay_s=(600, 3600))),
    )
