"""Pure: a document as a value, so that every form of it says the same; and its form in Markdown."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

# What would be markup: within a line, and at the beginning of one.
_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])|^(\d+)(?=[.)] )|^(?=[+-] )|^(?==+$)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a part of a section."""

    text: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True, slots=True)
class Points:
    """A list; each point may have a name."""

    points: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "points"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first cell of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kind: ClassVar[str] = "table"


Block = Paragraph | Heading | Points | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A title, what it is about, the facts of it, and its parts."""

    title: str
    lead: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str


def markdown(document: Document) -> str:
    """Return a document in Markdown (CommonMark, with the tables that everybody's has)."""
    lines = [f"# {_plain(document.title)}", "", f"**{_plain(document.lead)}**", ""]
    lines += _points(document.facts)
    for section in document.sections:
        lines += ["", f"## {_plain(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join([*lines, "", "---", "", _plain(document.foot), ""])


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield _plain(text)
        case Heading(text):
            yield f"### {_plain(text)}"
        case Points(points):
            yield from _points(points)
        case Table(head, rows):
            yield _row(head)
            yield _row(["---"] * len(head), as_it_is=True)
            yield from (_row(row) for row in rows)


def _points(points: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, text in points:
        yield f"- **{_plain(name)}**: {_plain(text)}" if name else f"- {_plain(text)}"


def _row(cells: Sequence[str], *, as_it_is: bool = False) -> str:
    return f"| {' | '.join(cells if as_it_is else map(_plain, cells))} |"


def _plain(text: str) -> str:
    """A text on one line in which nothing is markup."""
    return _MARKUP.sub(lambda found: f"{found[2]}\\" if found[2] else f"\\{found[1] or ''}", " ".join(text.split()))
