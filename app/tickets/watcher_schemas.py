"""Wire shapes of those who watch tickets."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from app.infra.ids import ContactId, StaffId, TicketId, WatcherId
from app.infra.wire import Answer, Instant, Request


class WatcherCreate(Request):
    """Who is to watch: a contact or, for staff, one of the operator's people."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"contact_id": "ctc_01jb9z32jcfcz9rn8z5rymrpva"}]})

    contact_id: ContactId | None = None
    staff_id: StaffId | None = Field(default=None, description="For staff.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.contact_id is None) == (self.staff_id is None):
            msg = "name a contact_id or a staff_id"
            raise ValueError(msg)
        return self


class WatcherRead(Answer):
    """One who watches a ticket."""

    id: WatcherId
    ticket_id: TicketId
    contact_id: ContactId | None
    staff_id: StaffId | None
    name: str = Field(description="As it was when the watching began.")
    created_at: Instant
