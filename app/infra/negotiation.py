"""Which of several representations a caller takes: ``Accept`` of RFC 9110, section 12.5.1."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.infra.problems import NotAcceptable

VARY = {"Vary": "Accept"}
_RANGE = re.compile(r"\s*([\w!#$&^.+*-]+)/([\w!#$&^.+*-]+)\s*(.*)", re.ASCII)
_WEIGHT = re.compile(r"(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Range:
    """A media range: what it takes, how narrow it is, and how much it is wanted."""

    kind: str
    subtype: str
    weight: float

    @property
    def narrowness(self) -> int:
        return (self.kind != "*") + (self.subtype != "*")

    def takes(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.kind in {"*", kind} and self.subtype in {"*", subtype}


def other_forms(forms: Sequence[str]) -> dict[int | str, dict[str, Any]]:
    """Return what the API's description says of an answer's forms beside the first, which its schema describes."""
    return {200: {"content": {form: {"schema": {"type": "string"}} for form in forms[1:]}}}


def choose(accept: str | None, offers: Sequence[str]) -> str:
    """Return the media type among ``offers`` that a caller wants most; of equal ones the first.

    Args:
        accept: The header as it came; without one, or with an empty one, anything will do.
        offers: Media types without parameters, the usual one first.

    Raises:
        NotAcceptable: the caller takes none of them.
    """
    ranges = list(_ranges(accept or "")) if accept and accept.strip() else [_Range("*", "*", 1.0)]
    weighed = [(_weight(offer, ranges), -place, offer) for place, offer in enumerate(offers)]
    best, _, chosen = max(weighed)
    if best <= 0:
        said = "there is no answer of a type that you take: send Accept with one of " + ", ".join(offers)
        raise NotAcceptable(said, headers=VARY, available=list(offers))
    return chosen


def _weight(offer: str, ranges: Sequence[_Range]) -> float:
    fitting = [(one.narrowness, one.weight) for one in ranges if one.takes(offer)]
    return max(fitting)[1] if fitting else 0.0


def _ranges(accept: str) -> Iterator[_Range]:
    for part in accept.lower().split(","):
        found = _RANGE.fullmatch(part)
        if found is None or (found[1] == "*" and found[2] != "*"):
            continue  # what cannot be read asks for nothing
        parameters = [parameter.strip() for parameter in found[3].split(";") if parameter.strip()]
        named = {name.strip(): value.strip() for name, _, value in (one.partition("=") for one in parameters)}
        weight = _WEIGHT.fullmatch(named.pop("q", "1"))
        # Ours have no parameters but the charset, which is always the one that everybody reads.
        if weight is not None and named.keys() <= {"charset"}:
            yield _Range(found[1], found[2], float(weight[1]))
