"""Groups 20 to 23: automatic mail moves nothing, bounces are counted, loops stop."""

from datetime import timedelta
from typing import Any

import pytest

from app.infra.ids import encode
from app.mail.addressing.tokens import bounce_address
from app.mail.parsing.parsed import Report
from tests.desk import Desk
from tests.mail.intake.mails import ANN, mail, report
from tests.mail.intake.post import AT, DESK, scene

AWAY = [{"auto-submitted": ("auto-replied",)}, {"x-auto-response-suppress": ("All",)}]


@pytest.mark.parametrize("marks", AWAY)
@pytest.mark.parametrize("status", ["pending", "resolved"])
async def test_group_20_a_vacation_reply_moves_no_status_and_no_clock(desk: Desk, marks: Any, status: str) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "Please try again."})
    before, clocks = await at.move(ticket, status), await at.reseller.clocks(ticket)
    row = await at.post.bring(mail(marks=marks, text="I am away."), to=await at.post.address(ticket, at.ann))

    after = await at.read(row.ticket_id)
    assert (row.state, row.automatic is not None, row.reopened) == ("done", True, False)
    assert after["status"] == before["status"] == status
    states = {metric: (each["state"], each["due_at"]) for metric, each in (await at.reseller.clocks(ticket)).items()}
    assert states == {metric: (each["state"], each["due_at"]) for metric, each in clocks.items()}
    assert (await at.messages(ticket))[-1]["automatic"] is True


async def test_group_21_a_person_opens_a_ticket_and_a_machine_never(desk: Desk) -> None:
    at = await scene(desk)
    assert (await at.post.bring(mail(marks={"auto-submitted": ("no",)}))).opened
    row = await at.post.bring(mail(marks={"precedence": ("never-bounce", "bulk")}, text="News."))
    assert (row.state, row.reason, await at.post.tickets()) == ("rejected", "automatic", 1)


async def test_group_20_an_unmarked_responder_is_stopped_by_counts(desk: Desk) -> None:
    at = await scene(desk)
    rows = [await at.post.bring(mail(text=str(n)), accepted_at=AT + timedelta(seconds=n)) for n in range(200)]
    assert [row.reason for row in rows] == [None] * 20 + ["too_many"] * 180
    later = await at.post.bring(mail(text="A day later"), accepted_at=AT + timedelta(hours=2))
    assert later.opened


