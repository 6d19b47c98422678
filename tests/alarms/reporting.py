"""Reports as machines send them, by key and under a signature."""

import json
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from app.infra.now import wall_now
from tests.desk import Caller, Desk, Json

DOWN: Json = {
    "source": "switch-1",
    "dedup_key": "trunk-7",
    "action": "trigger",
    "severity": "critical",
    "summary": "Trunk 7 is down",
}


def report(**members: Any) -> Json:
    """A report; what is not said does not matter."""
    return DOWN | members


async def machine(desk: Desk, reseller: Caller) -> Caller:
    """A sender whose key has the scope for alarms alone."""
    return desk.caller(await desk.key(reseller.id, ["alarms:write"]))


async def send_signed(
    desk: Desk, source: Json, body: Json, *, message_id: str = "msg_1", **more: Any
) -> httpx.Response:
    """Send a report under a signature, made by the specification's own library."""
    content, at = json.dumps(body), more.pop("at", None) or wall_now()
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(source["secret"]).sign(message_id, at, content),
    } | more.pop("headers", {})
    path = f"/alarm-sources/{source['id']}/alarms"
    return await desk.caller(None).send("POST", path, content=more.get("content", content), headers=headers)
