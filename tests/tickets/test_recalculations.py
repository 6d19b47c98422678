"""Recalculations: in the background, in batches, resumable, and no older than what people did meanwhile."""

import asyncio

import pytest
from sqlalchemy import text

from app.infra.agenda import WALL
from app.infra.ids import decode
from app.infra.now import wall_now
from app.tickets.recalculation import Recalculations
from tests.catalogue.published import policy
from tests.desk import Caller, Desk, Json

NOW = "2026-06-10T11:00:00Z"


async def _walk(desk: Desk, **of: object) -> Json:
    walks = (await desk.staff.get("/recalculations"))["data"]
    return next(walk for walk in walks if of.items() <= walk.items())


async def _one_batch(desk: Desk, limit: int = 50) -> int:
    async with desk.database.transaction() as session:
        return await Recalculations().run_due(session, WALL, wall_now(), limit)


async def _many(caller: Caller, count: int, **members: object) -> list[Json]:
    return [await caller.open_ticket(**members) for _ in range(count)]


async def test_a_walk_tells_how_far_it_is(desk: Desk) -> None:
    live = [await desk.reseller("professional", None) for _ in range(3)]
    for reseller in live:
        await _many(reseller, 2, priority="low")

    published = await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H")})
    waiting = await _walk(desk, cause_id=published["id"])
    await desk.tick()

    done = await _walk(desk, cause_id=published["id"])
    assert (waiting["total"], waiting["reseller_id"], waiting["cause"]) == (None, None, "sla_policy.published")
    assert [done[name] for name in ("total", "done", "changed", "breached")] == [6, 6, 6, 0]
    assert done["finished_at"] is not None
    assert (await desk.staff.get(f"/recalculations/{done['id']}")) == done
    assert len((await desk.staff.get("/recalculations", state="finished"))["data"]) == 1


async def test_whoever_publishes_or_changes_a_plan_is_told_which_walk_follows(desk: Desk) -> None:
    live, sandbox = await desk.reseller("professional", None), await desk.reseller("professional", NOW)
    later = {"policy": policy(low="PT71H"), "effective_at": "2126-01-01T00:00:00Z"}
    published = [
        await desk.staff.post("/sla-policies", body)
        for body in ({"policy": policy(low="PT72H")}, later, {"policy": policy(), "test_clock_id": sandbox.clock})
    ]
    changed = await desk.staff.post(f"/resellers/{live.id}/plan-changes", {"plan": "enterprise"})
    await desk.reseller("professional", test_clock_id=sandbox.clock)
    several = await desk.staff.post("/sla-policies", {"policy": policy(), "test_clock_id": sandbox.clock})

    walks = [await desk.staff.get(f"/recalculations/{one['recalculation_id']}") for one in (*published, changed)]
    assert [walk["cause_id"] for walk in walks] == [*(one["id"] for one in published), None]
    assert [walk["reseller_id"] for walk in walks] == [None, None, sandbox.id, live.id]
    assert (walks[1]["at"], walks[3]["cause"]) == ("2126-01-01T00:00:00Z", "plan.changed")
    assert several["recalculation_id"] is None
    assert await desk.staff.get(f"/sla-policies/{published[0]['id']}") == published[0]


async def test_a_digest_is_one_event_for_each_reseller(desk: Desk) -> None:
    resellers = [await desk.reseller("professional", None) for _ in range(2)]
    tickets = [await _many(reseller, count, priority="low") for reseller, count in zip(resellers, (25, 1), strict=True)]

    await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H"), "notify": "digest"})
    await desk.tick()

    assert await desk.events(None, "sla.deadline_changed") == []
    for reseller, opened in zip(resellers, tickets, strict=True):
        (event,) = await desk.events(reseller, "sla.deadlines_changed")
        digest = event["data"]["digest"]
        assert (digest["changed"], len(digest["examples"])) == (len(opened), min(len(opened), 20))
        assert digest["examples"][0]["after"] == await reseller.due(opened[0])


async def test_a_digest_can_be_asked_of_a_change_of_plan_and_of_the_end_of_a_window(desk: Desk) -> None:
    reseller = await desk.reseller("lite", "2026-06-10T16:30:00Z")
    await _many(reseller, 3, priority="priority")
    named = {"reason": "The site moves.", "reseller_ids": [reseller.id], "notify": "digest"}
    window = await desk.staff.post("/maintenance-windows", named | {"ends_at": "2026-06-10T16:45:00Z"})
    await desk.tick()

    await desk.staff.post(f"/maintenance-windows/{window['id']}/end", {"notify": "digest"})
    await desk.tick()
    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "enterprise", "notify": "digest"})
    await desk.tick()

    assert await desk.events(reseller, "sla.deadline_changed") == []
    digests = [event["data"]["digest"] for event in await desk.events(reseller, "sla.deadlines_changed")]
    assert [(one["recalculation"]["cause"], one["changed"]) for one in digests] == [
        ("maintenance_window.declared", 3),
        ("maintenance_window.ended", 3),
        ("plan.changed", 3),
    ]


