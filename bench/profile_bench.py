"""Where the time of one create goes: statements, time in the database, and time around it, in one process.

The desk runs in this process without a network, so that what is measured is the desk. Nothing is asserted.
"""

import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

import httpx
from sqlalchemy import event

from app.bootstrap import prepare
from app.infra.db import DatabaseRole
from app.infra.embedded import EmbeddedPostgres
from app.infra.keyring import new_key
from app.infra.settings import Settings
from app.main import bare_app, open_desk

KEY = "tls_a-staff-key-for-a-bench-and-for-nothing-else"
COUNT = 200
LAYERS = (
    "sqlalchemy",
    "asyncpg",
    "pydantic",
    "fastapi",
    "starlette",
    "app/sla",
    "app/auth",
    "app/clocks",
    "app/tickets",
    "app/",
)


async def profile(url: str) -> None:
    """Create tickets, and print where the time went."""
    app = bare_app()
    settings = Settings.model_validate({"DATABASE_URL": url, "rate_limit_burst": 100_000, "secret_keys": new_key()})
    app.state.desk = desk = await open_desk(settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers={"Authorization": f"Bearer {KEY}"}
    ) as client:
        reseller = (await client.post("/v1/resellers", json={"name": "Bench", "plan": "lite"})).json()["id"]
        body = {"subject": "a", "description": "b", "priority": "immediate", "reseller_id": reseller}
        await client.post("/v1/tickets", json=body)
        counted: list[str] = []
        engine = desk.database._engines[DatabaseRole.OPERATOR].sync_engine  # noqa: SLF001 - a bench looks inside
        event.listen(engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
        profiler = cProfile.Profile()
        began = time.perf_counter()
        profiler.enable()
        for _ in range(COUNT):
            await client.post("/v1/tickets", json=body)
        profiler.disable()
        spent = time.perf_counter() - began
    print(f"{spent / COUNT * 1000:.1f} ms a request (under the profiler)")
    print(f"{len(counted) / COUNT:.1f} statements a request, besides BEGIN and COMMIT")
    _shares(pstats.Stats(profiler))
    await desk.database.close()


def _shares(stats: pstats.Stats) -> None:
    spent: dict[str, float] = {}
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]  # not in its stubs
        layer = next(
            (layer for layer in LAYERS if layer in file), "wait" if "epoll" in name or "select" in name else "rest"
        )
        spent[layer] = spent.get(layer, 0.0) + own
    whole = sum(spent.values())
    for layer, own in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{layer:>12} {own / whole:6.1%}")


def main() -> int:
    """Run the bench."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with EmbeddedPostgres(Path(name)) as postgres:
            asyncio.run(prepare(postgres.url, KEY))
            asyncio.run(profile(postgres.url))
    return 0


if __name__ == "__main__":
    sys.exit(main())
