"""That a mail of ours did not reach its recipient: what both sides of the room record of it, and its SQL."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.ids import new_id
from app.mail.models import MailBounce, OutgoingMail
from app.resellers.service import note_bounce
from app.tickets.queries import note_undelivered

SUSPENDED_WITHIN = timedelta(days=7)
SUSPENDED_AFTER = 2  # mails that could not be delivered for good


async def add_failure(
    session: AsyncSession,
    mail: OutgoingMail,
    status: str,
    diagnostic: str,
    at: datetime,
    *,
    counts: bool,
    inbound_id: UUID | None = None,
) -> None:
    """Remember a failure of a mail in hand; ``counts``: towards suspending the address of its recipient."""
    session.add(
        MailBounce(
            reseller_id=mail.reseller_id,
            id=new_id(),
            outgoing_id=mail.id,
            inbound_id=inbound_id,
            recipient=mail.recipient,
            status=status,
            hard=counts,
            diagnostic=diagnostic,
            at=at,
        )
    )
    await session.flush()


async def tell_for_good(session: AsyncSession, mail: OutgoingMail, at: datetime) -> bool:
    """Note on the message and on the contact that a mail came to nothing for good.

    Returns whether nothing more is sent to the contact from now on, because of that.
    """
    if mail.contact_id is None:
        return False
    if mail.message_id is not None:
        await note_undelivered(session, mail.reseller_id, mail.message_id, mail.recipient)
    failed = await _hard_ones(session, mail.recipient, at - SUSPENDED_WITHIN, at)
    return await note_bounce(session, mail.contact_id, at, suspend=failed >= SUSPENDED_AFTER)


async def _hard_ones(session: AsyncSession, recipient: str, since: datetime, until: datetime) -> int:
    query = select(func.count(col(MailBounce.outgoing_id).distinct())).where(
        col(MailBounce.recipient) == recipient, col(MailBounce.hard), col(MailBounce.at).between(since, until)
    )
    return await session.scalar(query) or 0
