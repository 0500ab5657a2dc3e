"""`python -m cloud` over the book and its partners, as a person uses it: over what a depot's service left, and beside
one that runs as a process of its own."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook as Judge

from cloud import cli
from cloud.core.book.audit import CHECKS
from cloud.stores.ledger import Ledger
from tests.contract import trade_partners
from tests.contract.brokers import free_port
from tests.contract.test_cloud_cli import DEADLINE_S, Here, Running, refused
from tests.contract.trade_site import TradeSite
from tests.depot import DAY_MS, HOUR_MS

HOOK = '\n[[webhooks]]\nid = "erp"\nurl = "http://127.0.0.1:{}/erp"\n'
Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(trading: TradeSite, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A verb over what the service's ledger holds."""

    def over(verb: str, *argv: str) -> Said:
        file = tmp_path / "depot.toml"
        file.write_text(trading.site_file())
        capsys.readouterr()
        places = ["--state", str(trading.state), "--site", str(file), "--ledger", trading.ledger]
        code = cli.main([verb, *places, *argv])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return over


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Here:
    made = Here(tmp_path, capsys)
    made.site.write_text(trade_partners.text())
    return made


@pytest.fixture
def start(here: Here) -> Iterator[Callable[[], Running]]:
    """Start a service over the same state; all are stopped at the end."""
    begun: list[Running] = []

    def one() -> Running:
        begun.append(Running(here))
        return begun[-1]

    yield one
    for each in begun:
        if each.process.poll() is None:
            each.stop()


async def traded(trading: TradeSite) -> None:
    """A depot in which a bit of everything happened."""
    for slot in ("A1", "A2", "B1"):
        await trading.weigh(slot, 100)
    await trading.tick(5)
    order = await trade_partners.ordered(trading, bolt=60)
    await trading.weigh("A1", 160)
    await trading.weigh("B1", 80)
    await trading.post(f"/api/v1/orders/{order}/receive", {"lines": [{"sku": "bolt", "received": 60}], "key": "DN-1"})
    wanted = {"sku": "bolt", "units": 20, "tier": "gold", "customer": "Ann"}
    await trading.post("/api/v1/reservations", wanted)
    wrong = await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 9, "unit_cost": 1.0})
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 1, "ref": f"entry:{wrong['id']}"})
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 8, "unit_cost": 1.0, "lot": "L1"})
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "tape", "units": -2})


async def test_a_book_that_holds_what_it_promises_is_said_to_and_looking_changes_nothing(
    trading: TradeSite, run: Run
) -> None:
    await traded(trading)

    code, printed, said = run("audit")

    assert (code, printed) == (0, "")
    assert said == f"{len(CHECKS)} checks, 0 findings: the book holds what it promises\n"
    assert run("audit", "--json")[:2] == (0, "")
    before = trading.service.trade.position("bolt")
    await trading.restart()
    assert trading.service.trade.position("bolt") == before


TAMPERED = {
    "movement": ('UPDATE movement SET delta = delta - 5 WHERE slot = \'A1\' AND source = \'weight\'', "chain", "A1"),
    "level": ("UPDATE level SET count = 7 WHERE slot = 'B1'", "level", "B1"),
    "reservation": ("UPDATE reservation SET units = 5000", "promised", "bolt"),
    "order": (
        "UPDATE purchase SET body = REPLACE(CAST(body AS TEXT), '\"received\": 60', '\"received\": 40')",
        "received", "order:1",
    ),
    "entry": ("UPDATE entry SET units = 10 WHERE ref = 'order:1'", "received", "order:1"),
    "taken back": ("UPDATE entry SET sku = 'tape' WHERE ref LIKE 'entry:%'", "taken_back", "entry:"),
}  # fmt: skip


