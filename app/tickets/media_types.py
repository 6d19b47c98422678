"""Pure: what a file is, told by its bytes, whatever its sender calls it.

What a browser would run is text here: HTML, SVG and scripts are ``text/plain``, programs ``application/octet-stream``.
"""

import re

UNKNOWN = "application/octet-stream"
_TEXT = "text/plain"
# What begins with what; a position apart from the start stands in front.
_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),  # and so are office documents: archives are never unpacked
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (0, b"\n\r\r\n", "application/x-pcapng"),
)
_IN_RIFF = frozenset({"image/webp", "audio/wav"})
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def media_type_of(content: bytes) -> str:
    """Return the media type of a file's content."""
    for position, sign, media_type in _SIGNS:
        if content.startswith(sign, position) and (media_type not in _IN_RIFF or content.startswith(b"RIFF")):
            return media_type
    return _TEXT if content and _is_text(content) else UNKNOWN


def _is_text(content: bytes) -> bool:
    if _NO_TEXT.search(content):
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
