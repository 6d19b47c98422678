"""All SQL of mail out."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col

from app.mail.models import OutgoingMail
from app.mail.outbox.headers import Seen
from app.mail.outbox.recipients import Person
from app.mail.outbox.voices import Box

Rows = Sequence[Row[Any]]
_WITHOUT_BODIES = [defer(getattr(OutgoingMail, name), raiseload=True) for name in ("body_text", "body_html")]

_TICKETS = text("""
select id, number, subject, status, priority, contact_id, assignee_id from tickets where id = any(:ids)
""")
_MESSAGES = text("""
select id, ticket_id, body, visibility, side, automatic, author,
       array(select name from attachments a where a.reseller_id = m.reseller_id and a.message_id = m.id order by a.id)
         as files
  from messages m where id = any(:ids)
""")
_RESELLERS = text("""
select id, name, brand, is_operator, test_clock_id is not null as sandbox from resellers
 where id = any(:ids) or is_operator
""")
_CONTACTS = text("""
select id, reseller_id, kind, name, email, notifications, mail_suspended_at from contacts where id = any(:ids)
""")
_OF_RESELLERS = text("""
select id, reseller_id, kind, name, email, notifications, mail_suspended_at from contacts
 where reseller_id = any(:ids) and kind = 'reseller_staff' and email is not null order by id
""")
_WATCHERS = text("""
select ticket_id, contact_id, staff_id from ticket_watchers
 where reseller_id = any(:reseller_ids) and ticket_id = any(:ids) order by id
""")
_STAFF = text("select id, name, email, roles from staff where id = any(:ids)")
_ADMINS = text("select id, name, email, roles from staff where 'admin' = any(roles) order by id")
_BOXES = text("""
select distinct on (reseller_id) reseller_id, id, address from mailboxes where reseller_id = any(:ids)
 order by reseller_id, (lower(address) = :preferred) desc, id
""")
_OWN = text("select lower(address) from mailboxes")
_SEEN = text("""
select t.id as ticket_id, s.* from unnest(cast(:ids as uuid[])) as t (id) cross join lateral (
  (select message_key, recipient as address, contact_id, false as received, created_at as at from outgoing_mails
    where ticket_id = t.id and state <> 'suppressed' order by id desc limit :most)
  union all
  (select message_key, sender, contact_id, true, accepted_at from inbound_mails
    where ticket_id = t.id and state = 'done' and message_key is not null order by id desc limit :most)
) s order by s.at, s.message_key
""")
_ACKNOWLEDGED = text("""
select recipient, count(*) as many from outgoing_mails
 where recipient = any(:recipients) and created_at > :since and kind = 'acknowledgement' and state <> 'suppressed'
 group by recipient
""")
# What a sandbox would have sent is captured without an instant at which it was.
_CALLS = text("""
select recipient,
       count(*) filter (where state not in ('gathered', 'suppressed')
                          and (state <> 'captured' or sent_at is not null)) as sent,
       min(created_at) filter (where state = 'gathered' and digest_id is null) as gathering_since
  from outgoing_mails where recipient = any(:recipients) and created_at > :since and kind = 'call' group by recipient
""")
_LAST_SLOT = text("""
select slot_at from outgoing_mails where slot_at is not null order by slot_at desc limit 1 offset :most - 1
""")
_TELL = text("""
update outgoing_mails set digest_id = :digest_id, next_attempt_at = null
 where recipient = :recipient and state = 'gathered' and digest_id is null
""")


async def tickets(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """Return tickets by their ids."""
    return {row.id: row for row in await _rows(session, _TICKETS, ids)}


async def messages(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """Return messages by their ids, with their text."""
    return {row.id: row for row in await _rows(session, _MESSAGES, ids)}


async def resellers(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """Return resellers by their ids, and the operator's own."""
    return {row.id: row for row in (await session.execute(_RESELLERS, {"ids": list(ids)})).all()}


async def contacts(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Person]:
    """Return contacts by their ids."""
    return {row.id: _contact(row) for row in await _rows(session, _CONTACTS, ids)}


async def people_of(session: AsyncSession, reseller_ids: Collection[UUID]) -> dict[UUID, list[Person]]:
    """Return the own people of resellers that have an address."""
    found: dict[UUID, list[Person]] = {}
    for row in await _rows(session, _OF_RESELLERS, reseller_ids):
        found.setdefault(row.reseller_id, []).append(_contact(row))
    return found


async def watchers(session: AsyncSession, reseller_ids: Collection[UUID], ticket_ids: Collection[UUID]) -> Rows:
    """Return who follows tickets of resellers: of each a contact or one of the operator's people."""
    if not ticket_ids:
        return []
    parameters = {"reseller_ids": list(reseller_ids), "ids": list(ticket_ids)}
    return (await session.execute(_WATCHERS, parameters)).all()


async def staff(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Person]:
    """Return some of the operator's people by their ids."""
    return {row.id: Person("staff", row.id, row.name, row.email) for row in await _rows(session, _STAFF, ids)}


async def admins(session: AsyncSession) -> list[Person]:
    """Return those of the operator's people who look after the desk itself."""
    return [Person("staff", row.id, row.name, row.email) for row in (await session.execute(_ADMINS)).all()]