@pytest.mark.parametrize("what", [*TAMPERED])
async def test_what_was_tampered_with_by_hand_is_found_and_named(trading: TradeSite, run: Run, what: str) -> None:
    if not trading.ledger.startswith("sqlite"):
        pytest.skip("the statements are SQLite's")
    await traded(trading)
    statement, check, subject = TAMPERED[what]
    engine = create_engine(trading.ledger)
    if statement.startswith(("UPDATE entry", "UPDATE movement")):
        with pytest.raises(SQLAlchemyError, match="only ever added"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
        with engine.begin() as connection:
            rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
            for name in [*rows]:
                connection.execute(text(f'DROP TRIGGER "{name}"'))
    with engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0
    engine.dispose()

    code, printed, said = run("audit")
    findings = [json.loads(line) for line in run("audit", "--json")[1].splitlines()]

    assert code == 1
    assert (check, True) in [(one["check"], one["subject"].startswith(subject)) for one in findings]
    assert f"should be: {CHECKS[check]}" in printed
    assert said == f"{len(CHECKS)} checks, {len(findings)} findings\n"


async def test_what_stock_was_worth_is_told_of_any_moment_as_known_then_and_now(trading: TradeSite, run: Run) -> None:
    clock = trading.clock
    clock.now_ms = time.time_ns() // 1_000_000 - 10 * DAY_MS
    await trading.restart()
    await trading.post("/api/v1/book", {"kind": "receipt", "sku": "milk", "units": 10, "unit_cost": 1.5})
    then_ms = clock.pass_ms(2 * DAY_MS)
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(then_ms / 1000))
    clock.pass_ms(HOUR_MS)
    late = {"kind": "receipt", "sku": "milk", "units": 4, "unit_cost": 2.0, "happened_ms": then_ms - DAY_MS}
    await trading.post("/api/v1/book", late)
    await trading.post("/api/v1/book", {"kind": "pick", "sku": "milk", "units": -3})

    def milk(*argv: str) -> tuple[int, float]:
        code, printed, _ = run("value", "--json", *argv)
        assert code == 0
        rows = {one["sku"]: one for one in map(json.loads, printed.splitlines())}
        assert rows[""]["value"] == pytest.approx(sum(one["value"] for sku, one in rows.items() if sku))
        return rows["milk"]["units"], rows["milk"]["value"]

    assert milk() == (11, 18.5)
    assert milk("--at", at) == (14, 23.0)
    assert milk("--at", at, "--known", at) == (10, 15.0)
    assert milk("--at", "8d") == (14, 23.0)
    assert milk("--at", at) == (14, (await trading.get(f"/api/v1/value?at={then_ms}"))["total"])
    shown = run("value", "--at", at)[1]
    assert re.search(r"^milk +14 +23\.00  fifo$", shown, re.MULTILINE)
    assert shown.splitlines()[-1].endswith("23.00 EUR")


@pytest.mark.parametrize("verb", ["audit", "value", "webhooks", "link gold"])
def test_without_a_ledger_or_a_site_file_it_is_one_sentence_and_nothing_is_made(here: Here, verb: str) -> None:
    name, *rest = verb.split()
    assert "holds no ledger" in refused(here(name, "--site", str(here.site), *rest))
    assert not here.state.exists()
    here("account", "ada")
    assert "missing.toml" in refused(here(name, "--site", "missing.toml", *rest))
    here.site.write_text("[site]\nid =")
    assert "TOML" in refused(here(name, "--site", str(here.site), *rest))
    here.site.write_bytes(b"\xff\xfe\x00")
    refused(here(name, "--site", str(here.site), *rest))


@pytest.mark.parametrize("when", ["soon", "2025-13-40", " ", "25:00", "99999999d"])
def test_a_moment_that_is_none_is_refused_by_the_words_that_were_given(here: Here, when: str) -> None:
    here("account", "ada")
    for option in ("--at", "--known"):
        assert repr(when) in refused(here("value", "--site", str(here.site), f"{option}={when}"))


def test_a_tier_that_the_site_has_not_is_refused_by_name(here: Here) -> None:
    here("account", "ada")
    site = ("--site", str(here.site))

    assert "the site file lists gold, silver" in refused(here("link", *site, "platinum"))
    told = re.sub(r"\[\[tiers\]\]\nid = \"\w+\"\nname = \"\w+\"\n", "", here.site.read_text())
    here.site.write_text(told.replace("protected = { gold = 4 }\n", "").replace('members_only = "gold"\n', ""))
    assert "lists none" in refused(here("link", *site, "gold"))
    with pytest.raises(SystemExit):
        here("link", *site)


