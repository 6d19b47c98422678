"""The files of a mail, within their limits; what is over them is counted and stays in the raw mail."""

from app.mail.parsing import caps
from app.mail.parsing.file_names import safe_name, said_name
from app.mail.parsing.identifiers import read_id
from app.mail.parsing.magic import media_type
from app.mail.parsing.parsed import AttachedFile
from app.mail.parsing.scanner import MESSAGES, Node
from app.mail.parsing.transfer import content


class Files:
    """The files as they are met; none is opened, be it a mail, an archive or sealed."""

    def __init__(self) -> None:
        self.kept: list[AttachedFile] = []
        self._size = 0
        self._left_out = 0
        self._flags: list[str] = []

    @property
    def flags(self) -> tuple[str, ...]:
        """What was bent, and how many files were left out: ``files_left_out:3``."""
        left_out = (f"files_left_out:{self._left_out}",) if self._left_out else ()
        return (*dict.fromkeys(self._flags), *left_out)

    def is_attached(self, node: Node) -> bool:
        """Tell whether a part says that it is a file."""
        return _disposition(node) == b"attachment"

    def is_named(self, node: Node) -> bool:
        """Tell whether a part has the name of a file."""
        return bool(said_name(node))

    def take(self, raw: bytes, node: Node, *, in_related: bool) -> None:
        """Keep a part as a file, if there is room."""
        if len(self.kept) >= caps.FILES:
            self._left_out += 1
            return
        data, flag = content(raw[node.start : node.end], node.encoding)
        if len(data) > caps.FILE or self._size + len(data) > caps.ALL_FILES:
            self._left_out += 1
            return
        self._size += len(data)
        self._flags += [flag] if flag else []
        self.kept.append(_file(node, data, len(self.kept) + 1, in_related=in_related))


def _file(node: Node, data: bytes, number: int, *, in_related: bool) -> AttachedFile:
    told = "message/rfc822" if node.media_type in MESSAGES else media_type(data)
    content_id = read_id(node.block.first("content-id"))
    return AttachedFile(
        name=safe_name(said_name(node), told, node.media_type, number),
        media_type=told,
        declared_type=node.media_type,
        content=data,
        inline=_disposition(node) == b"inline" or (in_related and content_id is not None),
        content_id=content_id,
    )


def _disposition(node: Node) -> bytes:
    return node.block.first("content-disposition").partition(b";")[0].strip().lower()
