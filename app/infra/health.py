"""Signs of life: workers leave theirs in a table, and readiness looks for them there."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from app.infra.columns import Instant

SEEN_WITHIN = timedelta(minutes=1)


class Worker(SQLModel, table=True):
    """A worker process and when it was last seen alive."""

    __tablename__ = "workers"

    id: UUID = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=Instant)


async def leave_sign(session: AsyncSession, worker_id: UUID, wall: datetime) -> None:
    """Note that a worker is alive; forget those that have not been for an hour."""
    row = insert(Worker).values(id=worker_id, seen_at=wall)
    await session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": wall}))
    await session.execute(delete(Worker).where(col(Worker.seen_at) < wall - timedelta(hours=1)))


async def last_sign(session: AsyncSession) -> datetime | None:
    """Return when a worker was last seen."""
    seen: datetime | None = await session.scalar(select(func.max(col(Worker.seen_at))))
    return seen


async def revision(session: AsyncSession) -> str | None:
    """Return the migration that the database is at."""
    version: str | None = await session.scalar(text("select version_num from alembic_version"))
    return version
