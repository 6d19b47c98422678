"""Groups 13 to 19 and 25: tokens, forgeries, other people's numbers, answers and forwards, and the same mail twice."""

import pytest

from app.infra.ids import decode
from app.mail.addressing import tokens
from tests.desk import Json
from tests.mail.corpus import attached, header, multipart, part, plain
from tests.mail.nasty.office import ANN, AUTHSERV, BOSS, DESK, OTHERS, SALES, STRANGER, Office, field_of


async def resolved(office: Office, ticket: Json) -> None:
    """Let the desk resolve a ticket."""
    await office.desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})


async def test_group_13_a_stranger_with_a_token_is_heard_by_staff_and_moves_nothing(office: Office) -> None:
    ticket, address, _ = await office.opened(plain())
    await resolved(office, ticket)
    sent = len(await office.sent())
    mail = await office.bring_bare(plain("Me too.", sender=STRANGER, message_id="<s@x>"), address, STRANGER)

    assert (mail["state"], mail["verified"], mail["ticket_id"]) == ("done", False, ticket["id"])
    assert (await office.ticket(mail))["status"] == "resolved"
    [message] = await office.messages(ticket)
    assert (message["visibility"], message["author"]["kind"]) == ("internal", "sender")
    assert "Me too." in message["body"]
    assert (await office.reseller.get(f"/tickets/{ticket['id']}/messages"))["data"] == []
    assert len(await office.sent()) == sent


async def test_group_14_a_forged_participant_is_put_aside_whatever_is_stated_lower_down(office: Office) -> None:
    ticket, address, _ = await office.opened(plain())
    lower = header(("Authentication-Results", f"{AUTHSERV}; dmarc=pass header.from=voipco.example"))
    for number, result in enumerate(("fail", "none")):
        forged = lower + plain("Close it.", message_id=f"<f{number}@x>")
        mail = await office.bring(forged, address, STRANGER, result=result)
        assert mail["verified"] is False
        assert "pass" not in mail["read"]["authentication_results"]
        if result == "fail":
            assert (mail["state"], mail["reason"], mail["ticket_id"]) == ("quarantined", "dmarc_fail", None)
            assert await office.messages(ticket) == []
    assert [each["visibility"] for each in await office.messages(ticket)] == ["internal"]


async def test_group_15_the_number_of_somebody_elses_ticket_opens_a_new_one_and_tells_nothing(office: Office) -> None:
    foreign = await office.other.open_ticket(subject="A secret of ours")
    subject = f"Re: [{foreign['number']}] Hello"
    mail = await office.bring(plain(subject=subject))
    unknown = await office.bring(plain(subject="Re: [TL-999999] Hello", message_id="<u@x>"))
    for each in (mail, unknown):
        assert each["ticket_id"] != foreign["id"]
        assert each["related_ticket_id"] is None
        told = (await office.sent(ticket_id=each["ticket_id"]))[0]
        assert "secret" not in told["text"] + told["subject"]
    assert await office.messages(foreign) == []


async def test_group_16_a_token_is_good_as_we_made_it_in_either_case_and_follows_a_merge(office: Office) -> None:
    ticket, address, _ = await office.opened(plain())
    other, _, _ = await office.opened(plain(message_id="<o@x>", subject="Another"))
    local, _, domain = address.rpartition("@")
    flipped = f"{local[:-1]}{'0' if local[-1] != '0' else '1'}@{domain}"

    assert (await office.bring(plain("Flipped", message_id="<1@x>"), flipped))["ticket_id"] not in {
        ticket["id"],
        other["id"],
    }
    upper = await office.bring(plain("Upper", message_id="<2@x>"), f"{local.upper()}@{domain.upper()}")
    assert upper["ticket_id"] == ticket["id"]
    await office.desk.staff.post(f"/tickets/{ticket['id']}/merge", {"into": other["id"]})
    merged = await office.bring(plain("Merged", message_id="<3@x>"), address)
    assert merged["ticket_id"] == other["id"]
    assert [each["body"] for each in await office.messages(other)][-1] == "Merged"


