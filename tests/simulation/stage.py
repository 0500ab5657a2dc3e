"""One simulation: faults strike, then there is peace; and the verdict."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.simulation.agreement import Agreement
from tests.simulation.faults import Fault, plan
from tests.simulation.promises import Broken
from tests.simulation.scene import Scene
from tests.simulation.strikes import Strikes

FAULTS_S = 2 * 3600.0
PEACE_S = 2 * 3600.0
"""After so long in peace everything must agree."""
CHECK_S = 60.0
FILES = Path("/dev/shm")
"""In memory, where there is such a folder: a kill needs no disk to be true."""


class Verdict(NamedTuple):
    """What came of a simulation. `broken` is empty when all promises were kept."""

    seed: int
    broken: str
    digest: str
    lines: list[str]
    figures: dict[str, int]
    seconds: float


class Stage:
    """One simulation."""

    def __init__(self, seed: int, folder: Path, without: frozenset[str], faults_s: float) -> None:
        self._faults_s = faults_s
        self.plan = plan(seed, faults_s, without)
        self.on = Scene(seed, folder, any(fault.kind == "outbox_small" for fault in self.plan))
        self.agreement = Agreement(self.on.witness, self.on.broker, self.on.world)
        self.checks = 0
        self._strikes = Strikes(self.on)
        self._line = self.on.line

    def run(self) -> None:
        """Faults, then peace; raises `Broken`."""
        asyncio.set_event_loop(self._line)
        try:
            with self.on.replaced():
                self.on.prepare()
                self.on.begin("gateway")
                self.on.begin("service")
                for fault in self.plan:
                    self._line.call_later(fault.at_s, self._strike, fault)
                self._run_until(self._faults_s)
                self._strikes.calm()
                self._settle()
        finally:
            self._end()
            asyncio.set_event_loop(None)
            self._line.close()

    def _end(self) -> None:
        """Whatever is left comes to an end."""
        for life in (self.on.gateway, self.on.service):
            if life is not None:
                life.kill()
        self._line.call_soon(self._line.stop)
        self._line.run_forever()
        left = asyncio.all_tasks(self._line)
        self._line.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    def _strike(self, fault: Fault) -> None:
        if self._line.time() < self._faults_s:
            self._strikes.strike(fault)

    def _run_until(self, end_s: float) -> None:
        while self._line.time() < end_s:
            self._run_for(CHECK_S)
            self.checks += 1
            self.on.witness.check(self.on.gateway, self.on.service)
            if self.on.service is not None:
                self.on.decisions.check(self.on.service)

    def _run_for(self, seconds: float) -> None:
        errors: list[BaseException] = []

        def failed(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            errors.append(context.get("exception") or Broken("no error goes unheard", context["message"]))
            self._line.stop()

        self._line.set_exception_handler(failed)
        self._line.call_later(seconds, self._line.stop)
        self._line.run_forever()
        for life in (self.on.gateway, self.on.service):
            if life is not None and life.fatal is not None:
                errors.insert(0, life.fatal)
        if errors:
            first = errors[0]
            if isinstance(first, Broken):
                raise first
            raise Broken("nobody fails by a fault of his own", f"{type(errors[0]).__name__}: {errors[0]}") from errors[
                0
            ]

    def _settle(self) -> None:
        """Wait until all agree, then look at everything."""
        end_s = self._line.time() + PEACE_S
        while True:
            self._run_until(self._line.time() + 2 * CHECK_S)
            gateway, service = self.on.gateway, self.on.service
            unmet = ["both live"]
            if gateway is not None and service is not None:
                unmet = list(self.agreement.unmet(gateway, service))
                if not unmet:
                    self.on.log("end", "all agree")
                    self.agreement.told(gateway, service)
                    return
            if self._line.time() > end_s:
                raise Broken(f"in peace all agree within {PEACE_S / 60:.0f} min", "; ".join(unmet[:6]))


def simulate(seed: int, without: frozenset[str] = frozenset(), faults_s: float = FAULTS_S) -> Verdict:
    """Run one seed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=FILES if FILES.is_dir() else None) as folder:
        stage = Stage(seed, Path(folder), without, faults_s)
        broken = ""
        try:
            stage.run()
        except Broken as error:
            broken = str(error)
            stage.on.log("end", f"BROKEN {broken}")
    figures = {
        "faults": len(stage.plan),
        "kills": stage.on.kills,
        "messages": len(stage.on.broker.promised),
        "reports": sum(len(given) for given in stage.on.witness.given.values()),
        "checks": stage.checks,
        "lost without an outbox": stage.on.witness.unkept + stage.on.net.lost_at_first,
        "lost by the broker": len(stage.on.broker.dropped),
        "given up": sum(len(gone - stage.on.witness.held[lane]) for lane, gone in stage.on.witness.given_up.items()),
    }
    return Verdict(
        seed=seed,
        broken=broken,
        digest=stage.on.log.digest,
        lines=stage.on.log.lines,
        figures=figures,
        seconds=time.monotonic() - began,
    )
