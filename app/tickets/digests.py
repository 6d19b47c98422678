"""What a recalculation tells: an event for each deadline that it moved, or one for all of a reseller's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.clocks.facts import DeadlineMoved, PromiseBroken
from app.clocks.models import Recalculation, RecalculationDigest
from app.events.kinds import EventType
from app.events.queries import write_events
from app.events.record import event_values, record
from app.tickets import recalculation_queries as queries
from app.tickets.act import Act
from app.tickets.batch import Settled
from app.tickets.batch_rows import BatchTicket
from app.tickets.models import Ticket
from app.tickets.reading import clock_data, number_of, summary_of
from app.tickets.recalculation_schemas import MOST_EXAMPLES, Cause, DeadlinesDigest, MovedDeadline
from app.tickets.sla_schemas import DeadlineChange, SlaSummary


@dataclass(slots=True)
class OfTicket:
    """What happened to one ticket on a walk. Those that went the one way have told their events already."""

    ticket: Ticket | BatchTicket
    moved: Sequence[DeadlineMoved]
    breached: int = 0


@dataclass(slots=True)
class Told:
    """What happened to the tickets of a batch."""

    tickets: list[OfTicket] = field(default_factory=list)
    untold: bool = True

    @classmethod
    def of_batch(cls, settled: Sequence[Settled]) -> "Told":
        """Return what happened in bulk."""
        return cls([OfTicket(one.ticket, one.moved) for one in settled if one.moved])

    @classmethod
    def of_act(cls, act: Act) -> "Told":
        """Return what happened to a ticket that went the one way."""
        moved = [fact for fact in act.said if isinstance(fact, DeadlineMoved)]
        breached = sum(isinstance(fact, PromiseBroken) for fact in act.said)
        return cls([OfTicket(act.ticket, moved, breached)], untold=False)


async def tell(session: AsyncSession, walk: Recalculation, told: Told) -> None:
    """Count what happened, and tell it or keep it for the digest."""
    walk.changed += sum(len(one.moved) for one in told.tickets)
    walk.breached += sum(one.breached for one in told.tickets)
    if walk.notify == "digest":
        await _gather(session, walk, told.tickets)
    elif told.untold:
        await write_events(session, [event for one in told.tickets for event in _events(one)])


def _events(one: OfTicket) -> list[dict[str, object]]:
    events: list[dict[str, object]] = []
    for fact in one.moved:
        one.ticket.sequence += 1
        sla = SlaSummary.model_validate({"status": fact.sla_status, "next_due_at": fact.next_due_at})
        change = DeadlineChange(before=fact.before, after=fact.clock.due_at, why=fact.why)
        data: dict[str, object] = {"ticket": summary_of(one.ticket, sla), "clock": clock_data(fact), "change": change}
        events.append(
            event_values(
                EventType.SLA_DEADLINE_CHANGED,
                fact.at,
                data,
                reseller_id=one.ticket.reseller_id,
                ticket_id=one.ticket.id,
            )
        )
    return events


async def _gather(session: AsyncSession, walk: Recalculation, tickets: Sequence[OfTicket]) -> None:
    by_reseller: dict[UUID, list[OfTicket]] = {}
    for one in tickets:
        by_reseller.setdefault(one.ticket.reseller_id, []).append(one)
    so_far = await queries.read_digests(session, walk.id, list(by_reseller))
    grown: list[dict[str, object]] = []
    for reseller_id, of_one in by_reseller.items():
        digest = so_far.get(reseller_id) or RecalculationDigest(
            reseller_id=reseller_id, recalculation_id=walk.id, changed=0, breached=0, examples=[]
        )
        room = MOST_EXAMPLES - len(digest.examples)
        grown.append(
            {
                "reseller_id": reseller_id,
                "recalculation_id": walk.id,
                "changed": digest.changed + sum(len(one.moved) for one in of_one),
                "breached": digest.breached + sum(one.breached for one in of_one),
                "examples": digest.examples + list(islice(_examples(of_one), room)),
            }
        )
    if grown:
        await queries.write_digests(session, grown)


def _examples(tickets: Sequence[OfTicket]) -> Iterator[dict[str, object]]:
    for one in tickets:
        for fact in one.moved:
            example = MovedDeadline(
                ticket_id=one.ticket.id,
                number=number_of(one.ticket.number),
                clock_id=fact.clock_id,
                metric=fact.clock.metric,
                before=fact.before,
                after=fact.clock.due_at,
            )
            yield example.model_dump(mode="json")


async def close_digests(session: AsyncSession, walk: Recalculation, at: datetime) -> None:
    """Tell each reseller what a walk that is over has done to its deadlines."""
    cause = Cause(id=walk.id, at=walk.at, cause=walk.cause)
    for digest in await queries.take_digests(session, walk.id):
        said = DeadlinesDigest(
            recalculation=cause,
            reseller_id=digest.reseller_id,
            changed=digest.changed,
            breached=digest.breached,
            examples=[MovedDeadline.model_validate(example) for example in digest.examples],
        )
        record(session, EventType.SLA_DEADLINES_CHANGED, at, {"digest": said}, reseller_id=digest.reseller_id)
