"""`python -m cloud` as a person uses it: what it prints, what it refuses, and what it leaves on the disk."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud import cli
from cloud.service import Options, Service
from cloud.stores.ledger import Ledger
from cloud.web.sign_in import verify_password
from protocols.reports import Report
from tests import depot
from tests.contract.depots import Linked
from tests.depot import DAY_MS, batches, level, stock

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0
KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
"""A public key from ZeroMQ's own documentation."""
VERBS = (
    "serve",
    "stock",
    "alerts",
    "plan",
    "get",
    "read",
    "allow",
    "account",
    "backup",
    "restore",
    "history",
    "doctor",
)
LOOKS = ("stock", "alerts", "plan", "get")


class Here:
    """A site file and a state folder, and the command line over them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state, self.site, self._capsys = folder / "cloud", folder / "site.toml", capsys
        self.site.write_text(depot.SITE_TEXT)

    def __call__(self, *argv: str) -> tuple[int, str, str]:
        """What the verb answers, prints and complains about."""
        self._capsys.readouterr()
        places = ["--state", str(self.state)]
        if argv[0] in LOOKS:
            places += ["--site", str(self.site)]
        code = cli.main([argv[0], *places, *argv[1:]])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def fill(self) -> None:
        """Ten days of picks, and nearly nothing left: a need, and a stock-out that fires."""
        now_ms = time.time_ns() // 1_000_000
        self.state.mkdir()
        stores = (f"sqlite:///{self.state}/{name}.db" for name in ("history", "ledger"))
        service = Service(Options(depot.site(), self.state, *stores))
        service.uplink = Linked()  # type: ignore[assignment]
        sold: list[Report] = [stock("A1", -6, 6 * day - 4, now_ms - day * DAY_MS) for day in range(10, 0, -1)]

        async def live() -> None:
            await service.apply(
                batches([*sold, level("A1", 2, now_ms), level("A2", 0, now_ms), level("C1", 0, now_ms)])
            )
            for second in (0, 15, 30):
                await service.decide(now_ms + second * 1000)

        asyncio.run(live())
        service.close()


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, capsys)


class Running:
    """`python -m cloud serve` on ports of its own."""

    def __init__(self, here: Here) -> None:
        argv = [sys.executable, "-m", "cloud", "serve", "--state", str(here.state), "--site", str(here.site)]
        argv += ["--port", "0", "--uplink", "tcp://127.0.0.1:*"]
        self.process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("service: "), self.stop()
        self.url = line.removeprefix("service: ").strip()

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, complaints = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, complaints

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.communicate(timeout=DEADLINE_S)

    def sign_in(self, name: str, password: str) -> int:
        """The status of a browser's sign-in; its cookie is kept in `cookie`."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/session",
            json.dumps({"user": name, "password": password}).encode(),
            {"X-Requested-With": "warehouse", "Origin": self.url, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def looks(self, cookie: str) -> int:
        """The status of a request with a cookie."""
        request = urllib.request.Request(f"{self.url}/api/v1/session", headers={"Cookie": cookie})
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def running(here: Here) -> Iterator[Running]:
    started = Running(here)
    yield started
    if started.process.poll() is None:
        started.stop()


def refused(answered: tuple[int, str, str]) -> str:
    """The one sentence of a refusal."""
    code, printed, complaint = answered
    assert (code, printed) == (2, "")
    assert complaint.startswith("error: ")
    assert complaint.count("\n") == 1
    assert "Traceback" not in complaint
    return complaint


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([verb, "--help"])

    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert f"python -m cloud {verb}" in printed
    assert "--state" in printed


def test_stock_alerts_and_plan_print_what_is_known(here: Here) -> None:
    here.fill()

    _, stocked, _ = here("stock", "--json")
    _, alerts, _ = here("alerts", "--json")
    _, needs, _ = here("plan", "--json")

    bolt, milk = map(json.loads, stocked.splitlines())
    assert (bolt["id"], bolt["on_hand"], bolt["daily_demand"], bolt["status"]) == ("bolt", 2, 6.0, "low")
    assert (milk["id"], milk["on_hand"], milk["status"]) == ("milk", 0, "out")
    assert [(one["rule"], one["subject"], one["state"]) for one in map(json.loads, alerts.splitlines())] == [
        ("stock_out", "milk", "firing")
    ]
    [need] = map(json.loads, needs.splitlines())
    assert (need["sku"], need["state"], need["why"]["on_hand"]) == ("bolt", "proposed", 2)
    assert "id=bolt" in here("stock")[1]
    assert "rule=stock_out" in here("alerts")[1]
    assert "sku=bolt" in here("plan")[1]


def test_get_answers_what_the_api_would(here: Here) -> None:
    here.fill()

    code, printed, _ = here("get", "/api/v1/stock")

    assert code == 0
    assert [one["id"] for one in json.loads(printed)] == ["bolt", "milk"]


def test_a_path_that_is_not_there_prints_the_answer_and_fails(here: Here) -> None:
    here.fill()

    code, printed, complaint = here("get", "/api/v1/skus/gold")

    assert code == 2
    assert "no SKU" in printed
    assert complaint == "error: /api/v1/skus/gold answered 404\n"
    assert "has to begin with a slash" in refused(here("get", "api/v1/stock"))


@pytest.mark.parametrize("verb", [("stock",), ("alerts",), ("plan",), ("get", "/api/v1/stock")])
def test_without_a_ledger_there_is_nothing_to_look_at_and_nothing_is_made(here: Here, verb: tuple[str, ...]) -> None:
    assert "holds no ledger" in refused(here(*verb))
    assert not here.state.exists()


def test_wrong_paths_are_one_sentence(here: Here, tmp_path: Path) -> None:
    here.fill()
    missing, folder = str(tmp_path / "missing.toml"), str(tmp_path)

    assert "missing.toml" in refused(here("stock", "--site", missing))
    assert folder in refused(here("stock", "--site", folder))
    assert "no history store" in refused(here("stock", "--history", "tape://x"))
    assert "not an address" in refused(here("stock", "--ledger", "nonsense"))
    here.site.write_text("[site]\nid = ")
    assert "TOML" in refused(here("stock"))


def test_a_state_that_can_not_be_a_folder_is_one_sentence(here: Here, tmp_path: Path) -> None:
    here.state.write_text("a file")

    for argv in (("account", "ada"), ("allow", "g1", KEY), ("stock", "--ledger", "sqlite:///x.db")):
        assert str(here.state) in refused(here(*argv))
    code = cli.main(["serve", "--state", str(here.state), "--site", str(here.site)])
    assert code == 2


def test_a_gateway_is_allowed_by_name_and_key(here: Here) -> None:
    code, printed, _ = here("allow", "g1", KEY)

    assert code == 0
    assert "g1" in printed
    path = here.state / "gateways" / "g1.key"
    assert path.read_text().strip() == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_a_shell_or_a_parser_would_trip_over_comes_from_its_file_or_from_standard_input(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    awkward = "--H#B1IfTGH{zzRW!zN#wGrIk&!KP47knRFy>dyb"
    file = tmp_path / "g1.key"
    file.write_text(f'metadata\ncurve\n    public-key = "{awkward}"\n')

    assert here("allow", "g1", str(file))[0] == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(awkward + "\n"))
    assert here("allow", "g2", "-")[0] == 0

    for name in ("g1", "g2"):
        assert (here.state / "gateways" / f"{name}.key").read_text().strip() == awkward


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("g1", "short", "40 characters"),
        ("g1", "é" * 40, "40 characters"),
        ("g1", '"' * 40, "40 characters"),
        ("../g1", KEY, "can not name a gateway"),
        ("", KEY, "can not name a gateway"),
    ],
)
def test_a_wrong_name_or_key_is_refused(here: Here, name: str, key: str, said: str) -> None:
    assert said in refused(here("allow", name, key))
    assert not (here.state / "gateways").exists()


