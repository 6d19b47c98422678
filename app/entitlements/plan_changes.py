"""The plans of a reseller: the first, and changes at once or from an instant on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.queries import find_plan
from app.entitlements import queries
from app.entitlements.announcements import announce_plan
from app.entitlements.facts import TermsChange
from app.entitlements.models import PlanPeriod
from app.entitlements.purchasing import PlanFrom, with_change
from app.entitlements.timelines import timeline_of
from app.events.reactions import announce, sole
from app.infra.ids import new_id
from app.infra.problems import Conflict, ValidationFailed
from app.infra.wire import rfc3339
from app.resellers.models import Reseller


async def begin_plan(session: AsyncSession, reseller: Reseller, plan: str, now: datetime) -> None:
    """Put a new reseller on its first plan."""
    await _known_plan(session, plan)
    session.add(_period(reseller, PlanFrom(now, plan), None, now, announced=True))
    await session.flush()
    if reseller.test_clock_id is not None:  # what is already published for later takes effect by this clock's time
        for held in (await timeline_of(session, reseller.id, now)).policies:
            if held.starts_at is not None and held.starts_at > now:
                cause = (held.starts_at, "sla_policy.published", held.value.id)
                await announce(session, [TermsChange(reseller.id, reseller.test_clock_id, *cause)])


async def change_plan(
    session: AsyncSession, reseller: Reseller, plan: str, effective_at: datetime, now: datetime, *, digest: bool
) -> UUID | None:
    """Put a reseller, which is locked, on another plan from an instant on.

    It supersedes a change that was agreed for that very instant; changes agreed for later stay. Returns the id of the
    recalculation that follows.

    Raises:
        ValidationFailed: there is no such plan, or the instant has passed.
        Conflict: the reseller is, or will be, on that plan then.
    """
    await _known_plan(session, plan)
    if effective_at < now:
        raise ValidationFailed.at("/effective_at", f"the past does not change: it is {rfc3339(now)} for this reseller")
    periods = await queries.lock_periods_since(session, reseller.id, now)
    for period in periods:
        turn_plan(session, reseller, period, now)
    effective_at = max(effective_at, periods[0].starts_at)  # machines' clocks differ a little
    before = [PlanFrom(period.starts_at, period.plan) for period in periods]
    after = with_change(before, PlanFrom(effective_at, plan))
    if after == before:
        raise Conflict(f"the plan at that instant is {plan} already")
    await _write(session, reseller, periods, after, now)
    if effective_at <= now:
        announce_plan(session, reseller, plan, effective_at)
    change = TermsChange(reseller.id, reseller.test_clock_id, effective_at, "plan.changed", digest=digest)
    return sole(await announce(session, [change]))


def turn_plan(session: AsyncSession, reseller: Reseller, period: PlanPeriod, now: datetime) -> None:
    """Let a plan begin where its instant has come, and record it at that instant."""
    if not period.announced and period.starts_at <= now:
        period.announced = True
        announce_plan(session, reseller, period.plan, period.starts_at)


async def _write(
    session: AsyncSession, reseller: Reseller, periods: Sequence[PlanPeriod], plans: Sequence[PlanFrom], now: datetime
) -> None:
    """Let the rows of the plan in force and of those to come say what is agreed now."""
    in_force, *to_come = periods
    for period in to_come:
        await session.delete(period)
    await session.flush()  # before any is lengthened: the constraint looks at each row as it is written
    in_force.plan = plans[0].plan  # another one only where it began at this instant: nothing of it lasted
    in_force.ends_at = plans[1].starts_at if len(plans) > 1 else None
    await session.flush()
    ends = [later.starts_at for later in plans[2:]]
    for one, ends_at in zip(plans[1:], (*ends, None), strict=False):
        session.add(_period(reseller, one, ends_at, now, announced=one.starts_at <= now))
    await session.flush()


async def _known_plan(session: AsyncSession, code: str) -> None:
    if await find_plan(session, code) is None:
        raise ValidationFailed.at("/plan", f"there is no plan {code}: GET /v1/plans lists them")


def _period(
    reseller: Reseller, wanted: PlanFrom, ends_at: datetime | None, now: datetime, *, announced: bool
) -> PlanPeriod:
    assert reseller.number is not None
    return PlanPeriod(
        reseller_id=reseller.id,
        id=new_id(),
        reseller_number=reseller.number,
        plan=wanted.plan,
        starts_at=wanted.starts_at,
        ends_at=ends_at,
        announced=announced,
        test_clock_id=reseller.test_clock_id,
        created_at=now,
    )
