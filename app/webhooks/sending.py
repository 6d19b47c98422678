"""Sending a batch to one endpoint: so many at once, so many a second, each signed at the moment it goes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """A delivery that is to be made, with the bytes of its event.

    ``number`` is that of the attempt, ``step`` the same since somebody last asked for the delivery.
    """

    reseller_id: UUID
    id: UUID
    event_id: UUID
    event_type: str
    trigger: str
    number: int
    step: int
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

    @property
    def ended_at(self) -> datetime:
        """When the attempt was over."""
        return self.at + timedelta(seconds=self.outcome.duration)


async def send_all(sender: Sender, address: Address, parcels: Sequence[Parcel]) -> list[Sent]:
    """Send parcels, at most ``at_once`` at a time and ``per_second`` a second; those of which there was time to begin.

    The first is always sent. It lasts no longer than a second and what is under way then.
    """
    clock = asyncio.get_running_loop().time
    begun, gap = clock(), 0.0 if address.per_second is None else 1 / address.per_second
    places, sent = iter(range(len(parcels))), list[Sent]()

    async def one_by_one() -> None:
        for place in places:
            wait = begun + place * gap - clock()
            if place and (max(clock(), clock() + wait) - begun >= _BEGUN_WITHIN or _fails(sent)):
                return
            await asyncio.sleep(max(wait, 0))
            if place and _fails(sent):
                return
            sent.append(await _send(sender, address, parcels[place]))

    await asyncio.gather(*(one_by_one() for _ in range(min(address.at_once, len(parcels)))))
    await asyncio.sleep(max(begun + len(sent) * gap - clock(), 0))  # the next batch keeps the rate, too
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
