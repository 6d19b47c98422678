"""From events to mails: written in the publisher's transaction as they will stand in their recipients' inboxes."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.models import Event
from app.events.publisher import After, Consequence
from app.infra.ids import encode, new_id
from app.infra.queue import Job, enqueue
from app.mail import links
from app.mail.addressing import tokens
from app.mail.outbox import queries
from app.mail.outbox.acknowledging import WITHIN, is_one_too_many
from app.mail.outbox.digesting import Rush, after_one, is_gathered, told_at
from app.mail.outbox.drafting import Draft, drafts_of
from app.mail.outbox.facts import Facts, read_facts
from app.mail.outbox.fates import Fate, first_fate
from app.mail.outbox.hearing import KINDS, Heard, heard
from app.mail.outbox.house import House
from app.mail.outbox.rendering import Sheet, sheet_of
from app.mail.outbox.voices import Voice
from app.mail.outbox.wording import Letter

SEND, DIGEST = "mail.send", "mail.digest"
_AT_ONCE = 100  # mails that are held in memory whole, and set without a pause
Values = dict[str, object]


@dataclass(slots=True)
class Limits:
    """How much went out lately to those whom a batch writes to; it goes on counting as the batch is written."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    rushes: dict[str, Rush] = field(default_factory=dict)


def mail_writer(house: House) -> Consequence:
    """Return the consequence that writes mails."""

    async def write_mails(session: AsyncSession, events: Sequence[Event], wall: datetime) -> After | None:
        """Write the mails of events that are being published; after that, enqueue what is to be sent."""
        found = [one for one in (heard(event) for event in events if event.type in KINDS) if one is not None]
        return await _write(session, house, found, wall) if found else None

    return write_mails


async def _write(session: AsyncSession, house: House, found: Sequence[Heard], wall: datetime) -> After | None:
    facts = await read_facts(session, house, found, wall)
    drafts = [draft for one in found for draft in drafts_of(house, facts, one)]
    if not drafts:
        return None
    limits = await _limits(session, house, drafts, wall)
    handles = await links.give_handles(session, _handles_of(drafts))
    written: list[Values] = []
    for start in range(0, len(drafts), _AT_ONCE):
        some = drafts[start : start + _AT_ONCE]
        rows = [_row(house, facts, limits, draft, handles, wall) for draft in some]
        bodies = await asyncio.to_thread(_bodies, some)  # setting them takes time that others on the loop need
        added = await queries.add_mails(session, [row | body for row, body in zip(rows, bodies, strict=True)])
        written += [row for row in rows if row["id"] in added]
    await links.add_links(session, _links_of(house, written), wall)
    jobs = _jobs(house, written, wall)
    return None if not jobs else lambda after: enqueue(after, jobs)


def _bodies(drafts: Sequence[Draft]) -> list[Values]:
    """Return what stands in mails; what readers of one letter share is set once."""
    sheets: dict[tuple[Letter, Voice, bool], Sheet] = {}
    bodies: list[Values] = []
    for draft in drafts:
        key = (draft.letter, draft.voice, draft.is_answerable)
        sheet = sheets.get(key) or sheet_of(draft.letter, draft.voice, answerable=draft.is_answerable)
        sheets[key] = sheet
        text, html = sheet.to(draft.person.name)
        bodies.append({"body_text": text, "body_html": html})
    return bodies


async def _limits(session: AsyncSession, house: House, drafts: Sequence[Draft], wall: datetime) -> Limits:
    limits = Limits()
    to_acknowledge = {draft.recipient for draft in drafts if draft.heard.kind == "acknowledgement"}
    if to_acknowledge:
        limits.acknowledged.update(await queries.acknowledged(session, to_acknowledge, wall - WITHIN))
    to_call = {draft.recipient for draft in drafts if draft.heard.kind == "call"}
    if to_call:
        for row in await queries.calls(session, to_call, wall - house.digest_window):
            limits.rushes[row.recipient] = Rush(row.sent, row.gathering_since)
    return limits


