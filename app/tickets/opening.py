"""Opening a ticket: what the reseller holds decides what it may ask for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.clocks.service import keeper_of_new
from app.entitlements.entitlement import Entitlement, Feature, Timeline
from app.entitlements.refusals import entitlement_required
from app.entitlements.timelines import timeline_of
from app.entitlements.usage import refuse_if_exhausted
from app.events.kinds import EventType
from app.infra.ids import new_id
from app.infra.problems import ChannelNotEntitled, ValidationFailed
from app.resellers.models import Contact, Reseller
from app.resellers.queries import find_contact
from app.resellers.service import act_for
from app.tickets import queries
from app.tickets.act import Act
from app.tickets.actors import Actor, actor_of
from app.tickets.lifecycle import ENDED
from app.tickets.models import Ticket
from app.tickets.schemas import TicketCreate


async def open_ticket(session: AsyncSession, principal: Principal, wanted: TicketCreate, wall: datetime) -> Act:
    """Open a ticket and start its clocks.

    Raises:
        EntitlementRequired: the type or the contact takes a higher level.
        MinutesExhausted: it is a task that can wait, and the month has no minutes left.
        ChannelNotEntitled: the channel is not open to this key, or not held.
        ValidationFailed: a member names something that is not there.
    """
    reseller, now = await act_for(session, principal, wanted.reseller_id, wall)
    timeline = await timeline_of(session, reseller.id, now)
    entitlement = timeline.in_force(now)
    await _admit(session, principal, wanted, entitlement, reseller)
    if wanted.type == "task" and wanted.priority != "immediate":
        await refuse_if_exhausted(session, timeline, reseller.id, now, "a task that is not immediate")
    return await _begin(session, reseller, timeline, wanted, actor_of(principal), now)


async def open_by_intake(
    session: AsyncSession, reseller: Reseller, wanted: TicketCreate, actor: Actor, now: datetime
) -> Act:
    """Open a ticket that an intake of the desk's own has accepted: its channel is open to whatever comes through it."""
    return await _begin(session, reseller, await timeline_of(session, reseller.id, now), wanted, actor, now)


async def _begin(
    session: AsyncSession, reseller: Reseller, timeline: Timeline, wanted: TicketCreate, actor: Actor, now: datetime
) -> Act:
    ticket = _new_ticket(wanted, reseller, timeline.in_force(now), now)
    if wanted.channel == "telephone":  # staff are speaking with the caller: the ticket is answered as it is opened
        ticket.status, ticket.first_responded_at = "open", now
    session.add(ticket)
    await session.flush()
    act = Act(session, ticket, keeper_of_new(ticket, timeline, now), actor, now)
    ticket.sla_status, ticket.next_due_at = act.keeper.status, act.keeper.next_due_at
    act.tell(EventType.TICKET_CREATED)
    await act.finish()
    return act


async def _admit(
    session: AsyncSession, principal: Principal, wanted: TicketCreate, entitlement: Entitlement, reseller: Reseller
) -> None:
    if wanted.type == "task" and not entitlement.includes(Feature.TASK_TICKETS):
        raise await entitlement_required(session, entitlement, Feature.TASK_TICKETS, "a ticket of the type task")
    _admit_channel(principal, wanted.channel, entitlement)
    if wanted.contact_id is not None:
        contact = await find_contact(session, reseller.id, wanted.contact_id)
        if contact is None:
            raise ValidationFailed.at("/contact_id", "this reseller has no such contact")
        await admit_contact(session, contact, entitlement, "a ticket of an end customer")
    if wanted.follows_id is not None:
        await _admit_predecessor(session, reseller, wanted.follows_id)


def _admit_channel(principal: Principal, channel: str, entitlement: Entitlement) -> None:
    open_to_key = ["website"]
    if principal.is_staff and entitlement.telephone:
        open_to_key.append("telephone")
    if channel in open_to_key:
        return
    why = {
        "telephone": "tickets by telephone are opened by staff, for resellers with the telephone variant",
        "email": "tickets by e-mail are opened by the mail intake",
        "alarm": "tickets by alarm are opened by the alarm intake",
    }
    raise ChannelNotEntitled(f"{channel} is not open here: {why[channel]}", channels=open_to_key)


async def admit_contact(session: AsyncSession, contact: Contact, entitlement: Entitlement, what: str) -> None:
    """Let a contact speak for itself: the reseller's own people always, end customers where they are included.

    Raises:
        EntitlementRequired: an end customer's turn has not come yet, or has passed.
    """
    if contact.kind == "end_customer" and not entitlement.includes(Feature.BRANDED):
        raise await entitlement_required(session, entitlement, Feature.BRANDED, what)


async def _admit_predecessor(session: AsyncSession, reseller: Reseller, ticket_id: UUID) -> None:
    ticket = await queries.find_ticket(session, ticket_id)
    if ticket is None or ticket.reseller_id != reseller.id:
        raise ValidationFailed.at("/follows_id", "this reseller has no such ticket")
    if ticket.status not in ENDED:
        raise ValidationFailed.at("/follows_id", f"that ticket is {ticket.status}: add a message to it instead")


def _new_ticket(wanted: TicketCreate, reseller: Reseller, entitlement: Entitlement, now: datetime) -> Ticket:
    return Ticket(
        reseller_id=reseller.id,
        id=new_id(),
        subject=wanted.subject,
        description=wanted.description,
        type=wanted.type,
        priority=wanted.priority,
        requested_priority=wanted.priority,
        status="new",
        channel=wanted.channel,
        contact_id=wanted.contact_id,
        tags=wanted.tags,
        custom_fields=wanted.custom_fields,
        external_ref=wanted.external_ref,
        follows_id=wanted.follows_id,
        sla_policy_id=entitlement.policy.id,
        sla_level=entitlement.level,
        sla_status="none",
        test_clock_id=reseller.test_clock_id,
        created_at=now,
        updated_at=now,
        settled_at=now,
    )
