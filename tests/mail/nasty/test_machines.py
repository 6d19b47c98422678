"""Groups 20 to 24: responders, bounces and loops: nothing goes round."""

from collections import Counter

import pytest

from app.infra.ids import decode
from app.mail.addressing.tokens import bounce_address, keys_of
from app.mail.models import OutgoingMail
from tests.desk import Json
from tests.mail.corpus import Fields, dsn, plain
from tests.mail.nasty.office import ANN, DESK, SALES, Office, field_of

ROUNDS = 200
DAEMON = "MAILER-DAEMON@mx.voipco.example"


async def verp(office: Office, mail: Json) -> str:
    """Return the envelope's sender of a mail of the desk's."""
    async with office.desk.database.transaction() as session:
        row = await session.get_one(OutgoingMail, (decode("rsl", mail["reseller_id"]), decode("oml", mail["id"])))
        return bounce_address(keys_of(office.desk.keyring), DESK, row.number or 0)


@pytest.mark.parametrize("marks", [[("Auto-Submitted", "auto-replied")], [("X-Auto-Response-Suppress", "All")]])
async def test_group_20_a_vacation_reply_that_says_so_is_kept_and_not_answered(office: Office, marks: Fields) -> None:
    ticket, address, _ = await office.opened(plain())
    await office.answered(ticket)
    sent = len(await office.sent())
    mail = await office.bring(plain("I am away.", message_id="<v@x>", headers=marks), address)
    lone = await office.bring(plain("I am away, too.", message_id="<w@x>", headers=marks))

    assert (mail["state"], mail["ticket_id"]) == ("done", ticket["id"])
    assert (await office.messages(ticket))[-1]["automatic"] is True
    assert (lone["state"], lone["reason"]) == ("rejected", "automatic")
    assert len(await office.sent()) == sent


def away(number: int, answered: Json | None = None) -> bytes:
    """Return an automatic reply that says so nowhere but in its subject."""
    headers = [("In-Reply-To", field_of(answered, "Message-ID"))] if answered else []
    return plain(f"I am away, {number}.", subject="Automatic reply", message_id=f"<{number}@x>", headers=headers)


@pytest.mark.timeout(300)
async def test_group_20_a_responder_without_a_mark_that_writes_anew_each_time_is_held(office: Office) -> None:
    mails = [await office.bring(away(number)) for number in range(ROUNDS)]
    assert Counter(mail["reason"] for mail in mails) == {None: 20, "too_many": ROUNDS - 20}
    sent = Counter((each["kind"], each["state"]) for each in await office.sent())
    assert sent == {("acknowledgement", "captured"): 5, ("acknowledgement", "suppressed"): 15}


@pytest.mark.timeout(300)
async def test_group_20_a_responder_without_a_mark_that_answers_is_told_no_more(office: Office) -> None:
    """It answers the latest mail of ours each time, while the desk resolves the ticket again and again."""
    ticket, address, latest = await office.opened(away(0))
    for number in range(1, ROUNDS):
        if number % 5 == 0:
            await office.desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
            await office.take()
        mail = await office.bring(away(number, latest), address)
        assert mail["ticket_id"] == ticket["id"]
        if number % 5 == 0:
            latest = (await office.sent())[-1]
    assert len(await office.tickets()) == 1
    sent = Counter((each["kind"], each["state"]) for each in await office.sent())
    # Three times an hour its mail reopens the ticket; resolved for the fourth time, the ticket stays so. Twenty mails
    # on it, and nothing of what follows has effects at all.
    assert sent == {("acknowledgement", "captured"): 1, ("status", "captured"): 4 + 3}


async def test_group_21_no_is_a_person_and_everything_else_is_none(office: Office) -> None:
    machines: list[Fields] = [
        [("Auto-Submitted", "auto-generated (comment); owner-email=x")],
        [("Auto-Submitted", "no"), ("Auto-Submitted", "auto-replied")],
        [("Precedence", "never-bounce"), ("Precedence", "bulk")],
    ]
    person = await office.bring(plain(headers=[("Auto-Submitted", "no")]))
    assert (person["state"], person["automatic"]) == ("done", None)
    for number, marks in enumerate(machines):
        mail = await office.bring(plain(message_id=f"<{number}@x>", headers=marks))
        assert (mail["state"], mail["reason"], mail["ticket_id"]) == ("rejected", "automatic", None)
    assert len(await office.tickets()) == len(await office.sent()) == 1


