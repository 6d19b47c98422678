"""Streams of real processes: what a worker publishes is heard, and nothing is held up by who listens."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from tests.stories.processes import STAFF_KEY, RunningDesk


@pytest.mark.timeout(120)
async def test_a_desk_stops_at_once_with_streams_open(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path) as desk, httpx.AsyncClient(timeout=30) as client:
        staff = desk.caller()
        url = f"http://127.0.0.1:{desk.port}/v1/events/stream"
        streams = [client.stream("GET", url, headers={"Authorization": f"Bearer {STAFF_KEY}"}) for _ in range(5)]
        opened = [await stream.__aenter__() for stream in streams]
        reseller = await staff.post("/resellers", {"name": "Example Reseller", "plan": "lite"})
        await staff.open_ticket(reseller_id=reseller["id"])
        lines = [answer.aiter_lines() for answer in opened]
        for each in lines:
            while await anext(each) != "event: ticket.created":
                continue
        began = asyncio.get_running_loop().time()
        code = await desk.stop(signal.SIGTERM)
        took = asyncio.get_running_loop().time() - began
        rest = [[line async for line in each] for each in lines]  # each ends in order
        for stream in streams:
            await stream.__aexit__(None, None, None)

    assert code == 0
    assert took < 8
    assert all(rest)
    assert "Traceback" not in desk.log.read_text()
