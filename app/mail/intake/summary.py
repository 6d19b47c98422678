"""Pure: what staff see of a mail in a list, kept so that it need not be parsed again."""

from typing import Any

from app.infra.wire import rfc3339
from app.mail.parsing.parsed import Address, ParsedMail

_MOST = 50  # addresses: a list of thousands helps nobody


def summary_of(parsed: ParsedMail) -> dict[str, Any]:
    """Return what is kept of a mail beside its bytes."""
    return {
        "from": parsed.shown_from,
        "author_fault": parsed.author_fault,
        "subject": parsed.subject,
        "sent_at": None if parsed.sent_at is None else rfc3339(parsed.sent_at),
        "to": _addresses(parsed.to),
        "cc": _addresses(parsed.cc),
        "flags": list(parsed.flags),
        "attachments": [
            {"name": file.name, "media_type": file.media_type, "size": len(file.content)} for file in parsed.attachments
        ],
        "authentication_results": parsed.authentication_results[0] if parsed.authentication_results else None,
    }


def _addresses(found: tuple[Address, ...]) -> list[str]:
    return [address.address for address in found[:_MOST]]
