"""Pure ASGI middleware: request ids, security headers, and the limit on bodies."""

import asyncio
import json
import re
from enum import Enum, auto
from tempfile import SpooledTemporaryFile

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.infra.answers import fault, problem_body, request_id
from app.infra.ids import new_id
from app.infra.problems import PayloadTooLarge

MOST_BYTES = 1024 * 1024
_PART_BYTES = 64 * 1024
_DRAINED_BYTES = 32 * MOST_BYTES
_DRAINED_SECONDS = 5.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

Body = SpooledTemporaryFile[bytes]

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class RequestIds:
    """Takes the caller's ``X-Request-Id``, or makes one, and puts it and the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        mine = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        request_id.set(mine)

        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = mine
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if started:
                raise
            # Here and not in Starlette's own outermost layer: its answer would have none of these headers.
            answer = await fault(Request(scope), error)
            await answer(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies over 1 MiB with 413, after draining what a plain client is still sending.

    A client that is cut off while it sends sees a broken connection and no answer; so up to 32 MiB or five seconds
    of it are read and thrown away first. On the paths of ``uploads`` a body may hold more: past the first MiB it waits
    on the disk, so that uploads take no more memory than others, however many there are.
    """

    def __init__(self, app: ASGIApp, uploads: re.Pattern[str], most_of_an_upload: int) -> None:
        self._app = app
        self._uploads = uploads
        self._most_of_an_upload = most_of_an_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body read, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most_of_an_upload if self._uploads.fullmatch(scope["path"]) else MOST_BYTES
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > most:
            await _drain(receive, 0)
            await _refuse(scope, send, most)
            return
        with SpooledTemporaryFile(MOST_BYTES) as body:
            size, end = await _read(receive, body, most)
            if end is End.TOO_LARGE:
                await _drain(receive, size)
                await _refuse(scope, send, most)
            elif end is End.WHOLE:
                body.seek(0)
                await self._app(scope, _replay(body, receive), send)


class End(Enum):
    """How the reading of a body ended; with ``GONE`` its client has left, and half of it is nobody's wish."""

    WHOLE = auto()
    TOO_LARGE = auto()
    GONE = auto()


async def _read(receive: Receive, body: Body, most: int) -> tuple[int, End]:
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return size, End.GONE
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return size, End.TOO_LARGE
        body.write(part)
        if not message.get("more_body", False):
            return size, End.WHOLE


async def _drain(receive: Receive, size: int) -> None:
    async def rest(size: int) -> None:
        while size <= _DRAINED_BYTES:
            message = await receive()
            size += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                return

    try:
        await asyncio.wait_for(rest(size), _DRAINED_SECONDS)
    except TimeoutError:
        return


def _replay(body: Body, receive: Receive) -> Receive:
    part: bytes | None = body.read(_PART_BYTES)

    async def replayed() -> Message:
        nonlocal part
        if part is None:
            return await receive()
        this, following = part, body.read(_PART_BYTES)
        part = following or None
        return {"type": "http.request", "body": this, "more_body": part is not None}

    return replayed


async def _refuse(scope: Scope, send: Send, most: int) -> None:
    problem = PayloadTooLarge(f"a body may hold {most} bytes")
    body = json.dumps(problem_body(problem, scope["path"])).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send(
        {"type": "http.response.start", "status": problem.status, "headers": [*headers, (b"connection", b"close")]}
    )
    await send({"type": "http.response.body", "body": body})
