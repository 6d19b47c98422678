"""What this room announces to those above it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TermsChange:
    """A reseller's terms change, or may change, at an instant, now or later."""

    reseller_id: UUID
    test_clock_id: UUID | None
    at: datetime
    cause: str
    cause_id: UUID | None = None
    digest: bool = False


@dataclass(frozen=True, slots=True)
class TermsChangeForAll:
    """The terms of everyone who lives on the wall's time change, or may change, at an instant, now or later."""

    at: datetime
    cause: str
    cause_id: UUID
    digest: bool = False
