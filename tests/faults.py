"""What a receiver of webhooks may do wrong, each by the name that `docs/deliveries.md` has for it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from email.utils import format_datetime

from app.infra.now import wall_now
from tests.receiver import Answer, Receiver, endless_headers, gzip_bomb, redirect

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"


def answers() -> Mapping[str, Answer]:
    """Every fault that is an answer of some kind; dates in them are counted from now."""
    tomorrow, yesterday = [format_datetime(wall_now() + timedelta(days=days)) for days in (1, -1)]
    return {
        "answers 200": Answer(200, body=b"thanks"),
        "answers 204": Answer(204),
        "answers 200 with header fields that are not ASCII": Answer(
            raw=b"HTTP/1.1 200 \xff\xfe caf\xe9\r\nX-Note: \xfe\xe9\r\nContent-Length: 2\r\n\r\nok"
        ),
        "answers 200 with a body that never ends": Answer(200, endless=b"y" * 65536),
        "answers 200 with a gzip bomb": gzip_bomb(64),
        "answers 202 after 100 Continue and 103 Early Hints": Answer(
            raw=b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Later\r\n"
            b"Content-Length: 0\r\n\r\n"
        ),
        "answers 302": redirect("http://127.0.0.1:9/"),
        "answers 304": Answer(304),
        "answers 401": Answer(401),
        "answers 410": Answer(410),
        "answers 429": Answer(429),
        "answers 429 with Retry-After: 7": Answer(429, {"Retry-After": "7"}),
        "answers 429 with Retry-After: 86400": Answer(429, {"Retry-After": "86400"}),
        "answers 429 with Retry-After of tomorrow's date": Answer(429, {"Retry-After": tomorrow}),
        "answers 429 with Retry-After of yesterday's date": Answer(429, {"Retry-After": yesterday}),
        "answers 503 with a Retry-After that is no time": Answer(503, {"Retry-After": "Wed, 21 Oct 9 07:28:00 +9" * 2}),
        "answers 503 with a Retry-After out of all bounds": Answer(
            503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 +99999999999999999"}
        ),
        "answers 500": Answer(500, body=b"not now"),
        "answers 500 with a body that never ends": Answer(500, endless=b"y" * 65536),
        "does not answer": Answer(delay=60),
        "drips its header fields": Answer(raw=_OK + b"X-Drip: ", body=b"x" * 1000, drip=0.02),
        "drips its body": Answer(200, body=b"x" * 1000, drip=0.02),
        "sends header fields without end": endless_headers(),
        "sends 100 Continue without end": Answer(raw=b"", endless=b"HTTP/1.1 100 Continue\r\n\r\n"),
        "sends 103 Early Hints without end": Answer(raw=b"", endless=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "closes before the status": Answer(raw=b""),
        "resets before the status": Answer(raw=b"", reset=True),
        "resets within the body": Answer(
            raw=_OK + b"Content-Length: 100\r\n\r\nhello", body=b" ", drip=0.05, reset=True
        ),
        "closes before the body is whole": Answer(raw=_OK + b"Content-Length: 100\r\n\r\nhalf"),
        "closes within a chunk": Answer(raw=_CHUNKED + b"64\r\nhalf"),
        "sends a first chunk of no size": Answer(raw=_CHUNKED + b"ZZ\r\nx\r\n"),
        "sends a later chunk of no size": Answer(raw=_CHUNKED, body=b"1\r\na\r\nZZ\r\nx\r\n", drip=0.02),
        "speaks no HTTP": Answer(raw=b"220 mail.test ESMTP\r\n"),
    }


@asynccontextmanager
async def half_open() -> AsyncIterator[str]:
    """A receiver that accepts connections, and never reads from one nor writes to it; its URL."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0, limit=1)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        for writer in held:
            writer.transport.abort()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def full() -> AsyncIterator[str]:
    """A receiver whose queue of connections is full, so that the system drops whoever dials; its URL."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        callers: list[socket.socket] = []
        try:
            while True:
                caller = socket.socket()
                caller.settimeout(0.2)
                callers.append(caller)
                try:
                    await asyncio.to_thread(caller.connect, listening.getsockname())
                except TimeoutError:
                    break
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            for caller in callers:
                caller.close()


@asynccontextmanager
async def closed() -> AsyncIterator[str]:
    """The URL of a receiver that is not there."""
    async with Receiver() as gone:
        pass
    yield gone.url


SERVERS = {
    "accepts, and never reads or answers": half_open,
    "never accepts": full,
    "is not there": closed,
}
