"""HTML as a row of tokens, in linear time whatever comes; the standard library's parser has quadratic traps.

It reads as browsers do, with two differences that lose less: a tag that never ends makes the rest text, and so does
``</`` before anything but a letter. What reads the tokens writes its own markup, so a difference cannot be used.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Literal, NamedTuple


class Token(NamedTuple):
    """A text with its references resolved, or the name of a tag in lower case with its attributes."""

    kind: Literal["text", "open", "close"]
    value: str
    attributes: dict[str, str]


_MARKUP = re.compile(r"<(?=[A-Za-z!?]|/[A-Za-z])")
_COMMENT_END = re.compile(r"--!?>")
_TAG_NAME = re.compile(r"[^\s/>]++", re.ASCII)
_BETWEEN = re.compile(r"[\s/]*+", re.ASCII)
_NAME = re.compile(r"=?[^\s/>=]*+", re.ASCII)
_EQUALS = re.compile(r"\s*+=\s*+", re.ASCII)
_BARE = re.compile(r"[^\s>]*+", re.ASCII)
_HIDDEN = ("script", "style")
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.ASCII | re.IGNORECASE)
    for name in (*_HIDDEN, "title", "iframe", "noembed", "noframes", "textarea", "xmp")
}
_SHOWN_RAW = ("textarea", "xmp")
_TOO_LONG = re.compile(r"&#[0-9]{10,}+;?")  # int() refuses thousands of digits
_REFERENCE = re.compile(r"&(?:#[0-9]{1,9};?|#[xX][0-9a-fA-F]{1,9};?|[A-Za-z][A-Za-z0-9]{1,31}(?:;|(?![A-Za-z0-9=])))")
_CONTROLS: dict[int, str | None] = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160))) | {13: "\n"}


def readable(html: str) -> str:
    """The text without what no encoder takes, and with one kind of line end."""
    return html.encode(errors="ignore").decode().replace("\r\n", "\n").replace("\r", "\n")


def tokens(html: str) -> Iterator[Token]:
    """The tokens of ``html``; comments, declarations and the contents of scripts and styles are none."""
    place, unclosed = 0, set[str]()
    while mark := _MARKUP.search(html, place):
        if mark.start() > place:
            yield _text(html[place : mark.start()])
        place = mark.end()
        if html[place] in "!?":
            place = _declaration_end(html, place)
            continue
        read = _tag(html, place)
        if read is None:
            place = mark.start()
            break
        token, place = read
        yield token
        if token.kind == "open" and token.value in _RAW:
            end = _raw_end(html, place, token.value, unclosed)
            if token.value in _SHOWN_RAW and end > place:
                yield _text(html[place:end])
            place = end
    if place < len(html):
        yield _text(html[place:])


def _raw_end(html: str, place: int, name: str, unclosed: set[str]) -> int:
    """Where the contents end of an element that holds no tags. One that never ends hides nothing but a script."""
    if name in unclosed:  # or each of them would be searched to the end
        return place
    end = _RAW[name].search(html, place)
    if end is not None:
        return end.start()
    unclosed.add(name)
    return len(html) if name in _HIDDEN else place


def _declaration_end(html: str, place: int) -> int:
    if not html.startswith("!--", place):
        end = html.find(">", place)
        return end + 1 if end >= 0 else len(html)
    place += 3
    for short in (">", "->"):
        if html.startswith(short, place):
            return place + len(short)
    closing = _COMMENT_END.search(html, place)
    return closing.end() if closing else len(html)


def _tag(html: str, place: int) -> tuple[Token, int] | None:
    """The tag whose name or slash is at ``place``, and where it ends; None where it does not."""
    closes = html[place] == "/"
    name = _TAG_NAME.match(html, place + closes)
    assert name is not None
    attributes: dict[str, str] = {}
    place = name.end()
    while True:
        place = _past(_BETWEEN, html, place)
        if place >= len(html):
            return None
        if html[place] == ">":
            return Token("close" if closes else "open", name[0].lower(), attributes), place + 1
        end = _past(_NAME, html, place)
        key, value = html[place:end].lower(), ""
        place = end
        if equals := _EQUALS.match(html, place):
            place = equals.end()
            quote = html[place : place + 1]
            start = place + 1 if quote in ('"', "'") else place
            end = html.find(quote, start) if start > place else _past(_BARE, html, place)
            if end < 0:
                return None
            value, place = html[start:end], end + (start > place)
        if key not in attributes:  # the first counts, as in browsers
            attributes[key] = _value(value)


def _past(pattern: re.Pattern[str], html: str, place: int) -> int:
    match = pattern.match(html, place)
    assert match is not None
    return match.end()


def _text(raw: str) -> Token:
    decoded = unescape(_TOO_LONG.sub("\ufffd", raw)) if "&" in raw else raw
    return Token("text", decoded.translate(_CONTROLS), {})


def _value(raw: str) -> str:
    """The value of an attribute, where ``&copy=`` is no reference but a parameter of an address."""
    if "&" not in raw:
        return raw
    return _REFERENCE.sub(lambda found: unescape(found[0]), _TOO_LONG.sub("\ufffd", raw))
