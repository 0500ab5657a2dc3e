"""The anchor of the live stream, a process of its own: each client has a queue without end and its own JSON, compressed
for it, of everything there is, once a second; as a first version would be written.

Run: python -m tests.bench.dashboard_naive SNAPSHOT.json. Prints its address and ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from aiohttp import web


async def main() -> None:
    """Serve until the input ends."""
    everything = json.loads(Path(sys.argv[1]).read_bytes())
    queues: list[asyncio.Queue[str]] = []

    async def watch(request: web.Request) -> web.WebSocketResponse:
        watching = web.WebSocketResponse(compress=True)
        await watching.prepare(request)
        mine: asyncio.Queue[str] = asyncio.Queue()
        queues.append(mine)
        while not watching.closed:
            await watching.send_str(await mine.get())
        return watching

    async def tell() -> None:
        while True:
            await asyncio.sleep(1)
            everything["t"] = time.time_ns() // 1_000_000
            for one in queues:
                one.put_nowait(json.dumps(everything))

    app = web.Application()
    app.router.add_get("/ws", watch)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]} none=none", flush=True)
    telling = asyncio.create_task(tell())
    await asyncio.to_thread(sys.stdin.read)
    telling.cancel()


if __name__ == "__main__":
    asyncio.run(main())
