"""Where the parts of a mail begin and end, found in linear time and within the caps, before anything is decoded."""

from dataclasses import dataclass, field

from app.mail.parsing import caps
from app.mail.parsing.fields import Block, read_block
from app.mail.parsing.parameters import read_parameters, read_type
from app.mail.parsing.parsed import TooMuch
from app.mail.parsing.words import raw_text

MESSAGES = frozenset({"message/rfc822", "message/global"})
_ADDRESSES = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender", "delivered-to", "x-original-to"})
_ENCODED = frozenset({"base64", "quoted-printable"})


@dataclass(slots=True)
class Node:
    """A part: its header, where its body lies in the raw mail, and the parts in it; ``flags`` of the top are of all."""

    block: Block
    media_type: str
    parameters: dict[str, str]
    start: int
    end: int
    children: list["Node"] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    @property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding, in lower case."""
        named = self.block.first("content-transfer-encoding").partition(b";")[0].strip(b' \t"')
        return named[:40].decode("ascii", "replace").lower()


def lines_mended(raw: bytes) -> bytes:
    """Return the mail with line feeds, where its only ends of lines are bare carriage returns."""
    return raw.replace(b"\r", b"\n") if b"\n" not in raw else raw


def scan(raw: bytes) -> Node:
    """Find the parts of a mail.

    Raises:
        TooMuch: the mail is over a cap.
    """
    if len(raw) > caps.MAIL:
        raise TooMuch("too_large", "The mail is larger than 25 MB.")
    _check_lines(raw)
    scanner = _Scanner(raw)
    top = scanner.node(0, len(raw), depth=0)
    top.flags = list(dict.fromkeys((*top.block.flags, *scanner.flags)))
    if sum(value.count(b"@") for name, value in top.block.fields if name in _ADDRESSES) > caps.ADDRESSES:
        raise TooMuch("too_many_addresses", "The mail names more than 500 addresses.")
    return top


def _check_lines(raw: bytes) -> None:
    """Leap from line to line by the cap: as few looks as the mail has megabytes, however short its lines."""
    at = 0
    while at + caps.LINE < len(raw):
        found = raw.rfind(b"\n", at, at + caps.LINE + 1)
        if found < 0:
            raise TooMuch("line_too_long", "A line of the mail is longer than 1 MB.")
        at = found + 1


class _Scanner:
    """One pass over one mail; what it counts is counted over all parts."""

    def __init__(self, raw: bytes) -> None:
        self.flags: list[str] = []
        self._raw = raw
        self._parts = 0
        self._delimiters = 0

    def node(self, start: int, end: int, *, depth: int, default: str = "text/plain") -> Node:
        """Read the part between two places, and those in it."""
        if depth > caps.DEPTH:
            raise TooMuch("too_deep", "The parts of the mail are nested more than 20 deep.")
        block = read_block(self._raw, start, end)
        declared = raw_text(block.first("content-type"))
        if max(declared.count(";"), block.first("content-disposition").count(b";")) > caps.PARAMETERS:
            raise TooMuch("too_many_parameters", "A part of the mail has more than 64 parameters.")
        node = Node(block, read_type(declared, default), read_parameters(declared), block.body_at, end)
        if node.media_type.startswith("multipart/"):
            self._open_multipart(node, depth)
        elif node.media_type in MESSAGES and node.encoding not in _ENCODED:
            self._count()
            node.children.append(self.node(node.start, end, depth=depth + 1))
        return node

    def _open_multipart(self, node: Node, depth: int) -> None:
        boundary = node.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        spans = self._spans(boundary, node.start, node.end) if boundary else []
        if not spans:
            self.flags.append("no_boundary" if not boundary else "no_parts")
            node.media_type = "text/plain"  # so nothing of it is lost
        default = "message/rfc822" if node.media_type == "multipart/digest" else "text/plain"
        node.children = [self.node(start, end, depth=depth + 1, default=default) for start, end in spans]

    def _spans(self, boundary: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """Return where the parts between the lines of a boundary lie."""
        spans: list[tuple[int, int]] = []
        delimiter = b"--" + boundary
        begun, at = -1, (start if self._raw.startswith(delimiter, start, end) else -1)
        if at < 0:
            at = self._next(delimiter, start, end)
        while at >= 0:
            after = at + len(delimiter)
            line_end = self._raw.find(b"\n", after, end)
            line_end = end if line_end < 0 else line_end
            rest = self._raw[after : min(line_end, after + caps.KB)].strip(b" \t\r")
            if rest in {b"", b"--"}:
                if begun >= 0:
                    self._count()
                    spans.append((begun, self._before(at, begun)))
                begun = -1 if rest else min(line_end + 1, end)
                if rest and spans:
                    return spans
            at = self._next(delimiter, after, end)
        if begun >= 0:
            self._count()
            self.flags.append("unclosed_boundary")
            spans.append((begun, end))
        return spans

    def _next(self, delimiter: bytes, start: int, end: int) -> int:
        """Return where the next line begins that begins as the delimiter, -1 for none."""
        self._delimiters += 1
        if self._delimiters > caps.DELIMITERS:
            raise TooMuch("too_many_parts", "The mail has more than 100,000 lines that look like a boundary.")
        found = self._raw.find(b"\n" + delimiter, max(start - 1, 0), end)
        return found + 1 if found >= 0 else -1

    def _before(self, at: int, begun: int) -> int:
        """Return the end of the part before a delimiter, whose line break belongs to the delimiter."""
        end = at - 1
        return max(end - 1 if self._raw[end - 1 : end] == b"\r" else end, begun)

    def _count(self) -> None:
        self._parts += 1
        if self._parts > caps.PARTS:
            raise TooMuch("too_many_parts", "The mail has more than 200 parts.")
