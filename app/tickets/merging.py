"""Merging a ticket into another of the same reseller's: it ends there, and its work goes on in the other."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import EventType
from app.infra.problems import InvalidTransition, NotFound, ValidationFailed
from app.resellers.queries import find_contact
from app.tickets import queries
from app.tickets.act import Act, take
from app.tickets.actors import Actor
from app.tickets.lifecycle import ENDED
from app.tickets.merged import refuse_ended
from app.tickets.models import Ticket
from app.tickets.reading import named, number_of


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tickets in hand: the one that is merged, and the one that goes on."""

    merged: Act
    target: Act


async def merge(session: AsyncSession, ticket_id: UUID, into: UUID, actor: Actor, wall: datetime) -> Act:
    """Merge a ticket into another; its messages stay where they are. Returns the merged one, in hand.

    Raises:
        NotFound: there is no such ticket for this caller.
        InvalidTransition: it is the same ticket, or one of the two has ended.
        ValidationFailed: there is no such other ticket of this reseller's, or it is not for the same eyes.
    """
    pair = await _take_both(session, ticket_id, into, actor, wall)
    await refuse_ended(session, pair.merged.ticket, "cannot be merged")
    await _admit(session, pair)
    await _end(pair)
    _note_on_target(pair)
    await pair.merged.finish()
    await pair.target.finish()
    return pair.merged


async def _take_both(session: AsyncSession, ticket_id: UUID, into: UUID, actor: Actor, wall: datetime) -> Pair:
    ticket, target = await queries.find_ticket(session, ticket_id), await queries.find_ticket(session, into)
    if ticket is None:
        raise NotFound("there is no such ticket")
    if target is None or target.reseller_id != ticket.reseller_id:
        raise ValidationFailed.at("/into", "this ticket's reseller has no such ticket")
    if ticket_id == into:
        raise InvalidTransition("a ticket is not merged into itself", current=ticket.status, allowed=[])
    # In the order of their ids, so that two merges that cross do not wait for each other.
    acts = {one: await take(session, one, actor, wall) for one in sorted((ticket_id, into))}
    return Pair(acts[ticket_id], acts[into])


async def _admit(session: AsyncSession, pair: Pair) -> None:
    ticket, target = pair.merged.ticket, pair.target.ticket
    if target.status in ENDED:
        number = number_of(target.number)
        raise InvalidTransition(
            f"{number} is {target.status} and takes no ticket in", current=target.status, allowed=[]
        )
    if await _audience(session, ticket) != await _audience(session, target):
        raise ValidationFailed.at("/into", "an end customer's ticket is merged with another of its own only")


async def _audience(session: AsyncSession, ticket: Ticket) -> UUID | None:
    """Return the end customer who sees a ticket; None where it is the reseller's own."""
    if ticket.contact_id is None:
        return None
    contact = await find_contact(session, ticket.reseller_id, ticket.contact_id)
    return ticket.contact_id if contact is not None and contact.kind == "end_customer" else None


async def _end(pair: Pair) -> None:
    act, ticket, target = pair.merged, pair.merged.ticket, named(pair.target.ticket)
    act.note("status", ticket.status, "closed", f"merged into {target.number}")
    act.note("merged_into", None, target.model_dump(mode="json"))
    ticket.status, ticket.closed_at, ticket.closes_at, ticket.waiting = "closed", act.now, None, False
    ticket.merged_into_id = target.id
    act.keeper.cancelled(act.now, merged=True)
    act.tell(EventType.TICKET_MERGED, {"merged_into": target})
    await act.announce()
    await act.ended()


def _note_on_target(pair: Pair) -> None:
    pair.target.note("merged", None, named(pair.merged.ticket).model_dump(mode="json"))
    pair.target.tell(EventType.TICKET_UPDATED)
