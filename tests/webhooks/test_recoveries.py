"""Recoveries: previewed, made once each, followed, stopped, and gone on with by another worker."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from app.infra.ids import decode
from app.infra.now import wall_now
from app.webhooks import recovery_queries
from app.webhooks.recovering import Recoverer
from app.webhooks.recovery_queries import Span
from app.webhooks.serving import Server
from tests.desk import Caller, Desk, Json
from tests.receiver import Answer, Receiver

CREATED = ["ticket.created"]
NOWHERE = "http://127.0.0.1:9/"


async def _exhausted(desk: Desk) -> None:
    """Let every delivery have failed for good."""
    failed = "update webhook_deliveries set state = 'failed', attempts = 11 where trigger = 'event'"
    async with desk.database.transaction() as session:
        await session.execute(text(failed))


async def _lost(desk: Desk, reseller: Caller, url: str, count: int) -> Json:
    endpoint = await desk.endpoint(reseller, url, event_types=CREATED)
    for _ in range(count):
        await reseller.open_ticket()
    await desk.publish()
    await _exhausted(desk)
    return endpoint


async def _deliveries(reseller: Caller) -> list[Json]:
    rows: list[Json] = (await reseller.get("/webhook-deliveries"))["data"]
    return [one for one in rows if one["trigger"] != "ping"]


def _since(minutes: int = -5) -> Json:
    return {"since": (wall_now() + timedelta(minutes=minutes)).isoformat()}


async def test_what_failed_is_made_once_more_and_only_once(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(500))
        reseller = await desk.reseller()
        endpoint = await _lost(desk, reseller, receiver.url, 3)
        path = f"/webhook-endpoints/{endpoint['id']}/recover"

        preview = await reseller.post(f"{path}/preview", _since())
        begun = await reseller.post(path, _since())
        await desk.recover()
        await desk.serve(server)
        await desk.let_pass()
        await desk.serve(server)

        assert preview == {"failed": 3, "missing": 0, "exact": True}
        assert (begun["state"], begun["total"], begun["done"]) == ("running", 3, 0)
        done = await reseller.get(f"/webhook-recoveries/{begun['id']}")
        assert (done["state"], done["done"]) == ("finished", 3)
        assert len(receiver.requests) == 3
        rows = (await reseller.get("/webhook-deliveries", state="failed"))["data"]
        assert [(row["trigger"], row["attempts_made"]) for row in rows] == [("recovery", 12)] * 3


async def test_an_empty_span_recovers_nothing(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await _lost(desk, reseller, receiver.url, 1)
        span = {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}

        begun = await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", span)
        await desk.recover()
        await desk.serve(server)

        assert (begun["state"], begun["total"]) == ("finished", 0)
        assert receiver.requests == []
        future = await reseller.refused(
            "POST", f"/webhook-endpoints/{endpoint['id']}/recover", "validation_failed", _since(5)
        )
        assert future["errors"][0]["pointer"] == "/since"
        assert "by the wall clock" in future["detail"]
        assert "until" not in future["detail"], "none was said"
        turned = {"since": span["until"], "until": span["since"]}
        refusal = await reseller.refused(
            "POST", f"/webhook-endpoints/{endpoint['id']}/recover", "validation_failed", turned
        )
        assert "before `until`, which is 2020-01-01T00:00:00Z" in refusal["detail"]


async def test_what_was_never_sent_is_sent_where_that_is_asked(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller, other = await desk.reseller(), await desk.reseller()
        mine, _ = await reseller.open_ticket(), await other.open_ticket()
        await desk.publish()
        endpoint = await desk.endpoint(reseller, receiver.url, event_types=CREATED)
        path = f"/webhook-endpoints/{endpoint['id']}/recover"

        without, with_missing = [
            await reseller.post(f"{path}/preview", _since() | {"missing": missing}) for missing in (False, True)
        ]
        await reseller.post(path, _since() | {"missing": True})
        await desk.recover()
        await desk.serve(server)

        nothing = {"failed": 0, "missing": 0, "exact": True}
        assert (without, with_missing) == (nothing, nothing | {"missing": 1})
        assert len(receiver.requests) == 1
        assert mine["id"].encode() in receiver.requests[0].body


async def test_a_recovery_goes_on_batch_by_batch_and_can_be_stopped(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _lost(desk, reseller, NOWHERE, 1)
    many = """
    with e as (insert into events (reseller_id, id, type, occurred_at, operator_only, body, position)
               select reseller_id, overlay(id::text placing lpad(to_hex(n), 4, '0') from 33 for 4)::uuid, type,
                      occurred_at, false, body, 1000 + n
                 from events, generate_series(1, 1100) n where type = 'ticket.created'
               returning reseller_id, id, position)
    insert into webhook_deliveries (reseller_id, id, endpoint_id, event_id, event_type, state, attempts,
                                    counted_from, starts, trigger, position, created_at)
    select e.reseller_id, overlay(e.id::text placing 'abcd' from 20 for 4)::uuid, w.id, e.id, 'ticket.created',
           'failed', 11, 0, 0, 'event', e.position, now()
      from e, webhook_endpoints w
    """
    async with desk.database.transaction() as session:
        await session.execute(text(many))
    span = {"since": "1970-01-02T00:00:00Z"}
    path = f"/webhook-endpoints/{endpoint['id']}/recover"
    begun = await reseller.post(path, span)
    refusal = await reseller.refused("POST", path, "conflict", span)
    recoverer = Recoverer(desk.database)
    [first] = await desk.picked("webhooks.recover")

    await recoverer.go_on(first)
    await recoverer.go_on(first)  # the job library may run a job twice
    between = await reseller.get(f"/webhook-recoveries/{begun['id']}")
    await reseller.post(f"/webhook-recoveries/{begun['id']}/cancel")
    await desk.recover()
    stopped = await reseller.get(f"/webhook-recoveries/{begun['id']}")
    again = await reseller.refused("POST", f"/webhook-recoveries/{begun['id']}/cancel", "invalid_transition")

    assert refusal["recovery_id"] == begun["id"]
    assert (between["state"], between["done"]) == ("running", 500)
    assert (stopped["state"], stopped["done"]) == ("cancelled", 500)
    assert again["current"] == "cancelled"
    rest = await reseller.post(path, span)
    await desk.recover()
    assert (await reseller.get(f"/webhook-recoveries/{rest['id']}"))["done"] == begun["total"] - 500


async def test_a_receiver_that_is_gone_is_not_asked_again_and_again(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(410))
        reseller = await desk.reseller()
        endpoint = await _lost(desk, reseller, receiver.url, 2)

        await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", _since())
        await desk.recover()
        async with asyncio.timeout(20):
            await desk.serve(server)

        assert len(receiver.requests) == 2
        assert (await reseller.get(f"/webhook-endpoints/{endpoint['id']}"))["state"] == "active"


async def test_a_recovery_lets_an_overloaded_endpoint_rest(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        receiver.answer(Answer(429, {"Retry-After": "60"}))
        reseller = await desk.reseller()
        endpoint = await _lost(desk, reseller, receiver.url, 20)

        await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", _since())
        await desk.recover()
        await desk.serve(server)

        health = await reseller.get(f"/webhook-endpoints/{endpoint['id']}/health")
        assert len(receiver.requests) <= 5 + 8  # those that were under way when the fifth failed
        assert health["paused_until"] is not None
        assert await desk.events(reseller, "webhook_endpoint.failing", "webhook_endpoint.disabled") == []


async def test_an_endpoint_is_removed_while_a_recovery_goes_on(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await _lost(desk, reseller, NOWHERE, 1)
    await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", _since())

    async with desk.database.transaction() as session:
        await session.execute(text("select from webhook_endpoints w, webhook_lanes l for update"))
        going_on = asyncio.create_task(desk.recover())
        while not await session.scalar(text("select count(*) from pg_locks where not granted")):
            await asyncio.sleep(0.01)
        await session.execute(text("delete from webhook_endpoints"))

    assert await going_on == 1
    assert [one["state"] for one in await _deliveries(reseller)] == ["failed"]


_ONE_AFTER_MANY = """
insert into events (reseller_id, id, type, occurred_at, operator_only, body, position)
select reseller_id, (left(id::text, 19) || 'ffff-' || lpad(to_hex(n), 12, '0'))::uuid,
       case n when 12000 then type else 'ticket.updated' end, occurred_at, false, body, 1000 + n
  from events, generate_series(1, 12000) n where type = 'ticket.created'
