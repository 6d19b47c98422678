"""Pure: a letter set as plain text and as HTML: tables and styles in place, as mail clients want it, nothing loaded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from app.mail.addressing.marker import MARKER
from app.mail.outbox.headers import one_line
from app.mail.outbox.voices import Voice
from app.mail.outbox.wording import Letter

_MIDDLE = 0.35
_INDENT = re.compile(r"^ +", re.MULTILINE)
_DEEPEST = 80  # spaces of an indent; more of them show nothing
_SLOT = "\0"  # stands in no text that the database gives


def _lines(text: str) -> Markup:
    """Return a text as HTML with its line ends and its indents kept."""
    safe = str(escape(text.replace("\r\n", "\n").replace("\r", "\n")))
    return Markup(_INDENT.sub(_indent, safe).replace("\n", "<br>\n"))  # noqa: S704 - escaped above


def _indent(spaces: re.Match[str]) -> str:
    return "&nbsp;" * min(len(spaces[0]), _DEEPEST)


def _is_light(colour: str) -> bool:
    """Tell whether a colour is light, by its relative luminance as WCAG has it, roughly."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    luminance: float = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return luminance > _MIDDLE


def _ink(background: str) -> str:
    """Return black or white, whichever is read better on a colour."""
    return "#1a1a1a" if _is_light(background) else "#ffffff"


def _on_white(colour: str) -> str:
    """Return a colour that is read on white: this one, or a dark one where it is too light."""
    return "#1f2937" if _is_light(colour) else colour


_HTML = Environment(
    loader=PackageLoader("app.mail.outbox"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HTML.filters |= {"lines": _lines, "ink": _ink, "on_white": _on_white}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter set as text and as HTML for all who read it in one voice: what is before the salutation, and after."""

    greeting: str | None
    text: tuple[str, str]
    html: tuple[str, str]

    def to(self, name: str) -> tuple[str, str]:
        """Return it as text and as HTML with the salutation of one person."""
        salutation = one_line(self.greeting or (f"Hello {name}," if one_line(name) else "Hello,"))
        return salutation.join(self.text), str(escape(salutation)).join(self.html)


def sheet_of(letter: Letter, voice: Voice, *, answerable: bool) -> Sheet:
    """Set a letter; one that can be answered begins with the line to reply above."""
    marker = MARKER if answerable else None
    html = _HTML.get_template("mail.html").render(letter=letter, voice=voice, marker=marker, salutation=_SLOT)
    head = f"{marker}\n\n" if marker else ""
    return Sheet(voice.greeting, (head, "\n".join(_after_salutation(letter, voice)) + "\n"), _parted(html))


def _parted(html: str) -> tuple[str, str]:
    before, _, after = html.partition(_SLOT)
    return before, after


def _after_salutation(letter: Letter, voice: Voice) -> Iterator[str]:
    yield from ("", "", f"{letter.heading}{':' if letter.quote is not None else '.'}", "")
    for sentence in letter.sentences:
        yield from (sentence, "")
    if letter.quote is not None:
        yield from (letter.quote, "")
    if letter.facts:
        width = max(len(label) for label, _ in letter.facts) + 2
        yield from (f"{label + ':':{width}}{value}" for label, value in letter.facts)
        yield ""
    for item, at in letter.items:
        yield from (f"- {item}", f"  {at}")
    if letter.items:
        yield ""
    yield from ("-- ", voice.signature.replace("\r\n", "\n").strip())
    yield from (f"{label}: {url}" for label, url in voice.links)