def test_an_account_gets_a_password_that_is_printed_once_and_kept_as_a_hash(here: Here) -> None:
    _, first, _ = here("account", "ada", "--role", "crew")
    _, second, _ = here("account", "ada", "--role", "crew")
    _, third, _ = here("account", "bo", "--json")

    assert first.startswith("ada (crew): ")
    passwords = [line.strip().rpartition(" ")[2] for line in (first, second)]
    assert passwords[0] != passwords[1]
    bo = json.loads(third)
    assert (bo["name"], bo["role"]) == ("bo", "viewer")
    ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
    kept = ledger.people.account("ada")
    ledger.close()
    assert kept is not None
    assert kept[:2] == ("ada", "crew")
    assert not verify_password(passwords[0], kept[2])
    assert verify_password(passwords[1], kept[2])


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb"])
def test_a_name_nobody_could_sign_in_with_is_refused(here: Here, name: str) -> None:
    assert "1 to 64" in refused(here("account", name))


def test_beside_a_running_service_one_can_look_and_sign_in(here: Here, running: Running) -> None:
    sign_in = here.state / "sign-in.txt"
    name, password = sign_in.read_text().split()
    _, made, _ = here("account", "ada", "--role", "crew")

    code, printed, _ = here("get", "/api/v1/stock")
    statuses = [
        running.sign_in(name, password),
        running.sign_in("ada", made.strip().rpartition(" ")[2]),
        running.sign_in(name, "wrong"),
    ]
    left, complaints = running.stop()

    assert stat.S_IMODE(sign_in.stat().st_mode) == 0o600
    assert code == 0
    assert [one["id"] for one in json.loads(printed)] == ["bolt", "milk"]
    assert statuses == [200, 200, 401]
    assert left == 0
    assert "Traceback" not in complaints
    assert password not in complaints


