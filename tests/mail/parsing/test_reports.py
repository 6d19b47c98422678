"""Delivery reports: the part of group 22 of the nasty mails that is about reading them."""

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import FailedRecipient, Report
from tests.mail.corpus import dsn, multipart, part, plain

GONE = FailedRecipient("ann@voipco.example", "failed", "5.1.1", "smtp; 550 5.1.1 no such user")


def test_a_report_says_whom_which_mail_did_not_reach() -> None:
    assert parse(dsn()).report == Report((GONE,), "o1@operator.example")


def test_the_header_of_the_mail_is_enough() -> None:
    assert parse(dsn(headers_only=True)).report == Report((GONE,), "o1@operator.example")


def test_a_mail_that_is_delayed_has_not_failed() -> None:
    report = parse(dsn(action="delayed", status="4.4.7", diagnostic="smtp; 451 later")).report
    assert report is not None
    assert [(each.action, each.status) for each in report.recipients] == [("delayed", "4.4.7")]


def test_every_recipient_is_told_by_what_his_fields_say_or_imply() -> None:
    told = (
        "Reporting-MTA: dns; mx\r\n\r\n"
        "Final-Recipient: RFC822;<A@x.example>\r\nAction: Failed (permanent)\r\nStatus: 5.1.1 (unknown)\r\n\r\n"
        "Original-Recipient: rfc822; b@x.example\r\nStatus: 4.2.2\r\n \r\n\r\n"
        "Final-Recipient: utf-8; ж@x.example\r\nAction: failed\r\nDiagnostic-Code: smtp; 552 5.2.2 full\r\n\r\n"
        "Final-Recipient: rfc822; c@x.example\r\nAction: failed\r\nStatus: nonsense\r\n\r\n"
        "Final-Recipient: rfc822; d@x.example\r\nAction: exploded\r\n\r\n"
        "Final-Recipient: rfc822; nobody\r\nAction: failed\r\n"
    )
    report = parse(multipart(part(), part(told, "message/delivery-status"), kind="report")).report
    assert report is not None
    assert [(each.address, each.action, each.status) for each in report.recipients] == [
        ("a@x.example", "failed", "5.1.1"),
        ("b@x.example", "delayed", "4.2.2"),
        ("ж@x.example", "failed", "5.2.2"),
        ("c@x.example", "failed", "5.0.0"),
    ]
    assert report.original_message_id is None


def test_a_report_in_words_alone_is_none() -> None:
    words = "Ihre Nachricht konnte nicht zugestellt werden.\r\n550 5.1.1 Empfaenger unbekannt"
    mail = parse(plain(words, subject="Unzustellbar: Re: [TL-1]", headers=[("Return-Path", "<>")]))
    assert mail.report is None
    assert mail.marks["return-path"] == ("<>",)


def test_a_receipt_of_reading_is_no_failure() -> None:
    told = part(
        "Final-Recipient: rfc822; ann@voipco.example\r\nDisposition: automatic-action; deleted",
        "message/disposition-notification",
    )
    assert (
        parse(multipart(part(), told, kind="report", parameters="; report-type=disposition-notification")).report
        is None
    )


def test_a_report_that_somebody_forwards_says_nothing() -> None:
    assert parse(multipart(part("See"), part(dsn(), "message/rfc822", encoding=None), boundary="out")).report is None


def test_a_report_with_controls_and_without_end_is_fit_to_be_stored() -> None:
    report = parse(dsn(diagnostic="smtp; \0\x07" + "x" * 9_000)).report
    assert report is not None
    assert len(report.recipients[0].diagnostic) == 500
    assert "\0" not in report.recipients[0].diagnostic
