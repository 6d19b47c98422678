"""Raising, acknowledging and resolving escalations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.queries import person_to_call
from app.entitlements.entitlement import Feature
from app.entitlements.refusals import entitlement_required
from app.escalations import queries
from app.escalations.models import Escalation
from app.escalations.schemas import read
from app.events.kinds import EventType
from app.events.record import record
from app.infra.ids import new_id
from app.infra.problems import Conflict, InvalidTransition
from app.tickets.act import Act
from app.tickets.facts import ClockCancelled, ClockMet, QuietEnded, StepDue, WorkEnded
from app.tickets.lifecycle import AT_WORK, ENDED
from app.tickets.models import Ticket
from app.tickets.reading import summary_of

_BY_HAND = ("account_manager", "technical_director")


async def raise_step(session: AsyncSession, due: StepDue) -> None:
    """Call whom a step of the ladder names; once per step and clock, whoever runs, and not for an ended ticket."""
    if due.fact.withheld or due.ticket.status in ENDED:
        return
    step, fact = due.fact.step, due.fact
    reason = "sla_warning" if step.at_share is not None else "sla_breach"
    await _raise(session, due.ticket, step.code, step.role, reason, fact.at, clock_id=fact.clock_id)


async def reopen(session: AsyncSession, ended: QuietEnded) -> None:
    """Put back what was acknowledged, since the promise is still unmet; the withheld steps follow by themselves."""
    for escalation in await queries.unresolved_of_clock(session, ended.ticket.reseller_id, ended.fact.clock_id):
        if escalation.state == "acknowledged":
            escalation.state = "open"
            escalation.version += 1


async def resolve_with_clock(session: AsyncSession, ended: ClockMet | ClockCancelled) -> None:
    """Resolve the escalations of a clock that was met or cancelled."""
    for escalation in await queries.unresolved_of_clock(session, ended.ticket.reseller_id, ended.fact.clock_id):
        _resolve(session, ended.ticket, escalation, ended.fact.at)


async def resolve_rest(session: AsyncSession, ended: WorkEnded) -> None:
    """Resolve what is left of a ticket on which there is no more work: calls by hand, and those of broken promises."""
    for escalation in await queries.unresolved_of_ticket(session, ended.ticket.reseller_id, ended.ticket.id):
        _resolve(session, ended.ticket, escalation, ended.at)


async def escalate(act: Act, reason: str) -> Escalation:
    """Escalate a ticket by hand: first to the account manager, then to the technical director.

    Raises:
        EntitlementRequired: the level has no escalation.
        InvalidTransition: there is no more work on the ticket.
        Conflict: both have been called.
    """
    ticket, entitlement = act.ticket, act.keeper.entitlement
    if not entitlement.includes(Feature.MAY_ESCALATE):
        raise await entitlement_required(act.session, entitlement, Feature.MAY_ESCALATE, "an escalation")
    if ticket.status not in AT_WORK:
        raise InvalidTransition(f"the ticket is {ticket.status}", current=ticket.status, allowed=[])
    earlier = await queries.unresolved_by_hand(act.session, ticket.reseller_id, ticket.id)
    if len(earlier) >= len(_BY_HAND):
        raise Conflict("the account manager and the technical director have both been called")
    role = _BY_HAND[len(earlier)]
    raised = await _raise(act.session, ticket, "manual", role, "manual", act.now, note=reason)
    assert raised is not None, "escalations by hand are not unique"
    return raised


async def acknowledge(act: Act, escalation: Escalation, by: str, note: str | None) -> None:
    """Take an escalation in hand: the ladder of its clock is withheld for a while.

    Raises:
        InvalidTransition: it is acknowledged or resolved already, or its clock has ended.
    """
    if escalation.state != "open":
        raise InvalidTransition(f"the escalation is {escalation.state}", current=escalation.state, allowed=[])
    if escalation.clock_id is not None:
        _withhold(act, escalation.clock_id)
    escalation.state, escalation.acknowledged_at, escalation.acknowledged_by = "acknowledged", act.now, by
    escalation.acknowledgement_note = note
    escalation.version += 1
    _tell(act.session, act.ticket, escalation, EventType.ESCALATION_ACKNOWLEDGED, act.now)


def _withhold(act: Act, clock_id: UUID) -> None:
    kept = act.keeper.find(clock_id)
    if kept is None or not kept.clock.unmet:
        state = "no longer the latest of its metric" if kept is None else str(kept.clock.state)
        raise InvalidTransition(f"the clock of the escalation is {state}", current="open", allowed=[])
    act.keeper.acknowledge(clock_id, act.now)


async def _raise(
    session: AsyncSession,
    ticket: Ticket,
    step: str,
    role: str,
    reason: str,
    at: datetime,
    *,
    clock_id: object = None,
    note: str | None = None,
) -> Escalation | None:
    staff_id, name = await _to_call(session, ticket, role)
    escalation = await queries.raise_once(
        session,
        {
            "reseller_id": ticket.reseller_id,
            "id": new_id(),
            "ticket_id": ticket.id,
            "clock_id": clock_id,
            "step": step,
            "role": role,
            "called_staff_id": staff_id,
            "called_name": name,
            "reason": reason,
            "note": note,
            "state": "open",
            "raised_at": at,
            "version": 1,
        },
    )
    if escalation is not None:
        _tell(session, ticket, escalation, EventType.ESCALATION_RAISED, at)
    return escalation


async def _to_call(session: AsyncSession, ticket: Ticket, role: str) -> tuple[object, str | None]:
    if role == "desk":  # whoever works on the ticket; with nobody assigned, the desk as a whole
        return ticket.assignee_id, ticket.assignee_name
    person = await person_to_call(session, ticket.reseller_id, role)
    return (None, None) if person is None else (person.id, person.name)


def _resolve(session: AsyncSession, ticket: Ticket, escalation: Escalation, at: datetime) -> None:
    queries.resolve(escalation, at)
    _tell(session, ticket, escalation, EventType.ESCALATION_RESOLVED, at)


def _tell(session: AsyncSession, ticket: Ticket, escalation: Escalation, kind: EventType, at: datetime) -> None:
    ticket.sequence += 1
    data: dict[str, object] = {"escalation": read(escalation), "ticket": summary_of(ticket)}
    record(session, kind, at, data, reseller_id=ticket.reseller_id, ticket_id=ticket.id)
