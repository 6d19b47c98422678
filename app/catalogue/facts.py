"""What this room announces to those above it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PolicyPublished:
    """A version of the policy was published: it is in force from ``at`` on, everywhere or on one test clock."""

    policy_id: UUID
    test_clock_id: UUID | None
    at: datetime
    digest: bool
