"""Pure: how a payload that grows too large is cut, so that it is sent all the same."""

from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json, to_jsonable_python

MOST_BYTES = 20_000
"""The largest body of an event, with all that is in it."""
SEQUENCE_ROOM = 32
"""Bytes left for the sequence, which the publisher adds."""
_LIMITS = (4096, 1024, 256, 64, 16, 4, 1, 0)
_SHORT = 64  # ids, times, codes and names of states are shorter than that, and are never cut
_MARK = "…"
# Objects whose members are the caller's own.
_OPEN = frozenset({"custom_fields", "details"})


def fitted(body: BaseModel, most: int = MOST_BYTES - SEQUENCE_ROOM) -> bytes:
    """Return a body as bytes, cut where they are more than ``most``; then it says ``truncated``.

    All is cut to one measure, the largest of a few that does: a text longer than it ends early with an ellipsis, but
    keeps 64 characters; a list, or an object of the caller's own, loses its last members. So the largest shrink first,
    and what has a form of its own (ids, times, states) stays whole.
    """
    whole = to_json(body)
    if len(whole) <= most:
        return whole
    made, plain = whole, to_jsonable_python(body)
    for limit in _LIMITS:
        made = to_json(_cut(plain, limit) | {"truncated": True})
        if len(made) <= most:
            break
    return made


def _cut(value: Any, limit: int, name: str = "") -> Any:
    if isinstance(value, str):
        return value if len(value) <= max(limit, _SHORT) else value[: max(limit, _SHORT) - 1] + _MARK
    if isinstance(value, list):
        return [_cut(one, limit) for one in value[:limit]]
    if isinstance(value, dict):
        members = list(value.items())[:limit] if name in _OPEN else value.items()
        return {key: _cut(one, limit, key) for key, one in members}
    return value
