"""The ways in, for tests: a listener on a port of its own, a client that says what it likes, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from sqlalchemy import text, update
from sqlmodel import col, select

from app.infra.db import Database
from app.mail.intake.lmtp import Listener
from app.mail.models import InboundMail
from tests.desk import Desk
from tests.mail.intake.post import DESK

ANN = "ann@voipco.example"
_WITHIN = 20.0


async def mails(desk: Desk) -> Sequence[InboundMail]:
    """Return every mail that came in, the eldest first."""
    async with desk.database.transaction(look=True) as session:
        return (await session.scalars(select(InboundMail).order_by(col(InboundMail.id)))).all()


async def the_mail(desk: Desk) -> InboundMail:
    """Return the one mail that came in."""
    (only,) = await mails(desk)
    return only


async def change(desk: Desk, mail: InboundMail, **values: Any) -> None:
    """Let a mail be another than it is."""
    async with desk.database.transaction() as session:
        await session.execute(update(InboundMail).where(col(InboundMail.id) == mail.id).values(**values))


async def jobs(desk: Desk) -> list[str]:
    """Return which mails have a job, without taking it away."""
    async with desk.database.transaction() as session:
        found = await session.scalars(text("select payload from queue.pgqueuer where entrypoint = 'mail.take'"))
        return [bytes(one).decode() for one in found]


class Line:
    """A client of LMTP that sends bytes as they are."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.greeting = await self.answer()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def answer(self) -> str:
        """Return the next answer, the lines of it as one."""
        said = ""
        async with asyncio.timeout(_WITHIN):
            while line := (await self.reader.readline()).decode():
                said += line
                if line[3:4] != "-":
                    break
        return said

    async def say(self, line: str | bytes) -> str:
        """Say a line and return the answer."""
        self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.answer()

    async def begin(self, *recipients: str, sender: str = ANN, options: str = "") -> None:
        """Say all that comes before the mail."""
        assert (await self.say("LHLO client.test")).startswith("250")
        assert (await self.say(f"MAIL FROM:<{sender}>{options}")).startswith("250")
        for recipient in recipients or (DESK,):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250")
        assert (await self.say("DATA")).startswith("354")

    async def end(self, content: bytes) -> str:
        """Send the bytes of a mail and the dot, and return the first answer."""
        self.writer.write(content)
        return await self.say(b".")


@asynccontextmanager
async def listening(database: Database, **members: float) -> AsyncIterator[tuple[Listener, int, asyncio.Event]]:
    """Listen on a free port until the block ends, or the event is set."""
    listener, shutdown, where = Listener(database, **members), asyncio.Event(), asyncio.Queue[str]()
    task = asyncio.create_task(listener.run("127.0.0.1", 0, None, shutdown, where.put_nowait))
    try:
        yield listener, int((await where.get()).rpartition(":")[2]), shutdown
    finally:
        shutdown.set()
        await asyncio.wait_for(task, _WITHIN)
