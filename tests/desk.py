"""The driver: tests speak in requests to a desk that runs in their own process, and let time pass by hand."""

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from app.events.publisher import publish
from app.infra.agenda import Source
from app.infra.db import Database
from app.infra.ids import decode
from app.infra.keyring import Keyring
from app.infra.now import wall_now
from app.infra.outbound.resolver import Resolver
from app.infra.settings import Settings
from app.main import bare_app, open_desk, open_streams
from app.registry import consequences
from app.webhooks.giving_up import GiverUp
from app.webhooks.recovering import Recoverer
from app.webhooks.serving import Server
from app.worker import Worker
from tests.payloads import check_payloads

Json = dict[str, Any]
ALL_SCOPES = ["tickets:write", "addons:write", "webhooks:write", "contacts:write"]
SECRET_KEYS = "tests:" + base64.b64encode(bytes(range(32))).decode()
NOON = "2026-06-10T11:00:00Z"  # 12:00 in London


@dataclass
class Caller:
    """Somebody with a key, or without one."""

    http: httpx.AsyncClient
    id: str = ""
    clock: str = ""

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request below /v1 and return the answer, whatever it is."""
        return await self.http.request(method, f"/v1{path}", **more)

    async def get(self, path: str, **params: Any) -> Any:
        """Read something that is there."""
        return _good(await self.send("GET", path, params=params))

    async def post(self, path: str, body: Json | None = None, **more: Any) -> Any:
        """Post something that is taken."""
        return _good(await self.send("POST", path, json=body or {}, **more))

    async def patch(self, path: str, body: Json, **more: Any) -> Any:
        """Change something."""
        return _good(await self.send("PATCH", path, json=body, **more))

    async def refused(self, method: str, path: str, code: str, body: Json | None = None, **more: Any) -> Json:
        """Send a request that is refused with this problem, and return it."""
        answer = await self.send(method, path, json=body, **more)
        problem: Json = answer.json()
        assert problem.get("code") == code, f"{answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        return problem

    async def open_ticket(self, **members: Any) -> Json:
        """Open a ticket; what is not said does not matter."""
        body = {"subject": "Trunk 7 is down", "description": "Every call fails.", "priority": "immediate"} | members
        ticket: Json = await self.post("/tickets", body)
        return ticket

    async def clocks(self, ticket: Json) -> dict[str, Json]:
        """Return the latest clocks of a ticket by their metric."""
        sla = await self.get(f"/tickets/{ticket['id']}/sla")
        return {clock["metric"]: clock for clock in sla["clocks"]}

    async def due(self, ticket: Json, metric: str = "first_response") -> str | None:
        """Return the deadline of a ticket's clock."""
        due: str | None = (await self.clocks(ticket))[metric]["due_at"]
        return due


