"""The command line: `python -m edge run | broker | key | decode | replay | site`, and verbs about slots and keeping."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from edge import alone_cli, keeping_cli, recording, site_cli, slot_cli, tag_cli
from edge import broker as box
from edge.answering import answering
from edge.api import make_app, own_token, serving
from edge.asking import AskError, reached, tell_url
from edge.core.decoding import Decoder
from edge.core.household import PREFIX
from edge.core.inference import Inference
from edge.gateway import Gateway, Options
from edge.keys import own_keys
from edge.mqtt import BrokerUrl, parse_url
from edge.northbound import NorthboundOptions
from edge.running import alone
from edge.saying import UsageError, existing, json_line, say
from edge.store import StoreError
from protocols import devices as formats
from protocols.layout import LayoutError, Site, parse
from protocols.readings import Context, Decoded, Problem, Reading, TagReads
from protocols.reports import SlotLevel, StockEvent
from protocols.revision import revision

STATE = Path("var/edge")
ANSWERED_S = 0.5
"""So long after another site file was taken the gateway starts anew: whoever gave it is answered."""


def main(argv: list[str] | None = None) -> int:
    """Run one verb; 0 on success, 2 on a wrong request (one sentence on stderr)."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (UsageError, AskError, LayoutError, StoreError, ValueError, box.BrokerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        print(f"error: {where}; check the path, and whether it may be used", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edge", description="The gateway.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(run=run)
        one.add_argument("--json", action="store_true", help="print JSON lines")
        return one

    run = verb("run", _run, "Run the gateway.")
    run.add_argument("--site", type=Path, required=True, metavar="SITE.toml", help="the site file (docs/site.md)")
    run.add_argument("--state", type=Path, default=STATE, help="folder for what must last (default: %(default)s)")
    run.add_argument("--broker", default="mqtt://127.0.0.1:1883", help="mqtt[s]://host[:port] (default: %(default)s)")
    run.add_argument("--credentials", type=Path, help="TOML with [users] name = password; 'gateway' signs in with it")
    run.add_argument("--name", default="gateway", help="the gateway's name (default: %(default)s)")
    run.add_argument("--cloud", default="", metavar="tcp://HOST:PORT", help="the service; left out: work alone")
    run.add_argument("--cloud-key", type=Path, metavar="FILE", help="the service's public key")
    run.add_argument(
        "--outbox-max-mb", type=int, default=1024, metavar="MB", help="what may wait for the service (default: 1024)"
    )
    run.add_argument("--channels", type=Path, metavar="FILE", help="whom to tell of alarms while the service is away")
    run.add_argument("--northbound", default="", metavar="URL", help="tell another broker too, as a Sparkplug B node")
    run.add_argument("--northbound-credentials", type=Path, help="TOML like --credentials, for that broker")
    run.add_argument("--northbound-group", default="", help="its Sparkplug group (default: the site's id)")
    run.add_argument("--northbound-host", default="", help="tell only while this Sparkplug host application is there")
    text = "let Home Assistant find stock and alarms by its MQTT discovery, below this prefix (left out: %(const)s)"
    run.add_argument("--homeassistant", nargs="?", const=PREFIX, default="", metavar="PREFIX", help=text)
    run.add_argument("--host", default="127.0.0.1", help="address of the local page (default: %(default)s)")
    run.add_argument("--port", type=int, default=8081, help="port of the local page (default: %(default)s)")

    broker = verb("broker", _broker, "Run the broker in the box (nats-server with its MQTT listener).")
    broker.add_argument("--state", type=Path, default=Path("var"), help="its folder is STATE/broker (%(default)s)")
    broker.add_argument("--host", default="127.0.0.1", help="address of the MQTT port (default: %(default)s)")
    broker.add_argument("--port", type=int, default=1883, help="MQTT port (default: %(default)s)")
    broker.add_argument("--site", type=Path, metavar="SITE.toml", help="its [[sources]] become users too")
    text = "a user for Home Assistant, which may read below this prefix (left out: %(const)s)"
    broker.add_argument("--homeassistant", nargs="?", const=PREFIX, default="", metavar="PREFIX", help=text)

    key = verb("key", _key, "Make the gateway's keys if there are none, and print the public one.")
    key.add_argument("--state", type=Path, default=STATE)
    key.add_argument("--name", default="gateway")

    decode = verb("decode", _decode, "Decode a recording, or one payload when --topic is given.")
    decode.add_argument("--topic", help="the topic the payload came on")
    decode.add_argument("--format", choices=sorted(formats.formats()), help="use this device family")
    decode.add_argument("--site", type=Path, metavar="SITE.toml", help="decode as the gateway of this site does")
    decode.add_argument("file", metavar="FILE|-")

    replay = verb("replay", _replay, "Fold a recording without a broker; print stock events and final estimates.")
    replay.add_argument("recording", type=Path)
    replay.add_argument("--layout", type=Path, required=True, metavar="SITE.toml")
    replay.add_argument("--levels", action="store_true", help="print each change of an estimate too")

    site_cli.add(verb)
    tag_cli.add(verb, STATE)
    slot_cli.add(verb, STATE)
    alone_cli.add(verb, STATE)
    keeping_cli.add(verb, STATE)
    return parser


