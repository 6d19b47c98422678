"""The way of a mail from its bytes to its ticket and to what is sent about it, all of it the desk's own.

Bytes are accepted, parsed in a process, routed, published; what that causes is sent, which without a mail server means
captured. What came of it is read through the API.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.infra.ids import encode
from app.infra.now import wall_now
from app.mail.addressing import tokens
from app.mail.intake import queries
from app.mail.intake.accepting import TAKE, accept, raw_of
from app.mail.intake.routing import RoutingDesk, route
from app.mail.intake.taking import Taker
from app.mail.parsing.process import ParserPool
from tests.desk import Caller, Desk, Json
from tests.mail.corpus import header
from tests.mail.outbox.writing import mails, send

AUTHSERV = "mx.desk.example"
DESK, SALES = "desk@operator.example", "sales@operator.example"
ANN, BOSS, STRANGER = "ann@voipco.example", "boss@voipco.example", "evil@x.example"
OTHERS = "cleo@othertel.example"


def stated(raw: bytes, result: str = "pass", domain: str = "voipco.example") -> bytes:
    """Put above a mail what our mail server states of it."""
    return header(("Authentication-Results", f"{AUTHSERV}; dmarc={result} header.from={domain}")) + raw


@dataclass
class Office:
    """A desk with two mailboxes, a reseller with Ann, her boss and their domain, and another reseller with Cleo."""

    desk: Desk
    parsers: ParserPool
    taker: Taker
    reseller: Caller
    other: Caller
    ann: Json

    async def accept(self, raw: bytes, to: str = DESK, sender: str | None = ANN) -> str:
        """Accept a mail, and return its id."""
        async with self.desk.database.transaction() as session:
            box = await queries.mailbox_of(session, to)
        assert box is not None
        return encode("iml", await accept(self.desk.database, box, "lmtp", sender, [to], raw_of(raw), wall_now()))

    async def take(self) -> None:
        """Do the jobs that take mail, as a worker would, and whatever is sent because of that."""
        for job in await self.desk.picked(TAKE):
            await self.taker.take(job)
        await self.desk.publish()
        await send(self.desk)

    async def bring(self, raw: bytes, to: str = DESK, sender: str | None = ANN, **stating: str) -> Json:
        """Let a mail arrive of which our mail server states that it is its author's; return what staff see of it."""
        return await self.bring_bare(stated(raw, **stating), to, sender)

    async def bring_bare(self, raw: bytes, to: str = DESK, sender: str | None = ANN) -> Json:
        """Let a mail arrive as it is."""
        mail_id = await self.accept(raw, to, sender)
        await self.take()
        return await self.seen(mail_id)

    async def seen(self, mail_id: str) -> Json:
        """Return what staff see of a mail; it was brought somewhere."""
        found: Json = await self.desk.staff.get(f"/inbound-mail/{mail_id}")
        assert found["state"] != "received", found
        return found

    async def original(self, mail: Json) -> bytes:
        """Return the bytes that are kept of a mail."""
        return (await self.desk.staff.send("GET", f"/inbound-mail/{mail['id']}/raw")).content

    async def ticket(self, mail: Json) -> Json:
        """Return the ticket of a mail."""
        assert mail["ticket_id"] is not None, (mail["state"], mail["reason"], mail["detail"])
        found: Json = await self.desk.staff.get(f"/tickets/{mail['ticket_id']}")
        return found

    async def tickets(self) -> Sequence[Json]:
        """Return all tickets, the eldest first."""
        found: list[Json] = (await self.desk.staff.get("/tickets", limit=100))["data"]
        return sorted(found, key=lambda ticket: str(ticket["id"]))

    async def messages(self, ticket: Json) -> list[Json]:
        """Return the messages of a ticket, the eldest first."""
        found: list[Json] = (await self.desk.staff.get(f"/tickets/{ticket['id']}/messages"))["data"]
        return found

    async def files(self, mail: Json) -> dict[str, bytes]:
        """Return the files on a mail's ticket as they are served, by their names."""
        listed = (await self.desk.staff.get(f"/tickets/{mail['ticket_id']}/attachments"))["data"]
        served = {}
        for each in listed:
            answer = await self.desk.staff.send("GET", f"/attachments/{each['id']}")
            assert answer.headers["content-disposition"].startswith("attachment")
            assert answer.headers["x-content-type-options"] == "nosniff"
            served[each["name"]] = answer.content
        return served

    async def sent(self, **filters: str) -> list[Json]:
        """Return the mails of the desk, the eldest first, whole."""
        return await mails(self.desk, **filters)

    async def opened(self, raw: bytes, to: str = DESK) -> tuple[Json, str, Json]:
        """Let Ann open a ticket; return it, where she replies, and the acknowledgement that told her so."""
        ticket = await self.ticket(await self.bring(raw, to))
        acknowledgement = (await self.sent(ticket_id=ticket["id"]))[0]
        return ticket, field_of(acknowledgement, "Reply-To"), acknowledgement

    async def answered(self, ticket: Json, body: str = "Please try again.") -> Json:
        """Let the desk answer, and return the mail that tells of it."""
        await self.desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": body})
        await self.take()
        return (await self.sent(ticket_id=ticket["id"], kind="reply"))[-1]


def field_of(mail: Json, name: str) -> str:
    """Return a header field of a mail of the desk's."""
    return next(str(each["value"]) for each in mail["headers"] if each["name"] == name)


@asynccontextmanager
async def open_office(desk: Desk) -> AsyncIterator[Office]:
    """Open the office of a desk."""
    parsers = ParserPool()
    taker = Taker(desk.database, parsers, route, RoutingDesk(tokens.keys_of(desk.keyring), AUTHSERV))
    reseller, other = await desk.reseller(now=None), await desk.reseller(now=None)
    for address in (DESK, SALES):
        await desk.staff.post("/mailboxes", {"address": address})
    await desk.staff.patch(f"/resellers/{reseller.id}", {"mail_domains": ["voipco.example"]})
    people = [
        await desk.staff.post(
            "/contacts", {"kind": "reseller_staff", "name": name, "email": email, "reseller_id": owner}
        )
        for name, email, owner in (
            ("Ann Lee", ANN, reseller.id),
            ("The Boss", BOSS, reseller.id),
            ("Cleo", OTHERS, other.id),
        )
    ]
    try:
        yield Office(desk, parsers, taker, reseller, other, people[0])
    finally:
        await parsers.close()
