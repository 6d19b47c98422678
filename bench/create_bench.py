"""Tickets created per second through the whole path, beside a bare handler that inserts the same rows.

Both are real uvicorn processes over one embedded PostgreSQL, and serve 1, 8 and 32 clients in turn. The aim is half of
the bare handler's rate; this first figure says where it stands. Exit code 1 below a fiftieth.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from app.bootstrap import prepare
from app.infra.embedded import EmbeddedPostgres
from app.infra.keyring import new_key

KEY = "tls_a-staff-key-for-a-bench-and-for-nothing-else"
CLIENTS = {1: 300, 8: 800, 32: 800}
LOWEST = 1 / 50
BODY = {"subject": "Trunk 7 is down", "description": "Every call fails.", "priority": "immediate"}


def serve(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a server."""
    return subprocess.Popen([sys.executable, *command], env={**os.environ, **environment})


async def ready(url: str) -> None:
    """Wait until a server answers."""
    async with aiohttp.ClientSession() as session:
        for _ in range(400):
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def rate(url: str, key: str, clients: int, count: int) -> float:
    """Return requests per second of so many clients, each sending its next when the last is answered."""
    left = iter(range(count))
    headers = {"Authorization": f"Bearer {key}"}

    async def one(session: aiohttp.ClientSession) -> None:
        for _ in left:
            async with session.post(url, json=BODY) as answer:
                await answer.read()
                assert answer.status == 201, await answer.text()

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=clients)) as session:
        began = time.perf_counter()
        await asyncio.gather(*(one(session) for _ in range(clients)))
        return count / (time.perf_counter() - began)


async def reseller_key(base: str) -> str:
    """Make a reseller with a key."""
    async with aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {KEY}"}) as session:
        async with session.post("/v1/resellers", json={"name": "Bench", "plan": "professional"}) as answer:
            made = await answer.json()
        path = f"/v1/resellers/{made['id']}/api-keys"
        async with session.post(path, json={"name": "bench", "scopes": ["tickets:write"]}) as answer:
            secret: str = (await answer.json())["secret"]
            return secret


async def measure(desk: str, bare: str) -> bool:
    """Print the table; tell whether every ratio is above the limit."""
    await ready(f"{desk}/healthz")
    await ready(f"{bare}/healthz")
    key = await reseller_key(desk)
    await rate(f"{desk}/v1/tickets", key, 4, 60)
    await rate(f"{bare}/tickets", key, 4, 60)
    print(f"{'clients':>8} {'desk/s':>8} {'bare/s':>8} {'ratio':>6}")
    good = True
    for clients, count in CLIENTS.items():
        mine = await rate(f"{desk}/v1/tickets", key, clients, count)
        theirs = await rate(f"{bare}/tickets", key, clients, count)
        good &= mine / theirs >= LOWEST
        print(f"{clients:>8} {mine:>8.0f} {theirs:>8.0f} {mine / theirs:>6.2f}")
    return good


def main() -> int:
    """Run the bench."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with EmbeddedPostgres(Path(name)) as postgres:
            asyncio.run(prepare(postgres.url, KEY))
            limits = {"TRUNKLINE_RATE_LIMIT_PER_MINUTE": "1000000", "TRUNKLINE_RATE_LIMIT_BURST": "1000000"}
            environment = {"DATABASE_URL": postgres.url, "TRUNKLINE_SECRET_KEYS": new_key(), **limits}
            servers = [
                serve(["-m", "app", "api"], {**environment, "TRUNKLINE_PORT": "8161"}),
                serve(["-m", "bench.bare"], {**environment, "BARE_PORT": "8162"}),
            ]
            try:
                good = asyncio.run(measure("http://127.0.0.1:8161", "http://127.0.0.1:8162"))
            finally:
                for server in servers:
                    server.terminate()
                    server.wait(20)
    print(json.dumps({"limit": LOWEST, "kept": good}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
