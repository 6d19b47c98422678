"""Events written past the desk's use cases, for tests of what becomes of events."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.kinds import EventType
from app.events.models import Event
from app.events.record import record
from tests.payloads import example_of

AT = datetime(2026, 6, 10, 11, tzinfo=UTC)


def note(session: AsyncSession, owner: UUID, kind: EventType = EventType.PING, *, operator_only: bool = False) -> Event:
    """Add an event as the document shows it to a transaction."""
    return record(session, kind, AT, example_of(kind)["data"], reseller_id=owner, operator_only=operator_only)
