"""Tables of resellers and their contacts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, text
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json


class Reseller(SQLModel, table=True):
    """A partner who rents a softswitch. ``number`` serves constraints over ranges, which want an integer."""

    __tablename__ = "resellers"
    __table_args__ = (
        Index("uq_resellers_operator", "is_operator", unique=True, postgresql_where=text("is_operator")),
        CheckConstraint("length(name) between 1 and 200", name="name"),
    )

    id: UUID = Field(primary_key=True)
    number: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True)
    )
    name: str
    time_zone: str
    is_operator: bool = False
    account_manager_id: UUID | None = Field(default=None, foreign_key="staff.id")
    technical_director_id: UUID | None = Field(default=None, foreign_key="staff.id")
    brand: dict[str, Any] | None = Field(default=None, sa_type=Json)
    test_clock_id: UUID | None = Field(default=None, foreign_key="test_clocks.id", index=True)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class Contact(SQLModel, table=True):
    """A person at a reseller, or, with Branded, one of the reseller's own customers."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("kind in ('reseller_staff', 'end_customer')", name="kind"),
        Index("uq_contacts_email", "reseller_id", text("lower(email)"), unique=True),
        # Over all resellers: whose mail it is.
        Index("ix_contacts_address", text("lower(email)"), postgresql_where=text("email is not null")),
    )

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    kind: str
    name: str
    email: str | None = None
    phone: str | None = None
    notifications: dict[str, bool] = Field(sa_type=Json)
    mail_suspended_at: datetime | None = Field(default=None, sa_type=Instant)
    mail_bounced_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class MailDomain(SQLModel, table=True):
    """A domain whose mail is a reseller's; it is one reseller's at most."""

    __tablename__ = "reseller_mail_domains"

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    domain: str = Field(primary_key=True, unique=True)
