"""One thing is decided at a time, by what the ledger has: what is known is read again after a write that went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from cloud.desks.refusing import storing


class Turns:
    """The turns of one desk. `read_again` makes what it knows what the ledger has."""

    def __init__(self, read_again: Callable[[], Awaitable[None]]) -> None:
        self.doubtful = False
        """Whether the ledger may have what is not known here: a write of ours failed, or somebody else was first."""
        self._read_again = read_again
        self._deciding = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Whoever is in here is alone, and knows what the ledger has."""
        async with self._deciding:
            if self.doubtful:
                with storing():
                    await self._read_again()
                self.doubtful = False
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Whatever goes wrong in here, the ledger may have it, or something newer, all the same."""
        try:
            with storing():
                yield
        except BaseException:
            self.doubtful = True
            raise


class Queues:
    """One lock an SKU, for all who decide by its stock: what one of them saw is so until what came of it is written.
    Others need not wait. Who needs a desk's turn too has that one first."""

    def __init__(self, skus: Iterable[str]) -> None:
        self._locks = {sku: asyncio.Lock() for sku in skus}

    @asynccontextmanager
    async def turn(self, skus: Iterable[str]) -> AsyncIterator[None]:
        """Whoever is in here decides alone by these; SKUs that the site has not are nobody's. All ask in one order, so
        that no two wait for each other."""
        async with AsyncExitStack() as held:
            for sku in sorted(self._locks.keys() & {*skus}):
                await held.enter_async_context(self._locks[sku])
            yield
