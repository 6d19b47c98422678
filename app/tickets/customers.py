"""What an end customer sees of its tickets: under its reseller's brand, while Branded is held."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.entitlements.entitlement import Feature
from app.entitlements.refusals import entitlement_required
from app.entitlements.timelines import timeline_of
from app.infra.ids import encode
from app.infra.problems import NotFound
from app.resellers.branding import shown_author, shown_number, shown_status, with_defaults
from app.resellers.models import Contact, Reseller
from app.resellers.queries import find_contact
from app.tickets.attachment_models import Attachment
from app.tickets.customer_schemas import CustomerAttachment, CustomerMessage, CustomerTicket
from app.tickets.models import Message, Ticket


async def customer_of(session: AsyncSession, ticket: Ticket, now: datetime) -> Contact:
    """Return the end customer whose ticket it is.

    Raises:
        NotFound: it is no end customer's.
        EntitlementRequired: its reseller does not hold Branded now: the ticket is its own staff's.
    """
    contact = None
    if ticket.contact_id is not None:
        contact = await find_contact(session, ticket.reseller_id, ticket.contact_id)
    if contact is None:
        raise NotFound("this ticket is not an end customer's")
    await admit_customer(session, contact, now)
    return contact


async def admit_customer(session: AsyncSession, contact: Contact, now: datetime) -> None:
    """Let pass who is an end customer that the desk speaks to.

    Raises:
        NotFound: the contact is one of the reseller's own staff.
        EntitlementRequired: its reseller does not hold Branded now.
    """
    if contact.kind != "end_customer":
        raise NotFound("this contact is one of the reseller's own staff, not an end customer")
    held = (await timeline_of(session, contact.reseller_id, now)).in_force(now)
    if not held.includes(Feature.BRANDED):
        raise await entitlement_required(session, held, Feature.BRANDED, "what end customers see")


def ticket_shown(ticket: Ticket, reseller: Reseller) -> CustomerTicket:
    """Return a ticket as its end customer sees it."""
    return CustomerTicket.model_validate(ticket_values(ticket, reseller))


def ticket_values(ticket: Ticket, reseller: Reseller) -> dict[str, object]:
    """Return the members of a ticket as its end customer sees them."""
    assert ticket.number is not None
    same = {name: getattr(ticket, name) for name in ("id", "subject", "description", "priority")}
    times = {"created_at": ticket.created_at, "updated_at": ticket.updated_at}
    number = shown_number(reseller.brand, ticket.number)
    return {**same, **times, "number": number, "status": shown_status(ticket.status)}


def message_shown(
    message: Message, attachments: Sequence[Attachment], customer: Contact, brand_name: str
) -> CustomerMessage:
    """Return a message as the ticket's end customer sees it."""
    by = shown_author(message.author, encode("ctc", customer.id))
    return CustomerMessage(
        id=message.id,
        by=by,
        author=customer.name if by == "customer" else brand_name,
        body=message.body,
        created_at=message.created_at,
        attachments=[attachment_shown(attachment) for attachment in attachments],
    )


def attachment_shown(attachment: Attachment) -> CustomerAttachment:
    """Return a file as an end customer sees it."""
    return CustomerAttachment.model_validate(attachment.model_dump())


def brand_of(reseller: Reseller) -> dict[str, object]:
    """Return how a reseller presents itself."""
    return with_defaults(reseller.brand, reseller.name)
