"""Tables of the catalogue. Nothing here belongs to a reseller."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json, Texts


class SupportLevel(SQLModel, table=True):
    """One of the four levels of support."""

    __tablename__ = "support_levels"

    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    code: str = Field(unique=True)
    name: str
    channels: list[str] = Field(sa_type=Texts)
    may_escalate: bool
    task_tickets: bool
    branded: bool


class Plan(SQLModel, table=True):
    """A service plan and the level that its rental includes."""

    __tablename__ = "plans"

    code: str = Field(primary_key=True)
    name: str
    level: int = Field(foreign_key="support_levels.level")
    position: int


class AddOnProduct(SQLModel, table=True):
    """A product that raises the level. Without a price it is sold on application, without minutes they are unlimited.

    ``warn_share`` is the share of the minutes, in basis points, at which a warning is raised.
    """

    __tablename__ = "add_on_products"
    __table_args__ = (
        CheckConstraint("(price_minor is null) = (currency is null)", name="price"),
        CheckConstraint("price_minor >= 0 and included_minutes >= 0 and overrun_minutes >= 0", name="amounts"),
        CheckConstraint("warn_share between 1 and 10000", name="warn_share"),
    )

    code: str = Field(primary_key=True)
    name: str
    level: int = Field(foreign_key="support_levels.level")
    telephone: bool
    position: int
    price_minor: int | None = None
    currency: str | None = Field(default=None, max_length=3)
    included_minutes: int | None = None
    warn_share: int = 8_000
    overrun_minutes: int | None = None
    version: int = 1

    @property
    def id(self) -> UUID:
        """An id for its ETag, made from the code that it is known by."""
        return uuid5(NAMESPACE_URL, f"/v1/add-ons/{self.code}")


class SupportCalendar(SQLModel, table=True):
    """A version of a support calendar."""

    __tablename__ = "calendars"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: UUID = Field(primary_key=True)
    code: str = Field(index=True)
    version: int
    definition: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)


class SlaPolicy(SQLModel, table=True):
    """A published version of the SLA policy; without ``effective_at`` it was always in force.

    With ``test_clock_id`` it is in force for the resellers on that clock alone. ``recalculation_id`` is the walk that
    its publication has set off, where it is one.
    """

    __tablename__ = "sla_policies"

    id: UUID = Field(primary_key=True)
    version: int = Field(unique=True)
    effective_at: datetime | None = Field(default=None, sa_type=Instant)
    definition: dict[str, Any] = Field(sa_type=Json)
    calendars: dict[str, str] = Field(sa_type=Json)
    test_clock_id: UUID | None = Field(default=None, foreign_key="test_clocks.id")
    note: str | None = None
    recalculation_id: UUID | None = None
    created_at: datetime = Field(sa_type=Instant)
