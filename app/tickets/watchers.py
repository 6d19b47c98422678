"""Who follows a ticket beside its contact: they are written to as it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal, Scope
from app.auth.queries import staff_name
from app.infra.ids import new_id
from app.infra.problems import MissingScope, NotFound, ValidationFailed
from app.resellers.queries import find_contact
from app.tickets import watcher_queries
from app.tickets.act import Act
from app.tickets.models import Ticket, TicketWatcher
from app.tickets.opening import admit_contact
from app.tickets.watcher_schemas import WatcherCreate

MOST = 20


async def watch(
    session: AsyncSession,
    ticket: Ticket,
    at: datetime,
    *,
    contact_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> TicketWatcher | None:
    """Let a person watch a ticket, which is locked; who does already, still does.

    Whether an end customer may is for the caller to have looked at. Returns None where as many watch as may.

    Raises:
        ValidationFailed: the ticket's reseller has no such contact, or the operator no such person.
    """
    watching = await watcher_queries.watchers_of(session, ticket)
    for one in watching:
        if (one.contact_id, one.staff_id) == (contact_id, staff_id):
            return one
    name = await _name(session, ticket, contact_id, staff_id)
    if len(watching) >= MOST:
        return None
    watcher = TicketWatcher(
        reseller_id=ticket.reseller_id,
        id=new_id(),
        ticket_id=ticket.id,
        contact_id=contact_id,
        staff_id=staff_id,
        name=name,
        created_at=at,
    )
    session.add(watcher)
    await session.flush()
    return watcher


async def add_watcher(act: Act, principal: Principal, wanted: WatcherCreate) -> TicketWatcher:
    """Let a person watch a ticket in hand.

    Raises:
        EntitlementRequired: an end customer is to watch, and end customers are not included.
        MissingScope: a reseller's key named one of the operator's people.
        ValidationFailed: there is no such person, or as many watch as may.
    """
    if wanted.staff_id is not None and not principal.is_staff:
        raise MissingScope("which of its people watch is for the desk to say", scope=str(Scope.STAFF))
    if wanted.contact_id is not None:
        contact = await find_contact(act.session, act.ticket.reseller_id, wanted.contact_id)
        if contact is not None:
            await admit_contact(act.session, contact, act.keeper.entitlement, "an end customer who watches")
    watcher = await watch(act.session, act.ticket, act.now, contact_id=wanted.contact_id, staff_id=wanted.staff_id)
    if watcher is None:
        raise ValidationFailed(f"{MOST} people watch this ticket: no more may")
    return watcher


async def stop_watching(session: AsyncSession, ticket: Ticket, watcher_id: UUID, principal: Principal) -> None:
    """Let a person no longer watch a ticket.

    Raises:
        MissingScope: a reseller's key named one of the operator's people.
        NotFound: nobody of that id watches it.
    """
    watcher = await watcher_queries.find_watcher(session, ticket, watcher_id)
    if watcher is None:
        raise NotFound("there is no such watcher of this ticket")
    if watcher.staff_id is not None and not principal.is_staff:
        raise MissingScope("which of its people watch is for the desk to say", scope=str(Scope.STAFF))
    await session.delete(watcher)


async def _name(session: AsyncSession, ticket: Ticket, contact_id: UUID | None, staff_id: UUID | None) -> str:
    if contact_id is not None:
        contact = await find_contact(session, ticket.reseller_id, contact_id)
        if contact is None:
            raise ValidationFailed.at("/contact_id", "this ticket's reseller has no such contact")
        return contact.name
    name = None if staff_id is None else await staff_name(session, staff_id)
    if name is None:
        raise ValidationFailed.at("/staff_id", "there is no such person")
    return name
