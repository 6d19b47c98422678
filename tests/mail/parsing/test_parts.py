"""Parts and raw bytes as they should not be: groups 5 and 29 of the nasty mails."""

import pytest

from app.mail.parsing.parse import parse
from tests.mail.corpus import attached, enclosed, envelope, header, multipart, part, plain

LONG = "b" * 5_000

ODD: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
    "no boundary": (plain("--b1\r\n\r\nHello", content_type="multipart/mixed"), "--b1\n\nHello", ("no_boundary",)),
    "an empty boundary": (plain("Hello", content_type='multipart/mixed; boundary=""'), "Hello", ("no_boundary",)),
    "a boundary that never comes": (
        plain("Hello", content_type="multipart/mixed; boundary=b1"),
        "Hello",
        ("no_parts",),
    ),
    "a boundary never closed": (multipart(part("Hello"), closed=False), "Hello\n", ("unclosed_boundary",)),
    "a boundary of two dashes": (multipart(part("Hello"), part("you"), boundary="--"), "Hello\nyou", ()),
    "a boundary inside of another": (
        multipart(enclosed("mixed", part("Hello"), boundary="b1-inner"), part("you"), boundary="b1"),
        "Hello\nyou",
        (),
    ),
    "an inner boundary never closed": (
        multipart(enclosed("mixed", part("Hello"), boundary="c", closed=False), part("you")),
        "Hello\n\nyou",
        ("unclosed_boundary",),
    ),
    "a long boundary": (multipart(part("Hello"), boundary=LONG), "Hello", ()),
    "white space after a boundary": (
        multipart(part("Hello")).replace(b"--b1\r\n", b"--b1 \t\r\n").replace(b"--b1--", b"--b1-- "),
        "Hello",
        (),
    ),
    "a first line and a last that are no part's": (
        envelope()
        + header(("Content-Type", "multipart/mixed; boundary=b1"))
        + b"\r\nfor old programs\r\n--b1\r\n\r\nHello\r\n--b1--\r\nfooter",
        "Hello",
        (),
    ),
    "a closed boundary alone": (
        plain("--b1--\r\nHello", content_type="multipart/mixed; boundary=b1"),
        "--b1--\nHello",
        ("no_parts",),
    ),
    "an encoding of the whole that cannot be": (
        multipart(part("Hello"), headers=[("Content-Transfer-Encoding", "base64")]),
        "Hello",
        (),
    ),
    "a type of no type": (plain("Hello", content_type="text"), "Hello", ()),
    "no type": (plain("Hello", content_type=""), "Hello", ()),
}


@pytest.mark.parametrize(("raw", "text", "flags"), ODD.values(), ids=ODD)
def test_the_text_is_kept_with(raw: bytes, text: str, flags: tuple[str, ...]) -> None:
    mail = parse(raw)
    assert (mail.text, mail.flags) == (text, flags)


HTML = part("<p>Hello</p>", "text/html; charset=utf-8")

SHAPES: dict[str, tuple[bytes, str]] = {
    "of alternatives the plain one": (multipart(part("Hello"), HTML, kind="alternative"), "Hello"),
    "HTML, where there is nothing else": (multipart(HTML, kind="alternative"), "Hello"),
    "HTML, where the plain one is empty": (multipart(part(" \r\n"), HTML, kind="alternative"), "Hello"),
    "all of a mail of several texts": (multipart(part("Hello"), attached(), part("you")), "Hello\nyou"),
    "text around HTML": (multipart(part("Hello"), part("<b>dear</b>", "text/html"), part("you")), "Hello\ndear\nyou"),
    "alternatives in related in mixed": (
        multipart(
            enclosed("related", enclosed("alternative", part("Hello"), HTML, boundary="d"), attached(), boundary="c"),
            attached(),
        ),
        "Hello",
    ),
    "an unknown kind of multipart": (multipart(part("Hello"), kind="x-odd"), "Hello"),
    "what is signed": (
        multipart(part("Hello"), attached(b"0\x82", "smime.p7s", "application/pkcs7-signature"), kind="signed"),
        "Hello",
    ),
}


