"""Files that tests send and look at."""

from typing import Any

import httpx

from tests.desk import Caller, Json

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(32))
_KEPT = "application/octet-stream"


def form(*files: tuple[str, bytes], **fields: str) -> Json:
    """Return the arguments of a request that sends files."""
    return {"files": [("files", (name, content, _KEPT)) for name, content in files], "data": fields}


async def send_files(caller: Caller, ticket: Json, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
    """Send files to a ticket and return the answer, whatever it is."""
    return await caller.send("POST", f"/tickets/{ticket['id']}/attachments", **form(*files, **fields))


async def attach(caller: Caller, ticket: Json, *files: tuple[str, bytes], **fields: str) -> list[Json]:
    """Add files to a ticket."""
    answer = await send_files(caller, ticket, *files, **fields)
    assert answer.status_code == 201, answer.text
    added: list[Json] = answer.json()["data"]
    return added


async def content(caller: Caller, attachment: Json, **more: Any) -> httpx.Response:
    """Ask for what is in an attachment and return the answer, whatever it is."""
    return await caller.send("GET", f"/attachments/{attachment['id']}", **more)
