"""Endpoints, their rotations, and what a receiver gets of them: checked with nothing of ours."""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook, WebhookVerificationError

from app.infra.keyring import Keyring
from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks.queries import find_endpoint
from app.webhooks.secrets import signing_keys
from app.webhooks.serving import Server
from tests.desk import Caller, Desk, Json
from tests.receiver import Receiver, Request


async def make_endpoint(caller: Caller, url: str, **more: Any) -> Json:
    made: Json = await caller.post("/webhook-endpoints", {"url": url} | more)
    return made


async def keys_of(
    session: AsyncSession, keyring: Keyring, endpoint_ids: Sequence[UUID], wall: datetime
) -> dict[UUID, list[str]]:
    """What deliveries to these endpoints are signed with; without those whose secrets do not open."""
    found: dict[UUID, list[str]] = {}
    for endpoint_id in endpoint_ids:
        endpoint = await find_endpoint(session, endpoint_id)
        keys = None if endpoint is None else await signing_keys(session, keyring, endpoint, wall)
        if keys is not None:
            found[endpoint_id] = keys
    return found


async def rotate(caller: Caller, endpoint: Json, **body: Any) -> Json:
    rotated: Json = await caller.post(f"/webhook-endpoints/{endpoint['id']}/rotate-secret", body)
    return rotated


async def delivered(desk: Desk, caller: Caller, endpoint: Json, receiver: Receiver) -> Request:
    """Ping an endpoint, and return what its receiver got."""
    await caller.post(f"/webhook-endpoints/{endpoint['id']}/ping")
    await desk.publish()
    async with Sender(parse_networks("127.0.0.0/8"), total_seconds=5) as sender:
        await desk.serve(Server(desk.database, sender, desk.keyring))
    return receiver.requests[-1]


def verifies(secret: str, got: Request) -> bool:
    try:
        Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True


def verifies_by_key(jwk: Json, got: Request) -> bool:
    """Check a v1a signature with a published key and nothing of ours."""
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    for entry in got.headers["webhook-signature"].split(" "):
        scheme, _, written = entry.partition(",")
        if scheme == "v1a":
            try:
                key.verify(base64.b64decode(written), content)
            except InvalidSignature:
                continue
            return True
    return False


def schemes_in(got: Request) -> list[str]:
    return [entry.partition(",")[0] for entry in got.headers["webhook-signature"].split(" ")]