"""


async def test_a_batch_looks_at_so_many_events_and_goes_on_behind_them(desk: Desk) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()
    endpoint = await _lost(desk, reseller, NOWHERE, 1)
    await desk.endpoint(other, f"{NOWHERE}other", event_types=CREATED)
    async with desk.database.transaction() as session:
        await session.execute(text(_ONE_AFTER_MANY))
    begun = await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", _since() | {"missing": True})
    path, recoverer, seen = f"/webhook-recoveries/{begun['id']}", Recoverer(desk.database), []

    while jobs := await desk.picked("webhooks.recover"):
        await recoverer.go_on(*jobs)
        now = await reseller.get(path)
        seen.append((now["state"], now["done"]))

    assert begun["total"] == 2
    assert seen == [("running", 1), ("finished", 2)]


async def test_a_count_looks_at_so_many_events_and_says_so(desk: Desk) -> None:
    reseller, other = await desk.reseller(), await desk.reseller()
    for n in range(6):  # another's events are in the operator's way only
        await (other if n < 3 else reseller).open_ticket()
    await desk.publish()
    mine = await desk.endpoint(reseller, NOWHERE, event_types=CREATED)
    alls = await desk.endpoint(desk.staff, f"{NOWHERE}all")
    spans = [
        Span(decode("whe", one["id"]), wall_now() - timedelta(minutes=5), wall_now(), missing=True)
        for one in (mine, alls)
    ]

    async with desk.database.transaction() as session:
        counts = [await recovery_queries.count(session, span, most) for span in spans for most in (3, 100)]
        batch = await recovery_queries.next_batch(session, spans[0], None, limit=10, most=2)
        rest = await recovery_queries.next_batch(session, spans[0], batch.reached, limit=10, most=2)

    assert [(one.missing, one.exact) for one in counts] == [(3, False), (3, True), (3, False), (6, True)]
    assert [len(batch.events), len(rest.events), rest.reached] == [2, 1, None]


async def test_a_recovery_whose_job_is_gone_goes_on(desk: Desk, server: Server) -> None:
    async with Receiver() as receiver:
        reseller = await desk.reseller()
        endpoint = await _lost(desk, reseller, receiver.url, 2)
        await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", _since())
        await desk.picked("webhooks.recover")  # and lost

        for _ in range(2):
            await desk.worker.find_lost()
        jobs = await desk.recover()
        await desk.serve(server)

        assert jobs == 1
        assert len(receiver.requests) == 2


async def test_what_the_log_has_forgotten_is_not_taken_for_missing(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
    span = {"since": (wall_now() - timedelta(days=31)).isoformat()}

    refusal = await reseller.refused(
        "POST", f"/webhook-endpoints/{endpoint['id']}/recover", "validation_failed", span | {"missing": True}
    )

    assert "log of deliveries" in refusal["detail"]
    assert (await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", span))["state"] == "finished"


async def test_instants_before_there_were_ids_are_instants_like_others(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await desk.endpoint(reseller, "http://127.0.0.1:9/", event_types=CREATED)
    long_ago = "0041-10-15T09:07:43Z"

    begun = await reseller.post(f"/webhook-endpoints/{endpoint['id']}/recover", {"since": long_ago})
    after, before = [
        (await reseller.get("/webhook-deliveries", **{name: long_ago}))["data"]
        for name in ("created_after", "created_before")
    ]

    assert begun["state"] == "finished"
    assert (len(after), before) == (1, [])  # its ping
