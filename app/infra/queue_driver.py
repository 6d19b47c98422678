"""The job library's driver over a pool, mended where it may speak before it listens."""

import asyncio

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.ports.driver import NotifyCallback


class ListeningDriver(AsyncpgPoolDriver):
    """Notifies only once it listens.

    The library starts to probe its listener before it has one. A probe that is committed before the LISTEN is heard
    by nobody: ten seconds later the library takes a sound listener for a dead one, prints a traceback and starts
    anew. All that is sent through this driver is sent to itself, so it can wait.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool)
        self._listening = asyncio.Event()

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Listen, and let go what was held back until now."""
        await super().add_listener(channel, callback)
        self._listening.set()

    async def notify(self, channel: str, payload: str) -> None:
        """Notify, once somebody is there to hear it."""
        await self._listening.wait()
        await super().notify(channel, payload)
