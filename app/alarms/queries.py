"""All SQL of alarms and their sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.alarms.models import Alarm, AlarmSource
from app.tickets.lifecycle import AT_WORK
from app.tickets.models import Ticket

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")
_SOURCE = text("select * from alarm_source(:id)")
_TENANT = text("select set_config('app.tenant', :tenant, true)")


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two reports be of one alarm."""

    reseller_id: UUID
    source: str
    dedup_key: str


async def count_repeat(
    session: AsyncSession, key: Key, known: Sequence[str], now: datetime, latest: Mapping[str, object]
) -> Alarm | None:
    """Count a report on the live alarm of its key, in one statement; None where there is none of these severities.

    It locks no ticket. Where it finds nothing it holds nothing either, so that a ticket may be locked after it; but
    for an alarm that was resolved while it waited, which nobody who holds a ticket asks for.
    """
    statement = (
        update(Alarm)
        .where(_of(key), col(Alarm.state) != "resolved", col(Alarm.severity).in_(known))
        .values(count=col(Alarm.count) + 1, last_at=func.greatest(col(Alarm.last_at), now), **latest)
        .returning(Alarm)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return (await session.scalars(statement)).first()


async def hold(session: AsyncSession, key: Key) -> None:
    """Let nobody else open a ticket for a key until this transaction ends."""
    await session.execute(_HOLD, {"key": f"alarm\n{key.reseller_id}\n{key.source}\n{key.dedup_key}"})


async def find_live(session: AsyncSession, key: Key) -> Alarm | None:
    """Find the live alarm of a key."""
    query = select(Alarm).where(_of(key), col(Alarm.state) != "resolved")
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def find_at_work(session: AsyncSession, key: Key) -> Alarm | None:
    """Find the alarm of a key on whose ticket there is work: the live one, or one whose ticket was reopened."""
    ticket = (col(Ticket.reseller_id) == col(Alarm.reseller_id)) & (col(Ticket.id) == col(Alarm.ticket_id))
    query = select(Alarm).join(Ticket, ticket).where(_of(key), col(Ticket.status).in_(AT_WORK))
    return (
        await session.scalars(query.order_by(col(Alarm.state) == "resolved", col(Alarm.id).desc()).limit(1))
    ).first()


async def lock_alarm(session: AsyncSession, alarm: Alarm) -> Alarm:
    """Lock an alarm and read it anew; its ticket is in hand already."""
    query = select(Alarm).where(col(Alarm.reseller_id) == alarm.reseller_id, col(Alarm.id) == alarm.id)
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).one()


async def lock_live_of_ticket(session: AsyncSession, reseller_id: UUID, ticket_id: UUID) -> Sequence[Alarm]:
    """Lock the alarms of a ticket that are live."""
    query = select(Alarm).where(
        col(Alarm.reseller_id) == reseller_id, col(Alarm.ticket_id) == ticket_id, col(Alarm.state) != "resolved"
    )
    return (await session.scalars(query.with_for_update().execution_options(populate_existing=True))).all()


async def find_alarm(session: AsyncSession, alarm_id: UUID) -> Alarm | None:
    """Find an alarm by its id alone; under a tenant only its own are there."""
    return (await session.scalars(select(Alarm).where(col(Alarm.id) == alarm_id))).first()


async def list_alarms(session: AsyncSession, after: UUID | None, limit: int, **filters: object) -> Sequence[Alarm]:
    """List alarms, newest first; ``filters`` are by column, and None is no filter."""
    query = select(Alarm).order_by(col(Alarm.id).desc()).limit(limit)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(Alarm, name) == value)
    if after is not None:
        query = query.where(col(Alarm.id) < after)
    return (await session.scalars(query)).all()


async def find_source(session: AsyncSession, source_id: UUID) -> AlarmSource | None:
    """Find a source by its id alone; under a tenant only its own are there."""
    return (await session.scalars(select(AlarmSource).where(col(AlarmSource.id) == source_id))).first()


async def sealed_secrets(session: AsyncSession) -> Sequence[bytes]:
    """List the secrets of all sources, as they are sealed."""
    return (await session.scalars(select(col(AlarmSource.secret)))).all()


async def list_sources(
    session: AsyncSession, reseller_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[AlarmSource]:
    """List sources, newest first."""
    query = select(AlarmSource).order_by(col(AlarmSource.id).desc()).limit(limit)
    if reseller_id is not None:
        query = query.where(col(AlarmSource.reseller_id) == reseller_id)
    if after is not None:
        query = query.where(col(AlarmSource.id) < after)
    return (await session.scalars(query)).all()


async def source_of_anyone(session: AsyncSession, source_id: UUID) -> Row[tuple[object, ...]] | None:
    """Find a source before there is a tenant, with its sealed secret: it has yet to show that it is that source."""
    return (await session.execute(_SOURCE, {"id": source_id})).first()


async def name_tenant(session: AsyncSession, reseller_id: UUID) -> None:
    """Let a transaction see a reseller's rows from here on."""
    await session.execute(_TENANT, {"tenant": str(reseller_id)})


def _of(key: Key) -> ColumnElement[bool]:
    return and_(
        col(Alarm.reseller_id) == key.reseller_id,
        col(Alarm.source) == key.source,
        col(Alarm.dedup_key) == key.dedup_key,
    )
