"""The command line: `python -m cloud serve | stock | alerts | plan | get PATH | read FILE | allow | account`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cloud import (
    accounts_cli,
    backtest_cli,
    book_cli,
    cold_cli,
    completeness_cli,
    crews_cli,
    documents_cli,
    export_cli,
    keeping_cli,
    keys,
    planning_cli,
    prognose_cli,
    running,
    schedule_cli,
    site_cli,
    tls,
    watch_cli,
    work_cli,
)
from cloud.desks.channelling import ChannelsDesk
from cloud.desks.crewing import Crewing
from cloud.desks.crews import Crews
from cloud.desks.site_editing import SiteEditing
from cloud.desks.site_sharing import SiteSharing
from cloud.ledger_accounts import LedgerAccounts
from cloud.ledger_answers import LedgerAnswers
from cloud.service import Options, Service
from cloud.stores.history import HistoryUnavailable
from cloud.stores.ledger import LedgerUnavailable
from cloud.uplink import Uplink
from cloud.web.app import Desks, answer, make_app, serving, wall_clock_ms
from cloud.web.door import widen
from cloud.web.pages import build_of
from cloud.web.sign_in import SignIn
from protocols.layout import LayoutError, parse

STATE = Path("var/cloud")
STATIC = Path(__file__).parent / "web" / "static"


class UsageError(Exception):
    """What the person asked for can not be done; the message says why and what to do."""


def main(argv: list[str] | None = None) -> int:
    """Run one verb; 0 on success, 2 on a wrong request (one sentence on stderr)."""
    arguments = _parser().parse_args(argv)
    if "site" in arguments and arguments.site is None:
        arguments.site = running.beside(arguments.state)
    try:
        return arguments.run(arguments) or 0
    except (UsageError, LayoutError, LedgerUnavailable, HistoryUnavailable, ValueError) as error:
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
    parser = argparse.ArgumentParser(prog="python -m cloud", description="The service.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(run=run)
        one.add_argument("--json", action="store_true", help="print JSON lines")
        one.add_argument("--state", type=Path, default=STATE, help="folder for what must last (default: %(default)s)")
        one.add_argument("--ledger", default="", help="SQLAlchemy URL (default: SQLite in the state folder)")
        return one

    def with_site(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
        text = "the site file (default: site.toml beside the state folder)"
        one.add_argument("--site", type=Path, metavar="SITE.toml", help=text)
        one.add_argument("--history", default="", help="sqlite:///FILE or influxdb+http://HOST:8086/ORG/BUCKET")
        return one

    serve = with_site(verb("serve", _serve, "Run the service."))
    serve.add_argument("--uplink", default="tcp://127.0.0.1:7460", help="where gateways connect (default: %(default)s)")
    serve.add_argument("--host", default="127.0.0.1", help="address of the dashboard (default: %(default)s)")
    crews_cli.add(verb, with_site, serve)
    accounts_cli.add_oidc(serve)
    tls.add(serve)
    serve.add_argument("--port", type=int, default=8080, help="port of the dashboard (default: %(default)s)")

    with_site(verb("stock", _show("skus"), "Print every SKU: on hand, demand, reorder point, cover."))
    with_site(verb("alerts", _show("alerts"), "Print the alerts that are open and the latest resolved ones."))
    plan = with_site(verb("plan", _plan, "Print the replenishment proposals, each with its why; or plan plain files."))
    planning_cli.add(verb, plan)
    backtest_cli.add(verb)
    schedule_cli.add(verb)
    watch_cli.add(verb)
    prognose_cli.add(verb)
    work_cli.add(verb)
    get = with_site(verb("get", _get, "Answer one API request in process, as an admin."))
    get.add_argument("path", metavar="PATH", help="for example /api/v1/stock")

    allow = verb("allow", _allow, "Let a gateway connect: its name and its public key.")
    allow.add_argument("name")
    allow.add_argument("key", metavar="KEY|FILE|-", help="<gateway state>/keys/<name>.key, or what `edge key` prints")

    keeping_cli.add_retention(serve)
    keeping_cli.add(verb, with_site)
    completeness_cli.add(verb, with_site)
    book_cli.add(verb, with_site)
    cold_cli.add(verb, with_site)
    export_cli.add(verb, with_site, _export)

    paper = verb("read", documents_cli.show, "Read a partner's paper: X12, EDIFACT, EPCIS or CloudEvents.")
    paper.add_argument("file", metavar="FILE|-")

    accounts_cli.add(verb)
    return parser


def _plan(arguments: argparse.Namespace) -> None:
    if arguments.items is not None or arguments.demand is not None:
        planning_cli.plan(arguments)
    else:
        _show("needs")(arguments)


def _serve(arguments: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    keeping_cli.retention(arguments)
    with running.alone(arguments.state):
        anew = site_cli.Anew()
        anew.wanted = True
        widen()
        while anew.wanted:  # by another site file
            anew.wanted = False
            service = _service(arguments)
            try:
                with contextlib.suppress(asyncio.CancelledError):
                    asyncio.run(_run(service, arguments, anew))
            finally:
                service.close()
                gc.unfreeze()


async def _run(service: Service, arguments: argparse.Namespace, anew: site_cli.Anew) -> None:
    service.ledger.people.forget_expired(wall_clock_ms())
    ledger, site = service.ledger, service.site.site.id
    asked = (service.apply, ledger.tops, ledger.missing, service.policies)
    uplink = Uplink(arguments.uplink, arguments.state, site, *asked)
    crewing = _crewing(service, arguments)
    oidc = accounts_cli.oidc(arguments)
    editing, sharing = _editing(service, arguments)
    app = make_app(
        _desks(service, crewing, editing), service.live, SignIn(LedgerAccounts(ledger)), STATIC,
        oidc=oidc, offline=not arguments.no_offline_start, answers=LedgerAnswers(ledger),
    )  # fmt: skip
    work = asyncio.current_task()
    assert work is not None
    stop = anew.arm(editing, work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with contextlib.AsyncExitStack() as stack:
        try:
            certified = await stack.enter_async_context(tls.certified(arguments))
            url = await stack.enter_async_context(serving(app, arguments.host, arguments.port, certified))
        except OSError as error:
            uplink.close()
            where = f"{arguments.host}:{arguments.port}"
            raise UsageError(f"the dashboard can not use {where} ({error.strerror}); choose another --port") from None
        arguments.port = urlsplit(url).port  # where it starts anew, too
        said = msgspec.json.encode({"site": service.site.site.id, "url": url}).decode()
        print(said if arguments.json else f"service: {url}", flush=True)
        if password := accounts_cli.first_account(ledger):
            said = msgspec.json.encode({"user": accounts_cli.FIRST, "one_time_password": password}).decode()
            line = f"sign in as {accounts_cli.FIRST} with {password} (once: it asks for a password of your own)"
            print(said if arguments.json else line, flush=True)
        await stack.enter_async_context(crewing.working())
        await stack.enter_async_context(sharing.working())
        await stack.enter_async_context(keeping_cli.kept(arguments, service.history_store, uplink, url, service.ready))
        await service.run(uplink)


def _crewing(service: Service, arguments: argparse.Namespace) -> Crewing:
    crewing = crews_cli.attach(service.site, service.alerting, service.ledger, service.ready, arguments)
    works = service.trade.works
    crewing.windows, crewing.paging = works.windows, works.paging
    return crewing


def _editing(service: Service, arguments: argparse.Namespace) -> tuple[SiteEditing, SiteSharing]:
    live, kept = service.live, (service.ledger.books, service.alerting.on_disk)
    gateways = service.gateways
    return site_cli.attach(
        arguments.site,
        service.site_text,
        *kept,
        lambda: live.current,
        gateways,
        lambda: live.current.gateways,
        wall_clock_ms,
    )


def _desks(service: Service, crewing: Crewing, editing: SiteEditing) -> Desks:
    reached = ChannelsDesk(crewing.channels, service.site.people, wall_clock_ms)
    return service.desks()._replace(crews=Crews(crewing), site=editing, channels=reached)


def _show(part: str) -> Callable[[argparse.Namespace], None]:
    def show(arguments: argparse.Namespace) -> None:
        async def read(service: Service) -> None:
            for one in msgspec.to_builtins(getattr(service.live.current, part)):
                if arguments.json:
                    print(msgspec.json.encode(one).decode())
                else:
                    print("  ".join(f"{key}={value}" for key, value in one.items() if value not in ("", None)))

        _offline(arguments, read)

    return show


def _get(arguments: argparse.Namespace) -> None:
    async def ask(service: Service) -> None:
        desks = _desks(service, _crewing(service, arguments), _editing(service, arguments)[0])
        app = make_app(desks, service.live, SignIn(LedgerAccounts(service.ledger)), STATIC)
        status, body = await answer(app, arguments.path)
        sys.stdout.flush()
        sys.stdout.buffer.write(body + _line_end(body))
        sys.stdout.buffer.flush()
        if status >= 400:
            raise UsageError(f"{arguments.path} answered {status}")

    _offline(arguments, ask)


def _line_end(body: bytes) -> bytes:
    """What is missing at the end of a text; a file of another kind is left as it is."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return b""
    return b"" if body.endswith(b"\n") else b"\n"


