"""What the tests of mail out share: resellers with people, mailboxes, and the mails as staff see them."""

from typing import Any

from sqlalchemy import text

from app.mail.outbox.carrier import Carrier
from app.mail.outbox.sending import Postman
from tests.desk import Caller, Desk, Json
from tests.mail_sink import MailSink

ANN = "ann@customer.example"
_DUE = "update outgoing_mails set next_attempt_at = now() - interval '1 second' where state = 'queued'"


async def mailbox(desk: Desk, address: str = "support@trunkline.localhost", reseller_id: str | None = None) -> None:
    """Give a reseller, or the operator, a mailbox."""
    await desk.staff.post("/mailboxes", {"address": address, "reseller_id": reseller_id})


async def contact(reseller: Caller, name: str = "Ann Example", **members: Any) -> Json:
    """Add a contact with an address."""
    email = f"{name.split(maxsplit=1)[0].lower()}@customer.example"
    made: Json = await reseller.post("/contacts", {"name": name, "email": email} | members)
    return made


async def mails(desk: Desk, **filters: Any) -> list[Json]:
    """Publish, and return the mails that were written, the eldest first, whole."""
    await desk.publish()
    listed = (await desk.staff.get("/outgoing-mail", limit=100, **filters))["data"]
    return [await desk.staff.get(f"/outgoing-mail/{one['id']}") for one in reversed(listed)]


async def send(desk: Desk, sink: MailSink | None = None, **timeouts: float) -> int:
    """Do the jobs that send mail, as a worker would, those in time to come too; return how many."""
    carrier = None if sink is None else Carrier(sink.url, **timeouts)
    postman = Postman(desk.database, desk.settings, carrier)
    jobs = await desk.picked("mail.send")
    for job in jobs:
        await postman.send(job)
    return len(jobs)


async def let_pass(desk: Desk) -> None:
    """Let the waits of mails pass."""
    async with desk.database.transaction() as session:
        await session.execute(text(_DUE))


def header_fields(mail: Json) -> dict[str, str]:
    """Return the header fields of a mail as the API shows them, by their names."""
    return {field["name"]: field["value"] for field in mail["headers"]}


async def ann_with_ticket(desk: Desk, **members: str) -> tuple[Caller, Json]:
    """Give a reseller a ticket of Ann's, and publish that; her mail is written."""
    await mailbox(desk)
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller, members.pop("name", "Ann Example"), email=ANN)
    ticket = await reseller.open_ticket(contact_id=ann["id"], **members)
    await desk.publish()
    return reseller, ticket


async def set_mails(desk: Desk, change: str) -> None:
    """Change mails as no operation does."""
    async with desk.database.transaction() as session:
        await session.execute(text(f"update outgoing_mails set {change}"))
