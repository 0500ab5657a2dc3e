"""`make run` as a person meets it: what it prints, what it keeps, how it stops, and what it says when it can not."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.contract.brokers import PROJECT, free_port
from tests.system.parts import DEADLINE_S, Visitor, eventually, processes

PARTS = ("broker", "service", "gateway", "simulator")


class Run:
    """One `run.py`, begun on a state folder and five ports."""

    def __init__(self, state: Path, base: int, *program: str, scenario: str = "small") -> None:
        self.state, self.base = state, base
        self.log = Path(f"{state}.out")
        argv = [sys.executable, *program, scenario, "--state", str(state), "--port-base", str(base)]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(argv, cwd=PROJECT, stdout=out, stderr=out, start_new_session=True)

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def says(self, words: str) -> str:
        """The first line with these words, once it is there."""

        def look() -> str:
            line = next((line for line in self.lines if words in line), "")
            assert line or self.process.poll() is None, self.lines
            return line

        return eventually(look, bool, f"run.py to say {words!r}")

    def password(self) -> str:
        """The admin's, from the line that says how to sign in."""
        found = re.search(r"sign in as admin with (\S+)$", self.says("sign in as"))
        assert found
        self.says("Ctrl-C stops")
        return found[1]

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


@contextmanager
def begun(state: Path, base: int, *program: str, scenario: str = "small") -> Iterator[Run]:
    one = Run(state, base, *(program or ("run.py",)), scenario=scenario)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.interrupt()
            one.process.wait(DEADLINE_S)
        for pid in processes(state):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def base() -> int:
    """The first of five free ports in a row."""
    return free_port(in_a_row=5)


def test_it_starts_keeps_what_it_learnt_starts_again_what_dies_and_stops_all(tmp_path: Path, base: int) -> None:
    state = tmp_path / "var"
    with begun(state, base) as first:
        password = first.password()
        begins = [line.split()[0] for line in first.lines if line]
        eventually(lambda: _known(state), lambda known: known == 4, "all four slots are known")
        first.interrupt()
        assert first.process.wait(15) == 0
        assert not processes(state)
    firsts = _firsts(state)
    site = state / "site.toml"
    site.write_text(site.read_text() + "# edited by its owner\n")

    with begun(state, base) as second:
        second.says("Ctrl-C stops")
        eventually(lambda: len(_pids(state, "edge run")), lambda found: found == 1, "the gateway runs")
        os.kill(_pids(state, "edge run")[0], signal.SIGKILL)
        second.says("the gateway died (SIGKILL); starting it again")
        assert site.read_text().endswith("# edited by its owner\n")
        gateway = Visitor(base + 2)
        eventually(lambda: gateway.get("/readyz").status, lambda status: status == 200, "the gateway is back")
        alerts = Visitor(base + 3).sign_in("admin", password).get("/api/v1/alerts")
        second.interrupt()
        second.interrupt()
        assert second.process.wait(15) == 0
        assert not processes(state)

    assert begins == ["broker", "service", "gateway", "warehouse", "Open", "Everything"]
    assert alerts.status == 200
    assert password not in "".join(second.lines)
    assert firsts == _firsts(state) == 4  # slots were counted for the first time only once
    assert [line.split()[0] for line in second.lines[-4:]] == list(reversed(PARTS))
    assert not [part for part in PARTS if "Traceback" in (state / "log" / f"{part}.log").read_text()]


def test_the_demonstration_has_people_who_are_told_and_says_where_its_guests_look(tmp_path: Path, base: int) -> None:
    """The office orders, so that a supplier finds an order in its portal; the wards need no account for their page; who
    is on call is told of the cooler that fails, with a link."""
    state = tmp_path / "var"
    with begun(state, base, scenario="demo") as one:
        manager = Visitor(base + 3).sign_in("admin", one.password())
        one.says("log/notices.log")
        linked = re.compile(rf"[:：] ?http://127.0.0.1:{base + 3}(/a/\S+)")
        links = eventually(
            lambda: linked.findall((state / "log" / "notices.log").read_text()), bool, "somebody is told, with a link"
        )
        asked, trouble = Visitor(base + 3).get(links[0]), manager.get("/api/v1/oncall").value["trouble"]
        name, password = one.says("A supplier's portal").split()[-3::2]
        supplier = Visitor(base + 3).sign_in(name, password)
        page = one.says("without signing in: ").rsplit(" ", 1)[1]
        shown = eventually(
            lambda: Visitor(base + 3).get(page.replace(f"http://127.0.0.1:{base + 3}", "/api/v1")),
            lambda answer: answer.status == 200,
            "the wards' page is there",
        )
        seen = eventually(
            lambda: supplier.get("/api/v1/portal").value, lambda told: told["orders"], "an order was sent"
        )
        refused = supplier.get("/api/v1/orders").status

    assert (shown.value["tier"], refused, asked.status, trouble) == ("Wards", 403, 200, "")
    assert {one["sku"] for one in seen["shelves"]} == {"insulin", "vaccine"}
    assert (seen["orders"][0]["state"], seen["papers"]) == ("sent", ["852", "846", "EPCIS"])


