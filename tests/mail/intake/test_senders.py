"""Who may do what by mail: strangers, colleagues of other resellers, end customers, staff, and what staff release."""

from app.infra.ids import encode
from tests.desk import NOON, Desk, Json
from tests.mail.intake.mails import ANN, mail
from tests.mail.intake.post import DESK, Scene, contact, scene

UNPROVEN: Json = {"authentication_results": ()}
BEN, CAT = "ben@callers.example", "cat@client.example"


async def test_strangers_are_held_and_who_belongs_to_two_is_too(desk: Desk) -> None:
    at = await scene(desk)
    assert (await at.post.bring(mail(BEN))).reason == "unknown_sender"
    assert (await at.post.bring(mail(**UNPROVEN))).reason == "unverified"
    await contact(desk, await desk.reseller(now=None), ANN)
    row = await at.post.bring(mail())
    assert (row.state, row.reason) == ("held", "ambiguous_sender")


async def test_who_writes_to_the_token_of_another_reseller_is_held(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    await contact(desk, await desk.reseller(now=None), BEN)
    for more in ({}, UNPROVEN):
        row = await at.post.bring(mail(BEN, **more), to=await at.post.address(ticket, at.ann))
        assert (row.state, row.reason) == ("held", "wrong_reseller")
    assert await at.messages(ticket) == []


async def test_a_resellers_own_mailbox_knows_its_own_people_only(desk: Desk) -> None:
    at = await scene(desk)
    other = await desk.reseller(now=None)
    await at.post.mailbox("help@brand.example", other, "priority")
    row = await at.post.bring(mail(), to="help@brand.example")
    assert (row.state, row.reason) == ("held", "unknown_sender")
    await contact(desk, other, ANN)
    row = await at.post.bring(mail(), to="help@brand.example")
    ticket = await at.read(row.ticket_id)
    assert (ticket["reseller_id"], ticket["priority"]) == (other.id, "priority")


async def test_an_end_customer_speaks_on_its_own_tickets_while_branded_is_held(desk: Desk) -> None:
    at = await scene(desk, now=NOON)
    await at.reseller.post("/add-on-purchases", {"product": "branded_intelligent_hands_telephone"})
    await contact(desk, at.reseller, CAT, "end_customer")
    anns = await at.ticket()
    hers = await at.post.bring(mail(CAT))
    token = await at.post.address(await at.read(hers.ticket_id), await _cat(at))
    more = await at.post.bring(mail(CAT, text="More."), to=token)
    foreign = await at.post.bring(mail(CAT, text="Hm."), to=await at.post.address(anns, at.ann))

    assert (hers.opened, more.opened, more.ticket_id) == (True, False, hers.ticket_id)
    assert foreign.message_id is not None
    assert [note["visibility"] for note in await at.messages(anns)] == ["internal"]

    await desk.advance(at.reseller, "2026-06-10T12:00:00Z")
    await at.reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"})
    for parsed, to in ((mail(CAT, text="New."), DESK), (mail(CAT, text="Most."), token)):
        row = await at.post.bring(parsed, to=to)
        assert (row.state, row.reason) == ("held", "not_entitled")


async def _cat(at: Scene) -> Json:
    found = await at.reseller.get("/contacts")
    return next(dict(each) for each in found["data"] if each["email"] == CAT)


async def test_staff_answer_by_their_own_token_only(desk: Desk) -> None:
    at = await scene(desk)
    ticket = await at.ticket()
    staff = await desk.staff.post(
        "/staff", {"name": "Mia", "email": "mia@operator.example", "roles": ["account_manager"]}
    )
    token = await at.post.address(ticket, staff=staff)
    held = await at.post.bring(mail("mia@operator.example"))
    with_anns = await at.post.bring(mail("mia@operator.example"), to=await at.post.address(ticket, at.ann))
    away = await at.post.bring(mail("mia@operator.example", text="Away.", marks={"x-autoreply": ("yes",)}), to=token)
    forged = await at.post.bring(mail("mia@operator.example", text="Forged.", **UNPROVEN), to=token)
    assert (await at.read(forged.ticket_id))["first_responded_at"] is None
    answer = await at.post.bring(mail("mia@operator.example", text="We look into it."), to=token)

    assert {held.reason, with_anns.reason} == {"staff_without_token"}
    assert answer.ticket_id == away.ticket_id
    seen = [(each["visibility"], each["author"]["kind"], each["side"]) for each in await at.messages(ticket)]
    assert seen == [("internal", "staff", "desk"), ("internal", "sender", "customer"), ("public", "staff", "desk")]
    assert (await at.read(answer.ticket_id))["status"] == "open"
    assert (await at.reseller.clocks(ticket))["first_response"]["state"] == "met"


async def test_what_staff_release_is_taken_as_they_say(desk: Desk) -> None:
    at = await scene(desk)
    forged, stranger = mail(**UNPROVEN), mail(BEN, message_id="b@callers.example")
    one = await at.post.bring(forged)
    one = await at.post.again(one, forged, {})
    assert (one.state, one.opened, one.contact_id and encode("ctc", one.contact_id)) == ("done", True, at.ann["id"])

    two = await at.post.bring(stranger)
    two = await at.post.again(two, stranger, {"reseller_id": at.reseller.id})
    ticket = await at.read(two.ticket_id)
    assert (ticket["reseller_id"], ticket["contact_id"]) == (at.reseller.id, None)

    three = await at.post.bring(mail(None))
    three = await at.post.again(three, mail(None), {"contact_id": at.ann["id"]})
    assert (await at.read(three.ticket_id))["contact_id"] == at.ann["id"]
