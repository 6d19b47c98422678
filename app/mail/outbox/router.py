"""Operations on mail out: for staff, to see what was sent to whom, and to send again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import HTMLResponse

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit, Visit
from app.infra.ids import OutgoingMailId
from app.infra.paging import page_of
from app.infra.problems import Conflict, NotFound
from app.infra.queue import enqueue
from app.infra.wire import Page
from app.mail.addressing.tokens import keys_of
from app.mail.models import OutgoingMail
from app.mail.outbox import queries
from app.mail.outbox.composing import send_job
from app.mail.outbox.headers import unsendable
from app.mail.outbox.mime import fields_of
from app.mail.outbox.schemas import OutgoingMailListed, OutgoingMailQuery, OutgoingMailRead
from app.mail.outbox.sending import envelope_sender
from app.mail.sandbox import SANDBOX

router = edge_router("Mail")

_RETRIED = {"failed", "suppressed"}
_HTML: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The mail's HTML.",
        "content": {"text/html": {"schema": {"type": "string"}, "example": "<!DOCTYPE html><p>Hello Ann,</p>"}},
    }
}


@router.get("/outgoing-mail", dependencies=[STAFF_ONLY])
async def list_outgoing_mail(
    query: Annotated[OutgoingMailQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[OutgoingMailListed]:
    """List mails, newest first: those sent, those to be sent, and those that are not, with the reason."""
    page = page_of(visit.desk.cursors, "outgoing-mail", query, visit.principal.reseller_id)
    filters = query.model_dump(exclude={"limit", "cursor"})
    rows = await queries.list_mails(visit.session, page.after_id, query.limit + 1, filters)
    return page.answer_by_id(rows, OutgoingMailListed.model_validate, response)


@router.get("/outgoing-mail/{outgoing_mail_id}", dependencies=[STAFF_ONLY])
async def get_outgoing_mail(outgoing_mail_id: OutgoingMailId, visit: CurrentVisit) -> OutgoingMailRead:
    """Read a mail as it is sent, and what became of it."""
    return _read(visit, await _found(visit, outgoing_mail_id))


@router.get(
    "/outgoing-mail/{outgoing_mail_id}/html", dependencies=[STAFF_ONLY], response_class=HTMLResponse, responses=_HTML
)
async def get_outgoing_mail_html(outgoing_mail_id: OutgoingMailId, visit: CurrentVisit) -> HTMLResponse:
    """Look at a mail's HTML, in a sandbox in which nothing is loaded or run."""
    mail = await _found(visit, outgoing_mail_id)
    if mail.body_html is None:
        raise NotFound("this mail has no HTML")
    return HTMLResponse(mail.body_html, headers=SANDBOX)


@router.post("/outgoing-mail/{outgoing_mail_id}/retry", status_code=202, dependencies=[STAFF_ONLY])
async def retry_outgoing_mail(outgoing_mail_id: OutgoingMailId, visit: CurrentVisit) -> OutgoingMailRead:
    """Send a mail that failed, or that was suppressed, now: the same mail with the same Message-ID.

    One that there is no address to write from, or an address that mail cannot be sent to, cannot be sent (409), nor
    one that is in any other state.
    """
    mail = await queries.lock_mail(visit.session, outgoing_mail_id)
    if mail is None:
        raise NotFound("there is no such mail")
    if mail.state not in _RETRIED:
        raise Conflict(f"the mail is {mail.state}: only one that is failed or suppressed can be sent again")
    if not mail.sender:
        raise Conflict("the mail has no address to write from")
    fault = unsendable(envelope_sender(keys_of(visit.desk.keyring), mail), mail.recipient)
    if fault is not None:
        raise Conflict(f"{fault}: correct the address; the next mail goes to it")
    mail.state, mail.attempts, mail.next_attempt_at, mail.answer = "queued", 0, visit.wall, None
    mail.slot_at = None
    await visit.session.flush()
    await enqueue(visit.session, [send_job(mail.id)])
    return _read(visit, mail)


async def _found(visit: Visit, mail_id: UUID) -> OutgoingMail:
    mail = await queries.find_mail(visit.session, mail_id)
    if mail is None:
        raise NotFound("there is no such mail")
    return mail


def _read(visit: Visit, mail: OutgoingMail) -> OutgoingMailRead:
    more = {
        "envelope_from": envelope_sender(keys_of(visit.desk.keyring), mail),
        "headers": [{"name": name, "value": value} for name, value in fields_of(mail)],
        "text": mail.body_text,
    }
    return OutgoingMailRead.model_validate(mail.model_dump(exclude={"headers"}) | more)
