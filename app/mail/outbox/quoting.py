"""Pure: what somebody wrote, as a mail repeats it: without long gaps, and never so much that mail is slow to make."""

import re

_LONGEST = 64 * 1024  # bytes
_GAPS = re.compile(r"\n(?:[ \t]*+\n){3,}")
_LEFT_OUT = "[The message is longer than mail repeats. The rest is in the ticket.]"


def quoted(body: str) -> str:
    """Return a message's text for a mail: at most two empty lines in a row, and the rest of a long one left out."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    told = _GAPS.sub("\n\n\n", lines)
    content = told.encode()
    if len(content) <= _LONGEST:
        return told
    return f"{content[:_LONGEST].decode(errors='ignore').rstrip()}\n\n{_LEFT_OUT}"
