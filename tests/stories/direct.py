"""A caller that hands its requests to the application itself: for stories of many thousand requests."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.desk import Caller, Desk


@dataclass
class DirectCaller(Caller):
    """Somebody with a key, without an HTTP client in between: a third of the time of a small request."""

    app: Any = None

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        body = json.dumps(more["json"]).encode() if more.get("json") is not None else b""
        query = urlencode(more.get("params") or {}).encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": f"/v1{path}",
            "raw_path": f"/v1{path}".encode(),
            "root_path": "",
            "query_string": query,
            "headers": [
                (b"host", b"desk.test"),
                (b"authorization", self.http.headers["authorization"].encode()),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("desk.test", 80),
        }
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def answer(message: dict[str, Any]) -> None:
            said.append(message)

        await self.app(scope, receive, answer)
        content = b"".join(message.get("body", b"") for message in said[1:])
        return httpx.Response(said[0]["status"], headers=said[0]["headers"], content=content)


def directly(desk: Desk, caller: Caller) -> DirectCaller:
    """The same caller, directly."""
    return DirectCaller(caller.http, caller.id, caller.clock, desk.app)
