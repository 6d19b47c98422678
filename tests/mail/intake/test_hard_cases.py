"""What somebody tried who meant to break the desk: order, forged reports, loops without a mark, quotes of the desk."""

import asyncio
from typing import Any

import pytest

from app.mail.addressing.marker import MARKER
from app.mail.intake.limits import MESSAGES
from app.mail.parsing.parsed import AttachedFile
from app.mail.parsing.splitting import above_marker
from tests.desk import Desk, Json
from tests.mail.intake.mails import ANN, AUTHSERV, mail, report
from tests.mail.intake.post import AT, Scene, contact, scene
from tests.mail.outbox import writing

BEN = "ben@voipco.example"
QUOTES = {
    "Czech": "Dne út 24. 11. 2026 v 10:00 uživatel Desk <support@operator.example> napsal:\n> {0}\n> \n> Hello Bob,",
    "Chinese": "Desk <support@operator.example> 于2026年11月24日周二 10:00写道\uff1a\n\n> {0}\n> Hello Bob,",
    "wrapped": "A 2026. nov. 24., K, 10:00 Desk\n<support@operator.example>\nezt írta:\n> {0}\n> Hello Bob,",
    "Outlook's": "From: Desk <support@operator.example>\nSent: Tue\nTo: Bob\nSubject: [TL-7] x\n\n{0}\n\nHello Bob,",
}


async def test_a_reply_that_is_taken_before_its_parent_is_on_the_same_ticket(desk: Desk) -> None:
    at = await scene(desk)
    await contact(desk, at.reseller, BEN)
    named = ("a@voipco.example",)
    await at.post.bring(mail(BEN, message_id="b@voipco.example", in_reply_to=named, references=named))
    await at.post.bring(mail(message_id="a@voipco.example"))

    assert await at.post.tickets() == 1


async def test_a_mail_and_its_answer_at_once_are_one_ticket(desk: Desk) -> None:
    at = await scene(desk)
    first = mail(message_id="b@voipco.example", references=("a@voipco.example",), text="one")
    second = mail(message_id="c@voipco.example", in_reply_to=("b@voipco.example",), text="two")
    await asyncio.gather(at.post.bring(first), at.post.bring(second))

    assert await at.post.tickets() == 1


@pytest.mark.parametrize(("envelope_from", "stated"), [("eve@evil.example", "pass"), ("", "fail")])
async def test_whoever_saw_our_message_ids_suspends_nobody(desk: Desk, envelope_from: str, stated: str) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    for _ in range(2):
        sent = await at.post.sent(ticket, at.ann)
        results = (f"{AUTHSERV}; dmarc={stated} header.from=evil.example",)
        forged = mail("eve@evil.example", authentication_results=results, report=report(original=sent.message_key))
        await at.post.bring(forged, envelope_from=envelope_from)
        assert (await at.post.outgoing(sent)).state == "sent"

    assert (await _ann(desk, at))["mail"] == {"suspended_at": None, "bounced_at": None}


async def test_a_report_by_a_message_id_alone_is_told_and_counts_for_nothing(desk: Desk) -> None:
    at = await scene(desk)
    ticket, before = await at.ticket(), await _ann(desk, at)
    for _ in range(3):
        sent = await at.post.sent(ticket, at.ann)
        told = report(original=sent.message_key)
        await at.post.bring(mail("mailer-daemon@mx.example", report=told), envelope_from="")
        assert (await at.post.outgoing(sent)).state == "bounced"

    after = await _ann(desk, at)
    assert after["mail"]["suspended_at"] is None
    assert after["mail"]["bounced_at"] is not None
    answer = await desk.staff.send("GET", f"/contacts/{at.ann['id']}", headers={"If-None-Match": before["etag"]})
    assert answer.status_code == 200, "its tag is another, since it shows another thing"


async def test_responders_without_a_mark_that_answer_each_other_fall_silent(desk: Desk) -> None:
    at = await scene(desk)
    ben = await contact(desk, at.reseller, BEN)
    ticket = await at.ticket()
    await at.reseller.post(f"/tickets/{ticket['id']}/watchers", {"contact_id": ben["id"]})
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "Looking."})
    people = {ANN: at.ann, BEN: ben}
    seen: set[str] = set()
    for rounds in range(3 * MESSAGES):
        new = [one for one in await writing.mails(desk, ticket_id=ticket["id"]) if one["id"] not in seen]
        seen |= {one["id"] for one in new}
        if not new:
            break
        for one in new:
            to = await at.post.address(ticket, people[one["recipient"]])
            away = mail(one["recipient"], text=f"I am away ({rounds}).", subject="Automatic reply")
            await at.post.bring(away, to=to, accepted_at=AT)
    else:
        pytest.fail("they never stop")
    assert len(seen) <= 2 * MESSAGES + 4


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
def test_what_stands_over_our_own_mail_is_no_answer(quote: str) -> None:
    below = quote.format(MARKER)
    assert above_marker(f"Fixed.\n\nTry again.\n\n{below}\n") == "Fixed.\n\nTry again."
    assert above_marker(below) == ""


def test_what_quotes_nothing_of_ours_is_an_answer_whole() -> None:
    assert above_marker("Write to me at bob@operator.example:\n\nI mean it:") == (
        "Write to me at bob@operator.example:\n\nI mean it:"
    )


async def test_nothing_that_staff_quote_reaches_an_end_customer(desk: Desk) -> None:
    at, brand = await scene(desk), {"name": "Acme", "signature": "A", "from_address": "help@acme.example"}
    branded = await desk.reseller("professional", now=None, brand=brand)
    await branded.post("/add-on-purchases", {"product": "branded_intelligent_hands_telephone"})
    customer = await writing.contact(branded, kind="end_customer")
    ticket = await branded.open_ticket(contact_id=customer["id"])
    bob = await desk.staff.post("/staff", {"name": "Bob", "email": "bob@operator.example", "roles": ["agent"]})
    to = await at.post.address(ticket, staff=bob)
    quote = QUOTES["Czech"].format(MARKER)

    await _from_bob(at, to, f"Fixed.\n\n{quote}")
    file = AttachedFile("fix.txt", "text/plain", "text/plain", b"a fix")
    await _from_bob(at, to, quote, attachments=(file,))
    empty = await _from_bob(at, to, quote)

    sent = [one["text"] for one in await _replies(desk, customer)]
    assert len(sent) == 2
    assert "Fixed." in sent[0]
    assert not [text for text in sent if "operator" in text or "Bob" in text]
    assert (empty.state, empty.reason) == ("held", "nothing_written")


async def _from_bob(at: Scene, to: str, text: str, **members: Any) -> Any:
    return await at.post.bring(mail("bob@operator.example", text=text, new_text=text, **members), to=to)


async def _replies(desk: Desk, customer: Json) -> list[Json]:
    return [one for one in await writing.mails(desk, recipient=customer["email"]) if one["kind"] == "reply"]


async def _ann(desk: Desk, at: Scene) -> Json:
    answer = await desk.staff.send("GET", f"/contacts/{at.ann['id']}")
    return dict(answer.json()) | {"etag": answer.headers["etag"]}
