"""The desk behind real mail servers: API, worker and LMTP listener as processes, beside Postfix and Dovecot."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import STAFF_KEY
from tests.desk import Caller, Json
from tests.mail_servers import AUTHSERV_ID, SUPPORT, MailServers
from tests.stories.processes import start

_WITHIN = 40.0
_API = re.compile(r"http://127\.0\.0\.1:(\d+)/v1")
_LMTP = re.compile(r"by LMTP at 127\.0\.0\.1:(\d+)")


@dataclass
class MailDesk:
    """A desk with a mailbox, one reseller, and staff who look."""

    staff: Caller
    servers: MailServers
    reseller_id: str
    worker_log: Path

    async def contact(self, name: str, **members: Any) -> Json:
        """Make a contact of the reseller, ``<name>@customer.example``."""
        body = {"name": name.title(), "email": f"{name}@customer.example", "reseller_id": self.reseller_id}
        made: Json = await self.staff.post("/contacts", body | members)
        return made

    async def tickets(self) -> list[Json]:
        """Return all tickets, the eldest first."""
        return await self._all("/tickets")

    async def inbound(self, **filters: Any) -> list[Json]:
        """Return all mail that came in, the eldest first."""
        return await self._all("/inbound-mail", **filters)

    async def outgoing(self, **filters: Any) -> list[Json]:
        """Return all mail that goes out, the eldest first."""
        return await self._all("/outgoing-mail", **filters)

    async def messages(self, ticket: Json) -> list[Json]:
        """Return the messages of a ticket, the eldest first."""
        found: list[Json] = (await self.staff.get(f"/tickets/{ticket['id']}/messages", limit=100))["data"]
        return sorted(found, key=lambda one: str(one["id"]))

    async def until(self, look: Callable[[], Awaitable[list[Json]]], wanted: int = 1) -> list[Json]:
        """Wait until there are as many, and return all there are."""
        found: list[Json] = []
        try:
            async with asyncio.timeout(_WITHIN):
                while len(found := await look()) < wanted:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            came = [(one["state"], one["reason"], one["sender"]) for one in await self.inbound()]
            said = f"mail in: {came}\n{self.servers.logs()}\n{self.worker_log.read_text()}"
            raise AssertionError(f"{len(found)} of {wanted} are there\n{said}") from None
        return found

    async def _all(self, path: str, **filters: Any) -> list[Json]:
        page = await self.staff.get(path, limit=100, **filters)
        assert page["next_cursor"] is None
        found: list[Json] = page["data"]
        return found[::-1]


@asynccontextmanager
async def mail_desk(url: str, folder: Path, *users: str) -> AsyncIterator[MailDesk]:
    """Run the desk on a database that is there, taking mail by LMTP; these users of customer.example have an inbox."""
    with ExitStack() as held:
        api = held.enter_context(_process("api", folder, {"DATABASE_URL": url, "TRUNKLINE_PORT": "0"}))
        lmtp = held.enter_context(_process("mail lmtp", folder, {"DATABASE_URL": url, "TRUNKLINE_MAIL_LMTP_PORT": "0"}))
        servers = held.enter_context(MailServers(*users, lmtp_port=await _port(lmtp, _LMTP)))
        async with _furnished(api, servers, folder) as desk:
            with working(url, desk):
                yield desk


@asynccontextmanager
async def desk_with_inbox(url: str, folder: Path, *users: str) -> AsyncIterator[MailDesk]:
    """Run the desk beside an inbox of its own, and no worker yet."""
    with _process("api", folder, {"DATABASE_URL": url, "TRUNKLINE_PORT": "0"}) as api, MailServers(*users) as servers:
        async with _furnished(api, servers, folder) as desk:
            yield desk


@contextmanager
def working(url: str, desk: MailDesk, **environment: str) -> Iterator[None]:
    """Run a worker that sends by Postfix and believes what Postfix states."""
    mail = {
        "TRUNKLINE_SMTP_URL": desk.servers.smtp_url,
        "TRUNKLINE_MAIL_AUTHSERV_ID": AUTHSERV_ID,
    }
    settings = {"DATABASE_URL": url, "TRUNKLINE_MAIL_FROM": SUPPORT, **mail, **environment}
    with _process("worker", desk.worker_log.parent, settings):
        yield


@asynccontextmanager
async def _furnished(api: Path, servers: MailServers, folder: Path) -> AsyncIterator[MailDesk]:
    """Wait for the API, and give the desk its mailbox and a reseller."""
    address = f"http://127.0.0.1:{await _port(api, _API)}"
    headers = {"Authorization": f"Bearer {STAFF_KEY}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        await _answers(client)
        staff = Caller(client)
        await staff.post("/mailboxes", {"address": SUPPORT})
        reseller = await staff.post("/resellers", {"name": "VoipCo", "plan": "professional"})
        yield MailDesk(staff, servers, reseller["id"], folder / "worker.log")


@contextmanager
def _process(command: str, folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """Run ``python -m app <command>`` and return where it writes; it ends in order."""
    log = folder / f"{command.replace(' ', '-')}.log"
    process = start(command, environment, log)
    try:
        yield log
        assert process.poll() is None, log.read_text()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()
    assert process.returncode == 0, log.read_text()


async def _port(log: Path, said: re.Pattern[str]) -> int:
    async with asyncio.timeout(_WITHIN):
        while not (found := said.search(log.read_text())):
            await asyncio.sleep(0.05)
    return int(found[1])


async def _answers(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_WITHIN):
        while True:
            try:
                await client.get("/v1/me")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
