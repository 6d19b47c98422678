"""What the desk shows, held against what the model has it show."""

from typing import Any

from tests.desk import Json


def like(wanted: Any, found: Any) -> Any:
    """What was found, with the members that are wanted, its clocks in order."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {name: like(wanted[name], found[name]) for name in wanted}
    if isinstance(wanted, list) and isinstance(found, list):
        if any("metric" in each for each in found):
            found = sorted(found, key=lambda each: (each["metric"], each["started_at"]))
        return [like(one, each) for one, each in zip(wanted, found, strict=False)] + found[len(wanted) :]
    return found


def in_order(rows: list[Json]) -> list[Json]:
    """Escalations or events, in an order of their own that both sides share."""
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def same(wanted: Any, found: Any, what: str) -> None:
    """Fail with the members that differ."""
    if wanted != found:
        lines = "\n".join(f"  {line}" for line in _differences(wanted, found, ""))
        raise AssertionError(f"{what}: the model has it otherwise\n{lines}\nmodel: {wanted}\ndesk:  {found}")


def _differences(wanted: Any, found: Any, where: str) -> list[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = [*wanted, *(name for name in found if name not in wanted)]
        return [line for key in keys for line in _differences(wanted.get(key), found.get(key), f"{where}/{key}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return [line for index, (one, each) in pairs for line in _differences(one, each, f"{where}/{index}")]
    return [] if wanted == found else [f"{where}: model {wanted!r}, desk {found!r}"]
