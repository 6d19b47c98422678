"""The post: brings mails to a desk as the intake would, with rows that are really there."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from app.infra.ids import decode, encode, new_id
from app.infra.now import wall_now
from app.mail.addressing import tokens
from app.mail.intake.routing import RoutingDesk, route
from app.mail.links import add_links, give_handles
from app.mail.models import InboundMail, MailBounce, Mailbox, OutgoingMail
from app.mail.parsing.parsed import ParsedMail
from app.resellers.queries import operator_id
from tests.desk import Caller, Desk, Json
from tests.mail.intake.mails import ANN, AUTHSERV, mail

DESK = "support@operator.example"
AT = wall_now().replace(microsecond=0) - timedelta(hours=6)


@dataclass
class Post:
    """Mailboxes, and mails that arrive at them; each a minute after the one before."""

    desk: Desk
    boxes: dict[str, Mailbox] = field(default_factory=dict)
    count: int = 0

    @property
    def keys(self) -> tokens.Keys:
        return tokens.keys_of(self.desk.keyring)

    async def mailbox(self, address: str = DESK, reseller: Caller | None = None, priority: str = "low") -> Mailbox:
        async with self.desk.database.transaction() as session:
            owner = decode("rsl", reseller.id) if reseller else await operator_id(session)
            box = Mailbox(reseller_id=owner, id=new_id(), address=address, priority=priority, created_at=AT)
            session.add(box)
        self.boxes[address] = box
        return box

    async def bring(self, parsed: ParsedMail, to: str = DESK, **members: Any) -> InboundMail:
        """Let a mail arrive and be routed; ``to`` is the envelope's, with a token or without."""
        self.count += 1
        if parsed.message_id is None:
            parsed = replace(parsed, message_id=f"m{self.count}@voipco.example")
        token = tokens.read_token(to)
        box = self.boxes[token.mailbox if token else to]
        values: Json = {
            "reseller_id": box.reseller_id,
            "id": new_id(),
            "mailbox_id": box.id,
            "source": "lmtp",
            "envelope_from": parsed.author.address if parsed.author else "somebody@voipco.example",
            "envelope_to": [to],
            "size": 1,
            "sha256": hashlib.sha256(str(self.count).encode()).digest(),
            "accepted_at": AT + timedelta(minutes=self.count),
            "message_key": parsed.message_id,
            "body_sha256": parsed.body_sha256,
            "sender": parsed.author.address if parsed.author else None,
        }
        row = InboundMail(**values | members)
        async with self.desk.database.transaction() as session:
            session.add(row)
            await session.flush()
            await route(session, row, box, parsed, RoutingDesk(self.keys, AUTHSERV))
        assert row.state != "received"
        return row

    async def again(self, row: InboundMail, parsed: ParsedMail, released: Json) -> InboundMail:
        """Let staff release a mail."""
        async with self.desk.database.transaction() as session:
            kept = await session.get_one(InboundMail, (row.reseller_id, row.id))
            box = await session.get_one(Mailbox, (row.reseller_id, row.mailbox_id))
            kept.state, kept.reason, kept.released = "received", None, {"by": "stf", "trust": True} | released
            await route(session, kept, box, parsed, RoutingDesk(self.keys, AUTHSERV))
        return kept

    async def address(self, ticket: Json, contact: Json | None = None, staff: Json | None = None) -> str:
        """Return the address at which a person replies on a ticket."""
        ticket_id = decode("tkt", ticket["id"])
        contact_id = decode("ctc", contact["id"]) if contact else None
        staff_id = decode("stf", staff["id"]) if staff else None
        person = contact_id or staff_id
        assert person is not None
        async with self.desk.database.transaction() as session:
            owner = decode("rsl", ticket["reseller_id"])
            who = {"reseller_id": owner, "ticket_id": ticket_id, "contact_id": contact_id, "staff_id": staff_id}
            ((_, number),) = (await give_handles(session, [who])).items()
        return tokens.reply_address(self.keys, DESK, number, ticket_id, person)

    async def sent(
        self, ticket: Json, contact: Json | None, recipient: str = ANN, message: Json | None = None
    ) -> OutgoingMail:
        """Let the desk have sent a mail about a ticket."""
        mail_id, owner = new_id(), decode("rsl", ticket["reseller_id"])
        ticket_id = decode("tkt", ticket["id"])
        key = tokens.message_key(self.keys, mail_id, "operator.example")
        row = OutgoingMail(
            reseller_id=owner, id=mail_id, kind="reply", ticket_id=ticket_id,
            contact_id=decode("ctc", contact["id"]) if contact else None,
            message_id=decode("msg", message["id"]) if message else None, sender=DESK, sender_name="Desk",
            bounces_to="", recipient=recipient, recipient_name="Ann", subject="Re", body_text="x", headers={},
            message_key=key, state="sent", created_at=AT,
        )  # fmt: skip
        async with self.desk.database.transaction() as session:
            session.add(row)
            await session.flush()
            await session.refresh(row)
            link = {"reseller_id": owner, "ticket_id": ticket_id, "mailbox_id": self.boxes[DESK].id}
            await add_links(session, [link | {"message_key": key, "kind": "sent"}], AT)
        return row

    async def outgoing(self, row: OutgoingMail) -> OutgoingMail:
        async with self.desk.database.transaction() as session:
            return await session.get_one(OutgoingMail, (row.reseller_id, row.id))

    async def bounces(self) -> list[MailBounce]:
        async with self.desk.database.transaction() as session:
            return list(await session.scalars(select(MailBounce).order_by(col(MailBounce.id))))

    async def tickets(self) -> int:
        async with self.desk.database.transaction() as session:
            return int((await session.scalars(text("select count(*) from tickets"))).one())


@dataclass
class Scene:
    """A desk with one mailbox, and a reseller with Ann."""

    post: Post
    reseller: Caller
    ann: Json

    async def ticket(self, **members: Any) -> Json:
        """Return a ticket that Ann opened by mail."""
        row = await self.post.bring(mail(**members))
        assert row.ticket_id is not None, (row.state, row.reason)
        return await self.read(row.ticket_id)

    async def read(self, ticket_id: UUID | None) -> Json:
        assert ticket_id is not None
        found: Json = await self.post.desk.staff.get(f"/tickets/{encode('tkt', ticket_id)}")
        return found

    async def messages(self, ticket: Json) -> list[Json]:
        page = await self.post.desk.staff.get(f"/tickets/{ticket['id']}/messages")
        found: list[Json] = page["data"]
        return found

    async def move(self, ticket: Json, status: str) -> Json:
        path = f"/tickets/{ticket['id']}"
        if status == "closed":
            await self.post.desk.staff.patch(path, {"status": "resolved"})
            found: Json = await self.reseller.patch(path, {"status": "closed"})
            return found
        await self.post.desk.staff.patch(path, {"status": status, "reason": "so it is"})
        found = await self.post.desk.staff.get(path)
        return dict(found)


async def contact(desk: Desk, reseller: Caller, email: str, kind: str = "reseller_staff") -> Json:
    body = {"kind": kind, "name": email.partition("@")[0].title(), "email": email, "reseller_id": reseller.id}
    made: Json = await desk.staff.post("/contacts", body)
    return made


async def scene(desk: Desk, now: str | None = None, **members: Any) -> Scene:
    post = Post(desk)
    await post.mailbox()
    reseller = await desk.reseller(now=now, **members)
    return Scene(post, reseller, await contact(desk, reseller, ANN))
