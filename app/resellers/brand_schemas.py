"""Wire shapes of a brand."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from app.infra.wire import Email, Line, Request, storable


def _https(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not value.isprintable() or any(character in ' "<>\\^`{|}' for character in value):
        msg = "an https URL, such as https://portal.example.com"
        raise ValueError(msg)
    return value


HttpsUrl = Annotated[
    str, AfterValidator(_https), Field(max_length=2000, examples=["https://portal.example.com"], pattern="^https://")
]
Colour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$", examples=["#1a4d8f"])]


class Colours(Request):
    """The colours of a brand."""

    primary: Colour | None = None
    accent: Colour | None = None


class Links(Request):
    """Where a brand's customers find more."""

    portal: HttpsUrl | None = None
    help: HttpsUrl | None = None
    privacy: HttpsUrl | None = None


class Brand(Request):
    """How a reseller's own customers are spoken to."""

    name: Line
    from_address: Email | None = None
    signature: Annotated[str, AfterValidator(storable), Field(max_length=2000)] | None = None
    greeting: Line | None = None
    phone_greeting: Line | None = Field(default=None, description="What staff say when its customers call.")
    colours: Colours | None = None
    links: Links | None = None
    ticket_prefix: Annotated[str, Field(pattern="^[A-Z]{1,8}$", examples=["ACME"])] | None = Field(
        default=None, description="Ticket TL-1042 is ACME-1042 to its customers; without one, T-1042."
    )
