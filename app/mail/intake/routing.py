"""From a mail that was read to its ticket: the facts are looked up, pure rules decide, and the tickets' room acts.

All of it is one transaction of the caller's. What a mail does, it does at the instant at which it was accepted. Locks:
the thread, then, as everywhere, test clock, reseller, ticket.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.models import Staff
from app.auth.visit import time_of
from app.entitlements.entitlement import Feature
from app.entitlements.timelines import timeline_of
from app.infra.ids import decode, encode
from app.mail.addressing.tokens import Keys, mail_of_key
from app.mail.intake import bounces, filing, limits, placing, routing_queries
from app.mail.intake.automatic import why_automatic
from app.mail.intake.case import Case, contact_actor
from app.mail.intake.identity import verdict
from app.mail.intake.naming import Held, find_named, find_token
from app.mail.intake.threading import Named, Thread, decide, is_forward
from app.mail.intake.who import Known, NewContact, Nobody, Signs, Stranger, whose
from app.mail.models import InboundMail, Mailbox
from app.mail.parsing.parsed import ParsedMail
from app.resellers.models import Contact, Reseller
from app.resellers.queries import find_contact_alone, find_reseller, operator_id, share_reseller
from app.tickets.act import Act, take
from app.tickets.actors import Actor
from app.tickets.lifecycle import ENDED
from app.tickets.models import Ticket
from app.tickets.queries import find_ticket


@dataclass(frozen=True, slots=True)
class RoutingDesk:
    """What routing needs to know of the desk: its keys for addresses, and our mail server's name in what it states."""

    keys: Keys
    authserv_id: str | None


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a mail, at which reseller, now; ``proven``: as the contact, or as whom staff released it."""

    reseller: Reseller
    now: datetime
    contact: Contact | None
    proven: bool


async def route(
    session: AsyncSession, mail: InboundMail, mailbox: Mailbox, parsed: ParsedMail, desk: RoutingDesk
) -> None:
    """Bring a mail to its ticket, or say why not; its Message-ID, sender and text's hash stand in its row already."""
    automatic = why_automatic(parsed, mail.envelope_from)
    said = verdict(parsed.authentication_results, desk.authserv_id, parsed.author)
    mail.automatic, mail.verified = automatic, said == "verified"
    released = mail.released is not None
    case = Case(session, mail, mailbox, parsed, desk.keys, None if released else automatic, released or mail.verified)
    await routing_queries.hold_threads(session, _keys(mail, parsed))
    if await bounces.take_report(case, disowned=said == "failed"):
        return
    if await _is_own(case):
        case.end("own_mail")
    elif said == "failed" and not released and not automatic:
        case.end("dmarc_fail")
    else:
        await _bring(case)


def _keys(mail: InboundMail, parsed: ParsedMail) -> list[str]:
    named = {*parsed.references, *parsed.in_reply_to, mail.message_key or str(mail.id)}
    return sorted(named)


async def _is_own(case: Case) -> bool:
    key, author = case.parsed.message_id, case.parsed.author
    if key is not None and mail_of_key(case.keys, key) is not None:
        return True
    ours = [each.strip(" <>") for each in case.parsed.marks.get("x-loop", ())]
    return bool(await routing_queries.mailboxes_at(case.session, [*ours, *([author.address] if author else [])]))


async def _bring(case: Case) -> None:
    token, author = await find_token(case), case.parsed.author
    if case.mail.released is None and author is not None:
        staff = await routing_queries.staff_with_address(case.session, author.address)
        if staff is not None:
            await _bring_of_staff(case, staff, token)
            return
    found = await _author(case, token)
    if found is None:
        return
    case.mail.routed_reseller_id = found.reseller.id
    case.mail.contact_id = found.contact.id if found.contact else None
    if found.proven and found.contact is not None and not await _is_entitled(case, found, found.contact):
        case.end("not_entitled")
    elif not await _was_taken(case, found.reseller.id):
        await _bring_to_ticket(case, found, token)


# Staff.


async def _bring_of_staff(case: Case, staff: Staff, token: Held | None) -> None:
    if token is None or (case.verified and token.handle.staff_id != staff.id):
        case.end("staff_without_token" if case.verified else "unverified")
        return
    await _reseller_now(case, token.ticket.reseller_id)
    if await _was_taken(case, token.ticket.reseller_id):
        return
    actor = Actor("staff", encode("stf", staff.id), staff.name, "desk") if case.verified else placing.sender_actor(case)
    act = await _take(case, token.ticket, actor)
    if act.ticket.status in ENDED:
        await act.finish()
        case.end("ticket_ended", act.ticket.id)
    elif case.verified:
        await placing.add_of_desk(case, act)
    else:
        await placing.add_unproven(case, act, "not verified")


# Everybody else: first who they are.


async def _author(case: Case, token: Held | None) -> Author | None:
    if case.mail.released is not None:
        released = await _released_as(case)
        if released is not None:
            return released
    signs = await _signs(case, token)
    found = whose(signs)
    if isinstance(found, Nobody):
        case.end(found.reason, token.ticket.id if token else None)
        return None
    reseller, now = await _reseller_now(case, found.reseller_id)
    if isinstance(found, NewContact) and not case.automatic:
        contact: Contact | None = await placing.make_contact(case, found, now)
    else:
        contact = await find_contact_alone(case.session, found.contact_id) if isinstance(found, Known) else None
    released_stranger = case.mail.released is not None and isinstance(found, Stranger)
    return Author(reseller, now, contact, case.verified and (contact is not None or released_stranger))