async def boxes(session: AsyncSession, reseller_ids: Collection[UUID], preferred: str) -> dict[UUID, Box]:
    """Return one mailbox of each reseller that has any: the one with a preferred address, or its first."""
    parameters = {"ids": list(reseller_ids), "preferred": preferred.lower()}
    rows = (await session.execute(_BOXES, parameters)).all()
    return {row.reseller_id: Box(row.id, row.address) for row in rows}


async def own_addresses(session: AsyncSession) -> set[str]:
    """Return the addresses of all mailboxes."""
    return set(await session.scalars(_OWN))


async def seen(session: AsyncSession, ticket_ids: Collection[UUID], most: int) -> dict[UUID, list[Seen]]:
    """Return the latest mails of tickets, those sent and those received, the eldest first."""
    found: dict[UUID, list[Seen]] = {}
    for row in (await session.execute(_SEEN, {"ids": list(ticket_ids), "most": most})).all():
        found.setdefault(row.ticket_id, []).append(
            Seen(row.message_key, row.address or "", row.contact_id, row.received)
        )
    return found


async def add_mails(session: AsyncSession, mails: Sequence[Mapping[str, object]]) -> set[UUID]:
    """Add mails; return the ids of those that were not there already: one per event, kind and recipient."""
    statement = insert(OutgoingMail).on_conflict_do_nothing().returning(col(OutgoingMail.id))
    return set(await session.scalars(statement, [dict(one) for one in mails])) if mails else set()


async def acknowledged(session: AsyncSession, recipients: Collection[str], since: datetime) -> dict[str, int]:
    """Count the acknowledgements to addresses since an instant."""
    rows = (await session.execute(_ACKNOWLEDGED, {"recipients": list(recipients), "since": since})).all()
    return {row.recipient: row.many for row in rows}


async def calls(session: AsyncSession, recipients: Collection[str], since: datetime) -> Rows:
    """Count the calls to addresses that went out since an instant, and say since when others are gathered."""
    return (await session.execute(_CALLS, {"recipients": list(recipients), "since": since})).all()


async def last_slot(session: AsyncSession, most: int) -> datetime | None:
    """Return the earliest of the so many latest places in the hour; None where fewer were given."""
    slot: datetime | None = await session.scalar(_LAST_SLOT, {"most": most})
    return slot


async def lock_mail(session: AsyncSession, mail_id: UUID) -> OutgoingMail | None:
    """Lock a mail and read it anew."""
    query = select(OutgoingMail).where(col(OutgoingMail.id) == mail_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def find_mail(session: AsyncSession, mail_id: UUID) -> OutgoingMail | None:
    """Find a mail by its id alone."""
    return (await session.scalars(select(OutgoingMail).where(col(OutgoingMail.id) == mail_id))).first()


async def lock_gathered(session: AsyncSession, recipient: str, most: int) -> Sequence[OutgoingMail]:
    """Lock the eldest of the gathered calls to an address that no mail has told of yet, without their bodies."""
    query = select(OutgoingMail).where(
        col(OutgoingMail.recipient) == recipient,
        col(OutgoingMail.state) == "gathered",
        col(OutgoingMail.digest_id).is_(None),
    )
    query = query.order_by(col(OutgoingMail.id)).limit(most).options(*_WITHOUT_BODIES)
    return (await session.scalars(query.with_for_update())).all()


async def tell_gathered(session: AsyncSession, recipient: str, digest_id: UUID) -> int:
    """Let a mail tell of all gathered calls to an address that none has told of yet; return how many."""
    told: Any = await session.execute(_TELL, {"recipient": recipient, "digest_id": digest_id})
    return int(told.rowcount)


async def overdue(session: AsyncSession, before: datetime, most: int) -> list[UUID]:
    """List mails that were to be tried at the latest at an instant."""
    query = select(col(OutgoingMail.id)).where(
        col(OutgoingMail.state) == "queued", col(OutgoingMail.next_attempt_at) < before
    )
    return list(await session.scalars(query.order_by(col(OutgoingMail.next_attempt_at)).limit(most)))


async def ungathered(session: AsyncSession, since: UUID, before: datetime) -> list[str]:
    """List the addresses to which calls made since an id are gathered, and were to be told at an instant."""
    query = select(col(OutgoingMail.recipient)).where(
        col(OutgoingMail.state) == "gathered",
        col(OutgoingMail.id) > since,
        col(OutgoingMail.digest_id).is_(None),
        col(OutgoingMail.next_attempt_at) < before,
    )
    return list(await session.scalars(query.distinct()))


async def list_mails(
    session: AsyncSession, after: UUID | None, limit: int, filters: Mapping[str, object]
) -> Sequence[OutgoingMail]:
    """List mails without their bodies, newest first, by columns that have a value."""
    query = select(OutgoingMail).order_by(col(OutgoingMail.id).desc()).limit(limit).options(*_WITHOUT_BODIES)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(OutgoingMail, name) == value)
    if after is not None:
        query = query.where(col(OutgoingMail.id) < after)
    return (await session.scalars(query)).all()


async def _rows(session: AsyncSession, statement: Any, ids: Collection[UUID]) -> Rows:
    return (await session.execute(statement, {"ids": list(ids)})).all() if ids else []


def _contact(row: Row[Any]) -> Person:
    side: Any = "customer" if row.kind == "end_customer" else "reseller"
    return Person(side, row.id, row.name, row.email, row.notifications, row.mail_suspended_at is not None)
