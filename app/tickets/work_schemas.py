"""Wire shapes of work on tickets."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.infra.ids import PurchaseId, TicketId, WorkLogId
from app.infra.paging import PageQuery
from app.infra.wire import Answer, Instant, Request, storable
from app.tickets.schemas import Author

_A_DAY = 1440


def _not_zero(minutes: int) -> int:
    if minutes == 0:
        msg = "whole minutes from 1 to 1440, or as many below zero to correct an earlier entry"
        raise ValueError(msg)
    return minutes


Minutes = Annotated[int, AfterValidator(_not_zero), Field(strict=True, ge=-_A_DAY, le=_A_DAY, examples=[25])]
Note = Annotated[str, AfterValidator(storable), Field(min_length=1, max_length=2000, examples=["Built trunk 7."])]


class WorkLogCreate(Request):
    """Work that was done; below zero it corrects an earlier entry."""

    minutes: Minutes
    note: Note


class WorkLogRead(Answer):
    """An entry of the ledger of work, and the paid month that its minutes were taken from."""

    id: WorkLogId
    ticket_id: TicketId
    minutes: int
    note: str
    author: Author
    at: Instant
    add_on_purchase_id: PurchaseId | None = Field(validation_alias="purchase_id")
    month_starts_at: Instant | None


class UsageEntriesQuery(PageQuery):
    """Of which paid month."""

    at: Instant | None = None
