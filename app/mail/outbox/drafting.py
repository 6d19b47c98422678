"""Pure: a mail to one person about one event, all but what the database gives it, and before it is set."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app.mail.addressing import tokens
from app.mail.outbox import wording
from app.mail.outbox.facts import Facts
from app.mail.outbox.headers import ANSWERED, AUTOMATIC, sendable, thread_headers
from app.mail.outbox.hearing import Heard
from app.mail.outbox.house import House
from app.mail.outbox.recipients import Person
from app.mail.outbox.voices import Voice
from app.mail.outbox.wording import Letter, TicketTold

_NOWHERE = "mail.invalid"  # of mails that cannot be sent, since there is no address to write from


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is being written."""

    heard: Heard
    person: Person
    voice: Voice
    letter: Letter
    sender: str | None
    recipient: str
    is_sendable: bool
    is_answerable: bool
    bounces_to: str
    headers: dict[str, str]

    @property
    def domain(self) -> str:
        """Where its Message-ID is from."""
        return _domain(self.sender)


def drafts_of(house: House, facts: Facts, one: Heard) -> Iterator[Draft]:
    """Yield the mails about one event: those who are spoken to in one voice read the same letter."""
    letters: dict[Voice, Letter] = {}
    for person in facts.told(house, one):
        voice = facts.voice_for(house, one.reseller_id, person)
        if voice not in letters:
            letters[voice] = _letter(house, facts, one, voice)
        yield _draft(house, facts, one, person, voice, letters[voice])


def _draft(house: House, facts: Facts, one: Heard, person: Person, voice: Voice, letter: Letter) -> Draft:
    sender, recipient = sendable(voice.address or ""), sendable(person.address or "")
    answerable = voice.box is not None and person.id is not None and one.ticket_id is not None
    return Draft(
        heard=one,
        person=person,
        voice=voice,
        letter=letter,
        sender=sender,
        recipient=recipient or person.address or "",
        is_sendable=recipient is not None,
        is_answerable=answerable,
        bounces_to=_bounces_to(one, voice),
        headers=_marks(facts, one) | _threading(house, facts, one, person, _domain(sender)),
    )


def _domain(sender: str | None) -> str:
    return sender.rpartition("@")[2] if sender else _NOWHERE


def _bounces_to(one: Heard, voice: Voice) -> str:
    """Return the envelope's sender: none for an acknowledgement, which nothing may answer; never another's than its."""
    if one.kind == "acknowledgement":
        return ""
    if voice.box is not None:
        return voice.box.address
    return "" if voice.is_brand else voice.address or ""


def _marks(facts: Facts, one: Heard) -> dict[str, str]:
    """Say of what no person has written to its recipient that a machine did."""
    if one.kind == "acknowledgement":
        return dict(ANSWERED)
    message = facts.messages.get(one.message_id) if one.message_id else None
    return {} if message is not None and message.side == "desk" else dict(AUTOMATIC)


def _threading(house: House, facts: Facts, one: Heard, person: Person, domain: str) -> dict[str, str]:
    if one.ticket_id is None:
        return {}
    root = tokens.root_key(house.keys, one.ticket_id, domain)
    seen = facts.seen.get(one.ticket_id, ())
    return thread_headers(root, seen, person.address or "", person.contact_id, only_own=person.side == "customer")


def _letter(house: House, facts: Facts, one: Heard, voice: Voice) -> Letter:
    if one.kind == "endpoint_notice":
        return wording.endpoint_notice(one.type, one.data)
    assert one.ticket_id is not None
    row, reseller = facts.tickets[one.ticket_id], facts.resellers[one.reseller_id]
    ticket = TicketTold(row.number, row.subject, row.status, row.priority, reseller.name, reseller.brand)
    if one.kind == "call":
        return wording.call(ticket, one.data["escalation"], _due(one))
    if one.kind == "acknowledgement":
        return wording.acknowledgement(ticket, voice, _due(one))
    if one.kind == "status":
        return wording.status(ticket, voice, one.type, one.at)
    assert one.message_id is not None
    message = facts.messages[one.message_id]
    return wording.reply(ticket, voice, _author(house, voice, reseller.name, message), message.body, message.files)


def _author(house: House, voice: Voice, reseller_name: str, message: Row[Any]) -> str:
    """Return who wrote, as the reader knows them: to end customers, whoever it was, the brand."""
    if voice.is_brand:
        return voice.name
    author = message.author
    if author["kind"] in {"staff", "contact"}:
        return str(author["name"])
    return house.name if message.side == "desk" else reseller_name


def _due(one: Heard) -> datetime | None:
    due = one.data["ticket"]["sla"].get("next_due_at")
    return None if due is None else datetime.fromisoformat(due)
