"""Content-Type and Content-Disposition: a value and its parameters, also in the pieces of RFC 2231."""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from app.mail.parsing.charsets import decoded

_NEXT = re.compile(r';\s*(?:([^=;\s"]{1,100})\s*=\s*("[^"\\]*(?:\\.[^"\\]*)*"|[^;]*))?')
_ESCAPED = re.compile(r"\\(.)")
_PIECE = re.compile(r"(.+?)\*(\d{1,3})?(\*)?")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")


def read_type(value: str, default: str = "text/plain") -> str:
    """Return the media type of a Content-Type field, the default where it is none."""
    named = value.partition(";")[0].strip().lower()
    return named if _TYPE.fullmatch(named) else default


def read_parameters(value: str) -> dict[str, str]:
    """Return the parameters by names in lower case, decoded; of a name that stands twice the first one."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in _pairs(value):
        piece = _PIECE.fullmatch(name) if name.endswith("*") or name[-1:].isdigit() else None
        if piece is None:
            plain.setdefault(name, text)
        else:
            pieces.setdefault(piece[1], {}).setdefault(int(piece[2] or 0), (text, bool(piece[3]) or not piece[2]))
    return plain | {name: _joined(parts) for name, parts in pieces.items()}


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    start = value.find(";")
    while 0 <= start < len(value):
        found = _NEXT.match(value, start)
        if found is None:
            return
        if found[1]:
            yield found[1].lower(), _unquoted(found[2])
        start = value.find(";", found.end())


def _unquoted(text: str) -> str:
    text = text.strip()
    return _ESCAPED.sub(r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text.strip('"')


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """Put the pieces together as bytes, for one may end inside of a character, and decode them once."""
    charset, data = None, b""
    for number in sorted(parts):
        text, encoded = parts[number]
        if encoded and number == min(parts) and text.count("'") > 1:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return decoded(data, charset).text
