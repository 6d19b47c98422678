"""Finding the version of the SLA that a caller asks for, and the one that it replaced."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.visit import Visit, time_of
from app.catalogue import edition_queries
from app.catalogue.changes import Promised
from app.catalogue.models import SlaPolicy
from app.catalogue.versions import PolicyVersion, policy_version
from app.catalogue.written import Edition
from app.infra.problems import ValidationFailed


async def edition_for(visit: Visit, version: int | None) -> tuple[PolicyVersion, Edition]:
    """Return the version in force for a caller, or the one of that number.

    Raises:
        ValidationFailed: the caller knows no such version.
    """
    clock = visit.caller.test_clock_id if visit.caller is not None else None
    if version is not None and visit.caller is not None and visit.caller.is_staff:
        named = await edition_queries.find_version(visit.session, version)
        clock = named.test_clock_id if named is not None else None
    known = await edition_queries.versions_known(visit.session, clock)
    place = _place(known, version, await time_of(visit.session, clock, visit.wall))
    return await _edition(visit.session, known, place)


async def policy_at(session: AsyncSession, test_clock_id: UUID | None, at: datetime) -> PolicyVersion:
    """Return the version of the policy that holds at an instant, on the wall's time or on a test clock's."""
    known = await edition_queries.versions_known(session, test_clock_id)
    return await policy_version(session, known[_place(known, None, at)].id)


def _place(known: Sequence[SlaPolicy], version: int | None, now: datetime) -> int:
    if version is None:
        return max(n for n, row in enumerate(known) if row.effective_at is None or row.effective_at <= now)
    place = next((n for n, row in enumerate(known) if row.version == version), None)
    if place is None:
        numbers = ", ".join(str(number) for number in sorted(row.version for row in known))
        raise ValidationFailed.at("/version", f"there is no version {version} of the SLA; there are: {numbers}")
    return place


async def _edition(session: AsyncSession, known: Sequence[SlaPolicy], place: int) -> tuple[PolicyVersion, Edition]:
    row = known[place]
    found = await policy_version(session, row.id)
    earlier = known[place - 1] if place else None
    edition = Edition(
        version=row.version,
        effective_at=row.effective_at,
        until=known[place + 1].effective_at if place + 1 < len(known) else None,
        note=row.note,
        promised=promised_by(found),
        replaces=None if earlier is None else earlier.version,
        before=None if earlier is None else promised_by(await policy_version(session, earlier.id)),
    )
    return found, edition


def promised_by(version: PolicyVersion) -> Promised:
    """Return a published version as what it promises."""
    return Promised(version.policy, {code: calendar for code, (_, calendar) in version.calendars.items()})
