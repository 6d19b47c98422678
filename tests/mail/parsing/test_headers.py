"""What is read out of the fields of a mail: groups 1, 2, 3 and 10 of the nasty mails, and the plain ones."""

import base64
from datetime import UTC, datetime

import pytest

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import Address
from tests.mail.corpus import plain

ACCEPTED = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


def test_a_line_break_in_an_encoded_name_is_a_blank() -> None:
    mail = parse(plain(sender="=?utf-8?q?Ann=0ALee?= <ann@voipco.example>"))
    assert mail.author == Address("Ann Lee", "ann@voipco.example")


SUBJECTS: dict[str, tuple[str | bytes | None, str]] = {
    "an encoded line break and a field after it": ("=?utf-8?q?Hi=0D=0ABcc:_x@evil.example?=", "Hi Bcc: x@evil.example"),
    "a folded one": ("No audio\r\n after ten\r\n\tseconds", "No audio after ten seconds"),
    "a character cut between two encoded words": (
        "=?utf-8?B?0J8=?= =?utf-8?B?0YDQ?=\r\n =?utf-8?B?uNCy0LXRgg==?=",
        "Привет",
    ),
    "an encoded word beside a plain one": ("Re: =?koi8-r?Q?=F0=D2=C9=D7=C5=D4?= (2)", "Re: Привет (2)"),
    "an encoded word of an unknown charset": ("=?x-nonsense?q?caf=E9?=", "café"),
    "broken base64": ("=?utf-8?b?SGVsbG8?=", "Hello"),
    "an encoded word that never ends": ("=?utf-8?q?Hello", "=?utf-8?q?Hello"),
    "raw UTF-8": ("Нет звука".encode(), "Нет звука"),
    "raw KOI8-R": ("Нет звука".encode("koi8-r"), "Нет звука"),
    "raw windows-1251": ("Нет звука".encode("cp1251"), "Нет звука"),
    "raw windows-1252": ("Störung am Gerät".encode("cp1252"), "Störung am Gerät"),
    "NUL, a bell and what turns the writing": (b"a\0b\x07 \xe2\x80\xaecod.exe", "a b cod.exe"),
    "a letter and its accent apart": ("=?utf-8?q?Sto=CC=88rung?=", "Störung"),
    "a language named in the word": ("=?utf-8*en?q?Hello?=", "Hello"),
    "none": (None, ""),
}


