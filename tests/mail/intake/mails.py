"""Mails as they were read, for tests: what a test says is what is different in one."""

import hashlib
from typing import Any

from app.mail.parsing.parsed import Address, FailedRecipient, ParsedMail, Report

AUTHSERV = "mx.operator.example"
ANN = "ann@voipco.example"


def passed(address: str) -> tuple[str, ...]:
    """Say as our mail server does that a mail is its author's."""
    return (f"{AUTHSERV}; dmarc=pass header.from={address.rpartition('@')[2]}",)


def report(recipient: str = ANN, action: Any = "failed", status: str = "5.1.1", original: str | None = None) -> Report:
    """Tell of a mail that was not delivered."""
    return Report((FailedRecipient(recipient, action, status, "550 no such user"),), original)


def mail(author: str | None = ANN, **members: Any) -> ParsedMail:
    """Return a mail of somebody, verified unless it is said how not."""
    text = members.pop("text", "The calls drop.")
    values: dict[str, Any] = {
        "message_id": None,
        "in_reply_to": (),
        "references": (),
        "author": None if author is None else Address("Ann Lee", author),
        "author_fault": None,
        "shown_from": f"Ann Lee <{author}>",
        "reply_to": (),
        "to": (),
        "cc": (),
        "delivered_to": (),
        "subject": "No audio",
        "sent_at": None,
        "authentication_results": () if author is None else passed(author),
        "marks": {},
        "text": text,
        "new_text": text,
        "html": None,
        "attachments": (),
        "report": None,
        "body_sha256": hashlib.sha256(text.encode()).digest(),
    }
    return ParsedMail(**values | members)
