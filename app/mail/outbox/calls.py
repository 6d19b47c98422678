"""The mail that tells of all calls that were gathered: a job at the end of the window."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import Database
from app.infra.ids import new_id
from app.infra.now import wall_now
from app.infra.queue import enqueue
from app.infra.settings import Settings
from app.mail.addressing import tokens
from app.mail.models import OutgoingMail
from app.mail.outbox import queries
from app.mail.outbox.composing import send_job
from app.mail.outbox.headers import AUTOMATIC
from app.mail.outbox.house import House
from app.mail.outbox.rendering import sheet_of
from app.mail.outbox.voices import of_the_desk
from app.mail.outbox.wording import MOST_TOLD, call_digest
from app.resellers.queries import operator_id


class Gatherer:
    """Tells of gathered calls; one per process."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._house = House.of(settings)

    async def tell(self, recipient: str) -> None:
        """Write the one mail that tells an address of all calls gathered for it; a job may be run twice."""
        async with self._database.transaction() as session:
            calls = await queries.lock_gathered(session, recipient, MOST_TOLD)
            if not calls:
                return
            mail_id = new_id()
            count = await queries.tell_gathered(session, recipient, mail_id)
            session.add(await self._digest(session, mail_id, calls, count, wall_now()))
            await session.flush()
            await enqueue(session, [send_job(mail_id)])

    async def _digest(
        self, session: AsyncSession, mail_id: UUID, calls: Sequence[OutgoingMail], count: int, now: datetime
    ) -> OutgoingMail:
        house, first = self._house, calls[0]
        letter = call_digest([(call.subject, call.created_at) for call in calls], count)
        voice = of_the_desk(house.name, house.address, None)
        text, html = sheet_of(letter, voice, answerable=False).to(first.recipient_name)
        return OutgoingMail(
            reseller_id=await operator_id(session),
            id=mail_id,
            kind="call_digest",
            staff_id=first.staff_id,
            mailbox_id=first.mailbox_id,
            sender=first.sender,
            sender_name=house.name,
            bounces_to=first.bounces_to,
            recipient=first.recipient,
            recipient_name=first.recipient_name,
            subject=letter.subject,
            body_text=text,
            body_html=html,
            headers=dict(AUTOMATIC),
            message_key=tokens.message_key(house.keys, mail_id, first.sender.rpartition("@")[2]),
            state="queued",
            next_attempt_at=now,
            created_at=now,
        )
