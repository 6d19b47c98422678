"""Files on tickets: kept once, shown to whom they are for, never run."""

from typing import Any

import asyncpg
import pytest

from app.infra.db import driver_url
from app.infra.ids import decode, encode, new_id
from app.infra.now import wall_now
from app.tickets.act import take
from app.tickets.actors import TIME
from app.tickets.attachments import NewFile
from app.tickets.attachments import attach as keep_files
from app.tickets.models import Message
from tests.desk import Caller, Desk, Json
from tests.files import PNG, attach, content, form, send_files

MIB = 1024 * 1024


async def test_a_file_is_kept_named_typed_and_given_back_as_it_was(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()

    added = await attach(reseller, ticket, ("../trunk\u202e 7.png", PNG), ("a.html", b"<script>alert(1)</script>"))

    assert [(one["name"], one["media_type"], one["size"]) for one in added] == [
        ("trunk 7.png", "image/png", len(PNG)),
        ("a.html", "text/plain", 25),
    ]
    assert (added[0]["visibility"], added[0]["message_id"], added[0]["author"]["kind"]) == ("public", None, "key")
    answer = await content(reseller, added[0])
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"trunk 7.png\"; filename*=UTF-8''trunk%207.png"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    again = await content(reseller, added[0], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    shown = {name: added[0][name] for name in ("id", "name", "media_type", "size")}
    assert (await reseller.get(f"/tickets/{ticket['id']}"))["attachments"][0] == shown
    page = await reseller.get(f"/tickets/{ticket['id']}/attachments", limit=1)
    rest = await reseller.get(f"/tickets/{ticket['id']}/attachments", cursor=page["next_cursor"], limit=1)
    assert page["data"] + rest["data"] == added


async def test_a_message_carries_what_was_added_before_it_and_once(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket, other = await reseller.open_ticket(), await reseller.open_ticket()
    mine, more = await attach(reseller, ticket, ("a.txt", b"a"), ("b.txt", b"b"))
    theirs = (await attach(reseller, other, ("c.txt", b"c")))[0]
    path = f"/tickets/{ticket['id']}/messages"

    for ids, pointer in (([mine["id"]] * 2, "1"), ([mine["id"], theirs["id"]], "1")):
        refusal = await reseller.refused("POST", path, "validation_failed", {"body": "x", "attachment_ids": ids})
        assert refusal["errors"][0]["pointer"] == f"/attachment_ids/{pointer}"
    message = await reseller.post(path, {"body": "see the file", "attachment_ids": [mine["id"]]})
    again = {"body": "once more", "attachment_ids": [mine["id"]]}
    await reseller.refused("POST", path, "validation_failed", again)

    assert [one["id"] for one in message["attachments"]] == [mine["id"]]
    assert [one["attachments"] for one in (await reseller.get(path))["data"]] == [message["attachments"]]
    assert [one["id"] for one in (await reseller.get(f"/tickets/{ticket['id']}"))["attachments"]] == [more["id"]]
    listed = (await reseller.get(f"/tickets/{ticket['id']}/attachments"))["data"]
    assert [one["message_id"] for one in listed] == [message["id"], None]


async def test_what_is_internal_is_the_operators_alone(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}"
    before = (await reseller.send("GET", path)).headers["etag"]

    alone, carried = await attach(desk.staff, ticket, ("a.txt", b"a"), ("b.txt", b"b"), visibility="internal")
    public = (await attach(desk.staff, await reseller.open_ticket(), ("c.txt", b"a")))[0]
    note = {"body": "look", "visibility": "internal", "attachment_ids": [carried["id"]]}
    refusal = await desk.staff.refused("POST", f"{path}/messages", "validation_failed", note | {"visibility": "public"})
    assert "internal" in refusal["detail"]
    await desk.staff.post(f"{path}/messages", note)

    for one in (alone, carried):
        assert (await content(reseller, one)).json()["code"] == "not_found"
        assert (await content(desk.staff, one)).status_code == 200
    assert (await content(reseller, public)).content == b"a", "the same bytes, in public"
    assert (await reseller.get(f"{path}/attachments"))["data"] == []
    assert (await reseller.get(path))["attachments"] == []
    assert (await reseller.send("GET", path)).headers["etag"] == before
    assert (await reseller.get(f"{path}/history"))["data"] == []
    assert [one["id"] for one in (await desk.staff.get(path))["attachments"]] == [alone["id"]]
    assert len((await desk.staff.get(f"{path}/attachments"))["data"]) == 2
    answer = await send_files(reseller, ticket, ("a.txt", b"a"), visibility="internal")
    assert answer.json()["code"] == "missing_scope"
    assert await desk.events(reseller, "ticket.updated", "ticket.message_added") == [
        event for event in await desk.events(None, "ticket.updated") if event["data"]["ticket"]["id"] != ticket["id"]
    ]


async def test_a_public_file_is_told_in_history_and_event(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()

    file = (await attach(reseller, ticket, ("a.txt", b"a")))[0]
    await reseller.post(f"/tickets/{ticket['id']}/messages", {"body": "x", "attachment_ids": [file["id"]]})

    history = (await reseller.get(f"/tickets/{ticket['id']}/history"))["data"]
    assert [(one["field"], one["after"]) for one in history] == [("attachments", ["a.txt"])]
    told = [event["type"] for event in await desk.events(reseller)]
    assert told == ["ticket.created", "ticket.updated", "ticket.message_added"]


async def test_the_same_bytes_are_kept_once_for_each_reseller(desk: Desk) -> None:
    first, second = await desk.reseller(), await desk.reseller()
    tickets = [(caller, await caller.open_ticket()) for caller in (first, first, second)]
    for caller, ticket in tickets:
        await attach(caller, ticket, ("a.txt", b"the same"), ("b.txt", b"the same"))

    connection = await asyncpg.connect(driver_url(desk.database.url))
    kept = await connection.fetchval("select count(*) from attachment_contents")
    storage = await connection.fetchval("select attstorage::text from pg_attribute where attname = 'content'")
    await connection.close()

    assert (kept, storage) == (2, "e")


async def test_the_database_shows_a_tenant_no_content_that_is_only_internal(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    await attach(desk.staff, ticket, ("a.txt", b"secret"), visibility="internal")
    await attach(desk.staff, ticket, ("b.txt", b"open"))
    connection = await asyncpg.connect(driver_url(desk.database.url))
    try:
        owner = await connection.fetchval("select reseller_id from tickets")
        await connection.execute("set role trunkline_tenant")
        await connection.execute("select set_config('app.tenant', $1, false)", str(owner))
        assert [row[0] for row in await connection.fetch("select content from attachment_contents")] == [b"open"]
    finally:
        await connection.close()

    public = (await attach(reseller, ticket, ("mine.txt", b"secret")))[0]
    assert (await content(reseller, public)).content == b"secret"


async def test_limits_of_a_file_a_request_and_their_number(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    ten = bytes(10 * MIB)

    assert (await attach(reseller, ticket, ("ten", ten), ("ten again", ten)))[1]["size"] == 10 * MIB
    for files in ([("more", ten + b"x")], [("a", ten), ("b", ten), ("c", ten[: 5 * MIB + 1])], [("d", ten)] * 3):
        answer = await send_files(reseller, ticket, *files)
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert (await send_files(reseller, ticket, *[("a", b"")] * 21)).json()["code"] == "validation_failed"
    assert len(await attach(reseller, ticket, *[("a", b"")] * 20)) == 20
    body = {"body": "x" * (MIB + 1)}
    assert (await reseller.send("POST", f"/tickets/{ticket['id']}/messages", json=body)).status_code == 413


async def test_a_request_without_files_or_with_more_than_it_takes_is_refused(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    path = f"/tickets/{ticket['id']}/attachments"

    refused: list[Json] = [
        {"json": {}},
        {"data": {"visibility": "public"}},
        {"data": {"files": "a text, no file"}},
        form(("a", b"")) | {"data": {"visibility": "secret"}},
        form(("a", b"")) | {"data": {"more": "x"}},
        {"content": b"--x\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"--x\r\n", "headers": {"Content-Type": "multipart/form-data"}},
    ]
    for sent in refused:
        answer = await reseller.send("POST", path, **sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed"), sent
    assert (await reseller.get(path))["data"] == []


@pytest.mark.parametrize("status", ["cancelled", "closed"])
async def test_an_ended_ticket_takes_no_file(desk: Desk, status: str) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    for to in (["resolved"] if status == "closed" else []) + [status]:
        await reseller.patch(f"/tickets/{ticket['id']}", {"status": to, "reason": "x"})

    assert (await send_files(reseller, ticket, ("a", b""))).json()["code"] == "invalid_transition"


async def test_a_form_that_is_sent_again_under_its_key_is_answered_as_the_first(desk: Desk) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    sent = form(("a.txt", b"a")) | {"headers": {"Idempotency-Key": "1"}}
    path = f"/tickets/{ticket['id']}/attachments"

    first, again = [await reseller.send("POST", path, **sent) for _ in range(2)]  # each with a boundary of its own
    other = await reseller.send("POST", path, **(sent | form(("a.txt", b"b"))))

    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["code"] == "idempotency_key_reused"
    assert len((await reseller.get(path))["data"]) == 1


async def _of_an_end_customer(desk: Desk) -> tuple[Caller, Json]:
    reseller = await desk.reseller()
    await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands"})
    customer = await reseller.post("/contacts", {"kind": "end_customer", "name": "Ann Example"})
    return reseller, await reseller.open_ticket(contact_id=customer["id"])


async def test_an_end_customer_sees_the_files_of_public_messages(desk: Desk) -> None:
    reseller, ticket = await _of_an_end_customer(desk)
    path = f"/tickets/{ticket['id']}"
    alone, carried = await attach(desk.staff, ticket, ("a.txt", b"a"), ("b.txt", b"b"))
    hidden, _ = await attach(desk.staff, ticket, ("c.txt", b"c"), ("d.txt", b"d"), visibility="internal")
    await desk.staff.post(f"{path}/messages", {"body": "see", "attachment_ids": [carried["id"]]})
    note = {"body": "not to see", "visibility": "internal", "attachment_ids": [hidden["id"]]}
    await desk.staff.post(f"{path}/messages", note)

    for caller in (reseller, desk.staff):
        view = await caller.get(f"{path}/customer-view")
        assert [one["id"] for one in view["attachments"]] == [alone["id"]]
        assert [one["attachments"] for one in view["messages"]["data"]] == [
            [{name: carried[name] for name in ("id", "name", "media_type", "size")}]
        ]


@pytest.mark.parametrize("visibility", ["public", "internal"])
async def test_files_that_an_intake_brings_are_as_visible_as_their_message(desk: Desk, visibility: Any) -> None:
    reseller = await desk.reseller()
    ticket = await reseller.open_ticket()
    file = NewFile("../a.png", "image/png", PNG, inline=True, content_id="image001")

    async with desk.database.transaction() as session:
        act = await take(session, decode("tkt", ticket["id"]), TIME, wall_now())
        # Neither is written yet when its files come.
        message = Message(
            reseller_id=act.ticket.reseller_id,
            id=new_id(),
            ticket_id=act.ticket.id,
            body="See the picture.",
            visibility=visibility,
            side="customer",
            author=dict(TIME.recorded()),
            created_at=act.now,
        )
        session.add(message)
        kept = await keep_files(session, act.ticket, message.id, [file], TIME, act.now)
        alone = await keep_files(session, act.ticket, None, [file], TIME, act.now)
        await act.finish()

    assert [(one.name, one.visibility, one.inline, one.content_id) for one in (*kept, *alone)] == [
        ("a.png", visibility, True, "image001"),
        ("a.png", "public", True, "image001"),
    ]
    listed = (await reseller.get(f"/tickets/{ticket['id']}/messages"))["data"]
    assert [one["attachments"][0]["id"] for one in listed] == (
        [encode("att", kept[0].id)] if visibility == "public" else []
    )