def test_ctrl_c_while_it_starts_leaves_nothing_behind(tmp_path: Path, base: int) -> None:
    state = tmp_path / "var"
    with begun(state, base) as one:
        one.says("broker ")
        one.interrupt()
        one.interrupt()

        assert one.process.wait(15) == 0
        assert not processes(state)
        assert "Traceback" not in "".join(one.lines)


CTRL_C_AT_A_START = """
import os, runpy, signal, subprocess

class Rude(subprocess.Popen):
    def __init__(self, argv, **options):
        super().__init__(argv, **options)
        if options.get("start_new_session"):
            os.kill(os.getpid(), signal.SIGINT)

subprocess.Popen = Rude
runpy.run_path("run.py", run_name="__main__")
"""


def test_ctrl_c_at_the_moment_a_part_is_started_does_not_forget_that_part(tmp_path: Path, base: int) -> None:
    state = tmp_path / "var"
    with begun(state, base, "-c", CTRL_C_AT_A_START) as one:
        assert one.process.wait(15) == 0
        assert not processes(state)

    assert one.lines == ["broker stopped"]


def test_a_busy_port_is_one_sentence(tmp_path: Path, base: int) -> None:
    with socket.socket() as taken, begun(tmp_path / "var", base) as one:
        taken.bind(("127.0.0.1", base + 3))
        taken.listen()

        assert one.process.wait(15) == 1
        assert len(one.lines) == 1
        assert one.lines[0].startswith(f"error: port {base + 3} (dashboard) is in use; ")


def test_a_state_folder_that_can_not_be_used_is_one_sentence(tmp_path: Path, base: int) -> None:
    state = tmp_path / "var"
    state.write_text("a file, where a folder should be")

    with begun(state, base) as one:
        assert one.process.wait(15) == 1

    assert len(one.lines) == 1
    assert one.lines[0].startswith(f"error: {state} can not be used (")


def test_another_sites_state_is_not_mixed_with_this_one(tmp_path: Path, base: int) -> None:
    state = tmp_path / "var"
    state.mkdir()
    (state / "site.toml").write_text('[site]\nid = "elsewhere"\nname = "Elsewhere"\nzones = []\n')

    with begun(state, base) as one:
        assert one.process.wait(15) == 1

    assert len(one.lines) == 1
    assert one.lines[0].startswith(f"error: {state} keeps the site 'elsewhere', and this is 'small'")


def test_ports_that_can_not_be_are_one_sentence(tmp_path: Path) -> None:
    with begun(tmp_path / "var", 65_533) as one:
        assert one.process.wait(15) == 2

    assert "leaves no room for five ports" in one.lines[-1]


def test_a_part_that_can_not_start_is_named_with_its_last_words(tmp_path: Path, base: int) -> None:
    state = tmp_path / "var"
    (state / "cloud").mkdir(parents=True)
    (state / "cloud" / "ledger.db").write_bytes(b"this is no database" * 100)

    with begun(state, base) as one:
        assert one.process.wait(DEADLINE_S) == 1
        assert not processes(state)

    said = one.says("error: ")
    assert said.startswith("error: the service stopped: error: the ledger can not be opened: file is not a database")
    assert said.endswith(f"see {state}/log/service.log")


def _pids(state: Path, words: str) -> list[int]:
    return [pid for pid, argv in processes(state).items() if words in argv]


def _known(state: Path) -> int:
    with closing(sqlite3.connect(state / "cloud" / "ledger.db")) as ledger:
        count: int = ledger.execute("SELECT COUNT(*) FROM level WHERE count IS NOT NULL").fetchone()[0]
    return count


def _firsts(state: Path) -> int:
    with closing(sqlite3.connect(state / "cloud" / "ledger.db")) as ledger:
        count: int = ledger.execute("SELECT COUNT(*) FROM movement WHERE source = 'first'").fetchone()[0]
    return count
