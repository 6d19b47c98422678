"""Publishing versions of calendars and of the policy: each is checked whole, and never changes afterwards."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.queries import test_clock_now
from app.catalogue import queries
from app.catalogue.facts import PolicyPublished
from app.catalogue.models import SlaPolicy, SupportCalendar
from app.catalogue.policy_schemas import CalendarCreate, PolicyCreate, PolicyDraft
from app.catalogue.versions import PolicyVersion, calendar
from app.events.reactions import announce, sole
from app.infra.ids import new_id
from app.infra.problems import ValidationFailed
from app.infra.wire import rfc3339
from app.sla.calendar import Calendar
from app.sla.errors import BadCalendar, BadPolicy
from app.sla.policy import Policy


async def publish_calendar(session: AsyncSession, wanted: CalendarCreate, wall: datetime) -> SupportCalendar:
    """Publish a version of a calendar. Nothing moves until a policy takes it up.

    Raises:
        ValidationFailed: it cannot be kept, with every reason.
    """
    data = wanted.model_dump(include={"time_zone", "weekly", "exceptions"})
    try:
        value = Calendar.from_dict(data)
    except BadCalendar as refused:
        raise _refusal(refused.reasons, "") from refused
    await queries.lock_versions(session)
    earlier = await queries.latest_calendar(session, wanted.code)
    row = SupportCalendar(
        id=new_id(),
        code=wanted.code,
        version=earlier.version + 1 if earlier else 1,
        definition=value.as_dict(),
        created_at=wall,
    )
    session.add(row)
    await session.flush()
    return row


async def present(session: AsyncSession, wanted: PolicyDraft, wall: datetime) -> datetime:
    """Return the present instant where a policy is to be in force.

    Raises:
        ValidationFailed: there is no such test clock.
    """
    if wanted.test_clock_id is None:
        return wall
    now = await test_clock_now(session, wanted.test_clock_id)
    if now is None:
        raise ValidationFailed.at("/test_clock_id", "there is no such test clock")
    return now


async def draft(session: AsyncSession, wanted: PolicyDraft, now: datetime) -> PolicyVersion:
    """Return a policy as it would be published; its calendars are the latest of their codes.

    Raises:
        ValidationFailed: it cannot be kept, with every reason, or would begin in the past.
    """
    effective_at = wanted.effective_at or now
    if effective_at < now:
        raise ValidationFailed.at("/effective_at", f"a policy is never retroactive: it is {rfc3339(now)}")
    try:
        policy = Policy.from_dict(wanted.policy)
    except BadPolicy as refused:
        raise _refusal(refused.reasons, "/policy") from refused
    levels = [row.level for row in await queries.list_levels(session)]
    if missing := [level for level in levels if level not in policy.calendars]:
        raise _refusal([f"calendars.{level}: every support level needs a calendar" for level in missing], "/policy")
    calendars = {}
    for level, code in policy.calendars.items():
        row = await queries.latest_calendar(session, code)
        if row is None:
            raise _refusal([f"calendars.{level}: there is no calendar {code}"], "/policy")
        calendars[code] = (row.id, await calendar(session, row.id))
    return PolicyVersion(new_id(), await queries.next_version(session), effective_at, policy, calendars)


async def publish_policy(session: AsyncSession, wanted: PolicyCreate, wall: datetime) -> SlaPolicy:
    """Publish a version of the policy, in force from an instant on.

    Raises:
        ValidationFailed: it cannot be kept, with every reason, or would begin in the past.
    """
    now = await present(session, wanted, wall)
    await queries.lock_versions(session)
    version = await draft(session, wanted, now)
    assert version.effective_at is not None
    row = SlaPolicy(
        id=version.id,
        version=version.version,
        effective_at=version.effective_at,
        definition=version.policy.as_dict(),
        calendars={code: str(id_) for code, (id_, _) in version.calendars.items()},
        test_clock_id=wanted.test_clock_id,
        note=wanted.note,
        created_at=wall,
    )
    session.add(row)
    await session.flush()
    digest = wanted.notify == "digest"
    walks = await announce(session, [PolicyPublished(row.id, row.test_clock_id, version.effective_at, digest)])
    row.recalculation_id = sole(walks)
    await session.flush()
    return row


def _refusal(reasons: Iterable[str], root: str) -> ValidationFailed:
    """Return a refusal that points at each fault; the core names a place as ``targets.1.low`` or ``steps[0]``."""
    errors = []
    for reason in reasons:
        place, _, said = reason.partition(": ")
        parts = re.findall(r"[^.\[\]]+", place) if said else []
        errors.append({"pointer": "/".join([root, *parts]) or root, "detail": said or reason})
    return ValidationFailed("; ".join(reasons), errors)


def calendar_ids(row: SlaPolicy) -> dict[str, UUID]:
    """Return the version of each calendar that a policy names."""
    return {code: UUID(id_) for code, id_ in row.calendars.items()}
