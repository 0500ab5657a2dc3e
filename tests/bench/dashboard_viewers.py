"""Those who look on, a process of its own: real sockets on a service's live stream.

Run: python -m tests.bench.dashboard_viewers URL COOKIE COUNT [mute]. Prints `ready` once all are connected; when
its input ends, how many frames came to all of them. Mute ones never read; who was cut off for that comes again.
"""

from __future__ import annotations

import asyncio
import base64
import os
import select
import socket
import sys
import threading
from urllib.parse import urlsplit

from aiohttp import ClientSession, WSMsgType


async def read(url: str, cookie: str, count: int) -> None:
    """All of them read whatever comes."""
    frames, open_now = 0, asyncio.Semaphore(0)
    over = asyncio.Event()

    async def one(client: ClientSession) -> None:
        nonlocal frames
        async with client.ws_connect(url + "/ws", max_msg_size=0) as watching:
            open_now.release()
            async for message in watching:
                frames += message.type is WSMsgType.TEXT

    async with ClientSession(headers={"Cookie": cookie, "Origin": url}) as client:
        client.connector._limit = 0  # type: ignore[union-attr]
        tasks = [asyncio.create_task(one(client)) for _ in range(count)]
        for _ in range(count):
            await open_now.acquire()
        await asyncio.sleep(1)
        before = frames
        print("ready", flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True).start()
        loop = asyncio.get_running_loop()
        await over.wait()
        print(frames - before, flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def stay_mute(url: str, cookie: str, count: int) -> None:
    """None of them ever reads."""
    sockets = [_knock(url, cookie) for _ in range(count)]
    print("ready", flush=True)
    again = 0
    while not select.select([sys.stdin], [], [], 0.5)[0]:
        for at, one in enumerate(sockets):
            watch = select.poll()
            watch.register(one, select.POLLHUP | select.POLLERR | select.POLLRDHUP)
            if watch.poll(0):
                one.close()
                sockets[at] = _knock(url, cookie)
                again += 1
    print(again, flush=True)


def _knock(url: str, cookie: str) -> socket.socket:
    where = urlsplit(url)
    made = socket.create_connection((where.hostname or "", where.port or 80))
    key = base64.b64encode(os.urandom(16)).decode()
    made.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {where.netloc}\r\nOrigin: {url}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return made


if __name__ == "__main__":
    if sys.argv[4:] == ["mute"]:
        stay_mute(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        asyncio.run(read(sys.argv[1], sys.argv[2], int(sys.argv[3])))
