"""Reads the parts of a policy out of data, and remembers what is wrong with it, and where."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TypeVar

from app.sla.durations import parse_duration
from app.sla.policy_faults import Target
from app.sla.remedies import Credits, Reopen
from app.sla.steps import Step
from app.sla.terms import Counting

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_LEVEL = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_TRIGGERS = ("at_share", "after_breach", "after_targets")


class MalformedError(ValueError):
    """A part of the data that is not what it should be."""


class PolicyReader:
    """Collects the faults of all that it reads; what is malformed is left out."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def entries(
        self, data: object, where: str, key: Callable[[str], _Key], value: Callable[[object], _Value]
    ) -> Iterator[tuple[_Key, _Value]]:
        """The entries of an object, keys and values read; each fault names its place."""
        if not isinstance(data, Mapping):
            self.faults.append(f"{where}: an object is needed, not {data!r}")
            return
        for name, part in data.items():
            try:
                yield key(name), value(part)
            except ValueError as fault:
                self.faults.append(f"{where}.{name}: {fault}")

    def value(self, data: Mapping[str, object], name: str, read: Callable[[object], _Value], absent: _Value) -> _Value:
        """One field, read; ``absent`` where it is not there or is faulty."""
        try:
            return absent if data.get(name) is None else read(data[name])
        except ValueError as fault:
            self.faults.append(f"{name}: {fault}")
            return absent

    def steps(self, data: object) -> Iterator[Step]:
        """The steps of a ladder, in order."""
        if not isinstance(data, list | tuple):
            self.faults.append(f"steps: a list is needed, not {data!r}")
            return
        for index, part in enumerate(data):
            try:
                yield read_step(part)
            except ValueError as fault:
                self.faults.append(f"steps[{index}]: {fault}")


def read_level(data: object) -> int:
    """A level's number, from 1, as the key that JSON has for it."""
    if isinstance(data, str) and _LEVEL.fullmatch(data):
        return int(data)
    raise MalformedError(f"a level is a number from 1, not {data!r}")


def read_text(data: object) -> str:
    """A text that is not empty."""
    if isinstance(data, str) and data:
        return data
    raise MalformedError(f"a text is needed, not {data!r}")


def read_names(data: object) -> frozenset[str]:
    """A list of texts, as a set."""
    if not isinstance(data, list | tuple):
        raise MalformedError(f"a list of texts is needed, not {data!r}")
    return frozenset(read_text(each) for each in data)


def read_span(data: object) -> timedelta:
    """An ISO 8601 duration."""
    return parse_duration(read_text(data))


def read_target(data: object) -> Target:
    """``{"span": "PT8H", "counting": "support_hours"}``."""
    match data:
        case {"span": span, "counting": counting, **rest} if not rest:
            return Target(read_span(span), Counting(read_text(counting)))
        case _:
            raise MalformedError(f"a target has a span and a counting, not {data!r}")


def read_step(data: object) -> Step:
    """``{"code": ..., "role": ..., "at_share" | "after_breach" | "after_targets": ...}``."""
    match data:
        case {"code": code, "role": role, **triggers} if set(triggers) <= set(_TRIGGERS):
            after = triggers.get("after_breach")
            return Step(
                read_text(code),
                read_text(role),
                at_share=_share(triggers.get("at_share")),
                after_breach=None if after is None else read_span(after),
                after_targets=_share(triggers.get("after_targets")),
            )
        case _:
            raise MalformedError(f"a step has a code, a role and one of {', '.join(_TRIGGERS)}, not {data!r}")


def read_reopen(data: object) -> Reopen:
    """``"continue"`` or ``"restart"``."""
    return Reopen(read_text(data))


def read_credits(data: object) -> Credits:
    """``{"per_miss": 500, "cap": 5000}``."""
    match data:
        case {"per_miss": per_miss, "cap": cap, **rest} if not rest:
            return Credits(_basis_points(per_miss), _basis_points(cap))
        case _:
            raise MalformedError(f"credits have a per_miss and a cap, in basis points, not {data!r}")


def _share(data: object) -> int | None:
    return None if data is None else _basis_points(data)


def _basis_points(data: object) -> int:
    if isinstance(data, int) and not isinstance(data, bool):  # which Python counts among the numbers
        return data
    raise MalformedError(f"a share is a whole number of basis points, not {data!r}")
