"""What the facts of a gateway, and a visit to its broker, mean: which of them lose data. Decides; looks at nothing."""

from __future__ import annotations

from edge.core.habits import Habit
from edge.doctor.facts import DOUBTED, Facts, OfBroker, OfService
from edge.doctor.leaks import Look, named
from edge.doctor.probe import Visit
from edge.store import Outlook

CONNECTS_MAX = 6
CONNECTS_MS = 600_000
"""More connections than that in so long: someone takes ours over, or the network breaks it, again and again. (Two
gateways that take turns back off, to one connection of each in half a minute.)"""
CLOCK_MS_MAX = 2000
HABIT_MIN = 10
"""Messages of a device before its habits are judged."""
HOURS_MIN = 24.0
ROOM_REMEDY = "bring the service back, or free some disk; `python -m edge outbox` says more"
LOST_REMEDY = "see the other findings for where; a device that keeps its messages until the PUBACK sends them again"


def judge(facts: Facts) -> Look:
    """What loses data, by what the gateway knows."""
    look = Look(checked=[f"what the gateway knows of {len(facts.devices)} devices, its links and its store"])
    look.checked.append("the devices' clocks (one that is off is known after it was heard for two full hours)")
    if facts.broker is not None:
        _broker(facts.broker, look)
    else:
        look.skip("the gateway's connections, and how its devices send", "the gateway is off")
    if facts.service is not None:
        _service(facts.service, facts.version, look)
    if facts.trouble:
        why = "nothing is acknowledged to the broker until it can be written, and the broker's queue is finite"
        look.leak("store_stuck", "loses", "the store", facts.trouble, why, "free some disk; see what the line says")
    if facts.outlook is not None:
        _room(facts.outlook, look)
    if facts.clock:
        why = "times are told that are not so: by a clock that was set back, what comes now is older than what is known"
        look.leak("clock_wrong", "may_lose", "this machine", facts.clock, why, "timedatectl set-ntp true")
    _devices(facts, look)
    for problem in facts.problems:
        if problem.used:
            continue
        what = f"{problem.count} messages could not be used in the last hour: {problem.code}"
        why = "they lie in the quarantine (`/api/v1/problems`), which holds the latest 10,000, and count for nothing"
        look.leak("quarantine_grows", "loses", "devices", what, why, problem.hint or "see /api/v1/problems")
    return look


def judge_visit(visit: Visit, where: str, local: bool) -> Look:
    """What loses data, by a visit to the broker at `where`; `local`: it is reached over loopback."""
    look = Look(checked=[f"the broker at {where}"])
    if not visit.may_probe:
        why = "the gateway's user may not publish to wh/probe/+ and read it: give it that right"
        look.skip("whether the broker keeps a session and its queue", why)
    elif visit.came is not None:
        look.checked.append(f"its queue: {visit.came} of {visit.sent} messages were kept for a reader that was away")
        if not visit.session_kept:
            what = "a lasting session was gone when its owner came back"
            why = "what devices send while the gateway is away, or restarts, is lost"
            remedy = "let it keep sessions (Mosquitto: persistent_client_expiration; others: session expiry)"
            look.leak("no_session", "loses", where, what, why, remedy)
        elif visit.came < visit.sent:
            what = f"of {visit.sent} messages for a reader that was away it kept {visit.came}, and acknowledged all"
            why = "the rest was dropped: seconds of a busy site while the gateway restarts"
            remedy = "a larger queue (Mosquitto: max_queued_messages 200000, max_queued_bytes 268435456)"
            look.leak("queue_small", "loses", where, what, why, remedy)
    dropped = visit.system.get("dropped", "0")
    if dropped.isdigit() and int(dropped):
        what = f"it has dropped {dropped} messages since it began ({visit.system.get('uptime', '?')} ago)"
        why = "some were for a reader whose queue was full (an earlier run of this doctor may be among them)"
        look.leak("broker_dropped", "loses", where, what, why, "a larger queue; then start it again, and look again")
    if visit.anonymous and (visit.beyond or not local):
        what = "it lets in who has no password"
        why = (
            "anyone who reaches it may publish counts that are not true, or take over the gateway's session by its name"
        )
        look.leak("broker_open", "may_lose", where, what, why, "allow_anonymous false, and a password_file")
    if visit.beyond or (not local and not visit.tls):
        at = f" (it answers at {', '.join(visit.beyond)})" if visit.beyond else ""
        what = f"it is reached over the network without TLS{at}"
        why = "passwords and messages can be read and changed on their way"
        remedy = "let it listen on 127.0.0.1 or a network of its own, or use TLS and mqtts://"
        look.leak("broker_plain", "may_lose", where, what, why, remedy)
    return look


def _room(outlook: Outlook, look: Look) -> None:
    if outlook.full:
        why = "the oldest telemetry is given up to make room, each time told in an event"
        look.leak("outbox_full", "loses", "the outbox", f"it is full: {outlook.full}", why, ROOM_REMEDY)
    elif outlook.hours is not None and outlook.hours < HOURS_MIN:
        what = f"it holds {outlook.hours:.1f} more hours at the present rate"
        why = "when the service is away for longer, telemetry is given up"
        look.leak("outbox_short", "may_lose", "the outbox", what, why, ROOM_REMEDY)