async def test_a_walk_does_what_touching_each_ticket_would(desk: Desk) -> None:
    walked, touched = [await desk.reseller("professional", NOW) for _ in range(2)]
    stories = {caller.id: await _stories(desk, caller) for caller in (walked, touched)}
    change = {"plan": "lite", "effective_at": "2026-06-10T17:30:00Z"}
    for caller in (walked, touched):
        await desk.staff.post(f"/resellers/{caller.id}/plan-changes", change)
    await _forget_walks(desk, touched)

    for caller in (walked, touched):
        await desk.advance(caller, "2026-06-10T18:00:00Z")
    for ticket in stories[touched.id]:
        await desk.staff.patch(f"/tickets/{ticket['id']}", {"tags": ["touched"]})

    standing = [[await _standing(caller, ticket) for ticket in stories[caller.id]] for caller in (walked, touched)]
    assert standing[0] == standing[1]
    assert any(clock["due_at"] == "2026-06-11T08:30:00Z" for clocks in standing[0] for clock in clocks)


async def _forget_walks(desk: Desk, caller: Caller) -> None:
    forgotten = "update recalculations set finished_at = at where reseller_id = cast(:id as uuid)"
    async with desk.database.transaction() as session:
        await session.execute(text(forgotten), {"id": await _uuid(desk, caller)})


async def _uuid(desk: Desk, caller: Caller) -> str:
    async with desk.database.transaction() as session:
        name = (await caller.get("/me"))["reseller"]
        return str(await session.scalar(text("select id from resellers where name = :name"), {"name": name}))


async def _stories(desk: Desk, caller: Caller) -> list[Json]:
    tickets = [await caller.open_ticket(priority=one) for one in ("immediate", "priority", "low", "low", "low")]
    await desk.staff.post(f"/tickets/{tickets[2]['id']}/messages", {"body": "we look into it"})
    await desk.staff.patch(f"/tickets/{tickets[3]['id']}", {"status": "pending"})
    await desk.staff.patch(f"/tickets/{tickets[4]['id']}", {"priority": "immediate"})
    await desk.advance(caller, "2026-06-10T16:00:00Z")
    return [*tickets, await caller.open_ticket(priority="priority")]


async def _standing(caller: Caller, ticket: Json) -> list[Json]:
    clocks = (await caller.get(f"/tickets/{ticket['id']}/sla", all="true"))["clocks"]
    return [{name: value for name, value in clock.items() if name != "id"} for clock in clocks]


