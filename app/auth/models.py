"""Tables of keys, staff, test clocks and idempotent answers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, LargeBinary
from sqlmodel import Field, SQLModel

from app.infra.columns import Instant, Json, Texts


class Staff(SQLModel, table=True):
    """A person of the operator's: whom ladders call and tickets are assigned to."""

    __tablename__ = "staff"

    id: UUID = Field(primary_key=True)
    name: str
    email: str = Field(unique=True)
    roles: list[str] = Field(sa_type=Texts)
    version: int = 1
    created_at: datetime = Field(sa_type=Instant)


class TestClock(SQLModel, table=True):
    """A clock of its own for sandbox resellers. ``target_at`` is set while it is being advanced."""

    __tablename__ = "test_clocks"
    __test__ = False  # a table, not a test class: pytest collects by name

    id: UUID = Field(primary_key=True)
    now_at: datetime = Field(sa_type=Instant)
    target_at: datetime | None = Field(default=None, sa_type=Instant)
    advanced_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class ApiKey(SQLModel, table=True):
    """A key; of the secret only a hash and the last four characters are kept."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("role in ('reseller', 'staff')", name="role"),)

    reseller_id: UUID = Field(primary_key=True, foreign_key="resellers.id")
    id: UUID = Field(primary_key=True, unique=True)
    name: str
    role: str
    secret_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    hint: str
    scopes: list[str] = Field(sa_type=Texts)
    staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class IdempotentAnswer(SQLModel, table=True):
    """The first answer to a request that carried an idempotency key; kept for 24 hours."""

    __tablename__ = "idempotent_answers"

    reseller_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int | None = None
    headers: dict[str, str] | None = Field(default=None, sa_type=Json)
    body: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant, index=True)


class DeskSecret(SQLModel, table=True):
    """A secret of the desk's own, such as the one that seals cursors; made when the desk is set up."""

    __tablename__ = "desk_secrets"

    name: str = Field(primary_key=True)
    value: bytes = Field(sa_type=LargeBinary)
