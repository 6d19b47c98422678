"""A storm of alarms beside somebody who only reads: what is left of it, and how long the reader waits.

One API process over one embedded PostgreSQL. 16 clients send 10,000 alarms on 100 keys while another reads
``GET /v1/me``; the same reader is measured without the storm first, and beside 16 clients that read as well, which is
what the load alone costs. Exit code 1 where the storm leaves anything but 100 tickets and exact counts, or where the
reader's median beside it is more than ``LIMIT`` times that beside 16 readers.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp

from app.bootstrap import prepare
from app.infra.embedded import EmbeddedPostgres
from app.infra.keyring import new_key
from bench.create_bench import KEY, ready, serve

ALARMS, KEYS, CLIENTS = int(os.environ.get("ALARMS", "10000")), 100, 16
LIMIT = 5.0
BASE = "http://127.0.0.1:8163"


def report(number: int) -> dict[str, object]:
    """Return the alarm of a number."""
    return {
        "source": "switch-1",
        "dedup_key": f"trunk-{number % KEYS}",
        "action": "trigger",
        "severity": "error",
        "summary": "The trunk is down",
        "details": {"number": number},
    }


async def keys(session: aiohttp.ClientSession) -> tuple[str, str]:
    """Make a reseller; return the secrets of a key that reports and of one that reads."""
    async with session.post("/v1/resellers", json={"name": "Bench", "plan": "professional"}) as answer:
        made = await answer.json()
    secrets = []
    for scope in ("alarms:write", "tickets:read"):
        body = {"name": "bench", "scopes": [scope]}
        async with session.post(f"/v1/resellers/{made['id']}/api-keys", json=body) as answer:
            secrets.append((await answer.json())["secret"])
    return secrets[0], secrets[1]


async def storm(key: str) -> tuple[float, Counter[str]]:
    """Send every alarm; return alarms per second, and what they were answered with."""
    left = iter(range(ALARMS))
    said: Counter[str] = Counter()

    async def one(session: aiohttp.ClientSession) -> None:
        for number in left:
            async with session.post("/v1/alarms", json=report(number)) as answer:
                said[(await answer.json()).get("status", str(answer.status))] += 1

    async with aiohttp.ClientSession(BASE, headers={"Authorization": f"Bearer {key}"}) as session:
        began = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(CLIENTS)))
        return ALARMS / (time.perf_counter() - began), said


async def readers(key: str, seconds: float) -> None:
    """Read as many clients as a storm has, as fast as they are answered."""
    until = time.perf_counter() + seconds

    async def one(session: aiohttp.ClientSession) -> None:
        while time.perf_counter() < until:
            async with session.get("/v1/me") as answer:
                await answer.read()

    async with aiohttp.ClientSession(BASE, headers={"Authorization": f"Bearer {key}"}) as session:
        await asyncio.gather(*(one(session) for _ in range(CLIENTS)))


async def waits(key: str, over: asyncio.Event) -> list[float]:
    """Read every 20 ms until it is over; return the milliseconds that each answer took."""
    took = []
    async with aiohttp.ClientSession(BASE, headers={"Authorization": f"Bearer {key}"}) as session:
        while not over.is_set():
            began = time.perf_counter()
            async with session.get("/v1/me") as answer:
                await answer.read()
                assert answer.status == 200, answer.status
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.02)
    return took[5:]


async def beside(key: str, work: asyncio.Future[None] | asyncio.Task[object]) -> list[float]:
    """Return a reader's waits while something else goes on."""
    over = asyncio.Event()
    work.add_done_callback(lambda _: over.set())
    took = await waits(key, over)
    await work
    return took


def told(name: str, took: list[float]) -> float:
    """Print a line of the table; return the median."""
    cuts = statistics.quantiles(took, n=100)
    print(f"{name:<28} {len(took):>6} {cuts[49]:>8.1f} {cuts[98]:>8.1f}")
    return cuts[49]


async def measure() -> bool:
    """Print the figures; tell whether everything is as it should be."""
    await ready(f"{BASE}/healthz")
    async with aiohttp.ClientSession(BASE, headers={"Authorization": f"Bearer {KEY}"}) as staff:
        reporting, reading = await keys(staff)
        print(f"{'GET /v1/me, ms':<28} {'reads':>6} {'p50':>8} {'p99':>8}")
        told("alone", await beside(reading, asyncio.create_task(asyncio.sleep(4))))
        crowd = told("beside 16 who read", await beside(reading, asyncio.create_task(readers(reading, 8))))
        sending = asyncio.create_task(storm(reporting))
        stormy = told("beside the storm", await beside(reading, sending))
        rate, said = sending.result()
        async with staff.get("/v1/alarms", params={"limit": "100"}) as answer:
            alarms = (await answer.json())["data"]
        async with staff.get("/v1/tickets", params={"limit": "100"}) as answer:
            tickets = await answer.json()
    left = len(tickets["data"]) if tickets["next_cursor"] is None else "more than 100"
    counts = Counter(alarm["count"] for alarm in alarms)
    print(f"{ALARMS} alarms at {rate:.0f}/s: {dict(said)}; {left} tickets; counts {dict(counts)}")
    exact = said == {"opened": KEYS, "repeated": ALARMS - KEYS} and counts == {ALARMS // KEYS: KEYS} and left == KEYS
    print(json.dumps({"limit": LIMIT, "ratio": round(stormy / crowd, 2), "exact": exact}))
    return exact and stormy / crowd <= LIMIT


def main() -> int:
    """Run the bench."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with EmbeddedPostgres(Path(name)) as postgres:
            asyncio.run(prepare(postgres.url, KEY))
            limits = {"TRUNKLINE_RATE_LIMIT_PER_MINUTE": "1000000", "TRUNKLINE_RATE_LIMIT_BURST": "1000000"}
            environment = {"DATABASE_URL": postgres.url, "TRUNKLINE_SECRET_KEYS": new_key(), **limits}
            server = serve(["-m", "app", "api"], {**environment, "TRUNKLINE_PORT": "8163"})
            try:
                good = asyncio.run(measure())
            finally:
                server.terminate()
                server.wait(20)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
