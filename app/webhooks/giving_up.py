"""Giving up what is on its way to an endpoint that was removed: in the background, however much it is."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database
from app.infra.now import wall_now
from app.infra.queue import Job, enqueue
from app.webhooks import queries

GIVE_UP = "webhooks.give_up"
_AT_ONCE = 5000


async def begin(session: AsyncSession, endpoint_id: UUID) -> None:
    """Enqueue the first batch, in the transaction that removes the endpoint."""
    await enqueue(session, [Job(GIVE_UP, str(endpoint_id))])


class GiverUp:
    """Lets deliveries to removed endpoints fail; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def go_on(self, argument: str) -> None:
        """Do a batch for the endpoint that a job names, and enqueue the next; a job may be run twice."""
        endpoint_id = UUID(argument)
        async with self._database.transaction() as session:
            if await queries.find_endpoint(session, endpoint_id) is not None:
                return
            if await queries.give_up_deliveries(session, endpoint_id, wall_now(), _AT_ONCE) == _AT_ONCE:
                await begin(session, endpoint_id)
