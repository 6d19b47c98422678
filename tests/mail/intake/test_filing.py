"""What a mail brings with it: files, people in Cc, and a name at a domain that a reseller has claimed."""

from app.infra.ids import decode, encode
from app.mail.addressing.tokens import bounce_address
from app.mail.parsing.parsed import Address, AttachedFile
from app.resellers.models import Contact
from tests.desk import Desk
from tests.mail.intake.mails import mail, report
from tests.mail.intake.post import DESK, contact, scene

FILE = AttachedFile("trace.pcap", "application/vnd.tcpdump.pcap", "application/octet-stream", b"\xd4\xc3\xb2\xa1")


async def test_files_come_with_the_ticket_and_with_the_message(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket(attachments=(FILE,))
    row = await at.post.bring(mail(text="More.", attachments=(FILE,)), to=await at.post.address(ticket, at.ann))
    assert [each["name"] for each in ticket["attachments"]] == ["trace.pcap"]
    assert row.message_id is not None
    assert [each["name"] for each in (await at.messages(ticket))[-1]["attachments"]] == ["trace.pcap"]
    hidden = mail("eve@evil.example", text="Look.", attachments=(FILE,), authentication_results=())
    await at.post.bring(hidden, to=await at.post.address(ticket, at.ann))
    page = await at.reseller.get(f"/tickets/{ticket['id']}/attachments")
    assert len(page["data"]) == 2


async def test_contacts_in_cc_follow_the_ticket(desk: Desk) -> None:
    at = await scene(desk)
    ben = await contact(desk, at.reseller, "ben@voipco.example")
    await contact(desk, await desk.reseller(now=None), "eve@evil.example")
    ticket = await at.ticket(cc=(Address("", "ben@voipco.example"), Address("", "eve@evil.example")))
    watching = (await desk.staff.get(f"/tickets/{ticket['id']}/watchers"))["data"]
    assert [each["contact_id"] for each in watching] == [ben["id"]]


async def test_somebody_new_at_a_claimed_domain_becomes_a_contact(desk: Desk) -> None:
    at = await scene(desk)
    await desk.staff.patch(f"/resellers/{at.reseller.id}", {"mail_domains": ["voipco.example"]})
    unproven = await at.post.bring(mail("new@voipco.example", authentication_results=()))
    row = await at.post.bring(mail("new@voipco.example"))
    found = (await at.reseller.get("/contacts"))["data"]
    assert (unproven.state, unproven.reason, row.opened) == ("held", "unknown_sender", True)
    assert row.contact_id is not None
    assert (encode("ctc", row.contact_id), found[0]["kind"]) == (found[0]["id"], "reseller_staff")


async def test_a_token_of_a_merged_ticket_follows_it(desk: Desk) -> None:
    at = await scene(desk)
    one, two = await at.ticket(), await at.ticket(text="Another.")
    await desk.staff.post(f"/tickets/{one['id']}/merge", {"into": two["id"]})
    row = await at.post.bring(mail(text="More."), to=await at.post.address(one, at.ann))
    assert (row.opened, row.ticket_id) == (False, decode("tkt", two["id"]))


async def test_two_mails_that_come_back_for_good_suspend_the_contact(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    for _ in range(2):
        sent = await at.post.sent(ticket, at.ann)
        to = bounce_address(at.post.keys, DESK, sent.number or 0)
        await at.post.bring(mail("mailer-daemon@mx.example", report=report()), to=to, envelope_from="")
    async with desk.database.transaction() as session:
        kept = await session.get_one(Contact, (decode("rsl", at.reseller.id), decode("ctc", at.ann["id"])))
        assert None not in {kept.mail_bounced_at, kept.mail_suspended_at}
