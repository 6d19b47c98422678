"""Text in charsets that are wrong, odd or missing: group 4 of the nasty mails."""

import pytest

from app.mail.parsing.parse import parse
from tests.mail.corpus import plain

RUSSIAN = "Звонки обрываются через десять секунд, Иван."

READ: dict[str, tuple[str, bytes, str, tuple[str, ...]]] = {
    "no such charset": ("charset=x-nonsense", b"caf\xe9", "café", ("charset_guessed",)),
    "the lone byte of no such charset": ("charset=x-nonsense", b"\xe9", "é", ("charset_guessed",)),
    "a code page with a hyphen": ("charset=cp-850", b"caf\x82", "café", ()),
    "a Korean alias": ("charset=ks_c_5601-1987", "안녕하세요".encode("cp949"), "안녕하세요", ()),
    "a charset in needless quotes": ("charset=\"'iso-8859-1'\"", b"caf\xe9", "café", ()),
    "a lone quotation mark": ('charset="', b"caf\xe9", "café", ("charset_guessed",)),
    "a codec that is no charset": ("charset=rot13", b"Hello \xe9", "Hello é", ("charset_guessed",)),
    "another that is none": ("charset=undefined", b"Hello", "Hello", ("charset_guessed",)),
    "and one that would unpack": ("charset=zlib", b"Hello", "Hello", ("charset_guessed",)),
    "a name with a NUL in it": ("charset=ut\0f-8", "é".encode(), "é", ()),
    "an endless name": ("charset=" + "x" * 9_000, "é".encode(), "é", ("charset_guessed",)),
    "UTF-8 with NULs": ("charset=utf-8", "a\0é\0".encode(), "aé", ("nul_removed",)),
    "ASCII that is UTF-8": ("charset=us-ascii", "é".encode(), "é", ("charset_guessed",)),
    "UTF-8 that is windows-1251": ("charset=utf-8", RUSSIAN.encode("cp1251"), RUSSIAN, ("charset_guessed",)),
    "UTF-8 with one bad byte": (
        "charset=utf-8",
        RUSSIAN.encode() + b"\xff",
        RUSSIAN + "\N{REPLACEMENT CHARACTER}",
        ("charset_guessed",),
    ),
    "KOI8-R undeclared": ("x=y", RUSSIAN.encode("koi8-r"), RUSSIAN, ("charset_guessed",)),
    "windows-1252 undeclared": (
        "x=y",
        "Übertragungsstörung".encode("cp1252"),
        "Übertragungsstörung",
        ("charset_guessed",),
    ),
    "Latin-1 with Windows quotes": ("charset=iso-8859-1", b"\x93Hi\x94", "“Hi”", ()),
    "a smaller Chinese charset than used": ("charset=gb2312", "你好鎔".encode("gb18030"), "你好鎔", ()),
    "Japanese in seven bits": ("charset=iso-2022-jp", "こんにちは".encode("iso2022_jp"), "こんにちは", ()),
    "bytes of nothing": ("charset=utf-8", bytes(range(0x80, 0xA0)), "", ("charset_guessed",)),
    "a mark of UTF-16 and nothing declared": ("x=y", "Нет".encode("utf-16"), "Нет", ("charset_guessed",)),
    "ends of lines of three kinds": ("charset=utf-8", b"a\r\nb\rc\nd", "a\nb\nc\nd", ()),
    "controls": ("charset=utf-8", b"a\x1b[31mb\x08\tc", "a[31mb\tc", ()),
    "a letter and its accent apart": ("charset=utf-8", b"Sto\xcc\x88rung", "Störung", ()),
}


@pytest.mark.parametrize(("parameter", "data", "text", "flags"), READ.values(), ids=READ)
def test_text_is_kept_whatever_its_charset(parameter: str, data: bytes, text: str, flags: tuple[str, ...]) -> None:
    mail = parse(plain(data, content_type=f"text/plain; {parameter}"))
    assert mail.text == text if text else mail.text
    assert mail.flags == flags


def test_quoted_printable_and_base64_are_decoded_before_their_charset() -> None:
    assert parse(plain("caf=C3=A9=\r\n!", encoding="quoted-printable")).text == "café!"
    assert parse(plain("Y2Fmw6k=", encoding="BASE64")).text == "café"


def test_marks_without_end_cost_no_time() -> None:
    """Marks that combine are put in order in quadratic time, so a line of nothing else is left as it is."""
    marks = "a" + "\u0301\u0323" * 100_000
    assert parse(plain(marks)).text.startswith("a\u0301")