async def test_a_ticket_is_reopened_by_mail_three_times_an_hour(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    to = await at.post.address(ticket, at.ann)
    reopened = []
    for n in range(5):
        await at.move(ticket, "resolved")
        row = await at.post.bring(mail(text=f"Not yet {n}"), to=to)
        reopened.append(row.reopened)
        if not row.reopened:
            break
    assert reopened == [True, True, True, False]
    assert (await desk.staff.get(f"/tickets/{ticket['id']}"))["status"] == "resolved"
    assert (await at.messages(ticket))[-1]["automatic"] is True


async def _bounce(at: Any, sent: Any, told: Any, *, verp: bool = False, **members: Any) -> Any:
    to = bounce_address(at.post.keys, DESK, sent.number) if verp else DESK
    return await at.post.bring(mail("mailer-daemon@mx.example", report=told), to=to, envelope_from="", **members)


async def test_group_22_a_report_by_verp_or_by_the_returned_header_is_matched(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    sent = [await at.post.sent(ticket, at.ann) for _ in range(2)]
    one = await _bounce(at, sent[0], report(), verp=True)
    assert await at.messages(ticket) == []
    two = await _bounce(at, sent[1], report(original=sent[1].message_key))
    assert await at.messages(ticket) == []
    three = await _bounce(at, await at.post.sent(ticket, at.ann), report(), verp=True)

    assert {(row.state, row.reason, row.opened) for row in (one, two, three)} == {("done", "bounce", False)}
    assert [(await at.post.outgoing(each)).state for each in sent] == ["bounced", "bounced"]
    assert [(each.recipient, each.status, each.hard) for each in await at.post.bounces()] == [
        (ANN, "5.1.1", True),
        (ANN, "5.1.1", False),  # by the returned header alone: anybody who was sent it could say so
        (ANN, "5.1.1", True),
    ]
    [note] = await at.messages(ticket)
    assert (note["visibility"], "second time within seven days" in note["body"]) == ("internal", True)


async def test_two_reports_about_one_mail_and_two_far_apart_suspend_nobody(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    one, two = [await at.post.sent(ticket, at.ann) for _ in range(2)]
    await _bounce(at, one, report(), verp=True)
    await _bounce(at, one, report(), verp=True)
    await _bounce(at, two, report(), verp=True, accepted_at=AT + timedelta(days=8))
    assert await at.messages(ticket) == []


async def test_group_22_what_can_be_read_of_nobody_is_noted_where_its_address_is_ours(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    sent = await at.post.sent(ticket, at.ann)
    parsed = mail("daemon@mx.example", text="Ihre Nachricht konnte nicht zugestellt werden.")
    to = bounce_address(at.post.keys, DESK, sent.number or 0)
    row = await at.post.bring(parsed, to=to, envelope_from="")

    [note] = await at.messages(ticket)
    assert (row.state, row.reason, note["visibility"]) == ("done", "bounce", "internal")
    assert "konnte nicht zugestellt werden" in note["body"]
    assert [(each.status, each.hard) for each in await at.post.bounces()] == [("unclear", False)]
    assert (await at.post.outgoing(sent)).state == "sent"


async def test_group_22_a_forged_report_is_ignored(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    sent = await at.post.sent(ticket, at.ann)
    domain = sent.message_key.partition("@")[2]
    forged = [report("boss@voipco.example", original=sent.message_key), report(original=f"guess@{domain}"), report(),
              report(original=f"{encode('oml', sent.id)}.{'0' * 26}@{domain}")]  # fmt: skip
    for told in forged:
        row = await _bounce(at, sent, told)
        assert (row.state, row.reason, row.ticket_id) == ("rejected", "bounce_unknown", None)
    assert (await at.post.bounces(), (await at.post.outgoing(sent)).state) == ([], "sent")


async def test_group_22_a_delay_is_recorded_and_not_counted(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    for _ in range(3):
        sent = await at.post.sent(ticket, at.ann)
        await _bounce(at, sent, report(action="delayed", status="4.4.7"), verp=True)
    assert [each.hard for each in await at.post.bounces()] == [False] * 3
    assert await at.messages(ticket) == []


async def test_a_message_says_whom_it_did_not_reach(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    reply = await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "We are on it."})
    sent = await at.post.sent(ticket, at.ann, message=reply)
    await _bounce(at, sent, report(status="4.2.2"), verp=True)
    assert [one["undelivered_to"] for one in await at.messages(ticket)] == [[]]

    await _bounce(at, sent, report(), verp=True)

    assert [one["undelivered_to"] for one in await at.messages(ticket)] == [[ANN]]


async def test_group_23_a_bounce_of_a_bounce_opens_nothing_and_sends_nothing(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    subject = f"Undeliverable: [{ticket['number']}] Undeliverable: audio"
    for told in (None, Report((), None)):
        row = await at.post.bring(mail("mailer-daemon@voipco.example", subject=subject, report=told), envelope_from="")
        assert (row.state, row.reason) == ("rejected", "automatic")
    assert (await at.post.tickets(), await at.messages(ticket)) == (1, [])


async def test_a_person_who_writes_to_where_bounces_go_is_heard(desk: Desk) -> None:
    at = await scene(desk)
    sent = await at.post.sent(await at.ticket(), at.ann)
    row = await at.post.bring(
        mail(in_reply_to=(sent.message_key,), text="Hello?"), to=bounce_address(at.post.keys, DESK, sent.number or 0)
    )
    assert (row.opened, row.ticket_id) == (False, sent.ticket_id)
