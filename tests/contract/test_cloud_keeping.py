"""`python -m cloud backup | restore | doctor` as a person uses them, beside a service that runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloud import cli, running
from cloud.stores.history import Samples
from cloud.stores.history_sqlite import SqliteHistory
from tests import depot
from tests.contract.keepers import Keeper, books, filled, now_ms

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0
Verb = Callable[..., tuple[int, str, str]]


@pytest.fixture
def verb(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Verb:
    """Runs a verb over a state (`cloud` unless told) and returns its code, what it prints and complains about."""
    (tmp_path / "site.toml").write_text(depot.SITE_TEXT)

    def run(name: str, *argv: str, state: str = "cloud") -> tuple[int, str, str]:
        capsys.readouterr()
        places = ["--state", str(tmp_path / state), "--site", str(tmp_path / "site.toml")]
        code = cli.main([name, *places, *argv])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts `python -m cloud serve` over a state; returns where it answers."""
    started: list[subprocess.Popen[str]] = []

    def start(*argv: str, state: str = "cloud") -> str:
        places = ["--state", str(tmp_path / state), "--site", str(tmp_path / "site.toml")]
        ports = ["--port", "0", "--uplink", "tcp://127.0.0.1:*"]
        command = [sys.executable, "-m", "cloud", "serve", *places, *ports, *argv]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("service: "), process.communicate()
        return line.removeprefix("service: ").strip()

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)


def until(true: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < end_s, f"waited in vain for {what}"
        time.sleep(0.05)


def codes(printed: str) -> set[str]:
    return {json.loads(line)["code"] for line in printed.splitlines()}


def test_a_running_service_is_backed_up_and_another_runs_on_what_was_restored(
    verb: Verb, serve: Callable[..., str], tmp_path: Path
) -> None:
    filled(tmp_path / "cloud")
    serve()

    code, printed, _ = verb("backup", "--json", str(tmp_path / "nightly.tar.gz"))
    restored, said, _ = verb("restore", str(tmp_path / "nightly.tar.gz"), state="second")
    url = serve(state="second")

    assert (code, json.loads(printed)["tops"]) == (0, {"g1": {"events": 49, "telemetry": 49}})
    assert restored == 0
    assert "comes again when they connect" in said
    with urllib.request.urlopen(f"{url}/readyz", timeout=DEADLINE_S) as answer:
        assert answer.status == 200
    assert verb("get", "/api/v1/stock", state="second") == verb("get", "/api/v1/stock")
    assert books(tmp_path / "second") == (50, 50, [0, 49])


def test_a_service_that_runs_can_not_be_restored_over_nor_started_twice(
    verb: Verb, serve: Callable[..., str], tmp_path: Path
) -> None:
    filled(tmp_path / "cloud")
    verb("backup", str(tmp_path / "nightly"))
    serve()

    restored = verb("restore", "--force", str(tmp_path / "nightly"))
    second = verb("serve", "--port", "0", "--uplink", "tcp://127.0.0.1:*")

    for code, printed, complaint in (restored, second):
        assert (code, printed) == (2, "")
        assert (
            complaint == f"error: another process works on {tmp_path}/cloud; stop it first, or give another --state\n"
        )


def test_the_doctor_sees_what_the_service_says_of_itself(verb: Verb, serve: Callable[..., str], tmp_path: Path) -> None:
    filled(tmp_path / "cloud")
    serve("--host", "0.0.0.0")
    until(lambda: running.last_said(tmp_path / "cloud") is not None, "the service to say something")

    code, printed, _ = verb("doctor", "--json")
    plain_code, plain, _ = verb("doctor")

    assert code == plain_code == 1
    assert codes(printed) == {"silent", "no_tls"}
    assert "why: " in plain
    assert "do:  " in plain
    assert plain.endswith("2 found\n")


def test_the_doctor_of_a_healthy_state_finds_nothing_and_says_so(verb: Verb, tmp_path: Path) -> None:
    filled(tmp_path / "cloud")
    keeper = Keeper(tmp_path / "cloud")
    keeper._seq = 50
    keeper.apply(1, now_ms())
    keeper.close()

    code, printed, complaint = verb("doctor")

    assert (code, complaint) == (0, "")
    assert [line.partition(":")[0] for line in printed.splitlines()] == ["looked at", "not looked at", "nothing found"]
    assert "; the ledger; the history\n" in printed
    assert "what troubles it (it does not run)\n" in printed
    assert verb("doctor", "--json") == (0, "", "")


def test_where_there_is_nothing_to_look_at_or_to_keep_one_sentence_says_so(verb: Verb, tmp_path: Path) -> None:
    for answered in (
        verb("doctor"),
        verb("backup", str(tmp_path / "x")),
        verb("restore", str(tmp_path / "missing"), state="new"),
        verb("serve", "--history-raw-days", "5"),
        verb("serve", "--history-years", "-1"),
    ):
        code, printed, complaint = answered
        assert (code, printed) == (2, "")
        assert complaint.startswith("error: ")
        assert complaint.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_service_that_runs_makes_buckets_of_old_samples(
    verb: Verb, serve: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "cloud").mkdir(mode=0o700)
    old_ms, name = now_ms() - 200 * 86_400_000, "thermo-1/1/temperature_c"
    history = SqliteHistory(tmp_path / "cloud" / "history.db")
    history.append([Samples(name, [old_ms + i * 1000 for i in range(9000)], [i / 10 for i in range(9000)])])
    history.append([Samples(name, [now_ms()], [4.0])])
    history.close()

    url = serve()

    def thinned() -> int:
        with urllib.request.urlopen(f"{url}/metrics", timeout=DEADLINE_S) as answer:
            lines = answer.read().decode().splitlines()
        [line] = [one for one in lines if one.startswith("warehouse_history_thinned_total")]
        return int(float(line.split()[1]))

    until(lambda: thinned() > 8900, "old samples to go")
    code, printed, _ = verb("history", name, "--days", "300", "--json")
    told = [json.loads(line) for line in printed.splitlines()]
    assert code == 0
    assert sum(one["samples"] for one in told) == 9001
    assert (min(one["least"] for one in told), max(one["greatest"] for one in told)) == (0.0, 899.9)
    assert " samples " in verb("history", name)[1]
    assert "there is no series" in verb("history", "nobody/1/x")[2]
    assert "can not be shown" in verb("history", name, "--days", "0")[2]
