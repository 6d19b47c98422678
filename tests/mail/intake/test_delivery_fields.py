"""What a mailbox's own server wrote at the top of a mail is read; what a sender wrote like it is not."""

from app.mail.intake.headers import delivered_to, return_path

OURS = b"Return-Path: <ann@voipco.example>\r\nDelivered-To:\r\n support@desk.example\r\n"
TRACE = b"Received: from mx.voipco.example\r\n\tby mx.desk.example; Tue, 10 Nov 2026 09:30:00 +0100\r\n"
THEIRS = b"Delivered-To: vip@desk.example\r\nReturn-Path: <>\r\nSubject: Hello\r\n\r\nDelivered-To: x@y.example\r\n"


def test_fields_above_the_trace_are_read_folded_or_not() -> None:
    assert delivered_to(OURS + TRACE + THEIRS) == ["support@desk.example"]
    assert return_path(OURS + TRACE + THEIRS) == "ann@voipco.example"


def test_fields_that_a_sender_wrote_choose_no_mailbox_and_make_no_mail_automatic() -> None:
    for mail in (TRACE + THEIRS, THEIRS):
        assert (delivered_to(mail), return_path(mail)) == ([], None)
