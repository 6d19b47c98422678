"""Tables of what a reseller is owed: plans and purchases, which cannot overlap, minutes, and maintenance windows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func, literal_column, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant

# Ranges alone, so that no extension is needed: an equal number is an overlapping one-number range.
_SAME_RESELLER = (func.int8range(literal_column("reseller_number"), literal_column("reseller_number"), "[]"), "&&")
_SAME_TIME = (func.tstzrange(literal_column("starts_at"), literal_column("ends_at")), "&&")


class PlanPeriod(SQLModel, table=True):
    """A reseller is on a plan from an instant, inclusive, to another, exclusive."""

    __tablename__ = "plan_periods"
    __table_args__ = (
        ExcludeConstraint(_SAME_RESELLER, _SAME_TIME, name="ex_plan_periods_overlap", using="gist"),
        CheckConstraint("ends_at is null or ends_at > starts_at", name="order"),
        Index("ix_plan_periods_due", "starts_at", postgresql_where=text("not announced and test_clock_id is null")),
        Index(
            "ix_plan_periods_due_test",
            "test_clock_id",
            "starts_at",
            postgresql_where=text("not announced and test_clock_id is not null"),
        ),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True)
    reseller_number: int
    plan: str = Field(foreign_key="plans.code")
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    announced: bool = Field(default=False)
    test_clock_id: UUID | None = None
    created_at: datetime = Field(sa_type=Instant)


class AddOnPurchase(SQLModel, table=True):
    """A purchase of an add-on, at the price and with the minutes that held when it was made.

    Its months are those of the zone that its reseller was in then: a move begins no month anew. ``agreed_ends_at`` is
    the end that its reseller asked for; ``ends_at`` is the earlier of that and the start of the purchase that
    replaces it.
    """

    __tablename__ = "add_on_purchases"
    __table_args__ = (
        ExcludeConstraint(
            _SAME_RESELLER,
            _SAME_TIME,
            name="ex_add_on_purchases_overlap",
            using="gist",
            where=text("state <> 'cancelled'"),
        ),
        CheckConstraint("state in ('scheduled', 'active', 'ended', 'cancelled')", name="state"),
        CheckConstraint("ends_at is null or ends_at > starts_at or state in ('cancelled', 'ended')", name="order"),
        Index(
            "ix_add_on_purchases_starting",
            "starts_at",
            postgresql_where=text("state = 'scheduled' and test_clock_id is null"),
        ),
        Index(
            "ix_add_on_purchases_ending",
            "ends_at",
            postgresql_where=text("state = 'active' and test_clock_id is null"),
        ),
        Index("ix_add_on_purchases_test", "test_clock_id", "state", postgresql_where=text("test_clock_id is not null")),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    reseller_number: int
    product: str = Field(foreign_key="add_on_products.code")
    state: str
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    agreed_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    price_minor: int | None = None
    currency: str | None = None
    included_minutes: int | None = None
    warn_share: int = 8_000
    overrun_minutes: int | None = None
    time_zone: str
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)
    test_clock_id: UUID | None = None
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class UsageMonth(SQLModel, table=True):
    """What was used of a purchase's minutes in one paid month; the row is the lock of whoever logs work."""

    __tablename__ = "usage_months"
    __table_args__ = (
        ForeignKeyConstraint(["reseller_id", "purchase_id"], ["add_on_purchases.reseller_id", "add_on_purchases.id"]),
    )

    reseller_id: UUID = Field(primary_key=True)
    purchase_id: UUID = Field(primary_key=True)
    starts_at: datetime = Field(primary_key=True, sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    used_minutes: int = 0
    warned_at: datetime | None = Field(default=None, sa_type=Instant)
    exhausted_at: datetime | None = Field(default=None, sa_type=Instant)


class MaintenanceWindow(SQLModel, table=True):
    """A span in which the clocks of whom it covers stand still; declared ahead or while it begins.

    ``ended_at`` is the instant at which it was called off: from then on it stops nothing.
    """

    __tablename__ = "maintenance_windows"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at and starts_at >= declared_at", name="order"),
        Index("ix_maintenance_windows_ends", "ends_at"),
    )

    id: UUID = Field(primary_key=True)
    reason: str
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    everyone: bool
    declared_at: datetime = Field(sa_type=Instant)
    declared_by: str
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    test_clock_id: UUID | None = None
    version: int = 1


class CoveredReseller(SQLModel, table=True):
    """A reseller that a maintenance window names."""

    __tablename__ = "maintenance_window_resellers"
    # Whom a window names is asked by the window, not by the reseller that leads its key.
    __table_args__ = (Index("ix_maintenance_window_resellers_window", "window_id"),)

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    window_id: UUID = Field(primary_key=True, foreign_key="maintenance_windows.id")
