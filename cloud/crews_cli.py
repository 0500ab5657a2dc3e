"""`python -m cloud channels`: how people are reached; and the crews put to a service's side."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from cloud import channels, notify
from cloud.channels import Channel, ChannelsError, ChannelsFile
from cloud.desks.alerting import Alerting
from cloud.desks.channelling import tried
from cloud.desks.crewing import Crewing
from cloud.stores.ledger import Ledger
from protocols.layout import Site

Verb = Callable[[str, Any, str], argparse.ArgumentParser]
Sited = Callable[[argparse.ArgumentParser], argparse.ArgumentParser]


def add(verb: Verb, with_site: Sited, serve: argparse.ArgumentParser) -> None:
    """The verb, and the option of `serve`."""
    text = "where people reach the dashboard, for the links in messages (left out: there are none)"
    serve.add_argument("--public-url", default="", metavar="URL", help=text)
    made = verb("channels", run, "How people are told of alerts: list the channels, add one, try one.")
    what = made.add_mutually_exclusive_group()
    text = "an Apprise URL or, with --webhook, a web address; it is asked for, or read from stdin"
    what.add_argument("--add", metavar="NAME", help=text)
    what.add_argument("--test", metavar="NAME", help="send a test")
    made.add_argument("--webhook", action="store_true", help="with --add: a webhook; its new secret is printed, once")


def attach(
    site: Site, alerting: Alerting, ledger: Ledger, ready: Callable[[], list[str]], arguments: argparse.Namespace
) -> Crewing:
    """The crews of a service: from now on they are told of what it judges, once they are `working`. Raises
    `ValueError`."""
    public_url = getattr(arguments, "public_url", "")
    if public_url and not public_url.startswith(("http://", "https://")):
        raise ValueError(f"--public-url {public_url!r} is no http(s) URL; give it as people open the dashboard")
    made = Crewing(site, alerting, ledger, alerting.on_disk, ChannelsFile(arguments.state), _now_ms, public_url)
    made.well = lambda: not ready()
    made.load()
    return made


def run(arguments: argparse.Namespace) -> int:
    """List, add or try. Raises `ChannelsError`."""
    if arguments.add:
        return _add(arguments)
    path = arguments.state / channels.NAME
    found = channels.read(path) if path.exists() else channels.Channels()
    if arguments.test:
        return _test(arguments, found)
    for name, channel in found.channels.items():
        said = {"channel": name, "kind": channel.kind}
        print(msgspec.json.encode(said).decode() if arguments.json else f"{name:20}  {channel.kind}")
    if not arguments.json:
        beat = f"every {found.heartbeat_s} s" if found.heartbeat else "none"
        test = f"{found.test_day} {found.test_time}" if found.test_day else "none"
        print(f"{len(found.channels)} channels in {path}; heartbeat: {beat}; test day: {test}")
    return 0


def _add(arguments: argparse.Namespace) -> int:
    prompt = "Web address: " if arguments.webhook else "Apprise URL: "
    given = (getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    secret = channels.new_secret() if arguments.webhook else ""
    made = Channel(webhook=given, secret=secret) if arguments.webhook else Channel(url=given)
    if made.url and not notify.is_known(made.url):
        raise ChannelsError("that is no URL that Apprise knows; its list of services says how each is written")
    arguments.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    channels.add(arguments.state, arguments.add, made)
    said = {"channel": arguments.add, "kind": made.kind} | ({"secret": secret} if secret else {})
    text = f"{arguments.add} ({made.kind}) is added" + (f"; its secret, for the receiver: {secret}" if secret else "")
    print(msgspec.json.encode(said).decode() if arguments.json else text)
    return 0


def _test(arguments: argparse.Namespace, found: channels.Channels) -> int:
    channel = found.channels.get(arguments.test)
    if channel is None:
        raise ChannelsError(f"there is no channel {arguments.test!r}; there are {', '.join(found.channels) or 'none'}")
    why = asyncio.run(tried(channel, f"test-{_now_ms()}"))
    said = {"channel": arguments.test, "delivered": not why, "why": why}
    text = f"{arguments.test}: {f'not delivered: {why}' if why else 'delivered'}"
    print(msgspec.json.encode(said).decode() if arguments.json else text)
    return 1 if why else 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
