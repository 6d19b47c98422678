"""Pure: a letter set as plain text and as HTML: tables and styles in place, as mail clients want it, nothing loaded."""

from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from app.mail.addressing.marker import MARKER
from app.mail.outbox.headers import one_line
from app.mail.outbox.voices import Voice
from app.mail.outbox.wording import Letter

_MIDDLE = 0.35


def _lines(text: str) -> Markup:
    """Return a text as HTML with its line ends and its indents kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Markup("<br>\n").join(_indented(line) for line in lines)


def _indented(line: str) -> Markup:
    rest = line.lstrip(" ")
    return Markup("&nbsp;" * (len(line) - len(rest))) + escape(rest)  # noqa: S704 - a constant, so many times


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


def rendered(letter: Letter, voice: Voice, name: str, *, answerable: bool) -> tuple[str, str]:
    """Return a letter as text and as HTML; one that can be answered begins with the line to reply above."""
    values = {
        "letter": letter,
        "voice": voice,
        "marker": MARKER if answerable else None,
        "salutation": one_line(voice.greeting or (f"Hello {name}," if one_line(name) else "Hello,")),
    }
    return "\n".join(_text(letter, voice, values)) + "\n", _HTML.get_template("mail.html").render(values)


def _text(letter: Letter, voice: Voice, values: dict[str, object]) -> Iterator[str]:
    if values["marker"]:
        yield from (str(values["marker"]), "")
    yield from (str(values["salutation"]), "", f"{letter.heading}{':' if letter.quote is not None else '.'}", "")
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
