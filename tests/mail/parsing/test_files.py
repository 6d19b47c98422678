"""Files of a mail: group 28 of the nasty mails."""

import zipfile
from io import BytesIO

import pytest

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import AttachedFile
from tests.mail.corpus import attached, enclosed, multipart, part, plain

MB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def only(raw: bytes) -> AttachedFile:
    (found,) = parse(raw).attachments
    return found


def named(disposition: str | bytes, media_type: str = "application/pdf") -> str:
    return only(multipart(part(), attached(disposition=disposition, media_type=media_type))).name


NAMES: dict[str, tuple[str | bytes, str]] = {
    "plain": ("attachment; filename=trace.pdf", "trace.pdf"),
    "quoted, with a semicolon": ('attachment; filename="a; b.pdf"', "a; b.pdf"),
    "a path in pieces": (
        "attachment; filename*0*=utf-8''..%2F..; filename*1*=%2Fetc%2Fpass; filename*2=wd",
        "passwd",
    ),
    "pieces out of order, a character cut between two": (
        "attachment; filename*1*=%B2.pdf; filename*0*=utf-8'ru'%D0",
        "в.pdf",
    ),
    "pieces without end": ("attachment; filename*99999999999999=x; filename=a.pdf", "a.pdf"),
    "a path of Windows": (r'attachment; filename="C:\\temp\\a.pdf"', "a.pdf"),
    "a turn of the writing": ("attachment; filename*=utf-8''photo%E2%80%AEgnp.exe", "photognp.exe"),
    "line breaks and NUL": ("attachment; filename*=utf-8''a%0D%0Ab%00c.pdf", "a bc.pdf"),
    "an encoded word": ('attachment; filename="=?utf-8?b?0KHRh9GR0YIucGRm?="', "Счёт.pdf"),
    "an encoded word that is a path": ('attachment; filename="=?utf-8?q?..=2F..=2Fa.pdf?="', "a.pdf"),
    "raw UTF-8": ('attachment; filename="Счёт.pdf"'.encode(), "Счёт.pdf"),
    "raw windows-1251": ('attachment; filename="Счета.pdf"'.encode("cp1251"), "Счета.pdf"),
    "an unknown charset": ("attachment; filename*=x-nonsense''caf%E9.pdf", "café.pdf"),
    "two that disagree": ("attachment; filename=a.pdf; filename*=utf-8''b.pdf", "b.pdf"),
    "the same twice": ("attachment; filename=a.pdf; filename=b.pdf", "a.pdf"),
    "none": ("attachment", "file-1.pdf"),
    "an empty one": ('attachment; filename=""', "file-1.pdf"),
    "dots alone": ('attachment; filename=".."', "file-1.pdf"),
    "a hidden file": ('attachment; filename=".bashrc"', "bashrc"),
    "what is no name elsewhere": ('attachment; filename="a<b>:c|d?.pdf. "', "a_b__c_d_.pdf"),
}


@pytest.mark.parametrize(("disposition", "name"), NAMES.values(), ids=NAMES)
def test_the_name_of_a_file_is_safe(disposition: str | bytes, name: str) -> None:
    assert named(disposition) == name


def test_a_long_name_is_cut_before_its_ending() -> None:
    name = named("attachment; filename*=utf-8''" + "%D0%B6" * 300 + ".pdf")
    assert name == "ж" * 73 + ".pdf"
    assert len(name.encode()) == 150


def test_the_name_of_the_disposition_goes_before_that_of_the_type() -> None:
    assert named("attachment; filename=a.pdf", 'application/pdf; name="b.exe"') == "a.pdf"
    assert named("attachment", 'application/pdf; name="b.pdf"') == "b.pdf"


TYPES: dict[str, tuple[bytes, str, str]] = {
    "an image": (PNG, "image/png", "image/png"),
    "an image that is said to be a program": (PNG, "application/x-msdownload", "image/png"),
    "a program that is said to be an image": (b"MZ\x90\0", "image/png", "application/octet-stream"),
    "HTML that is said to be an image": (b"<html><script>", "image/png", "text/plain"),
    "SVG": (b'<?xml version="1.0"?><svg/>', "image/svg+xml", "text/plain"),
    "SVG after words": (b"hello <svg onload=x>", "text/plain", "text/plain"),
    "a script": (b"#!/bin/sh\necho", "text/plain", "text/plain"),
    "a picture that is a text": (b"BM is no bitmap", "image/bmp", "text/plain"),
    "text": ("Протокол".encode() * 1_000, "text/plain", "text/plain"),
    "a calendar": (b"BEGIN:VCALENDAR\r\n", "text/calendar", "text/calendar"),
    "a capture of packets": (b"\xd4\xc3\xb2\xa1\x02\0", "application/octet-stream", "application/vnd.tcpdump.pcap"),
    "nothing": (b"", "image/png", "application/octet-stream"),
    "what Outlook wraps files in": (b"\x78\x9f\x3e\x22\0", "application/ms-tnef", "application/vnd.ms-tnef"),
}


@pytest.mark.parametrize(("content", "declared", "told"), TYPES.values(), ids=TYPES)
def test_the_type_of_a_file_is_told_by_its_bytes(content: bytes, declared: str, told: str) -> None:
    found = only(multipart(part(), attached(content, "x.dat", declared)))
    assert (found.media_type, found.declared_type, found.content) == (told, declared, content)