async def test_group_22_reports_about_our_mails_are_matched_and_two_hard_ones_stop_them(office: Office) -> None:
    ticket, _, _ = await office.opened(plain())
    one, two = await office.answered(ticket), await office.answered(ticket, "Are you there?")
    key = field_of(two, "Message-ID")
    sent = len(await office.sent())
    by_verp = await office.bring_bare(dsn(), await verp(office, one), "")
    by_header = await office.bring_bare(dsn(original_message_id=key, headers_only=True), DESK, "")
    contact = await office.reseller.get(f"/contacts/{office.ann['id']}")
    assert contact["mail"]["suspended_at"] is None, "a header alone could be anybody's who was sent the mail"
    again = await office.bring_bare(dsn(diagnostic="smtp; 550 5.1.1 nobody here"), await verp(office, two), "")

    for mail in (by_verp, by_header, again):
        assert (mail["state"], mail["reason"], mail["ticket_id"]) == ("done", "bounce", ticket["id"])
    states = {each["id"]: each["state"] for each in await office.sent()}
    assert (states[one["id"]], states[two["id"]]) == ("bounced", "bounced")
    note = (await office.messages(ticket))[-1]
    assert (note["visibility"], "second time within seven days" in note["body"]) == ("internal", True)
    contact = await office.reseller.get(f"/contacts/{office.ann['id']}")
    assert contact["mail"]["suspended_at"] is not None
    assert (await office.answered(ticket, "Hello?"))["state"] == "suppressed"
    assert len(await office.sent()) == sent + 1


async def test_group_22_prose_is_noted_a_forgery_ignored_and_a_delay_not_counted(office: Office) -> None:
    ticket, _, _ = await office.opened(plain())
    ours = await office.answered(ticket)
    sent = len(await office.sent())
    german = plain("Ihre Nachricht konnte nicht zugestellt werden.", sender=DAEMON, message_id="<g@x>")
    prose = await office.bring_bare(german, await verp(office, ours), "")
    forged = await office.bring_bare(
        dsn(recipient="other@voipco.example", original_message_id="<guess@operator.example>"), DESK, ""
    )
    to_another = await office.bring_bare(
        dsn(recipient="boss@voipco.example", original_message_id=field_of(ours, "Message-ID")), DESK, ""
    )
    delayed = await office.bring_bare(dsn(action="delayed", status="4.4.7"), await verp(office, ours), "")

    assert (prose["state"], prose["reason"]) == ("done", "bounce")
    assert "konnte nicht zugestellt werden" in (await office.messages(ticket))[-1]["body"]
    for each in (forged, to_another):
        assert (each["state"], each["reason"], each["ticket_id"]) == ("rejected", "bounce_unknown", None)
    assert (delayed["state"], delayed["reason"]) == ("done", "bounce")
    assert (await office.reseller.get(f"/contacts/{office.ann['id']}"))["mail"] == {
        "suspended_at": None,
        "bounced_at": None,
    }
    assert {each["state"] for each in await office.sent()} == {"captured"}
    assert len(await office.sent()) == sent


async def test_group_23_a_bounce_of_a_bounce_opens_nothing_and_sends_nothing(office: Office) -> None:
    ticket, _, _ = await office.opened(plain())
    sent, subject = len(await office.sent()), f"[{ticket['number']}] No audio"
    for number in range(5):
        subject = f"Undeliverable: {subject}"
        raw = plain(f"Not delivered, {number}.", sender=DAEMON, subject=subject, message_id=f"<{number}@x>")
        mail = await office.bring_bare(raw, DESK, "")
        assert (mail["state"], mail["reason"]) == ("rejected", "automatic")
    assert (len(await office.tickets()), len(await office.sent())) == (1, sent)
    assert await office.messages(ticket) == []


async def test_group_24_our_own_address_our_own_mail_and_lists_go_round_nowhere(office: Office) -> None:
    ticket, _, told = await office.opened(plain())
    loops = [
        plain("A", sender=DESK, message_id="<1@x>"),
        plain("B", sender=DESK, message_id=field_of(told, "Message-ID")),
        plain("C", sender=SALES, message_id="<2@x>"),
        plain("D", message_id=field_of(told, "Message-ID")),
    ]
    for raw in loops:
        mail = await office.bring(
            raw, domain="operator.example" if b"@operator.example\r\nTo" in raw else "voipco.example"
        )
        assert (mail["state"], mail["reason"], mail["ticket_id"]) == ("rejected", "own_mail", None)
    listed = await office.bring(
        plain("To all.", sender='"Ann via Voip" <voip@lists.example>', message_id="<l@x>",
              headers=[("List-Id", "<voip.lists.example>"), ("Reply-To", ANN)]), domain="lists.example"
    )  # fmt: skip
    assert (listed["state"], listed["ticket_id"], listed["automatic"]) == ("rejected", None, "list")
    assert (len(await office.tickets()), len(await office.sent())) == (1, 1)
    blind = await office.bring(plain("Blind.", to=None, message_id="<b@x>"))
    assert blind["state"] == "done"
    assert blind["ticket_id"] != ticket["id"]