async def _released_as(case: Case) -> Author | None:
    """Return as whom staff released a mail, if they said so."""
    told = case.mail.released or {}
    contact: Contact | None = None
    reseller_id = decode("rsl", told["reseller_id"]) if told.get("reseller_id") else None
    if told.get("contact_id"):
        contact = await find_contact_alone(case.session, decode("ctc", told["contact_id"]))
        assert contact is not None, "contacts are never removed"
        reseller_id = contact.reseller_id
    elif reseller_id is not None and case.parsed.author is not None:
        known = await filing.contacts_with_address(case.session, case.parsed.author.address)
        contact = next((each for each in known if each.reseller_id == reseller_id), None)
    if reseller_id is None:
        return None
    reseller, now = await _reseller_now(case, reseller_id)
    return Author(reseller, now, contact, proven=True)


async def _signs(case: Case, token: Held | None) -> Signs:
    general = case.mailbox.reseller_id == await operator_id(case.session)
    author = case.parsed.author
    known = await filing.contacts_with_address(case.session, author.address) if author else ()
    return Signs(
        mailbox=None if general else case.mailbox.reseller_id,
        token=token.ticket.reseller_id if token else None,
        known=[Known(each.id, each.reseller_id) for each in known],
        domain=await filing.reseller_of_domain(case.session, author.domain) if author else None,
        verified=case.verified,
    )


async def _reseller_now(case: Case, reseller_id: UUID) -> tuple[Reseller, datetime]:
    """Return a reseller, its terms held still, and its present: when the mail was accepted, or its test clock's."""
    seen = await find_reseller(case.session, reseller_id)
    assert seen is not None, "resellers are never removed"
    now = await time_of(case.session, seen.test_clock_id, case.mail.accepted_at)
    reseller = await share_reseller(case.session, reseller_id)
    assert reseller is not None, "resellers are never removed"
    return reseller, now


async def _is_entitled(case: Case, author: Author, contact: Contact) -> bool:
    if contact.kind != "end_customer":
        return True
    timeline = await timeline_of(case.session, author.reseller.id, author.now)
    return timeline.in_force(author.now).includes(Feature.BRANDED)


async def _was_taken(case: Case, reseller_id: UUID) -> bool:
    """Tell whether the same mail was taken at another mailbox; the same Message-ID over another text is remarked on."""
    earlier = await routing_queries.earlier_ones(case.session, case.mail, reseller_id)
    for each in earlier:
        same = (each.body_sha256, each.sender) == (case.mail.body_sha256, case.mail.sender)
        if same and each.ticket_id and (each.verified or each.released is not None or not case.verified):
            case.mail.same_as_id, case.mail.ticket_id, case.mail.message_id = each.id, each.ticket_id, each.message_id
            case.mail.routed_reseller_id = reseller_id
            await placing.link(case, reseller_id, each.ticket_id, with_ancestors=False)
            case.end("duplicate")
            return True
    if earlier:
        case.remark("repeated_message_id")
    return False


# Then where it belongs.


async def _bring_to_ticket(case: Case, author: Author, token: Held | None) -> None:
    named = await find_named(case, author.reseller, author.contact, token)
    decision = decide(named, forward=is_forward(case.parsed.subject), verified=author.proven)
    if not isinstance(decision, Thread):
        case.mail.related_ticket_id = decision.related_id
        await _bring_new(case, author, None)
        return
    speaks = author.proven and (author.contact is None or _speaks(named, decision))
    ticket = await find_ticket(case.session, decision.ticket_id)
    assert ticket is not None, "tickets are never deleted"
    actor = contact_actor(author.contact) if speaks and author.contact else placing.sender_actor(case)
    act = await _take(case, ticket, actor)
    if act.ticket.status in ENDED:
        await act.finish()
        case.mail.related_ticket_id = act.ticket.id
        await _bring_new(case, author, act.ticket if speaks else None)
    elif speaks:
        await placing.add_public(case, act, author.contact)
    else:
        await placing.add_unproven(case, act, "not verified" if not case.verified else "who has no part in this ticket")


def _speaks(named: list[Named], thread: Thread) -> bool:
    return any((each.ticket_id, each.by, each.may_speak) == (thread.ticket_id, thread.by, True) for each in named)


async def _take(case: Case, ticket: Ticket, actor: Actor) -> Act:
    target = await filing.final_target(case.session, ticket)
    return await take(case.session, target.id, actor, case.mail.accepted_at)


async def _bring_new(case: Case, author: Author, follows: Ticket | None) -> None:
    """Open a ticket, where nothing speaks against it."""
    if case.automatic:
        case.end("automatic")
    elif not author.proven:
        case.end("unverified" if author.contact else "unknown_sender")
    elif not await _may_open(case):
        case.end("too_many")
    else:
        await placing.open_new(case, author.reseller, author.contact, author.now, follows)


async def _may_open(case: Case) -> bool:
    sender, at = case.mail.sender, case.mail.accepted_at
    if sender is None or case.mail.released is not None:
        return True
    return limits.may_open(await routing_queries.opened_by(case.session, sender, at - limits.WINDOW, at))
