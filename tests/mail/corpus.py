"""Builders of mails, as bytes: what a test says of a mail is what is different in it."""

import base64
from collections.abc import Sequence

TEXT = "text/plain; charset=utf-8"
CRLF = b"\r\n"

Fields = Sequence[tuple[str, str | bytes]]


def header(*fields: tuple[str, str | bytes]) -> bytes:
    """Write fields as they are: nothing is folded, encoded or put right."""
    return b"".join(name.encode() + b": " + _bytes(value) + CRLF for name, value in fields)


def envelope(
    *,
    sender: str | bytes | None = "Ann Lee <ann@voipco.example>",
    to: str | bytes | None = "desk@operator.example",
    subject: str | bytes | None = "No audio after ten seconds",
    message_id: str | bytes | None = "<m1@voipco.example>",
    date: str | bytes | None = "Tue, 10 Nov 2026 09:30:00 +0100",
    headers: Fields = (),
) -> bytes:
    """Write the fields of the top; None leaves a field out, ``headers`` are added in front as a mail server does."""
    named = (("From", sender), ("To", to), ("Subject", subject), ("Message-ID", message_id), ("Date", date))
    return header(*headers, *((name, value) for name, value in named if value is not None))


def plain(
    body: str | bytes = "The calls drop.",
    *,
    content_type: str | bytes = TEXT,
    encoding: str = "8bit",
    headers: Fields = (),
    sender: str | bytes | None = "Ann Lee <ann@voipco.example>",
    to: str | bytes | None = "desk@operator.example",
    subject: str | bytes | None = "No audio after ten seconds",
    message_id: str | bytes | None = "<m1@voipco.example>",
    date: str | bytes | None = "Tue, 10 Nov 2026 09:30:00 +0100",
) -> bytes:
    """Build a mail of one body."""
    top = envelope(sender=sender, to=to, subject=subject, message_id=message_id, date=date, headers=headers)
    return top + header(("MIME-Version", "1.0")) + part(body, content_type, encoding=encoding)


def part(
    body: str | bytes = "The calls drop.",
    content_type: str | bytes | None = TEXT,
    *,
    encoding: str | None = "8bit",
    headers: Fields = (),
) -> bytes:
    """Build a part: its fields, an empty line and its bytes as they are."""
    named = (("Content-Type", content_type), ("Content-Transfer-Encoding", encoding))
    fields = header(*headers, *((name, value) for name, value in named if value is not None))
    return fields + CRLF + _bytes(body)


def attached(
    content: bytes = b"%PDF-1.7 ...",
    name: str = "trace.pdf",
    media_type: str = "application/pdf",
    *,
    disposition: str | bytes | None = None,
    headers: Fields = (),
) -> bytes:
    """Build a part that is a file, in base64."""
    shown = f'attachment; filename="{name}"' if disposition is None else disposition
    return part(
        base64.encodebytes(content).replace(b"\n", CRLF),
        media_type,
        encoding="base64",
        headers=(("Content-Disposition", shown), *headers),
    )


def enclosed(kind: str, *parts: bytes, boundary: str = "b1", closed: bool = True, parameters: str = "") -> bytes:
    """Build a part that holds parts."""
    opened = b"".join(b"--" + boundary.encode() + CRLF + each + CRLF for each in parts)
    end = b"--" + boundary.encode() + b"--" + CRLF if closed else b""
    kept = f'multipart/{kind}; boundary="{boundary}"{parameters}'
    return header(("Content-Type", kept)) + CRLF + opened + end


def multipart(
    *parts: bytes,
    kind: str = "mixed",
    boundary: str = "b1",
    closed: bool = True,
    parameters: str = "",
    headers: Fields = (),
    sender: str | bytes | None = "Ann Lee <ann@voipco.example>",
    to: str | bytes | None = "desk@operator.example",
    subject: str | bytes | None = "No audio after ten seconds",
    message_id: str | bytes | None = "<m1@voipco.example>",
    date: str | bytes | None = "Tue, 10 Nov 2026 09:30:00 +0100",
) -> bytes:
    """Build a mail of parts, see ``part``, ``attached`` and ``enclosed``."""
    top = envelope(sender=sender, to=to, subject=subject, message_id=message_id, date=date, headers=headers)
    body = enclosed(kind, *parts, boundary=boundary, closed=closed, parameters=parameters)
    return top + header(("MIME-Version", "1.0")) + body


def dsn(
    *,
    recipient: str = "ann@voipco.example",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 no such user",
    original: bytes | None = None,
    original_message_id: str = "<o1@operator.example>",
    headers_only: bool = False,
    to: str = "desk@operator.example",
    headers: Fields = (),
) -> bytes:
    """Build a delivery report (RFC 3464) about a mail of ours."""
    said = part("Your mail could not be delivered.")
    per_message = header(("Reporting-MTA", "dns; mx.voipco.example"))
    per_recipient = header(
        ("Final-Recipient", f"rfc822; {recipient}"),
        ("Action", action),
        ("Status", status),
        ("Diagnostic-Code", diagnostic),
    )
    told = part(per_message + CRLF + per_recipient, "message/delivery-status", encoding=None)
    ours = original or plain(sender="desk@operator.example", to=recipient, message_id=original_message_id)
    if headers_only:
        returned = part(ours.partition(CRLF + CRLF)[0] + CRLF, "text/rfc822-headers", encoding=None)
    else:
        returned = part(ours, "message/rfc822", encoding=None)
    return multipart(
        said,
        told,
        returned,
        kind="report",
        parameters="; report-type=delivery-status",
        sender="MAILER-DAEMON@mx.voipco.example",
        to=to,
        subject="Undelivered Mail Returned to Sender",
        message_id="<r1@mx.voipco.example>",
        headers=(("Return-Path", "<>"), ("Auto-Submitted", "auto-replied"), *headers),
    )


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
