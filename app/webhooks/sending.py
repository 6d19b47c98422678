"""Sending a batch to one endpoint: so many at once, so many a second, each signed at the moment it goes."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.infra.ids import encode
from app.infra.now import wall_now
from app.infra.outbound.outcome import Outcome, Reason
from app.infra.outbound.send import Sender
from app.webhooks import signature
from app.webhooks.health import RESTS_AFTER

AT_ONCE_AGAIN = 1.0  # seconds: a connection that fails faster is tried once more before it counts as failed
_BEGUN_WITHIN = 1.0  # seconds: what is not begun by then is left for the next batch, so that each is recorded soon


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
    secrets: Sequence[str]
    own_headers: Mapping[str, str]
    at_once: int
    per_second: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery that was made, when, and what came of it."""

    parcel: Parcel
    at: datetime
    outcome: Outcome


async def send_all(sender: Sender, address: Address, parcels: Sequence[Parcel]) -> list[Sent]:
    """Send parcels, at most ``at_once`` at a time and ``per_second`` a second; those of which there was time to begin.

    The first is always sent. It lasts no longer than a second and what is under way then.
    """
    loop = asyncio.get_running_loop()
    begun, gap = loop.time(), 0.0 if address.per_second is None else 1 / address.per_second
    waiting, sent = deque(enumerate(parcels)), list[Sent]()

    async def one_by_one() -> None:
        while waiting and (len(waiting) == len(parcels) or (loop.time() - begun < _BEGUN_WITHIN and not _fails(sent))):
            place, parcel = waiting.popleft()
            await asyncio.sleep(begun + place * gap - loop.time() if gap else 0)
            sent.append(await _send(sender, address, parcel))

    await asyncio.gather(*(one_by_one() for _ in range(min(address.at_once, len(parcels)))))
    if gap:  # the next batch keeps the rate, too
        await asyncio.sleep(begun + (len(parcels) - len(waiting)) * gap - loop.time())
    return sent


def _fails(sent: Sequence[Sent]) -> bool:
    """Tell whether an endpoint has failed so often in a row that it is to rest."""
    latest = sent[-RESTS_AFTER:]
    return len(latest) == RESTS_AFTER and not any(one.outcome.ok for one in latest)


async def _send(sender: Sender, address: Address, parcel: Parcel) -> Sent:
    at = wall_now()
    signed = signature.headers(address.secrets, encode("evt", parcel.event_id), int(at.timestamp()), parcel.body)
    headers = {**address.own_headers, **signed, "Content-Type": "application/json"}
    outcome = await sender.send(address.url, headers, parcel.body)
    if outcome.reason is Reason.CONNECTION_FAILED and outcome.duration < AT_ONCE_AGAIN:
        outcome = await sender.send(address.url, headers, parcel.body)
    return Sent(parcel, at, outcome)
