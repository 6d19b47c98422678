"""Pure: how a reseller's own customers are spoken to: under the reseller's name, with nothing of the operator's."""

from collections.abc import Mapping
from typing import Literal

_NEUTRAL_PREFIX = "T"
_STATUSES = {
    "new": "Received",
    "open": "Being worked on",
    "pending": "Waiting for your answer",
    "on_hold": "Waiting for somebody else",
    "resolved": "Solved",
    "closed": "Closed",
    "cancelled": "Cancelled",
}

Brand = Mapping[str, object]


def with_defaults(brand: Brand | None, reseller_name: str) -> dict[str, object]:
    """Return a brand that has a name and a signature: the reseller's own name where nothing else was said."""
    told = dict(brand or {})
    told["name"] = told.get("name") or reseller_name
    told["signature"] = told.get("signature") or told["name"]
    return told


def shown_number(brand: Brand | None, number: int) -> str:
    """Return a ticket's number as the brand's customers know it."""
    return f"{prefix_of(brand)}-{number}"


def prefix_of(brand: Brand | None) -> str:
    """Return what stands before the numbers of tickets that the brand's customers know."""
    return str((brand or {}).get("ticket_prefix") or _NEUTRAL_PREFIX)


def shown_status(status: str) -> str:
    """Return a status in words for a customer."""
    return _STATUSES[status]


def shown_author(author: Mapping[str, str | None], contact_id: str) -> Literal["customer", "brand"]:
    """Tell who wrote a message, as the ticket's customer sees it: itself, or the brand, whoever that was."""
    return "customer" if author["kind"] == "contact" and author["id"] == contact_id else "brand"
