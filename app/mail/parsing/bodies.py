"""The text of a mail: from its parts in order, of alternatives each once."""

import html as markup
from typing import NamedTuple

from app.mail.parsing import caps
from app.mail.parsing.charsets import decoded
from app.mail.parsing.files import Files
from app.mail.parsing.html import plain_text
from app.mail.parsing.scanner import Node
from app.mail.parsing.transfer import content
from app.mail.parsing.words import clean_body

_BODIES = frozenset({"text/plain", "text/html"})
_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"})


class Bodies(NamedTuple):
    """All of the text, the HTML as it came, and what had to be bent or cut."""

    text: str
    html: str | None
    flags: tuple[str, ...]


class _Segment(NamedTuple):
    """A stretch of the mail, in one form or in both."""

    plain: str
    html: str


def read_bodies(raw: bytes, top: Node, files: Files) -> Bodies:
    """Read the bodies of a mail, and hand every other part to ``files``."""
    reader = _Reader(raw, files)
    segments = [each for each in reader.read(top, "") if each.plain.strip() or each.html.strip()]
    html = "\n".join(each.html or _as_html(each.plain) for each in segments) if any(e.html for e in segments) else None
    if html is not None and len(html) > caps.HTML:
        html = html[: caps.HTML]
        reader.flags.append("html_cut")
    plain = (each.plain if each.plain.strip() else clean_body(plain_text(each.html[: caps.HTML])) for each in segments)
    text = "\n".join(plain)
    kept = text.encode("utf-8", "ignore")[: caps.TEXT].decode("utf-8", "ignore")
    if len(kept) < len(text):
        reader.flags.append("text_cut")
    return Bodies(kept, html, tuple(dict.fromkeys(reader.flags)))


def _as_html(plain: str) -> str:
    return f"<p>{'<br>'.join(markup.escape(plain.strip()).splitlines())}</p>"


class _Reader:
    """A walk over the parts of one mail, no deeper than the scanner lets it be."""

    def __init__(self, raw: bytes, files: Files) -> None:
        self.flags: list[str] = []
        self._raw = raw
        self._files = files

    def read(self, node: Node, parent: str) -> list[_Segment]:
        """Return the stretches of text of a part."""
        if node.media_type in _ENCRYPTED:
            self.flags.append("encrypted")
        if node.media_type.startswith("multipart/"):
            segments = [each for child in node.children for each in self.read(child, node.media_type)]
            return [_merged(segments)] if node.media_type == "multipart/alternative" else segments
        if node.media_type in _BODIES and not self._is_file(node, parent):
            text = self._text(node)
            return [_Segment("", text) if node.media_type == "text/html" else _Segment(text, "")]
        self._files.take(self._raw, node, in_related=parent == "multipart/related")
        return []

    def _is_file(self, node: Node, parent: str) -> bool:
        """Tell whether a text is a file of its own: it is said to be, or has a name and stands among others."""
        if self._files.is_attached(node):
            return True
        return parent not in {"", "multipart/alternative"} and self._files.is_named(node)

    def _text(self, node: Node) -> str:
        """Decode a body, of an endless one as much as can be kept at all."""
        data, flag = content(self._raw[node.start : node.end], node.encoding)
        most = caps.HTML if node.media_type == "text/html" else 4 * caps.TEXT
        if len(data) > most:
            data = data[:most].rpartition(b"\n")[0] or data[:most]
            self.flags.append("html_cut" if node.media_type == "text/html" else "text_cut")
        text, guessed = decoded(data, node.parameters.get("charset"))
        named = ((flag, bool(flag)), ("charset_guessed", guessed), ("nul_removed", "\0" in text))
        self.flags += [code for code, met in named if met and code]
        return clean_body(text)


def _merged(segments: list[_Segment]) -> _Segment:
    plain = "\n".join(each.plain for each in segments if each.plain)
    return _Segment(plain, "\n".join(each.html for each in segments if each.html))
