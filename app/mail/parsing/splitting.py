"""What was newly written in a reply, as against what its client quoted.

Line by line, each looking ahead over a few lines at most, so that the time is linear whatever comes. Doubt keeps a
line: an old line that is shown costs a glance, a new one that is hidden costs the answer. Nothing is deleted, for the
whole text is kept beside.
"""

import re
from enum import Enum
from itertools import pairwise

from app.mail.addressing.marker import MARKER
from app.mail.parsing.attributions import WRAPPED_OVER, attribution, is_certain, joined
from app.mail.parsing.header_blocks import header_block, is_forward, is_original, is_rule
from app.mail.parsing.signatures import without_signature

CAP = 256 * 1024
_LEAST_SHARE = 10  # per cent: a thinner answer between quotes cannot be read without them
_AHEAD = 3
_LONGEST_TITLE = 8  # lines
_RUNS = re.compile(r"\n{3,}")
_MARKS = re.compile(r"[ \t]{0,3}>[> \t]*")


class _Is(Enum):
    NEW = "new"
    BLANK = "blank"
    OLD = "old"


def new_text(text: str) -> str:
    """The lines that were newly written; all of them where that would be none, or too few to be read alone."""
    lines = _read(text)
    walk = _Walk(lines)
    kinds = walk.kinds()
    fresh = _trimmed(_fresh(lines, kinds))
    if not walk.forward:
        fresh = without_signature(fresh)
    if not any(line.strip() for line in fresh) or (_interleaved(kinds) and _thin(fresh, lines)):
        fresh = lines
    return "\n".join(_trimmed(fresh))


def _fresh(lines: list[str], kinds: list[_Is]) -> list[str]:
    """The lines that are not old; where a quote was cut out, one empty line is left of the two around it."""
    fresh: list[str] = []
    cut = False
    for line, kind in zip(lines, kinds, strict=True):
        cut = kind is _Is.OLD or (cut and kind is _Is.BLANK)
        if kind is _Is.NEW or (kind is _Is.BLANK and not (cut and fresh and not fresh[-1].strip())):
            fresh.append(line)
    return fresh


def _read(text: str) -> list[str]:
    whole = _RUNS.sub("\n\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(whole) > CAP:
        end = whole.rfind("\n", 0, CAP)
        whole = whole[: end if end > 0 else CAP]
    return whole.split("\n")


class _Walk:
    """One pass from the first line to the last, which says of each what it is."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.bare = [_MARKS.sub("", line, count=1) for line in lines]
        self.quoted = [_is_quoted(lines, place) for place in range(len(lines))]
        self.colons = [line.rstrip().endswith(":") for line in lines]
        self.found: list[_Is] = []
        self.history = False  # whether an old line stands above
        self.forward = False  # whether what follows is a mail that the desk has not seen

    def kinds(self) -> list[_Is]:
        while (place := len(self.found)) < len(self.lines):
            if not self.lines[place].strip():
                self.found.append(_Is.BLANK)
            elif not self.history and is_forward(self.bare[place]):
                self.forward = True
                self._rest(_Is.NEW)
            elif self.quoted[place]:
                self._take(1, _Is.OLD)
            elif count := self._announces(place):
                self._take(count, _Is.OLD)
                if not self._marks_follow(len(self.found)):
                    self._rest(_Is.OLD)
            else:
                self._plain(place)
        return self.found

    def _plain(self, place: int) -> None:
        colon = True in self.colons[place : place + WRAPPED_OVER]  # without one, nothing need be looked at closely
        count = attribution(self.lines, place) if colon else 0
        if count and self._marks_follow(place + count):
            self._take(count, _Is.OLD)
        elif count and self._stands_alone(place) and is_certain(joined(self.lines, place, count)):
            self._rest(_Is.OLD)
        else:
            self._take(max(count, 1), _Is.NEW)

    def _announces(self, place: int) -> int:
        """How many lines from here on say that all below is old: our marker, a block of headers, a ruled title."""
        line = self.lines[place]
        if MARKER in line:
            return 1
        if is_original(line) or is_rule(line):
            below = self._next(place + 1)
            block = header_block(self.lines, below, announced=is_original(line)) if below is not None else 0
            if below is not None and block:
                return below + block - place
            return int(is_original(line))
        return header_block(self.lines, place) if self._stands_alone(place) else 0

    def _marks_follow(self, place: int) -> bool:
        below = self._next(place)
        return below is not None and self.quoted[below]

    def _stands_alone(self, place: int) -> bool:
        return place == 0 or self.found[place - 1] is not _Is.NEW

    def _next(self, place: int) -> int | None:
        near = range(place, min(place + _AHEAD, len(self.lines)))
        return next((number for number in near if self.lines[number].strip()), None)

    def _take(self, count: int, kind: _Is) -> None:
        self.history |= kind is _Is.OLD
        self.found.extend([kind] * count)

    def _rest(self, kind: _Is) -> None:
        self._take(len(self.lines) - len(self.found), kind)


def _is_quoted(lines: list[str], place: int) -> bool:
    line = lines[place]
    if not _MARKS.match(line):
        return False
    if not line.startswith(">From "):
        return True
    # a mailbox file escapes a line of text that begins with "From " so: alone it is no quote
    around = lines[max(place - 1, 0) : place] + lines[place + 1 : place + 2]
    return any(_MARKS.match(other) for other in around)


def _interleaved(kinds: list[_Is]) -> bool:
    """Whether something new stands between two quotes."""
    told = [kind for kind in kinds if kind is not _Is.BLANK]
    turns = [kind for before, kind in pairwise([None, *told]) if kind is not before]
    return turns.count(_Is.OLD) > 1


def _thin(fresh: list[str], lines: list[str]) -> bool:
    return _weight(fresh) * 100 < _weight(lines) * _LEAST_SHARE


def _weight(lines: list[str]) -> int:
    return sum(len(line.strip()) for line in lines)


def _trimmed(lines: list[str]) -> list[str]:
    filled = [place for place, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def above_marker(text: str) -> str:
    """What was typed above the line that our mails carry, without the title that a client puts over what it quotes.

    For what may show nothing of the quoted mail: in doubt a last paragraph that looks like such a title is left out.
    """
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if MARKER in line), len(lines))
    quoted = end < len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    start = end
    while start and lines[start - 1].strip() and end - start < _LONGEST_TITLE:
        start -= 1
    title = lines[start:end]
    if quoted and title and (title[-1].rstrip().endswith((":", "\uff1a")) or any("@" in line for line in title)):
        end = start
    return "\n".join(lines[:end]).strip()
