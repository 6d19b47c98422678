"""A mail, read whole: from bytes to what the desk sees of it."""

import hashlib
from datetime import datetime

from app.mail.parsing import caps
from app.mail.parsing.authors import read_author
from app.mail.parsing.bodies import read_bodies
from app.mail.parsing.dates import read_date
from app.mail.parsing.fields import Block
from app.mail.parsing.files import Files
from app.mail.parsing.html import sanitised
from app.mail.parsing.identifiers import kept, read_id, read_ids
from app.mail.parsing.mailboxes import people
from app.mail.parsing.parsed import ParsedMail
from app.mail.parsing.reports import read_report
from app.mail.parsing.scanner import lines_mended, scan
from app.mail.parsing.splitting import new_text
from app.mail.parsing.words import raw_text, readable, shown

# What tells automatic mail, by rules of another place.
_MARKS = (
    *("auto-submitted", "precedence", "x-auto-response-suppress", "list-id", "list-unsubscribe", "x-autoreply"),
    *("x-autorespond", "x-loop", "return-path", "x-failed-recipients", "content-type"),
)
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")


def parse(raw: bytes, accepted_at: datetime | None = None) -> ParsedMail:
    """Read a mail; ``accepted_at`` bounds what date of sending is believed.

    Raises:
        TooMuch: the mail is over a cap. Nothing else is raised, whatever the bytes.
    """
    raw = lines_mended(raw)
    top = scan(raw)
    block, files = top.block, Files()
    bodies = read_bodies(raw, top, files)
    author = read_author(block.every("from"))
    ids = block.every("message-id")
    return ParsedMail(
        message_id=next((found for each in ids if (found := read_id(each))), None),
        in_reply_to=kept(_ids(block, "in-reply-to")),
        references=kept(_ids(block, "references")),
        author=author.address,
        author_fault=author.fault,
        shown_from=author.shown,
        reply_to=people(block.every("reply-to")),
        to=people(block.every("to")),
        cc=people(block.every("cc")),
        delivered_to=tuple(dict.fromkeys(each.address for name in _ENVELOPE for each in people(block.every(name)))),
        subject=_subject(block.first("subject")),
        sent_at=read_date(block.first("date"), accepted_at),
        authentication_results=tuple(_raw(each) for each in block.every("authentication-results")),
        marks=_marks(block),
        text=bodies.text,
        new_text=new_text(bodies.text),
        html=sanitised(bodies.html) if bodies.html is not None else None,
        attachments=tuple(files.kept),
        report=read_report(raw, top),
        body_sha256=hashlib.sha256(raw[top.start :].replace(b"\r\n", b"\n").rstrip()).digest(),
        flags=(*top.flags, *(("several_message_ids",) if len(ids) > 1 else ()), *bodies.flags, *files.flags),
    )


def _ids(block: Block, name: str) -> list[str]:
    return list(dict.fromkeys(each for value in block.every(name) for each in read_ids(value)))


def _subject(value: bytes) -> str:
    return shown(readable(raw_text(value)), caps.SUBJECT)


def _marks(block: Block) -> dict[str, tuple[str, ...]]:
    every = {name: tuple(_raw(each) for each in block.every(name)) for name in _MARKS}
    return {name: values for name, values in every.items() if values}


def _raw(value: bytes) -> str:
    """Return a field with nothing decoded, on one line."""
    return shown(raw_text(value), caps.FIELD)
