"""What a policy says of a promise that is taken up again, and of one that was missed."""

from dataclasses import dataclass
from enum import StrEnum

WHOLE = 10_000  # basis points


class Reopen(StrEnum):
    """What reopening a ticket does to its resolution clock: goes on with what was consumed, or starts anew."""

    goes_on = "continue"
    restart = "restart"


@dataclass(frozen=True, slots=True)
class Credits:
    """What a missed promise is worth, as shares of the month's price, in basis points.

    Attributes:
        per_miss: The share credited for each promise missed.
        cap: The most that is credited for one paid month.

    Raises:
        ValueError: A share is out of bounds, or the cap is less than one miss.
    """

    per_miss: int
    cap: int

    def __post_init__(self) -> None:
        if not 0 < self.per_miss <= self.cap <= WHOLE:
            raise ValueError(f"a credit per miss lies between 1 and the cap, and the cap is at most {WHOLE}")

    def as_dict(self) -> dict[str, int]:
        """The credits as a policy's data has them."""
        return {"per_miss": self.per_miss, "cap": self.cap}
