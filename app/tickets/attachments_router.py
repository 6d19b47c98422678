"""Operations on attachments."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Form, Header, Query, Response, UploadFile

from app.auth.edge import edge_router
from app.auth.permissions import needs, visible_by
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.infra.etags import check_tag
from app.infra.file_names import disposition_of
from app.infra.ids import AttachmentId, TicketId
from app.infra.media_types import media_type_of
from app.infra.paging import PageQuery, page_of
from app.infra.problems import NotFound, PayloadTooLarge
from app.infra.wire import Page
from app.tickets import attachment_queries
from app.tickets.act import take
from app.tickets.actors import actor_of
from app.tickets.attachment_schemas import AttachmentRead, AttachmentsAdded, AttachmentsCreate
from app.tickets.attachments import NewFile, add_attachments
from app.tickets.reading import attachment_of
from app.tickets.router import READ_ONE, WRITE_ONE, seen_ticket

router = edge_router("Tickets")

_MIB = 1024 * 1024
MOST_OF_A_FILE = 10 * _MIB
MOST_OF_ALL = 25 * _MIB
UPLOADS = re.compile(r"/v1/tickets/[^/]+/attachments")
MOST_OF_AN_UPLOAD = MOST_OF_ALL + _MIB
"""What a request may hold: its files, and what tells one from the next."""
_SHUT_IN = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-cache",  # whether it may be seen is asked each time
}
_BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}, "description": "What is in the file."}


@router.post("/tickets/{ticket_id}/attachments", status_code=201, dependencies=[WRITE_ONE])
async def create_attachments(
    ticket_id: TicketId,
    form: Annotated[AttachmentsCreate, Form(media_type="multipart/form-data")],
    visit: CurrentVisit,
) -> AttachmentsAdded:
    """Add files to a ticket: up to 20 in a request, 10 MiB each and 25 MiB together.

    Their names are cleaned, and their types told by their bytes. A message carries files that were added before it and
    that its `attachment_ids` name; the others stand by themselves. Internal ones are the desk's own, as internal
    messages are.
    """
    _check_sizes(form.files)
    act = await take(visit.session, ticket_id, actor_of(visit.principal), visit.wall)
    kept = await add_attachments(act, visit.principal, _read(form.files), form.visibility)
    await act.finish()
    return AttachmentsAdded(data=[attachment_of(attachment) for attachment in kept])


@router.get("/tickets/{ticket_id}/attachments", dependencies=[READ_ONE])
async def list_attachments(
    ticket_id: TicketId, query: Annotated[PageQuery, Query()], visit: CurrentVisit, response: Response
) -> Page[AttachmentRead]:
    """List a ticket's attachments, those that its messages carry included, oldest first."""
    ticket = await seen_ticket(visit, ticket_id)
    page = page_of(visit.desk.cursors, f"attachments:{ticket_id}", query, visit.principal.reseller_id)
    rows = await attachment_queries.list_attachments(
        visit.session, ticket, page.after_id, query.limit + 1, internal=visit.principal.is_staff
    )
    return page.answer_by_id(rows, attachment_of, response)


@router.get(
    "/attachments/{attachment_id}",
    response_class=Response,
    responses={200: _BYTES},
    dependencies=[
        needs(Scope.TICKETS_READ, visible=visible_by("att", "attachment_id", attachment_queries.find_attachment))
    ],
)
async def get_attachment(
    attachment_id: AttachmentId, visit: CurrentVisit, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Read what is in an attachment.

    It is answered as a file to be saved, of the type that its bytes tell, and shut in: a browser runs nothing of it.
    The ETag is of its content.
    """
    attachment = await attachment_queries.find_attachment(visit.session, attachment_id)
    if attachment is None:
        raise NotFound("there is no such attachment")
    etag = f'"{attachment.sha256.hex()}"'
    check_tag(etag, if_none_match)
    headers = {"Content-Disposition": disposition_of(attachment.name), "ETag": etag, **_SHUT_IN}
    content = await attachment_queries.content_of(visit.session, attachment)
    return Response(content, media_type=attachment.media_type, headers=headers)


def _check_sizes(files: Sequence[UploadFile]) -> None:
    for file in files:
        if (file.size or 0) > MOST_OF_A_FILE:
            raise PayloadTooLarge(f"a file may hold {MOST_OF_A_FILE} bytes")
    if sum(file.size or 0 for file in files) > MOST_OF_ALL:
        raise PayloadTooLarge(f"the files of a request may hold {MOST_OF_ALL} bytes together")


async def _read(files: Sequence[UploadFile]) -> AsyncIterator[NewFile]:
    for file in files:
        content = await file.read()
        yield NewFile(file.filename or "", media_type_of(content), content)
