"""The day itself: what is done, at which simulated time, and what was delivered of it."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.table import Table

from app.demo.log import start_of, steps_of
from app.demo.receiver import Receiver
from app.infra.ports import free_port
from app.infra.wire import rfc3339

Json = dict[str, Any]
_LONDON = ZoneInfo("Europe/London")
_READY_WITHIN = 90.0
_QUIET = 8


@contextmanager
def _desk(folder: Path, port: int, key: str) -> Iterator[None]:
    """A whole desk as a child: the same command that a person types."""
    environment = {
        **os.environ,
        "TRUNKLINE_DATA_DIR": str(folder),
        "TRUNKLINE_PORT": str(port),
        "TRUNKLINE_BOOTSTRAP_KEY": key,
    }
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "app", "run"]
        child = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(60)


class Day:
    """The desk's day: a client with the staff's key, a test clock, and what was noted down."""

    def __init__(self, client: httpx.AsyncClient, receiver: Receiver) -> None:
        self._client = client
        self._receiver = receiver
        self._contacts: dict[str, str] = {}
        self.notes: list[tuple[str, str, str]] = []
        self.clock = ""
        self.now = ""

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Speak to the desk."""
        answer = await self._client.request(method, f"/v1{path}", json=body)
        answer.raise_for_status()
        said: Json = answer.json()
        return said

    async def until(self, at: str) -> None:
        """Let simulated time pass."""
        self.now = at
        await self.call("POST", f"/test-clocks/{self.clock}/advance", {"to": at})

    async def do(self, said: str, method: str, path: str, body: Json) -> Json:
        """Do something and note it down."""
        self.notes.append((self.now, "done", said))
        return await self.call(method, path, body)

    async def _begin(self, now: str) -> None:
        self.now = now
        self.clock = (await self.call("POST", "/test-clocks", {"now": self.now}))["id"]
        for role in ("account_manager", "technical_director"):
            body = {"name": role.replace("_", " ").title(), "email": f"{role}@example.com", "roles": [role]}
            await self.call("POST", "/staff", body)
        endpoint = await self.call("POST", "/webhook-endpoints", {"url": f"http://127.0.0.1:{self._receiver.port}/"})
        self._receiver.secrets.append(endpoint["secret"])
        for _ in range(int(_READY_WITHIN)):
            if (await self.call("GET", f"/webhook-endpoints/{endpoint['id']}"))["state"] == "active":
                return
            await asyncio.sleep(1)

    async def play_log(self, path: Path, day: date) -> None:
        """Play a day of a real desk's log for a Lite reseller."""
        steps = steps_of(path, day)
        await self._begin(start_of(steps))
        lite = await self._reseller("the Lite reseller", "lite")
        tickets: dict[str, tuple[str, str]] = {}
        for at, number, priority, status in steps:
            if number not in tickets:
                await self.until(rfc3339(at))
                tickets[number] = (await self._ticket(lite, number, priority), "new")
            ticket, before = tickets[number]
            if status is None or before in {status, "resolved"}:
                continue
            await self.until(rfc3339(at))
            if before == "new" and status != "resolved":
                await self.do(f"the desk answers {number}", "POST", f"/tickets/{ticket}/messages", {"body": "On it."})
            await self.do(f"{number} is {status}", "PATCH", f"/tickets/{ticket}", {"status": status})
            tickets[number] = (ticket, status)
        over = datetime.combine(day + timedelta(days=1), time(), _LONDON)
        self.notes.append((rfc3339(over), "note", "the day is over; what was promised on it runs on"))
        await self.until(rfc3339(steps[0][0] + timedelta(hours=36)))

    async def play(self) -> None:
        """Play the day."""
        await self._begin("2026-06-10T07:00:00Z")
        lite, professional = (
            await self._reseller("the Lite reseller", "lite"),
            await self._reseller("the Professional reseller", "professional"),
        )
        down = await self._ticket(professional, "the Professional reseller: whole platform unreachable", "immediate")
        await self.until("2026-06-10T07:20:00Z")
        await self.do(
            "the desk answers the Professional reseller", "POST", f"/tickets/{down}/messages", {"body": "On it."}
        )
        slow = await self._ticket(professional, "the Professional reseller: one trunk drops calls", "immediate")
        await self.until("2026-06-10T08:25:00Z")
        called = (await self.call("GET", f"/escalations?ticket_id={slow}&state=open"))["data"]
        body = {"by": "Day shift", "note": "carrier is on the line"}
        await self.do(
            "the day shift acknowledges the escalation", "POST", f"/escalations/{called[0]['id']}/acknowledge", body
        )
        await self.until("2026-06-10T12:00:00Z")
        await self.do(
            "the Professional reseller escalates by hand",
            "POST",
            f"/tickets/{slow}/escalations",
            {"reason": "still dropping"},
        )
        await self.do("the desk mends the trunk", "PATCH", f"/tickets/{slow}", {"status": "resolved"})
        await self.until("2026-06-10T16:30:00Z")
        late = await self._ticket(lite, "the Lite reseller: no inbound calls (Lite closes at 18:00)", "immediate")
        await self.until("2026-06-10T16:45:00Z")
        await self.do(
            "the Lite reseller upgrades to Professional",
            "POST",
            f"/resellers/{lite}/plan-changes",
            {"plan": "professional"},
        )
        await self.until("2026-06-10T18:00:00Z")
        await self.do(
            "the desk answers the Lite reseller, late", "POST", f"/tickets/{late}/messages", {"body": "Sorry."}
        )
        purchase = {"product": "icc_intelligent_hands", "reseller_id": lite}
        await self.do("the Lite reseller buys ICC Intelligent Hands", "POST", "/add-on-purchases", purchase)
        await self._ticket(lite, "the Lite reseller: add 20 numbers", "low", "task")
        await self.until("2026-06-10T20:00:00Z")

    async def _reseller(self, name: str, plan: str) -> str:
        body = {"name": name, "plan": plan, "test_clock_id": self.clock}
        made = str((await self.do(f"{name} joins on {plan}", "POST", "/resellers", body))["id"])
        person = {"name": "Noc Engineer", "email": f"noc@{plan}.example", "reseller_id": made}
        self._contacts[made] = (await self.call("POST", "/contacts", person))["id"]
        return made

    async def _ticket(self, reseller: str, subject: str, priority: str, kind: str = "incident") -> str:
        about = {"subject": subject, "description": subject, "priority": priority, "type": kind}
        body = about | {"reseller_id": reseller, "contact_id": self._contacts[reseller]}
        ticket = await self.do(f"{priority} {kind}: {subject}", "POST", "/tickets", body)
        due = ticket["sla"]["next_due_at"]
        self.notes.append((self.now, "promised", f"an answer by {_local(due)} London time"))
        return str(ticket["id"])

    async def delivered(self) -> list[tuple[str, str, str]]:
        """Wait for every event to be delivered, and say how each was."""
        before, quiet = -1, 0
        while quiet < _QUIET:  # every event has come when nothing more has come for a while
            quiet = quiet + 1 if len(self._receiver.heard) == before else 0
            before = len(self._receiver.heard)
            await asyncio.sleep(0.2)
        return [
            (body["timestamp"], "verified" if good else "REFUSED", _said(body))
            for good, body in self._receiver.heard.values()
        ]

    async def mailed(self) -> list[tuple[str, str, str]]:
        """Return the mails that were written, each at the instant of the event that it tells of."""
        happened = {event["id"]: event["timestamp"] for event in await self._all("/events")}
        return [
            (
                happened[mail["event_id"]],
                "mail",
                f"{mail['kind']} from {mail['sender']} to {mail['recipient']}: {mail['subject']}",
            )
            for one in await self._all("/outgoing-mail")
            if (mail := await self.call("GET", f"/outgoing-mail/{one['id']}"))["event_id"] in happened
        ]

    async def _all(self, path: str) -> list[Json]:
        found: list[Json] = []
        more = "?limit=100"
        while True:
            page = await self.call("GET", path + more)
            found += page["data"]
            if page["next_cursor"] is None:
                return found
            more = f"?limit=100&cursor={page['next_cursor']}"


