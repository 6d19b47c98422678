"""Pure: whether a mail is its author's, by what our own mail server says of it (RFC 8601, by DMARC alone).

Only the topmost Authentication-Results counts, and only if it is our server's: whatever stands below it, or under
another name, somebody else may have written.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import idna

from app.mail.parsing.parsed import Address

Verdict = Literal["verified", "unverified", "failed"]

_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_HELD = re.compile("\x00([0-9]+)\x00")  # a quoted string that was put aside; no header of a mail has a NUL


@dataclass(frozen=True, slots=True)
class Result:
    """What was found by one method; properties such as ``header.from`` by their names in lower case."""

    method: str
    result: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One Authentication-Results field: who states it, and what."""

    authserv_id: str
    results: tuple[Result, ...]


def verdict(fields: Sequence[str], authserv_id: str | None, author: Address | None) -> Verdict:
    """Tell whether a mail is its author's; ``fields`` as they stand in it, the topmost first."""
    said = read_statement(fields[0]) if fields and authserv_id else None
    if said is None or authserv_id is None or said.authserv_id != authserv_id.lower():
        return "unverified"
    found = [result for result in said.results if result.method == "dmarc"]
    if any(result.result == "fail" for result in found):
        return "failed"
    passed = bool(found) and all(_passes(result, author) for result in found)
    return "verified" if passed else "unverified"


def _passes(result: Result, author: Address | None) -> bool:
    if author is None or result.result != "pass":
        return False
    domain = result.properties.get("header.from")
    return domain is None or _a_label(domain) == author.domain


def _a_label(domain: str) -> str | None:
    name = domain.rpartition("@")[2].rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError, IndexError):
        return None


def read_statement(field: str) -> Statement | None:
    """Read one field; None where it is malformed or of a version that is not known."""
    held: list[str] = []
    bare = _bare(field, held)
    if bare is None:
        return None
    head, *rest = (_words(part, held) for part in bare.split(";"))
    if not head or head[1:] not in ([], ["1"]):
        return None
    return Statement(head[0].lower(), tuple(found for words in rest if (found := _result(words)) is not None))


def _result(words: list[str]) -> Result | None:
    if not words:
        return None
    method, equals, result = words[0].partition("=")
    name, slash, version = method.partition("/")
    if not equals or (slash and version != "1"):  # "none" alone states nothing
        return None
    pairs = (word.partition("=") for word in words[1:])
    return Result(name.lower(), result.lower(), {name.lower(): value for name, equals, value in pairs if equals})


def _words(part: str, held: Sequence[str]) -> list[str]:
    words = _EQUALS.sub("=", part).split()
    return [_HELD.sub(lambda found: held[int(found[1])], word) for word in words]


def _bare(field: str, held: list[str]) -> str | None:
    """Return a field without its comments, its quoted strings put aside; None where one of either has no end."""
    kept: list[str] = []
    place, depth = 0, 0
    while place < len(field):
        letter = field[place]
        if depth:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            place += 2 if letter == "\\" else 1
        elif letter == '"':
            end, text = _quoted(field, place + 1)
            if end is None:
                return None
            kept.append(f"\x00{len(held)}\x00")
            held.append(text)
            place = end
        else:
            depth = int(letter == "(")
            kept.append(" " if letter in "(\x00" else letter)
            place += 1
    return None if depth else "".join(kept)


def _quoted(field: str, place: int) -> tuple[int | None, str]:
    """Return where a quoted string ends, past its quote, and what is in it."""
    text: list[str] = []
    while place < len(field) and field[place] != '"':
        place += field[place] == "\\"
        text.append(field[place : place + 1])
        place += 1
    return (place + 1 if place < len(field) else None), "".join(text)
