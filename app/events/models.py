"""Tables of events and of the publisher's place among them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant


class Event(SQLModel, table=True):
    """Something that happened, with the bytes that every endpoint is sent. Partitioned by month on the id."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_unpublished", "written", postgresql_where=text("position is null")),
        Index("ix_events_feed", "reseller_id", "position"),
        Index("ix_events_position", "position"),
        Index("ix_events_id", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    reseller_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    type: str
    occurred_at: datetime = Field(sa_type=Instant)
    ticket_id: UUID | None = None
    operator_only: bool = False
    body: bytes = Field(sa_type=LargeBinary)
    written: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    position: int | None = Field(default=None, sa_type=BigInteger)


class EventCounter(SQLModel, table=True):
    """The last sequence given to an event of a reseller's.

    Read and written by SQL alone; this tells the migrations of the table.
    """

    __tablename__ = "event_counters"

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    last_sequence: int = Field(sa_type=BigInteger)


class Publisher(SQLModel, table=True):
    """One row: the last position given. Whoever holds its lock is the publisher."""

    __tablename__ = "publisher"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: bool = Field(default=True, primary_key=True)
    last_position: int = Field(sa_type=BigInteger)
