"""The demo's own receiver of webhooks: a small HTTP server on loopback that checks every signature."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from app.infra.now import wall_now
from app.webhooks.signature import verify


@dataclass
class Receiver:
    """Hears deliveries; each event once, with whether its signature was right."""

    secrets: list[str] = field(default_factory=list)
    heard: dict[str, tuple[bool, dict[str, Any]]] = field(default_factory=dict)
    port: int = 0

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")[1:]
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self._keep(headers, body)
                writer.write(b"HTTP/1.1 204 Taken\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the desk hung up, or the demo is over
        finally:
            writer.close()

    def _keep(self, headers: dict[str, str], body: bytes) -> None:
        now = int(wall_now().timestamp())
        good, event = verify(self.secrets, headers, body, now=now), json.loads(body)
        if event["type"] != "ping":
            self.heard[headers["webhook-id"]] = (good, event)
