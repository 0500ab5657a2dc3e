"""The whole examination: which parts can be looked at from here, and what each of them comes to."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

import msgspec

from edge import running
from edge.asking import AskError, ask, url_of
from edge.backup import STORE
from edge.doctor import facts, judging, machine, mosquitto
from edge.doctor.facts import Facts
from edge.doctor.leaks import Look
from edge.doctor.probe import BrokerAway, BrokerRefuses, visit
from edge.mqtt import BrokerUrl, parse_url
from edge.saying import UsageError, existing, store_of
from edge.store import StoreError
from protocols.layout import parse

LOOPBACK = ("127.", "localhost", "::1")
CONF_BYTES_MAX = 1 << 20


class Asked(NamedTuple):
    """What the doctor was told: where the gateway keeps its state, and what else there is to look at."""

    state: Path
    broker: str
    credentials: Path | None
    channels: Path | None
    site: Path | None
    name: str
    broker_config: Path | None
    messages: int


def examine(asked: Asked, now_ms: int) -> Look:
    """Look at all there is; raises `UsageError` or `ValueError` for what was told wrongly."""
    url = _broker_url(asked.broker, asked.credentials)
    site = parse(existing(asked.site).read_text("utf-8"), str(asked.site)).site.id if asked.site is not None else ""
    text = _conf(asked.broker_config) if asked.broker_config is not None else None
    existing(asked.state)
    others = [path for path in (asked.site, asked.broker_config) if path is not None]
    channels = existing(asked.channels) if asked.channels is not None else None
    look = machine.examine(asked.state, asked.credentials, others, channels)
    known = _facts(asked.state, now_ms, look)
    if known is not None:
        look.add(judging.judge(known))
        site = site or known.site
    if url is None:
        look.skip("the broker", "give --broker mqtt://HOST:1883 and --credentials FILE, as `run` has them")
    else:
        look.add(_visited(url, f"{asked.name}-{site}" if site else asked.name, asked.messages))
    if text is not None:
        look.add(mosquitto.examine(text, str(asked.broker_config)))
    _say_what_was_not_told(asked, look)
    return look


def _say_what_was_not_told(asked: Asked, look: Look) -> None:
    """What nobody named can not be looked at. No visit shows what a broker keeps when it is started again."""
    if asked.broker_config is None:
        how = "give --broker-config mosquitto.conf (the broker in the box does)"
        look.skip("whether the broker keeps its queue over a restart", how)
    if asked.credentials is None:
        look.skip("who may read the broker's passwords", "give --credentials FILE, if `run` has it")
    if asked.channels is None:
        look.skip("who may read the channels' secrets", "give --channels FILE, if `run` has it")
    if asked.site is None:
        look.skip("who may write the site file", "give --site SITE.toml, as `run` has it")


def _facts(state: Path, now_ms: int, look: Look) -> Facts | None:
    """What the gateway knows of itself, running or not; None when that can not be had."""
    what = "what the gateway knows"
    if running.runs(state):
        try:
            return msgspec.convert(ask(url_of(state), state, "/api/v1/doctor"), Facts)
        except (AskError, msgspec.ValidationError) as error:
            look.skip(what, f"a gateway runs on {state}, but: {error}")
            return None
    if not (state / STORE).exists() or any(leak.code == "store_damaged" for leak in look.leaks):
        look.skip(what, "its store can not be read")
        return None
    try:
        with running.alone(state):
            store = store_of(state)
            try:
                return facts.of_store(store, now_ms)
            finally:
                store.close()
    except (UsageError, StoreError) as error:
        look.skip(what, str(error))
        return None


def _visited(url: BrokerUrl, name: str, messages: int) -> Look:
    where = f"{url.host}:{url.port}"
    look = Look()
    try:
        seen = visit(url, name, messages)
    except BrokerAway as error:
        why = "devices that keep nothing themselves lose what they send"
        look.leak("broker_away", "loses", where, str(error), why, "start it; check its address")
    except BrokerRefuses as error:
        why = "the gateway is refused too: what devices send waits, or is dropped"
        look.leak("broker_refuses", "loses", where, str(error), why, "check user and password in --credentials")
    else:
        look.add(judging.judge_visit(seen, where, url.host.startswith(LOOPBACK)))
    return look


def _broker_url(url: str, credentials: Path | None) -> BrokerUrl | None:
    """The broker to visit, with its password; the file of passwords knows its address too."""
    if credentials is None:
        return parse_url(url) if url else None
    try:
        told = tomllib.loads(existing(credentials).read_text("utf-8"))
        password = str(told["users"]["gateway"])
    except (KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise UsageError(f'{credentials} has no [users] gateway = "password"') from None
    parsed = parse_url(url or str(told.get("url", "")))
    return parsed if parsed.user else parsed._replace(user="gateway", password=password)


def _conf(path: Path) -> str:
    """A mosquitto.conf with what it includes."""
    try:
        text = existing(path).read_bytes()[:CONF_BYTES_MAX].decode("utf-8", "replace")
        for folder in mosquitto.included(text):
            for part in sorted(Path(folder).glob("*.conf")):
                text += "\n" + part.read_bytes()[:CONF_BYTES_MAX].decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{path} can not be read: {error}") from None
    return text
