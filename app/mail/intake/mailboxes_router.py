"""Operations on the addresses at which the desk takes mail."""

from typing import Annotated

from fastapi import Header, Query, Response
from sqlalchemy.exc import IntegrityError

from app.auth.edge import edge_router
from app.auth.permissions import STAFF_ONLY
from app.auth.visit import CurrentVisit
from app.infra.etags import check_match, etag_of
from app.infra.ids import MailboxId, new_id
from app.infra.paging import PageQuery, page_of
from app.infra.problems import Conflict, NotFound, ValidationFailed
from app.infra.wire import Page
from app.mail.intake import queries
from app.mail.intake.schemas import MailboxChange, MailboxCreate, MailboxRead
from app.mail.models import Mailbox
from app.resellers.queries import find_reseller, operator_id

router = edge_router("Mail")


@router.post("/mailboxes", status_code=201, dependencies=[STAFF_ONLY])
async def create_mailbox(body: MailboxCreate, visit: CurrentVisit, response: Response) -> MailboxRead:
    """Take mail at an address: for one reseller, or for all.

    A mail server has to hand over what comes to it: see the page about mail.
    """
    if body.reseller_id is not None and await find_reseller(visit.session, body.reseller_id) is None:
        raise ValidationFailed.at("/reseller_id", "there is no such reseller")
    mailbox = Mailbox(
        reseller_id=body.reseller_id or await operator_id(visit.session),
        id=new_id(),
        address=body.address.lower(),
        name=body.name,
        priority=body.priority,
        created_at=visit.wall,
    )
    visit.session.add(mailbox)
    try:
        await visit.session.flush()
    except IntegrityError as error:
        raise Conflict(f"there is a mailbox {mailbox.address} already") from error
    response.headers["ETag"] = etag_of(mailbox)
    return MailboxRead.model_validate(mailbox)


@router.get("/mailboxes", dependencies=[STAFF_ONLY])
async def list_mailboxes(
    query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[MailboxRead]:
    """List the addresses at which the desk takes mail, newest first."""
    page = page_of(visit.desk.cursors, "mailboxes", query, visit.principal.reseller_id)
    rows = await queries.list_mailboxes(visit.session, page.after_id, query.limit + 1)
    return page.answer_by_id(rows, MailboxRead.model_validate, response)


@router.patch("/mailboxes/{mailbox_id}", dependencies=[STAFF_ONLY])
async def change_mailbox(
    mailbox_id: MailboxId,
    body: MailboxChange,
    visit: CurrentVisit,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> MailboxRead:
    """Change a mailbox's name, or the priority of what it opens from now on."""
    mailbox = await queries.lock_mailbox(visit.session, mailbox_id)
    if mailbox is None:
        raise NotFound("there is no such mailbox")
    check_match(mailbox, if_match)
    mailbox.sqlmodel_update(body.model_dump(exclude_unset=True))
    mailbox.version += 1
    await visit.session.flush()
    response.headers["ETag"] = etag_of(mailbox)
    return MailboxRead.model_validate(mailbox)
