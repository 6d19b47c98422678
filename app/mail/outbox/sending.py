"""Sending a mail: it is taken in one transaction, sent outside of any, and recorded in another.

Whoever takes a mail puts off its next attempt for longer than an attempt may last, so that nobody else takes it
meanwhile; where the worker dies, it falls due again by that. Dead between the server's answer and the record, the same
mail goes out again with the same Message-ID. Without a mail server mails are captured: they stay to be looked at.
"""

import random
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.entitlements.entitlement import Feature
from app.entitlements.timelines import timeline_of
from app.infra.db import Database
from app.infra.ids import decode, encode, first_id_of
from app.infra.instants import instant_in_words
from app.infra.now import wall_now
from app.infra.queue import Job, enqueue, waiting
from app.infra.settings import Settings
from app.mail.addressing.tokens import Keys, bounce_address
from app.mail.failures import add_failure, tell_for_good
from app.mail.models import OutgoingMail
from app.mail.outbox import queries
from app.mail.outbox.carrier import LONGEST_ANSWER, Carried, Carrier
from app.mail.outbox.composing import DIGEST, send_job
from app.mail.outbox.fates import NO_LONGER_BRANDED, SUSPENDED
from app.mail.outbox.headers import unsendable
from app.mail.outbox.house import House
from app.mail.outbox.mime import message_bytes
from app.mail.outbox.retrying import next_delay, next_slot

_LEASE = timedelta(seconds=90)  # longer than an attempt lasts
_HOUR = timedelta(hours=1)
_URGENT = {"call", "call_digest"}  # no limit holds them back, and they take nobody's place
_LOST_AFTER = timedelta(seconds=30)
_LOOKED_BACK = timedelta(days=2)
_AT_ONCE = 500
_log = structlog.get_logger(__name__)


def envelope_sender(keys: Keys, mail: OutgoingMail) -> str:
    """Return where a mail comes back to that cannot be delivered; where there is a mailbox, it names the mail."""
    if not mail.bounces_to or mail.mailbox_id is None or mail.number is None:
        return mail.bounces_to
    return bounce_address(keys, mail.bounces_to, mail.number)


class Postman:
    """Sends mails; one per process."""

    def __init__(self, database: Database, settings: Settings, carrier: Carrier | None = None) -> None:
        self._database = database
        self._keys = House.of(settings).keys
        self._per_hour = settings.mail_out_per_hour
        self._carrier = carrier or (Carrier(settings.smtp_url) if settings.smtp_url else None)

    async def send(self, argument: str) -> None:
        """Send the mail that a job names, unless it was sent or is being sent; a job may be run twice."""
        mail_id = decode("oml", argument)
        mail = await self._take(mail_id)
        if mail is None:
            return
        await self._record(mail, None if self._carrier is None else await self._carried(self._carrier, mail))

    async def _carried(self, carrier: Carrier, mail: OutgoingMail) -> Carried:
        sender = envelope_sender(self._keys, mail)
        fault = unsendable(sender, mail.recipient)
        if fault is not None:
            return Carried("failed", fault)
        try:
            return await carrier.carry(sender, mail.recipient, message_bytes(mail))
        except ValueError as error:  # it cannot be written down; held as a failed job, it would be found for ever
            return Carried("failed", f"the mail cannot be sent as it is: {error}"[:LONGEST_ANSWER])

    async def _take(self, mail_id: UUID) -> OutgoingMail | None:
        async with self._database.transaction() as session:
            mail, now = await queries.lock_mail(session, mail_id), wall_now()
            if mail is None or mail.state != "queued":
                return None
            if mail.next_attempt_at is not None and mail.next_attempt_at > now:  # somebody sends it, or it is early
                await enqueue(session, [send_job(mail_id, mail.next_attempt_at - now)])
                return None
            if why := await self._why_not(session, mail, now):
                mail.state, mail.answer, mail.next_attempt_at = "suppressed", why, None
                return None
            if await self._is_held_back(session, mail, now):
                return None
            mail.attempts += 1
            _put_off(mail, now + _LEASE)
            return mail

    async def _why_not(self, session: AsyncSession, mail: OutgoingMail, now: datetime) -> str | None:
        """Return why a mail is not sent after all: much may have changed since it was written."""
        if mail.contact_id is None:
            return None
        person = (await queries.contacts(session, [mail.contact_id])).get(mail.contact_id)
        if person is not None and person.suspended:
            return SUSPENDED
        if person is None or person.side != "customer":
            return None
        timeline = await timeline_of(session, mail.reseller_id, now)
        return None if timeline.in_force(now).includes(Feature.BRANDED) else NO_LONGER_BRANDED

    async def _is_held_back(self, session: AsyncSession, mail: OutgoingMail, now: datetime) -> bool:
        """Give a mail its place in the hour; tell whether it has to wait for it. It wakes once, when that has come."""
        if self._carrier is None or mail.kind in _URGENT or mail.slot_at is not None:
            return False
        earlier = await queries.last_slot(session, self._per_hour)
        mail.slot_at = slot = next_slot(earlier, _HOUR, now)
        if slot <= now:
            return False
        _put_off(mail, slot)
        mail.answer = (
            f"held back until {instant_in_words(slot)}: {self._per_hour} mails go out within an hour"
            " (TRUNKLINE_MAIL_OUT_PER_HOUR)"
        )
        await enqueue(session, [send_job(mail.id, slot - now)])
        return True

    async def _record(self, taken: OutgoingMail, carried: Carried | None) -> None:
        async with self._database.transaction() as session:
            mail, now = await queries.lock_mail(session, taken.id), wall_now()
            if mail is None or mail.state != "queued" or mail.attempts != taken.attempts:
                return  # it took so long that another has taken it since
            if carried is None:
                mail.state, mail.sent_at, mail.next_attempt_at = "captured", now, None
                return
            mail.answer = carried.answer
            delay = next_delay(mail.attempts, random.random())  # noqa: S311 - jitter
            if carried.state == "sent":
                mail.state, mail.sent_at, mail.next_attempt_at = "sent", now, None
            elif carried.state == "failed" or delay is None:
                mail.state, mail.next_attempt_at = "failed", None
                if carried.recipient_refused:
                    await add_failure(session, mail, "5.0.0", carried.answer, now, counts=True)
                    await tell_for_good(session, mail, now)
                _log.warning("a mail was not taken", mail_id=encode("oml", mail.id), answer=mail.answer)
            else:
                _put_off(mail, now + delay)
                mail.slot_at = None  # it has not gone out: another has its place
                await enqueue(session, [send_job(mail.id, delay)])


async def find_lost(session: AsyncSession, now: datetime) -> int:
    """Enqueue anew what is to be sent or told and has no job; return how many."""
    jobs = [send_job(mail_id) for mail_id in await queries.overdue(session, now - _LOST_AFTER, _AT_ONCE)]
    since = first_id_of(now - _LOOKED_BACK)
    jobs += [Job(DIGEST, to) for to in await queries.ungathered(session, since, now - _LOST_AFTER)]
    known = await waiting(session, jobs) if jobs else set()
    lost = [job for job in jobs if job.argument not in known]
    await enqueue(session, lost)
    return len(lost)


def _put_off(mail: OutgoingMail, until: datetime) -> None:
    mail.next_attempt_at = until
