"""What of HTML may be shown to staff: the tags, their attributes, and the shape of each value."""

import re
from urllib.parse import unquote

VOID = frozenset({"br", "hr", "img"})
BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "center",
        "div",
        "dl",
        "figcaption",
        "figure",
        "footer",
        "header",
        "hr",
        "main",
    }
    | {"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "section", "table", "ul"}
)
TABLE_PARTS = frozenset({"tbody", "td", "tfoot", "th", "thead", "tr"})
INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark", "q"}
    | {"s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var"}
)
TAGS = BLOCKS | TABLE_PARTS | INLINE | {"dd", "dt", "li"}
SCHEMES = {"https", "mailto", "tel"}
STYLES = frozenset({"background-color", "color", "font-style", "font-weight", "text-align", "text-decoration"})

_NUMBER, _LENGTH, _COLOUR = r"\d{1,3}", r"\d{1,4}%?", r"#?[A-Za-z0-9]{1,24}"
_COMMON = {"align": r"[a-z]{4,7}", "dir": "ltr|rtl|auto", "lang": r"[A-Za-z0-9-]{1,35}", "title": r"[^\x00]{1,500}"}
_CELL = {"bgcolor": _COLOUR, "valign": r"[a-z]{3,8}", "width": _LENGTH, "height": _LENGTH}
_SPANS = {"colspan": _NUMBER, "rowspan": _NUMBER}
_OF_ONE = {
    "img": {"alt": r"[^\x00]{1,1000}", "width": r"\d{1,4}", "height": r"\d{1,4}"},
    "table": _CELL | {"border": _NUMBER, "cellpadding": _NUMBER, "cellspacing": _NUMBER},
    "tr": _CELL,
    "td": _CELL | _SPANS,
    "th": _CELL | _SPANS,
    "font": {"color": _COLOUR},
    "ol": {"start": r"\d{1,5}", "type": "[1aAiI]"},
}
_EVERYWHERE = {key: re.compile(shape, re.ASCII) for key, shape in _COMMON.items()}
_SHAPES = {
    name: _EVERYWHERE | {key: re.compile(shape, re.ASCII) for key, shape in shapes.items()}
    for name, shapes in _OF_ONE.items()
}
ATTRIBUTES = {name: {*shapes, "style"} for name, shapes in _SHAPES.items()} | {
    "*": {*_EVERYWHERE, "style"},
    "a": {*_EVERYWHERE, "href"},
}
ATTRIBUTES["img"] |= {"data-cid", "data-blocked-src"}

_LONGEST = 4_000
_IGNORED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LINK = re.compile(r"(https://(?=[^/\\?#])|mailto:|tel:)([^\s\\<>\"'`]+)", re.IGNORECASE)
_REMOTE = re.compile(r"https?://[^\s\\<>\"'`]+", re.IGNORECASE)
_CID = re.compile(r"[^\s\\<>\"'`]{1,255}")
_STYLE_VALUE = re.compile(
    r"#[0-9a-f]{3,8}|[a-z][a-z-]{0,29}|\d{1,3}|rgba?\([0-9]{1,3}(?:[ ,/]{1,3}[0-9.%]{1,5}){2,3}\)", re.IGNORECASE
)


def allowed(name: str, attributes: dict[str, str]) -> dict[str, str]:
    """The attributes that a tag keeps. An image keeps what it was of in ``data-``: nothing is fetched for it."""
    if not attributes:
        return {}
    kept = {}
    for key, value in attributes.items():
        shape = _SHAPES.get(name, _EVERYWHERE).get(key)
        if shape and shape.fullmatch(value):
            kept[key] = value
    if style := _style(attributes.get("style", "")):
        kept["style"] = style
    if name == "a" and (href := link(attributes.get("href", ""))):
        kept["href"] = href
    return kept | _source(attributes) if name == "img" else kept


def link(value: str) -> str | None:
    """The address of a link that may be followed; None for any other."""
    found = _LINK.fullmatch(_address(value))
    return found[1].lower() + found[2] if found and len(value) <= _LONGEST else None


def _address(value: str) -> str:
    return _IGNORED.sub("", value[: _LONGEST + 1]).strip().replace(" ", "%20")


def _source(attributes: dict[str, str]) -> dict[str, str]:
    source = _address(attributes.get("src", ""))
    cid = unquote(source[4:]) if source[:4].lower() == "cid:" else attributes.get("data-cid", "")
    if _CID.fullmatch(cid):
        return {"data-cid": cid}
    blocked = source or attributes.get("data-blocked-src", "")
    return {"data-blocked-src": blocked} if _REMOTE.fullmatch(blocked) and len(blocked) <= _LONGEST else {}


def _style(value: str) -> str:
    if len(value) > _LONGEST:
        return ""
    kept = {}
    for part in value.split(";"):
        name, _, told = part.partition(":")
        name, told = name.strip().lower(), told.strip()
        if name in STYLES and _STYLE_VALUE.fullmatch(told):
            kept[name] = told
    return ";".join(f"{name}:{told}" for name, told in kept.items())