def _broker(broker: OfBroker, look: Look) -> None:
    if not broker.connected:
        why = "devices that keep nothing themselves lose what they send; the broker's queue holds the rest, if it runs"
        look.leak("broker_away", "loses", "the gateway's broker", broker.why, why, "see the reason; is it running?")
    lately = [ago_ms for ago_ms in broker.connects_ago_ms if ago_ms <= CONNECTS_MS]
    if len(lately) > CONNECTS_MAX:
        what = f"the gateway connected {len(lately)} times within {CONNECTS_MS // 60_000} minutes"
        why = "a second gateway of the same name takes its messages, which never reach this one; or the network breaks"
        look.leak(
            "taken_over", "loses", "the gateway's broker", what, why, "look for another gateway; give it another --name"
        )
    if broker.sessions_lost:
        what = f"the broker had forgotten the gateway's session {broker.sessions_lost} times since the gateway began"
        why = "what was sent until the gateway had subscribed again is lost"
        remedy = "persistence true and a long session expiry at the broker; docs/brokers.md"
        look.leak("session_lost", "loses", "the gateway's broker", what, why, remedy)


def _service(service: OfService, version: int, look: Look) -> None:
    if not service.connected:
        why = "reports wait in the outbox, which is finite (`python -m edge outbox` says how long it lasts)"
        look.leak("service_away", "may_lose", "the service", service.why, why, "see the reason; is it running?")
    if service.version is not None and service.version != version:
        what = f"it speaks version {service.version} of the uplink, the gateway {version}"
        why = "the older of the two can not ask for what it lacks, and one more version apart they do not speak at all"
        look.leak("version_skew", "may_lose", "the service", what, why, "bring the older one up to date")
    if service.clock_offset_ms is not None and abs(service.clock_offset_ms) > CLOCK_MS_MAX:
        seconds = service.clock_offset_ms / 1000.0
        what = f"its clock is {abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
        why = "what happened is told at the wrong time: late, stale, or in the future"
        look.leak("clock_off", "may_lose", "this machine", what, why, "set both clocks: timedatectl set-ntp true")


def _devices(facts: Facts, look: Look) -> None:
    heard = [one for one in facts.devices if one.habit is not None and one.habit.messages >= HABIT_MIN]
    unsure = [one.id for one in heard if one.habit is not None and one.habit.unsure]
    if unsure:
        why = (
            "at QoS 0 a message is lost whenever the network, the broker or the gateway is away, and nobody hears of it"
        )
        remedy = "let them publish with QoS 1; firmware that can not should send again, and say its totals"
        look.leak("qos_0", "loses", named(unsure), f"{len(unsure)} devices publish at QoS 0", why, remedy)
    unnumbered = [one.id for one in facts.devices if not one.numbered or _numberless(one.habit)]
    if unnumbered:
        what = f"{len(unnumbered)} devices do not number their messages"
        why = "what is lost on the way can not be told from what was never sent"
        remedy = "native devices send boot and seq (docs/devices.md); of others compare their own totals now and then"
        look.leak("no_numbers", "blind", named(unnumbered), what, why, remedy)
    lost = {one.id: one.lost for one in facts.devices if one.lost}
    if lost:
        what = f"{sum(lost.values())} messages were numbered and never came"
        why = "they were lost between these devices and the gateway, or are held back by the devices"
        look.leak("numbers_missing", "loses", named(lost), what, why, LOST_REMEDY)
    off = {one.id: one.offset_s for one in facts.devices if one.offset_s is not None}
    if off:
        worst = max(off.values(), key=abs)
        what = f"the clocks of {len(off)} devices are off, by up to {abs(worst):.0f} s"
        why = "their samples are told at the wrong time; beyond 5 minutes ahead their time is not used at all"
        look.leak("device_clock_off", "may_lose", named(off), what, why, "let them take the time by NTP")
    mistimed = [one.id for one in heard if one.habit is not None and one.habit.mistimed and one.id not in off]
    why = "the time of receipt is taken: what they had buffered is told as of now"
    if mistimed:
        what = f"{len(mistimed)} devices send times that can not be believed"
        look.leak("device_clock_off", "may_lose", named(mistimed), what, why, "let them take the time by NTP")
    doubted = sum(one.count for one in facts.problems if one.used and one.code == DOUBTED)
    if doubted and not mistimed and not off:
        what = f"{doubted} messages of the last hour bore times that can not be believed"
        look.leak("device_clock_off", "may_lose", "devices", what, why, "let them take the time by NTP")


def _numberless(habit: Habit | None) -> bool:
    """Whether none of its messages had a number, though its status may tell of a boot."""
    return habit is not None and habit.unnumbered == habit.messages >= HABIT_MIN
