"""What would be promised to a ticket that nobody has opened: its clocks, led in memory until time can do no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.clocks.explaining import Explained, Noted, explain, noted_of
from app.clocks.facts import StepPassed
from app.clocks.keeper import Keeper
from app.clocks.kept import Kept
from app.clocks.service import keeper_of_new
from app.entitlements.entitlement import Timeline
from app.infra.ids import new_id
from app.sla.ladder import wake_at
from app.sla.steps import Step


@dataclass(slots=True)
class Imagined:
    """A ticket that is not there. Its customer waits for a reply, so that every metric has its clock."""

    reseller_id: UUID
    priority: str
    created_at: datetime
    settled_at: datetime
    id: UUID
    sla_policy_id: UUID
    sla_level: int
    status: str = "new"
    first_responded_at: datetime | None = None
    waiting: bool = True
    sla_status: str = "none"
    next_due_at: datetime | None = None
    test_clock_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Previewed:
    """A clock as it would run if nobody did anything, and the steps of its ladder with their instants."""

    kept: Kept
    explained: Explained
    warning_at: datetime | None
    steps: list[tuple[Step, datetime]]


async def preview(
    session: AsyncSession, reseller_id: UUID, timeline: Timeline, priority: str, opened_at: datetime
) -> list[Previewed]:
    """Lead the clocks of a ticket as if it were opened at an instant, through all that is agreed for later.

    Raises:
        OutOfRange: a deadline lies after year 9999.
    """
    held = timeline.in_force(opened_at)
    ticket = Imagined(reseller_id, priority, opened_at, opened_at, new_id(), held.policy.id, held.level)
    keeper = keeper_of_new(ticket, timeline, opened_at)
    keeper.wrote(opened_at)
    _let_time_pass(keeper)
    return [await _previewed(session, keeper, kept, opened_at) for kept in keeper.kept.values()]


def _let_time_pass(keeper: Keeper) -> None:
    """Until no clock wakes by itself; changes that fall before that are applied on the way."""
    while wakes := list(_wakes(keeper)):
        keeper.settle(max(wakes), inclusive=True)


def _wakes(keeper: Keeper) -> Iterator[datetime]:
    ladder = keeper.entitlement.policy.ladder(keeper.entitlement.level)
    return (at for clock in keeper.book.values() if (at := wake_at(clock, ladder)) is not None)


async def _previewed(session: AsyncSession, keeper: Keeper, kept: Kept, now: datetime) -> Previewed:
    told = await explain(session, kept, _until_the_breach(keeper, kept), keeper, now)
    passed = [fact for fact in keeper.facts if isinstance(fact, StepPassed) and fact.clock_id == kept.id]
    steps = [(fact.step, fact.at) for fact in passed]
    warning = keeper.entitlement.policy.policy.warning_code
    return Previewed(kept, told, next((at for step, at in steps if step.code == warning), None), steps)


def _until_the_breach(keeper: Keeper, kept: Kept) -> list[Noted]:
    """The ledger as it stands while the deadline is ahead."""
    entries = [entry for entry in keeper.ledger if entry.kept is kept]
    broken = next((place for place, entry in enumerate(entries) if entry.kind == "breached"), len(entries))
    return [noted_of(entry, keeper.timeline) for entry in entries[:broken]]
