"""Pure: who calls, and what the scopes of a key allow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.infra.problems import MissingScope, Unauthenticated


class Scope(StrEnum):
    """What a key may be allowed. ``write`` includes ``read``; ``staff`` includes everything."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    ADDONS_READ = "addons:read"
    ADDONS_WRITE = "addons:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    ALARMS_WRITE = "alarms:write"
    ESCALATIONS_WRITE = "escalations:write"
    STAFF = "staff"


class Role(StrEnum):
    """Whose key it is: a reseller's or the operator's."""

    RESELLER = "reseller"
    STAFF = "staff"


def covers(scopes: Iterable[str], needed: Scope) -> bool:
    """Tell whether scopes allow what ``needed`` names."""
    held = set(scopes)
    if Scope.STAFF in held or needed in held:
        return True
    return needed.endswith(":read") and needed.removesuffix("read") + "write" in held


@dataclass(frozen=True, slots=True)
class Key:
    """What a key shows of itself."""

    hint: str
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in caller. ``reseller_id`` is the operator's own for a key of the operator's."""

    key_id: UUID
    key_name: str
    key: Key
    reseller_id: UUID
    role: Role
    scopes: frozenset[str]
    staff_id: UUID | None = None
    test_clock_id: UUID | None = None

    @property
    def is_staff(self) -> bool:
        """Whether the key is the operator's."""
        return self.role is Role.STAFF

    def require(self, scope: Scope) -> None:
        """Refuse a caller whose key lacks a scope.

        Raises:
            MissingScope: it does; the problem names the scope.
        """
        if not covers(self.scopes, scope):
            raise MissingScope(f"this takes a key with the scope {scope}", scope=str(scope))

    def require_staff_for(self, reseller_id: UUID) -> None:
        """Refuse a key of the operator's about somebody else, unless it is one of its staff's.

        To a reseller's key, what is somebody else's is not there at all.

        Raises:
            MissingScope: it is a key for one purpose, such as an alarm source's.
        """
        if reseller_id != self.reseller_id:
            self.require(Scope.STAFF)


def signed_in(principal: Principal | None) -> Principal:
    """Return the caller.

    Raises:
        Unauthenticated: there is none.
    """
    if principal is None:
        raise Unauthenticated("no API key was sent")
    return principal
