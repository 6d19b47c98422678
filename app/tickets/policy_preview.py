"""What a version of the policy would do to live deadlines, reckoned without a trace."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.versions import PolicyVersion
from app.clocks.keeper import Keeper
from app.clocks.models import Recalculation
from app.entitlements.entitlement import Held
from app.infra.ids import new_id
from app.resellers.queries import operator_id, resellers_on
from app.sla.clock import Clock
from app.sla.terms import Metric
from app.tickets import batch, batch_queries
from app.tickets.batch_rows import BatchTicket

_AT_ONCE = 100  # read and made into values at a stretch
_MOST_EXAMPLES = 20
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Difference:
    """One clock as it would be without the change and with it, at the instant of the change."""

    ticket: BatchTicket
    clock_id: UUID
    metric: Metric
    before: Clock | None
    after: Clock | None

    @property
    def later_by(self) -> timedelta | None:
        """How much later its deadline would be; None where it has not one before and after."""
        if self.before is None or self.after is None or self.before.due_at is None or self.after.due_at is None:
            return None
        return self.after.due_at - self.before.due_at


@dataclass(slots=True)
class Preview:
    """The sum of what would happen."""

    effective_at: datetime
    live: int = 0
    earlier: int = 0
    later: int = 0
    unchanged: int = 0
    started: int = 0
    cancelled: int = 0
    past_due: int = 0
    largest_earlier: timedelta = _NOTHING
    largest_later: timedelta = _NOTHING
    examples: list[Difference] = field(default_factory=list)

    def count(self, one: Difference) -> None:
        """Take in one clock."""
        self.live += one.before is not None
        if one.before is None or one.after is None or one.after.cancelled_at is not None:
            self.started += one.before is None
            self.cancelled += one.before is not None
            self._example(one)
            return
        moved = one.later_by
        self.earlier += moved is not None and moved < _NOTHING
        self.later += moved is not None and moved > _NOTHING
        self.unchanged += not moved
        if moved:
            self.largest_earlier = max(self.largest_earlier, -moved)
            self.largest_later = max(self.largest_later, moved)
            self.past_due += one.after.due_at == self.effective_at
            self._example(one)

    def _example(self, one: Difference) -> None:
        if len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(one)


async def preview(session: AsyncSession, drafted: PolicyVersion, test_clock_id: UUID | None, now: datetime) -> Preview:
    """Return what a policy would do at the instant from which it is to be in force, to the tickets of now."""
    at = max(drafted.effective_at or now, now)
    found = Preview(at)
    async for keepers in _all_keepers(session, test_clock_id, now):
        await weigh(found, keepers, drafted)
    return found


async def weigh(found: Preview, keepers: Iterable[Keeper], drafted: PolicyVersion) -> None:
    """Take in some tickets; the event loop gets its turn after each, so that others are answered meanwhile."""
    for keeper in keepers:
        for one in differences(keeper, drafted, found.effective_at):
            found.count(one)
        await asyncio.sleep(0)


def differences(keeper: Keeper, drafted: PolicyVersion, at: datetime) -> list[Difference]:
    """Return how the clocks of a ticket would differ; pure, the keeper is not kept."""
    ticket = keeper.ticket
    assert isinstance(ticket, BatchTicket)
    timeline = keeper.timeline
    policies = sorted(
        [*timeline.policies, Held(drafted, at)], key=lambda held: (held.starts_at is not None, held.starts_at)
    )
    other = replace(keeper, timeline=replace(timeline, policies=policies), kept=dict(keeper.kept), facts=[], ledger=[])
    before, after = _settled(keeper, at), _settled(other, at)
    unmet = [metric for metric in {*before, *after} if _unmet(before, metric) or _unmet(after, metric)]
    return [
        Difference(
            ticket,
            (other.kept.get(metric) or keeper.kept[metric]).id,
            metric,
            before.get(metric) if _unmet(before, metric) else None,
            after.get(metric),
        )
        for metric in sorted(unmet)
    ]


def _unmet(book: dict[Metric, Clock], metric: Metric) -> bool:
    return metric in book and book[metric].unmet and book[metric].breached_at is None


def _settled(keeper: Keeper, at: datetime) -> dict[Metric, Clock]:
    keeper.kept = {metric: replace(kept) for metric, kept in keeper.kept.items()}
    keeper.settle(max(at, keeper.settled_at), inclusive=False)
    return keeper.book


async def _all_keepers(session: AsyncSession, test_clock_id: UUID | None, now: datetime) -> AsyncIterator[list[Keeper]]:
    owners = [await operator_id(session)] if test_clock_id is None else await resellers_on(session, test_clock_id)
    for owner in owners:
        walk = Recalculation(reseller_id=owner, id=new_id(), at=now, cause="preview", everyone=test_clock_id is None)
        while named := await batch_queries.next_tickets(session, walk, _AT_ONCE):
            yield await batch.keepers(session, named, lock=False)
            walk.cursor_reseller_id, walk.cursor_id = named[-1]