def _said(body: Json) -> str:
    data = body["data"]
    escalation = data.get("escalation")
    whom = f" to {(escalation['called'] or {'name': 'the desk'})['name']}" if escalation else ""
    state = f" as {data['clock']['state']}" if body["type"] == "sla.met" else ""
    ticket = f" ({data['ticket']['number']})" if "ticket" in data else ""
    return f"{body['type']}{whom}{state}{ticket}"


def _local(at: str) -> str:
    return datetime.fromisoformat(at).astimezone(_LONDON).strftime("%d %b %H:%M")


async def _played(port: int, key: str, log: Path | None, on: date) -> list[tuple[str, str, str]]:
    receiver = Receiver()
    server = await receiver.start()
    headers = {"Authorization": f"Bearer {key}"}
    base = f"http://127.0.0.1:{port}"  # which no proxy of the environment stands before
    async with server, httpx.AsyncClient(base_url=base, headers=headers, timeout=60, trust_env=False) as client:
        await _ready(client)
        day = Day(client, receiver)
        await (day.play() if log is None else day.play_log(log, on))
        async with asyncio.timeout(60):
            delivered = await day.delivered()
        mailed = await day.mailed()
        server.close()
        return sorted(day.notes + delivered + mailed, key=lambda line: line[0])


async def _ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_READY_WITHIN):
        while True:
            try:
                if (await client.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


def play(log: Path | None, on: date) -> None:
    """Play the desk's own day, or a day of a log, and print it as a timeline.

    Raises:
        ValueError: nothing happened on that day of the log.
    """
    console = Console()
    if log is not None:
        steps_of(log, on)  # what cannot be played is said before anything is started
    key, port = secrets.token_urlsafe(32), free_port()
    with tempfile.TemporaryDirectory(prefix="trunkline-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        console.print("Starting a desk of the demo's own; webhooks may reach loopback, for this desk alone.")
        with _desk(folder, port, key):
            lines = asyncio.run(_played(port, key, log, on))
    table = Table(title="A day at the desk", show_lines=False)
    for column in ("London time", "", "what"):
        table.add_column(column)
    for at, kind, said in lines:
        table.add_row(_local(at), kind, said)
    console.print(table)
    verified, mails = (sum(kind == wanted for _, kind, _ in lines) for wanted in ("verified", "mail"))
    console.print(f"{verified} webhooks were delivered, each with a signature that was checked.")
    console.print(f"{mails} mails were written and, in a sandbox, captured: nothing was sent to anybody.")
