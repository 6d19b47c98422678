"""Many reports at once of few faults: a ticket for each fault, and every report counted."""

import asyncio
import random

from tests.alarms.reporting import machine, report
from tests.desk import Desk, Json

REPORTS, KEYS, CLIENTS = 400, 8, 12


async def test_a_storm_leaves_a_ticket_for_each_key_and_exact_counts(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    sender = await machine(desk, reseller)
    drawn = random.Random(7)  # severities rise in the midst of it
    left = iter([(n % KEYS, drawn.choice(["warning", "error", "critical"])) for n in range(REPORTS)])
    said: list[Json] = []

    async def client() -> None:
        for key, severity in left:
            said.append(await sender.post("/alarms", report(dedup_key=f"trunk-{key}", severity=severity)))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))

    alarms = (await reseller.get("/alarms", limit=100))["data"]
    tickets = (await reseller.get("/tickets", limit=100))["data"]
    assert sorted(alarm["dedup_key"] for alarm in alarms) == [f"trunk-{key}" for key in range(KEYS)]
    assert {alarm["count"] for alarm in alarms} == {REPORTS // KEYS}
    assert {alarm["severity"] for alarm in alarms} == {"critical"}
    assert sorted(each["count"] for each in said) == sorted(
        n for n in range(1, REPORTS // KEYS + 1) for _ in range(KEYS)
    )
    assert [each["status"] for each in said].count("opened") == KEYS == len(tickets)
    assert {ticket["priority"] for ticket in tickets} == {"immediate"}
    updates = await desk.events(reseller, "ticket.updated")
    assert len(updates) <= 2 * KEYS


async def test_triggers_and_resolves_at_once_leave_one_live_alarm_at_most(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    sender = await machine(desk, reseller)
    actions = ["trigger", "resolve", "trigger", "acknowledge", "trigger"] * 30
    left = iter(actions)
    said: list[Json] = []

    async def client() -> None:
        said.extend([await sender.post("/alarms", report(action=action, severity="error")) for action in left])

    async def person() -> None:
        for _ in range(15):
            for ticket in (await reseller.get("/tickets", status="new,open"))["data"]:
                await reseller.send("PATCH", f"/tickets/{ticket['id']}", json={"status": "resolved"})
            await asyncio.sleep(0.01)

    await asyncio.gather(*(client() for _ in range(6)), person())

    alarms: list[Json] = (await reseller.get("/alarms", limit=100))["data"]
    tickets = {ticket["id"]: ticket for ticket in (await reseller.get("/tickets", limit=100))["data"]}
    assert sum(alarm["count"] for alarm in alarms) == actions.count("trigger")
    assert [each["status"] for each in said].count("opened") == len(tickets) == len(alarms)
    for alarm in alarms:
        assert (alarm["state"] == "resolved") == (tickets[alarm["ticket_id"]]["status"] == "resolved")
    assert sum(alarm["state"] != "resolved" for alarm in alarms) <= 1


async def test_first_triggers_at_once_open_one_ticket(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    sender = await machine(desk, reseller)

    said = await asyncio.gather(*(sender.post("/alarms", report()) for _ in range(10)))

    assert sorted(each["count"] for each in said) == list(range(1, 11))
    assert len({each["ticket_id"] for each in said}) == 1
    assert len((await reseller.get("/tickets"))["data"]) == 1
