"""The receiver of the webhooks' bench: a process of its own that counts what it hears, by endpoint.

It prints the port it listens on. ``/slow`` is answered after a while, ``/report`` and ``/count`` tell what was heard.
"""

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

import uvloop

SLOW_SECONDS = 2.0
_SAID = re.compile(rb'"ticket":"([^"]*)","sequence":(\d+)')


@dataclass
class Heard:
    """What the sink has received: by endpoint, each event's first instant; and how often any came again."""

    first: dict[int, dict[str, float]] = field(default_factory=dict)
    order: dict[tuple[int, bytes], int] = field(default_factory=dict)
    again: int = 0
    disordered: Counter[int] = field(default_factory=Counter)

    def take(self, endpoint: int, event: str, body: bytes) -> None:
        seen = self.first.setdefault(endpoint, {})
        if event in seen:
            self.again += 1
            return
        seen[event] = time.monotonic()
        if said := _SAID.search(body):
            before = self.order.get((endpoint, said[1]), -1)
            if int(said[2]) < before:
                self.disordered[endpoint] += 1
            self.order[endpoint, said[1]] = max(before, int(said[2]))


HEARD = Heard()


class Sink(asyncio.Protocol):
    """Answers 204: at once, or where the path says so after a while. ``/report`` tells what was heard."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end].lower()
            found = re.search(rb"content-length: *(\d+)", head)
            whole = end + 4 + int(found[1] if found else 0)
            if len(self.data) < whole:
                return
            body, self.data = self.data[end + 4 : whole], self.data[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        if path == "/report":
            said = json.dumps(
                {"first": HEARD.first, "again": HEARD.again, "disordered": dict(HEARD.disordered)}
            ).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
        elif path == "/count":
            said = json.dumps({key: len(events) for key, events in HEARD.first.items()}).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
        elif path.startswith("/slow"):
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._taken)
        else:
            if path.startswith("/e/"):
                event = re.search(rb"webhook-id: *(\S+)", head)
                HEARD.take(int(path[3:]), event[1].decode() if event else "", body)
            self._taken()

    def _taken(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_TAKEN)


_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
