"""Events to fifty endpoints, of which five are dead and five slow, with workers killed at random.

Prints deliveries a second, p50 and p99 from commit to receipt (of a steady trickle), duplicates, and the same signed
bytes posted by two bare loops: httpx as it comes, and aiohttp under uvloop. Exit code 1 where a healthy endpoint misses
an event or hears a ticket out of order that asked for order. ``EVENTS`` in the environment makes it smaller; the whole
is 10,000 events, 500,000 deliveries.
"""

import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import httpx
import uvloop

from app.bootstrap import prepare
from app.infra.db import driver_url
from app.infra.embedded import EmbeddedPostgres
from app.infra.settings import Settings
from app.main import create_app
from app.webhooks import signature

KEY = "tls_a-staff-key-for-a-bench-and-for-nothing-else"
SECRET_KEYS = "bench:" + "A" * 43 + "="
EVENTS = int(os.environ.get("EVENTS", "10000"))
TICKETS = 200
ENDPOINTS, DEAD, SLOW = 50, 5, 5
TRICKLE, TRICKLE_EVERY = 30, 1.0
IN_FLIGHT, BARE = 32, 3000
WORKERS = 2

_INSERT = """
insert into events (reseller_id, id, type, occurred_at, ticket_id, operator_only, body)
select t.reseller_id, ids.id, 'ticket.updated', now(), t.id, false,
       convert_to(replace(replace($2, '@ticket', t.id::text), '@sequence', (ids.n + $4)::text), 'utf8')
  from unnest($1::uuid[]) with ordinality ids (id, n)
  join (select *, row_number() over (order by id) - 1 as place from bench_tickets) t on t.place = ids.n % $3
 order by ids.n
"""


class Workers:
    """Worker processes, one of which is killed now and then and replaced."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running = [self._start() for _ in range(WORKERS)]
        self.killed = 0

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DATABASE_URL": self._url,
            "TRUNKLINE_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "TRUNKLINE_SECRET_KEYS": SECRET_KEYS,
            "TRUNKLINE_LOG_LEVEL": "ERROR",
        }
        return subprocess.Popen([sys.executable, "-m", "app", "worker"], env=environment)

    async def kill_at_random(self) -> None:
        while True:
            await asyncio.sleep(random.uniform(5, 15))
            place = random.randrange(WORKERS)
            self._running[place].send_signal(signal.SIGKILL)
            self._running[place].wait()
            self._running[place] = self._start()
            self.killed += 1

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            process.wait()


async def endpoints(client: httpx.AsyncClient, connection: asyncpg.Connection, sink: int) -> None:
    for number in range(ENDPOINTS):
        kind = "dead" if number < DEAD else "slow" if number < DEAD + SLOW else "e"
        url = f"http://127.0.0.1:{9 if kind == 'dead' else sink}/{kind}/{number}"
        ordered = number % 2 == 0
        made = await client.post("/v1/webhook-endpoints", json={"url": url, "ordered": ordered, "max_concurrency": 8})
        assert made.status_code == 201, made.text
    await connection.execute("update webhook_endpoints set state = 'active'")
    await connection.execute("delete from webhook_deliveries")
    await connection.execute("update webhook_lanes set wake_at = null")


async def write(connection: asyncpg.Connection, count: int, before: int = 0) -> dict[str, float]:
    """Write events as transactions do; returns the instant of each one's commit."""
    from app.infra.ids import encode, new_id  # noqa: PLC0415 - beside its use

    ids = [new_id() for _ in range(count)]
    data = '{"type":"ticket.updated","timestamp":"2026-06-10T11:00:00Z","data":{"ticket":"@ticket","sequence":@sequence'
    body = data + ',"more":"' + "x" * 800 + '"}}'
    await connection.execute(_INSERT, ids, body, TICKETS, before)
    at = time.monotonic()
    return {encode("evt", one): at for one in ids}


async def drained(http: httpx.AsyncClient, sink: int, wanted: int, seconds: float) -> float:
    """Wait until every healthy endpoint has heard so many events; returns how long that took."""
    began, healthy = time.perf_counter(), [0]
    while time.perf_counter() - began < seconds:
        counts = (await http.get(f"http://127.0.0.1:{sink}/count")).json()
        healthy = [counts.get(str(number), 0) for number in range(DEAD + SLOW, ENDPOINTS)]
        if min(healthy) >= wanted:
            return time.perf_counter() - began
        await asyncio.sleep(0.5)
    print(f"not drained: {sorted(healthy)[:3]} ... of {wanted}", flush=True)
    return time.perf_counter() - began


