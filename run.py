"""The whole system on this machine, for a look: broker, service, gateway, simulated warehouse. `make run`.

It starts each part as a process of its own, in the order in which they need one another, prints one line a part as it
comes up, starts one that dies again, and stops them in reverse order on Ctrl-C. What lasts is kept under `var/`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

PORTS = 5
READY_S = 40.0
STOP_S = 10.0
DEATHS_MAX, DEATHS_WITHIN_S = 4, 30.0
_asked_to_stop: list[int] = []
"""The signals that came. They interrupt nothing: between two steps they are looked at, so that no part that was just
started is forgotten, and an impatient second Ctrl-C leaves no part behind."""


class Part(NamedTuple):
    """One running part of the system."""

    name: str
    argv: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: Path


def main() -> int:
    """Start everything, wait for Ctrl-C, stop everything."""
    arguments = _arguments()
    state: Path = arguments.state
    mqtt, uplink, gateway_page, dashboard, phones = (arguments.port_base + at for at in range(PORTS))
    _refuse_busy_ports(
        {mqtt: "broker", uplink: "uplink", gateway_page: "gateway's page", dashboard: "dashboard", phones: "phones"}
    )
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        _give_up(f"{state} can not be used ({error.strerror}); take another folder: make run STATE=FOLDER")
    scenario = arguments.scenario
    site = state / "site.toml"
    is_new = not (state / "cloud" / "ledger.db").exists()
    broker_url = arguments.broker or f"mqtt://127.0.0.1:{mqtt}"
    credentials = state / "broker" / "credentials.toml"
    signed = [] if arguments.broker else ["--credentials", str(credentials)]
    parts: list[Part] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: _asked_to_stop.append(number))
    try:
        _site_file(scenario, site)
        if not arguments.broker:
            box = ["broker", "--state", str(state), "--port", str(mqtt), "--site", str(site)]
            parts.append(_start(state, "broker", "edge", *box))
            _wait(parts, "broker", lambda: _answers(mqtt) and credentials.exists())
            print(f"broker      mqtt://127.0.0.1:{mqtt}", flush=True)

        edge, cloud = str(state / "edge"), str(state / "cloud")
        _python("edge", "key", "--state", edge)
        _python("cloud", "allow", "gateway", f"{edge}/keys/gateway.key", "--state", cloud)
        called = _channels(state / "cloud", site, phones)
        if called:  # before there is anything to tell
            parts.append(_start(state, "notices", "firmware_sim", "phones", "--channels", str(called)))
        where = f"http://127.0.0.1:{dashboard}"
        password = _account(state / "cloud", "admin", "admin") if is_new else ""
        serve = ["serve", "--site", str(site), "--state", cloud, "--port", str(dashboard), "--public-url", where]
        parts.append(_start(state, "service", "cloud", *serve, "--uplink", f"tcp://127.0.0.1:{uplink}"))
        _wait(parts, "service", lambda: _ready(dashboard))
        print(f"service     {where}", flush=True)

        run = [
            "run",
            "--site",
            str(site),
            "--state",
            edge,
            "--broker",
            broker_url,
            *signed,
            "--port",
            str(gateway_page),
        ]
        link = ["--cloud", f"tcp://127.0.0.1:{uplink}", "--cloud-key", f"{cloud}/keys/service.key"]
        parts.append(_start(state, "gateway", "edge", *run, *link))
        _wait(parts, "gateway", lambda: _ready(gateway_page))
        print(f"gateway     http://127.0.0.1:{gateway_page}", flush=True)

        fleet = ["run", scenario, "--broker", broker_url, *signed, "--state", str(state / "sim")]
        parts.append(_start(state, "simulator", "firmware_sim", *fleet))
        line = _first_line(parts)
        print(f"warehouse   {line}", flush=True)
        print(f"\nOpen {where}{f' and sign in as admin with {password}' if password else ''}", flush=True)
        guests = _guests(state / "cloud", site, where, is_new)
        for line in guests:
            print(line)
        noted = _noted(state / "cloud" / "people.txt", "office", "buyer", is_new) if guests else None
        if noted and noted.exists():
            crew = ["people", scenario, "--service", where, "--sign-in", str(noted)]
            parts.append(_start(state, "people", "firmware_sim", *crew, "--state", str(state / "sim")))
            print("people      count and order as `office`, see log/people.log", flush=True)
        if called:
            print("notices     who is on call is told of alerts, with links, see log/notices.log", flush=True)
        print(f"Everything is kept in {state}/ (logs in {state}/log/). Ctrl-C stops.", flush=True)
        _watch(state, parts)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(parts)


def _site_file(scenario: str, site: Path) -> None:
    """Write the scenario's site file where there is none: one that was edited is kept, another site's is not mixed."""
    text = _python("firmware_sim", "site", scenario)
    if not site.exists():
        site.write_text(text + "\n", encoding="utf-8")
        return
    wanted = tomllib.loads(text)["site"]["id"]
    try:
        kept = tomllib.loads(site.read_text(encoding="utf-8"))["site"]["id"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        _give_up(f"{site} can not be used ({error}); mend it, or move it away to get a fresh one")
    if kept != wanted:
        _give_up(
            f"{site.parent} keeps the site {kept!r}, and this is {wanted!r}: take another folder with STATE=FOLDER"
        )


def _guests(cloud: Path, site: Path, url: str, is_new: bool) -> list[str]:
    """Where guests of the site look, if it has any: a supplier by an account that is made for a new site, and the first
    tier of customers."""
    known = tomllib.loads(site.read_text(encoding="utf-8"))
    stores, said, noted = ["--state", str(cloud), "--site", str(site)], [], cloud / "portal.txt"
    if agreed := known.get("agreements", []):
        who = agreed[0]["supplier"]
        _noted(noted, who, "supplier", is_new, "--supplier", who, "--site", str(site))
    if noted.exists():
        said.append(
            "A supplier's portal: sign in there, in a private window, as {} with {}".format(*noted.read_text().split())
        )
    if tiers := known.get("tiers", []):
        path = _python("cloud", "link", tiers[0]["id"], *stores)
        said.append(f"What {tiers[0]['name']} may see of the stock, without signing in: {url}{path}")
    return said


def _account(cloud: Path, name: str, role: str, *more: str) -> str:
    """The new password of an account."""
    made = json.loads(_python("cloud", "account", name, "--role", role, "--json", "--state", str(cloud), *more))
    return str(made["password"])


def _noted(path: Path, name: str, role: str, is_new: bool, *more: str) -> Path:
    """The file, for its owner's eyes only, that says how an account signs in which is made for a new site."""
    if is_new:
        password = _account(path.parent, name, role, *more)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"{name} {password}\n")
    return path


