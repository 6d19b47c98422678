"""What a body may hold, and what becomes of one that is cut off."""

import re
from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.infra.asgi import MOST_BYTES, BodyLimit

_MIB = 1024 * 1024
_UPLOADS = re.compile("/uploads/[^/]+")


class _App:
    """An application that reads what it is sent."""

    def __init__(self) -> None:
        self.parts: list[bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body."""
        self.parts = []
        more = True
        while more:
            message = await receive()
            assert scope["type"] == message["type"].partition(".")[0]
            self.parts.append(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 204, "headers": []})


async def _send(path: str, messages: Iterator[Message], length: str | None = None) -> tuple[_App, int | None]:
    app, statuses = _App(), list[int]()

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    headers = [] if length is None else [(b"content-length", length.encode())]
    scope: Scope = {"type": "http", "path": path, "headers": headers}
    await BodyLimit(app, _UPLOADS, 3 * _MIB)(scope, receive, send)
    return app, next(iter(statuses), None)


def _body(size: int, *, whole: bool = True) -> Iterator[Message]:
    sent = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    for start in range(0, max(size, 1), 100_000):
        more = start + 100_000 < size or not whole
        yield {"type": "http.request", "body": sent[start : start + 100_000], "more_body": more}


@pytest.mark.parametrize(("path", "most"), [("/uploads/1", 3 * _MIB), ("/others", _MIB), ("/uploads/1/2", _MIB)])
async def test_a_body_passes_whole_up_to_what_its_path_may_hold(path: str, most: int) -> None:
    for size in (0, 1, most):
        app, status = await _send(path, _body(size))
        assert status == 204
        assert app.parts is not None
        assert b"".join(app.parts) == b"".join(one["body"] for one in _body(size))
        assert max(map(len, app.parts)) <= 64 * 1024

    for length in (None, str(most + 1)):
        app, status = await _send(path, _body(most + 1), length)
        assert (app.parts, status) == (None, 413)


async def test_a_body_that_is_cut_off_reaches_nobody() -> None:
    app, status = await _send("/uploads/1", _body(2 * MOST_BYTES, whole=False))

    assert (app.parts, status) == (None, None)
