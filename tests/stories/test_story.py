"""From one command to a signed escalation webhook, with real processes and a real receiver."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.desk import Caller, Json
from tests.receiver import Receiver
from tests.stories.processes import RunningDesk, processes_of

pytestmark = pytest.mark.timeout(180)


async def _sandbox(staff: Caller, desk: RunningDesk, url: str, now: str) -> tuple[Caller, str]:
    clock = await staff.post("/test-clocks", {"now": now})
    for role in ("account_manager", "technical_director"):
        await staff.post("/staff", {"name": role, "email": f"{role}@example.com", "roles": [role]})
    made = await staff.post("/resellers", {"name": "Sandbox", "plan": "lite", "test_clock_id": clock["id"]})
    scopes = ["tickets:write", "webhooks:write"]
    key = await staff.post(f"/resellers/{made['id']}/api-keys", {"name": "portal", "scopes": scopes})
    reseller = desk.caller(key["secret"])
    reseller.id, reseller.clock = made["id"], clock["id"]
    endpoint = await reseller.post("/webhook-endpoints", {"url": url})
    return reseller, endpoint["secret"]


async def _heard(receiver: Receiver, secret: str, count: int) -> list[Json]:
    """Wait for so many deliveries, check the signature of each, and return their bodies in the order of events."""
    await receiver.wait_for(count, 20)
    verified = [Webhook(secret).verify(one.body, one.headers) for one in receiver.requests]
    assert all(json.loads(one.body) == body for one, body in zip(receiver.requests, verified, strict=True))
    once = {one.headers["webhook-id"]: json.loads(one.body) for one in receiver.requests}
    once = {event: body for event, body in once.items() if body["type"] != "ping"}
    return [once[event] for event in sorted(once)]


def _told(events: list[Json], *types: str) -> list[tuple[str, str, str]]:
    told = [event for event in events if event["type"] in types]
    return sorted(
        (event["timestamp"], event["type"], event["data"].get("escalation", {}).get("role", "")) for event in told
    )


async def test_from_one_command_to_a_signed_escalation_webhook(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path) as desk, Receiver() as receiver:
        staff = desk.caller()
        reseller, secret = await _sandbox(staff, desk, receiver.url, "2026-06-10T16:30:00Z")
        types = ("sla.warning", "sla.breached", "escalation.raised", "sla.deadline_changed")

        ticket = await reseller.open_ticket()  # at 17:30 in London; Lite closes at 18:00
        assert ticket["sla"]["next_due_at"] == "2026-06-11T07:30:00Z"
        await reseller.post(f"/test-clocks/{reseller.clock}/advance", {"to": "2026-06-11T16:30:00Z"})

        assert _told(await _heard(receiver, secret, 5), *types) == [
            ("2026-06-11T07:15:00Z", "escalation.raised", "desk"),
            ("2026-06-11T07:15:00Z", "sla.warning", ""),
            ("2026-06-11T07:30:00Z", "sla.breached", ""),
        ]

        second = await reseller.open_ticket()
        assert second["sla"]["next_due_at"] == "2026-06-12T07:30:00Z"
        await staff.post(f"/test-clocks/{reseller.clock}/advance", {"to": "2026-06-11T16:45:00Z"})
        await staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "professional"})
        await _until_due(reseller, second, "2026-06-11T17:30:00Z")
        await staff.post(f"/test-clocks/{reseller.clock}/advance", {"to": "2026-06-11T18:30:00Z"})

        events = [event for event in await _heard(receiver, secret, 13) if event["timestamp"] > "2026-06-11T16:00:00Z"]
        mine = [event for event in events if event["data"].get("ticket", {}).get("id") == second["id"]]
        assert _told(mine, *types) == [
            ("2026-06-11T16:45:00Z", "sla.deadline_changed", ""),
            ("2026-06-11T17:15:00Z", "escalation.raised", "desk"),
            ("2026-06-11T17:15:00Z", "sla.warning", ""),
            ("2026-06-11T17:30:00Z", "escalation.raised", "account_manager"),
            ("2026-06-11T17:30:00Z", "sla.breached", ""),
            ("2026-06-11T18:30:00Z", "escalation.raised", "technical_director"),
        ]


async def _until_due(reseller: Caller, ticket: Json, due_at: str) -> None:
    async with asyncio.timeout(10):
        while await reseller.due(ticket) != due_at:
            await asyncio.sleep(0.05)


async def test_what_was_started_stops_and_what_was_kept_is_found_again(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path) as desk:
        made = await desk.caller().post("/resellers", {"name": "Kept", "plan": "lite"})
        assert await desk.stop(signal.SIGINT) == 0
    assert processes_of(tmp_path) == []

    async with RunningDesk(tmp_path) as desk:
        assert (await desk.caller().get(f"/resellers/{made['id']}"))["name"] == "Kept"
        os.kill(desk.process.pid, signal.SIGKILL)
        await asyncio.to_thread(desk.process.wait, 10)
        async with asyncio.timeout(20):
            while processes_of(tmp_path):
                await asyncio.sleep(0.1)

    async with RunningDesk(tmp_path) as desk:
        assert (await desk.caller().get(f"/resellers/{made['id']}"))["name"] == "Kept"


async def test_a_key_that_nobody_chose_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path, TRUNKLINE_BOOTSTRAP_KEY="") as desk:
        kept = tmp_path / "data" / "staff-key"
        secret = kept.read_text().strip()

        assert kept.stat().st_mode & 0o777 == 0o600
        assert secret in desk.log.read_text()
        assert (await desk.caller(secret).get("/me"))["role"] == "staff"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TRUNKLINE_PORT", "many"), ("TRUNKLINE_BOOTSTRAP_KEY", "short"), ("TRUNKLINE_WEBHOOK_ALLOWED_NETWORKS", "here")],
)
def test_a_setting_that_cannot_be_used_is_named_in_a_line(tmp_path: Path, name: str, value: str) -> None:
    environment = {**os.environ, "TRUNKLINE_DATA_DIR": str(tmp_path), name: value}

    ended = subprocess.run(
        [sys.executable, "-m", "app", "run"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 2
    assert name in ended.stderr
    assert "Traceback" not in ended.stderr