async def bare(sink: int) -> dict[str, float]:
    """Post the same signed bytes by bare loops; requests a second."""
    secret, body = signature.new_secret(), b'{"type":"ticket.updated","data":"' + b"x" * 960 + b'"}'
    headers = {"Content-Type": "application/json", **signature.headers([secret], "evt_b", 1_800_000_000, body)}
    url = f"http://127.0.0.1:{sink}/bare"

    async def rate(post: Any, count: int) -> float:
        left = count

        async def one() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await post()

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
        return count / (time.perf_counter() - began)

    async with httpx.AsyncClient(trust_env=False) as plain, aiohttp.ClientSession() as fast:

        async def by_httpx() -> None:
            await plain.post(url, headers=headers, content=body)

        async def by_aiohttp() -> None:
            async with fast.post(url, headers=headers, data=body) as response:
                await response.read()

        return {"httpx": await rate(by_httpx, BARE // 4), "aiohttp": await rate(by_aiohttp, BARE)}


@asynccontextmanager
async def sink_process() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.webhooks_sink", stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def measure(url: str) -> bool:
    settings = Settings.model_validate(
        {"DATABASE_URL": url, "webhook_allowed_networks": "127.0.0.0/8", "secret_keys": SECRET_KEYS}
    )
    app = create_app(settings)
    connection = await asyncpg.connect(driver_url(url))
    headers = {"Authorization": f"Bearer {KEY}"}
    async with sink_process() as sink, app.router.lifespan_context(app), httpx.AsyncClient(timeout=30) as http:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://d", headers=headers, timeout=60) as client:
            await endpoints(client, connection, sink)
            await connection.execute("create table bench_tickets (reseller_id uuid, id uuid)")
            await connection.execute(
                "insert into bench_tickets select r.id, gen_random_uuid() from resellers r, generate_series(1, $1)"
                " where r.is_operator",
                TICKETS,
            )
        loops = await bare(sink)
        workers = Workers(url)
        try:
            return await _measure(connection, http, sink, workers, loops)
        finally:
            workers.stop()


async def _measure(
    connection: asyncpg.Connection, http: httpx.AsyncClient, sink: int, workers: Workers, loops: dict[str, float]
) -> bool:
    await asyncio.sleep(5)
    committed: dict[str, float] = {}
    for number in range(TRICKLE):
        committed |= await write(connection, 1, number)
        await asyncio.sleep(TRICKLE_EVERY)
    await drained(http, sink, TRICKLE, 60)
    report = (await http.get(f"http://127.0.0.1:{sink}/report")).json()
    took = sorted(
        at - committed[event]
        for number, events in report["first"].items()
        if int(number) >= DEAD + SLOW
        for event, at in events.items()
        if event in committed
    )
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    print(f"a trickle of {1 / TRICKLE_EVERY:.0f} events/s to {ENDPOINTS} endpoints, {DEAD} dead, {SLOW} slow:")
    print(f"  commit to receipt: p50 {p50 * 1000:,.0f} ms, p99 {p99 * 1000:,.0f} ms", flush=True)
    killing = asyncio.create_task(workers.kill_at_random())
    for batch in range(EVENTS // 500):
        await write(connection, 500, TRICKLE + batch * 500)
    seconds = await drained(http, sink, TRICKLE + EVENTS, 3600)
    killing.cancel()
    report = (await http.get(f"http://127.0.0.1:{sink}/report")).json()
    healthy = ENDPOINTS - DEAD - SLOW
    complete = all(len(report["first"].get(str(n), {})) == TRICKLE + EVENTS for n in range(DEAD + SLOW, ENDPOINTS))
    disordered = sum(count for n, count in report["disordered"].items() if int(n) % 2 == 0)
    rate = EVENTS * healthy / seconds
    print(f"{EVENTS:,} events to {healthy} healthy endpoints in {seconds:,.0f} s: {rate:,.0f} deliveries/s,")
    print(f"  {workers.killed} workers killed, {report['again']:,} duplicates, each event heard: {complete},")
    print(f"  out of order where order was asked for: {disordered}")
    for name, found in loops.items():
        print(f"bare {name:<8} {found:>8,.0f}/s  ratio {rate / found:.2f}")
    return complete and disordered == 0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder)) as postgres:
            asyncio.run(prepare(postgres.url, KEY))
            return 0 if uvloop.run(measure(postgres.url)) else 1


if __name__ == "__main__":
    sys.exit(main())
