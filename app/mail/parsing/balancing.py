"""Allowed markup, written anew with each tag closed and each cell in its table, and never deep.

A parser of HTML mends wrong nesting, at a cost that grows with the square of the depth, and moves what stands loose in
a table. What is written here has nothing to mend, so that the sanitiser behind it is quick and changes nothing.
"""

from html import escape

from app.mail.parsing.allowed import BLOCKS, TABLE_PARTS, TAGS, VOID, allowed
from app.mail.parsing.tokens import Token

DEEPEST = 200
MOST_LINKS = 5_000
MOST_TAGS = 50_000  # several times the longest newsletter, and what bounds the time
_CELLS = ("td", "th", "table")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ROWS = ("tbody", "thead", "tfoot")
# what an opening tag closes of its own kind, and inside of what it does not look
_ENDED_BY = {
    "a": (("a",), _CELLS),
    "li": (("li",), (*_CELLS, "ul", "ol")),
    "dd": (("dd", "dt"), (*_CELLS, "dl")),
    "dt": (("dd", "dt"), (*_CELLS, "dl")),
}


class Excess(ValueError):  # noqa: N818 - what the mail is, not what we did wrong
    """A mail too long, too deep, or with too many tags or links, to be shown as HTML."""


class Balanced:
    """Takes tokens, and writes markup."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._written: list[str] = []
        self._open: list[str] = []
        self._length = self._tags = self._links = 0

    def take(self, token: Token) -> None:
        """Writes what of the token is allowed."""
        if token.kind == "text":
            self._text(token.value)
        elif token.value in TAGS:
            if token.kind == "close":
                self._close(token.value)
            else:
                self._start(token.value, token.attributes)

    def finished(self) -> str:
        """All of it, with everything closed."""
        self._close_down_to(0)
        return "".join(self._written)

    def _text(self, text: str) -> None:
        if self._written and self._written[-1].startswith("<pre"):
            text = text.lstrip("\n")  # which a parser would take away, and again each time
        if not text:
            return
        if text.strip():
            self._make_room()
        self._write(escape(text, quote=False))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in TABLE_PARTS:
            if "table" not in self._open:
                return
            self._make_room_in_table(name)
        else:
            self._make_room()
            self._end_siblings(name)
        self._tags += 1
        self._links += name == "a"
        if self._tags > MOST_TAGS or self._links > MOST_LINKS:
            raise Excess
        kept = "".join(f' {key}="{escape(value)}"' for key, value in allowed(name, attributes).items())
        self._push(name, f"<{name}{kept}>")

    def _write(self, markup: str) -> None:
        self._written.append(markup)
        self._length += len(markup)
        if self._length > self._longest:
            raise Excess

    def _push(self, name: str, tag: str) -> None:
        self._write(tag)
        if name not in VOID:
            self._open.append(name)
            if len(self._open) > DEEPEST:
                raise Excess

    def _close(self, name: str) -> None:
        bounds = ("table",) if name in TABLE_PARTS else () if name == "table" else _CELLS
        place = self._find((name,), bounds)
        if place is not None:
            self._close_down_to(place)

    def _end_siblings(self, name: str) -> None:
        ended, bounds = _ENDED_BY.get(name, ((), ()))
        if ended and (place := self._find(ended, bounds)) is not None:
            self._close_down_to(place)
        if (name in BLOCKS or name in {"li", "dd", "dt"}) and (place := self._find(("p",), _CELLS)) is not None:
            self._close_down_to(place)
        if name in _HEADINGS and self._open and self._open[-1] in _HEADINGS:
            self._close_down_to(len(self._open) - 1)

    def _make_room(self) -> None:
        """Opens the cell that a content needs right inside of a table."""
        top = self._open[-1] if self._open else ""
        if top == "table" or top in _ROWS:
            self._push("tr", "<tr>")
        if self._open and self._open[-1] == "tr":
            self._push("td", "<td>")

    def _make_room_in_table(self, name: str) -> None:
        above = {"td": ("tr", *_ROWS, "table"), "th": ("tr", *_ROWS, "table"), "tr": (*_ROWS, "table")}
        place = self._find(above.get(name, ("table",)), ())
        assert place is not None
        self._close_down_to(place + 1)
        if name in {"td", "th"} and self._open[-1] != "tr":
            self._push("tr", "<tr>")

    def _find(self, names: tuple[str, ...], bounds: tuple[str, ...]) -> int | None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place] in names:
                return place
            if self._open[place] in bounds:
                return None
        return None

    def _close_down_to(self, place: int) -> None:
        while len(self._open) > place:
            self._write(f"</{self._open.pop()}>")
