"""Which tests hold which of the thirty groups of nasty mails, from their bytes to what is sent."""

import re
from pathlib import Path

_HERE = Path(__file__).parent
_GROUPS = re.compile(r"^async def test_groups?_(\d+)(?:_to_(\d+))?_", re.MULTILINE)
FILES: dict[str, set[int]] = {
    "test_fields.py": {1, 2, 3, 10, 11, 12},
    "test_bodies.py": {4, 5, 26, 27, 29},
    "test_caps.py": {6, 7, 8, 9},
    "test_threads.py": {13, 14, 15, 16, 17, 18, 19, 25},
    "test_machines.py": {20, 21, 22, 23, 24},
    "test_attachments.py": {28},
    "../../stories/test_killed_takers.py": {30},
}


def test_every_group_is_held_by_the_tests_named_after_it() -> None:
    found: dict[str, set[int]] = {}
    for name in FILES:
        spans = _GROUPS.findall((_HERE / name).read_text())
        found[name] = {each for first, last in spans for each in range(int(first), int(last or first) + 1)}
    assert found == FILES
    assert set().union(*found.values()) == set(range(1, 31))
