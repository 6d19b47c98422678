"""Strong entity tags over an object's stored facts, and the preconditions of RFC 9110, section 13."""

import base64
from typing import Protocol
from uuid import UUID

from app.infra.problems import PreconditionFailed


class Versioned(Protocol):
    """An object whose version moves with every change of what callers see of it."""

    version: int

    @property
    def id(self) -> UUID:
        """What it is known by."""


class NotModified(Exception):  # noqa: N818 - an answer, not an error
    """The caller has the present version already."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def etag_of(item: Versioned) -> str:
    """Return the tag of an object's present version."""
    return f'"{base64.urlsafe_b64encode(item.id.bytes[-9:]).decode()}-{item.version}"'


def check_match(item: Versioned, if_match: str | None) -> None:
    """Refuse a change to another version than the present one; a weak tag names none (RFC 9110, 13.1.1).

    Raises:
        PreconditionFailed: ``If-Match`` names others only.
    """
    if if_match is not None and not _names(etag_of(item), if_match):
        raise PreconditionFailed("the object has changed since it was read", headers={"ETag": etag_of(item)})


def check_none_match(item: Versioned, if_none_match: str | None) -> None:
    """Answer 304 where the caller has the present version.

    Raises:
        NotModified: it has.
    """
    check_tag(etag_of(item), if_none_match)


def check_tag(etag: str, if_none_match: str | None) -> None:
    """Answer 304 where the caller has what a tag stands for.

    Raises:
        NotModified: it has.
    """
    if if_none_match is not None and _names(etag, if_none_match.replace("W/", "")):
        raise NotModified(etag)


def _names(etag: str, header: str) -> bool:
    tags = [tag.strip() for tag in header.split(",")]
    return "*" in tags or etag in tags
