"""Pure: how much an alarm may carry along, and what of it can be kept."""

import json
import math
from collections.abc import Iterator

from app.infra.wire import storable

MOST_BYTES = 16_384
DEEPEST = 8
_MOST_VALUES = MOST_BYTES // 2  # each takes a character and a comma


def bounded(details: dict[str, object]) -> dict[str, object]:
    """Let a JSON object pass that is small, flat and can be kept.

    Raises:
        ValueError: it is not; the text says what of it, and where.
    """
    for count, (where, depth, value) in enumerate(_walk(details)):
        if count > _MOST_VALUES:
            raise ValueError(_TOO_MUCH)
        if depth > DEEPEST and isinstance(value, dict | list):
            msg = f"at most {DEEPEST} levels deep"
            raise ValueError(msg)
        if fault := _fault_of(value):
            msg = f"{where[:200]!a}: {fault}"
            raise ValueError(msg)
    if len(compact(details).encode()) > MOST_BYTES:
        raise ValueError(_TOO_MUCH)
    return details


_TOO_MUCH = f"at most {MOST_BYTES} bytes of JSON: send what helps to begin, and a link to the rest"


def compact(value: object) -> str:
    """Write a value as JSON that wastes no space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _walk(details: dict[str, object]) -> Iterator[tuple[str, int, object]]:
    """Yield every value with its place and depth, names as values of their own; nothing recurses."""
    waiting: list[tuple[str, int, object]] = [("", 1, details)]
    while waiting:
        where, depth, value = waiting.pop()
        yield where, depth, value
        if depth > DEEPEST:
            continue
        if isinstance(value, dict):
            for name, inner in value.items():
                yield f"{where}/{name}", depth, name
                waiting.append((f"{where}/{name}", depth + 1, inner))
        elif isinstance(value, list):
            waiting += [(f"{where}/{index}", depth + 1, inner) for index, inner in enumerate(value)]


def _fault_of(value: object) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return "JSON has no number that is infinite or none"
    if isinstance(value, str):
        try:
            storable(value)
        except ValueError as error:
            return str(error)
    return None
