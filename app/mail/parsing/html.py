"""The HTML of a mail as it may be shown, and as text.

Our own pass writes allowed markup, flat and well nested; nh3 judges it with the same lists, as the second wall. It is
shown only when a further round changes nothing: markup that is read otherwise a second time is how filters are passed.
"""

import re

import nh3

from app.mail.parsing.allowed import ATTRIBUTES, SCHEMES, STYLES, TAGS
from app.mail.parsing.balancing import Balanced, Excess
from app.mail.parsing.plain import written_plainly
from app.mail.parsing.tokens import readable, tokens

CAP = 512 * 1024  # bytes
TEXT_CAP = 1024 * 1024  # characters
CUT = "[The mail is longer; the rest is in its original.]"
_ROUNDS = 3
_INLINED = re.compile(r"data:[a-z]{1,20}/[a-z0-9.+-]{1,60};base64,[A-Za-z0-9+/=\s]*+", re.IGNORECASE)
_JUDGE = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    filter_style_properties=set(STYLES),
)


def sanitised(html: str) -> str | None:
    """The HTML as it may be shown; None where only the text may be: too long, too deep, or too many links."""
    html = _within(html, CAP)
    try:
        result, before = _clean(html), html
        for _ in range(_ROUNDS):
            result, before = _clean(result), result
            if result == before:
                return result
    except Excess:
        return None
    return None


def plain_text(html: str) -> str:
    """The mail as text, for those who sent no text of their own; quotes have their marks."""
    html = _within(html, TEXT_CAP)
    text = written_plainly(tokens(readable(html[:TEXT_CAP])))
    return f"{text}\n\n{CUT}" if len(html) > TEXT_CAP else text


def _within(html: str, cap: int) -> str:
    """A mail over the cap without the pictures written into it, for they are mostly what makes it long."""
    return _INLINED.sub("", html) if len(html) > cap else html


def _clean(html: str) -> str:
    if len(html) > CAP or len(html.encode(errors="ignore")) > CAP:
        raise Excess
    balanced = Balanced(CAP)
    for token in tokens(readable(html)):
        balanced.take(token)
    return _JUDGE.clean(balanced.finished())
