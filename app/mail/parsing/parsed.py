"""What is read out of a mail: plain values, of which every text is fit for the database and for a page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


class TooMuch(ValueError):  # noqa: N818 - what the mail is, not what we did wrong
    """A mail that is over a cap, and so is not parsed; ``reason`` is a code, the text says which cap for staff."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox of a person: the name as it may be shown, the address with its domain as an A-label, lower-case."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The domain, as an A-label in lower case."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of a mail. ``media_type`` is told by its bytes; ``declared_type`` is what the mail says."""

    name: str
    media_type: str
    declared_type: str
    content: bytes
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class FailedRecipient:
    """A recipient of a delivery report (RFC 3464); ``status`` is an enhanced status such as ``5.1.1``."""

    address: str
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery report tells: whom it concerns, and which mail, by its Message-ID."""

    recipients: tuple[FailedRecipient, ...]
    original_message_id: str | None


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail as the desk reads it. Message-IDs stand without their angle brackets.

    ``author`` is None unless there is exactly one From field with exactly one mailbox; ``author_fault`` says why then,
    and ``shown_from`` is the field as it may be shown. ``marks`` holds the fields by which automatic mail is told, by
    their names in lower case. ``new_text`` is what was newly written; ``text`` is all of it; ``html`` is sanitised.
    ``flags`` are codes of what was mended or left out (``charset_guessed``, ``unclosed_boundary``, ...).
    """

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    author: Address | None
    author_fault: str | None
    shown_from: str
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    authentication_results: tuple[str, ...]
    marks: dict[str, tuple[str, ...]]
    text: str
    new_text: str
    html: str | None
    attachments: tuple[AttachedFile, ...]
    report: Report | None
    body_sha256: bytes
    flags: tuple[str, ...] = field(default=())
