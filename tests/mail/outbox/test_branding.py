"""What an end customer gets by mail: its reseller's brand, and nothing that names the operator."""

import re
from collections.abc import Iterator

from sqlalchemy import text

from app.infra.ids import decode, new_id
from app.infra.now import wall_now
from tests.desk import Caller, Desk, Json
from tests.mail.outbox.writing import contact, mailbox, mails, send
from tests.mail_sink import MailSink, Taken

BRAND: Json = {
    "name": "Acme Telecom",
    "signature": "Your Acme team",
    "greeting": "Hello from Acme",
    "colours": {"primary": "#1a4d8f", "accent": "#ffaa00"},
    "links": {"portal": "https://portal.acme.example/", "help": None, "privacy": None},
    "ticket_prefix": "ACME",
}
OPERATOR, PERSON, KEY = "Zzoperatorzz", "Zzpersonzz", "Zzkeyzz"
NAMES_THE_OPERATOR = re.compile(r"zzoperatorzz|zzpersonzz|zzkeyzz|trunkline|\btl-|stf_|key_", re.IGNORECASE)
TELEPHONE = "branded_intelligent_hands_telephone"
_RECEIVED = """
insert into inbound_mails (reseller_id, id, mailbox_id, source, envelope_to, size, sha256, accepted_at, state,
                           message_key, sender, ticket_id, attempts, truncated, opened, reopened)
select m.reseller_id, :id, m.id, 'lmtp', '{}', 1, convert_to(:key, 'UTF8'), :at, 'done', :key, :sender, :ticket_id,
       0, false, false, false from mailboxes m order by m.id limit 1
"""


async def _branded(desk: Desk, brand: Json) -> tuple[Caller, Caller, Json]:
    """A reseller with Branded and an end customer, and a person of the operator's whose names nobody could overlook."""
    more = {
        "mail_from": f"desk@{OPERATOR}.example",
        "mail_name": OPERATOR,
        "mail_desk_address": f"x@{OPERATOR}.example",
    }
    desk.settings = desk.settings.model_copy(update=more)
    operator = (await desk.staff.get("/me"))["reseller_id"]
    roles = ["agent", "account_manager", "technical_director"]
    person = await desk.staff.post("/staff", {"name": PERSON, "email": f"{PERSON}@{OPERATOR}.example", "roles": roles})
    await desk.staff.patch(f"/resellers/{operator}", {"name": OPERATOR})
    body = {"name": KEY, "scopes": ["staff"], "staff_id": person["id"]}
    staff = desk.caller((await desk.staff.post(f"/resellers/{operator}/api-keys", body))["secret"])
    await mailbox(desk, f"general@{OPERATOR}.example")
    reseller = await desk.reseller("professional", now=None, brand=brand)
    await reseller.post("/add-on-purchases", {"product": TELEPHONE})
    return staff, reseller, await contact(reseller, kind="end_customer")


async def _a_life(desk: Desk, staff: Caller, reseller: Caller, customer: Json) -> Json:
    """A ticket that is opened, written to by everybody, escalated, solved, reopened and closed."""
    ticket = await reseller.open_ticket(contact_id=customer["id"])
    path = f"/tickets/{ticket['id']}"
    person = (await desk.staff.get("/staff"))["data"][0]
    await staff.patch(path, {"assignee": person["id"]})
    values = {"id": new_id(), "at": wall_now(), "ticket_id": decode("tkt", ticket["id"])}
    async with desk.database.transaction() as session:  # somebody of the operator's has written by mail, too
        other = {"key": f"1@{OPERATOR}.example", "sender": f"{PERSON}@{OPERATOR}.example"}
        await session.execute(text(_RECEIVED), values | other)
    await staff.post(f"{path}/messages", {"body": "looking into it"})
    await staff.post(f"{path}/messages", {"body": f"not {OPERATOR}", "visibility": "internal"})
    await staff.post(f"{path}/messages", {"body": "still on it", "author": person["id"]})
    await desk.publish()
    await reseller.post(f"{path}/messages", {"body": "it fails", "author": customer["id"]})
    await reseller.post(f"{path}/escalations", {"reason": f"call {PERSON}"})
    for status in ("resolved", "open", "resolved", "closed"):
        await reseller.patch(path, {"status": status, "reason": "so"})
    await desk.publish()
    return ticket