@pytest.mark.parametrize(("written", "read"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_subject_is_one_line_of_readable_text(written: str | bytes | None, read: str) -> None:
    assert parse(plain(subject=written)).subject == read


def test_a_subject_is_cut_to_200_characters() -> None:
    assert parse(plain(subject="x" * 3_000)).subject == "x" * 200


IDS: dict[str, tuple[list[tuple[str, str | bytes]], str | None]] = {
    "empty brackets": ([("Message-ID", "<>")], None),
    "in square brackets": ([("Message-ID", "<[abc@microsoft.com]>")], "[abc@microsoft.com]"),
    "none": ([], None),
    "an empty field": ([("Message-ID", "")], None),
    "two of them": ([("Message-ID", "<one@x>"), ("Message-ID", "<two@x>")], "one@x"),
    "an empty one, then one": ([("Message-ID", "<>"), ("Message-ID", "<two@x>")], "two@x"),
    "two in one field": ([("Message-ID", "<one@x> <two@x>")], "one@x"),
    "without brackets": ([("Message-ID", "one@x")], "one@x"),
    "folded inside": ([("Message-ID", "<one\r\n .two@x>")], "one.two@x"),
    "with a NUL, a bell and a turn of the writing": ([("Message-ID", b"<o\0n\x07e\xe2\x80\xae@x>")], "one@x"),
    "without end": ([("Message-ID", "<" + "x" * 5_000 + "@x>")], None),
    "never closed": ([("Message-ID", "<one@x")], "one@x"),
    "an encoded word is no structure": ([("Message-ID", "=?utf-8?q?=3Cone=40x=3E?=")], None),
}


@pytest.mark.parametrize(("fields", "read"), IDS.values(), ids=IDS)
def test_a_message_id_is_read_as_programs_write_it(fields: list[tuple[str, str | bytes]], read: str | None) -> None:
    assert parse(plain(message_id=None, headers=fields)).message_id == read


def test_two_message_ids_are_flagged() -> None:
    assert "several_message_ids" in parse(plain(headers=[("Message-ID", "<other@x>")])).flags


def test_the_chain_is_read_in_order_and_each_id_once() -> None:
    mail = parse(
        plain(
            headers=[
                ("In-Reply-To", "Your message of Tuesday <b@x>"),
                ("References", "<a@x>\r\n <b@x>,<a@x> stray <[c@x]>"),
            ]
        )
    )
    assert mail.in_reply_to == ("b@x",)
    assert mail.references == ("a@x", "b@x", "[c@x]")


DATES: dict[str, tuple[str | None, datetime | None]] = {
    "missing": (None, None),
    "empty": ("", None),
    "no date at all": ("yesterday", None),
    "in 2099": ("Tue, 10 Nov 2099 09:30:00 +0100", None),
    "in the year 99999": ("Tue, 10 Nov 99999 09:30:00 +0100", None),
    "in the year 1899": ("Mon, 1 Jan 1899 00:00:00 +1400", None),
    "of 181 characters": ("Tue, 10 Nov 2026 09:30:00 +0100 (" + "x" * 147 + ")", None),
    "two days ahead": ("Thu, 12 Nov 2026 09:30:00 +0100", None),
    "a zone that cannot be": ("Tue, 10 Nov 2026 09:30:00 +99999999", None),
    "without a zone": ("Tue, 10 Nov 2026 08:30:00", datetime(2026, 11, 10, 8, 30, tzinfo=UTC)),
    "as it should be": ("Tue, 10 Nov 2026 09:30:00 +0100 (CET)", datetime(2026, 11, 10, 8, 30, tzinfo=UTC)),
    "an hour ahead of ours": ("Tue, 10 Nov 2026 10:00:00 +0000", datetime(2026, 11, 10, 10, 0, tzinfo=UTC)),
}


@pytest.mark.parametrize(("said", "read"), DATES.values(), ids=DATES)
def test_a_date_is_read_only_if_it_can_be_believed(said: str | None, read: datetime | None) -> None:
    assert parse(plain(date=said), ACCEPTED).sent_at == read


def test_results_of_authentication_are_kept_in_order_with_nothing_decoded() -> None:
    first, second = "mx.ours; dmarc=pass\r\n header.from=x.example", "mx.ours; dmarc=pass =?utf-8?q?=0D=0A?="
    mail = parse(plain(headers=[("Authentication-Results", first), ("authentication-results", second)]))
    assert mail.authentication_results == ("mx.ours; dmarc=pass header.from=x.example", second)


def test_the_marks_of_automatic_mail_are_kept_each_time_they_stand() -> None:
    fields = [("Auto-Submitted", "no"), ("AUTO-SUBMITTED", "auto-replied"), ("Return-Path", "<>"), ("X-Loop", "a@b")]
    marks = parse(plain(headers=fields)).marks
    assert marks == {
        "auto-submitted": ("no", "auto-replied"),
        "return-path": ("<>",),
        "x-loop": ("a@b",),
        "content-type": ("text/plain; charset=utf-8",),
    }


def test_recipients_are_read_from_every_field_that_names_them() -> None:
    mail = parse(
        plain(
            to="Desk <DESK+ab.cd@Operator.Example>, team: ann@voipco.example, Bo <bo@voipco.example>;, broken@",
            headers=[
                (
                    "Cc",
                    '"Lee, Ann" <ann@voipco.example>, =?utf-8?b?'
                    + base64.b64encode(b"a@x, b@x <").decode()
                    + "?= <c@x.example>",
                ),
                ("Delivered-To", "desk@operator.example"),
                ("X-Original-To", "desk+ab.cd@operator.example"),
                ("Reply-To", "other@voipco.example"),
            ],
        )
    )
    assert [each.address for each in mail.to] == [
        "desk+ab.cd@operator.example",
        "ann@voipco.example",
        "bo@voipco.example",
    ]
    assert mail.cc == (Address("Lee, Ann", "ann@voipco.example"), Address("a@x, b@x <", "c@x.example"))
    assert mail.delivered_to == ("desk@operator.example", "desk+ab.cd@operator.example")
    assert mail.reply_to == (Address("", "other@voipco.example"),)
