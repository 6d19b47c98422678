"""Reading what a batch of events needs to become mails: one statement for each kind of thing, however many events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.entitlements.entitlement import Feature, Timeline
from app.entitlements.timelines import timelines_of
from app.infra.ids import decode
from app.mail.outbox import queries
from app.mail.outbox.headers import Seen
from app.mail.outbox.hearing import Heard
from app.mail.outbox.house import House
from app.mail.outbox.recipients import Person, Written, recipients, told_of_message
from app.mail.outbox.voices import Box, Voice, of_a_brand, of_the_desk

THREAD = 40  # the latest mails of a ticket that are looked at to keep a thread together


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a batch's tickets, messages and people."""

    wall: datetime
    tickets: Mapping[UUID, Row[Any]]
    messages: Mapping[UUID, Row[Any]]
    resellers: Mapping[UUID, Row[Any]]
    operator_id: UUID
    contacts: Mapping[UUID, Person]
    staff: Mapping[UUID, Person]
    watchers: Mapping[UUID, Sequence[Person]]
    people: Mapping[UUID, Sequence[Person]]
    admins: Sequence[Person]
    boxes: Mapping[UUID, Box]
    own: frozenset[str]
    timelines: Mapping[UUID, Timeline]
    seen: Mapping[UUID, Sequence[Seen]]

    def is_branded(self, one: Heard) -> bool:
        """Tell whether Branded is in force now; in a sandbox, at the instant of the event."""
        timeline = self.timelines.get(one.reseller_id)
        at = one.at if self.resellers[one.reseller_id].sandbox else self.wall
        return timeline is not None and timeline.in_force(at).includes(Feature.BRANDED)

    def voice_for(self, house: House, reseller_id: UUID, person: Person) -> Voice:
        """Return who speaks to somebody."""
        reseller = self.resellers[reseller_id]
        if person.side == "customer":
            return of_a_brand(reseller.brand, reseller.name, self.boxes.get(reseller_id))
        box = self.boxes.get(self.operator_id) or self.boxes.get(reseller_id)
        return of_the_desk(house.name, house.address, box)

    def told(self, house: House, one: Heard) -> list[Person]:
        """Return who is written to about an event."""
        people, author = self._audience(house, one)
        return recipients(one.kind, people, own=self.own, branded=self.is_branded(one), author=author)

    def _audience(self, house: House, one: Heard) -> tuple[Sequence[Person], UUID | None]:
        if one.kind == "endpoint_notice":
            is_operators = self.resellers[one.reseller_id].is_operator
            return self.admins if is_operators else self.people.get(one.reseller_id, ()), None
        if one.kind == "call":
            called = self.staff.get(one.called_id) if one.called_id else None
            return [called or Person("desk", None, house.name, house.desk_address)], None
        ticket = self.tickets[one.ticket_id] if one.ticket_id else None
        assert ticket is not None, "every other kind tells of a ticket"
        contact = self.contacts.get(ticket.contact_id)
        watchers = self.watchers.get(ticket.id, ())
        if one.kind == "reply":
            return self._hearing(one, contact, watchers, self.staff.get(ticket.assignee_id))
        both = [contact] if contact else []
        return (both if one.kind == "acknowledgement" else [*both, *watchers]), None

    def _hearing(
        self, one: Heard, contact: Person | None, watchers: Sequence[Person], assignee: Person | None
    ) -> tuple[Sequence[Person], UUID | None]:
        message = self.messages.get(one.message_id) if one.message_id else None
        if message is None or message.automatic or message.visibility != "public":
            return (), None
        written = Written(message.side, message.author["kind"], _author_id(message.author))
        return told_of_message(written, contact, watchers, assignee), written.author_id


def _author_id(author: Mapping[str, str | None]) -> UUID | None:
    prefix = {"contact": "ctc", "staff": "stf"}.get(author["kind"] or "")
    return decode(prefix, author["id"]) if prefix and author["id"] else None


async def read_facts(session: AsyncSession, house: House, heard: Sequence[Heard], wall: datetime) -> Facts:
    """Read what is needed of a batch."""
    of_tickets = [one for one in heard if one.ticket_id is not None]
    of_endpoints = {one.reseller_id for one in heard if one.kind == "endpoint_notice"}
    followed = {one.ticket_id for one in of_tickets if one.kind in {"reply", "status"} and one.ticket_id}
    reseller_ids = {one.reseller_id for one in heard}
    tickets = await queries.tickets(session, {one.ticket_id for one in of_tickets if one.ticket_id})
    watching = await queries.watchers(session, reseller_ids, followed)
    resellers = await queries.resellers(session, reseller_ids)
    operator_id = next(row.id for row in resellers.values() if row.is_operator)
    contact_ids = {row.contact_id for row in [*tickets.values(), *watching] if row.contact_id}
    staff_ids = {row.assignee_id for row in tickets.values()} | {row.staff_id for row in watching}
    staff_ids |= {one.called_id for one in heard}
    contacts = await queries.contacts(session, contact_ids)
    staff = await queries.staff(session, staff_ids - {None})
    customers = {row.reseller_id for row in heard if any(p.side == "customer" for p in contacts.values())}
    return Facts(
        wall=wall,
        tickets=tickets,
        messages=await queries.messages(session, {one.message_id for one in heard if one.message_id}),
        resellers=resellers,
        operator_id=operator_id,
        contacts=contacts,
        staff=staff,
        watchers=_watchers(watching, contacts, staff),
        people=await queries.people_of(session, of_endpoints - {operator_id}),
        admins=await queries.admins(session) if operator_id in of_endpoints else [],
        boxes=await queries.boxes(session, reseller_ids | {operator_id}, house.address),
        own=frozenset(await queries.own_addresses(session) | {house.address.lower()}),
        timelines=await timelines_of(session, sorted(customers), wall) if customers else {},
        seen=await queries.seen(session, tickets.keys(), THREAD) if tickets else {},
    )


def _watchers(
    rows: Sequence[Row[Any]], contacts: Mapping[UUID, Person], staff: Mapping[UUID, Person]
) -> dict[UUID, list[Person]]:
    found: dict[UUID, list[Person]] = {}
    for row in rows:
        person = contacts.get(row.contact_id) or staff.get(row.staff_id)
        found.setdefault(row.ticket_id, []).extend([person] if person else [])
    return found
