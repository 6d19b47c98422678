"""Jobs that fail: for a passing reason they are tried again, for any other they are held. And who hears of jobs."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.infra.db import driver_url
from app.infra.queue import Job, enqueue, run_jobs
from app.infra.queue_driver import ListeningDriver
from tests.desk import Desk

_STATES = "select status::text from queue.pgqueuer"


class _Handler:
    """Fails the first time."""

    def __init__(self, error: Exception) -> None:
        self._errors = [error]
        self.calls = 0

    async def handle(self, argument: str) -> None:
        assert argument == "a parcel"
        self.calls += 1
        if self._errors:
            raise self._errors.pop()


async def _run(desk: Desk, url: str, handler: _Handler, *, calls: int, states: list[str]) -> None:
    async with desk.database.transaction() as session:
        await enqueue(session, [Job("parcels", "a parcel")])
    connection = await asyncpg.connect(driver_url(url))
    shutdown = asyncio.Event()
    running = asyncio.create_task(run_jobs(url, {"parcels": handler.handle}, shutdown, connections=1))
    try:
        async with asyncio.timeout(20):
            while handler.calls < calls or [row[0] for row in await connection.fetch(_STATES)] != states:
                await asyncio.sleep(0.05)
    finally:
        shutdown.set()
        await running
        await connection.close()


@pytest.mark.parametrize(
    "error", [PoolTimeout("no connection"), ConnectionRefusedError(), asyncpg.CannotConnectNowError()]
)
async def test_a_job_that_met_a_database_that_was_away_is_tried_again(
    desk: Desk, database_url: str, error: Exception
) -> None:
    handler = _Handler(error)

    await _run(desk, database_url, handler, calls=2, states=[])

    assert handler.calls == 2


async def test_a_job_that_fails_for_another_reason_is_held(desk: Desk, database_url: str) -> None:
    handler = _Handler(ZeroDivisionError("a fault of ours"))

    await _run(desk, database_url, handler, calls=1, states=["failed"])

    assert handler.calls == 1


async def test_what_is_told_before_anybody_listens_is_heard(database_url: str) -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with (
        asyncpg.create_pool(driver_url(database_url), min_size=2, max_size=2) as pool,
        ListeningDriver(pool) as driver,
    ):
        telling = asyncio.create_task(driver.notify("probes", "are you there"))
        await asyncio.sleep(0.2)

        await driver.add_listener("probes", lambda payload: heard.set_result(str(payload)))

        assert await asyncio.wait_for(heard, 5) == "are you there"
        await telling
