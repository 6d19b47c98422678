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
_RUN = re.compile(rb"[\xa3\xa8\xb3\xb8\xc0-\xff]{2}")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_HIGH = re.compile(rb"[\x80-\xff]")


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
        return max((data.decode(codec, "replace") for codec in ("cp1251", "koi8_r")), key=_as_russian)
    return _strictly(data, "cp1252") or data.decode("latin-1")


def _is_cyrillic(data: bytes) -> bool:
    """Tell whether most letters are high ones: in a language of Western Europe an accent stands among ASCII."""
    high = len(_HIGH.findall(data))
    return bool(_RUN.search(data)) and high > len(_ASCII_LETTER.findall(data))


def _as_russian(text: str) -> int:
    """Weigh a text: words in small letters, perhaps after a large one, and no frames drawn of characters."""
    small, odd = len(_SMALL.findall(text)), len(_SMALL_THEN_LARGE.findall(text))
    return len(_CYRILLIC.findall(text)) + small - 4 * (odd + len(_FRAME.findall(text)) + text.count(_LOST))
