"""Bringing a mail to where it belongs: a message on a ticket in hand, or a ticket of its own."""

from datetime import datetime
from uuid import UUID

from app.entitlements.entitlement import Feature
from app.infra.ids import encode
from app.mail.addressing.marker import MARKER
from app.mail.intake import filing, limits, routing_queries
from app.mail.intake.case import Case, body_of, contact_actor, subject_of
from app.mail.intake.who import NewContact
from app.mail.links import add_links
from app.mail.parsing.splitting import above_marker
from app.resellers.models import Contact, Reseller
from app.resellers.service import add_contact
from app.tickets.act import Act
from app.tickets.actors import Actor
from app.tickets.messages import add_mail_message
from app.tickets.models import Ticket
from app.tickets.opening import open_by_intake
from app.tickets.schemas import TicketCreate, Visibility

_MOST_WATCHERS = 20


async def make_contact(case: Case, new: NewContact, now: datetime) -> Contact:
    """Add a verified author to the reseller that has claimed the domain."""
    author = case.parsed.author
    assert author is not None, "who has no address is nobody new"
    name = author.name or author.address.rpartition("@")[0]
    return await add_contact(
        case.session,
        await case.session.get_one(Reseller, new.reseller_id),
        "reseller_staff",
        name,
        author.address,
        None,
        now,
    )


async def add_public(case: Case, act: Act, contact: Contact | None) -> None:
    """Add what a contact wrote; without effect, where it is too much or reopens too often within the hour."""
    resolved = act.ticket.status == "resolved"
    automatic = case.automatic is not None or not await _may_move(case, act.ticket)
    automatic = automatic or (resolved and not await _may_reopen(case, act.ticket))
    await _add(case, act, body_of(_written(case)), automatic=automatic, visibility="public")
    case.mail.reopened = resolved and act.ticket.status != "resolved"
    if contact is not None and not case.automatic:
        await _watch(case, act, contact)


async def add_unproven(case: Case, act: Act, why: str) -> None:
    """Add what only says that it is from somebody: for staff to see, with no effect on anything."""
    before = f"From {case.sender}, {why}:\n\n"
    await _add(case, act, body_of(_written(case), before), automatic=True, visibility="internal")


async def add_of_desk(case: Case, act: Act) -> None:
    """Add what one of the desk's own answered; what nobody wrote is for staff alone.

    Of what they answer nothing may pass on: it names the desk's addresses, and a customer may read it.
    """
    automatic = case.automatic is not None or not await _may_move(case, act.ticket)
    typed = above_marker(case.parsed.text) if MARKER in case.parsed.text else case.parsed.new_text.strip()
    if not automatic and not typed and not case.parsed.attachments:
        await act.finish()
        case.end("nothing_written", act.ticket.id)
        return
    visibility: Visibility = "internal" if automatic else "public"
    await _add(case, act, body_of(typed), automatic=automatic, visibility=visibility)


async def open_new(
    case: Case, reseller: Reseller, contact: Contact | None, now: datetime, follows: Ticket | None
) -> None:
    """Open a ticket for a mail."""
    actor = contact_actor(contact) if contact else sender_actor(case)
    wanted = TicketCreate.model_validate(
        {
            "subject": subject_of(case.parsed.subject),
            "description": body_of(case.parsed.text),
            "priority": case.mailbox.priority,
            "channel": "email",
            "contact_id": None if contact is None else encode("ctc", contact.id),
            "follows_id": None if follows is None else encode("tkt", follows.id),
        }
    )
    act = await open_by_intake(case.session, reseller, wanted, actor, now)
    case.mail.opened = True
    await _file(case, act, None, "public")
    if contact is not None:
        await _watch(case, act, contact)


def sender_actor(case: Case) -> Actor:
    """Return whoever the mail says it is from, as the record keeps them."""
    return Actor("sender", None, case.sender, "customer")


def _written(case: Case) -> str:
    return case.parsed.new_text.strip() or case.parsed.text


async def _may_move(case: Case, ticket: Ticket) -> bool:
    at, sender = case.mail.accepted_at, case.mail.sender
    if sender is None or case.mail.released is not None:
        return True
    written = await routing_queries.written_by(case.session, sender, ticket.id, at - limits.WINDOW, at)
    return limits.may_move(written)


async def _may_reopen(case: Case, ticket: Ticket) -> bool:
    at = case.mail.accepted_at
    return limits.may_reopen(await routing_queries.reopened_of(case.session, ticket.id, at - limits.WINDOW, at))


async def _add(case: Case, act: Act, body: str, *, automatic: bool, visibility: Visibility) -> None:
    message = await add_mail_message(act, act.actor, body, automatic=automatic, visibility=visibility)
    await act.finish()
    case.mail.message_id = message.id
    await _file(case, act, message.id, visibility)


async def _file(case: Case, act: Act, message_id: UUID | None, visibility: Visibility) -> None:
    mail, ticket = case.mail, act.ticket
    mail.ticket_id, mail.routed_reseller_id = ticket.id, ticket.reseller_id
    files = case.parsed.attachments
    await filing.attach(case.session, ticket, message_id, files, act.actor, act.now, visibility)
    await link(case, ticket.reseller_id, ticket.id, with_ancestors=visibility == "public")
    case.done()


async def link(case: Case, reseller_id: UUID, ticket_id: UUID, *, with_ancestors: bool) -> None:
    """Remember by what later mails find the ticket; what nobody answers for names nothing but itself."""
    kinds = [(key, "received") for key in [case.parsed.message_id] if key]
    if with_ancestors:
        kinds += [(key, "ancestor") for key in (*case.parsed.in_reply_to, *case.parsed.references)]
    of = {"reseller_id": reseller_id, "ticket_id": ticket_id, "mailbox_id": case.mailbox.id}
    links = [of | {"message_key": key, "kind": kind} for key, kind in dict(reversed(kinds)).items()]
    await add_links(case.session, links, case.mail.accepted_at)


async def _watch(case: Case, act: Act, contact: Contact) -> None:
    """Let the contacts that the author put into To and Cc follow the ticket."""
    others = dict.fromkeys(each.address for each in (*case.parsed.to, *case.parsed.cc))
    for address in list(others)[:_MOST_WATCHERS]:
        for other in await filing.contacts_with_address(case.session, address):
            if other.id not in {contact.id, act.ticket.contact_id} and _may_follow(act, other):
                await filing.watch(case.session, act.ticket, other, act.now)


def _may_follow(act: Act, contact: Contact) -> bool:
    if contact.reseller_id != act.ticket.reseller_id:
        return False
    return contact.kind == "reseller_staff" or act.keeper.entitlement.includes(Feature.BRANDED)
