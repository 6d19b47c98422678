"""Delivery reports (RFC 3464): whom a mail did not reach, and which mail it was."""

import re
from typing import Literal

from app.mail.parsing import caps
from app.mail.parsing.fields import Block, read_block
from app.mail.parsing.identifiers import read_id
from app.mail.parsing.parsed import FailedRecipient, Report
from app.mail.parsing.scanner import MESSAGES, Node
from app.mail.parsing.transfer import content
from app.mail.parsing.words import raw_text, shown

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]

_ACTIONS: dict[str, Action] = {
    "failed": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}
_IMPLIED: dict[str, Action] = {"5": "failed", "4": "delayed", "2": "delivered"}
_STATUSES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers"})
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_EMPTY_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_MOST = 256 * caps.KB


def read_report(raw: bytes, top: Node) -> Report | None:
    """Return what a delivery report says; None for a mail that is none, as a receipt of reading is not."""
    if top.media_type != "multipart/report":
        return None
    status = next((each for each in top.children if each.media_type in _STATUSES), None)
    if status is None:
        return None
    recipients = (_recipient(block) for block in _blocks(_content(raw, status)))
    found = tuple(each for each in recipients if each)[: caps.RECIPIENTS]
    return Report(found, _original(raw, top))


def _content(raw: bytes, node: Node) -> bytes:
    return content(raw[node.start : node.end], node.encoding).data[:_MOST]


def _blocks(told: bytes) -> list[Block]:
    """Read the groups of fields between empty lines, the first of which is about the mail and no recipient."""
    groups = _EMPTY_LINE.split(told, maxsplit=2 * caps.RECIPIENTS)
    return [read_block(group, 0, len(group)) for group in (each.strip() for each in groups) if group]


def _recipient(block: Block) -> FailedRecipient | None:
    named = block.first("final-recipient") or block.first("original-recipient")
    address = raw_text(named.partition(b";")[2] or named).strip()
    address = shown(address, caps.SHOWN).strip("<>").lower()
    if "@" not in address:
        return None
    diagnostic = shown(raw_text(block.first("diagnostic-code")), caps.SHOWN)
    found = _STATUS.search(raw_text(block.first("status"))) or _STATUS.search(diagnostic)
    status = found[0] if found else ""
    action = _action(raw_text(block.first("action")), status)
    return FailedRecipient(address, action, status or _usual(action), diagnostic) if action else None


def _action(said: str, status: str) -> Action | None:
    """Return the action said, or else the one that the status implies."""
    word = said.partition(";")[0].partition("(")[0].strip().lower()
    return _ACTIONS.get(word) or _IMPLIED.get(status[:1])


def _usual(action: Action) -> str:
    return {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")


def _original(raw: bytes, top: Node) -> str | None:
    """Return the Message-ID of the mail that came back, whole or as its header alone."""
    for node in top.children:
        if node.media_type in MESSAGES | _HEADERS:
            returned = _content(raw, node).lstrip()
            return read_id(read_block(returned, 0, len(returned)).first("message-id"))
    return None
