"""Changing a ticket: its fields, its priority, its status."""

from app.auth.principals import Principal, Scope
from app.auth.queries import staff_name
from app.entitlements.usage import refuse_if_exhausted
from app.events.kinds import EventType
from app.infra.problems import InvalidTransition, MissingScope, ValidationFailed
from app.tickets.act import Act
from app.tickets.lifecycle import CLOSES_AFTER, ENDED, NO_WORK, find_move, lowers, moves
from app.tickets.schemas import TicketChange


async def change_ticket(act: Act, principal: Principal, wanted: TicketChange) -> None:
    """Apply what is named to a ticket in hand.

    Raises:
        InvalidTransition: the status cannot be reached from where the ticket is.
        MinutesExhausted: a reseller lowers an immediate task, and the month has no minutes left.
        MissingScope: a reseller's key asked for what is the desk's own.
        ValidationFailed: a reason is missing, or a member names nothing that is there.
    """
    before = act.ticket.version
    await _change_fields(act, principal, wanted)
    if wanted.priority is not None:
        await _spare_minutes(act, principal, wanted.priority)
        _change_priority(act, principal, wanted.priority, wanted.reason)
    if act.ticket.version != before:
        act.tell(EventType.TICKET_UPDATED)
    if wanted.status is not None and wanted.status != act.ticket.status:
        _permit(act, wanted.status, wanted.reason)
        await enter_status(act, wanted.status, wanted.reason)
    elif wanted.status is not None and not moves(act.actor.side, act.ticket.status):
        _permit(act, wanted.status, wanted.reason)


def raise_priority(act: Act, priority: str, reason: str) -> None:
    """Raise the priority of a ticket at work, asked for and in force; where it is as high already, it stays."""
    ticket, before = act.ticket, act.ticket.version
    if lowers(priority, ticket.requested_priority):
        act.note("requested_priority", ticket.requested_priority, priority, reason)
        ticket.requested_priority = priority
    if lowers(priority, ticket.priority):
        _set_priority(act, priority, reason)
    if ticket.version != before:
        act.tell(EventType.TICKET_UPDATED)


async def enter_status(act: Act, status: str, reason: str | None) -> None:
    """Bring a ticket into another status and tell its clocks."""
    ticket, before = act.ticket, act.ticket.status
    if status == before:
        return
    act.note("status", before, status, reason)
    ticket.status = status
    ticket.closes_at = None
    if status == "resolved":
        ticket.resolved_at, ticket.closes_at, ticket.waiting = act.now, act.now + CLOSES_AFTER, False
        act.keeper.resolved(act.now)
        act.tell(EventType.TICKET_RESOLVED)
    elif status == "closed":
        ticket.closed_at = act.now
        act.tell(EventType.TICKET_CLOSED)
    elif status == "cancelled":
        act.keeper.cancelled(act.now)
        act.tell(EventType.TICKET_UPDATED)
    elif before == "resolved":
        ticket.resolved_at = None
        act.keeper.reopened(act.now)
        act.tell(EventType.TICKET_REOPENED)
    else:
        act.keeper.status_changed(act.now)
        act.tell(EventType.TICKET_UPDATED)
    if status in NO_WORK:
        await act.announce()
        await act.ended()


def _permit(act: Act, to: str, reason: str | None) -> None:
    side, status = act.actor.side, act.ticket.status
    move = find_move(side, status, to)
    if move is None:
        allowed = [move.to for move in moves(side, status)]
        raise InvalidTransition(
            f"a ticket that is {status} cannot become {to} by this key", current=status, allowed=allowed
        )
    if move.reason and not reason:
        raise ValidationFailed.at("/reason", f"say why the ticket is to become {to}")


def _change_priority(act: Act, principal: Principal, priority: str, reason: str | None) -> None:
    ticket = act.ticket
    if ticket.status in ENDED:
        raise InvalidTransition(f"the ticket is {ticket.status}", current=ticket.status, allowed=[])
    if not principal.is_staff and priority != ticket.requested_priority:
        act.note("requested_priority", ticket.requested_priority, priority, reason)
        ticket.requested_priority = priority
    if priority == ticket.priority:
        return
    if principal.is_staff and lowers(ticket.priority, priority) and not reason:
        raise ValidationFailed.at("/reason", "say why the priority is lowered: the reseller reads it")
    _set_priority(act, priority, reason)


def _set_priority(act: Act, priority: str, reason: str | None) -> None:
    act.note("priority", act.ticket.priority, priority, reason)
    act.ticket.priority = priority
    act.keeper.priority_changed(act.now)


async def _spare_minutes(act: Act, principal: Principal, priority: str) -> None:
    """Let no task pass as immediate that can wait after all; how urgent one is in truth, the desk may say."""
    ticket = act.ticket
    waits = ticket.priority == "immediate" and lowers("immediate", priority)
    if ticket.type == "task" and waits and not principal.is_staff:
        timeline = act.keeper.timeline
        await refuse_if_exhausted(act.session, timeline, ticket.reseller_id, act.now, "an immediate task made to wait")


async def _change_fields(act: Act, principal: Principal, wanted: TicketChange) -> None:
    ticket = act.ticket
    given = wanted.model_fields_set
    if "assignee" in given:
        await _assign(act, principal, wanted)
    for name in ("subject", "tags", "custom_fields"):
        value = getattr(wanted, name)
        if name in given and value != getattr(ticket, name):
            act.note(name, getattr(ticket, name), value)
            setattr(ticket, name, value)


async def _assign(act: Act, principal: Principal, wanted: TicketChange) -> None:
    if not principal.is_staff:
        raise MissingScope("who works on a ticket is for the desk to say", scope=str(Scope.STAFF))
    ticket, staff_id = act.ticket, wanted.assignee
    name = None if staff_id is None else await staff_name(act.session, staff_id)
    if staff_id is not None and name is None:
        raise ValidationFailed.at("/assignee", "there is no such person")
    if staff_id != ticket.assignee_id:
        act.note("assignee", ticket.assignee_name, name)
        ticket.assignee_id, ticket.assignee_name = staff_id, name