async def test_a_walk_leaves_what_is_held_and_comes_back_for_it(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    held, free = await _many(reseller, 2, priority="low")
    due = await reseller.due(free)
    await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H")})

    async with desk.database.transaction() as session:
        locked = "select from tickets where 'TL-' || number = :number for update"
        await session.execute(text(locked), {"number": held["number"]})
        await _one_batch(desk)
        meanwhile = await _walk(desk)
        waits = await _one_batch(desk)
    await desk.tick()

    assert (meanwhile["done"], meanwhile["finished_at"], waits) == (1, None, 0)
    done = await _walk(desk)
    assert (done["done"], done["changed"]) == (2, 2)
    assert await reseller.due(free) != due


async def test_a_walk_that_is_cut_short_is_finished_by_another(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    tickets = await _many(reseller, 5, priority="low")
    await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H")})

    with pytest.raises(ConnectionError):
        await _batch_and_die(desk)
    lost = await _walk(desk)
    await desk.tick()

    assert (lost["done"], lost["started_at"]) == (0, None)
    assert (await _walk(desk))["changed"] == 5
    assert len(await desk.events(reseller, "sla.deadline_changed")) == 5
    assert len({await reseller.due(ticket) for ticket in tickets}) == 5


async def _batch_and_die(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        await Recalculations().run_due(session, WALL, wall_now(), 50)
        raise ConnectionError


async def test_what_people_do_meanwhile_is_not_undone(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    ticket = (await _many(reseller, 1, priority="low"))[0]
    await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H", immediate="PT30M")})
    await desk.staff.patch(f"/tickets/{ticket['id']}", {"priority": "immediate"})
    raised = await reseller.clocks(ticket)

    await desk.tick()

    walked = await reseller.clocks(ticket)
    assert walked["first_response"]["due_at"] == raised["first_response"]["due_at"]
    assert walked["first_response"]["target"] == "PT30M"
    assert [event["data"]["change"]["why"] for event in await desk.events(reseller, "sla.deadline_changed")] == [
        "policy_changed",  # the change of terms came first, at its own instant, by whoever touched the ticket first
        "priority_changed",
    ]


async def test_what_is_overdue_goes_the_one_way_and_is_counted(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    await _many(reseller, 3)
    async with desk.database.transaction() as session:
        for table, columns in {
            "tickets": ("created_at", "settled_at"),
            "sla_clocks": ("started_at", "anchor_at", "due_at", "wake_at"),
            "plan_periods": ("starts_at",),
        }.items():
            moved = ", ".join(f"{column} = {column} - interval '2 hours'" for column in columns)
            await session.execute(text(f"update {table} set {moved}"))
    await desk.staff.post("/sla-policies", {"policy": policy(immediate="PT72H")})

    while await _one_batch(desk):
        continue

    done = await _walk(desk)
    assert [done[name] for name in ("total", "done", "breached")] == [3, 3, 3]
    assert len(await desk.events(reseller, "sla.breached")) == 3


async def test_what_a_version_promises_anew_begins_for_every_ticket(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    tickets = await _many(reseller, 3)
    wanted = policy()
    for level in "1234":
        wanted["targets"][level]["immediate"]["resolution"] = {"span": "PT4H", "counting": "elapsed"}

    await desk.staff.post("/sla-policies", {"policy": wanted})
    await desk.tick()

    assert [(await reseller.clocks(ticket))["resolution"]["state"] for ticket in tickets] == ["running"] * 3


async def test_a_walk_that_moves_no_deadline_lets_clocks_be_reported_under_the_new_plan(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    await reseller.open_ticket(priority="low")

    await desk.staff.post(f"/resellers/{reseller.id}/plan-changes", {"plan": "enterprise"})
    await desk.tick()

    async with desk.database.transaction() as session:
        plans = (await session.scalars(text("select distinct plan from sla_clocks"))).all()
    assert plans == ["enterprise"]


async def test_a_walk_on_a_test_clock_that_is_held_keeps_no_other_waiting(desk: Desk) -> None:
    sandbox, live = await desk.reseller("professional", NOW), await desk.reseller("professional", None)
    for caller in (sandbox, live):
        await caller.open_ticket(priority="low")
        await desk.staff.post(f"/resellers/{caller.id}/plan-changes", {"plan": "enterprise"})

    async with desk.database.transaction() as session:
        await session.execute(text("select from test_clocks for update"))
        while await asyncio.wait_for(_one_batch(desk), 5):
            continue
        done = {walk["reseller_id"]: walk["done"] for walk in (await desk.staff.get("/recalculations"))["data"]}
    await desk.tick()

    assert done == {sandbox.id: 0, live.id: 1}
    assert (await _walk(desk, reseller_id=sandbox.id))["done"] == 1


async def test_a_ticket_that_fails_is_counted_apart(desk: Desk) -> None:
    reseller = await desk.reseller("professional", None)
    failing, _ = await _many(reseller, 2, priority="low")
    await desk.staff.post("/sla-policies", {"policy": policy(low="PT72H")})
    async with desk.database.transaction() as session:  # its year is beyond what can be counted
        far = "update sla_clocks set anchor_at = '9999-12-01Z', due_at = '9999-12-03Z' where ticket_id = :id"
        await session.execute(text(far), {"id": decode("tkt", failing["id"])})

    await desk.tick()

    done = await _walk(desk)
    assert [done[name] for name in ("total", "done", "failed", "changed")] == [2, 1, 1, 1]
    assert (done["finished_at"] is not None, done["eta_seconds"]) == (True, None)


async def test_a_step_that_a_version_puts_into_the_past_is_raised_by_the_walk(desk: Desk) -> None:
    lite = await desk.reseller("lite")
    ticket = await lite.open_ticket()
    await desk.advance(lite, "2026-06-10T11:36:00Z")

    earlier = policy()
    earlier["steps"][0]["at_share"] = 5_000
    await desk.staff.post("/sla-policies", {"policy": earlier, "test_clock_id": lite.clock})
    await desk.tick()

    (warning,) = (await lite.get("/escalations"))["data"]
    raised = (warning["ticket_id"], warning["step"], warning["raised_at"])
    assert raised == (ticket["id"], "warning", "2026-06-10T11:36:00Z")
