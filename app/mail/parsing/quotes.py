"""Which elements of the common clients hold what is quoted.

A ``blockquote`` without a client's mark is a quote only below an attribution: writers use it to indent, and Gmail's
own button for that makes one. ``div.gmail_quote`` is none by itself, for answers between quotes are typed into it.
"""

from enum import Enum

from app.mail.parsing.attributions import attribution

_QUOTES = frozenset({"gmail_quote", "protonmail_quote", "tutanota_quote", "yandex_quote", "mailru-blockquote"})
_TITLES = frozenset({"gmail_attr", "moz-cite-prefix", "protonmail_quote_title"})
_BEFORE_HISTORY = frozenset({"appendonsend", "divrplyfwdmsg"})
_HISTORY = frozenset({"mail-editor-reference-message-container", "olk_src_body_section"})
_YAHOO = "yahoo_quoted"
_MARKS = "> "


class Quote(Enum):
    """What an element is: no quote, one, the line above one, the begin of one to its parent's end, or an indent."""

    NONE = "none"
    ALL = "all"
    TITLE = "title"
    REST = "rest"
    STYLE = "style"


def quote_of(name: str, attributes: dict[str, str], above: list[str], *, inside: bool) -> Quote:
    """What the element is, by its marks and by the lines above it."""
    ident, classes = attributes.get("id", "").lower(), set(attributes.get("class", "").lower().split())
    if name == "blockquote":
        cited = attributes.get("type", "").lower() == "cite" or bool(classes & _QUOTES)
        return Quote.ALL if cited or inside or _below_attribution(above) else Quote.STYLE
    if ident in _BEFORE_HISTORY:
        return Quote.REST
    if classes & _TITLES:
        return Quote.TITLE
    quoted = ident in _HISTORY or _YAHOO in classes or ident.startswith(_YAHOO)
    return Quote.ALL if quoted else Quote.NONE


def _below_attribution(above: list[str]) -> bool:
    near = [line.lstrip(_MARKS) for line in above[-4:] if line.strip(_MARKS)]
    return any(attribution(near, place) == len(near) - place for place in range(len(near)))
