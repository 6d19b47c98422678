"""Names of files that are safe to show, to save and to send on."""

import re
import unicodedata

from app.mail.parsing import caps
from app.mail.parsing.parameters import read_parameters
from app.mail.parsing.scanner import Node
from app.mail.parsing.words import raw_text, readable, shown

_RESERVED = re.compile(r'[<>:"|?*]')
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "message/rfc822": "eml",
    "message/global": "eml",
    "message/delivery-status": "txt",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/pgp-signature": "asc",
    "application/vnd.ms-tnef": "dat",
}
_ENDING = re.compile(r"\.[^.]{1,16}$")


def said_name(node: Node) -> str:
    """Return the name that the mail gives a file, as it stands; where two disagree, that of its disposition."""
    disposition = read_parameters(raw_text(node.block.first("content-disposition")))
    return readable(disposition.get("filename") or node.parameters.get("name") or "")


def safe_name(said: str, media_type: str, declared_type: str, number: int) -> str:
    """Return a name without a path, without what deceives, of at most 150 bytes; one of ours where there is none."""
    ending = _ENDINGS.get(declared_type) or _ENDINGS.get(media_type) or "bin"
    name = shown(said.replace("\\", "/").rpartition("/")[2], caps.SHOWN)
    # What is hidden on one system, or not a name on another.
    name = _RESERVED.sub("_", name).strip(". ")
    if not name:
        return f"file-{number}.{ending}"
    if ending == "eml" and not name.lower().endswith(".eml"):
        name += ".eml"
    return _cut(name)


def _cut(name: str) -> str:
    """Cut a name in its middle, for its ending says what it is; no character is halved."""
    data = name.encode()
    if len(data) <= caps.FILE_NAME:
        return name
    ending = _ENDING.search(name)
    tail = ending[0].encode() if ending else b""
    kept = data[: caps.FILE_NAME - len(tail)].decode("utf-8", "ignore").strip(". ")
    return unicodedata.normalize("NFC", kept + tail.decode())
