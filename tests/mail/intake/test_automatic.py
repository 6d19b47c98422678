"""Groups 20 to 24: what was written by nobody."""

from typing import Any

import pytest

from app.mail.intake.automatic import why_automatic
from tests.mail.intake.mails import mail, report


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, None),
        ({"auto-submitted": ("no",)}, None),
        ({"auto-submitted": ("No (a person)",)}, None),
        ({"auto-submitted": ("auto-replied",)}, "auto_submitted"),
        ({"auto-submitted": ("auto-generated (comment); owner-email=x",)}, "auto_submitted"),
        ({"auto-submitted": ("(no) auto-notified",)}, "auto_submitted"),
        ({"auto-submitted": ("no", "auto-replied")}, "auto_submitted"),
        ({"precedence": ("never-bounce",)}, None),
        ({"precedence": ("never-bounce", "Bulk")}, "precedence"),
        ({"precedence": ("auto_reply",)}, "precedence"),
        ({"precedence": ("first-class",)}, None),
        ({"x-auto-response-suppress": ("All",)}, "auto_response_suppress"),
        ({"x-auto-response-suppress": ("None",)}, None),
        ({"x-autoreply": ("yes",)}, "autoreply"),
        ({"x-autoreply": ("no",)}, None),
        ({"x-autorespond": ("Out of office",)}, "autoreply"),
        ({"list-id": ("<talk.example>",)}, "list"),
        ({"list-unsubscribe": ("<mailto:x@y>",)}, "list"),
        ({"return-path": ("<>",)}, "null_sender"),
        ({"return-path": ("<ann@voipco.example>",)}, None),
        ({"content-type": ("multipart/report; report-type=disposition-notification",)}, "report"),
        ({"content-type": ("multipart/mixed; report=1",)}, None),
    ],
)
def test_automatic_mail_is_told_by_its_fields(marks: dict[str, tuple[str, ...]], expected: str | None) -> None:
    assert why_automatic(mail(marks=marks), None) == expected


@pytest.mark.parametrize(
    ("local", "robot"),
    [
        *[
            (local, True)
            for local in ("MAILER-DAEMON", "postmaster", "noreply", "no-reply", "do_not_reply", "donotreply")
        ],
        *[(local, True) for local in ("noreply+tag", "no.reply", "dont-reply")],
        *[(local, False) for local in ("ann", "noreply.ann", "reply", "annpostmaster")],
    ],
)
def test_nobody_reads_at_some_addresses(local: str, robot: bool) -> None:
    assert (why_automatic(mail(f"{local}@voipco.example"), None) == "robot_address") is robot


@pytest.mark.parametrize(
    ("envelope", "marks", "expected"),
    [("", {}, "null_sender"), ("<>", {}, "null_sender"), ("ann@x.example", {"return-path": ("<>",)}, None)],
)
def test_the_envelope_says_more_than_a_field_about_it(envelope: str, marks: Any, expected: str | None) -> None:
    assert why_automatic(mail(marks=marks), envelope) == expected


def test_a_report_is_automatic() -> None:
    assert why_automatic(mail(report=report()), "postmaster@mx.example") == "report"
