"""What a version of the policy would do, before it is published."""

from pydantic import BaseModel, Field

from app.auth.edge import LongRoute, edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit
from app.catalogue.policy_schemas import PolicyDraft
from app.catalogue.publishing import draft, present
from app.infra.ids import ClockId, ResellerId, TicketId
from app.infra.wire import Instant
from app.sla.terms import Metric
from app.tickets.policy_preview import Difference, Preview, preview
from app.tickets.reading import number_of

router = edge_router("Policies", LongRoute)


class DifferenceRead(BaseModel):
    """One clock whose deadline would be another."""

    reseller_id: ResellerId
    ticket_id: TicketId
    number: str
    clock_id: ClockId | None = Field(description="Null where the clock would begin.")
    metric: Metric
    before: Instant | None
    after: Instant | None


class PolicyPreview(BaseModel):
    """What would happen to the deadlines of now, at the instant from which the policy is to be in force."""

    effective_at: Instant
    live_clocks: int = Field(description="Clocks that are neither met nor missed at that instant.")
    moved: int
    earlier: int
    later: int
    unchanged: int
    started: int = Field(description="Clocks that would begin, since their metric gains a target.")
    cancelled: int = Field(description="Clocks that would end, since their metric loses its target.")
    would_be_past_due: int = Field(description="Deadlines that would fall on the instant of the change itself.")
    largest_earlier_seconds: float
    largest_later_seconds: float
    examples: list[DifferenceRead]


@router.post("/sla-policies/preview", dependencies=[STAFF_ONLY])
async def preview_sla_policy(body: PolicyDraft, visit: CurrentVisit) -> PolicyPreview:
    """Tell what a version of the policy would do to live deadlines: how many would move, by how much, with examples.

    Nothing is stored. It is reckoned for the tickets that are at work now, all as they stand at one instant, and as if
    nothing else happened until then. Over many tickets it lasts; nobody waits for it meanwhile.
    """
    async with visit.desk.database.transaction(look=True) as session:
        now = await present(session, body, visit.wall)
        drafted = await draft(session, body, now)
        return _read(await preview(session, drafted, body.test_clock_id, now))


def _read(found: Preview) -> PolicyPreview:
    return PolicyPreview(
        effective_at=found.effective_at,
        live_clocks=found.live,
        moved=found.earlier + found.later,
        earlier=found.earlier,
        later=found.later,
        unchanged=found.unchanged,
        started=found.started,
        cancelled=found.cancelled,
        would_be_past_due=found.past_due,
        largest_earlier_seconds=found.largest_earlier.total_seconds(),
        largest_later_seconds=found.largest_later.total_seconds(),
        examples=[_difference(one) for one in found.examples],
    )


def _difference(one: Difference) -> DifferenceRead:
    return DifferenceRead(
        reseller_id=one.ticket.reseller_id,
        ticket_id=one.ticket.id,
        number=number_of(one.ticket.number),
        clock_id=None if one.before is None else one.clock_id,
        metric=one.metric,
        before=one.before.due_at if one.before else None,
        after=one.after.due_at if one.after and one.after.cancelled_at is None else None,
    )
