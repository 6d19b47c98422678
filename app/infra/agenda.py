"""The one loop that drives time: rooms register what of theirs falls due, roots run it.

On the wall clock the loop serves live resellers. Advancing a test clock runs the same sources over that
clock's rows, instant by instant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database


@dataclass(frozen=True, slots=True)
class Timeline:
    """Whose time it is: a test clock's, or, with none, the wall's."""

    test_clock_id: UUID | None = None


WALL = Timeline()


def lived_on(test_clock_id: SQLColumnExpression[UUID | None], timeline: Timeline) -> ColumnElement[bool]:
    """Return the condition that a row's time is a timeline's, in the words of the partial indexes."""
    if timeline.test_clock_id is None:
        return test_clock_id.is_(None)
    return test_clock_id == timeline.test_clock_id


class Source(Protocol):
    """A kind of thing that falls due."""

    @property
    def name(self) -> str:
        """What it is called in logs."""

    async def next_due(self, session: AsyncSession, timeline: Timeline) -> datetime | None:
        """Return the first instant at which something of this kind falls due, or None."""

    async def run_due(self, session: AsyncSession, timeline: Timeline, now: datetime, limit: int) -> int:
        """Do what has fallen due at or before ``now``, at most ``limit`` items; return how many were done.

        Items that another worker holds are left to it. Runs in the caller's transaction.
        """


async def first_due(session: AsyncSession, sources: Sequence[Source], timeline: Timeline) -> datetime | None:
    """Return the first instant at which any source has something due."""
    instants = [due for source in sources if (due := await source.next_due(session, timeline)) is not None]
    return min(instants, default=None)


async def run_round(database: Database, sources: Sequence[Source], now: datetime, *, batch: int = 50) -> bool:
    """Let each source do a batch of what is due on the wall clock, in a small transaction; tells whether more is.

    One batch of each in turn: a source with much to do keeps no other waiting.
    """
    more = False
    for source in sources:
        async with database.transaction() as session:
            more |= await source.run_due(session, WALL, now, batch) >= batch
    return more
