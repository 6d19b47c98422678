"""All SQL of mailboxes and of mails as they come in. The bytes of a mail are read by who needs them alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col

from app.mail.models import InboundMail, Mailbox

_DROP_RAW = text("""
update inbound_mails set raw = null, body_text = null, body_html = null
 where id in (select id from inbound_mails
               where state in ('done', 'rejected') and raw is not null and accepted_at < :before
               limit :limit for update skip locked)
returning id
""")


async def find_mailbox(session: AsyncSession, mailbox_id: UUID) -> Mailbox | None:
    """Find a mailbox."""
    return (await session.scalars(select(Mailbox).where(col(Mailbox.id) == mailbox_id))).first()


async def lock_mailbox(session: AsyncSession, mailbox_id: UUID) -> Mailbox | None:
    """Lock a mailbox."""
    query = select(Mailbox).where(col(Mailbox.id) == mailbox_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def list_mailboxes(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[Mailbox]:
    """List mailboxes, newest first."""
    query = select(Mailbox).order_by(col(Mailbox.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(Mailbox.id) < after)
    return (await session.scalars(query)).all()


async def mailbox_of(session: AsyncSession, address: str) -> Mailbox | None:
    """Find the mailbox that an address leads to: what stands behind a plus counts only where it is no other mailbox."""
    local, at, domain = address.rpartition("@")
    if not at or not address.isprintable():  # bytes of no text, which the database would not look for either
        return None
    whole = address.lower()
    wanted = {whole, *(f"{cut}@{domain}".lower() for cut in (local.rpartition("+")[0], local.partition("+")[0]) if cut)}
    lowered = func.lower(col(Mailbox.address))
    query = select(Mailbox).where(lowered.in_(wanted)).order_by(func.length(col(Mailbox.address)).desc()).limit(1)
    return (await session.scalars(query)).first()


async def add_mail(session: AsyncSession, values: Mapping[str, object]) -> bool:
    """Add a mail, unless these bytes have come to its mailbox before; tell whether it was added."""
    statement = insert(InboundMail).values(**values).on_conflict_do_nothing(index_elements=["mailbox_id", "sha256"])
    return (await session.execute(statement.returning(col(InboundMail.id)))).first() is not None


async def id_of_content(session: AsyncSession, mailbox_id: UUID, sha256: bytes) -> UUID:
    """Return which mail has these bytes at a mailbox."""
    query = select(col(InboundMail.id)).where(
        col(InboundMail.mailbox_id) == mailbox_id, col(InboundMail.sha256) == sha256
    )
    return (await session.scalars(query)).one()


async def find_mail(session: AsyncSession, mail_id: UUID) -> InboundMail | None:
    """Find a mail, without its bytes."""
    return (await session.scalars(_mails().where(col(InboundMail.id) == mail_id))).first()


async def lock_mail(session: AsyncSession, mail_id: UUID) -> InboundMail | None:
    """Lock a mail, without its bytes."""
    query = _mails().where(col(InboundMail.id) == mail_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def bytes_of(session: AsyncSession, mail_id: UUID) -> bytes | None:
    """Return the bytes of a mail, where they are kept still."""
    return (await session.scalars(select(col(InboundMail.raw)).where(col(InboundMail.id) == mail_id))).first()


async def body_of(session: AsyncSession, mail_id: UUID) -> tuple[str | None, str | None]:
    """Return the text of a mail and its HTML as it may be shown, where they are kept still."""
    query = select(col(InboundMail.body_text), col(InboundMail.body_html)).where(col(InboundMail.id) == mail_id)
    row = (await session.execute(query)).one()
    return row.body_text, row.body_html


async def list_mails(session: AsyncSession, after: UUID | None, limit: int, **filters: object) -> Sequence[InboundMail]:
    """List mails, newest first, without their bytes; ``filters`` are by column, and None is no filter."""
    query = _mails().order_by(col(InboundMail.id).desc()).limit(limit)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(InboundMail, name) == value)
    if after is not None:
        query = query.where(col(InboundMail.id) < after)
    return (await session.scalars(query)).all()


async def lock_left(session: AsyncSession, before: datetime, limit: int) -> Sequence[UUID]:
    """Lock mails that were accepted before an instant and are not taken yet."""
    query = select(col(InboundMail.id)).where(
        col(InboundMail.state) == "received", col(InboundMail.accepted_at) < before
    )
    query = query.order_by(col(InboundMail.id)).limit(limit).with_for_update(skip_locked=True)
    return (await session.scalars(query)).all()


async def drop_bytes(session: AsyncSession, before: datetime, limit: int) -> int:
    """Let go of the bytes of mails that are over and were accepted before an instant; return of how many."""
    return len((await session.execute(_DROP_RAW, {"before": before, "limit": limit})).all())


def _mails() -> Select[Any]:
    whole: tuple[Any, ...] = (InboundMail.raw, InboundMail.body_text, InboundMail.body_html)  # columns, to SQLAlchemy
    return select(InboundMail).options(*(defer(column) for column in whole))