@dataclass
class Desk:
    """A desk with its staff."""

    app: Any
    database: Database
    worker: Worker
    staff: Caller
    keyring: Keyring
    settings: Settings
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def caller(self, key: str | None) -> Caller:
        """Return somebody with a key."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers=headers, timeout=60)
        self._clients.append(client)
        return Caller(client)

    async def test_clock(self, now: str = NOON) -> str:
        """Make a test clock and return its id."""
        return str((await self.staff.post("/test-clocks", {"now": now}))["id"])

    async def reseller(
        self, plan: str = "professional", now: str | None = NOON, scopes: list[str] | None = None, **members: Any
    ) -> Caller:
        """Make a reseller with a key for everything; it lives on a test clock unless ``now`` is None."""
        if now is not None and "test_clock_id" not in members:
            members["test_clock_id"] = await self.test_clock(now)
        made = await self.staff.post("/resellers", {"name": f"Reseller {uuid4().hex[:6]}", "plan": plan} | members)
        caller = self.caller(await self.key(made["id"], scopes or ALL_SCOPES))
        caller.id, caller.clock = made["id"], made["test_clock_id"] or ""
        return caller

    async def key(self, reseller_id: str, scopes: list[str]) -> str:
        """Make a key and return its secret."""
        made = await self.staff.post(f"/resellers/{reseller_id}/api-keys", {"name": "portal", "scopes": scopes})
        return str(made["secret"])

    async def advance(self, caller: Caller, to: str) -> None:
        """Advance the test clock of a reseller."""
        await self.staff.post(f"/test-clocks/{caller.clock}/advance", {"to": to})

    def watch(self, source: Source) -> None:
        """Add a source to those that run when a test clock is advanced."""
        services = self.app.state.desk
        self.app.state.desk = replace(services, sources=(*services.sources, source))

    @contextmanager
    def unswept(self) -> Iterator[None]:
        """Let a test clock be advanced meanwhile with nobody looking at what falls due on the way."""
        services = self.app.state.desk
        self.app.state.desk = replace(services, sources=())
        try:
            yield
        finally:
            self.app.state.desk = services

    async def tick(self) -> None:
        """Let the worker do what is due on the wall clock, recalculations included."""
        await self.worker.drive_time()

    async def publish(self) -> None:
        """Publish every event that was committed."""
        while True:
            if not await publish(self.database, (*consequences(self.settings), check_payloads), wall_now()):
                return

    async def events(self, caller: Caller | None = None, *types: str) -> list[Json]:
        """Publish, and return every event that a caller hears, of these types or of all."""
        await self.publish()
        found: list[Json] = []
        page: Json = {"next_cursor": None}
        params: Json = {"limit": 100} | ({"type": ",".join(types)} if types else {})
        while True:
            page = await (caller or self.staff).get("/events", **params)
            found += page["data"]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    async def endpoint(self, caller: Caller, url: str, **members: Any) -> Json:
        """Add an endpoint as if it had answered its ping already, and return it."""
        made: Json = await caller.post("/webhook-endpoints", {"url": url} | members)
        async with self.database.transaction() as session:
            for statement in _VERIFIED:
                await session.execute(text(statement), {"id": decode("whe", made["id"])})
        return made

    async def let_pass(self) -> None:
        """Publish, and let the waits of webhooks pass: what is to be tried again is due, and endpoints have rested."""
        await self.publish()
        async with self.database.transaction() as session:
            for statement in _PASSED:
                await session.execute(text(statement))
        await self.worker.wake_lanes()

    async def recover(self) -> int:
        """Do the batches of recoveries that are enqueued, as a worker would; return how many."""
        count, recoverer = 0, Recoverer(self.database)
        while jobs := await self.picked("webhooks.recover"):
            for job in jobs:
                await recoverer.go_on(job)
            count += len(jobs)
        return count

    async def give_up(self) -> int:
        """Give up what was on its way to endpoints that were removed, as a worker would; return in how many jobs."""
        count, giver_up = 0, GiverUp(self.database)
        while jobs := await self.picked("webhooks.give_up"):
            for job in jobs:
                await giver_up.go_on(job)
            count += len(jobs)
        return count

    async def picked(self, kind: str) -> list[str]:
        """Take the arguments of the jobs of a kind that are enqueued, and the jobs away."""
        async with self.database.transaction() as session:
            return [bytes(payload).decode() for payload in await session.scalars(text(_PICK), {"kind": kind})]

    async def serve(self, server: Server) -> int:
        """Do the jobs of lanes that are enqueued, as a worker would, until there is none; return how many."""
        count = 0
        while jobs := await self.picked("webhooks.lane"):
            for job in jobs:
                await server.serve(job)
            count += len(jobs)
        return count


_PICK = "delete from queue.pgqueuer where entrypoint = :kind and status = 'queued' returning payload"
_PASSED = (
    "update webhook_deliveries set next_attempt_at = now() where state = 'pending'",
    "update webhook_lanes set paused_until = null, slow_until = null, wake_at = now() where not busy",
)
_VERIFIED = (
    "update webhook_endpoints set state = 'active', verified = true where id = :id",
    "update webhook_deliveries set state = 'delivered' where endpoint_id = :id",
    "update webhook_lanes set busy = false where endpoint_id = :id",
)


@asynccontextmanager
async def open_test_desk(
    url: str, staff_key: str, resolver: Resolver | None = None, **settings: Any
) -> AsyncIterator[Desk]:
    """Open a desk over a database."""
    chosen: Json = {
        "webhook_allowed_networks": "127.0.0.0/8",
        "pool_size": 3,
        "webhook_retry_scale": 0.01,
        "secret_keys": SECRET_KEYS,
    } | settings
    wanted = Settings.model_validate({"DATABASE_URL": url} | chosen)
    app = bare_app()
    services = await open_desk(wanted)
    services = services if resolver is None else replace(services, resolver=resolver)
    app.state.desk = services
    app.state.streams = open_streams(services)
    worker = Worker(wanted)
    desk = Desk(app, services.database, worker, Caller(httpx.AsyncClient()), services.keyring, wanted)
    desk.staff = desk.caller(staff_key)
    yield desk
    for client in desk._clients:
        await client.aclose()
    await worker.close()
    await services.database.close()


def _good(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None
