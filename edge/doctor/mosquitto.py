"""What a mosquitto.conf loses: its settings against what a gateway that was away needs (mosquitto.conf(5), 2.0).

Mosquitto's own defaults are read where the file is silent: no persistence, 1,000 waiting messages, a save every half
hour. docs/brokers.md has what each costs, measured.
"""

from __future__ import annotations

from typing import NamedTuple

from edge.doctor.leaks import Look

SAVE_S_MAX = 60
QUEUED_MIN = 10_000
QUEUED_BYTES_MIN = 16 * 1024 * 1024
INFLIGHT_MIN = 500
"""The gateway acknowledges in groups of up to so many."""
PACKET_BYTES_MIN = 128 * 1024
EXPIRY_DAYS_MIN = 7.0
SHIPPED = "docker/mosquitto.conf has the settings this gateway is tested with"
HOURS = {"h": 1.0, "d": 24.0, "w": 168.0, "m": 730.0, "y": 8760.0}
LOOPBACK = ("127.", "localhost", "::1", "/")


class Listener(NamedTuple):
    """One door: its address ("" for every one), its port, and whether it speaks TLS."""

    address: str
    port: str
    tls: bool

    @property
    def beyond(self) -> bool:
        """Whether other machines reach it."""
        return not self.address.startswith(LOOPBACK)


class Conf(NamedTuple):
    """A configuration: the last word on each setting, and the listeners."""

    settings: dict[str, str]
    listeners: list[Listener]

    def number(self, name: str, default: int) -> int:
        """A setting that is a whole number; Mosquitto refuses any other."""
        word = self.settings.get(name, "")
        return int(word) if word.lstrip("-").isdigit() else default

    def yes(self, name: str) -> bool:
        """A setting that is true or false (Mosquitto reads its first word, 1 as true); false where nothing is said."""
        return self.settings.get(name, "").partition(" ")[0] in ("true", "1")


def parse(text: str) -> Conf:
    """Read a mosquitto.conf: one `name value` a line, `#` begins a comment line."""
    settings: dict[str, str] = {}
    listeners: list[Listener] = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        value = value.strip()
        if not name or name.startswith("#"):
            continue
        if name == "listener":
            port, _, address = value.partition(" ")
            listeners.append(Listener(address.strip(), port, False))
        elif name in ("certfile", "psk_file") and listeners:
            listeners[-1] = listeners[-1]._replace(tls=True)
        settings[name] = value
    if "port" in settings:
        tls = "certfile" in settings and not any(one.tls for one in listeners)
        listeners.append(Listener(settings.get("bind_address", ""), settings["port"], tls))
    return Conf(settings, listeners)


def included(text: str) -> list[str]:
    """The folders whose *.conf are read too."""
    lines = (line.strip().partition(" ") for line in text.splitlines())
    return [value.strip() for name, _, value in lines if name == "include_dir"]


def examine(text: str, where: str) -> Look:
    """What the configuration `text`, of the file `where`, loses."""
    conf, look = parse(text), Look(checked=[f"settings of {where}"])
    _saving(conf, where, look)
    _queue(conf, where, look)
    _doors(conf, where, look)
    return look


def _saving(conf: Conf, where: str, look: Look) -> None:
    if not conf.yes("persistence"):
        what = "persistence is not true"
        why = "when this broker stops, every message that waits for the gateway is gone, and the gateway's session too"
        remedy = f"persistence true, persistence_location DIR/, autosave_interval 5; {SHIPPED}"
        look.leak("persistence_off", "may_lose", where, what, why, remedy)
        return
    interval = conf.number("autosave_interval", 1800)
    if conf.yes("autosave_on_changes"):
        what = f"it saves after every {interval} changes" if interval else "it saves only when it stops"
        slow = not 0 < interval <= INFLIGHT_MIN
    else:
        what = f"it saves every {interval} s" if interval else "it saves only when it stops"
        slow = not 0 < interval <= SAVE_S_MAX
    if slow:
        why = "a broker that is killed, or loses its power, forgets what it has acknowledged since its last save"
        look.leak("autosave_slow", "may_lose", where, what, why, f"autosave_interval 5; {SHIPPED}")
    days = _days(conf.settings.get("persistent_client_expiration", ""))
    if days is not None and days < EXPIRY_DAYS_MIN:
        what = f"sessions expire after {days:g} days (persistent_client_expiration)"
        why = "a gateway that is away for longer finds nothing of what was sent meanwhile"
        look.leak("session_expires", "may_lose", where, what, why, "persistent_client_expiration 30d")


def _queue(conf: Conf, where: str, look: Look) -> None:
    queued = conf.number("max_queued_messages", 1000)
    if 0 < queued < QUEUED_MIN:
        said = "max_queued_messages" in conf.settings
        what = f"{queued} messages may wait for the gateway" + ("" if said else " (Mosquitto's default)")
        why = "beyond it new messages are dropped, though their senders get a PUBACK: seconds, on a busy site"
        look.leak("queue_small", "may_lose", where, what, why, "max_queued_messages 200000")
    size = conf.number("max_queued_bytes", 0)
    if 0 < size < QUEUED_BYTES_MIN:
        what = f"{size} bytes may wait for the gateway (max_queued_bytes)"
        why = "beyond it new messages are dropped, though their senders get a PUBACK"
        look.leak("queue_small", "may_lose", where, what, why, "max_queued_bytes 268435456")
    inflight = conf.number("max_inflight_messages", 20)
    if 0 < inflight < INFLIGHT_MIN:
        what = f"{inflight} messages may be unacknowledged at a time (max_inflight_messages)"
        why = "a gateway that acknowledges in groups is slowed by it, and the queue behind it fills"
        look.leak("window_small", "may_lose", where, what, why, "max_inflight_messages 1000")
    for name in ("message_size_limit", "max_packet_size"):
        packet = conf.number(name, 0)
        if 0 < packet < PACKET_BYTES_MIN:
            what = f"messages are cut off at {packet} bytes ({name})"
            why = "a device that hands in its buffered past sends larger ones, and loses them"
            look.leak("messages_cut", "may_lose", where, what, why, f"{name} 1048576")


def _doors(conf: Conf, where: str, look: Look) -> None:
    open_doors = [one for one in conf.listeners if one.beyond]
    doors = ", ".join(f"{one.address or 'every address'}:{one.port}" for one in open_doors)
    if open_doors and conf.yes("allow_anonymous"):
        why = (
            "anyone who reaches it may publish counts that are not true, or take over the gateway's session by its name"
        )
        remedy = "allow_anonymous false, and password_file and acl_file as in docker/mosquitto.conf"
        look.leak("broker_open", "may_lose", where, f"{doors} lets in who has no password", why, remedy)
    plain = [one for one in open_doors if not one.tls]
    if plain:
        what = f"{', '.join(one.address or 'every address' for one in plain)}: no TLS (port {plain[0].port})"
        why = "passwords and messages can be read and changed on their way"
        remedy = "listen on 127.0.0.1, or give the listener a certfile and keyfile and use mqtts://"
        look.leak("broker_plain", "may_lose", where, what, why, remedy)


def _days(word: str) -> float | None:
    """`30d` and the like in days; None where sessions never expire."""
    unit = HOURS.get(word[-1:])
    return int(word[:-1]) * unit / 24.0 if unit is not None and word[:-1].isdigit() else None
