"""Names and types of files, whatever was sent."""

import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infra.file_names import MOST_BYTES, disposition_of, safe_name
from app.infra.media_types import media_type_of
from tests.files import PNG


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("trunk 7.pcap", "trunk 7.pcap"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\log.txt", "log.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        (".htaccess", "htaccess"),
        ("..", "file"),
        ("", "file"),
        ("dir/", "file"),
        ('a"b<c>:d|e?f*.txt', "a_b_c__d_e_f_.txt"),
        ("Протокол звонков.txt", "Протокол звонков.txt"),
        ("u\u0308ber.txt", "über.txt"),
        ("\ud800.txt", "txt"),
        ("x" * 300 + ".tar", "x" * 146 + ".tar"),
        ("я" * 100 + ".txt", "я" * 73 + ".txt"),
        ("x." + "y" * 300, "x." + "y" * 148),
    ],
)
def test_a_name_is_cleaned(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300) | st.text("./\\ \u202e\x00aé\n", max_size=300))
def test_whatever_the_name_it_can_be_shown_and_saved(name: str) -> None:
    safe = safe_name(name)

    assert 1 <= len(safe.encode()) <= MOST_BYTES
    assert not {unicodedata.category(one) for one in safe} & {"Cc", "Cf", "Cs"}
    assert not set(safe) & set("/\\")
    assert safe == safe.strip(" .")
    assert safe_name(safe) == safe


@given(st.text(min_size=1, max_size=80))
def test_the_header_gives_every_name_back(name: str) -> None:
    header = disposition_of(safe := safe_name(name))
    plain, _, whole = header.partition("; filename*=UTF-8''")

    assert header.isascii()
    assert header.isprintable()
    assert unquote(whole, errors="strict") == safe
    assert plain == f'attachment; filename="{safe}"' or not safe.isascii() or set(safe) & set('"\\%')


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"XXXX\x00\x00\x00\x00WEBPVP8 ", "application/octet-stream"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04\x14\x00", "application/zip"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "application/vnd.tcpdump.pcap"),
        (b"\n\r\r\n\x1c\x00", "application/x-pcapng"),
        (b"MZ\x90\x00", "application/octet-stream"),
        (b"\x7fELF", "application/octet-stream"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"<svg onload='alert(1)'/>", "text/plain"),
        ("Größe\r\n\tüber".encode(), "text/plain"),
        ("Привет".encode("cp1251"), "application/octet-stream"),
        (b"a\x00b", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_type_is_told_by_the_bytes(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type
