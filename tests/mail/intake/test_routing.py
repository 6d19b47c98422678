"""Mails and what becomes of them, at a desk with rows that are really there: groups 13 to 19 and 24 to 25."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.infra.ids import encode
from app.mail.parsing.parsed import Address
from tests.desk import NOON, Desk, Json
from tests.mail.intake.mails import ANN, AUTHSERV, mail
from tests.mail.intake.post import AT, DESK, contact, scene

UNPROVEN: Json = {"authentication_results": ()}


async def test_a_verified_mail_opens_a_ticket_whose_clock_starts_when_it_was_accepted(desk: Desk) -> None:
    at = await scene(desk)
    row = await at.post.bring(mail(subject="No\naudio", text=""))

    ticket = await at.read(row.ticket_id)
    assert (row.state, row.reason, row.opened, row.verified) == ("done", None, True, True)
    assert (ticket["channel"], ticket["type"], ticket["priority"]) == ("email", "incident", "low")
    assert (ticket["subject"], ticket["description"]) == ("No audio", "(no text)")
    assert (ticket["contact_id"], ticket["reseller_id"]) == (at.ann["id"], at.reseller.id)
    clock = (await at.reseller.clocks(ticket))["first_response"]
    assert datetime.fromisoformat(clock["started_at"]) == row.accepted_at == AT + timedelta(minutes=1)


async def test_on_a_test_clock_the_mail_comes_when_that_says(desk: Desk) -> None:
    at = await scene(desk, now=NOON)
    ticket = await at.ticket()
    assert (await at.reseller.clocks(ticket))["first_response"]["started_at"] == NOON


async def test_a_verified_reply_on_pending_opens_it_again(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    await at.move(ticket, "pending")
    row = await at.post.bring(mail(text="Here is the trace."), to=await at.post.address(ticket, at.ann))

    assert (await at.read(row.ticket_id))["status"] == "open"
    assert row.ticket_id is not None
    assert encode("tkt", row.ticket_id) == ticket["id"]
    [message] = await at.messages(ticket)
    assert (message["author"]["id"], message["visibility"], message["automatic"]) == (at.ann["id"], "public", False)


async def test_group_13_a_token_in_unproven_hands_is_noted_and_moves_nothing(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.reseller.get(f"/tickets/{(await at.move(await at.ticket(), 'resolved'))['id']}")
    events = len(await desk.events(at.reseller))
    for author in ("eve@evil.example", ANN):
        to = await at.post.address(ticket, at.ann)
        row = await at.post.bring(mail(author, text="Reopen it.", **UNPROVEN), to=to)

        assert (row.state, row.verified, row.reopened) == ("done", False, False)
        note = (await at.messages(ticket))[-1]
        assert (note["visibility"], note["automatic"], note["author"]["kind"]) == ("internal", True, "sender")
        assert note["body"] == f"From {author}, not verified:\n\nReopen it."
    assert await at.reseller.get(f"/tickets/{ticket['id']}") == ticket
    assert len(await desk.events(at.reseller)) == events
    assert (await at.reseller.get(f"/tickets/{ticket['id']}/messages"))["data"] == []


async def test_a_verified_stranger_with_a_token_is_noted_too(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    await at.post.bring(mail("eve@evil.example", text="Hm."), to=await at.post.address(ticket, at.ann))
    [note] = await at.messages(ticket)
    assert (note["visibility"], note["body"][:29]) == ("internal", "From eve@evil.example, who ha")


async def test_group_14_what_its_domain_disowns_is_quarantined_whatever_stands_lower_down(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    lower = f"{AUTHSERV}; dmarc=pass header.from=voipco.example"
    forged = mail(authentication_results=(f"{AUTHSERV}; dmarc=fail header.from=voipco.example", lower))
    row = await at.post.bring(forged, to=await at.post.address(ticket, at.ann))
    assert (row.state, row.reason, row.ticket_id) == ("quarantined", "dmarc_fail", None)
    assert await at.messages(ticket) == []


async def test_group_15_the_number_of_anothers_ticket_opens_no_door(desk: Desk) -> None:
    at = await scene(desk)
    other = await desk.reseller(now=None)
    theirs = await other.open_ticket()
    row = await at.post.bring(mail(subject=f"Re: [{theirs['number']}] hello"))
    assert (row.opened, row.related_ticket_id, row.routed_reseller_id) == (True, None, row.routed_reseller_id)
    assert (await other.get(f"/tickets/{theirs['id']}/messages"))["data"] == []


async def test_a_number_threads_for_who_takes_part_and_is_only_related_for_a_colleague(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    await contact(desk, at.reseller, "ben@voipco.example")
    mine = await at.post.bring(mail(subject=f"Re: [{ticket['number']}] audio", text="More."))
    unproven = await at.post.bring(mail(subject=f"Re: [{ticket['number']}] audio", text="Most.", **UNPROVEN))
    bens = await at.post.bring(mail("ben@voipco.example", subject=f"[{ticket['number']}]"))

    assert (encode("tkt", mine.ticket_id or at.post.boxes[DESK].id), mine.opened) == (ticket["id"], False)
    assert (unproven.state, unproven.reason) == ("held", "unverified")
    assert (bens.opened, bens.related_ticket_id) == (True, mine.ticket_id)


async def test_group_16_a_token_with_one_bit_flipped_opens_a_new_ticket(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    address = await at.post.address(ticket, at.ann)
    local, _, domain = address.partition("@")
    flipped = f"{local[:-1]}{'1' if local[-1] != '1' else '0'}@{domain}"
    row = await at.post.bring(mail(), to=flipped)
    assert (row.opened, row.related_ticket_id) == (True, None)
    again = await at.post.bring(mail(text="Again."), to=DESK, envelope_to=[address.upper()])
    assert (again.opened, encode("tkt", again.ticket_id or row.id)) == (False, ticket["id"])


async def test_group_16_a_token_of_a_closed_ticket_opens_one_that_follows(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.move(await at.ticket(), "closed")
    address = await at.post.address(ticket, at.ann)
    row = await at.post.bring(mail(text="It is back."), to=address)
    unproven = await at.post.bring(mail(text="It is!", **UNPROVEN), to=address)

    assert row.opened
    assert (await at.read(row.ticket_id))["follows_id"] == ticket["id"]
    assert (unproven.state, unproven.reason) == ("held", "unverified")


async def test_group_17_two_replies_to_what_the_desk_never_saw_are_one_ticket_even_at_once(desk: Desk) -> None:
    at = await scene(desk)
    await contact(desk, at.reseller, "ben@voipco.example")
    replies = [mail(author, references=("root@voipco.example",), text=author) for author in (ANN, "ben@voipco.example")]
    one, two = await asyncio.gather(*(at.post.bring(replace(each, message_id=each.text)) for each in replies))
    assert one.ticket_id == two.ticket_id
    assert sorted([one.opened, two.opened]) == [False, True]
    assert await at.post.tickets() == 1


@pytest.mark.parametrize("subject", ["WG: Ihre Antwort", "Пересл: Ваш ответ", "Your answer"])
async def test_group_18_a_forward_of_our_notice_to_another_mailbox_is_new(desk: Desk, subject: str) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    await at.post.mailbox("sales@operator.example")
    sent = await at.post.sent(ticket, at.ann)
    row = await at.post.bring(mail(subject=subject, references=(sent.message_key,)), to="sales@operator.example")
    assert row.opened
    assert row.related_ticket_id is not None
    assert encode("tkt", row.related_ticket_id) == ticket["id"]


async def test_a_forward_to_the_same_mailbox_is_new_and_an_answer_is_not(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    sent = await at.post.sent(ticket, at.ann)
    forward = await at.post.bring(mail(subject="Fwd: audio", in_reply_to=(sent.message_key,)))
    answer = await at.post.bring(mail(subject="Re: audio", in_reply_to=(sent.message_key,), text="Thanks."))
    assert forward.opened
    assert (answer.opened, encode("tkt", answer.ticket_id or answer.id)) == (False, ticket["id"])


async def test_group_19_outlook_with_renamed_ids_threads_by_the_token_in_to(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    sent = await at.post.sent(ticket, at.ann)
    to = Address("Desk", await at.post.address(ticket, at.ann))
    row = await at.post.bring(mail(to=(to,), references=(f"x_{sent.message_key}",)))
    assert (row.opened, encode("tkt", row.ticket_id or row.id)) == (False, ticket["id"])


async def test_group_24_our_own_address_and_our_own_mail_come_to_nothing(desk: Desk) -> None:
    at = await scene(desk)
    sent = await at.post.sent(await at.ticket(), at.ann)
    for parsed in (mail(DESK), mail(DESK, message_id=sent.message_key), mail(message_id=sent.message_key),
                   mail(marks={"x-loop": (DESK,)})):  # fmt: skip
        row = await at.post.bring(parsed)
        assert (row.state, row.reason, row.ticket_id) == ("rejected", "own_mail", None)
    blind = await at.post.bring(mail(to=(), cc=()))
    listed = await at.post.bring(mail(marks={"list-id": ("<voip.example>",)}, text="To all."))
    assert (blind.opened, listed.state, listed.reason) == (True, "rejected", "automatic")


async def test_group_25_one_mail_at_two_mailboxes_is_one_ticket(desk: Desk) -> None:
    at = await scene(desk)
    await at.post.mailbox("noc@operator.example")
    one = await at.post.bring(mail(message_id="a@voipco.example"))
    two = await at.post.bring(mail(message_id="a@voipco.example"), to="noc@operator.example")
    changed = await at.post.bring(mail(message_id="a@voipco.example", text="Another."), to="noc@operator.example")

    assert (two.state, two.reason, two.same_as_id, two.ticket_id) == ("done", "duplicate", one.id, one.ticket_id)
    assert (changed.state, changed.reason, changed.opened) == ("done", "repeated_message_id", True)
    assert await at.post.tickets() == 2


async def test_a_proven_mail_is_no_duplicate_of_one_that_only_claims_to_be(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.move(await at.ticket(), "pending")
    to = await at.post.address(ticket, at.ann)
    forged = mail(message_id="a@voipco.example", text="Yes.", **UNPROVEN)
    await at.post.bring(forged, to=to)
    row = await at.post.bring(mail(message_id="a@voipco.example", text="Yes."), to=to)
    assert (row.same_as_id, (await at.read(row.ticket_id))["status"]) == (None, "open")


async def test_group_11_a_mail_without_one_author_is_held(desk: Desk) -> None:
    at = await scene(desk)
    row = await at.post.bring(mail(None, author_fault="several_from_fields"))
    assert (row.state, row.reason) == ("held", "unknown_sender")