def _export(arguments: argparse.Namespace) -> None:
    _offline(arguments, lambda service: export_cli.write(service.exporting, arguments))


def _offline(arguments: argparse.Namespace, work: Callable[[Service], Awaitable[None]]) -> None:
    """Work on what the stores hold, beside a running service or without one; nothing is written."""
    if not arguments.ledger and not (arguments.state / "ledger.db").exists():
        raise UsageError(f"{arguments.state} holds no ledger: run `python -m cloud serve` first, or give --state")
    service = _service(arguments)

    async def ask() -> None:
        service.look_only()
        await work(service)

    try:
        asyncio.run(ask())
    finally:
        service.close()


def _service(arguments: argparse.Namespace) -> Service:
    text = _text(arguments.site)
    arguments.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    history = arguments.history or f"sqlite:///{arguments.state / 'history.db'}"
    options = Options(
        parse(text, str(arguments.site)),
        arguments.state,
        history,
        running.ledger_url(arguments.state, arguments.ledger),
        build_of(STATIC),
        text,
    )
    return Service(options)


def _text(site: Path) -> str:
    try:
        return site.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the site file {site} can not be read ({error}); give it with --site") from None


def _allow(arguments: argparse.Namespace) -> None:
    given = sys.stdin.read().strip() if arguments.key == "-" else arguments.key
    key = keys.public_key(given)
    if key == given and len(key) != keys.KEY_CHARACTERS and arguments.key != "-":
        what = f"there is no file {given!r}, and a gateway's public key is {keys.KEY_CHARACTERS} characters"
        raise UsageError(f"{what}: print it with `python -m edge key`")
    path = keys.allow(arguments.state, arguments.name, key)
    said = msgspec.json.encode({"gateway": arguments.name, "file": str(path)}).decode()
    print(said if arguments.json else f"gateway {arguments.name} may connect ({path})")
