"""What staff decide about a mail that is not done: to try it again, to let it pass, to turn it away."""

from uuid import UUID

from app.auth.visit import Visit
from app.infra.ids import encode
from app.infra.problems import Conflict, NotFound, ValidationFailed
from app.infra.queue import enqueue
from app.infra.wire import rfc3339
from app.mail.intake import queries
from app.mail.intake.accepting import job_of
from app.mail.intake.schemas import Release
from app.mail.models import InboundMail
from app.resellers.queries import find_contact_alone, find_reseller

_WAITING = frozenset({"held", "quarantined"})
_OVER = frozenset({"held", "quarantined", "rejected"})


async def retry(visit: Visit, mail_id: UUID) -> InboundMail:
    """Take a mail once more, by the rules as they are now: what staff decided about it before is no part of them.

    Raises:
        NotFound: there is none.
        Conflict: it is done, or being taken.
    """
    mail = await _locked(visit, mail_id, _OVER, "tried again")
    mail.released = None  # or one that was rejected would count as released
    return await _again(visit, mail)


async def release(visit: Visit, mail_id: UUID, wanted: Release) -> InboundMail:
    """Take a mail as what staff say it is: they stand for its sender.

    Raises:
        NotFound: there is none.
        Conflict: it is not held.
        ValidationFailed: the contact or the reseller is not there.
    """
    mail = await _locked(visit, mail_id, _WAITING, "released")
    if wanted.contact_id is not None and await find_contact_alone(visit.session, wanted.contact_id) is None:
        raise ValidationFailed.at("/contact_id", "there is no such contact")
    if wanted.reseller_id is not None:
        reseller = await find_reseller(visit.session, wanted.reseller_id)
        if reseller is None or reseller.is_operator:
            raise ValidationFailed.at("/reseller_id", "there is no such reseller")
    mail.released = _decided(visit) | wanted.model_dump(mode="json", exclude_none=True)
    return await _again(visit, mail)


async def reject(visit: Visit, mail_id: UUID, reason: str | None) -> InboundMail:
    """Turn a mail away: it is kept, and does nothing.

    Raises:
        NotFound: there is none.
        Conflict: it is not held.
    """
    mail = await _locked(visit, mail_id, _WAITING, "rejected")
    mail.state, mail.reason, mail.detail = "rejected", "by_staff", reason or "staff have turned it away"
    mail.released, mail.finished_at = _decided(visit), visit.wall
    await visit.session.flush()
    return mail


async def _locked(visit: Visit, mail_id: UUID, states: frozenset[str], what: str) -> InboundMail:
    mail = await queries.lock_mail(visit.session, mail_id)
    if mail is None:
        raise NotFound("there is no such mail")
    if mail.state not in states:
        raise Conflict(f"the mail is {mail.state}: only one that is {' or '.join(sorted(states))} can be {what}")
    return mail


async def _again(visit: Visit, mail: InboundMail) -> InboundMail:
    if mail.truncated:
        raise Conflict("the mail was too large, and only its beginning is kept: it can be rejected, not taken")
    mail.state, mail.reason, mail.detail, mail.attempts, mail.finished_at = "received", None, None, 0, None
    await visit.session.flush()
    await enqueue(visit.session, [job_of(mail.id)])
    return mail


def _decided(visit: Visit) -> dict[str, str]:
    return {"by": visit.principal.key_name, "key_id": encode("key", visit.principal.key_id), "at": rfc3339(visit.wall)}
