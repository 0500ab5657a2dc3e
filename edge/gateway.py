"""The shell: queues, tasks, wiring, the order of starting and stopping. Decides nothing.

Messages come in groups; a group is decoded, folded, committed in one transaction, and only then acknowledged. Every
database access runs in one worker thread, so that a slow disk never stops the page or the link.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from edge import channels, homeassistant, memory
from edge.clock import Clock
from edge.commands import Commands
from edge.core.alarms import Own
from edge.core.decoding import Decoder
from edge.core.field.places import Places
from edge.core.habits import Habits
from edge.core.inference import Outcome
from edge.core.reckoning import newest_ms
from edge.core.slots.actions import Action
from edge.fieldwork import Fieldwork, Work, unused
from edge.itself import Itself
from edge.keys import own_keys, service_key
from edge.mqtt import BrokerUrl, Mqtt
from edge.northbound import Northbound, NorthboundOptions
from edge.outgoing import Outgoing
from edge.site_taking import SiteTaking
from edge.store import OUTBOX_BYTES_MAX, Group, Quarantined, Store, StoreError
from edge.taking import decode_group
from edge.uplink import Uplink
from protocols.layout import Site
from protocols.readings import Publish
from protocols.reports import Report
from protocols.topics import whole_site

log = logging.getLogger(__name__)

GROUP_MAX = 500
APART_S = 0.005
TICK_S = 1.0
STORE_RETRY_S = 2.0
STALL_TICKS = 3
"""When no moment has passed for so many ticks, it is decided without: the store holds everything up."""
DECIDED_MAX = 10_000
"""So many alarms and proposals may wait for the store; then no more is decided until it takes them."""
STOP_S = 2.0
"""So long a gateway that is told to stop waits for the group that is being written."""
RATE_SHARE = 0.1
TIDY_STEPS = 20
"""A second packs 20,000 reports at most: more than come, and a backlog of single rows is packed within minutes."""
SHARE_TURNS = 30
"""How often, in ticks, it is looked how full the outbox is."""

Result = TypeVar("Result")


class Options(Struct):
    """What a gateway is told at start. Without `cloud` it works alone; with `homeassistant`, a discovery prefix, it
    tells that. `revision` is that of the site file."""

    site: Site
    state: Path
    broker: BrokerUrl
    name: str = "gateway"
    cloud: str = ""
    cloud_key: Path | None = None
    northbound: NorthboundOptions | None = None
    outbox_bytes_max: int = OUTBOX_BYTES_MAX
    channels: Path | None = None
    homeassistant: str = ""
    site_file: Path | None = None
    revision: str = ""


class Gateway:
    """One running gateway."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.site = options.site
        self.taking = SiteTaking(options.site_file, options.revision)
        self.store = Store(options.state / "edge.db", outbox_bytes_max=options.outbox_bytes_max, mend=True)
        self.inference = memory.restore(options.site, self.store.restore())
        self.clock = Clock(max(self.store.recorded_ms, newest_ms(self.inference)))
        self.inference.alone.take(self.store.policies().values())
        self.decoder = Decoder(options.site, Places(options.site, self.inference.shelves.taught.places))
        self.habits = Habits(options.site)
        filters = [whole_site(options.site.site.id), *self.decoder.filters]
        self.mqtt = Mqtt(options.broker, f"{options.name}-{options.site.site.id}", filters, self.decoder.presence())
        self.uplink = self._make_uplink()
        self.northbound = Northbound(options.northbound, options.site) if options.northbound is not None else None
        prefix = options.homeassistant
        self.homeassistant = homeassistant.make(options.broker, prefix, options.name, self.inference)
        self._itself = Itself(options.name, self.store, self.mqtt, self.uplink, self.clock, self.decoder)
        its = self.inference.alone, options.name, self.clock.now_ms, self._say
        self.channels = channels.make(options.channels, *its)
        self.store_trouble = ""
        self._mended = self.store.mended
        self._failing = 0
        """How many pieces of store work have failed and are tried again."""
        self._writing: tuple[int, float] | None = None
        """Since when a group is being written, in ms and by the loop's clock."""
        self._passed_s = 0.0
        """When a moment passed last, by the loop's clock."""
        self._decided: list[Report] = []
        """What was decided while the store took nothing: stored with the next group."""
        self._thinned = 0
        self.messages = self.readings = self.duplicates = self.groups = 0
        self.problem_counts: dict[str, int] = {}
        self.rate_per_s = 0.0
        self.commands = Commands(options.site, self.decoder.places, self.mqtt)
        self._encode = msgspec.msgpack.Encoder().encode
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._commit_lock = asyncio.Lock()
        parts = self.inference, self.decoder, self.store, self.clock.now_ms
        self.fieldwork = Fieldwork(*parts, self.change, self.on_disk)

    async def run(self) -> None:
        """Work until cancelled; then stop taking messages first, and close the store last."""
        # What the start has made stays: no round of the collector need walk through it while messages wait.
        gc.collect()
        gc.freeze()
        tasks = [
            asyncio.create_task(self.mqtt.run(), name="mqtt"),
            asyncio.create_task(self._take(), name="take"),
            asyncio.create_task(self._tick(), name="tick"),
            asyncio.create_task(self._decide_meanwhile(), name="decide"),
        ]
        if self.uplink is not None:
            tasks.append(asyncio.create_task(self.uplink.run(), name="uplink"))
        if self.northbound is not None:
            tasks.append(asyncio.create_task(self.northbound.run(), name="northbound"))
        if self.homeassistant is not None:
            tasks.append(asyncio.create_task(self.homeassistant.run(), name="homeassistant"))
        if self.channels is not None:
            tasks.append(asyncio.create_task(self.channels.run(), name="channels"))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            between = await self._is_between_groups()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if between:
                with suppress(StoreError):
                    rest = Group(self.clock.now_ms(), reports=self._decided, snapshots=memory.slow(self.inference))
                    await self.on_disk(self.store.commit, rest)
            await self.on_disk(self.store.close)
            self._worker.shutdown()

    def not_ready(self) -> list[str]:
        """Why the gateway can not do all of its work right now; empty when it can."""
        reasons = []
        if not self.mqtt.connected:
            reasons.append(f"broker: {self.mqtt.why}")
        if self.store_trouble:
            reasons.append(f"store: {self.store_trouble}")
        elif self._stalled_ms():
            reasons.append("store: the disk takes very long to write; is it failing, or busy with something else?")
        if self.uplink is not None and self.uplink.keyless:
            reasons.append(f"service: {self.uplink.why}")
        if self.clock.why:
            reasons.append(f"clock: {self.clock.why}")
        return reasons

    async def act(self, slot: str, action: Action) -> dict[str, Any]:
        """Do what a person, or the book, says about a slot, and keep it; what came of it.

        Raises `ActionError` when it can not be done, and then nothing has changed.
        """
        answer: dict[str, Any] = await self.change(lambda now_ms: self.inference.act(slot, action, now_ms))
        return answer

    async def change(self, work: Work, replayed: Iterable[int] = ()) -> Any:
        """Do what people want between two groups, and keep it; what came of it. What `work` raises is raised, and then
        nothing is stored. `replayed`: the messages of the quarantine that it used."""
        async with self._commit_lock:
            now_ms = self.clock.now_ms()
            outcome, answer = work(now_ms)
            await self._commit(outcome, now_ms, [], memory.settled(self.inference), replayed)
        return answer

    async def on_disk(self, work: Callable[..., Result], *args: Any) -> Result:
        """Run a piece of store work in the store's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *args))

    async def _take(self) -> None:
        async with self._commit_lock:
            settled = {**memory.settled(self.inference), **self.store.limits}
            await self._commit(Outcome(), self.clock.now_ms(), [], settled)
        while True:
            group = await self.mqtt.group(GROUP_MAX, APART_S)
            decoded, sources, bad, wanted = decode_group(self.decoder, group, self.clock.ahead_ms())
            now_ms = self.clock.now_ms()
            async with self._commit_lock:
                outcome = self.inference.fold(decoded, now_ms)
                for problem, at in zip(outcome.problems, outcome.blamed, strict=True):
                    bad.append(Quarantined(problem, sources[at].topic, sources[at].payload))
                self.fieldwork.hear(group, decoded, sources, bad)
                await self._commit(outcome, now_ms, unused(bad, sources, outcome.blamed))
            self.mqtt.acknowledge(group)
            self.habits.hear((one, source.qos) for one, source in zip(decoded, sources, strict=True))
            self._publish(wanted)
            self.groups += 1
            self.messages += len(group)
            self.readings += outcome.readings
            self.duplicates += outcome.duplicates
            if outcome.acks:
                await self.commands.hear(outcome.acks)

    async def _tick(self) -> None:
        before = self.readings
        turn = 0
        while True:
            await asyncio.sleep(TICK_S)
            now_ms = self.clock.now_ms()
            self.rate_per_s += RATE_SHARE * ((self.readings - before) / TICK_S - self.rate_per_s)
            before = self.readings
            async with self._commit_lock:
                passed = self.decoder.tick(now_ms)
                self._publish([one for one in passed if isinstance(one, Publish)])
                said = [one for one in passed if not isinstance(one, Publish)]
                turn += 1
                snapshots = memory.slow(self.inference, turn)
                own = self._how_it_is()
                for outcome in (self.inference.fold(said, now_ms), self.inference.tick(now_ms, own)):
                    bad = [Quarantined(problem, problem.topic, b"") for problem in outcome.problems]
                    news = outcome.reports or outcome.devices or outcome.slots or outcome.notes
                    if news or snapshots or bad or self._decided:
                        await self._commit(outcome, now_ms, bad, snapshots)
                    snapshots = {}
            self._passed_s = asyncio.get_running_loop().time()
            await self.fieldwork.pass_time(self.act)
            await self._tidy(now_ms)
            if turn % SHARE_TURNS == 1:
                await self._measure_outbox()

    async def _decide_meanwhile(self) -> None:
        """While the store takes nothing messages and ticks wait. What can not wait is decided all the same, in memory:
        it is shown at once, and stored and told with the next group, and with the books it belongs to."""
        loop = asyncio.get_running_loop()
        self._passed_s = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            if loop.time() - self._passed_s >= STALL_TICKS * TICK_S and len(self._decided) < DECIDED_MAX:
                self._decided += self.inference.decide(self._how_it_is(), self.clock.now_ms())

    def _stalled_ms(self) -> int:
        """Since when the store has not taken a group that waits; 0 when it does."""
        if self._writing is None:
            return 0
        since_ms, since_s = self._writing
        return since_ms if asyncio.get_running_loop().time() - since_s >= STALL_TICKS * TICK_S else 0

    async def _is_between_groups(self) -> bool:
        """Whether no group is being written, and none will be: what is in memory then goes with what is stored. Where
        the store takes nothing it does not, and is forgotten as in a crash: the broker has what was not acknowledged,
        and what was decided is decided again."""
        if self.store_trouble and self._commit_lock.locked():
            return False
        try:
            async with asyncio.timeout(STOP_S):
                return await self._commit_lock.acquire()
        except TimeoutError:
            return False

    async def _tidy(self, now_ms: int) -> None:
        """Small steps of the store's upkeep, with the groups in between. When the store had to be mended, it is told
        all that is known here again."""
        for _ in range(TIDY_STEPS):
            more = await self._until_done(self.store.tidy, now_ms)
            if self.store.mended != self._mended:
                self._mended = self.store.mended
                async with self._commit_lock:
                    self.inference.readers.retell({})
                    everything = {**memory.settled(self.inference), **memory.slow(self.inference), **self.store.limits}
                    whole = Outcome(devices=set(self.inference.devices), slots=set(self.inference.shelves.slots))
                    await self._commit(whole, now_ms, [], everything)
            if not more:
                return

    async def _measure_outbox(self) -> None:
        """How full the outbox is: no group waits for it."""
        book = await self._until_done(self._itself.look, self.clock.now_ms())
        thinned = sum(lane.thinned for lane in book.values())
        if thinned != self._thinned and not self.store.full:
            self._thinned = thinned
            self.inference.shelves.tell_again()

    def _how_it_is(self) -> Own:
        """The gateway itself, for its own alarms."""
        return self._itself.own(self._stalled_ms())

    def _say(self, reports: Iterable[Report]) -> None:
        """These go with the next group that is stored."""
        self._decided += reports

    async def _commit(
        self,
        outcome: Outcome,
        now_ms: int,
        bad: list[Quarantined],
        snapshots: dict[str, bytes] | None = None,
        replayed: Iterable[int] = (),
    ) -> None:
        encode, devices, slots = self._encode, self.inference.devices, self.inference.shelves.slots
        meanwhile, self._decided = self._decided, []
        decided = memory.decided(self.inference) if outcome.decided or meanwhile else {}
        group = Group(
            now_ms,
            {name: encode(devices[name]) for name in outcome.devices},
            {slot: encode(slots[slot]) for slot in outcome.slots},
            [*meanwhile, *outcome.reports],
            bad,
            {**(snapshots or {}), **decided},
            outcome.notes,
            [*replayed],
        )
        self._writing = now_ms, asyncio.get_running_loop().time()
        try:
            await self._until_done(self.store.commit, group)
        finally:
            self._writing = None
        for quarantined in bad:
            code = quarantined.problem.code
            self.problem_counts[code] = self.problem_counts.get(code, 0) + 1
        if group.reports and self.uplink is not None:
            self.uplink.notify()
        if group.reports and self.northbound is not None:
            self.northbound.tell(group.reports)
        if group.reports and self.homeassistant is not None:
            self.homeassistant.tell(group.reports)

    async def _until_done(self, work: Callable[..., Result], *args: Any) -> Result:
        """Try store work until the disk lets it. Nothing is acknowledged meanwhile: the broker keeps it."""
        failed = False
        try:
            while True:
                try:
                    return await self.on_disk(work, *args)
                except StoreError as error:
                    if not self.store_trouble:
                        log.error("store: %s", error)
                    self.store_trouble = str(error)
                    self._failing += not failed
                    failed = True
                    await asyncio.sleep(STORE_RETRY_S)
        finally:
            self._failing -= failed
            if failed and not self._failing:
                log.warning("store: it takes what it is given again")
                self.store_trouble = ""

    def _publish(self, wanted: list[Publish]) -> None:
        """Say what a device family wants said. Lost while the broker is away: the family asks again by itself."""
        for one in wanted:
            self.mqtt.publish(one.topic, one.payload, one.qos, one.retain)

    def _make_uplink(self) -> Uplink | None:
        options = self.options
        if not options.cloud:
            return None
        if options.cloud_key is None:
            raise ValueError("--cloud needs --cloud-key FILE, the service's public key")
        return Uplink(
            options.cloud,
            partial(service_key, options.cloud_key),
            own_keys(options.state, options.name),
            options.name,
            options.site.site.id,
            Outgoing(self.store, self._until_done, self.clock, self.inference.alone),
        )
