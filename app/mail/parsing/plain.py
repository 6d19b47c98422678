"""HTML written as text: blocks make lines, links keep their targets, quotes get the marks by which they are told."""

import re
from collections.abc import Iterable

from app.mail.parsing.allowed import BLOCKS, link
from app.mail.parsing.quotes import Quote, quote_of
from app.mail.parsing.tokens import Token

_LINES = BLOCKS | {"body", "dd", "dt", "fieldset", "form", "li", "option", "tr"}
_APART = frozenset({"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_KEPT_OPEN = _LINES | {"span", "td", "th"}  # those whose end matters: a quote may begin in one
_DEEPEST = 8  # marks before a line; or nesting would multiply the text
_RULE = "_" * 32
_SPACES = re.compile(r"[ \t\n\xa0]+")


class _Element:
    def __init__(self, name: str) -> None:
        self.name = name
        self.quotes = 0
        self.indents = 0
        self.number = 0


class _Plain:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.open = [_Element("")]
        self.counts: dict[str, int] = {}
        self.quotes = self.indents = 0
        self.before = 0  # the quotes of the line before
        self.gap = False
        self.title: _Element | None = None  # the line above a quote, as long as it may be a forward's
        self.target: str | None = None
        self.label: list[str] = []

    def take(self, token: Token) -> None:
        if token.kind == "text":
            self.text(token.value)
        elif token.value == "a":
            self.end_link()
            if token.kind == "open":
                self.target, self.label = link(token.attributes.get("href", "")), []
        elif token.kind == "open":
            self.start(token.value, token.attributes)
        else:
            self.end(token.value)

    def text(self, text: str) -> None:
        if self.counts.get("pre"):
            first, *others = text.split("\n")
            self.add(first)
            for other in others:
                self.finish_line(even_if_empty=True)
                self.add(other)
        else:
            spaced = _SPACES.sub(" ", text)
            self.add(spaced if self.line and not self.line[-1].endswith(" ") else spaced.lstrip(" "))

    def add(self, text: str) -> None:
        if text:
            self.line.append(text)
            if self.target:
                self.label.append(text)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _LINES:
            self.break_line(apart=name in _APART)
        quote = quote_of(name, attributes, self.lines, inside=self.quotes > 0)
        if quote is Quote.REST and not self.open[-1].quotes:
            self.open[-1].quotes = 1
            self.quotes += 1
        if name in _VOID:
            self.void(name, attributes)
        elif name in _KEPT_OPEN:
            self.push(name, quote)

    def push(self, name: str, quote: Quote) -> None:
        element = _Element(name)
        element.quotes = int(quote in {Quote.ALL, Quote.TITLE})
        element.indents = int(quote is Quote.STYLE)
        self.title = element if quote is Quote.TITLE else self.title
        if name == "li":
            self.bullet()
        elif name in {"td", "th"} and self.line:
            self.line.append("  ")
        self.open.append(element)
        self.counts[name] = self.counts.get(name, 0) + 1
        self.quotes += element.quotes
        self.indents += element.indents

    def bullet(self) -> None:
        element = self.open[-1]
        element.number += 1
        depth = min(self.counts.get("ul", 0) + self.counts.get("ol", 0), _DEEPEST)
        mark = f"{element.number}. " if element.name == "ol" else "- "
        self.line.append("  " * (depth - 1) + mark)

    def void(self, name: str, attributes: dict[str, str]) -> None:
        if name == "br":
            self.finish_line(even_if_empty=True)
        elif name == "hr":
            self.line.append(_RULE)
            self.break_line()
        elif name == "img" and (told := _SPACES.sub(" ", attributes.get("alt", "")).strip()):
            self.add(f"[{told}]")

    def end(self, name: str) -> None:
        if name in _LINES:
            self.break_line(apart=name in _APART)
        if not self.counts.get(name):
            return
        while True:  # each element is taken off once, whatever the order of the tags
            element = self.open.pop()
            self.counts[element.name] -= 1
            self.quotes -= element.quotes
            self.indents -= element.indents
            self.title = None if element is self.title else self.title
            if element.name == name:
                return

    def end_link(self) -> None:
        label = "".join(self.label).strip()
        if self.target and _bare(self.target) != _bare(label):
            self.line.append(f" ({self.target})" if label else self.target)
        self.target = None

    def break_line(self, *, apart: bool = False) -> None:
        self.finish_line()
        self.gap = self.gap or apart

    def finish_line(self, *, even_if_empty: bool = False) -> None:
        text = "".join(self.line).rstrip()
        if self.title and text.startswith("--"):
            self.quotes -= self.title.quotes
            self.title.quotes, self.title = 0, None
        self.line = []
        if not text and not even_if_empty:
            return
        if self.lines and (self.gap or not text):
            self.blank()
        if text:
            self.lines.append("> " * min(self.quotes, _DEEPEST) + "    " * min(self.indents, _DEEPEST) + text)
            self.gap, self.before = False, self.quotes

    def blank(self) -> None:
        mark = ("> " * min(self.quotes, self.before, _DEEPEST)).rstrip()
        if self.lines[-1].strip("> "):
            self.lines.append(mark)


def written_plainly(html: Iterable[Token]) -> str:
    """The text of the tokens."""
    plain = _Plain()
    for token in html:
        plain.take(token)
    plain.end_link()
    plain.finish_line()
    return "\n".join(plain.lines).strip("\n")


def _bare(address: str) -> str:
    return address.strip().removeprefix("https://").removeprefix("mailto:").removeprefix("tel:").rstrip("/").lower()