def asked(url: str, path: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of a request to a running service."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def until(holds: Callable[[], bool]) -> None:
    """Wait, up to a deadline."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_public_page_of_a_tier_opens_by_its_link_and_by_nothing_else(
    here: Here, start: Callable[[], Running]
) -> None:
    running = start()
    site = ("--site", str(here.site))
    paths = {tier: here("link", *site, tier)[1].strip() for tier in ("gold", "silver")}
    again = json.loads(here("link", *site, "--json", "gold")[1])

    assert again == {"tier": "gold", "path": paths["gold"]}
    until(lambda: asked(running.url, f"/api/v1{paths['gold']}")[0] == 200)
    gold, silver = (asked(running.url, f"/api/v1{path}")[1] for path in paths.values())
    assert (gold["tier"], silver["tier"]) == ("Gold", "Silver")
    assert {tuple(one) for told in (gold, silver) for one in told["skus"]} == {("sku", "name", "available", "expected")}
    assert {one["sku"] for one in gold["skus"]} - {one["sku"] for one in silver["skus"]} == {"wine"}
    token = paths["gold"].rpartition(".")[2]
    for wrong in (
        "gold", "gold.", f"silver.{token}", f"gold.{token}x", f"gold.{token[:-1]}", f"GOLD.{token}", f".{token}",
        f"gold.{'A' * 22}", "gold.%00", f"gold.{paths['silver'].rpartition('.')[2]}",
    ):  # fmt: skip
        assert asked(running.url, f"/api/v1/public/{wrong}")[0] == 404, wrong
    assert asked(running.url, "/api/v1/stock", Authorization=f"Bearer {token}")[0] == 401
    running.kill()
    assert asked(start().url, f"/api/v1{paths['gold']}")[0] == 200


def test_an_account_of_a_supplier_sees_its_portal_by_password_and_its_machine_by_token(
    here: Here, start: Callable[[], Running]
) -> None:
    _, person, _ = here("account", "vera", "--role", "supplier", "--supplier", "acme")
    _, token, _ = here("account", "erp", "--role", "supplier", "--supplier", "boltco", "--token", "--json")
    _, ours, _ = here("account", "probe", "--role", "admin", "--token")
    running = start()
    machine = {"Authorization": f"Bearer {json.loads(token)['token']}"}

    assert running.sign_in("vera", person.split()[-1]) == 200
    status, portal = asked(running.url, "/api/v1/portal", Cookie=running.cookie)
    assert (status, portal["supplier"]["id"], [one["sku"] for one in portal["shelves"]]) == (200, "acme", ["bolt"])
    status, portal = asked(running.url, "/api/v1/portal", **machine)
    assert (status, portal["supplier"]["id"], [one["sku"] for one in portal["shelves"]]) == (200, "boltco", ["tape"])
    assert asked(running.url, "/api/v1/stock", **machine)[0] == 403
    assert running.sign_in("erp", json.loads(token)["token"]) == 401
    look = {"Authorization": f"Bearer {ours.split()[-1]}"}
    assert asked(running.url, "/api/v1/stock", **look)[0] == 200
    assert asked(running.url, "/api/v1/orders", "POST", {"supplier": "acme", "lines": []}, **look)[0] == 403

    here("account", "erp", "--token")
    assert asked(running.url, "/api/v1/portal", **machine)[0] == 401
    ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
    kept = ledger.people.account("erp")
    ledger.close()
    assert kept is not None
    assert kept[:3] == ("erp", "supplier", "")


def test_a_supplier_that_is_none_gets_no_account(here: Here, tmp_path: Path) -> None:
    assert "belong together" in refused(here("account", "vera", "--role", "supplier"))
    assert "belong together" in refused(here("account", "vera", "--supplier", "acme"))
    assert "belong together" in refused(here("account", "vera", "--role", "admin", "--supplier", "acme"))
    said = refused(here("account", "vera", "--role", "supplier", "--supplier", "acne"))
    assert "'acne'" in said
    assert "acme, boltco" in said
    file = tmp_path / "other.toml"
    assert "other.toml" in refused(
        here("account", "v", "--role", "supplier", "--supplier", "acme", "--site", str(file))
    )
    assert not (here.state / "ledger.db").exists()

    here.site.unlink()  # nobody can tell then
    assert here("account", "vera", "--role", "supplier", "--supplier", "acne")[0] == 0


class Server:
    """Takes what is posted to it, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self.taken: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.taken.append((body, dict(self.headers)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing is said."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Taking)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def taking(port: int) -> Iterator[Server]:
    """A server while this lasts."""
    made = Server(port)
    try:
        yield made
    finally:
        made.close()


def test_an_event_waits_through_a_kill_and_is_signed_by_the_secret_that_is_printed(
    here: Here, start: Callable[[], Running]
) -> None:
    port = free_port()
    here.site.write_text(trade_partners.text(HOOK.format(port)))
    running = start()
    running.begin()
    own = {"Cookie": running.cookie, "X-Requested-With": "warehouse", "Origin": running.url}
    wanted = {"supplier": "acme", "lines": [{"sku": "bolt", "units": 5}]}
    assert asked(running.url, "/api/v1/orders", "POST", wanted, **own)[0] == 200
    for action in ("approve", "send"):
        assert asked(running.url, f"/api/v1/orders/1/{action}", "POST", {}, **own)[0] == 200
    site = ("--site", str(here.site))
    until(lambda: "waiting=1" in here("webhooks", *site)[1])
    until(lambda: bool(asked(running.url, "/api/v1/webhooks", **own)[1][0]["log"]))
    told = asked(running.url, "/api/v1/webhooks", **own)[1]
    running.kill()
    assert (told[0]["waiting"], told[0]["log"][0]["outcome"]) == (1, "again")

    with taking(port) as server:
        start()
        until(lambda: bool(server.taken))
        until(lambda: "waiting=0" in here("webhooks", *site)[1])
    shown = json.loads(here("webhooks", *site, "--json")[1])

    assert (shown["id"], shown["url"]) == ("erp", f"http://127.0.0.1:{port}/erp")
    [(body, headers)] = server.taken
    event = Judge(shown["secret"]).verify(body, headers)
    assert (event["type"], event["data"]["order"]) == ("warehouse.order.sent", "PO-1")
    assert shown["secret"] not in json.dumps(told)


def test_looking_beside_a_service_makes_no_secret(here: Here) -> None:
    here.site.write_text(trade_partners.text(HOOK.format(9)))
    here("account", "ada")

    code, printed, _ = here("get", "/api/v1/webhooks")

    assert (code, [one["waiting"] for one in json.loads(printed)]) == (0, [0])
    ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
    kept = [ledger.books.kept(key) for key in ("webhook:erp", "posts:erp")]
    ledger.close()
    assert kept == [None, None]
