"""Messages on a ticket: what they do to its status and its clocks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal, Scope
from app.auth.queries import staff_name
from app.events.kinds import EventType
from app.infra.ids import decode, new_id
from app.infra.problems import MissingScope, ValidationFailed
from app.resellers.queries import find_contact
from app.tickets.act import Act
from app.tickets.actors import Actor
from app.tickets.attachments import give
from app.tickets.changes import enter_status
from app.tickets.lifecycle import Side, after_message
from app.tickets.merged import refuse_ended
from app.tickets.models import Message
from app.tickets.opening import admit_contact
from app.tickets.schemas import MessageCreate, MessageData, Visibility


async def add_message(act: Act, principal: Principal, wanted: MessageCreate) -> Message:
    """Add a message to a ticket in hand.

    Raises:
        EntitlementRequired: the author is an end customer, and end customers are not included.
        InvalidTransition: the ticket is closed or cancelled.
        MissingScope: a reseller's key asked for what is the desk's own.
        ValidationFailed: the author is nobody of this reseller's or the operator's, or an attachment is not to be had.
    """
    await refuse_ended(act.session, act.ticket, "takes no message")
    if not principal.is_staff and (wanted.visibility == "internal" or wanted.automatic):
        raise MissingScope("internal and automatic messages are the desk's own", scope=str(Scope.STAFF))
    author = await _author(act.session, act, principal, wanted.author)
    return await _write(
        act, author, wanted.body, wanted.attachment_ids, visibility=wanted.visibility, automatic=wanted.automatic
    )


async def add_mail_message(
    act: Act, author: Actor, body: str, *, automatic: bool = False, visibility: Visibility = "public"
) -> Message:
    """Add what came by mail to a ticket in hand; that its author may speak there is for the intake to have seen.

    Raises:
        InvalidTransition: the ticket is closed or cancelled.
    """
    await refuse_ended(act.session, act.ticket, "takes no message")
    return await _write(act, author, body, (), visibility=visibility, automatic=automatic)


async def _write(
    act: Act, author: Actor, body: str, attachment_ids: Sequence[UUID], *, visibility: Visibility, automatic: bool
) -> Message:
    ticket = act.ticket
    message = Message(
        reseller_id=ticket.reseller_id,
        id=new_id(),
        ticket_id=ticket.id,
        body=body,
        visibility=visibility,
        side=author.side,
        automatic=automatic,
        author=dict(author.recorded()),
        created_at=act.now,
    )
    act.session.add(message)
    if attachment_ids:
        await act.session.flush()
        await give(act.session, ticket, message, attachment_ids)
    internal = visibility == "internal"
    data = MessageData(id=message.id, visibility=visibility, side=author.side)
    if not internal:
        act.moved(act.now)
    act.tell(EventType.TICKET_MESSAGE_ADDED, {"message": data}, operator_only=internal)
    if not internal:
        await _hear(act, author.side, automatic=automatic)
    return message


async def _hear(act: Act, side: Side, *, automatic: bool) -> None:
    if automatic:  # nobody wrote it: it asks for nothing and answers nothing
        return
    ticket = act.ticket
    status = after_message(ticket.status, side)
    if side == "customer":
        follows_reply = ticket.first_responded_at is not None
        await enter_status(act, status, "a customer's message")
        ticket.waiting = ticket.waiting or follows_reply
        act.keeper.wrote(act.now)
    else:
        ticket.first_responded_at = ticket.first_responded_at or act.now
        ticket.waiting = False
        act.keeper.answered(act.now)
        await enter_status(act, status, None)


async def _author(session: AsyncSession, act: Act, principal: Principal, named: str | None) -> Actor:
    if named is None:
        return act.actor
    if named.startswith("ctc_"):
        contact = await find_contact(session, act.ticket.reseller_id, _id("ctc", named))
        if contact is None:
            raise ValidationFailed.at("/author", "this ticket's reseller has no such contact")
        await admit_contact(session, contact, act.keeper.entitlement, "a message of an end customer")
        return Actor("contact", named, contact.name, "customer")
    name = await staff_name(session, _id("stf", named)) if principal.is_staff else None
    if name is None:
        raise ValidationFailed.at("/author", "there is no such person who could have written this")
    return Actor("staff", named, name, "desk")


def _id(prefix: str, text: str) -> UUID:
    try:
        return decode(prefix, text)
    except ValueError as error:
        raise ValidationFailed.at("/author", str(error)) from None