def test_of_many_files_twenty_are_kept_and_the_others_counted() -> None:
    mail = parse(multipart(part("See"), *[attached()] * 190))
    assert (len(mail.attachments), mail.flags, mail.text) == (20, ("files_left_out:170",), "See")


def test_a_file_over_10_megabytes_is_left_out_and_the_next_is_kept() -> None:
    mail = parse(multipart(part("See"), attached(b"x" * (10 * MB + 1)), attached(b"small")))
    assert ([each.content for each in mail.attachments], mail.flags) == ([b"small"], ("files_left_out:1",))


def test_files_are_kept_up_to_25_megabytes_together() -> None:
    """In bytes as they are, for in base64 a mail of 25 MB could not hold as much."""
    data = part(b"x" * (8 * MB // 64 * 64), "application/octet-stream", encoding="binary")
    lines = data.replace(b"x" * 64, b"x" * 62 + b"\r\n")
    mail = parse(multipart(*[lines] * 3))
    assert len(mail.attachments) == 3
    assert mail.flags == ()


def test_an_archive_is_never_unpacked() -> None:
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50 * MB))
    found = only(multipart(attached(bomb.getvalue(), "bomb.zip", "application/zip")))
    assert (found.content, found.media_type) == (bomb.getvalue(), "application/zip")


def test_a_mail_in_a_mail_stays_closed() -> None:
    inner = multipart(part("secret"), attached(), subject="inner", boundary="in")
    middle = multipart(part("second"), part(inner, "message/rfc822", encoding=None), boundary="mid")
    mail = parse(multipart(part("See"), part(middle, "message/rfc822; name=weird.exe", encoding=None)))
    (found,) = mail.attachments
    assert (found.name, found.media_type, found.content) == ("weird.exe.eml", "message/rfc822", middle)
    assert mail.text == "See"


def test_a_mail_in_base64_is_kept_as_a_file_too() -> None:
    found = only(multipart(part(), attached(plain(), "", "message/rfc822", disposition="attachment")))
    assert (found.name, found.content) == ("file-1.eml", plain())


BENT: dict[str, tuple[bytes, bytes, tuple[str, ...]]] = {
    "base64 with garbage": (part("SGVs\r\n!*!bG8=\r\n", "a/b", encoding="base64"), b"Hello", ("base64_garbage",)),
    "base64 with a footer after it": (
        part("SGVsbG8=\r\n-- \r\nlist", "a/b", encoding="base64"),
        b"Hello",
        ("base64_garbage",),
    ),
    "base64 without its end": (part("SGVsbG8", "a/b", encoding="base64"), b"Hello", ()),
    "base64 with a character too many": (part("SGVsbG8hx", "a/b", encoding="base64"), b"Hello!", ("base64_garbage",)),
    "base64 of nothing": (part("", "a/b", encoding="base64"), b"", ()),
    "an unknown encoding": (part("as it is", "a/b", encoding="x-weird"), b"as it is", ("unknown_encoding",)),
    "an encoding that is no word": (
        part("as it is", "a/b", encoding="=?utf-8?q?x?="),
        b"as it is",
        ("unknown_encoding",),
    ),
}


@pytest.mark.parametrize(("bent", "content", "flags"), BENT.values(), ids=BENT)
def test_a_file_is_kept_as_far_as_it_can_be_decoded(bent: bytes, content: bytes, flags: tuple[str, ...]) -> None:
    mail = parse(multipart(bent))
    assert (mail.attachments[0].content, mail.flags) == (content, flags)


def test_uuencoded_lines_stay_in_the_text() -> None:
    text = "See:\n\nbegin 644 a.txt\n#86)C\n`\nend\n"
    mail = parse(plain(text.replace("\n", "\r\n")))
    assert (mail.text, mail.attachments) == (text, ())


def test_a_sealed_mail_is_a_file() -> None:
    sealed = plain(b"MIIB", content_type="application/pkcs7-mime; smime-type=enveloped-data", encoding="base64")
    mail = parse(sealed)
    assert [(each.name, each.content) for each in mail.attachments] == [("file-1.p7m", b"0\x82\x01")]
    assert (mail.text, mail.flags) == ("", ("encrypted",))


def test_a_text_with_a_name_beside_another_is_a_file_and_alone_it_is_the_text() -> None:
    log = part("a log", "text/plain; name=a.log")
    assert [each.name for each in parse(multipart(part("See"), log)).attachments] == ["a.log"]
    assert parse(plain("the text", content_type="text/plain; name=body.txt")).text == "the text"
    assert parse(plain("a log", headers=[("Content-Disposition", "attachment; filename=a.log")])).text == ""


def test_a_picture_in_the_text_is_inline_and_has_its_id() -> None:
    picture = attached(
        PNG, "a.png", "image/png", disposition="inline; filename=a.png", headers=[("Content-ID", "<p1@x>")]
    )
    found = only(multipart(part("<img src=cid:p1@x>", "text/html"), picture, kind="related"))
    assert (found.inline, found.content_id) == (True, "p1@x")
    other = attached(PNG, "a.png", "image/png")
    assert not only(multipart(part(), enclosed("mixed", other, boundary="c"))).inline
