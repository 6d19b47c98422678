"""Mails that are too much: refused before they are parsed, and at once."""

import time
from collections.abc import Callable

import pytest

from app.mail.parsing import caps
from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import TooMuch
from tests.mail.corpus import CRLF, attached, enclosed, envelope, header, multipart, part, plain


def nested_multiparts(depth: int) -> bytes:
    inner = part("deep")
    for number in range(depth):
        inner = enclosed("mixed", inner, boundary=f"b{number}.")
    return envelope() + inner


def nested_messages(depth: int) -> bytes:
    inner = plain("deep")
    for _ in range(depth):
        inner = header(("Content-Type", "message/rfc822")) + CRLF + inner
    return inner


def addresses(count: int) -> str:
    return ", ".join(f"a{number}@x.example" for number in range(count))


TOO_MUCH: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a To of 40,000 addresses": ("header_too_large", lambda: plain(to=addresses(40_000))),
    "600 addresses over three fields": (
        "too_many_addresses",
        lambda: plain(to=addresses(200), headers=[("Cc", addresses(200)), ("Reply-To", addresses(200))]),
    ),
    "a From of 100,000 parentheses": ("field_too_large", lambda: plain(sender="(" * 100_000 + "a@x.example")),
    "a field folded into more than 16 KB": (
        "field_too_large",
        lambda: plain(subject=b"\r\n ".join([b"x" * 70] * 300)),
    ),
    "a field folded into 100,000 blank lines": ("field_too_large", lambda: b"A: b\n" + b" \n" * 100_000),
    "20,000 parameters of a Content-Type": (
        "field_too_large",
        lambda: plain(content_type="text/plain" + "; a=b" * 20_000),
    ),
    "65 parameters of a Content-Type": ("too_many_parameters", lambda: plain(content_type="text/plain" + "; a=b" * 65)),
    "65 parameters of a Content-Disposition": (
        "too_many_parameters",
        lambda: multipart(attached(disposition="attachment" + "; a=b" * 65)),
    ),
    "50,000 fields": ("too_many_fields", lambda: plain(headers=[("X", "y")] * 50_000)),
    "fields of more than 128 KB": ("header_too_large", lambda: plain(headers=[("X", "y" * 10_000)] * 14)),
    "fields of a part of more than 128 KB": (
        "header_too_large",
        lambda: multipart(part(headers=[("X", "y" * 10_000)] * 14)),
    ),
    "a line of 10 MB": ("line_too_long", lambda: plain("x" * 10_000_000)),
    "a line of 10 MB as the whole mail": ("line_too_long", lambda: b"x" * 10_000_000),
    "20,000 empty parts": ("too_many_parts", lambda: multipart(*[b""] * 20_000)),
    "20,000 lines of a boundary": (
        "too_many_parts",
        lambda: plain(b"--b1\r\n" * 20_000, content_type="multipart/mixed; boundary=b1"),
    ),
    "millions of lines that are nearly a boundary": (
        "too_many_parts",
        lambda: plain(b"--b1x\n" * 4_000_000, content_type="multipart/mixed; boundary=b1"),
    ),
    "201 parts": ("too_many_parts", lambda: multipart(*[part()] * 201)),
    "204 parts in several multiparts": (
        "too_many_parts",
        lambda: multipart(*(enclosed("mixed", *[part()] * 50, boundary=f"c{n}") for n in range(4))),
    ),
    "multiparts 1,000 deep": ("too_deep", lambda: nested_multiparts(1_000)),
    "messages 1,000 deep": ("too_deep", lambda: nested_messages(1_000)),
    "multiparts 21 deep": ("too_deep", lambda: nested_multiparts(21)),
    "more than 25 MB": ("too_large", lambda: plain(b"x\n" * 13_200_000)),
}


@pytest.mark.parametrize(("reason", "build"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_refused_at_once(reason: str, build: Callable[[], bytes]) -> None:
    raw = build()
    began = time.perf_counter()
    with pytest.raises(TooMuch) as refused:
        parse(raw)
    took = time.perf_counter() - began
    assert refused.value.reason == reason
    assert str(refused.value).endswith(".")
    assert took < 1, f"{took * 1000:.0f} ms; it is a few, but a machine may be busy"


ENOUGH: dict[str, Callable[[], bytes]] = {
    "200 parts": lambda: multipart(*[part()] * 200),
    "20 deep": lambda: nested_multiparts(20),
    "1,000 fields": lambda: plain(headers=[("X", "y")] * 990),
    "500 addresses": lambda: plain(to=addresses(499)),
    "a line of a megabyte": lambda: plain("x" * (caps.MB - 2)),
    "64 parameters": lambda: plain(content_type="text/plain" + "; a=b" * 64),
    "lines of one character, of 24 MB": lambda: plain(b"x\n" * 12_000_000),
    "lines of two dashes, of 24 MB": lambda: plain(b"--\n" * 8_000_000, content_type="multipart/mixed; boundary=b1"),
    "a chain of 300 references": lambda: plain(
        headers=[
            (
                "References",
                " ".join(f"<{number}.0123456789012345678901234567890123456789@x.example>" for number in range(300)),
            )
        ]
    ),
}


@pytest.mark.parametrize("build", ENOUGH.values(), ids=ENOUGH)
def test_what_is_just_within_the_caps_is_read_in_good_time(build: Callable[[], bytes]) -> None:
    raw = build()
    began = time.perf_counter()
    assert parse(raw).message_id == "m1@voipco.example"
    assert time.perf_counter() - began < 5


def test_of_a_long_chain_the_beginning_and_the_end_are_kept() -> None:
    chain = [f"{number}@x.example" for number in range(300)]
    kept = parse(plain(headers=[("References", "\r\n ".join(f"<{each}>" for each in chain))])).references
    assert kept == (*chain[:4], *chain[-46:])
