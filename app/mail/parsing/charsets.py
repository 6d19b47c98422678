"""From bytes to text: as declared, or else as is most likely. There is always some text, and it says if it guessed."""

import re
from typing import NamedTuple

from app.mail.parsing.charset_names import codec_of

_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LOST = "\ufffd"
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_SMALL = re.compile("[\u0430-\u045f]")
_SMALL_THEN_LARGE = re.compile("[\u0430-\u045f][\u0400-\u042f]")
_FRAME = re.compile("[\u2500-\u25ff]")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_ASCII_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LOOK = 64 * 1024  # bytes by which a charset is guessed


class Decoded(NamedTuple):
    """A text, and whether its charset was a guess."""

    text: str
    guessed: bool


def decoded(data: bytes, declared: str | None = None) -> Decoded:
    """Decode bytes: as declared, as UTF-8, as the likelier of the Windows charsets, as Latin-1."""
    codec = codec_of(declared)
    if codec and (text := _strictly(data, codec)) is not None:
        return Decoded(text, guessed=False)
    wrong = declared is not None
    if data.startswith(_MARKS) and (text := _strictly(data, "utf-16")) is not None:
        return Decoded(text, guessed=True)
    if (text := _strictly(data, "utf-8")) is not None:
        return Decoded(text, guessed=wrong)
    if (text := _nearly(data, codec or "utf-8")) is not None:
        return Decoded(text, guessed=True)
    return Decoded(_likeliest(data), guessed=True)


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _nearly(data: bytes, codec: str) -> str | None:
    """Decode what is right but for a byte here and there: cut, or damaged on its way."""
    text = data.decode(codec, "replace")
    lost = text.count(_LOST)
    return text if lost * 10 <= len(data) - len(data.decode("ascii", "ignore")) else None


def _likeliest(data: bytes) -> str:
    if _is_cyrillic(data):
        codec = max(("cp1251", "koi8_r"), key=lambda each: _as_russian(data[:_LOOK].decode(each, "replace")))
        return data.decode(codec, "replace")
    return _strictly(data, "cp1252") or data.decode("latin-1")


def _is_cyrillic(data: bytes) -> bool:
    """Tell whether words with high bytes are of nothing else: in Western Europe an accent stands among ASCII."""
    words = b"".join(word for word in _WORD.findall(data[:_LOOK]) if not word.isascii())
    high = words.translate(None, _ASCII_LETTERS)
    return len(high) > 1 and 2 * len(high) > len(words)


def _as_russian(text: str) -> int:
    """Weigh a text: words in small letters, perhaps after a large one, and no frames drawn of characters."""
    small, odd = len(_SMALL.findall(text)), len(_SMALL_THEN_LARGE.findall(text))
    return len(_CYRILLIC.findall(text)) + small - 4 * (odd + len(_FRAME.findall(text)) + text.count(_LOST))
