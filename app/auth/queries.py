"""All SQL of keys, staff and test clocks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.auth.models import ApiKey, Staff, TestClock
from app.infra.db import only_looks

# Both functions are SECURITY DEFINER: before it there is no tenant, and a lock takes more than a tenant may do.
_SIGN_IN = text("select * from sign_in(:secret_hash, :wall)")
_TEST_CLOCK_NOW = text("select test_clock_now(:id)")
_TEST_CLOCK_SEEN = text("select test_clock_seen(:id)")
_RESELLERS_ON = text("select count(*) from resellers where test_clock_id = :id")


async def sign_in(session: AsyncSession, secret_hash: bytes, wall: datetime) -> Row[tuple[object, ...]] | None:
    """Find a live key by its hash and name its reseller the tenant of this transaction."""
    return (await session.execute(_SIGN_IN, {"secret_hash": secret_hash, "wall": wall})).first()


async def test_clock_now(session: AsyncSession, test_clock_id: UUID) -> datetime | None:
    """Read a test clock and keep it from being advanced until this transaction ends.

    A transaction that only looks sees everything as it stood with the clock, and lets it go on.
    """
    statement = _TEST_CLOCK_SEEN if only_looks(session) else _TEST_CLOCK_NOW
    now: datetime | None = await session.scalar(statement, {"id": test_clock_id})
    return now


async def touch_key(session: AsyncSession, key_id: UUID, wall: datetime) -> None:
    """Note when a key was last used."""
    await session.execute(update(ApiKey).where(col(ApiKey.id) == key_id).values(last_used_at=wall))


async def lock_staff(session: AsyncSession, staff_id: UUID) -> Staff | None:
    """Lock one of the operator's people and read them anew."""
    return await session.get(Staff, staff_id, with_for_update=True, populate_existing=True)


async def list_staff(session: AsyncSession, after: UUID | None, limit: int) -> list[Staff]:
    """List the operator's people, oldest first."""
    query = select(Staff).order_by(col(Staff.id)).limit(limit)
    if after is not None:
        query = query.where(col(Staff.id) > after)
    return list(await session.scalars(query))


async def lock_test_clock(session: AsyncSession, test_clock_id: UUID, *, wait: bool = True) -> TestClock | None:
    """Lock a test clock for advancing it."""
    query = select(TestClock).where(col(TestClock.id) == test_clock_id).with_for_update(skip_locked=not wait)
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def list_interrupted(session: AsyncSession, before: datetime) -> list[TestClock]:
    """List test clocks whose advance stopped half-way, at the latest at ``before``."""
    query = select(TestClock).where(col(TestClock.target_at).is_not(None), col(TestClock.advanced_at) < before)
    return list(await session.scalars(query))


async def count_resellers_on(session: AsyncSession, test_clock_id: UUID) -> int:
    """Count the resellers that live on a test clock."""
    count: int = await session.scalar(_RESELLERS_ON, {"id": test_clock_id}) or 0
    return count


async def staff_name(session: AsyncSession, staff_id: UUID) -> str | None:
    """Return the name of one of the operator's people."""
    name: str | None = await session.scalar(text("select staff_name(:id)"), {"id": staff_id})
    return name


async def person_to_call(session: AsyncSession, reseller_id: UUID, role: str) -> Row[tuple[UUID, str]] | None:
    """Return whom a ladder calls in a role: the reseller's own, the operator's default, or the longest in it."""
    statement = text("select id, name from person_to_call(:reseller, :role)")
    return (await session.execute(statement, {"reseller": reseller_id, "role": role})).first()
