"""Finding the tickets that a mail names."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.mail.addressing import tokens
from app.mail.intake import filing, routing_queries
from app.mail.intake.case import Case
from app.mail.intake.threading import By, Named, numbers_in
from app.mail.links import find_handle, find_links
from app.mail.models import MailLink, ReplyHandle
from app.resellers.branding import prefix_of
from app.resellers.models import Contact, Reseller
from app.tickets.models import Ticket
from app.tickets.queries import find_ticket

_MOST_TOKENS = 20
_MOST_TICKETS = 10


@dataclass(frozen=True, slots=True)
class Held:
    """A token that we gave to a person on a ticket."""

    ticket: Ticket
    handle: ReplyHandle


async def find_token(case: Case) -> Held | None:
    """Find the first token among the mail's addresses that is one of ours."""
    read = [token for address in case.addressed if (token := tokens.read_token(address))]
    for token in read[:_MOST_TOKENS]:
        handle = await find_handle(case.session, token.number) if token.kind == "reply" else None
        if handle is None:
            continue
        person = handle.contact_id or handle.staff_id
        assert person is not None, "the database says it"
        if tokens.is_reply_of(case.keys, token, handle.ticket_id, person):
            ticket = await find_ticket(case.session, handle.ticket_id)
            assert ticket is not None, "tickets are never deleted"
            return Held(ticket, handle)
    return None


async def find_named(case: Case, reseller: Reseller, contact: Contact | None, token: Held | None) -> list[Named]:
    """List the tickets of a reseller that a mail names, the strongest first."""
    found: list[Named] = []
    if token is not None and token.ticket.reseller_id == reseller.id:
        own = contact is not None and token.handle.contact_id == contact.id
        speaks = own or await may_speak(case, token.ticket, contact)
        found.append(Named(token.ticket.id, "token", may_speak=speaks))
    found += await _by_links(case, reseller, contact)
    numbers = numbers_in(case.parsed.subject, [prefix_of(reseller.brand)])
    for ticket in await routing_queries.tickets_numbered(case.session, reseller.id, numbers) if numbers else ():
        found.append(await _named(case, ticket, "subject", contact, here=True))
    return found


async def may_speak(case: Case, ticket: Ticket, contact: Contact | None) -> bool:
    """Tell whether a contact may speak on a ticket: a reseller's own people on all, end customers on their own."""
    if contact is None:
        return False
    return contact.kind == "reseller_staff" or await _takes_part(case, ticket, contact)


async def _takes_part(case: Case, ticket: Ticket, contact: Contact) -> bool:
    if contact.id == ticket.contact_id or await filing.watches(case.session, ticket, contact):
        return True
    return await routing_queries.has_written(case.session, ticket, contact)


async def _by_links(case: Case, reseller: Reseller, contact: Contact | None) -> list[Named]:
    keys = list(dict.fromkeys([*case.parsed.in_reply_to, *reversed(case.parsed.references)]))
    own = case.parsed.message_id  # an answer to this mail may have come before it, and named it
    links = await find_links(case.session, reseller.id, [*keys, own] if own else keys)
    links = [link for link in links if link.message_key in keys or link.kind == "ancestor"]
    here = await _mailboxes(case) if links else set()
    found: list[Named] = []
    for link in _in_order([*keys, own or ""], links)[:_MOST_TICKETS]:
        ticket = await find_ticket(case.session, link.ticket_id)
        assert ticket is not None, "tickets are never deleted"
        came = link.mailbox_id is None or link.mailbox_id in here
        found.append(await _named(case, ticket, "ancestor" if link.kind == "ancestor" else "link", contact, here=came))
    return found


def _in_order(keys: Sequence[str], links: Sequence[MailLink]) -> list[MailLink]:
    place = {key: number for number, key in enumerate(keys)}
    told = sorted(links, key=lambda link: (link.kind == "ancestor", place[link.message_key]))
    first: dict[tuple[UUID, UUID | None], MailLink] = {}
    for link in told:
        first.setdefault((link.ticket_id, link.mailbox_id), link)
    return list(first.values())


async def _named(case: Case, ticket: Ticket, by: By, contact: Contact | None, *, here: bool) -> Named:
    part = contact is not None and await _takes_part(case, ticket, contact)
    return Named(ticket.id, by, here, await may_speak(case, ticket, contact), part)


async def _mailboxes(case: Case) -> set[UUID]:
    """Return the mailboxes that the mail came to, with a token or without."""
    bare = [token.mailbox if (token := tokens.read_token(each)) else each for each in case.addressed]
    return {case.mailbox.id, *await routing_queries.mailboxes_at(case.session, bare)}
