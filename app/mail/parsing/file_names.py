"""Names of files that are safe to show, to save and to send on."""

from app.infra.file_names import safe_name
from app.mail.parsing.parameters import read_parameters
from app.mail.parsing.scanner import Node
from app.mail.parsing.words import raw_text, readable

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


def said_name(node: Node) -> str:
    """Return the name that the mail gives a file, as it stands; where two disagree, that of its disposition."""
    disposition = read_parameters(raw_text(node.block.first("content-disposition")))
    return readable(disposition.get("filename") or node.parameters.get("name") or "")


def name_of(said: str, media_type: str, declared_type: str, number: int) -> str:
    """Return a name that is safe, one of ours where there is none; an enclosed mail ends as mails do."""
    ending = _ENDINGS.get(declared_type) or _ENDINGS.get(media_type) or "bin"
    name = safe_name(said, f"file-{number}.{ending}")
    if ending == "eml" and not name.lower().endswith(".eml"):
        name = safe_name(f"{name}.eml")
    return name
