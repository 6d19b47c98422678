"""Keyset pages: a cursor is the sort key of the last row seen, sealed so that it cannot be altered.

A cursor belongs to one list with one set of filters; used elsewhere, or altered, it is refused with 422.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from app.infra.problems import ValidationFailed
from app.infra.wire import Page, Request

_SEAL = 12  # bytes of HMAC-SHA256: a cursor opens nothing that its bearer may not list anyhow

Key = str | int | float | None


class PageQuery(Request):
    """The two parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=100, description="Rows of a page.")] = 25
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


class Cursors:
    """Seals and opens cursors with the desk's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, scope: str, key: Sequence[Key]) -> str:
        """Return the cursor behind a row; ``scope`` names the list and its filters."""
        payload = json.dumps(list(key), separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(scope, payload) + payload).decode().rstrip("=")

    def open(self, scope: str, cursor: str) -> list[Key]:
        """Return the key in a cursor.

        Raises:
            ValidationFailed: it was altered, or belongs to another list.
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != cursor:
            raw = b""  # the last character has bits to spare: only one way of writing it is ours
        seal, payload = raw[:_SEAL], raw[_SEAL:]
        if not hmac.compare_digest(seal, self._mac(scope, payload)):
            raise ValidationFailed.at("/cursor", "not a cursor of this list: start again without one")
        key: list[Key] = json.loads(payload)
        return key

    def _mac(self, scope: str, payload: bytes) -> bytes:
        return hmac.digest(self._secret, scope.encode() + b"\x00" + payload, hashlib.sha256)[:_SEAL]


class Identified(Protocol):
    """A row that a list is ordered by the id of."""

    id: UUID


R = TypeVar("R")
I = TypeVar("I", bound=Identified)  # noqa: E741 - a type variable's name
A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PageAsked:
    """A page that a caller asked for, its cursor opened."""

    cursors: Cursors
    scope: str
    params: dict[str, str]
    limit: int
    after: list[Key] | None

    @property
    def after_id(self) -> UUID | None:
        """The id behind which the page begins, in lists that are ordered by it."""
        return None if self.after is None else UUID(str(self.after[0]))

    def answer(
        self, rows: Sequence[R], keys: Sequence[Sequence[Key]], shape: Callable[[R], A], response: Response
    ) -> Page[A]:
        """Return the page of rows, of which one more than fits was read."""
        cursor = None
        if len(rows) > self.limit:
            cursor = self.cursors.seal(self.scope, keys[self.limit - 1])
            response.headers["Link"] = f'<?{urlencode(self.params | {"cursor": cursor})}>; rel="next"'
        return Page(data=[shape(row) for row in rows[: self.limit]], next_cursor=cursor)

    def answer_by_id(self, rows: Sequence[I], shape: Callable[[I], A], response: Response) -> Page[A]:
        """Return the page of rows that are ordered by their id."""
        return self.answer(rows, [[str(row.id)] for row in rows], shape, response)


def page_of(cursors: Cursors, name: str, query: PageQuery, reseller_id: UUID) -> PageAsked:
    """Open the cursor of a list, which is of one caller with one set of filters.

    Raises:
        ValidationFailed: the cursor was altered, or belongs to another list.
    """
    filters = query.model_dump_json(exclude={"limit", "cursor"})
    scope = f"{name}:{reseller_id}:{filters}"
    after = None if query.cursor is None else cursors.open(scope, query.cursor)
    params = query.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    return PageAsked(cursors, scope, params, query.limit, after)
