"""A receiver of webhooks for tests: a real HTTP/1.1 server on a loopback port of its own, as rude as it is told to be.

async with Receiver() as r:
    r.answer(Answer(503), Answer(200))  # in this order; the last one holds for all that follow
    ...  # something posts to r.url
    await r.wait_for(2)
    assert r.requests[0].headers["webhook-id"] == r.requests[1].headers["webhook-id"]
"""

import asyncio
import contextlib
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; the names in `headers` are in lower case, those in `names` as they were written."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer. `drip` is the pause after each byte of the body, `endless` is repeated after the body for ever.

    `raw` replaces the whole answer by these bytes, status line and all. `reset` sends a TCP reset after all else.
    """

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drip: float = 0.0
    raw: bytes | None = None
    endless: bytes = b""
    reset: bool = False
    close: bool = False

    def head(self) -> bytes:
        fields = {} if self.status == 204 or self.endless else {"Content-Length": str(len(self.body))}
        lines = [f"{name}: {value}\r\n" for name, value in (fields | dict(self.headers)).items()]
        return f"HTTP/1.1 {self.status} Whatever\r\n{''.join(lines)}\r\n".encode("latin-1")


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, {"Location": to})


def gzip_bomb(megabytes: int) -> Answer:
    return Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(megabytes << 20)))


def endless_headers() -> Answer:
    return Answer(raw=b"HTTP/1.1 200 OK\r\n", endless=b"X-More: and more\r\n" * 16)


class Receiver:
    """The server. `requests` are those that came whole, `connections` counts all that ever connected.

    `written` counts the bytes of bodies that do not end.
    """

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.host = host
        self.port = 0
        self.requests: list[Request] = []
        self.connections = 0
        self.written = 0
        self._tls = tls
        self._answers = [Answer()]
        self._arrived = asyncio.Condition()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}/hook"

    def answer(self, *answers: Answer) -> None:
        """Answer so from now on, in this order; the last one holds for all that follow."""
        self._answers = list(answers)

    async def wait_for(self, count: int, timeout: float = 5.0) -> list[Request]:  # noqa: ASYNC109 - a test's limit
        """Wait until so many requests have come in all.

        Raises:
            AssertionError: they did not come in time.
        """
        try:
            async with asyncio.timeout(timeout), self._arrived:
                await self._arrived.wait_for(lambda: len(self.requests) >= count)
        except TimeoutError:
            raise AssertionError(f"{len(self.requests)} of {count} requests came in {timeout} s") from None
        return self.requests

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for request in _requests(reader):
                async with self._arrived:
                    self.requests.append(request)
                    self._arrived.notify_all()
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if not await self._give(answer, writer):
                    break
        except (OSError, EOFError, ValueError):
            pass  # the client is gone or speaks no HTTP, which is its right
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _give(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        """Write one answer; return whether the connection is still good for another."""
        await asyncio.sleep(answer.delay)
        writer.write(answer.head() if answer.raw is None else answer.raw)
        if answer.drip:
            for byte in answer.body:
                writer.write(bytes([byte]))
                await asyncio.sleep(answer.drip)
        else:
            writer.write(answer.body)
        while answer.endless:
            writer.write(answer.endless)
            await writer.drain()
            self.written += len(answer.endless)
        await writer.drain()
        if answer.reset:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )  # close() is a reset now
            writer.transport.abort()
        return not (answer.close or answer.reset or answer.raw is not None)


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[Request]:
    while line := await reader.readline():
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        names: list[str] = []
        while (line := await reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            names.append(name)
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        yield Request(method, path, headers, body, tuple(names))
