"""Mail in: how many mails a second one worker reads and routes, how long each takes, and what memory that costs.

One worker's ``Taker`` with its two reading processes, over one embedded PostgreSQL. Mails of 100 KB (text, HTML and a
file) are accepted and taken: of each of a hundred senders one opens a ticket, and nine answer on it. Beside it, in the
same run, a bare script: the standard library's parser reads the same bytes and inserts a row for each. Then the hostile
mails that cost the most, and the most memory that any of the processes had. Exit code 1 where a limit is broken: 25
mails a second, 150 ms for 95 of 100 mails taken one after the other, 300 MB in a reading process.
"""

import asyncio
import email
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import text

from app.bootstrap import prepare
from app.infra.db import Database, driver_url
from app.infra.embedded import EmbeddedPostgres
from app.infra.keyring import Keyring, new_key, parse_keys
from app.infra.now import wall_now
from app.infra.settings import Settings
from app.mail.addressing.tokens import keys_of
from app.mail.intake import queries
from app.mail.intake.accepting import accept, raw_of
from app.mail.intake.routing import RoutingDesk, route
from app.mail.intake.taking import Taker
from app.mail.parsing.process import ParserPool
from app.main import bare_app, open_desk
from tests.mail.corpus import attached, enclosed, multipart, part, plain

KEY = "tls_a-staff-key-for-benches-and-for-nothing-else"
SENDERS, ANSWERS, SINGLY = int(os.environ.get("SENDERS", "100")), 9, 200
BOX, AUTHSERV = "support@desk.example", "mx.desk.example"
LEAST_RATE, MOST_MS, MOST_MB = 25.0, 150.0, 300.0
HTML = "text/html; charset=utf-8"
_LINE = "The second trunk answers each INVITE with 503 since this morning, whichever number is called.\r\n"
_BEFORE = "\r\nOn Tue, 10 Nov 2026 at 09:30, Desk <support@desk.example> wrote:\r\n" + f"> {_LINE}" * 100
_STATES = text("select state, count(*) from inbound_mails group by state")
_STATED = ("Authentication-Results", f"{AUTHSERV}; dmarc=pass header.from=voipco.example")


def sent(sender: int, number: int) -> bytes:
    """Return a mail of 100 KB: the first of a sender, or an answer on it."""
    first, said = f"<first-{sender}@voipco.example>", _LINE * 20 + (_BEFORE if number else "")
    html = "".join(f"<p>{line}</p>" for line in said.splitlines())
    links = (("In-Reply-To", first), ("References", first)) if number else ()
    return multipart(
        enclosed("alternative", part(said), part(html, HTML), boundary="b2"),
        attached(os.urandom(55_000), "trace.bin", "application/octet-stream"),
        sender=f"Person {sender} <p{sender}@voipco.example>",
        to=BOX,
        subject=f"{'Re: ' if number else ''}Trunk {sender} is down",
        message_id=f"<{number}-{sender}@voipco.example>" if number else first,
        headers=(_STATED, *links),
    )


def hostile() -> dict[str, bytes]:
    """Return mails that are made to cost time or memory."""
    return {
        "24 MB of near boundaries": multipart(part(b"--b1x\r\n" * 3_400_000)),
        "towers of div": plain(("<div>" * 190 + "</div>" * 190) * 230, content_type=HTML),
        "a megabyte of p": plain("<p>" * 350_000, content_type=HTML),
        "256 KB of From lines": plain("From: a\r\n\r\n" * 25_000),
        "17 files of 1 MB": multipart(*(attached(os.urandom(1 << 20), f"{one}.bin") for one in range(17))),
        "20,000 empty parts": multipart(*([b""] * 20_000)),
    }


class Bench:
    """A desk with a mailbox and a worker's hands."""

    def __init__(self, database: Database, ring: Keyring) -> None:
        self.database = database
        self.parsers = ParserPool(2)
        self.taker = Taker(database, self.parsers, route, RoutingDesk(keys_of(ring), AUTHSERV))

    async def accepted(self, mails: Sequence[bytes]) -> list[UUID]:
        """Accept mails, as a listener would."""
        async with self.database.transaction(look=True) as session:
            box = await queries.mailbox_of(session, BOX)
        assert box is not None
        return [
            await accept(self.database, box, "lmtp", "p@voipco.example", [BOX], raw_of(one), wall_now())
            for one in mails
        ]

    async def taken(self, mails: Sequence[UUID]) -> float:
        """Take mails as a worker's jobs do; return mails per second."""
        began = time.perf_counter()
        await asyncio.gather(*(self.taker.take(str(one)) for one in mails))
        return len(mails) / (time.perf_counter() - began)

    async def each(self, mails: Sequence[UUID]) -> list[float]:
        """Take mails one after the other; return the milliseconds of each."""
        took = []
        for one in mails:
            began = time.perf_counter()
            await self.taker.take(str(one))
            took.append((time.perf_counter() - began) * 1000)
        return took


