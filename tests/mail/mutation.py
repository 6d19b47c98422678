"""Mails by chance: trees of parts, and the mails of the tables bent a little."""

import random
from collections.abc import Callable, Sequence

from tests.mail.corpus import attached, dsn, enclosed, header, multipart, part, plain
from tests.mail.parsing import test_authors, test_caps, test_charsets, test_files, test_headers, test_parts

_TOKENS: Sequence[bytes] = (
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n ", b"\0", b"\t", b" " * 200, b"\n" * 200, b"A" * 1_000),
    *(b"--b1", b"--b1--\r\n", b"--", b"=", b"==", b"=\r\n", b";", b"; ;", b'"', b"\\", b"(", b")", b"<", b">", b"@"),
    *(b",", b":", b"=?utf-8?b?", b"=?utf-8?q?", b"?=", b"=?", b"=0D=0A", b"=00", b"> ", b"On ", b"From "),
    *(b"From: a@x.example\r\n", b"Content-Type: multipart/mixed; boundary=b1\r\n", b"charset=utf-16", b"charset="),
    *(
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"filename*0*=utf-8''",
        b"*1*=%ff",
    ),
    *(
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xcc\x81" * 50,
        b"\xe2\x80\xae",
        b"\xed\xa0\x80",
        b"\xe9",
        b"<div>" * 20,
        b"<!--",
    ),
    *(b"*1*=%ff", b"<!--", b"<svg>", b"&#0;", b"&#xD800;", b"<a href='javascript:x'>"),
)
_LARGE = 300_000
_LETTERS = (b"word ", b"\xd0\xb6", b"\xd6")
_TYPES = (
    *("text/plain", "text/html", "image/png", "message/rfc822", "message/delivery-status"),
    *("application/pkcs7-mime", "x"),
)
_ENCODINGS = ("7bit", "8bit", "base64", "quoted-printable", "x-weird", "")
_CHARSETS = ("utf-8", "koi8-r", "utf-16", "iso-2022-jp", "hz", "x-nonsense", "rot13", "johab", "big5hkscs", '"')


def seeds() -> list[bytes]:
    """Return the mails of the tables, but those that are large: most chances would be spent on filling."""
    odd = [*test_parts.ODD.values(), *test_parts.RAW.values()]
    return [
        *(plain(), dsn(), dsn(headers_only=True), multipart(part(), attached())),
        *(each[0] for each in odd),
        *(raw for raw, _ in test_parts.SHAPES.values()),
        *(plain(sender=sender) for sender, _ in test_authors.NOBODY.values()),
        *(plain(sender=sender) for sender, _ in test_authors.SOMEBODY.values()),
        *(plain(subject=subject) for subject, _ in test_headers.SUBJECTS.values()),
        *(plain(message_id=None, headers=found) for found, _ in test_headers.IDS.values()),
        *(plain(data, content_type=f"text/plain; {named}") for named, data, _, _ in test_charsets.READ.values()),
        *(multipart(attached(disposition=said)) for said, _ in test_files.NAMES.values()),
        *(multipart(bent) for bent, _, _ in test_files.BENT.values()),
        *(raw for _, build in test_caps.TOO_MUCH.values() if len(raw := build()) < _LARGE),
    ]


def mutated(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    """Return a mail that nobody has thought of."""
    raw = bytearray(tree(chance) if chance.random() < 0.3 else chance.choice(corpus))
    for _ in range(chance.choice((0, 1, 1, 2, 4, 16))):
        chance.choice(_WAYS)(chance, raw, corpus)
    return bytes(raw)


def tree(chance: random.Random) -> bytes:
    """Return a mail of parts in parts, with fields of every kind."""
    return header(("From", "a@x.example"), ("Subject", words(chance))) + _node(chance, 0)


def words(chance: random.Random) -> bytes:
    """Return text of tokens and of letters."""
    return b"".join(chance.choice(_TOKENS if chance.random() < 0.3 else _LETTERS) for _ in range(9))


def _node(chance: random.Random, depth: int) -> bytes:
    if depth < 24 and chance.random() < 0.75 - depth / 40:
        kind = chance.choice(("mixed", "alternative", "related", "report", "signed", "digest", "x"))
        parts = [_node(chance, depth + 1) for _ in range(chance.choice((1, 1, 2, 3)))]
        boundary = chance.choice(("b1", f"b{depth}", "--", " ", "x" * 70))
        return enclosed(kind, *parts, boundary=boundary, closed=chance.random() < 0.8)
    if chance.random() < 0.2:
        inner = header(("Message-ID", "<in@x>")) + _node(chance, depth + 1) if depth < 24 else b""
        return part(inner, "message/rfc822", encoding=None)
    named = f"{chance.choice(_TYPES)}; charset={chance.choice(_CHARSETS)}; name={chance.choice(('a', '../b', ''))}"
    return part(words(chance) * chance.choice((1, 1, 100)), named, encoding=chance.choice(_ENCODINGS))


def _insert(chance: random.Random, raw: bytearray, _: Sequence[bytes]) -> None:
    at = chance.randint(0, len(raw))
    raw[at:at] = chance.choice(_TOKENS) * chance.choice((1, 1, 1, 3, 200))


def _flip(chance: random.Random, raw: bytearray, _: Sequence[bytes]) -> None:
    if raw:
        raw[chance.randrange(len(raw))] = chance.randrange(256)


def _remove(chance: random.Random, raw: bytearray, _: Sequence[bytes]) -> None:
    at = chance.randint(0, len(raw))
    del raw[at : at + chance.choice((1, 2, 20, 2_000))]


def _repeat(chance: random.Random, raw: bytearray, _: Sequence[bytes]) -> None:
    at = chance.randint(0, len(raw))
    raw[at:at] = raw[at : at + chance.choice((1, 5, 50, 500))] * chance.choice((2, 10, 500))


def _splice(chance: random.Random, raw: bytearray, corpus: Sequence[bytes]) -> None:
    other = chance.choice(corpus)
    begin = chance.randint(0, len(other))
    at = chance.randint(0, len(raw))
    raw[at : at + 50] = other[begin : begin + chance.choice((20, 200, 5_000))]


_WAYS: Sequence[Callable[[random.Random, bytearray, Sequence[bytes]], None]] = (
    _insert,
    _flip,
    _remove,
    _repeat,
    _splice,
)
