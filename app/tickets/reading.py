"""Rows and values of tickets to the shapes on the wire."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.clocks.facts import ClockFact
from app.clocks.keeper import Keeper
from app.clocks.kept import Kept
from app.clocks.models import SlaClock
from app.clocks.rows import ClockRow, Versions
from app.sla.clock import Clock
from app.sla.ladder import Ladder, next_step_at
from app.tickets.attachment_models import Attachment
from app.tickets.attachment_schemas import AttachmentRead
from app.tickets.batch_rows import BatchTicket
from app.tickets.models import Message, Ticket
from app.tickets.schemas import (
    Assignee,
    MessageRead,
    TicketFacts,
    TicketListed,
    TicketNamed,
    TicketRead,
    TicketSummary,
)
from app.tickets.sla_schemas import ClockData, ClockRead, SlaRead, SlaSummary, TicketSla, Voided

_SECOND = timedelta(seconds=1)


def number_of(number: int | None) -> str:
    """Return a ticket's number as people use it; only a row that is not written yet has none."""
    return f"TL-{number}"


def summary_of(ticket: Ticket | BatchTicket, sla: SlaSummary | None = None) -> TicketSummary:
    """Return a ticket as events carry it; ``sla`` as it stood at the event's instant."""
    return TicketSummary.model_validate(_facts(ticket, _SUMMARISED) | {"sla": sla or _stored_sla(ticket)})


def listed(ticket: Ticket) -> TicketListed:
    """Return a ticket as lists show it."""
    return TicketListed.model_validate(_facts(ticket, _STORED) | {"sla": _stored_sla(ticket)})


def detail_of(
    ticket: Ticket,
    keeper: Keeper,
    now: datetime,
    attachments: Sequence[Attachment] = (),
    merged_into: TicketNamed | None = None,
) -> TicketRead:
    """Return a ticket by itself, with its clocks as they stand now."""
    more = {"sla": sla_of(keeper, now), "merged_into": merged_into, "attachments": attachments}
    return TicketRead.model_validate(_facts(ticket, _STORED) | more)


def named(ticket: Ticket) -> TicketNamed:
    """Return a ticket by its id and number."""
    return TicketNamed(id=ticket.id, number=number_of(ticket.number))


def message_of(message: Message, attachments: Sequence[Attachment]) -> MessageRead:
    """Return a message with the files that it carries."""
    return MessageRead.model_validate(message.model_dump() | {"attachments": attachments})


def attachment_of(attachment: Attachment) -> AttachmentRead:
    """Return an attachment by itself."""
    return AttachmentRead.model_validate(attachment.model_dump() | {"sha256": attachment.sha256.hex()})


def sla_of(keeper: Keeper, now: datetime) -> SlaRead:
    """Return where a ticket stands now."""
    ladder = keeper.entitlement.policy.ladder(keeper.entitlement.level)
    clocks = [clock_of(kept, ladder, now) for kept in keeper.kept.values()]
    return SlaRead.model_validate({"status": keeper.status, "next_due_at": keeper.next_due_at, "clocks": clocks})


def ticket_sla(ticket: Ticket, sla: SlaRead, clocks: list[ClockRead] | None = None) -> TicketSla:
    """Return where a ticket stands, by itself; with ``clocks``, every one that it ever had."""
    return TicketSla(ticket_id=ticket.id, status=sla.status, next_due_at=sla.next_due_at, clocks=clocks or sla.clocks)


def clock_of(kept: Kept, ladder: Ladder, now: datetime) -> ClockRead:
    """Return a clock as it stands now."""
    clock, versions = kept.clock, kept.versions
    voided = {"voided": _voided(kept.row)}
    return ClockRead.model_validate(_clock(kept.id, clock) | _standing(clock, versions, ladder, now) | voided)


def clock_data(fact: ClockFact) -> ClockData:
    """Return a clock as an event carries it."""
    return ClockData.model_validate(_clock(fact.clock_id, fact.clock))


def clock_data_of(row: SlaClock) -> ClockData:
    """Return a clock that is written as an event carries it."""
    return ClockData.model_validate(row, from_attributes=True)


def _voided(row: ClockRow | None) -> Voided | None:
    if not isinstance(row, SlaClock) or row.voided_at is None:
        return None
    return Voided.model_validate({"at": row.voided_at, "by": row.voided_by, "reason": row.void_reason})


def _clock(clock_id: UUID, clock: Clock) -> dict[str, object]:
    return {
        "id": clock_id,
        "metric": clock.metric,
        "state": clock.state,
        "target": clock.terms.target,
        "counting": clock.terms.counting,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
    }


def _standing(clock: Clock, versions: Versions, ladder: Ladder, now: datetime) -> dict[str, object]:
    return {
        "calendar_id": versions.calendar_id,
        "policy_id": versions.policy_id,
        "paused_since": clock.paused_since,
        "remaining_seconds": clock.remaining_at(now) // _SECOND,
        "consumed_ratio": round(clock.consumed_ratio(now), 6),
        "next_step_at": next_step_at(clock, ladder),
    }


def _stored_sla(ticket: Ticket | BatchTicket) -> SlaSummary:
    return SlaSummary.model_validate({"status": ticket.sla_status, "next_due_at": ticket.next_due_at})


def _facts(ticket: Ticket | BatchTicket, names: Iterable[str]) -> dict[str, object]:
    named = ticket.assignee_id is not None and ticket.assignee_name is not None
    return {
        **{name: getattr(ticket, name) for name in names},
        "number": number_of(ticket.number),
        "assignee": Assignee.model_validate({"staff_id": ticket.assignee_id, "name": ticket.assignee_name})
        if named
        else None,
    }


_STORED = tuple(TicketFacts.model_fields.keys() - {"number", "assignee"})
_SUMMARISED = tuple(TicketSummary.model_fields.keys() - {"number", "assignee", "sla"})
