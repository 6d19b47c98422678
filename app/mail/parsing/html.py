"""A place for the cleaning of HTML."""

import re


def sanitised(html: str) -> str | None:  # noqa: ARG001
    """Return the HTML as it may be shown."""
    return None


def plain_text(html: str) -> str:
    """Return the text of HTML."""
    return re.sub(r"<[^>]*>", "", html)