def _run(arguments: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    site, text = _site(arguments.site)
    if arguments.outbox_max_mb < 1:
        raise UsageError("--outbox-max-mb must be 1 at least")
    options = Options(
        site,
        arguments.state,
        _broker_url(arguments.broker, arguments.credentials),
        arguments.name,
        arguments.cloud,
        arguments.cloud_key,
        _northbound(arguments, site),
        arguments.outbox_max_mb << 20,
        arguments.channels,
        arguments.homeassistant,
        arguments.site,
        revision(text),
    )
    with alone(options.state):
        while asyncio.run(_serve(options, arguments.host, arguments.port, arguments.json)):
            gc.unfreeze()  # what the last run had made is garbage now
            options.site, text = _site(arguments.site)
            options.revision = revision(text)


def _northbound(arguments: argparse.Namespace, site: Site) -> NorthboundOptions | None:
    if not arguments.northbound:
        return None
    group = arguments.northbound_group or site.site.id
    broker = _broker_url(arguments.northbound, arguments.northbound_credentials)
    return NorthboundOptions(broker, group, arguments.name, arguments.northbound_host)


async def _serve(options: Options, host: str, port: int, as_json: bool) -> bool:
    """Work until stopped; True: it is to start anew, by another site file."""
    gateway = Gateway(options)
    token = own_token(options.state)
    app = make_app(gateway, token)
    work, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert work is not None
    stopped, anew = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        stopped.set()
        work.cancel()

    def again() -> None:
        anew.set()
        loop.call_later(ANSWERED_S, work.cancel)

    def restart() -> None:  # called by the thread that wrote the file
        loop.call_soon_threadsafe(again)

    gateway.taking.restart = restart
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        async with serving(app, host, port) as url, answering(reached(url), token) as answers:
            tell_url(options.state, url)
            print(json_line({"gateway": options.name, "url": url}) if as_json else f"gateway: {url}", flush=True)
            if gateway.uplink is not None:
                gateway.uplink.answers = answers
            await gateway.run()
    except asyncio.CancelledError:
        return anew.is_set() and not stopped.is_set()
    except OSError as error:
        raise UsageError(
            f"the local page can not use {host}:{port} ({error.strerror}); choose another --port"
        ) from None
    return False


def _broker(arguments: argparse.Namespace) -> None:
    site = _site(arguments.site)[0] if arguments.site is not None else None
    box.run(box.prepare(arguments.state, arguments.port, arguments.host, site, arguments.homeassistant))


def _key(arguments: argparse.Namespace) -> None:
    public = own_keys(arguments.state, arguments.name).public.decode()
    print(json_line({"gateway": arguments.name, "public_key": public}) if arguments.json else public)


def _decode(arguments: argparse.Namespace) -> None:
    decoder = Decoder(_site(arguments.site)[0]) if arguments.site is not None else None
    family = formats.formats().get(arguments.format or "")
    memory = family.begin(family.options()) if family is not None and family.begin is not None else None
    for at_ms, topic, payload in _payloads(arguments):
        if decoder is not None:
            found = decoder.decode(topic, payload, at_ms)
        elif family is not None:
            found = family.decode(topic, payload, Context(at_ms, memory=memory))
        else:
            found = formats.decode(topic, payload, Context(at_ms))
        for one in found:
            for line in _expand(one):
                print(json_line(line))


def _payloads(arguments: argparse.Namespace) -> Iterator[tuple[int, str, bytes]]:
    if arguments.topic is None:
        source = Path("/dev/stdin") if arguments.file == "-" else Path(arguments.file)
        for line in recording.read(existing(source)):
            yield line.at_ms, line.topic, line.bytes()
        return
    data = sys.stdin.buffer.read() if arguments.file == "-" else existing(Path(arguments.file)).read_bytes()
    yield _now_ms(), arguments.topic, data


def _expand(one: Decoded) -> Iterator[dict[str, Any]]:
    """One line a sample, tag read, status, ack or problem."""
    whole: dict[str, Any] = msgspec.to_builtins(one)
    if isinstance(one, Reading):
        for key in ("values", "step_ms"):
            whole.pop(key, None)
        for at, value in enumerate(one.values):
            yield {**whole, "at_ms": one.at_ms + at * one.step_ms, "value": value}
    elif isinstance(one, TagReads):
        whole.pop("reads", None)
        for read in one.reads:
            yield {**whole, "type": "tag", **msgspec.to_builtins(read)}
    elif isinstance(one, Problem):
        yield {"type": "problem", **{k: v for k, v in whole.items() if k != "type"}}
    else:
        yield whole


def _replay(arguments: argparse.Namespace) -> None:
    site, _ = _site(arguments.layout)
    inference = Inference(site)
    problems: dict[str, int] = {}
    said: dict[str, tuple[int | None, int, int, str]] = {}
    for outcome in recording.replay(recording.read(existing(arguments.recording)), inference):
        for problem in outcome.problems:
            problems[problem.code] = problems.get(problem.code, 0) + 1
        for report in outcome.reports:
            if type(report) is StockEvent:
                say(arguments.json, {"type": "event", **_fields(report)})
            elif type(report) is SlotLevel and arguments.levels:
                estimate = (report.count, report.low, report.high, report.reason)
                if said.get(report.slot) != estimate:
                    said[report.slot] = estimate
                    say(arguments.json, {"type": "level", **_fields(report)})
    for slot in site.slots:
        state = inference.shelves.level(slot)
        if state is None:
            empty = {"count": None, "low": 0, "high": slot.capacity, "confidence": 0.0, "reason": "no_reading"}
            say(arguments.json, {"type": "estimate", "slot": slot.id, "sku": slot.sku, **empty, "at_ms": 0})
        else:
            say(arguments.json, {"type": "estimate", **_fields(state)})
    if problems:
        say(arguments.json, {"type": "problems", **problems})


def _fields(report: Any) -> dict[str, Any]:
    return msgspec.structs.asdict(report)


def _site(path: Path) -> tuple[Site, str]:
    """A site file, and its text."""
    try:
        text = existing(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can not be read: {error}") from None
    return parse(text, str(path)), text


def _broker_url(url: str, credentials: Path | None) -> BrokerUrl:
    parsed = parse_url(url)
    if credentials is None or parsed.user:
        return parsed
    try:
        password = tomllib.loads(existing(credentials).read_text())["users"]["gateway"]
    except (KeyError, TypeError, tomllib.TOMLDecodeError):
        raise UsageError(f'{credentials} has no [users] gateway = "password"') from None
    return parse_url(url.replace("://", f"://gateway:{quote(str(password), safe='')}@", 1))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
