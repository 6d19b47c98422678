"""Declaring maintenance windows and calling them off; never for time that has passed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.visit import time_of
from app.entitlements import window_queries as queries
from app.entitlements.facts import TermsChange, TermsChangeForAll
from app.entitlements.models import CoveredReseller, MaintenanceWindow
from app.entitlements.window_schemas import WindowCreate, WindowData, WindowEnd, WindowState
from app.events.kinds import EventType
from app.events.reactions import announce
from app.events.record import record
from app.infra.ids import new_id
from app.infra.problems import InvalidTransition, NotFound, ValidationFailed
from app.infra.wire import rfc3339

_LONGEST = timedelta(days=366)
_FARTHEST = timedelta(days=3660)


def state_of(window: MaintenanceWindow, now: datetime) -> WindowState:
    """Return what a window is at an instant."""
    if window.ended_at is not None and window.ended_at <= window.starts_at:
        return "cancelled"
    if now >= min(window.ended_at or window.ends_at, window.ends_at):
        return "over"
    return "scheduled" if now < window.starts_at else "running"


async def declare(session: AsyncSession, wanted: WindowCreate, by: str, wall: datetime) -> MaintenanceWindow:
    """Declare a window for everyone who lives on the wall's time, or for those who are named.

    Raises:
        ValidationFailed: it begins in the past or too far ahead, lasts too long or not at all, or names resellers that
            are not there or do not live on one time.
    """
    ids = sorted(set(wanted.reseller_ids or []))
    test_clock_id = await _common_clock(session, ids)
    now = await time_of(session, test_clock_id, wall)
    await queries.lock_resellers(session, ids)
    starts_at = wanted.starts_at or now
    if starts_at < now:
        raise ValidationFailed.at("/starts_at", f"a window is never retroactive: it is {rfc3339(now)}")
    if wanted.ends_at <= starts_at:
        raise ValidationFailed.at("/ends_at", "a window ends after it begins")
    if starts_at - now > _FARTHEST:
        raise ValidationFailed.at("/starts_at", f"a window begins within {_FARTHEST.days} days")
    if wanted.ends_at - starts_at > _LONGEST:
        raise ValidationFailed.at("/ends_at", f"a window lasts {_LONGEST.days} days at most; end it when it is over")
    window = MaintenanceWindow(
        id=new_id(),
        reason=wanted.reason,
        starts_at=starts_at,
        ends_at=wanted.ends_at,
        everyone=not ids,
        declared_at=now,
        declared_by=by,
        test_clock_id=test_clock_id,
    )
    session.add(window)
    await session.flush()
    session.add_all(CoveredReseller(reseller_id=one, window_id=window.id) for one in ids)
    digest = wanted.notify == "digest"
    await _tell(session, window, ids, EventType.MAINTENANCE_WINDOW_DECLARED, now, digest=digest)
    return window


async def call_off(session: AsyncSession, window_id: UUID, wanted: WindowEnd, wall: datetime) -> MaintenanceWindow:
    """End a running window now, or cancel one that has not begun.

    Raises:
        NotFound: there is no such window.
        InvalidTransition: it is over.
    """
    seen = await queries.find_window(session, window_id)
    if seen is None:
        raise NotFound("there is no such maintenance window")
    now = await time_of(session, seen.test_clock_id, wall)
    ids = (await queries.covered(session, [window_id]))[window_id]
    await queries.lock_resellers(session, ids)
    window = await queries.lock_window(session, window_id)
    assert window is not None, "windows are never deleted"
    state = state_of(window, now)
    if state not in {"scheduled", "running"}:
        raise InvalidTransition(f"the window is {state}", current=state, allowed=[])
    window.ended_at = now
    window.version += 1
    digest = wanted.notify == "digest"
    await _tell(session, window, ids, EventType.MAINTENANCE_WINDOW_ENDED, now, digest=digest)
    return window


async def _common_clock(session: AsyncSession, reseller_ids: Sequence[UUID]) -> UUID | None:
    """Return the test clock on which all who are named live; None for the wall's time."""
    if not reseller_ids:
        return None
    found = await queries.find_resellers(session, reseller_ids)
    if len(found) < len(reseller_ids):
        raise ValidationFailed.at("/reseller_ids", "names a reseller that is not there")
    clocks = {one.test_clock_id for one in found}
    if len(clocks) > 1:
        raise ValidationFailed.at("/reseller_ids", "those who are named live on one time: the wall's or one test clock")
    return clocks.pop()


async def _tell(
    session: AsyncSession,
    window: MaintenanceWindow,
    ids: Sequence[UUID],
    kind: EventType,
    at: datetime,
    *,
    digest: bool,
) -> None:
    data: dict[str, object] = {"maintenance_window": WindowData.model_validate(window)}
    for reseller_id in await queries.live_reseller_ids(session) if window.everyone else ids:
        record(session, kind, at, data, reseller_id=reseller_id)
    await session.flush()
    if window.everyone:
        await announce(session, [TermsChangeForAll(at, kind.value, window.id, digest)])
    else:
        clock = window.test_clock_id
        await announce(session, [TermsChange(one, clock, at, kind.value, window.id, digest) for one in ids])
