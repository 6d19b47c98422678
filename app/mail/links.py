"""SQL of what both sides of the room use: the Message-IDs and the handles by which a reply finds its ticket."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.arrays import as_arrays
from app.mail.models import MailLink, ReplyHandle

_LARGEST = 2**63 - 1
_HANDLES = text("""
insert into reply_handles (reseller_id, ticket_id, contact_id, staff_id)
select * from unnest(cast(:reseller_id as uuid[]), cast(:ticket_id as uuid[]),
                     cast(:contact_id as uuid[]), cast(:staff_id as uuid[]))
on conflict (reseller_id, ticket_id, contact_id, staff_id) do update set ticket_id = excluded.ticket_id
returning ticket_id, coalesce(contact_id, staff_id) as person_id, number
""")
_LINKS = text("""
insert into mail_links (reseller_id, message_key, ticket_id, kind, mailbox_id, at)
select *, cast(:at as timestamptz) from unnest(cast(:reseller_id as uuid[]), cast(:message_key as text[]),
  cast(:ticket_id as uuid[]), cast(:kind as text[]), cast(:mailbox_id as uuid[]))
on conflict do nothing
""")
_HANDLE_COLUMNS = dict.fromkeys(("reseller_id", "ticket_id", "contact_id", "staff_id"), "uuid")
_LINK_COLUMNS = {
    "reseller_id": "uuid", "message_key": "text", "ticket_id": "uuid", "kind": "text", "mailbox_id": "uuid"
}  # fmt: skip


async def add_links(session: AsyncSession, links: Sequence[Mapping[str, object]], at: datetime) -> None:
    """Remember Message-IDs of mails of tickets, each with its kind; one that is known keeps what is told of it."""
    if links:
        await session.execute(_LINKS, as_arrays(links, _LINK_COLUMNS) | {"at": at})


async def find_links(session: AsyncSession, reseller_id: UUID, keys: Sequence[str]) -> Sequence[MailLink]:
    """List what is known of Message-IDs at a reseller: what we sent first, then what we got, then ancestors."""
    if not keys:
        return []
    rank = case({"sent": 0, "received": 1}, value=col(MailLink.kind), else_=2)
    query = select(MailLink).where(col(MailLink.reseller_id) == reseller_id, col(MailLink.message_key).in_(keys))
    return (await session.scalars(query.order_by(rank, col(MailLink.at).desc()))).all()


async def give_handles(
    session: AsyncSession, wanted: Sequence[Mapping[str, UUID | None]]
) -> dict[tuple[UUID, UUID], int]:
    """Return the numbers of people on tickets, by ticket and person; each is given once and for ever."""
    if not wanted:
        return {}
    rows = (await session.execute(_HANDLES, as_arrays(wanted, _HANDLE_COLUMNS))).all()
    return {(row.ticket_id, row.person_id): row.number for row in rows}


async def find_handle(session: AsyncSession, number: int) -> ReplyHandle | None:
    """Find who stands behind a number."""
    if number > _LARGEST:
        return None
    return (await session.scalars(select(ReplyHandle).where(col(ReplyHandle.number) == number))).first()
