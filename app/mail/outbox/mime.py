"""Pure: a mail of ours as bytes: plain text and HTML of the same, in UTF-8, safe for every server on the way."""

from collections.abc import Iterator
from datetime import datetime
from email.charset import QP, Charset
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from typing import Protocol

from app.mail.outbox.headers import encoded, mailbox

_POLICY = compat32.clone(linesep="\r\n", max_line_length=0)  # what is folded was folded by us
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP  # readable, short lines, no bare CR


class Mail(Protocol):
    """What a mail is made of."""

    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    subject: str
    body_text: str
    body_html: str | None
    headers: dict[str, str]
    message_key: str
    created_at: datetime


def fields_of(mail: Mail) -> Iterator[tuple[str, str]]:
    """Yield the header fields of a mail but those of its parts."""
    yield "Date", format_datetime(mail.created_at)
    yield "From", mailbox("From", mail.sender_name, mail.sender)
    yield "To", mailbox("To", mail.recipient_name, mail.recipient)
    yield "Subject", encoded("Subject", mail.subject)
    yield "Message-ID", f"<{mail.message_key}>"
    yield from mail.headers.items()


def message_bytes(mail: Mail) -> bytes:
    """Return a mail as it is sent; the same bytes every time."""
    text = _part(mail.body_text, "plain")
    whole: MIMEMultipart | MIMEText = text
    if mail.body_html is not None:
        whole = MIMEMultipart("alternative", boundary=f"=_{mail.message_key.partition('@')[0]}"[:70])
        whole.attach(text)
        whole.attach(_part(mail.body_html, "html"))
    del whole["MIME-Version"]
    for name, value in fields_of(mail):
        whole[name] = value
    whole["MIME-Version"] = "1.0"
    return whole.as_bytes(policy=_POLICY)


def _part(body: str, subtype: str) -> MIMEText:
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    part = MIMEText(lines, subtype, _UTF8)  # type: ignore[arg-type]  # a Charset, as its documentation says
    del part["MIME-Version"]  # the whole has it
    return part
