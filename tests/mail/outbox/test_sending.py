"""Mails over a real mail server: what arrives, what is tried again, what is given up, and nothing twice."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import inspect

from app.infra.ids import decode
from app.infra.now import wall_now
from app.mail.outbox import queries
from app.mail.outbox.carrier import Carrier
from app.mail.outbox.sending import Postman, find_lost
from tests.desk import Desk
from tests.mail.outbox.writing import ANN, ann_with_ticket, contact, header_fields, let_pass, mailbox, mails, send
from tests.mail_sink import DROP, HANG, MailSink


async def _do(desk: Desk, sink: MailSink, job: str) -> None:
    await Postman(desk.database, desk.settings, Carrier(sink.url)).send(job)


async def test_what_arrives_is_what_was_written(desk: Desk) -> None:
    subject = "Störung\r\nBcc: evil@evil.example\u2028 on trunk 7, " + "ö" * 90
    _, ticket = await ann_with_ticket(desk, subject=subject, name="Änne, \r\nBcc: x@y.z")
    body = "First line\n.\n..dots\n" + "long " * 400 + "\n<b>&amp;</b> ü 漢字"
    async with MailSink() as sink:
        assert await send(desk, sink) == 1
        await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": body})
        await desk.publish()
        assert await send(desk, sink) == 1

    first, second = sink.taken
    assert (first.recipients, second.recipients) == ([ANN], [ANN])
    assert (first.sender, second.sender[:9]) == ("", "support+u")
    for mail in (first.mail, second.mail):
        assert mail["Bcc"] is None
        assert mail["X-Mailer"] is None
        assert mail["Subject"].startswith(f"[{ticket['number']}] Störung Bcc: evil@evil.example on trunk 7")
        assert [one.addr_spec for one in mail["To"].addresses] == [ANN]
    assert body in second.body("plain")
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt; ü 漢字" in second.body("html")
    assert second.mail["References"].split()[-1] == first.mail["Message-ID"]
    assert second.mail["In-Reply-To"] == first.mail["Message-ID"]
    sent = await mails(desk)
    assert [(one["state"], one["attempts"], one["answer"]) for one in sent] == [("sent", 1, "taken")] * 2


@pytest.mark.parametrize("answer", ["451 4.3.0 busy", DROP, HANG])
@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
async def test_what_is_not_taken_for_now_is_tried_again_with_the_same_message_id(
    desk: Desk, where: str, answer: str
) -> None:
    await ann_with_ticket(desk)
    async with MailSink() as sink:
        getattr(sink, where)[ANN] = [answer]
        await send(desk, sink, step_seconds=0.3)
        (mail,) = await mails(desk)
        assert (mail["state"], mail["attempts"], sink.taken) == ("queued", 1, [])
        assert mail["answer"]
        await send(desk, sink)
        assert sink.taken == [], "its time has not come"
        await let_pass(desk)
        assert await send(desk, sink) == 1

    (mail,) = await mails(desk)
    (taken,) = sink.taken
    assert (mail["state"], mail["attempts"], mail["next_attempt_at"]) == ("sent", 2, None)
    assert taken.mail["Message-ID"] == header_fields(mail)["Message-ID"]


@pytest.mark.parametrize("where", ["at_rcpt", "at_data"])
async def test_what_is_refused_for_good_is_failed_with_the_answer_and_staff_send_it_again(
    desk: Desk, where: str
) -> None:
    reseller, _ = await ann_with_ticket(desk)
    async with MailSink() as sink:
        getattr(sink, where)[ANN] = ["550 5.1.1 no such person"]
        await send(desk, sink)
        (mail,) = await mails(desk)
        assert (mail["state"], mail["answer"]) == ("failed", "550 5.1.1 no such person")
        assert await send(desk, sink) == 0
        await reseller.refused("POST", f"/outgoing-mail/{mail['id']}/retry", "missing_scope")
        again = await desk.staff.post(f"/outgoing-mail/{mail['id']}/retry")
        assert (again["state"], again["attempts"]) == ("queued", 0)
        await send(desk, sink)
        await desk.staff.refused("POST", f"/outgoing-mail/{mail['id']}/retry", "conflict")

    assert len(sink.taken) == 1


async def test_a_server_that_is_away_or_refuses_everybody_is_no_fault_of_the_mail(desk: Desk) -> None:
    await ann_with_ticket(desk)
    async with MailSink() as sink:
        pass
    await send(desk, sink, step_seconds=1)

    (mail,) = await mails(desk)

    assert (mail["state"], mail["attempts"]) == ("queued", 1)
    assert "Connect" in mail["answer"]


async def test_a_job_that_is_run_twice_sends_once(desk: Desk) -> None:
    await ann_with_ticket(desk)
    async with MailSink() as sink:
        jobs = await desk.picked("mail.send")
        for job in jobs * 2:
            await _do(desk, sink, job)

    assert len(sink.taken) == 1


async def test_without_a_mail_server_mail_is_captured(desk: Desk) -> None:
    await ann_with_ticket(desk)
    await send(desk)

    (mail,) = await mails(desk)

    assert (mail["state"], mail["attempts"], mail["sent_at"] is not None) == ("captured", 1, True)


async def test_what_has_lost_its_job_is_found(desk: Desk) -> None:
    await ann_with_ticket(desk)
    await desk.picked("mail.send")
    now = wall_now()
    async with desk.database.transaction() as session:
        assert await find_lost(session, now) == 0
        assert await find_lost(session, now + timedelta(minutes=5)) == 1
        assert await find_lost(session, now + timedelta(minutes=5)) == 0

    async with MailSink() as sink:
        assert await send(desk, sink) == 1
    assert len(sink.taken) == 1


async def test_a_mail_that_was_taken_by_a_worker_that_died_falls_due_again(desk: Desk) -> None:
    await ann_with_ticket(desk)
    postman = Postman(desk.database, desk.settings)
    (job,) = await desk.picked("mail.send")
    assert await postman._take(decode("oml", job)) is not None
    async with MailSink() as sink:
        await _do(desk, sink, job)
        assert sink.taken == [], "another has it"
        await let_pass(desk)
        assert await send(desk, sink) == 1

    (mail,) = await mails(desk)
    assert (mail["state"], mail["attempts"], len(sink.taken)) == ("sent", 2, 1)


async def test_the_list_reads_no_bodies(desk: Desk) -> None:
    await ann_with_ticket(desk)
    async with desk.database.transaction() as session:
        (mail,) = await queries.list_mails(session, None, 10, {})

        assert {"body_text", "body_html"} <= inspect(mail).unloaded


async def test_watchers_are_read_by_their_reseller(desk: Desk) -> None:
    reseller, ticket = await ann_with_ticket(desk)
    bob = await contact(reseller, "Bob Other")
    await reseller.post(f"/tickets/{ticket['id']}/watchers", {"contact_id": bob["id"]})
    ticket_id, reseller_id = decode("tkt", ticket["id"]), decode("rsl", reseller.id)
    async with desk.database.transaction() as session:
        assert len(await queries.watchers(session, {reseller_id}, {ticket_id})) == 1
        assert await queries.watchers(session, {uuid4()}, {ticket_id}) == []


async def test_html_is_shown_in_a_sandbox(desk: Desk) -> None:
    _, ticket = await ann_with_ticket(desk, subject="<script>alert(1)</script>")
    (mail,) = await mails(desk, ticket_id=ticket["id"], recipient=ANN)

    answer = await desk.staff.send("GET", f"/outgoing-mail/{mail['id']}/html")

    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "&lt;script&gt;" in answer.text
    assert "<script" not in answer.text


async def test_a_mail_that_was_put_off_goes_to_no_end_customer_once_branded_has_ended(desk: Desk) -> None:
    brand = {"name": "Acme", "signature": "A", "from_address": "help@acme.example"}
    reseller = await desk.reseller("professional", now=None, brand=brand)
    await reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands_telephone"})
    customer = await contact(reseller, kind="end_customer")
    await reseller.open_ticket(contact_id=customer["id"])
    await desk.publish()
    async with MailSink() as sink:
        sink.at_rcpt[customer["email"]] = ["451 later"]
        await send(desk, sink)
        (purchase,) = (await reseller.get("/add-on-purchases"))["data"]
        await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "now"})
        await let_pass(desk)
        await send(desk, sink)
        (mail,) = await mails(desk)
        assert (mail["state"], sink.taken) == ("suppressed", [])
        await desk.staff.post(f"/outgoing-mail/{mail['id']}/retry")
        await send(desk, sink)
        assert sink.taken == [], "nor does staff's asking again change that"


async def test_a_recipient_whom_the_mail_server_refuses_is_told_on_message_and_contact(desk: Desk) -> None:
    await mailbox(desk)
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller)
    ticket = await reseller.open_ticket(contact_id=ann["id"])
    for _ in range(3):
        await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "We are on it."})
        await desk.publish()
    async with MailSink() as sink:
        sink.at_rcpt[ann["email"]] = ["550 5.1.1 no such user"] * 9
        await send(desk, sink)

    told = (await desk.staff.get(f"/tickets/{ticket['id']}/messages"))["data"]
    assert next(one["undelivered_to"] for one in told) == [ann["email"]]
    assert (await reseller.get(f"/contacts/{ann['id']}"))["mail"]["suspended_at"] is not None
    states = sorted(one["state"] for one in await mails(desk))
    assert states == ["failed", "failed", "suppressed", "suppressed"], "after two nothing more is tried"
