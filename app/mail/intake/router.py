"""Operations on mail in: for staff, to see what came and what became of it, and to decide about what is held."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import HTMLResponse

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit, Visit
from app.infra.ids import InboundMailId, encode
from app.infra.paging import page_of
from app.infra.problems import NotFound
from app.infra.wire import Page
from app.mail.intake import deciding, queries
from app.mail.intake.schemas import InboundMailListed, InboundMailQuery, InboundMailRead, Rejection, Release
from app.mail.models import InboundMail
from app.mail.sandbox import SANDBOX

router = edge_router("Mail")

_RAW: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes of the mail, as they came.",
        "content": {
            "message/rfc822": {
                "schema": {"type": "string", "format": "binary"},
                "example": "From: ann@customer.example\r\nSubject: Trunk 7 is down\r\n\r\nEvery call fails.\r\n",
            }
        },
    }
}
_HTML: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The mail's HTML, as it may be shown.",
        "content": {"text/html": {"schema": {"type": "string"}, "example": "<p>Every call fails.</p>"}},
    }
}


@router.get("/inbound-mail", dependencies=[STAFF_ONLY])
async def list_inbound_mail(
    query: Annotated[InboundMailQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[InboundMailListed]:
    """List the mail that came in, newest first; that which waits for somebody is `held` or `quarantined`."""
    page = page_of(visit.desk.cursors, "inbound-mail", query, visit.principal.reseller_id)
    filters = query.model_dump(exclude={"limit", "cursor"})
    rows = await queries.list_mails(visit.session, page.after_id, query.limit + 1, **filters)
    return page.answer_by_id(rows, InboundMailListed.model_validate, response)


@router.get("/inbound-mail/{inbound_mail_id}", dependencies=[STAFF_ONLY])
async def get_inbound_mail(inbound_mail_id: InboundMailId, visit: CurrentVisit) -> InboundMailRead:
    """Read a mail that came in, and why it is where it is."""
    return await _read(visit, await _found(visit, inbound_mail_id))


@router.get("/inbound-mail/{inbound_mail_id}/raw", dependencies=[STAFF_ONLY], response_class=Response, responses=_RAW)
async def get_inbound_mail_raw(inbound_mail_id: InboundMailId, visit: CurrentVisit) -> Response:
    """Read the bytes of a mail as they came; 404 once they are no longer kept. A browser saves them."""
    await _found(visit, inbound_mail_id)
    raw = await queries.bytes_of(visit.session, inbound_mail_id)
    if raw is None:
        raise NotFound("the bytes of this mail are no longer kept")
    name = f"{encode('iml', inbound_mail_id)}.eml"
    headers = {**SANDBOX, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(raw, media_type="message/rfc822", headers=headers)


@router.get(
    "/inbound-mail/{inbound_mail_id}/html", dependencies=[STAFF_ONLY], response_class=HTMLResponse, responses=_HTML
)
async def get_inbound_mail_html(inbound_mail_id: InboundMailId, visit: CurrentVisit) -> HTMLResponse:
    """Look at a mail's HTML without what it could do, in a sandbox in which nothing is loaded or run."""
    await _found(visit, inbound_mail_id)
    _, html = await queries.body_of(visit.session, inbound_mail_id)
    if html is None:
        raise NotFound("this mail has no HTML that may be shown")
    return HTMLResponse(html, headers=SANDBOX)


@router.post("/inbound-mail/{inbound_mail_id}/retry", status_code=202, dependencies=[STAFF_ONLY])
async def retry_inbound_mail(inbound_mail_id: InboundMailId, visit: CurrentVisit) -> InboundMailRead:
    """Take a mail that is not done once more, by the rules and contacts as they are now."""
    return await _read(visit, await deciding.retry(visit, inbound_mail_id))


@router.post("/inbound-mail/{inbound_mail_id}/release", status_code=202, dependencies=[STAFF_ONLY])
async def release_inbound_mail(inbound_mail_id: InboundMailId, body: Release, visit: CurrentVisit) -> InboundMailRead:
    """Let a mail pass that is held: as a contact's, for a reseller, or, with neither, as what it says it is.

    Whoever releases it stands for its sender; who that was, is kept with it.
    """
    return await _read(visit, await deciding.release(visit, inbound_mail_id, body))


@router.post("/inbound-mail/{inbound_mail_id}/reject", dependencies=[STAFF_ONLY])
async def reject_inbound_mail(inbound_mail_id: InboundMailId, body: Rejection, visit: CurrentVisit) -> InboundMailRead:
    """Turn a mail away that is held. It is kept, does nothing, and nobody is told."""
    return await _read(visit, await deciding.reject(visit, inbound_mail_id, body.reason))


async def _found(visit: Visit, mail_id: UUID) -> InboundMail:
    mail = await queries.find_mail(visit.session, mail_id)
    if mail is None:
        raise NotFound("there is no such mail")
    return mail


async def _read(visit: Visit, mail: InboundMail) -> InboundMailRead:
    text, _ = await queries.body_of(visit.session, mail.id)
    values = mail.model_dump(exclude={"raw", "body_text", "body_html"})
    return InboundMailRead.model_validate(values | {"text": text})
