"""The fields of a header, cut out of the bytes line by line: no field is understood here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.mail.parsing import caps
from app.mail.parsing.parsed import TooMuch

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_BOM = b"\xef\xbb\xbf"
# Long threads have long ones; they are cut to fifty, which takes no more than one look at each.
_UNCAPPED = frozenset({"references", "in-reply-to"})


@dataclass(frozen=True, slots=True)
class Block:
    """A header: its fields by names in lower case, unfolded, in order; and where the body begins."""

    fields: tuple[tuple[str, bytes], ...]
    body_at: int
    flags: tuple[str, ...] = ()

    def every(self, name: str) -> tuple[bytes, ...]:
        """Return the values of all fields of the name, topmost first."""
        return tuple(value for each, value in self.fields if each == name)

    def first(self, name: str) -> bytes:
        """Return the value of the topmost field of the name, nothing where there is none."""
        return next((value for each, value in self.fields if each == name), b"")


def read_block(raw: bytes, start: int, end: int) -> Block:
    """Read the header that begins at ``start``.

    A line that is no field ends the header and is the body's first, as nothing may be lost.

    Raises:
        TooMuch: the header is over a cap.
    """
    fields: list[tuple[str, bytearray]] = []
    flags: list[str] = []
    at = start
    if raw.startswith(_BOM, at, end):
        at, flags = at + len(_BOM), ["byte_order_mark"]
    for line, after in _lines(raw, at, end):
        if not line.strip(b"\r\n"):
            at = after
            break
        if not _take(fields, line, first=at == start):
            flags.append("no_separator" if fields else "no_header")
            break
        at = after
        _check(fields, at - start)
    return Block(tuple((name, bytes(value).strip()) for name, value in fields), at, tuple(flags))


def _lines(raw: bytes, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Cut off line by line, each with the place where the next begins; of an endless one just enough to be refused."""
    while at < end:
        found = raw.find(b"\n", at, min(end, at + caps.HEADER + 1))
        after = found + 1 if found >= 0 else min(end, at + caps.HEADER + 1)
        yield raw[at:after], after
        at = after


def _take(fields: list[tuple[str, bytearray]], line: bytes, *, first: bool) -> bool:
    """Add a line to the fields; False when it is no line of a header."""
    if line[:1] in {b" ", b"\t"} and fields:
        fields[-1][1].extend(b" " + line.strip())
        return True
    found = _FIELD.match(line)
    if found:
        fields.append((found[1].decode("ascii").lower(), bytearray(line[found.end() :].strip())))
        return True
    # What a program that reads mailbox files puts before a mail, with or without its quoting.
    return first and line.startswith((b"From ", b">From "))


def _check(fields: list[tuple[str, bytearray]], size: int) -> None:
    if size > caps.HEADER:
        raise TooMuch("header_too_large", "A header is larger than 128 KB.")
    if len(fields) > caps.FIELDS:
        raise TooMuch("too_many_fields", "A header has more than 1,000 fields.")
    if fields and len(fields[-1][1]) > caps.FIELD and fields[-1][0] not in _UNCAPPED:
        raise TooMuch("field_too_large", f"The field {fields[-1][0]} is larger than 16 KB.")
