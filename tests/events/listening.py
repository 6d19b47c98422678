"""A desk's API on a real port in the test's own process, and a plain client of its stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from app.main import ApiServer
from tests.desk import Caller, Desk, Json
from tests.stories.processes import free_port


@dataclass
class Stream:
    """An open stream: what came of it so far."""

    answer: httpx.Response
    events: list[Json] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    last_id: str | None = None
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Read until it ends."""
        block: dict[str, str] = {}
        async for line in self.answer.aiter_lines():
            async with self._arrived:
                self.lines.append(line)
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    block[name] = value
                elif not line:
                    self._dispatch(block)
                    block = {}
                self._arrived.notify_all()
        self.ended.set()

    def _dispatch(self, block: dict[str, str]) -> None:
        self.last_id = block.get("id", self.last_id)
        if "data" in block:
            event = json.loads(block["data"])
            assert (event["id"], event["type"]) == (block["id"], block["event"])
            self.events.append(event)

    async def has(self, count: int, seconds: float = 10) -> list[Json]:
        """Wait until so many events have come in all."""
        return await self.until(lambda: len(self.events) >= count, seconds)

    async def until(self, holds: Any, seconds: float = 10) -> list[Json]:
        """Wait until something holds."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(holds)
        return self.events


@dataclass
class Served:
    """Where the desk is served."""

    url: str
    server: ApiServer

    @asynccontextmanager
    async def stream(self, caller: Caller, **more: Any) -> AsyncIterator[Stream]:
        """Open a stream with a caller's key."""
        headers = dict(caller.http.headers) | more.pop("headers", {})
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("GET", f"{self.url}/v1/events/stream", headers=headers, params=more) as answer,
        ):
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            stream = Stream(answer)
            reading = asyncio.create_task(stream.read())
            try:
                await stream.until(lambda: stream.lines[:1])
                yield stream
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError, httpx.HTTPError):
                    await reading


@asynccontextmanager
async def served(desk: Desk) -> AsyncIterator[Served]:
    """Serve a desk's application on a port."""
    port = free_port()
    config = uvicorn.Config(desk.app, port=port, lifespan="off", log_level="error", timeout_graceful_shutdown=5)
    server = ApiServer(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Served(f"http://127.0.0.1:{port}", server)
    finally:
        server.should_exit = True
        await task