def _strings(taken: Taken) -> Iterator[str]:
    yield taken.content.decode()
    yield taken.sender
    for name, value in taken.mail.items():
        yield f"{name}: {value}"
    yield from (taken.body("plain"), taken.body("html"))


async def _got(desk: Desk, customer: Json) -> tuple[list[Taken], list[Taken]]:
    """Send everything; return what the customer got, and what others got."""
    async with MailSink() as sink:
        await send(desk, sink)
    own = [one for one in sink.taken if list(one.recipients) == [customer["email"]]]
    for one in own:
        for string in _strings(one):
            assert not NAMES_THE_OPERATOR.search(string), string
    return own, [one for one in sink.taken if one not in own]


async def test_nothing_that_an_end_customer_is_sent_names_the_operator(desk: Desk) -> None:
    staff, reseller, customer = await _branded(desk, BRAND | {"from_address": "help@acme.example"})
    await mailbox(desk, "support@acme.example", reseller.id)
    ticket = await _a_life(desk, staff, reseller, customer)

    own, others = await _got(desk, customer)

    number = ticket["number"].removeprefix("TL-")
    assert len(own) == 7
    assert {one.mail["From"] for one in own} == {"Acme Telecom <help@acme.example>"}
    assert {one.mail["Subject"] for one in own} == {f"[ACME-{number}] Trunk 7 is down"}
    assert {one.mail["Message-ID"].rpartition("@")[2] for one in own} == {"acme.example>"}
    assert {one.mail["Reply-To"].partition("+")[0] for one in own} == {"support"}
    assert {one.sender.rpartition("@")[2] for one in own} == {"", "acme.example"}
    for one in own:
        assert "Your Acme team" in one.body("plain")
        assert "https://portal.acme.example/" in one.body("html")
        assert "#1a4d8f" in one.body("html")
        assert one.body("plain").split("\n\n")[1] == "Hello from Acme"
    assert sum("Acme Telecom wrote:" in one.body("plain") for one in own) == 2
    assert any(NAMES_THE_OPERATOR.search(string) for one in others for string in _strings(one)), "it would be found"


async def test_without_a_mailbox_of_its_resellers_a_mail_comes_from_the_brands_address_alone(desk: Desk) -> None:
    staff, reseller, customer = await _branded(desk, BRAND | {"from_address": "help@acme.example"})
    await _a_life(desk, staff, reseller, customer)

    own, _ = await _got(desk, customer)

    assert len(own) == 7
    assert {(one.sender, one.mail["Reply-To"]) for one in own} == {("", None)}
    assert not any("reply above" in one.body("plain") for one in own)


async def test_a_brand_without_any_address_cannot_write_and_staff_see_why(desk: Desk) -> None:
    staff, reseller, customer = await _branded(desk, BRAND)
    await _a_life(desk, staff, reseller, customer)

    own, _ = await _got(desk, customer)
    (first, *_) = await mails(desk, recipient=customer["email"])

    assert own == []
    assert (first["state"], first["sender"]) == ("suppressed", "")
    assert "from_address" in first["answer"]
    await desk.staff.refused("POST", f"/outgoing-mail/{first['id']}/retry", "conflict")


async def test_when_branded_ends_nothing_more_goes_to_end_customers(desk: Desk) -> None:
    _, reseller, customer = await _branded(desk, BRAND | {"from_address": "help@acme.example"})
    ticket = await reseller.open_ticket(contact_id=customer["id"])
    await desk.publish()
    purchase = (await reseller.get("/add-on-purchases"))["data"][0]
    await reseller.post(f"/add-on-purchases/{purchase['id']}/cancel", {"at": "now"})
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "hello?"})

    assert [one["kind"] for one in await mails(desk, recipient=customer["email"])] == ["acknowledgement"]
