"""Sending a batch to one endpoint: so many at once, so many a second, each signed at the moment it goes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.infra.ids import encode
from app.infra.now import wall_now
from app.infra.outbound.outcome import Outcome, Reason
from app.infra.outbound.send import Sender
from app.webhooks import signature

AT_ONCE_AGAIN = 1.0  # seconds: a connection that fails faster is tried once more before it counts as failed


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery that is to be made, with the bytes of its event; ``number`` is that of the attempt."""

    reseller_id: UUID
    id: UUID
    event_id: UUID
    event_type: str
    trigger: str
    number: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Address:
    """Where a batch goes, and how."""

    url: str
    secrets: list[str]
    at_once: int
    per_second: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery that was made, when, and what came of it."""

    parcel: Parcel
    at: datetime
    outcome: Outcome


async def send_all(sender: Sender, address: Address, parcels: Sequence[Parcel]) -> list[Sent]:
    """Send parcels, at most ``at_once`` of them at a time, each started no earlier than the rate allows."""
    places = asyncio.Semaphore(address.at_once)
    gap = 0.0 if address.per_second is None else 1 / address.per_second

    async def one(place: int, parcel: Parcel) -> Sent:
        await asyncio.sleep(place * gap)
        async with places:
            return await _send(sender, address, parcel)

    pace = asyncio.create_task(asyncio.sleep(len(parcels) * gap))  # the next batch keeps the rate, too
    sent = await asyncio.gather(*(one(place, parcel) for place, parcel in enumerate(parcels)))
    await pace
    return sent


async def _send(sender: Sender, address: Address, parcel: Parcel) -> Sent:
    at = wall_now()
    headers = signature.headers(address.secrets, encode("evt", parcel.event_id), int(at.timestamp()), parcel.body)
    headers["Content-Type"] = "application/json"
    outcome = await sender.send(address.url, headers, parcel.body)
    if outcome.reason is Reason.CONNECTION_FAILED and outcome.duration < AT_ONCE_AGAIN:
        outcome = await sender.send(address.url, headers, parcel.body)
    return Sent(parcel, at, outcome)