def test_who_is_signed_in_stays_so_when_the_service_is_killed_until_the_password_changes(here: Here) -> None:
    statuses = []
    first = Running(here)
    name, password = (here.state / "sign-in.txt").read_text().split()
    first.sign_in(name, password)
    first.kill()

    second = Running(here)
    statuses.append(second.looks(first.cookie))
    second.kill()
    here("account", name, "--role", "manager")
    third = Running(here)
    statuses.append(third.looks(first.cookie))
    left, complaints = third.stop()

    assert statuses == [200, 401]
    assert left == 0
    assert "Traceback" not in complaints


def test_starting_clears_expired_sessions_away_and_looking_does_not(here: Here) -> None:
    here.fill()
    ledger = Ledger(f"sqlite:///{here.state}/ledger.db")
    ledger.people.keep_account("ada", "crew", "hash")
    ledger.people.keep_session("old", "ada", "hash", 1, 10)

    here("get", "/api/v1/stock")
    before = ledger.people.session("old")
    Running(here).stop()
    after = ledger.people.session("old")
    ledger.close()

    assert before is not None
    assert after is None


def test_a_second_service_on_the_same_port_says_which_and_the_first_account_stays(here: Here, running: Running) -> None:
    before = (here.state / "sign-in.txt").read_text()
    port = running.url.rpartition(":")[2]
    other = here.state.with_name("other")  # a state folder has one service at a time
    again = [sys.executable, "-m", "cloud", "serve", "--state", str(other), "--site", str(here.site)]

    said = subprocess.run(
        [*again, "--port", port, "--uplink", "tcp://127.0.0.1:*"],
        cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S,
    )  # fmt: skip
    wrong = subprocess.run(
        [*again, "--port", "0", "--uplink", "nonsense"], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S
    )

    assert (said.returncode, wrong.returncode) == (2, 2)
    assert f"127.0.0.1:{port}" in said.stderr
    assert "--port" in said.stderr
    assert "--uplink" in wrong.stderr
    assert "Traceback" not in said.stderr + wrong.stderr
    assert (here.state / "sign-in.txt").read_text() == before


def test_the_first_password_is_the_owners_even_where_a_wider_file_lay(here: Here) -> None:
    here.state.mkdir()
    sign_in = here.state / "sign-in.txt"
    sign_in.write_text("old")
    sign_in.chmod(0o644)

    started = Running(here)
    started.stop()

    assert stat.S_IMODE(sign_in.stat().st_mode) == 0o600


def test_a_reader_that_leaves_early_is_no_error(here: Here) -> None:
    here.fill()
    read, write = os.pipe()
    os.close(read)

    argv = [sys.executable, "-m", "cloud", "stock", "--state", str(here.state), "--site", str(here.site)]
    left = subprocess.run(argv, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S)
    os.close(write)

    assert (left.returncode, left.stderr) == (0, "")
