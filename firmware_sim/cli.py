"""The simulator's command line: run, record, people, phones, score, site."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from firmware_sim import recording, score, state
from firmware_sim.feed import Remembered
from firmware_sim.fleet import Fleet
from firmware_sim.mqtt import AddressError
from firmware_sim.office import Office, signed_in
from firmware_sim.phones import Phones, PhonesError
from firmware_sim.recording import RecordingError
from firmware_sim.scenario import People, ScenarioError
from firmware_sim.site import spell
from firmware_sim.stage import NAMES, Stage, load, stage
from protocols import layout
from protocols.layout import LayoutError

SAVE_EVERY_S = 5.0


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    whole = argparse.ArgumentParser(prog="python -m firmware_sim", description="The warehouse that isn't there.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    scenario_help = f"{', '.join(NAMES)}, or a path to a TOML file"

    run = commands.add_parser("run", help="publish a scenario's devices over MQTT, by the wall clock")
    run.add_argument("scenario", help=scenario_help)
    run.add_argument("--seed", type=int, help="default: the scenario's own")
    run.add_argument("--speed", type=float, default=1.0, help="everything happens so many times as often (default 1)")
    run.add_argument(
        "--broker", default="", help="mqtt[s]://[user:password@]host[:port] (default: the credentials file's)"
    )
    run.add_argument("--credentials", type=Path, help="the broker's credentials.toml")
    run.add_argument("--state", type=Path, default=Path("var/sim"), help="where the world is kept (default var/sim)")
    run.add_argument("--json", action="store_true", help="print JSON")

    record = commands.add_parser("record", help="run a scenario in virtual time into files")
    record.add_argument("scenario", help=scenario_help)
    record.add_argument("--out", type=Path, required=True, help="messages, JSON lines (.gz packs them)")
    record.add_argument("--truth", type=Path, required=True, help="what was true, JSON lines")
    record.add_argument("--seed", type=int, help="default: the scenario's own")
    record.add_argument("--minutes", type=float, help="default: the scenario's own")
    record.add_argument("--history", action="store_true", help="begin with the scenario's buffered past")
    record.add_argument("--json", action="store_true", help="print JSON")

    office = commands.add_parser("people", help="count, order and receive as a scenario's people, at a service's web")
    office.add_argument("scenario", help=scenario_help)
    office.add_argument("--service", required=True, help="the service's address, http://127.0.0.1:8080")
    office.add_argument("--sign-in", type=Path, required=True, help="a file that says NAME PASSWORD of a buyer")
    office.add_argument("--state", type=Path, default=Path("var/sim"), help="where `run` keeps the world")
    office.add_argument("--json", action="store_true", help="print JSON")

    phones = commands.add_parser("phones", help="print what a service tells its people by webhooks on this machine")
    phones.add_argument("--channels", type=Path, required=True, help="the service's channels.toml")
    phones.add_argument("--json", action="store_true", help="print JSON")

    judge = commands.add_parser("score", help="compare estimates with the truth")
    judge.add_argument("truth", type=Path, help="a truth file of `record`")
    judge.add_argument("estimates", type=Path, help='JSON lines {"slot","count","low","high","confidence","at_ms"}')
    judge.add_argument("--by-sku", action="store_true", help="also one score for each SKU")
    judge.add_argument("--json", action="store_true", help="print JSON")

    site = commands.add_parser("site", help="write the site file that gateway and service read")
    site.add_argument("scenario", help=scenario_help)
    site.add_argument("--out", type=Path, help="default: print it")
    site.add_argument("--json", action="store_true", help="print what was written as JSON")
    return whole


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0, or 2 with one sentence on what is wrong."""
    args = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="simulator: %(message)s")
    command = {
        "run": _run, "record": _record, "people": _people, "phones": _phones, "score": _score, "site": _site,
    }[args.command]  # fmt: skip
    try:
        return command(args)
    except (ScenarioError, LayoutError, RecordingError, AddressError, PhonesError, state.StateError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(args: argparse.Namespace) -> int:
    credentials = state.credentials(args.credentials)
    if not 0 < args.speed <= 1000:
        raise ScenarioError("--speed must be above 0 and at most 1000")
    now_ms = clock_ms()
    site, _ = load(args.scenario)
    kept = state.load(args.state, site.site.id)
    played = stage(args.scenario, args.seed, args.speed, now_ms, kept)
    if played.note:
        print(f"simulator: {played.note}", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_publish(played, kept, credentials, args))
    return 0


def _people(args: argparse.Namespace) -> int:
    site, scenario = load(args.scenario)
    if scenario is None or scenario.people == People():
        raise ScenarioError(f"{args.scenario} says nothing of its people")
    try:
        session = signed_in(args.service, args.sign_in)
    except ValueError:
        raise ScenarioError(f"{args.sign_in} does not say NAME PASSWORD") from None
    office = Office(scenario.people, session, lambda: state.load(args.state, site.site.id), scenario.seed)
    with contextlib.suppress(KeyboardInterrupt):
        office.work(clock_ms, _saying("people: ", args))
    return 0


def _phones(args: argparse.Namespace) -> int:
    phones = Phones(args.channels, _saying("", args))
    with contextlib.suppress(KeyboardInterrupt):
        phones.work()
    return 0


def _saying(who: str, args: argparse.Namespace) -> Callable[[str], None]:
    def say(line: str) -> None:
        if args.json:
            _say({"said": line})
        else:
            print(f"{who}{line}", flush=True)

    return say


async def _publish(played: Stage, kept: Remembered, credentials: state.Credentials, args: argparse.Namespace) -> None:
    site, broker, folder = played.site.site.id, args.broker, args.state
    messages = played.feed.begin(kept)
    # From here these boot numbers are used, whatever comes.
    boots = {id: voice.boot for id, voice in played.feed.voices.items()}
    kept.boots = boots
    state.save(folder, site, kept)
    fleet = Fleet(site, played.feed, lambda kind: credentials.address_of(kind, broker), clock_ms)
    fleet.deliver(messages)
    lived = kept.lived
    saved_s = 0.0

    def each_step() -> None:
        nonlocal lived, saved_s
        # The past is handed in when the broker has signed for it and for every device's greeting.
        lived = lived or fleet.counters["sent"] >= len(messages) + len(boots)
        if lived and time.monotonic() - saved_s > SAVE_EVERY_S:
            saved_s = time.monotonic()
            state.save(folder, site, played.feed.remember())

    async def work() -> None:
        await fleet.connect()
        past = f", handing in {len(messages):,} messages of the past" if not kept.lived and len(messages) > 1000 else ""
        where = next(iter(fleet.links.values())).where
        if args.json:
            _say({"devices": len(boots), "broker": repr(where), "site": site, "past_messages": len(messages)})
        else:
            print(f"simulator: {len(boots)} devices publishing to {where!r} as site {site}{past}", flush=True)
        await fleet.live(each_step)

    task = asyncio.create_task(work(), name="fleet")
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        await fleet.stop()
        if lived:
            state.save(folder, site, played.feed.remember())
        counters = ", ".join(f"{count:,} {name}" for name, count in fleet.counters.items())
        if args.json:
            _say(dict(fleet.counters))
        else:
            print(f"simulator: stopped; messages: {counters}", flush=True)


def _record(args: argparse.Namespace) -> int:
    _, scenario = load(args.scenario)
    if scenario is None:
        raise ScenarioError(f"{args.scenario} plays recordings itself; record a scenario with a world, such as small")
    seed = scenario.seed if args.seed is None else args.seed
    minutes = args.minutes or scenario.record_minutes
    made = recording.record(scenario, seed, minutes, args.history, args.out, args.truth)
    if args.json:
        about = {"messages": made.messages, "truths": made.truths, "devices": made.devices, "slots": made.slots}
        print(msgspec.json.encode(about | {"site": str(made.site_file), "seed": seed, "minutes": minutes}).decode())
    else:
        print(
            f"recorded {made.messages:,} messages of {made.devices} devices over {minutes:g} minutes (seed {seed});"
            f" truth: {made.truths:,} lines; site file: {made.site_file}"
        )
    return 0


def _score(args: argparse.Namespace) -> int:
    rows = recording.read_rows(args.truth)
    about = rows[0].get("truth") if rows else None
    if not isinstance(about, dict):
        raise RecordingError(
            f"{args.truth} is no truth file: its first line must say what it is; make one with `record`"
        )
    messages, site_file = args.truth.with_name(about["recording"]), args.truth.with_name(about["site"])
    anchor, site = {}, None
    if site_file.exists():
        site = layout.parse(site_file.read_text("utf-8"), str(site_file))
        anchor = score.naive(site, recording.read(messages)) if messages.exists() else {}
    true = score.stretches(rows[1:], int(about["end_ms"]))
    said = score.estimates(recording.read_rows(args.estimates))
    result = score.score(true, said, anchor)
    skus: dict[str, score.Score] = {}
    if args.by_sku:
        if site is None:
            raise RecordingError(f"{site_file} is missing; --by-sku needs the site file beside the truth")
        groups: dict[str, list[score.Stretch]] = {}
        for stretch in true:
            groups.setdefault(site.slot_by_id[stretch.slot].sku, []).append(stretch)
        skus = {sku: score.score(group, said, anchor) for sku, group in sorted(groups.items())}
    if args.json:
        whole = msgspec.structs.asdict(result) | ({"skus": skus} if skus else {})
        print(msgspec.json.encode(whole).decode())
        return 0
    print(f"{about['scenario']}, seed {about['seed']}: {result.stretches} settled stretches")
    for name, value in msgspec.structs.asdict(result).items():
        if name != "stretches":
            print(f"  {name.replace('_', ' '):<20} {_share(value)}")
    if skus:
        print(f"  {'SKU':<20} {'n':>6} {'exact':>7} {'naive':>7} {'claimed':>7} {'right':>7} {'inside':>7}")
    for sku, one in skus.items():
        shares = (one.exact, one.naive_exact, one.claimed, one.right_when_claimed, one.coverage)
        print(f"  {sku:<20} {one.stretches:>6} " + " ".join(f"{_share(value):>7}" for value in shares))
    return 0


def _say(line: dict[str, object]) -> None:
    print(msgspec.json.encode(line).decode(), flush=True)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _site(args: argparse.Namespace) -> int:
    site, _ = load(args.scenario)
    text = spell(site)
    if args.out is None:
        print(msgspec.json.encode(site).decode() if args.json else text, end="\n" if args.json else "")
        return 0
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(text, "utf-8")
    about = {"site": site.site.id, "zones": len(site.zones), "skus": len(site.skus), "slots": len(site.slots)}
    about |= {"devices": len(site.devices), "out": str(args.out)}
    if args.json:
        print(msgspec.json.encode(about).decode())
    else:
        print(f"wrote {args.out}: {len(site.slots)} slots, {len(site.skus)} SKUs, {len(site.devices)} devices")
    return 0


def clock_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000