def _fate(house: House, facts: Facts, limits: Limits, draft: Draft, wall: datetime) -> Fate:
    to, kind = draft.recipient, draft.heard.kind
    sandbox = facts.resellers[draft.heard.reseller_id].sandbox
    rush = limits.rushes.get(to, Rush())
    fate = first_fate(
        has_sender=draft.sender is not None,
        is_sendable=draft.is_sendable,
        suspended=draft.person.suspended,
        too_many=kind == "acknowledgement" and is_one_too_many(limits.acknowledged[to]),
        sandbox=sandbox,
        gathered=kind == "call" and is_gathered(rush, house.calls_before_digest),
    )
    if kind == "acknowledgement" and fate[0] != "suppressed":
        limits.acknowledged[to] += 1
    if kind == "call" and fate[0] in {"queued", "gathered"}:
        limits.rushes[to] = after_one(rush, house.calls_before_digest, wall)
    return fate


def _row(
    house: House, facts: Facts, limits: Limits, draft: Draft, handles: dict[tuple[UUID, UUID], int], wall: datetime
) -> Values:
    mail_id, one, person = new_id(), draft.heard, draft.person
    state, answer = _fate(house, facts, limits, draft, wall)
    due = wall if state == "queued" else None
    if state == "gathered":
        due = told_at(limits.rushes[draft.recipient].gathering_since or wall, house.digest_window)
    return {
        "reseller_id": one.reseller_id,
        "id": mail_id,
        "kind": one.kind,
        "event_id": one.event_id,
        "ticket_id": one.ticket_id,
        "message_id": one.message_id,
        "escalation_id": one.escalation_id,
        "contact_id": person.contact_id,
        "staff_id": person.staff_id,
        "mailbox_id": draft.voice.box.id if draft.voice.box else None,
        "sender": draft.sender or "",
        "sender_name": draft.voice.name,
        "bounces_to": draft.bounces_to,
        "recipient": draft.recipient,
        "recipient_name": person.name,
        "subject": draft.letter.subject,
        "headers": draft.headers | _reply_to(house, draft, handles),
        "message_key": tokens.message_key(house.keys, mail_id, draft.domain),
        "state": state,
        "attempts": 0,
        "next_attempt_at": due,
        "answer": answer,
        "created_at": wall,
    }


def _handles_of(drafts: Sequence[Draft]) -> list[dict[str, UUID | None]]:
    wanted = {
        (draft.heard.reseller_id, draft.heard.ticket_id, draft.person.contact_id, draft.person.staff_id)
        for draft in drafts
        if draft.is_answerable
    }
    names = ("reseller_id", "ticket_id", "contact_id", "staff_id")
    return [dict(zip(names, one, strict=True)) for one in sorted(wanted, key=str)]


def _reply_to(house: House, draft: Draft, handles: dict[tuple[UUID, UUID], int]) -> dict[str, str]:
    ticket_id, person_id, box = draft.heard.ticket_id, draft.person.id, draft.voice.box
    if not draft.is_answerable or ticket_id is None or person_id is None or box is None:
        return {}
    number = handles[ticket_id, person_id]
    return {"Reply-To": tokens.reply_address(house.keys, box.address, number, ticket_id, person_id)}


def _links_of(house: House, rows: Sequence[Values]) -> list[Values]:
    links: list[Values] = []
    for row in (row for row in rows if row["ticket_id"]):
        same = {name: row[name] for name in ("reseller_id", "ticket_id", "mailbox_id")}
        key, ticket_id = str(row["message_key"]), row["ticket_id"]
        assert isinstance(ticket_id, UUID)
        root = tokens.root_key(house.keys, ticket_id, key.rpartition("@")[2])
        links += [same | {"message_key": key, "kind": "sent"}, same | {"message_key": root, "kind": "ancestor"}]
    return links


def _jobs(house: House, rows: Sequence[Values], wall: datetime) -> list[Job]:
    sends = [send_job(row["id"]) for row in rows if row["state"] == "queued" and isinstance(row["id"], UUID)]
    due: dict[str, datetime] = {}
    for row in rows:
        if row["state"] == "gathered" and isinstance(row["next_attempt_at"], datetime):
            due.setdefault(str(row["recipient"]), row["next_attempt_at"])
    first = {to: at for to, at in due.items() if at == told_at(wall, house.digest_window)}  # the others' is under way
    return sends + [Job(DIGEST, to, at - wall) for to, at in first.items()]


def send_job(mail_id: UUID, delay: timedelta = timedelta(0)) -> Job:
    """Return the job that sends a mail."""
    return Job(SEND, encode("oml", mail_id), delay)
