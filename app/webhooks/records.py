"""Writing what became of a batch: the attempts, and the state that each leaves its delivery in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks import lane_queries
from app.webhooks.fates import Fate
from app.webhooks.sending import Sent

WORKER_LOST = "worker_lost"  # the attempt killed its worker, again and again
EXPIRED = "expired"  # the event is kept no longer


async def record_batch(session: AsyncSession, sent: Sequence[Sent], fates: Sequence[Fate]) -> None:
    """Write the attempts of a batch and what became of their deliveries, all in two statements."""
    await lane_queries.add_attempts(session, [_attempt(one) for one in sent])
    await lane_queries.settle(session, [_settled(one, fate) for one, fate in zip(sent, fates, strict=True)])


async def record_lost(session: AsyncSession, row: Row[Any], at: datetime) -> None:
    """Give a delivery up that cannot be made."""
    key = {"reseller_id": row.reseller_id, "number": row.attempts + 1, "at": at}
    attempt = {"duration_ms": 0, "status": None, "answer": b"", "truncated": False, "location": None}
    attempt |= {"first_byte_ms": None, "address": None}
    reason = EXPIRED if row.body is None else WORKER_LOST
    await lane_queries.add_attempts(session, [key | attempt | {"delivery_id": row.id, "reason": reason}])
    fate = {"state": "failed", "next_attempt_at": None, "finished_at": at}
    await lane_queries.settle(session, [key | fate | {"id": row.id}])


def _attempt(sent: Sent) -> dict[str, object]:
    outcome = sent.outcome
    return {
        "reseller_id": sent.parcel.reseller_id,
        "delivery_id": sent.parcel.id,
        "number": sent.parcel.number,
        "at": sent.at,
        "duration_ms": round(outcome.duration * 1000),
        "status": outcome.status,
        "reason": outcome.reason.value,
        "answer": outcome.answer,
        "truncated": outcome.truncated,
        "location": outcome.location,
        "first_byte_ms": None if outcome.first_byte is None else round(outcome.first_byte * 1000),
        "address": outcome.address,
    }


def _settled(sent: Sent, fate: Fate) -> dict[str, object]:
    return {
        "reseller_id": sent.parcel.reseller_id,
        "id": sent.parcel.id,
        "number": sent.parcel.number,
        "at": sent.at,
        "state": fate.state,
        "next_attempt_at": fate.next_attempt_at,
        "finished_at": fate.finished_at,
    }
