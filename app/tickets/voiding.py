"""Voiding a breach: it stays a fact, with it on record that it does not stand against the desk, by whom and why."""

from uuid import UUID

from app.clocks.models import SlaClock
from app.clocks.queries import find_clock
from app.events.kinds import EventType
from app.infra.ids import encode
from app.infra.problems import InvalidTransition, ValidationFailed
from app.tickets.act import Act
from app.tickets.reading import clock_data_of


async def void_breach(act: Act, clock_id: UUID, reason: str) -> None:
    """Void the breach of a clock of a ticket in hand; the history says so, and the reseller hears of it.

    Raises:
        ValidationFailed: the ticket has no such clock.
        InvalidTransition: the clock was never breached, or its breach is voided already.
    """
    await act.finish()  # a breach that has only just been settled is written before it is looked for
    clock = await find_clock(act.session, act.ticket.reseller_id, act.ticket.id, clock_id)
    if clock is None:
        raise ValidationFailed.at("/clock_id", "this ticket has no such clock")
    _check(clock)
    clock.voided_at, clock.voided_by, clock.void_reason = act.now, act.actor.name, reason
    named = {"clock_id": encode("clk", clock.id), "metric": clock.metric}
    act.note("sla_breach", {**named, "state": "breached"}, {**named, "state": "voided"}, reason)
    act.tell(EventType.SLA_BREACH_VOIDED, {"clock": clock_data_of(clock), "reason": reason})


def _check(clock: SlaClock) -> None:
    assert clock.state is not None, "the database says it"
    if clock.breached_at is None:
        raise InvalidTransition(
            "the clock was never breached: there is nothing to void", current=clock.state, allowed=[]
        )
    if clock.voided_at is not None:
        raise InvalidTransition("the breach is voided already", current="voided", allowed=[])