async def test_group_16_a_key_that_is_no_longer_in_the_ring_makes_no_token(office: Office) -> None:
    ticket, address, _ = await office.opened(plain())
    token = tokens.read_token(address)
    assert token is not None
    ticket_id, ann = decode("tkt", ticket["id"]), decode("ctc", office.ann["id"])
    assert tokens.reply_address(tokens.keys_of(office.desk.keyring), DESK, token.number, ticket_id, ann) == address
    expired = tokens.reply_address([bytes(32)], DESK, token.number, ticket_id, ann)
    assert (await office.bring(plain("Hello", message_id="<1@x>"), expired))["ticket_id"] != ticket["id"]


async def test_group_17_two_answers_to_a_mail_that_the_desk_never_saw_are_one_ticket(office: Office) -> None:
    unseen = [("References", "<never.seen@voipco.example>")]
    one = await office.bring(plain("Yes, I hear nothing.", message_id="<1@x>", headers=unseen))
    two = await office.bring(plain("Nor do I.", message_id="<2@x>", headers=unseen, sender=BOSS), sender=BOSS)
    assert (one["ticket_id"], len(await office.tickets())) == (two["ticket_id"], 1)
    assert [each["body"] for each in await office.messages(await office.ticket(one))] == ["Nor do I."]


async def test_group_18_a_forward_of_our_notice_to_another_mailbox_is_a_new_ticket(office: Office) -> None:
    ticket, _, _ = await office.opened(plain())
    for number, subject in enumerate(("WG: No audio", "Пересл: No audio", "No audio")):
        notice = await office.answered(ticket, f"Please try again, {number}.")
        chain = [("References", field_of(notice, "Message-ID"))]
        mail = await office.bring(
            plain(f"See below {number}.", subject=subject, message_id=f"<f{number}@x>", headers=chain, to=SALES), SALES
        )
        assert mail["state"] == "done"
        assert mail["ticket_id"] != mail["related_ticket_id"] == ticket["id"]
    assert len(await office.tickets()) == 4


async def test_group_19_outlook_with_other_ids_and_no_in_reply_to_threads_by_the_token(office: Office) -> None:
    ticket, address, _ = await office.opened(plain())
    notice = await office.answered(ticket)
    renamed = f"<x_{field_of(notice, 'Message-ID')[1:]}"
    headers = [("References", renamed), ("Thread-Index", "AdcD8kq3x3p1Zz0mQ0C4hH3z7t0ZqA==")]
    mail = await office.bring(plain("Done.", message_id="<o@x>", headers=headers, to=f"Desk <{address}>"))
    assert (mail["ticket_id"], [each["body"] for each in await office.messages(ticket)][-1]) == (ticket["id"], "Done.")


async def test_group_25_one_mail_at_two_mailboxes_is_one_ticket_and_a_changed_one_is_another(office: Office) -> None:
    raw = plain(to=DESK, headers=[("Cc", SALES)])
    one = await office.bring(raw, DESK)
    two = await office.bring(raw, SALES)
    changed = await office.bring(plain("Another text."), DESK)
    again = await office.bring(raw, DESK)

    assert (two["state"], two["reason"], two["same_as_id"]) == ("done", "duplicate", one["id"])
    assert (two["ticket_id"], again["id"]) == (one["ticket_id"], one["id"])
    assert (changed["state"], changed["reason"]) == ("done", "repeated_message_id")
    assert changed["ticket_id"] != one["ticket_id"]
    assert len(await office.tickets()) == len(await office.sent(kind="acknowledgement")) == 2


async def test_group_25_a_mail_that_is_delivered_again_before_it_was_taken_is_one(office: Office) -> None:
    raw = multipart(part(), attached())
    first, second = await office.accept(raw), await office.accept(raw)
    await office.take()
    await office.take()
    assert first == second
    assert (await office.seen(first))["reason"] == "unverified"
    assert len((await office.desk.staff.get("/inbound-mail"))["data"]) == 1


@pytest.mark.parametrize("sender", [STRANGER, OTHERS])
async def test_group_13_a_stranger_cannot_open_a_ticket_of_somebodys(office: Office, sender: str) -> None:
    mail = await office.bring_bare(plain(sender=sender), sender=sender)
    assert (mail["state"], mail["ticket_id"]) == ("held", None)
    assert mail["sender"] == sender != ANN
