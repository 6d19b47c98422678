"""What a file is, told by its bytes: what the mail says of it may be a trap."""

UNKNOWN = "application/octet-stream"

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"BZh", "application/x-bzip2"),
    (b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body", b"<iframe", b"#!", b"<?php")
_TEXTS = ((b"BEGIN:VCALENDAR", "text/calendar"), (b"BEGIN:VCARD", "text/vcard"))
_LOOK = 4096
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0c\x1b"))


def media_type(data: bytes) -> str:
    """Return the type of a file; markup and programs are never more than unknown bytes."""
    for start, named in _STARTS:
        if data.startswith(start):
            return named
    if data.startswith(b"RIFF"):
        return _RIFF.get(data[8:12], UNKNOWN)
    if data.startswith(b"BM") and int.from_bytes(data[2:6], "little") == len(data):
        return "image/bmp"
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return _text(data)


def _text(data: bytes) -> str:
    head = data[:_LOOK].removeprefix(b"\xef\xbb\xbf").lstrip()
    for start, named in _TEXTS:
        if head.startswith(start):
            return named
    low = head.lower()
    if not head or any(each in low for each in _MARKUP) or head.translate(None, _CONTROLS) != head:
        return UNKNOWN
    try:
        data[:_LOOK].decode("utf-8")
    except UnicodeDecodeError as error:
        return "text/plain" if error.start > _LOOK - 4 else UNKNOWN  # a character that the look cut
    return "text/plain"
