"""Who is written to about what, as staff see it in the outbox."""

from sqlalchemy import text

from app.infra.ids import decode
from app.mail.addressing.marker import MARKER
from tests.desk import Desk, Json
from tests.files import attach
from tests.mail.outbox.writing import contact, header_fields, mailbox, mails


async def _a_life(desk: Desk) -> tuple[Json, list[Json]]:
    """A ticket that is opened, answered, solved, reopened, solved and closed, and the mails of it."""
    await mailbox(desk)
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller)
    ticket = await reseller.open_ticket(contact_id=ann["id"])
    path = f"/tickets/{ticket['id']}"
    await desk.publish()
    for body in ({"body": "secret", "visibility": "internal"}, {"body": "robot", "automatic": True}):
        await desk.staff.post(f"{path}/messages", body)
    await desk.staff.post(f"{path}/messages", {"body": "We look.\n\n  Indented"})
    await desk.publish()
    await reseller.post(f"{path}/messages", {"body": "thanks", "author": ann["id"]})
    for status in ("resolved", "open", "resolved", "closed"):
        await reseller.patch(path, {"status": status, "reason": "so"})
        await desk.publish()
    return ticket, await mails(desk)


async def test_a_ticket_is_acknowledged_answered_and_closed_in_one_thread(desk: Desk) -> None:
    ticket, written = await _a_life(desk)

    assert [one["kind"] for one in written] == ["acknowledgement", "reply", *["status"] * 4]
    assert {one["recipient"] for one in written} == {"ann@customer.example"}
    assert {one["subject"] for one in written} == {f"[{ticket['number']}] Trunk 7 is down"}
    fields = [header_fields(one) for one in written]
    own = [one["Message-ID"] for one in fields]
    assert len(set(own)) == 6
    references = [one["References"].split() for one in fields]
    assert [one[-1] for one in references[1:]] == own[:-1]
    assert {one[0] for one in references} == {references[0][0]}
    assert [one["In-Reply-To"] for one in fields] == [one[-1] for one in references]


async def test_machines_can_tell_what_a_machine_wrote_and_people_can_reply(desk: Desk) -> None:
    _, written = await _a_life(desk)

    fields = [header_fields(one) for one in written]
    assert [one.get("Auto-Submitted") for one in fields] == ["auto-replied", None, *["auto-generated"] * 4]
    assert [one.get("X-Auto-Response-Suppress") for one in fields] == ["All", None, *["All"] * 4]
    assert len({one["Reply-To"] for one in fields}) == 1
    assert fields[0]["Reply-To"].startswith("support+")
    assert [one["envelope_from"].partition("+u")[0] for one in written] == ["", *["support"] * 5]
    assert written[1]["text"].startswith(f"{MARKER}\n\nHello Ann Example,\n\n")
    assert "We look.\n\n  Indented" in written[1]["text"]
    assert "You hear from us by:" in written[0]["text"]


async def test_what_the_customers_side_writes_is_told_to_whoever_works_on_it(desk: Desk) -> None:
    person = await desk.staff.post("/staff", {"name": "Maria Lind", "email": "maria@op.example", "roles": ["agent"]})
    reseller = await desk.reseller("professional", now=None)
    ann, bob = await contact(reseller), await contact(reseller, "Bob Other")
    ticket = await reseller.open_ticket(contact_id=ann["id"])
    path = f"/tickets/{ticket['id']}"
    await desk.staff.patch(path, {"assignee": person["id"]})
    await reseller.post(f"{path}/messages", {"body": "from the portal"})
    await reseller.post(f"{path}/messages", {"body": "from Ann", "author": ann["id"]})
    await reseller.post(f"{path}/messages", {"body": "from Bob", "author": bob["id"]})
    await desk.staff.post(f"{path}/messages", {"body": "on it", "author": person["id"]})

    told = [(one["recipient"], one["text"]) for one in await mails(desk, kind="reply")]

    assert [to for to, _ in told] == ["maria@op.example"] * 2 + [
        "ann@customer.example",
        "maria@op.example",
        "ann@customer.example",
    ]
    assert "Maria Lind wrote:" in told[-1][1]
    assert "Bob Other wrote:" in told[2][1]


async def test_no_mail_goes_to_an_address_of_our_own(desk: Desk) -> None:
    await mailbox(desk, "desk@op.example")
    reseller = await desk.reseller("professional", now=None)
    for number, email in enumerate(("desk@op.example", "DESK+x@Op.example", "support@trunkline.localhost")):
        ours = await contact(reseller, f"Ours {number}", email=email)
        await reseller.open_ticket(contact_id=ours["id"])

    assert await mails(desk) == []


async def test_a_sandbox_shows_its_mail_and_sends_none(desk: Desk) -> None:
    reseller = await desk.reseller("professional")
    ann = await contact(reseller)
    await reseller.open_ticket(contact_id=ann["id"])

    (mail,) = await mails(desk)

    assert (mail["state"], mail["sent_at"]) == ("captured", None)
    assert await desk.picked("mail.send") == []


async def test_acknowledgements_stop_after_five_in_an_hour_whatever_asks_for_them(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller)
    for _ in range(3):
        for _ in range(3):
            await reseller.open_ticket(contact_id=ann["id"])
        await desk.publish()

    states = [one["state"] for one in await mails(desk)]

    assert states == ["queued"] * 5 + ["suppressed"] * 4
    assert len(await desk.picked("mail.send")) == 5


async def test_publishing_twice_writes_once_and_links_each_message_id(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller)
    ticket = await reseller.open_ticket(contact_id=ann["id"])
    (mail,) = await mails(desk)

    async with desk.database.transaction() as session:
        query = text("select message_key, kind from mail_links where ticket_id = :id order by kind")
        links = (await session.execute(query, {"id": decode("tkt", ticket["id"])})).all()

    fields = header_fields(mail)
    assert [(f"<{one.message_key}>", one.kind) for one in links] == [
        (fields["References"], "ancestor"),
        (fields["Message-ID"], "sent"),
    ]


async def test_a_batch_of_many_mails_is_written_whole(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller)
    ticket = await reseller.open_ticket(contact_id=ann["id"])
    for number in range(104):
        await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": f"message {number}"})
    await desk.publish()

    jobs = await desk.picked("mail.send")

    assert (len(jobs), len(set(jobs))) == (105, 105)
    async with desk.database.transaction() as session:
        texts = set(await session.scalars(text("select body_text from outgoing_mails")))
        assert len(texts) == 105
        assert await session.scalar(text("select count(*) from mail_links where kind = 'sent'")) == 105


async def test_a_reply_names_the_files_that_are_with_it(desk: Desk) -> None:
    await mailbox(desk)
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller)
    ticket = await reseller.open_ticket(contact_id=ann["id"])
    (file,) = await attach(desk.staff, ticket, ("trace.log", b"SIP/2.0 503"))
    body = {"body": "See the log.", "attachment_ids": [file["id"]]}
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", body)

    reply = (await mails(desk, kind="reply"))[-1]
    assert "Files on the ticket" in reply["text"]
    assert "trace.log" in reply["text"]
