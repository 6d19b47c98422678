"""What mail needs of the rooms below about files, watchers, contacts and merged tickets, in one place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.mail.parsing.parsed import AttachedFile
from app.resellers.models import Contact
from app.tickets.actors import Actor
from app.tickets.models import Ticket
from app.tickets.schemas import Visibility


async def contacts_with_address(session: AsyncSession, address: str) -> Sequence[Contact]:
    """List the contacts of all resellers with an address."""
    query = select(Contact).where(func.lower(col(Contact.email)) == address.lower())
    return (await session.scalars(query.order_by(col(Contact.id)))).all()


async def reseller_of_domain(session: AsyncSession, domain: str) -> UUID | None:  # noqa: ARG001
    """Return which reseller has claimed a domain of mail."""
    return None


async def final_target(session: AsyncSession, ticket: Ticket) -> Ticket:  # noqa: ARG001
    """Return the ticket that goes on in place of a merged one; one that was not merged is its own."""
    return ticket


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


async def watch(session: AsyncSession, ticket: Ticket, contact: Contact, at: datetime) -> None:
    """Let a contact follow a ticket."""


async def watches(session: AsyncSession, ticket: Ticket, contact: Contact) -> bool:  # noqa: ARG001
    """Tell whether a contact follows a ticket."""
    return False


async def bounced(session: AsyncSession, contact: Contact, at: datetime) -> None:
    """Note that mail to a contact could not be delivered."""


async def suspend(session: AsyncSession, contact: Contact, at: datetime) -> bool:  # noqa: ARG001
    """Let nothing more be sent to a contact; whether that is new."""
    return True
