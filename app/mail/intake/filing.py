"""What mail needs of the rooms below about files, watchers, contacts and merged tickets, in one place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.mail.parsing.parsed import AttachedFile
from app.resellers import queries
from app.resellers.models import Contact
from app.resellers.queries import contacts_with_address
from app.tickets import attachments, watchers
from app.tickets.actors import Actor
from app.tickets.merged import final_target
from app.tickets.models import Ticket
from app.tickets.schemas import Visibility
from app.tickets.watcher_queries import watchers_of

__all__ = [
    "attach",
    "contacts_with_address",
    "final_target",
    "reseller_of_domain",
    "watch",
    "watches",
]


async def reseller_of_domain(session: AsyncSession, domain: str) -> UUID | None:
    """Return which reseller has claimed a domain of mail."""
    reseller = await queries.reseller_of_domain(session, domain)
    return reseller.id if reseller else None


async def attach(
    session: AsyncSession,
    ticket: Ticket,
    message_id: UUID | None,
    files: Sequence[AttachedFile],
    author: Actor,
    at: datetime,
    visibility: Visibility,
) -> None:
    """Keep the files of a mail on its ticket."""
    new = [
        attachments.NewFile(each.name, each.media_type, each.content, each.inline, each.content_id) for each in files
    ]
    await attachments.attach(session, ticket, message_id, new, author, at, visibility=visibility)


async def watch(session: AsyncSession, ticket: Ticket, contact: Contact, at: datetime) -> None:
    """Let a contact follow a ticket."""
    await watchers.watch(session, ticket, at, contact_id=contact.id)


async def watches(session: AsyncSession, ticket: Ticket, contact: Contact) -> bool:
    """Tell whether a contact follows a ticket."""
    return any(each.contact_id == contact.id for each in await watchers_of(session, ticket))