def _channels(cloud: Path, site: Path, port: int) -> Path | None:
    """The channels file, where it leads to phones of this machine: made so for a site with people that has none. What
    its owner wrote into it stays."""
    people = tomllib.loads(site.read_text(encoding="utf-8")).get("people", [])
    path = cloud / "channels.toml"
    if not path.exists():
        for name in sorted({name for one in people for name in one["to"]}):
            address = f"http://127.0.0.1:{port}/{name}\n"
            _python("cloud", "channels", "--add", name, "--webhook", "--state", str(cloud), said=address)
    found = tomllib.loads(path.read_text(encoding="utf-8")).get("channels", {}) if path.exists() else {}
    return path if any(one.get("webhook", "").startswith("http://127.0.0.1:") for one in found.values()) else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description="The whole system on this machine.")
    parser.add_argument("scenario", nargs="?", default="demo", help="demo, small, large, real (default: %(default)s)")
    parser.add_argument(
        "--state", type=Path, default=Path("var"), help="what lasts is kept here (default: %(default)s)"
    )
    parser.add_argument("--broker", default="", help="use this broker, mqtt://…, instead of the one in the box")
    parser.add_argument(
        "--port-base", type=_port_base, default=7883, help="five ports from here on (default: %(default)s)"
    )
    return parser.parse_args()


