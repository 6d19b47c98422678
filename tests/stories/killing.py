"""Workers that are killed, and the database as seen beside them."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from app.infra.db import driver_url
from tests.mail_sink import MailSink
from tests.stories.processes import start


@contextmanager
def mail_worker(url: str, folder: Path, sink: MailSink, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker that sends its mail to a sink; it is killed at the end, if not before."""
    mail = {"TRUNKLINE_SMTP_URL": sink.url, "TRUNKLINE_MAIL_FROM": "desk@op.example"}
    process = start("worker", {"DATABASE_URL": url, **mail, **environment}, folder / "worker.log")
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that nobody asks first."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(10)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Look at a database while others work in it."""
    connection = await asyncpg.connect(driver_url(url))
    try:
        yield connection
    finally:
        await connection.close()


async def until(connection: asyncpg.Connection, query: str, *args: object) -> None:
    """Wait until a query says yes."""
    async with asyncio.timeout(60):
        while not await connection.fetchval(query, *args):
            await asyncio.sleep(0.05)