async def bare(url: str, mails: Sequence[bytes]) -> float:
    """Parse with the standard library and insert a row for each; return mails per second."""
    connection = await asyncpg.connect(driver_url(url))
    await connection.execute(
        "create table bare (id uuid primary key default gen_random_uuid(), subject text, body text)"
    )
    began = time.perf_counter()
    for one in mails:
        read = email.message_from_bytes(one)
        plainly = next(each for each in read.walk() if each.get_content_type() == "text/plain")
        body = bytes(plainly.get_payload(decode=True) or b"").decode()
        await connection.execute("insert into bare (subject, body) values ($1, $2)", read["Subject"], body)
    rate = len(mails) / (time.perf_counter() - began)
    await connection.close()
    return rate


def most_memory(named: str) -> float:
    """Return the most memory that a process with this in its command line has had, in MB."""
    found = [0.0]
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if named in (folder / "cmdline").read_text():
                lines = (folder / "status").read_text().splitlines()
                found += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return max(found)


async def people(desk: object) -> None:
    """Make a mailbox, and a reseller whose people write to it."""
    transport = httpx.ASGITransport(desk)  # type: ignore[arg-type]  # an ASGI application, whatever its type
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test/v1", headers=headers) as client:
        (await client.post("/mailboxes", json={"address": BOX})).raise_for_status()
        reseller = {"name": "Bench", "plan": "professional", "mail_domains": ["voipco.example"]}
        (await client.post("/resellers", json=reseller)).raise_for_status()


async def measure(url: str) -> bool:
    """Print the figures; tell whether all are within their limits."""
    ring = new_key()
    app = bare_app()
    app.state.desk = await open_desk(Settings.model_validate({"DATABASE_URL": url, "secret_keys": ring}))
    await people(app)
    database: Database = app.state.desk.database
    bench = Bench(database, parse_keys(ring))
    await bench.taken(await bench.accepted([sent(one, 0) for one in range(SENDERS)]))
    answers = [sent(one, number) for number in range(1, ANSWERS + 1) for one in range(SENDERS)]
    simple = await bare(url, answers[: 2 * SENDERS])
    rate = await bench.taken(await bench.accepted(answers))
    singly = await bench.each(await bench.accepted([sent(one % SENDERS, 100 + one) for one in range(SINGLY)]))
    p95 = statistics.quantiles(singly, n=20)[18]
    size, ratio = len(answers[0]) // 1024, rate / simple
    print(f"{len(answers)} mails of {size} KB: {rate:.0f}/s; bare {simple:.0f}/s; ratio {ratio:.2f}")
    print(f"one after the other: p50 {statistics.median(singly):.0f} ms, p95 {p95:.0f} ms")
    for name, raw in hostile().items():
        (took,) = await bench.each(await bench.accepted([raw]))
        print(f"{name:<28} {took:>8.0f} ms")
    memory = most_memory("app.mail.parsing.child")
    print(f"most memory: reading process {memory:.0f} MB, this process {most_memory('bench.mail_bench'):.0f} MB")
    async with database.transaction() as session:
        states = {row.state: row.count for row in await session.execute(_STATES)}
    print(f"states: {states}")
    await bench.parsers.close()
    await database.close()
    figures = {
        "rate": round(rate, 1),
        "p95_ms": round(p95),
        "memory_mb": round(memory),
        "ratio": round(ratio, 3),
    }
    print(json.dumps({"limits": [LEAST_RATE, MOST_MS, MOST_MB]} | figures))
    return rate >= LEAST_RATE and p95 <= MOST_MS and memory <= MOST_MB


def main() -> int:
    """Run the bench."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with EmbeddedPostgres(Path(name)) as postgres:
            asyncio.run(prepare(postgres.url, KEY))
            return 0 if asyncio.run(measure(postgres.url)) else 1


if __name__ == "__main__":
    sys.exit(main())