def _port_base(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65536 - PORTS:
        most = 65536 - PORTS
        raise argparse.ArgumentTypeError(f"{text!r} leaves no room for five ports: take one from 1024 to {most}")
    return int(text)


def _refuse_busy_ports(ports: dict[int, str]) -> None:
    for port, what in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                first = min(ports)
                _give_up(
                    f"port {port} ({what}) is in use; stop what uses it (is the system running already?), "
                    f"or take other ports: make run PORT_BASE={first + 100}"
                )


def _start(state: Path, name: str, *argv: str, again: bool = False) -> Part:
    logs = state / "log"
    logs.mkdir(exist_ok=True, mode=0o700)
    log = logs / f"{name}.log"
    with log.open("ab" if again else "wb") as out:
        # A session of its own: Ctrl-C reaches this process alone, which then stops the parts in order.
        process = subprocess.Popen([sys.executable, "-m", *argv], stdout=out, stderr=out, start_new_session=True)
    return Part(name, argv, process, log)


def _python(*argv: str, said: str = "") -> str:
    done = subprocess.run([sys.executable, "-m", *argv], input=said, capture_output=True, text=True, check=False)
    _pause(0.0)
    if done.returncode:
        _give_up(f"`python -m {' '.join(argv)}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def _wait(parts: list[Part], name: str, ready: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + READY_S
    while not ready():
        _still_running(parts)
        if time.monotonic() > deadline_s:
            _give_up(f"the {name} did not come up within {READY_S:.0f} s; see {parts[-1].log}")
        _pause(0.05)


def _first_line(parts: list[Part]) -> str:
    lines: list[str] = []

    def spoken() -> bool:
        lines[:] = [line for line in parts[-1].log.read_text(errors="replace").splitlines() if "publish" in line]
        return bool(lines)

    _wait(parts, parts[-1].name, spoken)
    return lines[0].removeprefix("simulator: ")


def _still_running(parts: list[Part]) -> None:
    for part in parts:
        if part.process.poll() is not None:
            said = part.log.read_text(errors="replace").strip().splitlines()
            _give_up(f"the {part.name} stopped: {said[-1] if said else 'it said nothing'}; see {part.log}")


def _watch(state: Path, parts: list[Part]) -> NoReturn:
    """Start again what dies, so that anyone may try what a kill -9 does; give up on what dies again and again."""
    deaths_s: list[float] = []
    while True:
        for at, part in enumerate(parts):
            if part.process.poll() is None:
                continue
            deaths_s = [death_s for death_s in deaths_s if time.monotonic() - death_s < DEATHS_WITHIN_S]
            deaths_s.append(time.monotonic())
            if len(deaths_s) > DEATHS_MAX:
                how = _how(part.process.returncode)
                _give_up(
                    f"parts died {len(deaths_s)} times within {DEATHS_WITHIN_S:.0f} s, the {part.name} last ({how})"
                )
            print(f"the {part.name} died ({_how(part.process.returncode)}); starting it again", flush=True)
            parts[at] = _start(state, part.name, *part.argv, again=True)
        _pause(0.5)


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"


def _stop(parts: list[Part]) -> None:
    for part in reversed(parts):
        if part.process.poll() is None:
            part.process.send_signal(signal.SIGTERM)
            try:
                part.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()
        print(f"{part.name} stopped", flush=True)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _pause(seconds: float) -> None:
    time.sleep(seconds)
    if _asked_to_stop:
        raise KeyboardInterrupt


def _give_up(why: str) -> NoReturn:
    print(f"error: {why}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    sys.exit(main())
