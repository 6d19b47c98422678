"""Pure: names of files as they are kept and shown: no path, nothing unseen, no longer than a file system takes."""

import re
import unicodedata

MOST_BYTES = 150
_LONGEST_SUFFIX = 20
_NAMELESS = "file"
# Controls, marks of direction and others without a shape, halves of pairs, what is nobody's, breaks of lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SPACES = re.compile(r"\s+")
_RESERVED = re.compile(r'[<>:"|?*]')


def safe_name(name: str, nameless: str = _NAMELESS) -> str:
    """Return a name that can be shown and saved anywhere; cleaning it again changes nothing.

    ``nameless`` is for what has none, or none that is left.
    """
    shaped = "".join(" " if one in "\t\r\n" else one for one in name)
    seen = "".join(one for one in shaped if unicodedata.category(one) not in _UNSEEN)
    base = re.split(r"[/\\]", _composed(seen))[-1]
    return _shortened(_trimmed(_RESERVED.sub("_", base))) or nameless


def disposition_of(name: str) -> str:
    """Return the header that saves a file under a clean name (RFC 6266): plain for old readers, whole for others."""
    plain = "".join(one if one.isascii() and one not in '"\\%' else "_" for one in name)
    whole = "".join(chr(byte) if chr(byte) in _ATTRIBUTE else f"%{byte:02X}" for byte in name.encode())
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"


_ATTRIBUTE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")  # RFC 5987


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _trimmed(name: str) -> str:
    return _SPACES.sub(" ", name).strip(" .")


def _shortened(name: str) -> str:
    """Cut a name between characters, and keep what tells its kind."""
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    tail = dot + suffix
    if not stem or len(tail.encode()) > _LONGEST_SUFFIX:
        stem, tail = name, ""
    kept = stem.encode()[: MOST_BYTES - len(tail.encode())].decode(errors="ignore")
    return _trimmed(kept.rstrip(" .") + tail)
