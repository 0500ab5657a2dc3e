"""Which scenarios there are, and what is played for each: a world, or for `real` the recordings at hand."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from firmware_sim import real
from firmware_sim.feed import Feed, Remembered
from firmware_sim.physics.refrigerator import DAY_MS
from firmware_sim.scenario import Scenario, ScenarioError, faster
from firmware_sim.site import expand, parse
from firmware_sim.warehouse import Warehouse
from protocols.layout import Site

FOLDER = Path(__file__).parent / "scenarios"
NAMES = ("demo", "small", "large", "regimes", "real")


class Stage(NamedTuple):
    """What plays: the site, its devices, and a sentence for the person who started it."""

    site: Site
    feed: Feed
    note: str = ""


def load(name: str) -> tuple[Site, Scenario | None]:
    """A site and its scenario, by name or path; `real` has none of its own."""
    if name == real.SITE:
        return real.site(real.find_data()), None
    path = FOLDER / f"{name}.toml" if name in NAMES else Path(name)
    if not path.is_file():
        raise ScenarioError(f"there is no scenario {name!r}; take {', '.join(NAMES)}, or a path to a TOML file")
    scenario = parse(path.read_text("utf-8"), str(path))
    return expand(scenario), scenario


def stage(name: str, seed: int | None, speed: float, now_ms: int, kept: Remembered) -> Stage:
    """What `run` publishes, with a buffered past that ends now."""
    site, scenario = load(name)
    if scenario is None:
        data = real.find_data()
        note = "playing the real recordings in ../shared/data"
        if data is None:
            note = "the real recordings (../shared/data) are not here, so a recording of our own simulator is played"
        return Stage(site, real.feed(data, 41 if seed is None else seed, speed, now_ms, kept.lived), note)
    past_ms = 0 if kept.lived else int(scenario.history.days * DAY_MS)
    feed = Warehouse(faster(scenario, speed), scenario.seed if seed is None else seed, now_ms - past_ms)
    return Stage(site, feed)