@pytest.mark.parametrize(("raw", "text"), SHAPES.values(), ids=SHAPES)
def test_the_text_of_a_mail_is(raw: bytes, text: str) -> None:
    assert parse(raw).text.strip() == text


def test_the_text_is_cut_at_256_kilobytes_and_says_so() -> None:
    mail = parse(plain("ж\n" * 200_000))
    assert 256 * 1024 - 2 <= len(mail.text.encode()) <= 256 * 1024
    assert mail.flags == ("text_cut",)


RAW: dict[str, tuple[bytes, str | None, str]] = {
    "bare line feeds": (plain("one\r\ntwo").replace(b"\r", b""), "m1@voipco.example", "one\ntwo"),
    "bare carriage returns": (plain("one\r\ntwo").replace(b"\n", b""), "m1@voipco.example", "one\ntwo"),
    "ends of lines of every kind": (
        envelope() + b"X: y\n\r\none\rtwo\nthree\r\n",
        "m1@voipco.example",
        "one\ntwo\nthree\n",
    ),
    "a carriage return before a field": (
        b"Subject: a\rMessage-ID: <evil@x>\r\nMessage-ID: <m1@voipco.example>\r\n\r\none",
        "m1@voipco.example",
        "one",
    ),
    "a smuggled end of data": (
        plain("one\r\n.\r\nMAIL FROM:<evil@x>\n.\n\r.\r\nFrom: evil@x\r\nMessage-ID: <evil@x>\r\n\r\ntwo"),
        "m1@voipco.example",
        "one\n.\nMAIL FROM:<evil@x>\n.\n\n.\nFrom: evil@x\nMessage-ID: <evil@x>\n\ntwo",
    ),
    "NULs alone": (b"\0" * 1_000, None, ""),
    "nothing": (b"", None, ""),
    "an empty line": (b"\r\n", None, ""),
    "a header alone": (envelope(), "m1@voipco.example", ""),
    "half of a header": (b"From: a@x.example\r\nMessage-ID: <one@x", "one@x", ""),
    "no line between header and body": (envelope() + b"one two\r\nthree", "m1@voipco.example", "one two\nthree"),
    "a body alone": (b"one two\r\nthree", None, "one two\nthree"),
    "a mark of UTF-8 first": (b"\xef\xbb\xbf" + plain("one"), "m1@voipco.example", "one"),
    "a line of a mailbox file first": (
        b"From ann@x Tue Nov 10 09:30:00 2026\r\n" + plain("one"),
        "m1@voipco.example",
        "one",
    ),
    "a second line of a mailbox file": (
        plain("one\r\n\r\nFrom evil@x Tue Nov 10\r\nFrom: evil@x\r\n\r\ntwo"),
        "m1@voipco.example",
        "one\n\nFrom evil@x Tue Nov 10\nFrom: evil@x\n\ntwo",
    ),
}


@pytest.mark.parametrize(("raw", "message_id", "text"), RAW.values(), ids=RAW)
def test_one_mail_goes_in_and_one_comes_out_of(raw: bytes, message_id: str | None, text: str) -> None:
    mail = parse(raw)
    assert (mail.message_id, mail.text) == (message_id, text)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_mail_in_utf_16_is_all_body_and_can_be_read(charset: str) -> None:
    mail = parse(plain("one").decode().encode(charset))
    assert mail.author is None
    assert "no_header" in mail.flags
    assert "Message-ID: <m1@voipco.example>" in mail.text


def test_the_same_body_has_the_same_digest_however_it_travelled() -> None:
    one, two = plain("one\r\n"), plain("one\n\n", headers=[("Received", "from elsewhere")], subject="other")
    assert parse(one).body_sha256 == parse(two).body_sha256
    assert parse(one).body_sha256 != parse(plain("two")).body_sha256
