"""SQL of what both sides of the room use: the Message-IDs and the handles by which a reply finds its ticket."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.mail.models import MailLink, ReplyHandle

_LARGEST = 2**63 - 1
_HANDLE = text("""
with made as (
  insert into reply_handles (reseller_id, ticket_id, contact_id, staff_id)
  values (:reseller_id, :ticket_id, cast(:contact_id as uuid), cast(:staff_id as uuid))
  on conflict (reseller_id, ticket_id, contact_id, staff_id) do update set ticket_id = excluded.ticket_id
  returning number
) select number from made
""")


async def add_links(
    session: AsyncSession,
    reseller_id: UUID,
    ticket_id: UUID,
    kinds: Sequence[tuple[str, str]],
    mailbox_id: UUID | None,
    at: datetime,
) -> None:
    """Remember Message-IDs, each with its kind; one that is known keeps what is told of it."""
    rows = [
        {
            "reseller_id": reseller_id,
            "message_key": key,
            "ticket_id": ticket_id,
            "kind": kind,
            "mailbox_id": mailbox_id,
            "at": at,
        }
        for key, kind in dict(reversed(kinds)).items()
    ]
    if rows:
        await session.execute(insert(MailLink).values(rows).on_conflict_do_nothing())


async def find_links(session: AsyncSession, reseller_id: UUID, keys: Sequence[str]) -> Sequence[MailLink]:
    """List what is known of Message-IDs at a reseller: what we sent first, then what we got, then ancestors."""
    if not keys:
        return []
    rank = case({"sent": 0, "received": 1}, value=col(MailLink.kind), else_=2)
    query = select(MailLink).where(col(MailLink.reseller_id) == reseller_id, col(MailLink.message_key).in_(keys))
    return (await session.scalars(query.order_by(rank, col(MailLink.at).desc()))).all()


async def keys_of_ticket(session: AsyncSession, reseller_id: UUID, ticket_id: UUID, limit: int) -> Sequence[str]:
    """List the latest Message-IDs of a ticket that were sent or received, the eldest of them first."""
    query = select(col(MailLink.message_key)).where(
        col(MailLink.reseller_id) == reseller_id,
        col(MailLink.ticket_id) == ticket_id,
        col(MailLink.kind) != "ancestor",
    )
    latest = (
        await session.scalars(query.order_by(col(MailLink.at).desc(), col(MailLink.message_key)).limit(limit))
    ).all()
    return list(reversed(latest))


async def handle_of(
    session: AsyncSession, reseller_id: UUID, ticket_id: UUID, contact_id: UUID | None, staff_id: UUID | None
) -> int:
    """Return the number of a person on a ticket, given once and for ever."""
    who = {"reseller_id": reseller_id, "ticket_id": ticket_id, "contact_id": contact_id, "staff_id": staff_id}
    number: int = (await session.scalars(_HANDLE, who)).one()
    return number


async def find_handle(session: AsyncSession, number: int) -> ReplyHandle | None:
    """Find who stands behind a number."""
    if number > _LARGEST:
        return None
    return (await session.scalars(select(ReplyHandle).where(col(ReplyHandle.number) == number))).first()
