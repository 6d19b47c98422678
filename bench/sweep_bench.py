"""How late the sweep is on an idle system: one worker, fifty tickets, a step of each falling due a tenth apart.

Lateness is from the instant at which a step fell due to the one at which its event was written, by the id of the event.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import text

from app.bootstrap import prepare
from app.infra.db import Database
from app.infra.embedded import EmbeddedPostgres
from app.infra.keyring import new_key
from app.infra.settings import Settings
from app.main import bare_app, open_desk
from app.worker import Worker
from bench.create_bench import BODY, KEY

TICKETS = 50
APART = 0.1
_HEAD_START = 2.0
_WAIT = _HEAD_START + TICKETS * APART + 2

# The k-th ticket as it would stand if it had been opened so long ago that its warning falls due in so many seconds.
_AGE = """
with shifted as (
  select c.id, c.ticket_id,
         c.wake_at - now() - make_interval(
           secs => cast(:head as float) + cast(:apart as float) * row_number() over (order by c.id)) as by
    from sla_clocks c)
"""
_AGE_CLOCKS = text(
    _AGE
    + """
update sla_clocks c set started_at = c.started_at - s.by, anchor_at = c.anchor_at - s.by,
                        due_at = c.due_at - s.by, wake_at = c.wake_at - s.by
  from shifted s where s.id = c.id
"""
)
_AGE_TICKETS = text("""
update tickets t set created_at = c.started_at, settled_at = c.started_at
  from sla_clocks c where c.ticket_id = t.id
""")
_WRITTEN = text("select id, occurred_at from events where type = 'sla.warning'")


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Database]:
    """Let a worker run over a database in which tickets are about to be warned of."""
    settings = Settings.model_validate({"DATABASE_URL": url, "secret_keys": new_key()})
    app = bare_app()
    app.state.desk = await open_desk(settings)
    await _open_tickets(app)
    database: Database = app.state.desk.database
    worker = Worker(settings)
    work = asyncio.create_task(worker.run())
    async with database.transaction() as session:
        await session.execute(_AGE_CLOCKS, {"head": _HEAD_START, "apart": APART})
        await session.execute(_AGE_TICKETS)
    yield database
    worker.shutdown.set()
    await work
    await database.close()


async def _open_tickets(app: object) -> None:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # an ASGI application, whatever its type
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test/v1", headers=headers) as client:
        made = (await client.post("/resellers", json={"name": "Bench", "plan": "professional"})).json()
        for _ in range(TICKETS):
            answer = await client.post("/tickets", json=BODY | {"reseller_id": made["id"]})
            answer.raise_for_status()


async def lateness(url: str) -> list[float]:
    """Return how many milliseconds late each step was."""
    async with running(url) as database:
        await asyncio.sleep(_WAIT)
        async with database.transaction() as session:
            rows = (await session.execute(_WRITTEN)).all()
    written = [(datetime.fromtimestamp((row.id.int >> 80) / 1000, UTC), row.occurred_at) for row in rows]
    return sorted((at - due).total_seconds() * 1000 for at, due in written)


def main() -> int:
    """Run the bench."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with EmbeddedPostgres(Path(name)) as postgres:
            asyncio.run(prepare(postgres.url, KEY))
            late = asyncio.run(lateness(postgres.url))
    p50, p90 = statistics.median(late), late[len(late) * 9 // 10]
    print(f"{len(late)} of {TICKETS} steps; late by p50 {p50:.0f} ms, p90 {p90:.0f} ms, max {late[-1]:.0f} ms")
    return 0 if len(late) == TICKETS else 1


if __name__ == "__main__":
    sys.exit(main())
