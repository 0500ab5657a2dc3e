"""The faults as they strike: each kind does its harm to the scene and returns what undoes it."""

from __future__ import annotations

import random
from collections.abc import Callable

from cloud import backup as cloud_backup
from cloud import restore as cloud_restore
from cloud.doctor.examining import SCHEMAS
from edge import backup as edge_backup
from edge import restore as edge_restore
from tests.simulation.faults import Fault
from tests.simulation.lives import How, Life
from tests.simulation.scene import Scene
from tests.simulation.timeline import T0_MS, dice
from tests.simulation.world import SITE

DAMAGE_BYTES = 20_000


class Strikes:
    """The faults of one scene."""

    def __init__(self, on: Scene) -> None:
        self._on = on

    def strike(self, fault: Fault) -> None:
        """It happens; after its time it is undone."""
        rng = dice(self._on.seed, f"{fault.kind} {fault.number}")
        self._on.log("fault", f"{fault.kind} for {fault.for_s:.0f} s")
        undo = getattr(self, f"_{fault.kind}")(fault, rng)
        if undo is not None:
            self._on.line.call_later(fault.for_s, undo)

    def _link(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        self._on.net.drop, self._on.net.double, self._on.net.late = (rng.choice((0, 0.05, 0.3)) for _ in range(3))

        def undo() -> None:
            self._on.net.drop = self._on.net.double = self._on.net.late = 0.0

        return undo

    def _cut(self, _fault: Fault, _rng: random.Random) -> Callable[[], None]:
        self._on.net.cut = True
        return lambda: setattr(self._on.net, "cut", False)

    def _thin(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        self._on.net.frame_s = rng.choice((1.0, 3.0, 6.0))
        return lambda: setattr(self._on.net, "frame_s", 0.0)

    def _air(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        air = self._on.world.air
        air.drop, air.double, air.late = (rng.choice((0, 0.1, 0.4)) for _ in range(3))

        def undo() -> None:
            air.drop = air.double = air.late = 0.0

        return undo

    def _silence(self, _fault: Fault, _rng: random.Random) -> Callable[[], None]:
        self._on.world.air.cut = True
        return lambda: setattr(self._on.world.air, "cut", False)

    def _gateway_killed(self, fault: Fault, rng: random.Random) -> None:
        self._doom(self._on.gateway, fault, rng)

    def _service_killed(self, fault: Fault, rng: random.Random) -> None:
        self._doom(self._on.service, fault, rng)

    def _doom(self, life: Life | None, fault: Fault, rng: random.Random) -> None:
        """Kill at once, or before, within or after one of the next works on the stores."""
        if life is None:
            return
        life.down_s = fault.for_s if rng.random() < 0.5 else min(fault.for_s, 5.0)
        how: How | None = rng.choice((None, "before", "torn", "torn", "after"))
        if how is None:
            life.kill()
        else:
            life.doomed = rng.randrange(30), how

    def _broker_restarted(self, _fault: Fault, _rng: random.Random) -> Callable[[], None]:
        self._on.broker.stop()
        return self._on.broker.start

    def _broker_forgets(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        self._on.broker.forgets_s = rng.uniform(1.0, 600.0)
        self._on.broker.stop()
        self._on.broker.forgets_s = 0.0
        return self._on.broker.start

    def _broker_small(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        before, self._on.broker.queue_max = self._on.broker.queue_max, rng.choice((5, 50))
        return lambda: setattr(self._on.broker, "queue_max", before)

    def _device_rebooted(self, _fault: Fault, rng: random.Random) -> None:
        self._on.world.reboot(self._on.world.devices[rng.choice(SITE.devices).id])

    def _disk_full(self, _fault: Fault, _rng: random.Random) -> Callable[[], None]:
        self._on.fill_disk("gateway", True)
        return lambda: self._on.fill_disk("gateway", False)

    def _service_disk_full(self, _fault: Fault, _rng: random.Random) -> Callable[[], None]:
        self._on.fill_disk("service", True)
        return lambda: self._on.fill_disk("service", False)

    def _service_restored(self, fault: Fault, _rng: random.Random) -> Callable[[], None] | None:
        where, file = self._places(), self._on.folder / f"service-{fault.number}.tar"
        if self._on.service is None:
            return None
        cloud_backup.make(where, file, self._true_ms)

        def put_back() -> None:
            if self._on.service is not None:
                self._on.service.kill()
            cloud_restore.restore(self._places(), file, SCHEMAS, self._true_ms, True)
            self._put_back("service")

        return put_back

    def _gateway_restored(self, fault: Fault, _rng: random.Random) -> Callable[[], None] | None:
        file = self._on.folder / f"gateway-{fault.number}.tar"
        if self._on.gateway is None:
            return None
        edge_backup.make(self._on.gateway.folder, file, self._true_ms)

        def put_back() -> None:
            if self._on.gateway is not None:
                self._on.gateway.kill()
            edge_restore.restore(file, self._on.files["gateway"], self._true_ms, True)
            self._put_back("gateway")

        return put_back

    def _put_back(self, name: str) -> None:
        self._on.log(name, "put back from a backup")
        self._on.older.add(name)

    def _places(self) -> cloud_backup.Places:
        folder = self._on.files["service"]
        return cloud_backup.places(folder, "", "", folder / "site.toml")

    @property
    def _true_ms(self) -> int:
        """Whoever restores looks at the time first."""
        return T0_MS + self._on.line.now_ms

    def _service_log_cut(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        """The ledger's alone: it signs for what the history holds too, so a history cut further than it would be a
        loss that nothing tells of. And only while its log was added to: what was folded into the database since, or is
        of another round of the log, is no longer in its end."""
        before, was = self._ledger()

        def cut() -> None:
            if self._on.service is None:
                return
            self._on.service.kill()
            after, log = self._ledger()
            if after == before and len(log) > len(was) and log.startswith(was):
                (self._on.files["service"] / "ledger.db-wal").write_bytes(log[: rng.randint(len(was), len(log))])
                self._on.log("service", f"{len(log) - len(was)} bytes of its log at stake")
                self._on.older.add("service")

        return cut

    def _ledger(self) -> tuple[bytes, bytes]:
        files = [self._on.files["service"] / name for name in ("ledger.db", "ledger.db-wal")]
        database, log = (path.read_bytes() if path.exists() else b"" for path in files)
        return database, log

    def _gateway_log_cut(self, fault: Fault, rng: random.Random) -> None:
        self._spoil(fault, "edge.db-wal", lambda data: data[: rng.randrange(len(data))] if data else data)

    def _gateway_damaged(self, fault: Fault, rng: random.Random) -> None:
        def spoiled(data: bytes) -> bytes:
            at = rng.randrange(len(data))
            return data[:at] + rng.randbytes(min(DAMAGE_BYTES, len(data) - at)) + data[at + DAMAGE_BYTES :]

        self._spoil(fault, "edge.db", spoiled)

    def _spoil(self, fault: Fault, file: str, spoil: Callable[[bytes], bytes]) -> None:
        if self._on.gateway is not None:
            self._on.gateway.down_s = fault.for_s
            self._on.gateway.kill()
            path = self._on.files["gateway"] / file
            if path.exists():
                path.write_bytes(spoil(path.read_bytes()))
                self._on.older.add("gateway")

    def _gateway_clock(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        self._on.clock.wrong_ms = _wrong_ms(rng)
        return lambda: setattr(self._on.clock, "wrong_ms", 0)

    def _device_clock(self, _fault: Fault, rng: random.Random) -> Callable[[], None]:
        device = self._on.world.devices[rng.choice(SITE.devices).id]
        device.clock_ms = _wrong_ms(rng)
        return lambda: setattr(device, "clock_ms", 0)

    def _outbox_small(self, _fault: Fault, _rng: random.Random) -> None:
        """It is so from the start."""

    def _warm(self, _fault: Fault, _rng: random.Random) -> Callable[[], None]:
        self._on.world.warm_c = 8.0
        return lambda: setattr(self._on.world, "warm_c", 0.0)

    def calm(self) -> None:
        """Nothing is wrong any more."""
        self._on.log("fault", "peace")
        self._on.net.cut = self._on.world.air.cut = self._on.world.busy = False
        for bad in (self._on.net, self._on.world.air):
            bad.drop = bad.double = bad.late = 0.0
        self._on.net.frame_s = 0.0
        self._on.world.warm_c, self._on.broker.queue_max = 0.0, 1_000_000
        self._on.clock.wrong_ms = 0
        for device in self._on.world.devices.values():
            device.clock_ms = 0
        for name in ("gateway", "service"):
            self._on.fill_disk(name, False)
        if not self._on.broker.up:
            self._on.broker.start()
        for life in (self._on.gateway, self._on.service):
            if life is not None:
                life.doomed = None


def _wrong_ms(rng: random.Random) -> int:
    """How far a clock is off: some seconds, minutes or hours, or it stands in 1970 or 2099."""
    far_ms = rng.choice((10_000, 200_000, 1_800_000, 10_800_000, T0_MS, 2_300_000_000_000))
    return far_ms if far_ms > T0_MS else rng.choice((-1, 1)) * far_ms if far_ms < T0_MS else -far_ms
